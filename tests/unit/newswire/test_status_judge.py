"""Whether the watch is whole: each concern is raised by what it is about, by nothing else, and by the alarms' limits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newswire.cli.status import judge as limits
from newswire.cli.status.facts import Away, DiskFacts, Facts, LocalFacts, Place, Queue, SizeFacts
from newswire.cli.status.judge import ALARMS, Concern, judge
from newswire.cli.status.sources import BLIND_S
from newswire.cli.status.stages import DUE_LATE_S, Work
from newswire.errors import Fault
from newswire.late import LATE_S
from newswire.outcomes import FetchReason, SourceState
from newswire.store.at_work import Lead, Overdue
from newswire.store.standings import Overdue as Late
from newswire.store.standings import Settled
from tests.status_builders import AT, a_dead_source, a_receiver, a_source, bus, files, local, store, whole, work

ROOT = Path(__file__).parents[3]


def concerns(facts: Facts) -> list[Concern]:
    return [one.concern for one in judge(facts).troubles]


def test_a_watch_in_which_nothing_is_amiss_is_whole() -> None:
    found = judge(whole())
    assert found.whole
    assert found.troubles == ()
    assert [stage.work for stage in found.stages] == [Work.RUNS] * 3


def _queue(topic: str, group: str, waited_s: float) -> Any:
    one = Queue(topic, group, 9, AT - waited_s, 1)
    return bus(queues=tuple(one if queue.topic == topic else queue for queue in bus().queues))


def _disk(free: float) -> SizeFacts:
    return SizeFacts(None, (DiskFacts("var", int(free), 100_000_000_000, 5e9),))


_FAULT = Fault("config/sources/x.yaml", 3, 1, "unknown key")
_HOSTS = {f"s{number}": Place(f"S{number}", "PK") for number in range(20)}

ALONE: dict[Concern, Facts] = {
    Concern.NEVER_RAN: whole(store=None, bus=None, local=Away("nothing answers")),
    Concern.STORE_AWAY: whole(store=Away("no connection")),
    Concern.BUS_AWAY: whole(bus=Away("no broker")),
    Concern.MOVED: whole(store=store(moved_to="postgresql://db/newswire")),
    Concern.NOTHING_RUNS: whole(bus=bus(processes=0)),
    Concern.ALERT_STOPPED: whole(store=store(work=work(lead=Lead("node-1", AT - 1, 3)))),
    Concern.PROCESS_STOPPED: whole(bus=bus(queues=(Queue("news.items", "processors", 7, AT - 9_000, 0), bus().queues[1]))),
    Concern.COLLECT_STOPPED: whole(store=store(work=work(collecting=(), sources_due=Overdue(3, AT - DUE_LATE_S - 1)))),
    Concern.DISK_FULL: whole(sizes=_disk(4e9)),
    Concern.SOURCES_FAILING: whole(store=store(sources=[a_dead_source("dawn"), a_dead_source("nation"), a_source("state-dept")])),
    Concern.RECEIVER_REFUSES: whole(
        receivers=(a_receiver(state="refused", why="invalid_auth", do="sign in"),),
        store=store(overdue={"desk": Late(AT - 9_000, 3)}, given_up=[Settled("desk", AT - 60, "invalid_auth")]),
    ),
    Concern.SENDING_LATE: whole(store=store(overdue={"desk": Late(AT - LATE_S - 1, 3)})),
    Concern.REPORTS_LATE: whole(bus=_queue("news.reports", "alerting", LATE_S + 1)),
    Concern.ITEMS_LATE: whole(bus=_queue("news.items", "processors", LATE_S + 1)),
    Concern.NO_SOURCES: whole(files=files(sources={}), store=store(sources=[])),
    Concern.NO_WATCHLISTS: whole(files=files(watchlists={"cables": "staged"})),
    Concern.FILES_FAULTY: whole(files=files(faults=(Fault("config/watchlists/x.yaml", 3, 1, "unknown key"),))),
    Concern.RECEIVER_NOT_SET_UP: whole(bus=bus(processes=0), files=files(receivers_lack=("NEWSWIRE_TEAM_URL is not set",))),
    Concern.NOT_READY: whole(local=local(ready=False)),
    Concern.ALERTS_GIVEN_UP: whole(store=store(given_up=[Settled("desk", AT - 60, "msg_too_long")])),
    Concern.COUNTRY_BLIND: whole(store=store(sources=[a_source("dawn"), a_source("nation"), a_dead_source("state-dept")])),
    Concern.SOURCES_LOST: whole(
        files=files(sources=_HOSTS),
        store=store(
            sources=[a_source(name) for name in [*_HOSTS][2:]] + [a_dead_source(name, FetchReason.HTTP_4XX) for name in ("s0", "s1")]
        ),
    ),
    Concern.PAGES_LATE: whole(store=store(work=work(pages_due_since=AT - limits.PAGES_LATE_S - 1))),
    Concern.DEAD_LETTERS: whole(bus=bus(dead=2, dead_newest_at=AT - 60)),
    Concern.DISK_SHORT: whole(sizes=_disk(9e9)),
    Concern.BACKUP_LATE: whole(store=store(backup_at=AT - limits.BACKUP_LATE_S - 1)),
}


@pytest.mark.parametrize("concern", Concern)
def test_each_concern_is_raised_alone_by_what_it_is_about(concern: Concern) -> None:
    beside = {Concern.RECEIVER_NOT_SET_UP: [Concern.NOTHING_RUNS]}  # it is what keeps an alerter from starting
    assert concerns(ALONE[concern]) == [*beside.get(concern, []), concern]


@pytest.mark.parametrize("concern", Concern)
def test_each_trouble_says_what_is_to_be_done(concern: Concern) -> None:
    trouble = judge(ALONE[concern]).troubles[-1]
    assert trouble.what
    assert trouble.do


@pytest.mark.parametrize(
    "facts",
    [
        whole(store=store(overdue={"desk": Late(AT - LATE_S, 3)})),
        whole(bus=_queue("news.items", "processors", LATE_S)),
        whole(store=store(work=work(collecting=(), sources_due=Overdue(3, AT - DUE_LATE_S)))),
        whole(store=store(work=work(pages_due_since=AT - limits.PAGES_LATE_S))),
        whole(store=store(given_up=[Settled("desk", AT - limits.GIVEN_UP_S, "msg_too_long")])),
        whole(store=store(backup_at=None)),
        whole(store=store(backup_at=AT - limits.BACKUP_LATE_S)),
        whole(sizes=_disk(10e9)),
        whole(sizes=SizeFacts(None, (DiskFacts("var", 1, 100_000_000_000, 0.0),))),  # NEWSWIRE_DISK_LOW=0: nobody minds
        whole(store=store(sources=[a_source("dawn", failures=1, reason="dns"), a_source("state-dept")])),  # half of those that were asked
        whole(bus=bus(dead=2, dead_newest_at=AT - limits.DEAD_LATELY_S)),
        whole(receivers=(a_receiver(state="refused", why="msg_too_long", one_message=True),)),
        whole(receivers=(a_receiver(state="not set up", why="NEWSWIRE_SLACK_TOKEN is not set"),)),
        whole(store=store(sources=[a_source("dawn", failures=1, reason="dns"), a_source("nation"), a_source("state-dept")])),
        whole(local=Away("nothing answers")),
        whole(files=files(receivers_lack=("NEWSWIRE_TEAM_URL is not set",))),  # the alerter is elsewhere, and runs
    ],
)
def test_what_has_not_come_to_its_limit_is_no_trouble(facts: Facts) -> None:
    assert concerns(facts) == []


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (whole(bus=None), [Concern.NOTHING_RUNS]),
        (whole(store=store(work=work(lead=None))), [Concern.ALERT_STOPPED]),
        (whole(sizes=_disk(5e9)), [Concern.DISK_SHORT]),  # just what must be free: polls go on
        (whole(sizes=SizeFacts(None, (DiskFacts("var", int(0.9e9), 2_000_000_000, 0.5e9),))), [Concern.DISK_SHORT]),  # a small disk
        (whole(files=files(sources={}, source_faults=(_FAULT,)), store=store(sources=[])), [Concern.FILES_FAULTY]),
        (whole(files=files(watchlists={}, faults=(_FAULT,))), [Concern.FILES_FAULTY]),
        (
            whole(store=store(work=work(lead=None)), files=files(receivers_lack=("NEWSWIRE_TEAM_URL is not set",))),
            [Concern.ALERT_STOPPED, Concern.RECEIVER_NOT_SET_UP],
        ),
    ],
)
def test_what_is_near_to_another_concern_is_the_one_that_it_is(facts: Facts, told: list[Concern]) -> None:
    assert concerns(facts) == told


def test_what_waits_for_a_receiver_is_told_with_what_that_receiver_lacks() -> None:
    others = (a_receiver(name="mail", state="refused", why="535", do="see to the mailbox", one_message=True),)
    late = store(overdue={"desk": Late(AT - 9_000, 1)})
    (known,) = judge(whole(receivers=(*others, a_receiver(state="quiet", why="asked for silence", do="wait")), store=late)).troubles
    assert (known.what, known.do) == ("1 message waits for desk (quiet: asked for silence)", "wait")
    (unknown,) = judge(whole(receivers=others, store=late)).troubles
    assert unknown.what == "1 message waits for desk"
    assert "newswire receivers list" in unknown.do


def test_a_newswire_that_runs_here_with_another_store_is_no_watch_that_never_ran() -> None:
    [trouble] = judge(whole(store=None, bus=None)).troubles
    assert trouble.concern is Concern.NEVER_RAN
    assert trouble.what == "a Newswire runs at 127.0.0.1:9464, and there is no store at var/newswire.sqlite3: these are not its settings"
    assert "`newswire run`" not in trouble.do


@pytest.mark.parametrize("away", [{"store": Away("no connection")}, {"bus": Away("no broker")}])
def test_what_a_process_waits_for_is_not_told_twice(away: dict[str, Away]) -> None:
    assert len(judge(whole(**away, local=local(ready=False))).troubles) == 1


def test_files_with_faults_keep_an_older_set_in_force_only_where_there_is_one() -> None:
    faulty = files(faults=(Fault("config/watchlists/x.yaml", 3, 1, "unknown key"),))
    [runs] = judge(whole(files=faulty)).troubles
    stands = judge(whole(files=faulty, bus=bus(processes=0))).troubles[-1]
    assert ["older set" in one.do for one in (runs, stands)] == [True, False]


def test_the_most_important_is_told_first() -> None:
    facts = whole(store=store(backup_at=1.0), bus=_queue("news.items", "processors", 9_000), sizes=_disk(1e9))
    assert concerns(facts) == [Concern.DISK_FULL, Concern.ITEMS_LATE, Concern.BACKUP_LATE]


def test_what_follows_from_a_stage_that_stands_still_is_not_told_beside_it() -> None:
    facts = whole(
        bus=bus(
            processes=0, queues=(Queue("news.items", "processors", 9, AT - 90_000, 0), Queue("news.reports", "alerting", 1, AT - 9_000, 0))
        ),
        store=store(overdue={"desk": Late(AT - 9_000, 3)}, sources=[a_dead_source("dawn")], work=work(pages_due_since=AT - 90_000)),
    )
    assert concerns(facts) == [Concern.NOTHING_RUNS]


def test_a_country_is_blind_only_where_none_of_its_sources_has_brought_anything_for_an_hour() -> None:
    def blind(*sources: Any) -> tuple[str, ...]:
        found = judge(whole(store=store(sources=list(sources)))).sources
        assert found is not None
        return found.blind

    lately = a_source("dawn", failures=1, reason="dns", succeeded_at=AT - BLIND_S + 1)
    assert blind(lately, a_dead_source("nation"), a_source("state-dept")) == ()
    assert blind(a_dead_source("dawn"), a_dead_source("nation"), a_source("state-dept")) == ("PK",)
    assert blind(a_dead_source("dawn"), a_source("nation"), a_source("state-dept")) == ()
    assert blind(a_dead_source("dawn"), a_source("state-dept")) == ()  # the other one is still to be polled
    assert blind(a_dead_source("dawn", hours=BLIND_S / 3_600), a_dead_source("nation"), a_source("state-dept")) == ("PK",)
    never = a_source("dawn", failures=12, reason="dns", succeeded_at=None)
    assert blind(never, a_dead_source("nation"), a_source("state-dept")) == ("PK",)


def test_the_worst_sources_are_those_that_have_been_so_for_longest() -> None:
    sources = [a_dead_source(f"s{hours}", hours=hours) for hours in range(20, 30)] + [a_source("flaky", failures=1, reason="dns")]
    found = judge(whole(store=store(sources=sources))).sources
    assert found is not None
    assert [one.outlet for one in found.worst] == [f"s{hours}.example" for hours in (29, 28, 27, 26, 25)]
    assert found.by_state[SourceState.FAILING] == 11


@given(
    st.lists(st.sampled_from([a_source("dawn"), a_dead_source("nation"), a_source("new", polled_at=None, succeeded_at=None)]), max_size=12)
)
def test_every_source_is_in_one_state(sources: list[Any]) -> None:
    facts = whole(store=store(sources=[replace(one, source_id=str(number)) for number, one in enumerate(sources)]), files=files(sources={}))
    found = judge(facts).sources
    assert found is not None
    assert sum(found.by_state.values()) == found.total == len(sources)
    assert 0 <= found.failing_share <= 1


def _alarms() -> dict[str, str]:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules/alarms.yaml").read_text("utf-8"))
    return {rule["alert"]: " ".join(str(rule["expr"]).split()) for group in rules["groups"] for rule in group["rules"] if "alert" in rule}


def test_every_concern_with_an_alarm_names_one_that_there_is() -> None:
    assert set(ALARMS.values()) <= _alarms().keys()


@pytest.mark.parametrize(
    ("concern", "limit"),
    [
        (Concern.COLLECT_STOPPED, f"> {DUE_LATE_S / 60:g} * 60"),
        (Concern.SENDING_LATE, f"> {LATE_S / 60:g} * 60"),
        (Concern.ITEMS_LATE, f"> {LATE_S / 60:g} * 60"),
        (Concern.REPORTS_LATE, f"> {LATE_S / 60:g} * 60"),
        (Concern.PAGES_LATE, f"> {limits.PAGES_LATE_S / 3600:g} * 3600"),
        (Concern.BACKUP_LATE, f"> {limits.BACKUP_LATE_S / 86400:g} * 86400"),
        (Concern.SOURCES_FAILING, f"> {limits.FAILING_SHARE:g} "),
        (Concern.SOURCES_LOST, f"> {limits.LOST_SHARE:g}"),
        (Concern.DISK_SHORT, f"< {limits.SHORT_SHARE:.2f}"),
        (Concern.DISK_SHORT, "< 1e9"),
        (Concern.ALERTS_GIVEN_UP, "increase1h > 0"),
        (Concern.DEAD_LETTERS, "increase1h > 0"),
    ],
)
def test_status_and_alarms_have_the_same_limits(concern: Concern, limit: str) -> None:
    assert limit in _alarms()[ALARMS[concern]]


@pytest.mark.parametrize(
    ("here", "then"), [(local(), Work.RUNS), (local(ready=False), Work.UNKNOWN), (local(stages=("alert",)), Work.UNKNOWN)]
)
@pytest.mark.parametrize("polled_at", [None, AT - 9_000])
def test_a_collector_of_this_machine_is_at_work_between_two_rare_polls_too(here: LocalFacts, then: Work, polled_at: float | None) -> None:
    quiet = whole(store=store(work=work(collecting=(), polled_at=polled_at)), bus=bus(processes=None), local=here)
    assert judge(quiet).stages[0].work is then


def test_a_collector_elsewhere_is_at_work_as_long_as_a_poll_shows_it() -> None:
    def seen(polled_at: float) -> Work:
        return judge(whole(store=store(work=work(collecting=(), polled_at=polled_at)), local=Away("nothing answers"))).stages[0].work

    assert seen(AT - DUE_LATE_S) is Work.RUNS
    assert seen(AT - DUE_LATE_S - 1) is Work.UNKNOWN


def test_a_collector_of_this_machine_is_stopped_where_sources_wait_for_it() -> None:
    late = whole(store=store(work=work(collecting=(), sources_due=Overdue(3, AT - DUE_LATE_S - 1))), bus=bus(processes=None))
    assert judge(late).stages[0].work is Work.STOPPED
