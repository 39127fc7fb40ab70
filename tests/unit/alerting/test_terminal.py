import io
import re
from dataclasses import replace

from alerting.decide import Told, decide
from alerting.message import Message
from alerting.receivers import Accepted, NotSent, Unreadable
from alerting.receivers.terminal import TerminalReceiver
from newswire.records import Severity
from tests.alerting_builders import a_match, a_report, span_of
from tests.fakes import NOW

HOSTILE = "<!channel> \x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07x \u202etxt [bold]markup[/bold] <@U1> :smile:"


def a_message(title: str = "Pakistan, US agree to boost cooperation in IT") -> Message:
    report = a_report(title=title)
    match = a_match(spans=[span_of(report, "gaming industry")])
    return decide(report, matches=[match], story_id="5" * 32, told={}, now=NOW).rows[0].message


def printed(message: Message, *, colour: bool = False) -> str:
    stream = io.StringIO()
    assert isinstance(TerminalReceiver(stream=stream, colour=colour).post(message), Accepted)
    return stream.getvalue()


def test_a_reader_sees_what_whom_why_and_where() -> None:
    text = printed(a_message())
    unwrapped = text.replace("\n▌ ", " ")
    for said in (
        "Gaming industry with partner countries",
        "high",
        "Pakistan, US agree",
        "The Nation · Pakistan · English",
        "1 outlet",
        "Pakistan engages",
        "United States",
        "promotion of the gaming industry",
        "because: “gaming industry”, partner US",
        "https://nation.example/one",
    ):
        assert said in unwrapped
    assert all(line.startswith("▌ ") for line in text.splitlines() if line)
    assert "\x1b" not in text


def test_in_colour_the_title_is_a_link_and_only_our_own_sequences_are_there() -> None:
    text = printed(a_message(HOSTILE), colour=True)
    assert "\x1b]8;" in text
    assert "https://nation.example/one" in text
    assert "evil.example\x07" not in text
    ours = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^;\x1b]*;[^\x1b]*\x1b\\", "", text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", ours)


def test_nothing_of_a_hostile_title_is_obeyed() -> None:
    text = printed(a_message(HOSTILE))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "<!channel>" not in text
    assert "<@U1>" not in text
    assert "[bold]markup[/bold]" in text
    assert ":smile:" in text


def test_an_edit_is_one_line_more_that_says_what_changed() -> None:
    message = a_message()
    report = a_report("two", outlet="Dawn")
    joined = decide(report, matches=[a_match()], story_id="5" * 32, told={"desk": Told(message, 0)}, now=NOW).rows[0].message
    stream = io.StringIO()
    receiver = TerminalReceiver(stream=stream, colour=False)
    assert receiver.edit(replace(joined, unsupported="label is domestic", threaded=False), "terminal", "x") == Accepted(
        "terminal", message.alert_id
    )
    assert "update: Pakistan, US agree" in stream.getvalue()
    assert "2 outlets · 1 country" in stream.getvalue()
    assert "does not bear this out: label is domestic" in stream.getvalue()


def test_a_terminal_cannot_be_read_back() -> None:
    receiver = TerminalReceiver(stream=io.StringIO())
    assert receiver.find("0" * 32, channel=None, since=None) == Unreadable("terminal")
    assert receiver.clock_mark() is None


def test_a_terminal_that_knows_no_urdu_shows_question_marks_and_one_that_is_gone_is_not_told() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    assert isinstance(TerminalReceiver(stream=stream).post(a_message("گیمنگ")), Accepted)
    assert b"? ?????" in raw.getvalue()

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    assert TerminalReceiver(stream=Gone()).post(a_message()) == NotSent("BrokenPipeError")


def test_an_edit_without_news_for_a_reader_prints_nothing() -> None:
    stream = io.StringIO()
    receiver = TerminalReceiver(stream=stream, colour=False)
    message = a_message()
    receiver.post(message)
    printed = stream.getvalue()
    assert receiver.edit(replace(message, score=0.99), "terminal", message.alert_id) == Accepted("terminal", message.alert_id)
    assert stream.getvalue() == printed
    receiver.edit(replace(message, severity=Severity.CRITICAL), "terminal", message.alert_id)
    assert "critical" in stream.getvalue()[len(printed) :]
