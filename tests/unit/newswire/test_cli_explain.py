import io
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerting.decide import Match as Found
from alerting.decide import decide
from alerting.watchlists.match import match
from newswire.codec import encode
from newswire.outcomes import Stage
from newswire.records import Basis, Label, Report
from newswire.store import archive, decisions, open_store, trail
from newswire.store.archive import Archived
from newswire.urls import item_id_of_url
from tests.acceptance.world import Web
from tests.alerting_builders import GAMING, a_report, a_set, page_of
from tests.cli_in_process import Run, runner
from tests.examples import ITEM
from tests.fakes import NOW

GOLDEN = Path(__file__).parents[2] / "golden"
ITEM_LINE: dict[str, Any] = {
    "id": "one",
    "title": "Pakistan, US agree to boost cooperation in IT",
    "summary": "The minister of state for IT received the US ambassador in Islamabad.",
    "text": "Promotion of the gaming industry was discussed.",
    "lang": "en",
    "outlet": "The Nation",
    "published": "2019-05-01",
    "label": "other",
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    (tmp_path / "config").symlink_to(GOLDEN / "backtest" / "config")
    return runner(monkeypatch, capsys, tmp_path, NEWSWIRE_DATA="var", NEWSWIRE_CONFIG="config", COLUMNS="200")


def rows(told: dict[str, Any]) -> list[tuple[bool, str]]:
    return [(row["holds"], row["why"]) for one in told["reports"] for row in one["table"]]


def test_a_report_is_explained_at_its_own_time(run: Run, tmp_path: Path) -> None:
    long_ago = NOW - timedelta(days=900)
    report = a_report("one", published_at=long_ago)
    report = replace(report, item=replace(report.item, seen_at=long_ago), reported_at=long_ago)
    (tmp_path / "report.json").write_bytes(encode(report))
    done = run("explain", "gaming", "report.json")
    assert done.status == 0
    assert "✓ gaming is a draft and tells nobody; active it would alert, high, because of gaming industry, partner US." in done.out
    assert "“gaming industry” in the body at 63" in done.out
    assert "PK" in done.out


def test_a_silence_is_explained_by_its_nearest_miss(run: Run, tmp_path: Path) -> None:
    (tmp_path / "report.jsonl").write_bytes(encode(a_report("one", partners=["BR"])) + b"\n")
    done = run("explain", "gaming", "report.jsonl", "--json")
    told = json.loads(done.out)
    assert done.status == 1
    assert not told["alerts"]
    assert (False, "engages BR, not in partner-countries") in rows(told)
    assert told["reports"][0]["understood"]["partners"] == ["BR"]
    assert told["reports"][0]["missed"] == "engages BR, not in partner-countries"


@pytest.mark.parametrize("where", ["item.json", "items.jsonl", "article.txt", "-"])
def test_words_are_understood_for_real(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    line = json.dumps(ITEM_LINE)
    (tmp_path / "item.json").write_text(json.dumps(ITEM_LINE, indent=2), "utf-8")
    (tmp_path / "items.jsonl").write_text(f'{{"title": "A cup final"}}\n{line}\n', "utf-8")
    (tmp_path / "article.txt").write_text("\ufeff" + "\n".join(ITEM_LINE[key] for key in ("title", "summary", "text")), "utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    done = run("explain", "gaming", where, "--json", *(("--line", "2") if where == "items.jsonl" else ()))
    told = json.loads(done.out)
    assert done.status == 0
    assert told["reports"][0]["understood"]["label"] == Label.DIPLOMACY
    assert told["reports"][0]["because"] == ["gaming industry", "partner US"]
    assert all(holds for holds, _ in rows(told))


def test_a_page_is_read_in_the_jail(run: Run) -> None:
    done = run("explain", "cables", str(GOLDEN / "pages" / "en-semantic.html"), "--json")
    [told] = json.loads(done.out)["reports"]
    assert done.status == 1
    assert told["basis"] == Basis.PAGE
    assert told["title"] == json.loads((GOLDEN / "pages" / "en-semantic.json").read_text("utf-8"))["title"]


def test_an_entry_of_a_feed_is_read_as_a_feed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "item.json").write_bytes(encode(ITEM))
    [told] = json.loads(run("explain", "gaming", "item.json", "--json").out)["reports"]
    assert told["basis"] == Basis.FEED


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.json", "[1]", "x.json: an object is due"),
        ("x.json", '{"title": 7}', "title must be text"),
        ("x.json", '{"text": "y"}', "title is missing"),
        ("x.json", '{"title": "y", "published": "May"}', "published must be a date"),
        ("x.json", '{"record": "report", "schema": 1}', "report.item: Field required"),
        ("x.json", '{"record": "decision", "schema": 1}', "a report or an item is due"),
        ("x.json", '{\n "title": "y",\n}', "x.json:3: no JSON: "),
        ("x.json", "[" * 100_000, "nested too deep"),
        ("x.jsonl", '{"title": "y"}\n{"title": "z"}', "holds 2 records; say which one: --line 1"),
        ("x.txt", "  \n ", "is empty"),
        ("x.html", "<html><body></body></html>", "no article is found on the page"),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_line(run: Run, tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    done = run("explain", "gaming", name)
    assert words in done.err
    assert done.status == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gamimg", "x.txt"), "did you mean 'gaming'?"),
        (("gaming", "nothing.json"), "nothing.json: cannot be read: no such file"),
        (("gaming", "http://"), "is no address of an article"),
        (("gaming", "http://127.0.0.1:9/x"), "cannot be fetched: blocked"),
        (("gaming", "latin.txt"), "no UTF-8 at byte 0: save the file as UTF-8"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(run: Run, tmp_path: Path, arguments: Sequence[str], words: str) -> None:
    (tmp_path / "x.txt").write_text("A title", "utf-8")
    (tmp_path / "latin.txt").write_bytes("été".encode("latin-1"))
    done = run("explain", *arguments)
    assert words in done.err
    assert done.status == 2


def kept(report: Report, *, names: str = "gaming") -> None:
    """Put the report into the store of the working folder as alerting does, decided by a watchlist `gaming` that has changed since."""
    watchlists = a_set(**{names: GAMING})
    found = [Found(one.verdict, one.watchlist.title, one.spans, ("desk",)) for one in match(watchlists, report, NOW)]
    decision = decide(report, matches=found, story_id="1" * 32, told={}, now=NOW).decision
    Path("var").mkdir(exist_ok=True)
    store = open_store("sqlite:///var/newswire.sqlite3")
    with store.begin() as connection:
        archive.keep(connection, [Archived(report, None)], NOW.timestamp())
        decisions.keep(connection, [decision])
        step = trail.Step(
            report.item.item_id, report.item.revision, Stage.ALERT, report.basis.value, "held", "condition", {}, NOW.timestamp()
        )
        trail.record(connection, [step])
    store.close()


URL = "https://nation.example/2026/it"


def of_url(**fields: Any) -> Report:
    report = a_report("one", url=URL, **fields)
    return replace(report, item=replace(report.item, item_id=item_id_of_url(URL)))


def test_an_address_is_explained_by_its_archived_reports(run: Run) -> None:
    feed = of_url(text="")
    kept(feed)
    kept(page_of(feed, text="The gaming industry was discussed."))
    done = run("explain", "gaming", URL + "?utm_source=rss", "--json")
    told = json.loads(done.out)
    assert [(one["basis"], one["alerts"]) for one in told["reports"]] == [("feed", False), ("page", True)]
    assert done.status == 0
    assert done.err == ""


def test_an_address_that_was_never_seen_is_fetched_once(run: Run) -> None:
    with Web() as web:
        link = web.page("/visit", "Oman and Pakistan agree on a landing station", "Ministers of Oman and Pakistan signed in Muscat. " * 20)
        done = run(
            "explain",
            "cables",
            link,
            "--json",
            NEWSWIRE_ALLOW_NETWORKS="127.0.0.0/8",
            NEWSWIRE_ALLOW_PORTS=str(web.port),
            NEWSWIRE_BUS="embedded",
        )
        assert [path for path, _ in web.requests] == ["/visit"]
    [told] = json.loads(done.out)["reports"]
    assert told["title"] == "Oman and Pakistan agree on a landing station"
    assert told["alerts"]
    assert "is not in the archive; its page is fetched now, once." in done.err


def test_why_shows_the_truth_table_and_that_the_watchlist_has_changed(run: Run) -> None:
    kept(of_url(partners=["BR"]))
    done = run("why", URL)
    assert "gaming has changed since: this is what it would do today." in done.out
    assert "✗ gaming stays silent: engages BR, not in partner-countries." in done.out
    told = json.loads(run("why", URL, "--json").out)
    assert set(told) == {"url", "item_id", "stages", "decision", "gathered", "stopped", "tables"}
    [table] = told["tables"]
    assert (table["watchlist"], table["changed"], table["gone"], table["alerts"]) == ("gaming", True, False, False)
    assert "engages BR, not in partner-countries" in [row["why"] for row in table["table"]]


def test_why_shows_another_watchlist_on_demand(run: Run) -> None:
    kept(of_url())
    [table] = json.loads(run("why", URL, "--watchlist", "cables", "--json").out)["tables"]
    assert (table["watchlist"], table["changed"]) == ("cables", False)
    done = run("why", URL, "--watchlist", "cable")
    assert "did you mean 'cables'?" in done.err
    assert done.status == 1


def test_why_says_that_a_watchlist_is_no_longer_there(run: Run) -> None:
    kept(of_url(), names="retired")
    assert "retired is no longer in the configuration." in run("why", URL).out


def test_why_stands_without_a_configuration(run: Run, tmp_path: Path) -> None:
    kept(of_url())
    broken = tmp_path / "broken" / "watchlists"
    broken.mkdir(parents=True)
    (broken / "gaming.yaml").write_text("titel: x\n", "utf-8")
    for folder in ("broken", "nowhere"):
        done = run("why", URL, NEWSWIRE_CONFIG=folder)
        assert done.status == 0
        assert "alert" in done.out
        assert done.err.startswith("newswire: no truth tables: the configuration cannot be read")
        assert json.loads(run("why", URL, "--json", NEWSWIRE_CONFIG=folder).out)["tables"] == []
