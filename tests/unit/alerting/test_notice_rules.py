"""What is worth a notice, and how often: the rules over a snapshot and what was said before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.bulletin import from_json, text_of, to_json
from alerting.desk import Desk
from alerting.digests.proof import Place
from alerting.notices.decide import hears_notices, notices_due
from alerting.notices.history import PAUSE_S, History
from alerting.notices.notice import LINES_SHOWN, Notice, bulletin_of, row_of
from alerting.notices.snapshot import Held, Snapshot
from alerting.notices.source_rules import trouble_of
from alerting.reload import Standing as FilesStanding
from alerting.routes import Routes
from newswire.errors import Fault
from newswire.late import SAID_S
from newswire.outcomes import NoticeKind, SendOutcome
from newswire.records import Severity
from newswire.settings import Settings
from newswire.silence import Silence
from newswire.store.notices import PutNotice
from newswire.store.source_health import SourceHealth
from newswire.store.standings import Overdue, Settled, Standing
from tests.alerting_builders import a_set, routes_to
from tests.fakes import NOW

AT = NOW.timestamp()
HOUR, DAY = 3_600.0, 86_400.0
REFUSED = Standing(trouble=SendOutcome.RETRY, trouble_for="invalid_auth", next_try_at=AT + 60)
SOURCE = SourceHealth("s1", "https://dawn.example/feed", "dawn.example", 600, None, 0, AT - 60, AT - 60, None, 20, AT - 20 * DAY, AT - HOUR)
SILENT = replace(SOURCE, reason="dns", failures=9, succeeded_at=AT - DAY)


class Watch:
    """A history that goes on with what is said, and its clock."""

    def __init__(self) -> None:
        self.history, self.now = History(), NOW

    def says(self, snapshot: Snapshot, *, after_s: float = 0.0) -> list[Notice]:
        self.now += timedelta(seconds=after_s)
        due = notices_due(replace(snapshot, now=self.now), self.history)
        for one in due:
            self.history.add(one, self.now.timestamp())
        return due


def headings(notices: Sequence[Notice]) -> list[str]:
    return [one.heading for one in notices]


def words(notice: Notice) -> list[str]:
    return [text_of(line) for line in bulletin_of(notice).lines]


def seen(**facts: object) -> Snapshot:
    return replace(Snapshot(NOW), **facts)  # type: ignore[arg-type]  # each test names fields of a snapshot


def test_a_watch_that_fares_well_says_nothing() -> None:
    well = seen(receivers={"desk": Standing(last_sent_at=AT)}, sources=[SOURCE], queues={}, overdue={"desk": Overdue(AT - 60, 3)})
    assert notices_due(well, History()) == []


def test_a_receiver_that_refuses_our_token_is_told_of_once_and_when_it_works_again() -> None:
    watch = Watch()
    (notice,) = watch.says(seen(receivers={"desk": REFUSED}, fallback="mail"))
    assert (notice.kind, notice.subject, notice.about, notice.severity) == (
        NoticeKind.RECEIVER_REFUSES,
        "desk",
        "desk",
        Severity.HIGH,
    )
    assert notice.heading == "desk refuses us: invalid_auth"
    assert words(notice) == [
        f"Since: {NOW:%Y-%m-%d %H:%M} UTC",
        "For the watch: nobody at desk is told anything; what waits for it is kept, and what it refused for good goes to mail",
        "To do: Slack does not take the token: look it up in the app's page (docs/slack.md), set NEWSWIRE_SLACK_TOKEN, and start Newswire anew",
    ]
    assert watch.says(seen(receivers={"desk": REFUSED}), after_s=DAY) == []
    assert headings(watch.says(seen(receivers={}), after_s=60)) == ["desk works again"]
    assert watch.says(seen(receivers={}), after_s=DAY) == []


def test_one_message_that_was_refused_for_what_it_holds_is_no_refusal_of_the_receiver() -> None:
    one = Standing(last_failed_at=AT - 60, last_failed_for="msg_too_long", failed=1)
    assert notices_due(seen(receivers={"desk": one}), History()) == []


def test_a_channel_that_is_gone_is_a_refusal() -> None:
    gone = Standing(last_failed_at=AT - 60, last_failed_for="channel_not_found", failed=1)
    assert headings(notices_due(seen(receivers={"desk": gone}), History())) == ["desk refuses us: channel_not_found"]


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 2 * HOUR)), max_size=60))
def test_however_a_receiver_flaps_an_hour_has_one_pair_at_most_and_beginnings_and_ends_take_turns(
    looks: list[tuple[bool, float]],
) -> None:
    watch, said = Watch(), list[tuple[float, bool]]()
    for refuses, after_s in looks:
        for one in watch.says(seen(receivers={"desk": REFUSED} if refuses else {}), after_s=after_s):
            said.append((watch.now.timestamp(), one.over))
    assert [over for _, over in said] == [bool(n % 2) for n in range(len(said))]
    for over in (False, True):
        moments = [at for at, is_over in said if is_over is over]
        assert all(later - at >= PAUSE_S for at, later in pairwise(moments))


def test_alerts_given_up_are_counted_with_their_codes_and_the_next_ones_alone_an_hour_later() -> None:
    watch = Watch()
    first = [Settled("desk", AT - 30, "msg_too_long"), Settled("desk", AT - 20, "smtp_550"), Settled("desk", AT - 10, "smtp_550")]
    (notice,) = watch.says(seen(given_up=first))
    assert notice.heading == "3 alerts given up at desk"
    assert "`newswire dead replay --all`" in notice.do
    assert [line.split(":")[0] for line in words(notice)[:2]] == ["2 alerts", "1 alert"]
    more = [*first, Settled("desk", AT + 30, "smtp_550")]
    assert watch.says(seen(given_up=more), after_s=60) == []
    assert headings(watch.says(seen(given_up=more), after_s=HOUR)) == ["1 alert given up at desk"]
    assert watch.says(seen(given_up=more), after_s=DAY) == []


def test_a_command_to_type_is_shown_as_one() -> None:
    (notice,) = Watch().says(seen(given_up=[Settled("desk", AT - 30, "msg_too_long")]))
    commands = [piece.text for line in bulletin_of(notice).lines for piece in line if piece.code]
    assert commands == ["msg_too_long", "newswire dead list", "newswire dead replay --all"]


def test_possible_repeats_are_counted() -> None:
    twice = [Settled("desk", AT - 30), Settled("desk", AT - 20)]
    assert headings(Watch().says(seen(repeated=twice))) == ["2 messages sent to desk as a possible repeat"]


def test_messages_that_wait_are_late_after_a_quarter_of_an_hour_and_not_twice_told_of_where_the_receiver_refuses_us() -> None:
    late = {"desk": Overdue(AT - 901, 7)}
    watch = Watch()
    assert headings(watch.says(seen(overdue=late))) == ["7 messages wait for desk, the oldest for 15 minutes"]
    assert watch.says(seen(overdue={"desk": Overdue(AT - 585, 7)}), after_s=15) == []  # status and alarm call ten minutes late
    assert headings(watch.says(seen(overdue={}), after_s=15)) == ["Nothing waits for desk any longer than it should"]
    assert [one.kind for one in Watch().says(seen(overdue=late, receivers={"desk": REFUSED}))] == [NoticeKind.RECEIVER_REFUSES]


def test_a_queue_before_the_alerter_that_is_late_and_a_bus_that_does_not_answer() -> None:
    watch = Watch()
    late = seen(queues={"news.reports": NOW - timedelta(minutes=22)})
    assert headings(watch.says(late)) == ["The watch is late: reports wait to be decided for 22 minutes"]
    assert watch.says(seen(queues=None), after_s=60) == []
    assert watch.says(seen(queues={"news.reports": NOW - timedelta(minutes=8)}), after_s=60) == []  # ten minutes by now: late as ever
    assert headings(watch.says(seen(queues={}), after_s=60)) == ["The watch is in time again: news.reports"]


def test_a_silence_is_warned_of_within_its_last_hour_and_its_end_tells_what_it_held() -> None:
    silence = Silence({"watchlist": ("gaming",)}, AT - 4 * HOUR, AT + 40 * 60, "Ayesha", "summit week", AT - 4 * HOUR)
    watch = Watch()
    (warned,) = watch.says(seen(silences=[silence]))
    assert warned.heading == "A silence ends in 40 minutes: watchlist gaming"
    assert watch.says(seen(silences=[silence]), after_s=15) == []
    held = {silence.silence_id: Held(7, ("Envoy meets minister", "Envoy leaves"))}
    (ended,) = watch.says(seen(silences=[silence], held=held), after_s=HOUR)
    assert ended.heading == "A silence has ended: watchlist gaming; it held 7 stories"
    assert words(ended)[:4] == ["Asked for by Ayesha: summit week", "held: Envoy meets minister", "held: Envoy leaves", "and 5 more"]
    assert watch.says(seen(silences=[silence], held=held), after_s=HOUR) == []


@pytest.mark.parametrize("minutes", [5, 60])
def test_a_silence_of_an_hour_or_less_is_not_warned_of(minutes: int) -> None:
    short = Silence({"watchlist": ("gaming",)}, AT - 60, AT - 60 + 60 * minutes, "Ayesha", "a call", AT - 60)
    assert notices_due(seen(silences=[short]), History()) == []


def test_one_that_was_expired_before_it_began_has_held_nothing_and_is_not_told_of() -> None:
    never = Silence({"watchlist": ("gaming",)}, AT + HOUR, AT + 2 * HOUR, "Ayesha", "a call", AT - 90, expired_at=AT - 60, expired_by="Ben")
    assert notices_due(seen(silences=[never]), History()) == []
    begun = replace(never, begins_at=AT - 80)
    assert headings(notices_due(seen(silences=[begun]), History())) == ["A silence has ended, by Ben: watchlist gaming; it held 0 stories"]


def test_files_that_were_refused_are_named_by_line_and_said_to_be_right_again() -> None:
    faults = tuple(Fault("watchlists/games.yaml", n, 1, "unknown key") for n in range(1, 20))
    desk = Desk(a_set(), routes_to("desk"), since=NOW - timedelta(hours=2))
    watch = Watch()
    (notice,) = watch.says(seen(files=FilesStanding(desk, faults)))
    lines = words(notice)
    assert notice.heading == "The desk's files were not taken over: 19 faults"
    assert lines[0] == "In force: the set of 2026-11-02 07:00 UTC"
    assert lines[1] == "watchlists/games.yaml:1: unknown key"
    assert f"and {20 - LINES_SHOWN} more" in lines
    assert watch.says(seen(files=FilesStanding(desk, faults[:1])), after_s=HOUR) == []
    assert headings(watch.says(seen(files=FilesStanding(desk)), after_s=15)) == ["The desk's files are right again"]


def test_a_standby_that_took_over_says_so_once_an_hour_at_most() -> None:
    watch = Watch()
    took_over = seen(took_over=True, owner="host-2")
    assert headings(watch.says(took_over)) == ["Another alerter took over: host-2"]
    assert watch.says(took_over, after_s=60) == []
    assert headings(watch.says(took_over, after_s=HOUR)) == ["Another alerter took over: host-2"]


def sources(number: int, places: dict[str, Place], *, country: str, like: SourceHealth = SILENT) -> list[SourceHealth]:
    made = [replace(like, source_id=f"{country}{n}") for n in range(number)]
    places.update({one.source_id: Place(f"Outlet {one.source_id}", country) for one in made})
    return made


def test_sources_of_one_country_are_told_of_together_and_so_is_their_return() -> None:
    places: dict[str, Place] = {}
    struck, watch = sources(5, places, country="PK"), Watch()
    (notice,) = watch.says(seen(sources=struck, places=places))
    assert (notice.heading, notice.severity) == ("5 sources of Pakistan fell silent", Severity.MEDIUM)
    assert words(notice)[0] == "Outlet PK0: its host is not found, since 2026-11-01 09:00 UTC"
    back = [replace(one, failures=0, reason=None, succeeded_at=AT) for one in struck]
    assert watch.says(seen(sources=None), after_s=15) == []
    assert headings(watch.says(seen(sources=[*back[:4], struck[4]], places=places), after_s=600)) == ["4 sources of Pakistan came back"]
    assert watch.says(seen(sources=back, places=places), after_s=600) == []
    assert headings(watch.says(seen(sources=back, places=places), after_s=HOUR)) == ["1 source of Pakistan came back"]
    assert watch.says(seen(sources=back, places=places), after_s=DAY) == []


def test_where_many_countries_are_struck_at_once_one_notice_points_at_our_own_network() -> None:
    places: dict[str, Place] = {}
    struck = [one for country in ("PK", "US", "KR", "CN", "SA", "TR") for one in sources(2, places, country=country)]
    (notice,) = Watch().says(seen(sources=struck, places=places))
    assert notice.heading == "12 sources of several countries fell silent"
    assert "own network" in notice.do


def test_a_source_that_was_silent_and_now_refuses_us_has_not_come_back() -> None:
    watch = Watch()
    assert headings(watch.says(seen(sources=[SILENT]))) == ["1 source fell silent"]
    refuses = replace(SILENT, reason="http_4xx")
    assert headings(watch.says(seen(sources=[refuses]), after_s=600)) == ["1 source refused us"]
    assert headings(watch.says(seen(sources=[SOURCE]), after_s=HOUR)) == ["1 source came back"]
    assert watch.says(seen(sources=[SOURCE]), after_s=DAY) == []


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (SOURCE, None),
        (SILENT, NoticeKind.SOURCES_SILENT),
        (replace(SILENT, failures=2), None),
        (replace(SILENT, succeeded_at=AT - HOUR), None),
        (replace(SILENT, interval_s=DAY), None),  # it is read once a day: one day is no silence
        (replace(SILENT, reason="robots"), NoticeKind.SOURCES_BLOCKED),
        (replace(SILENT, succeeded_at=None), NoticeKind.SOURCES_SILENT),
        (replace(SILENT, succeeded_at=None, failures=4), None),
        (replace(SOURCE, gone_at=AT - 60), NoticeKind.SOURCES_RETIRED),
        (replace(SOURCE, newest_at=AT - 9 * DAY), NoticeKind.SOURCES_SILENT),  # used to bring something every fourteen hours
        (replace(SOURCE, newest_at=AT - 9 * DAY, moments=3), None),  # too rare to tell
        (replace(SOURCE, newest_at=AT - 9 * DAY, succeeded_at=AT - 9 * DAY, polled_at=AT - 9 * DAY), None),  # we stood still, not it
    ],
)
def test_what_is_wrong_with_a_source_is_measured_against_its_own_past(source: SourceHealth, kind: NoticeKind | None) -> None:
    found = trouble_of(source)
    assert (found.kind if found else None) == kind


def routes(ops: str | None, fallback: str | None = None) -> Routes:
    digest = {"name": "morning", "digest": {"to": "desk", "at": "07:00"}}
    receivers = [*({"name": name, "slack": {"channel": f"#{name}"}} for name in ("desk", "ops")), digest]
    named = {key: name for key, name in (("ops", ops), ("fallback", fallback)) if name}
    return Routes.model_validate({"receivers": receivers, "route": {"to": "desk"}, **named})


@pytest.mark.parametrize(
    ("ops", "fallback", "about", "hears"),
    [
        (None, "desk", None, None),
        ("ops", None, None, "ops"),
        ("ops", None, "desk", "ops"),
        ("ops", None, "ops", None),
        ("ops", "ops", "ops", None),
        ("ops", "desk", "ops", "desk"),
        ("morning", None, None, "desk"),  # a notice does not wait for a digest
        ("morning", None, "desk", None),
        ("nobody", None, None, None),
    ],
)
def test_no_receiver_hears_of_its_own_failure(ops: str | None, fallback: str | None, about: str | None, hears: str | None) -> None:
    assert hears_notices(routes(ops, fallback), about) == hears


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_notice_of_any_words_is_read_back_from_the_outbox_as_it_was(heading: str, detail: str) -> None:
    (notice,) = notices_due(seen(overdue={"desk": Overdue(AT - 9 * HOUR, 1)}), History())
    silence = Silence({"outlet": (heading or "x",)}, AT - 4 * HOUR, AT - 60, detail, heading, AT - 4 * HOUR)
    (ended,) = notices_due(seen(silences=[silence]), History())
    for one in (notice, ended):
        row = row_of(one, "ops")
        bulletin = from_json(row.message)
        assert to_json(bulletin) == row.message
        assert bulletin.data is not None
        assert History([PutNotice(row.notice_id, AT, bulletin.data)]).knows(one)


def test_notices_of_a_later_release_are_known_and_otherwise_left_alone() -> None:
    (notice,) = notices_due(seen(receivers={"desk": REFUSED}), History())
    later = History([PutNotice(notice.notice_id, AT, {"notice": "of_tomorrow"})])
    assert later.knows(notice)
    assert later.open_troubles(set(NoticeKind)) == {}


def test_what_waits_is_said_when_polling_slows_down_by_default() -> None:
    assert Settings().slow_after_s == SAID_S
