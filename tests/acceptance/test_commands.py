"""What a stranger types first."""

import json
import signal
import time

import pytest
from sqlalchemy import text

from tests.acceptance.world import ROOT, Entry, Web, World, wait_until_ready

pytestmark = pytest.mark.acceptance


@pytest.mark.timeout(120)
def test_the_demo_tells_explains_and_ends(world: World) -> None:
    del world.environment["NEWSWIRE_CONFIG"]
    world.root.joinpath("config").rename(world.root / "elsewhere")
    done = world.run("demo", timeout=100)
    for words in (
        "Pakistan, US agree",
        "partner US",
        "newswire why: an alert",
        "newswire why: a silence",
        "label is domestic",
        "silent: label",
    ):
        assert words in done.stdout
    assert "lost" not in done.stdout
    assert not world.data.exists()


def test_without_internet_one_line_says_so_and_it_goes_on(world: World) -> None:
    world.sources(*(f"http://newswire-{n}.invalid/feed" for n in range(6)))
    running = world.start("run")
    said = ""
    assert running.stderr is not None
    for line in running.stderr:
        said += line
        if "make demo" in line:
            break
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, rest = running.communicate(timeout=15)
    assert running.returncode == 0
    assert (said + rest).count("make demo") == 1
    assert "Traceback" not in said + rest


def test_a_second_signal_ends_at_once(world: World, web: Web) -> None:
    world.sources(web.feed("/feed", [Entry("A title", "A summary", web.base + "/a")]))
    world.allow_ports(web.port)
    running = world.start("run")
    wait_until_ready(running)
    running.send_signal(signal.SIGTERM)
    time.sleep(0.01)
    running.send_signal(signal.SIGTERM)
    _, rest = running.communicate(timeout=15)
    assert running.returncode in (0, 143), rest


def test_one_signal_at_any_moment_of_the_start_ends_with_status_0(world: World, web: Web) -> None:
    world.sources(web.feed("/feed", [Entry("A title", "A summary", web.base + "/a")]))
    world.allow_ports(web.port)
    for marker in ("Newswire watches", "serving"):
        running = world.start("run")
        assert running.stderr is not None
        for line in running.stderr:
            if marker in line:
                break
        running.send_signal(signal.SIGTERM)
        _, rest = running.communicate(timeout=15)
        assert running.returncode == 0, rest


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("why", "https://example.com/never"), 1, "Never seen"),
        (("dead", "show", "abc"), 1, "newswire dead list"),
        (("migrate",), 0, "revision"),
        (("sources", "list"), 0, ""),
        (("alerts",), 0, "No alert yet"),
        (("check",), 0, "nothing is wrong"),
    ],
)
def test_commands_end_with_their_status_and_advice(world: World, arguments: tuple[str, ...], status: int | None, words: str) -> None:
    done = world.run(*arguments, status=status)
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--version",), 0, "newswire 0."),
        (("frobnicate",), 2, "No such command"),
        (("test", "gaming"), 2, "gaming-partners"),
        (("assess", "nothing.jsonl", "--out", "x"), 2, "is not a file"),
        (("run", "--config", "/nowhere"), 2, "/nowhere"),
        (("sources", "add", "ftp://example.com/feed"), None, "http"),
        (("test",), 0, "passed"),
    ],
)
def test_commands_without_a_store_do_so_too(embedded: World, arguments: tuple[str, ...], status: int | None, words: str) -> None:
    test_commands_end_with_their_status_and_advice(embedded, arguments, status, words)


def test_bad_settings_come_all_at_once(embedded: World) -> None:
    done = embedded.run(
        "run", status=2, NEWSWIRE_HOST_SPACING="fast", NEWSWIRE_ALLOW_NETWORKS="localhost", NEWSWIRE_BUS="rabbit", NEWSWIRE_POLL_FLOR="2m"
    )
    for name in ("NEWSWIRE_HOST_SPACING", "NEWSWIRE_ALLOW_NETWORKS", "NEWSWIRE_BUS"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_of_a_newer_newswire_is_refused_in_words(world: World) -> None:
    world.run("migrate")
    with world.store() as store, store.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999_from_the_future'"))
    done = world.run("run", "--until-idle", status=2)
    assert "newer" in done.stderr


def test_assess_and_evaluate_read_the_corpus(embedded: World) -> None:
    done = embedded.run("assess", str(ROOT / "corpus" / "world.jsonl"), "--out", str(embedded.root / "out.jsonl"))
    assert done.stderr == ""
    assert len((embedded.root / "out.jsonl").read_text("utf-8").splitlines()) == 79
    scored = embedded.run("evaluate", str(ROOT / "corpus" / "world.jsonl"))
    assert "--cross-validate is" in scored.stdout  # the shipped weights have seen the file, and it says so


def test_evaluate_explains_and_refuses_in_words(embedded: World) -> None:
    file = embedded.root / "labelled.jsonl"
    file.write_text(
        '{"id": "a", "title": "Rain", "label": "diplomacy"}\n{"id": "b", "title": "Rain", "label": "other"}\n', encoding="utf-8"
    )
    told = embedded.run("evaluate", str(file), "--errors", "--reliability", "--by", "hard")
    for words in ("diplomacy → other", "a  [", "Reliability", "not hard"):
        assert words in told.stdout
    found = json.loads(embedded.run("evaluate", str(file), "--errors", "--json").stdout)
    assert found["figures"]["Shipped weights"]["all"]["accuracy"] == 0.5
    assert found["figures"]["Shipped weights"]["all"]["intervals"]["accuracy"] == [0.0, 1.0]
    assert found["errors"][0]["items"][0]["id"] == "a"
    file.write_text('{"id": "a", "title": "Rain", "label": "maybe"}\n', encoding="utf-8")
    refused = embedded.run("evaluate", str(file), status=2)
    assert refused.stderr == f'{file}:1: label must be diplomacy, domestic or other, not "maybe"\n'
    assert (
        "stand beside --cross-validate" in embedded.run("evaluate", str(ROOT / "corpus/world.jsonl"), "--learning-curve", status=2).stderr
    )
