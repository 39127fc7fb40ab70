"""`newswire why` on items that stopped at different places, each brought there by the real stages: the place, the reason, and the remedy.

`UPDATE_GOLDEN=1 pytest …` writes `tests/golden/why/*.txt` anew: read them, as a desk officer would.
"""

import json
import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newswire.cli.why_facts import Facts
from newswire.cli.why_source import source_stop
from newswire.outcomes import FetchReason
from newswire.silence import Silence
from newswire.store import open_store, silences
from tests.cli_in_process import Run, runner
from tests.why_world import BODY, DESK, FEED, HOST, TITLE, Newsroom

GOLDEN = Path(__file__).parents[2] / "golden" / "why"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday
URL = f"{HOST}/visit"
OFFICE_HOURS = {"name": "office-hours", "zone": "Asia/Karachi", "days": ["mon", "tue"], "hours": ["09:00-13:00"]}  # there it is 14:00
OTHER = "Korea and Pakistan sign an accord on submarine cables in Seoul"
OTHER_BODY = (
    "The minister of science of the Republic of Korea and the ambassador of Pakistan signed an accord on submarine cables in Seoul. "
    "A landing station is to be built at Busan, and the gaming industry of both countries is to use it from next year on. "
) * 2


def told(room: Newsroom) -> None:
    room.watch()
    room.source()
    room.feed(room.entry())
    room.page()


def not_fetched(room: Newsroom) -> None:
    told(room)
    room.http.fail(FEED, FetchReason.HTTP_5XX, status=503, detail="503 Service Unavailable")


def blocked_source(room: Newsroom) -> None:
    told(room)
    room.http.fail(FEED, FetchReason.BLOCKED_ADDRESS, detail="www.nation.example is 10.0.0.7, which is no public address")


def blocked_page(room: Newsroom) -> None:
    told(room)
    room.http.serve(f"{HOST}/robots.txt", "User-agent: *\nDisallow: /visit\n", headers={"content-type": "text/plain"})


def not_listed(room: Newsroom) -> None:
    told(room)
    room.feed(room.entry("/other"))


def not_watched(room: Newsroom) -> None:
    told(room)
    room.sources.clear()
    room.source("https://elsewhere.example/feed", "Elsewhere")


def duplicate(room: Newsroom) -> None:
    told(room)
    room.source("https://wire.example/feed", "The Wire")
    room.feed(room.entry(), url="https://wire.example/feed")


def same_story(room: Newsroom) -> None:
    told(room)
    room.feed(room.entry("/first"))
    room.page("/first")
    room.source("https://wire.example/feed", "The Wire")
    room.work()
    room.feed(room.entry(), url="https://wire.example/feed")
    room.clock.set(room.clock.now() + timedelta(hours=1))


def too_old(room: Newsroom) -> None:
    told(room)
    room.feed(room.entry(age=timedelta(days=5)))


def backlog(room: Newsroom) -> None:
    told(room)
    room.feed(room.entry(age=None))


def wrong_label(room: Newsroom) -> None:
    told(room)
    title, text = (
        "Gaming industry asks the government for tax relief",
        "The gaming industry of Lahore asked for lower taxes on software. " * 8,
    )
    room.feed(room.entry(title=title, lead="Companies of Lahore met the provincial revenue board."))
    room.page(title=title, text=text)


def term_missing(room: Newsroom) -> None:
    told(room)
    room.page(text=BODY.replace("the gaming industry", "software parks"))


def excluded(room: Newsroom) -> None:
    told(room)
    room.watch(when={"any": ["gaming industry"], "none": ["judicial system"], "partners": ["US", "KR"]})


def out_of_scope(room: Newsroom) -> None:
    told(room)
    room.watch(languages=["ur", "ar"])


def silenced(room: Newsroom) -> None:
    told(room)
    room.work(0)
    store = open_store(f"sqlite:///{room.folder / 'var' / 'newswire.sqlite3'}")
    now = NOW.timestamp()
    with store.begin() as connection:
        silences.add(connection, Silence({"watchlist": ("gaming",)}, now, now + 4 * 3_600, "Ayesha", "summit week", now))
    store.close()


def staged(room: Newsroom) -> None:
    told(room)
    room.watch(status="staged")


def muted(room: Newsroom) -> None:
    told(room)
    room.watch(status="muted")


def refused(room: Newsroom) -> None:
    told(room)
    room.slack.faults.append("error:channel_not_found")


def rate_limited(room: Newsroom) -> None:
    told(room)
    room.slack.faults.append("rate_limited:3600")


def calendar(room: Newsroom) -> None:
    told(room)
    morning = {"name": "morning", "digest": {"to": "desk", "at": "07:30", "zone": "Asia/Karachi"}}
    routes = [{"to": "desk", "during": "office-hours", "otherwise": "morning"}]
    room.write(
        "routes.yaml",
        {"receivers": [*DESK["receivers"], morning], "calendars": [OFFICE_HOURS], "route": {"to": "desk", "routes": routes}},
    )


def capped(room: Newsroom) -> None:
    told(room)
    room.watch(alert={"cap": {"per_hour": 1}})
    room.feed(room.entry("/first", title=OTHER, lead="They spoke in Seoul."))
    room.page("/first", title=OTHER, text=OTHER_BODY)
    room.work()
    room.feed(room.entry())
    room.clock.set(room.clock.now() + timedelta(minutes=30))


@dataclass(frozen=True)
class Place:
    """A way to stop, and where `why` must say that it was."""

    bring: Callable[[Newsroom], None]
    stage: str | None
    reason: str | None
    told: bool = False
    status: int = 0


PLACES = {
    "told": Place(told, None, "matched", told=True),
    "not-fetched": Place(not_fetched, "collect", "http_5xx", status=1),
    "blocked-source": Place(blocked_source, "collect", "blocked_address", status=1),
    "blocked-page": Place(blocked_page, "read_page", "robots"),
    "not-listed": Place(not_listed, "collect", None, status=1),
    "not-watched": Place(not_watched, "collect", None, status=1),
    "duplicate": Place(duplicate, "collect", "duplicate", told=True),
    "same-story": Place(same_story, None, "same_story", told=True),
    "too-old": Place(too_old, "alert", "max_age"),
    "backlog": Place(backlog, "alert", "backlog"),
    "wrong-label": Place(wrong_label, "alert", "label"),
    "term-missing": Place(term_missing, "alert", "condition"),
    "excluded": Place(excluded, "alert", "condition"),
    "out-of-scope": Place(out_of_scope, "alert", "scope"),
    "silenced": Place(silenced, "alert", "silenced"),
    "staged": Place(staged, "alert", "staged"),
    "muted": Place(muted, "alert", "muted"),
    "capped": Place(capped, "deliver", "capped"),
    "calendar": Place(calendar, "deliver", "calendar"),
    "receiver-rate-limited": Place(rate_limited, "deliver", "rate_limited"),
    "receiver-refused": Place(refused, "deliver", "channel_not_found"),
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    return runner(monkeypatch, capsys, tmp_path, COLUMNS="120", TZ="UTC")


@pytest.mark.parametrize("name", PLACES)
def test_it_names_the_place_the_reason_and_what_would_have_to_be_otherwise(
    name: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = PLACES[name]
    with Newsroom(tmp_path, NOW) as room:
        place.bring(room)
        room.work()
        environment = room.environment
    capsys.readouterr()  # the log of the stages
    done = run("why", URL, **environment)
    stopped = json.loads(run("why", URL, "--json", **environment).out)["stopped"]
    assert (stopped["stage"], stopped["reason"], stopped["told"], done.status) == (place.stage, place.reason, place.told, place.status)
    assert stopped["otherwise"] or name == "told"
    said = "\n".join(line.rstrip() for line in done.out.splitlines()) + "\n"
    said = re.sub(r"tried again at\s+02 Nov 2026 09:\d\d UTC", "tried again soon", said)  # by chance, so that not all are at once
    assert said.count("\n") <= 40, "it fits one screen"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text("utf-8")


@pytest.mark.parametrize(("bring", "state"), [(refused, "refused"), (rate_limited, "rate limited")])
def test_it_says_of_a_receiver_what_receivers_list_says(
    bring: Callable[[Newsroom], None], state: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Newsroom(tmp_path, datetime.now(UTC)) as room:  # until when a receiver wants peace is held against the time of day
        bring(room)
        room.work()
        environment = room.environment
    capsys.readouterr()
    (desk,) = [json.loads(line) for line in run("receivers", "list", "--json", **environment).out.splitlines()]
    stopped = json.loads(run("why", URL, "--json", **environment).out)["stopped"]
    assert desk["state"] == state
    assert desk["do"] in stopped["otherwise"]


def test_every_place_that_has_a_golden_text_is_tried() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(PLACES)
    assert TITLE in (GOLDEN / "told.txt").read_text("utf-8")


def test_an_address_in_a_command_to_be_copied_is_one_word_for_the_shell() -> None:
    url = "https://nation.example/visit?a=1&b=$(reboot)"
    said = source_stop(Facts(url, "i", [], None, [], [], [])).otherwise
    assert shlex.split(said.split("`")[1]) == ["newswire", "sources", "add", url]


def test_what_a_terminal_would_obey_in_a_pasted_address_is_not_repeated(run: Run) -> None:
    done = run("why", "\x1b[31mhttps://nation.example/\u202e")
    assert not {"\x1b", "\u202e"} & set(done.out)
