"""The status as a person reads it: golden pages, wide and narrow, and laws that hold for every page.

A page that was changed on purpose is written anew by `NEWSWIRE_GOLDEN=write pytest tests/unit/newswire/test_status_render.py`.
"""

import io
import os
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from newswire.cli.receivers import ON_TERMINAL
from newswire.cli.status.facts import Away, Facts, Place, SizeFacts
from newswire.cli.status.judge import judge
from newswire.cli.status.render import rendered
from newswire.cli.status.words import length, moment, size
from newswire.errors import one_line
from newswire.outcomes import FetchReason
from newswire.store.at_work import Overdue
from tests.status_builders import AT, a_dead_source, a_receiver, an_alert, files, local, store, troubled, whole, work

GOLDEN = Path(__file__).parents[2] / "golden" / "status"


STATES = {
    "never": whole(
        store=None,
        bus=None,
        local=Away("nothing answers at 127.0.0.1:9464 (connection refused)"),
        receivers=(a_receiver(state="not set up", why=ON_TERMINAL, last_sent_at=None),),
        sizes=SizeFacts(None, whole().sizes.disks),
    ),
    "whole": whole(),
    "troubled": troubled(),
    "store-away": whole(
        store=Away("no connection to the database: connection refused"), receivers=(a_receiver(state="not known", last_sent_at=None),)
    ),
}


def page(facts: Facts, width: int) -> list[str]:
    return [line.plain.rstrip() for line in rendered(judge(facts), width, one_line, UTC)]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", STATES)
def test_the_page_is_the_golden_one(name: str, width: int) -> None:
    path, text = GOLDEN / f"{name}-{width}.txt", "\n".join(page(STATES[name], width)) + "\n"
    if os.environ.get("NEWSWIRE_GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("name", STATES)
def test_the_answer_stands_in_the_first_line(name: str) -> None:
    first = page(STATES[name], 80)[0]
    assert first.startswith("The watch is whole" if judge(STATES[name]).whole else "The watch is NOT whole: ")


WORDS = "unknown country 林総務相 في إيران at 127.0.0.1:9464 (connection refused), and what 情報通信 " * 3


@settings(max_examples=15)
@given(st.text(max_size=300), st.integers(20, 200))
@example(WORDS, 60)
@example("林総務相" * 60, 80)
def test_no_line_is_wider_than_the_terminal_whatever_a_name_holds(foreign: str, width: int) -> None:
    known = store(work=work(alerts=[an_alert(foreign)]), moved_to=foreign)
    placed = files(sources={"dawn": Place(foreign, "PK")})
    facts = replace(
        troubled(), store=known, files=placed, local=Away(foreign), receivers=(a_receiver(foreign, state="refused", why=foreign),)
    )
    assert all(cell_len(line) <= min(max(width, 60), 140) for line in page(facts, width))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_what_matters_is_on_the_page_however_narrow_it_is(width: int) -> None:
    names = ("telecom-diplomacy-emea", "telecom-diplomacy-apac")
    late = store(work=work(sources_due=Overdue(1_234, AT - 500), pages=12_345), sources=[a_dead_source("dawn", FetchReason.HTTP_4XX)])
    receivers = tuple(a_receiver(name, state="unreachable", why="connection_refused", waiting=3) for name in names)
    text = " ".join(" ".join(page(whole(store=late, receivers=receivers), width)).split())
    for words in (*(names if width > 60 else ()), "sources due 1,234 (oldest 8 min)", "runs collect, process, alert", "has moved (4xx)"):
        assert words in text
    assert text.count("connection_refused · 3 waiting · last told 08:57") == 2


def test_of_many_countries_that_are_blind_the_first_are_named() -> None:
    places = {f"s{number:02}": Place(f"S{number}", f"C{number:02}") for number in range(60)}
    dead = [a_dead_source(name, FetchReason.DNS) for name in places]
    text = " ".join(" ".join(page(whole(store=store(sources=dead), files=files(sources=places)), 80)).split())
    assert "blind: C00, C01, C02, C03, C04, C05, C06, C07, C08, C09, C10, C11 and 48 more" in text


def test_a_process_of_another_version_is_seen() -> None:
    assert "version 0.0.9 (this command is 0.1.0)" in "\n".join(page(whole(local=local(version="0.0.9")), 120))


def test_without_a_terminal_and_with_no_color_nothing_is_coloured() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, no_color=True, highlight=False)
    for line in rendered(judge(troubled()), 80, one_line, UTC):
        console.print(line, soft_wrap=True)
    assert "\x1b[3" not in out.getvalue()  # colours; weight may stay
    plain = io.StringIO()
    for line in rendered(judge(troubled()), 80, one_line, UTC):
        Console(file=plain, width=80, highlight=False).print(line, soft_wrap=True)
    assert "\x1b" not in plain.getvalue()


def test_what_is_shown_passes_the_one_who_hides_secrets() -> None:
    lines = rendered(judge(troubled()), 120, lambda text: one_line(text).replace("invalid_auth", "***"), UTC)
    assert "invalid_auth" not in "\n".join(line.plain for line in lines)


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (99, "99 s"), (600, "10 min"), (7_200, "2 h"), (200_000, "2 days")])
def test_lengths_have_one_unit(seconds: float, words: str) -> None:
    assert length(seconds) == words


def test_moments_name_their_day_where_it_is_another_one() -> None:
    assert moment(AT - 60, AT, UTC) == "08:59 (60 s ago)"
    assert moment(AT - 86_400, AT, UTC) == "01 Nov 09:00 (24 h ago)"
    assert moment(AT - 400 * 86_400, AT, UTC, ago=False) == "28 Sep 2025"


def test_sizes_have_one_unit() -> None:
    assert [size(count) for count in (None, 0, 999, 12_300_000, 61e9)] == ["0 B", "0 B", "999 B", "12.3 MB", "61 GB"]
