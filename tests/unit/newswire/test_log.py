import io
import json
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.typing import FilteringBoundLogger

from newswire.log import Redactor, set_up
from newswire.settings import from_environment
from tests.canaries import found_in, spoken

CANARY = "hunter2-canary"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines() -> tuple[FilteringBoundLogger, Callable[[], list[dict[str, Any]]]]:
    stream = io.StringIO()
    log = set_up(secrets=[CANARY], stream=stream)
    return log, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_time_level_and_event_first() -> None:
    stream = io.StringIO()
    set_up(stream=stream).warning("feed failed", source_id="ab12", failures=3, outlet="روزنامہ")
    line = stream.getvalue()
    assert line.endswith("}\n")
    assert list(json.loads(line)) == ["at", "level", "event", "source_id", "failures", "outlet"]
    assert "روزنامہ" in line


@pytest.mark.parametrize(("level", "told"), [("info", 1), ("debug", 2)])
def test_what_kafka_python_says_of_each_connection_is_for_debugging(level: str, told: int) -> None:
    stream = io.StringIO()
    set_up(level=level, stream=stream)
    logging.getLogger("kafka.cluster").error("Metadata refresh: failed")
    logging.getLogger("kafka.net.selector").error("IO loop crashed")
    assert stream.getvalue().count("\n") == told


def test_less_than_the_level_is_not_written() -> None:
    stream = io.StringIO()
    log = set_up(level="warning", stream=stream)
    log.info("quiet")
    log.error("loud")
    assert stream.getvalue().count("\n") == 1


def test_other_libraries_come_in_the_same_lines_and_only_with_warnings(lines: Any) -> None:
    _, read = lines
    logging.getLogger("slack_sdk.client").warning("host %s gone", "one:9092")
    for name in ("kafka", "slack_sdk.web", "httpx2", "some.library"):
        logging.getLogger(name).info("a message body, or a URL with its password")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", UserWarning, stacklevel=1)
    first, second = read()
    assert (first["event"], first["logger"], first["level"]) == ("host one:9092 gone", "slack_sdk.client", "warning")
    assert "old way" in second["event"]


def test_no_secret_is_in_any_part_of_a_line(lines: Any) -> None:
    log, read = lines
    settings = from_environment({"NEWSWIRE_SLACK_TOKEN": f"xoxb-{CANARY}", "NEWSWIRE_STORE": f"postgresql+psycopg://u:{CANARY}@h/d"})
    log.info(
        "posting with hunter2-canary",
        settings=settings,
        url=f"https://desk:{CANARY}@feeds.example/x",
        inner={"a": [{"token": CANARY}, CANARY]},
    )
    log.info("tokens", one="xoxb-1-2-canary", two="Bearer xapp-1-canary", three="xoxe.xoxp-1-canary", authorization="Basic canary")
    log.info("in a URL", encoded="https://h/?p=hunter2%2Dcanary", raw=b"hunter2-canary", error=ValueError(f"bad {CANARY}"))
    try:
        int(CANARY)
    except ValueError:
        log.exception("failed")
    logging.getLogger("slack_sdk").warning("failed with %s", CANARY)
    assert len(read()) == 5
    said = json.dumps([line for line in read() if line["event"] != "in a URL"])
    assert "canary" not in said.replace("{CANARY}", "").replace("CANARY", "")
    assert read()[2]["raw"] == "b'***'"
    assert read()[2]["error"] == "bad ***"
    assert "***@feeds.example" in said


def test_no_control_character_reaches_a_line_or_a_terminal() -> None:
    hostile = "title\x1b[31m\x07 \u202egnp.exe\u2028 \x9b0m\nlevel=critical event=forged"
    for stream in (io.StringIO(), Terminal()):
        log = set_up(stream=stream, console=stream.isatty())
        log.info(hostile, **{hostile: hostile, "list": [hostile], "map": {hostile: hostile}})
        text = stream.getvalue()
        own_colours = text
        for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[35m", "\x1b[36m"):
            own_colours = own_colours.replace(code, "")
        assert not set(own_colours.removesuffix("\n")) & set("\x1b\x07\u202e\u2028\x9b\n")


def test_colours_are_left_out_where_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # the environment is what is asked here
    stream = Terminal()
    set_up(stream=stream).info("plain", x=1)
    assert "\x1b" not in stream.getvalue()
    assert "plain" in stream.getvalue()


def test_what_is_too_long_too_deep_or_broken_costs_no_line(lines: Any) -> None:
    log, read = lines

    class Broken:
        def __repr__(self) -> str:
            raise ValueError("no")

    deep: list[Any] = []
    deep.append(deep)
    log.info("x" * 1_000_000, deep=deep, wide=list(range(1_000)), broken=Broken(), surrogate="\ud800")
    line = read()[0]
    assert len(line["event"]) == 2_000
    assert len(line["wide"]) == 50
    assert line["broken"] == "<Broken: ValueError in its repr>"
    assert line["surrogate"] == "\ufffd"


def test_a_stderr_that_is_gone_stops_nothing() -> None:
    stream = io.StringIO()
    log = set_up(stream=stream)
    stream.close()
    log.error("nobody reads this")


def test_the_default_is_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(stream=sys.stderr).info("here")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "here"


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_secret_is_hidden_whatever_stands_around_it(before: str, after: str) -> None:
    assert CANARY not in Redactor([CANARY]).text(before + CANARY + after)


@pytest.mark.parametrize("secret", ["hunter2-canary", "pä/ss+w\"o'rd@&", "xyz12345"])
def test_a_secret_is_hidden_in_whatever_form_others_repeat_it(secret: str) -> None:
    redactor = Redactor([secret])
    said = redactor.text(" ".join(f"<{form}>" for form in spoken(secret)), limit=100_000)
    assert found_in(said, {"secret": secret}) == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://h/feed?x=1&access_token=abc&y=2", "https://h/feed?x=1&access_token=***&y=2"),
        ("https://h/feed?API-Key=abc#top", "https://h/feed?API-Key=***#top"),
        ("https://h/feed?sig=a%2Fb 404", "https://h/feed?sig=*** 404"),
        ("https://h/search?keyword=telecom", "https://h/search?keyword=telecom"),
    ],
)
def test_what_an_address_carries_to_be_let_in_is_hidden(address: str, shown: str) -> None:
    assert Redactor().text(address) == shown
