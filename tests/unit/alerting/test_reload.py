"""The set in force against real files, with a clock that moves when told."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.typing import EventDict

from alerting.desk import Desk, desk_of, difference
from alerting.desk_files import look
from alerting.reload import LOOK_S, REJUDGE_S, SETTLE_S, ReloadWorker, Standing
from alerting.watchlists.load import load_desk
from newswire.clock import ManualClock
from newswire.errors import ConfigurationError, Fault
from newswire.metrics import Metrics
from newswire.strict_yaml import MAX_BYTES
from tests.alerting_builders import a_set, routes_to
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY

GAMES = "title: Games\nwhen: {any: [gaming industry], partners: [US]}\n"
CABLES = "title: Cables\nstatus: staged\nwhen: {any: [submarine cable], partners: any}\n"
ROUTES = 'receivers:\n  - name: desk\n    slack: {channel: "#it"}\nroute: {to: desk}\n'
HALF = "title: Cables\nseverity: high\nwhen: {any: [submarine cable, "


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "lists").mkdir()
    (tmp_path / "watchlists" / "games.yaml").write_text(GAMES)
    (tmp_path / "routes.yaml").write_text(ROUTES)
    return tmp_path


class Keeper:
    """A worker, its files, and what happened."""

    def __init__(self, folder: Path, clock: ManualClock, metrics: Metrics) -> None:
        self.folder, self.clock, self.metrics = folder, clock, metrics
        self.read = 0
        self.meanwhile: Callable[[], object] | None = None  # happens once, after the files were read
        self.worker = ReloadWorker(folder=folder, make=self.make, clock=clock, metrics=metrics)

    def make(self, digest: str, now: datetime) -> Desk:
        self.read += 1
        files = load_desk(self.folder, VOCABULARY, now.date())
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if files.faults:
            raise ConfigurationError(files.faults)
        return desk_of(files, digest=digest, since=now, on_terminal=False)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def pass_s(self, seconds: float) -> None:
        """Step as often as the service would."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < end:
            self.clock.set(self.clock.now() + timedelta(seconds=min(self.worker.step(), (end - self.clock.now()).total_seconds())))
        self.worker.step()

    def names(self) -> list[str]:
        return [one.name for one in self.worker.current().watchlists.watchlists]

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    def successful(self) -> float | None:
        return self.value("newswire_config_last_reload_successful")

    def counted(self, outcome: str) -> float:
        return self.value("newswire_config_reloads_total", outcome=outcome) or 0.0


@pytest.fixture
def keeper(folder: Path, clock: ManualClock, metrics: Metrics) -> Keeper:
    return Keeper(folder, clock, metrics)


def test_a_start_with_faults_is_refused(folder: Path, clock: ManualClock, metrics: Metrics) -> None:
    (folder / "watchlists" / "games.yaml").write_text(HALF)
    with pytest.raises(ConfigurationError, match=r"games\.yaml:3"):
        Keeper(folder, clock, metrics)


def test_files_that_do_not_change_are_read_once_and_nothing_is_said(keeper: Keeper, logs: list[EventDict]) -> None:
    keeper.pass_s(600)
    os.utime(keeper.folder / "routes.yaml")
    keeper.write("watchlists/games.yaml", GAMES)
    keeper.pass_s(600)
    assert (keeper.read, logs, keeper.successful()) == (1, [], 1)
    assert keeper.value("newswire_config_last_reload_success_timestamp_seconds") == NOW.timestamp()
    assert keeper.worker.idle()


def test_a_new_watchlist_is_in_force_after_the_next_look(keeper: Keeper, logs: list[EventDict]) -> None:
    before = keeper.worker.current()
    keeper.write("watchlists/cables.yaml", CABLES)
    keeper.pass_s(LOOK_S - 0.5)
    assert keeper.worker.current() is before
    keeper.pass_s(0.5 + SETTLE_S + 0.5)
    after = keeper.worker.current()
    assert keeper.names() == ["cables", "games"]
    assert [one.name for one in before.watchlists.watchlists] == ["games"]  # who holds the old set, decides on it
    assert after.watchlists.named("games").content_hash == before.watchlists.named("games").content_hash
    assert (keeper.successful(), keeper.counted("loaded")) == (1, 1)
    assert keeper.value("newswire_config_last_reload_success_timestamp_seconds") == pytest.approx(NOW.timestamp() + 11, abs=0.5)
    assert {s: keeper.value("newswire_alerting_watchlists", status=s) for s in ("active", "staged", "draft", "muted")} == {
        "active": 1, "staged": 1, "draft": 0, "muted": 0,
    }  # fmt: skip
    (said,) = logs
    assert (said["log_level"], said["what"], said["watchlists"]) == ("info", "added cables", 2)


def test_a_half_written_file_leaves_the_set_in_force_and_is_said_once_at_its_line(keeper: Keeper, logs: list[EventDict]) -> None:
    before = keeper.worker.current()
    keeper.write("watchlists/cables.yaml", HALF)
    keeper.pass_s(120)
    assert keeper.worker.current() is before
    assert (keeper.successful(), keeper.counted("refused"), keeper.read) == (0, 1, 2)
    summary, fault = logs
    assert (summary["log_level"], summary["faults"], summary["in_force_since"]) == ("error", 1, NOW.isoformat())
    assert f"{keeper.folder}/watchlists/cables.yaml:3: " in fault["fault"]
    assert keeper.worker.standing().trouble(keeper.clock.now()) == "configuration: 1 fault, the set of 09:00 is in force"

    keeper.write("watchlists/cables.yaml", CABLES)
    keeper.pass_s(20)
    assert keeper.names() == ["cables", "games"]
    assert (keeper.successful(), keeper.counted("loaded")) == (1, 1)
    assert keeper.worker.standing().trouble(keeper.clock.now()) == ""
    assert logs[-1]["what"] == "added cables"


def test_a_fault_in_one_file_keeps_the_good_changes_of_all_others_out(keeper: Keeper) -> None:
    keeper.write("watchlists/cables.yaml", CABLES)
    keeper.write("watchlists/games.yaml", GAMES.replace("US", "NO"))
    keeper.write("routes.yaml", ROUTES.replace("to: desk", "to: dekc"))
    keeper.pass_s(20)
    assert keeper.names() == ["games"]
    assert [Path(fault.file).name for fault in keeper.worker.standing().faults] == ["routes.yaml"]
    keeper.write("routes.yaml", ROUTES.replace("#it", "#telecom"))
    keeper.pass_s(20)
    assert keeper.names() == ["cables", "games"]


def test_other_faults_of_other_bytes_are_said_and_the_same_faults_are_not(keeper: Keeper, logs: list[EventDict]) -> None:
    for text in (HALF, HALF + " ", GAMES.replace("severity", "sevrity") + "sevrity: low\n"):
        keeper.write("watchlists/cables.yaml", text)
        keeper.pass_s(30)
    assert [entry["event"] for entry in logs if "stays" in entry["event"]] == ["configuration: faults, the set in force stays"] * 2
    assert keeper.counted("refused") == 3
    assert "sevrity" in logs[-1]["fault"]


def test_what_is_undone_is_found_good_without_reading_it(keeper: Keeper, logs: list[EventDict]) -> None:
    before = keeper.worker.current()
    keeper.write("watchlists/games.yaml", HALF)
    keeper.pass_s(20)
    keeper.write("watchlists/games.yaml", GAMES)
    keeper.pass_s(20)
    assert keeper.worker.current() is before
    assert (keeper.read, keeper.successful(), keeper.counted("restored"), keeper.counted("loaded")) == (2, 1, 1, 0)
    assert "again those of the set in force" in logs[-1]["event"]


def test_told_to_look_it_looks_at_once_and_says_what_it_found(keeper: Keeper, logs: list[EventDict]) -> None:
    keeper.worker.look_now()
    keeper.worker.step()
    assert "nothing has changed" in logs[-1]["event"]
    keeper.write("watchlists/cables.yaml", CABLES)
    keeper.worker.look_now()
    keeper.worker.step()
    assert keeper.names() == ["cables", "games"]
    keeper.write("watchlists/cables.yaml", HALF)
    for _ in range(2):  # who asks again, hears it again
        logs.clear()
        keeper.worker.look_now()
        keeper.worker.step()
        assert [entry["log_level"] for entry in logs] == ["error", "error"]
    assert keeper.names() == ["cables", "games"]


def test_told_from_another_thread(keeper: Keeper) -> None:
    keeper.write("watchlists/cables.yaml", CABLES)
    thread = threading.Thread(target=keeper.worker.look_now)
    thread.start()
    thread.join()
    keeper.worker.step()
    assert keeper.names() == ["cables", "games"]


def test_a_file_that_is_being_written_is_waited_for(keeper: Keeper, logs: list[EventDict]) -> None:
    keeper.pass_s(LOOK_S - 0.25)
    for end in range(0, len(CABLES), 20):  # as slowly as an editor over a network
        keeper.write("watchlists/cables.yaml", CABLES[:end])
        keeper.pass_s(0.75)
    keeper.write("watchlists/cables.yaml", CABLES)
    keeper.pass_s(2 * SETTLE_S + 0.5)
    assert (keeper.names(), keeper.read) == (["cables", "games"], 2)
    assert [entry["log_level"] for entry in logs] == ["info"]


def test_files_that_are_written_without_end_are_read_all_the_same(keeper: Keeper) -> None:
    keeper.write("watchlists/cables.yaml", CABLES)
    for n in range(60):
        keeper.write("watchlists/games.yaml", f"{GAMES}description: number {n}\n")
        keeper.pass_s(0.5)
    assert "cables" in keeper.names()


def test_files_that_change_while_they_are_read_are_read_again(keeper: Keeper, logs: list[EventDict]) -> None:
    """Half of the old and half of the new would be a set that nobody wrote."""
    keeper.write("watchlists/cables.yaml", CABLES)
    keeper.meanwhile = lambda: keeper.write("routes.yaml", ROUTES.replace("#it", "#telecom"))
    keeper.worker.look_now()
    keeper.worker.step()
    assert (keeper.names(), keeper.counted("unsteady"), keeper.successful()) == (["games"], 1, 1)
    assert "to be looked at again" in logs[-1]["event"]
    keeper.pass_s(SETTLE_S + 0.5)
    assert keeper.names() == ["cables", "games"]
    found = keeper.worker.current().routes.receiver("desk")
    assert found is not None
    assert found.slack is not None
    assert found.slack.channel == "#telecom"


def test_a_file_that_is_gone_for_the_moment_of_reading_only_is_no_removed_watchlist(keeper: Keeper) -> None:
    keeper.write("watchlists/cables.yaml", CABLES)
    keeper.pass_s(20)
    path = keeper.folder / "watchlists" / "cables.yaml"

    def saved_as_editors_do() -> None:
        path.rename(path.with_suffix(".yaml~"))
        keeper.write("watchlists/cables.yaml", CABLES)

    keeper.write("watchlists/games.yaml", GAMES.replace("US", "NO"))
    keeper.meanwhile = saved_as_editors_do
    keeper.pass_s(20)
    assert keeper.names() == ["cables", "games"]
    assert keeper.counted("unsteady") == 1


def test_write_then_rename_is_one_change(keeper: Keeper) -> None:
    keeper.write("watchlists/.games.yaml.swp", HALF)
    keeper.pass_s(20)
    assert keeper.read == 1
    (keeper.folder / "watchlists" / ".games.yaml.swp").write_text(CABLES)
    (keeper.folder / "watchlists" / ".games.yaml.swp").rename(keeper.folder / "watchlists" / "games.yaml")
    keeper.pass_s(20)
    assert [one.title for one in keeper.worker.current().watchlists.watchlists] == ["Cables"]


@pytest.mark.parametrize("part", ["watchlists", "routes.yaml"])
def test_a_part_that_is_gone_as_a_whole_is_not_taken_for_an_empty_one(keeper: Keeper, part: str) -> None:
    before = keeper.worker.current()
    (keeper.folder / part).rename(keeper.folder / "away")
    keeper.pass_s(30)
    assert keeper.worker.current() is before
    assert keeper.successful() == 0
    (fault,) = keeper.worker.standing().faults
    assert "is gone; put it back" in str(fault)
    (keeper.folder / "away").rename(keeper.folder / part)
    keeper.pass_s(30)
    assert (keeper.successful(), keeper.counted("restored"), keeper.worker.current()) == (1, 1, before)


def test_the_last_watchlist_may_go_and_that_is_said_loudly(keeper: Keeper, logs: list[EventDict]) -> None:
    (keeper.folder / "watchlists" / "games.yaml").unlink()
    keeper.pass_s(20)
    assert keeper.names() == []
    assert logs[-1]["log_level"] == "warning"
    assert "nobody is told anything" in logs[-1]["event"]


def locked(path: Path) -> None:
    path.chmod(0)


def nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def huge(path: Path) -> None:
    path.write_bytes(b"#" * (MAX_BYTES + 1))


def garbage(path: Path) -> None:
    path.write_bytes(b"title: \xff\xfe\x00\n")


def cut_to_nothing(path: Path) -> None:
    path.write_bytes(b"")


def deep(path: Path) -> None:
    path.write_text("when: " + "[" * 10_000)


LOCKED = pytest.param(locked, marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything"))


@pytest.mark.parametrize("name", ["watchlists/games.yaml", "routes.yaml"])
@pytest.mark.parametrize("harm", [LOCKED, nowhere, fifo, a_folder, huge, garbage, cut_to_nothing, deep])
def test_a_file_that_cannot_be_read_leaves_the_set_in_force(
    keeper: Keeper, harm: Callable[[Path], None], name: str, logs: list[EventDict]
) -> None:
    before = keeper.worker.current()
    harm(keeper.folder / name)
    keeper.pass_s(120)
    assert keeper.worker.current() is before
    assert (keeper.successful(), keeper.counted("refused"), keeper.read <= 2) == (0, 1, True)
    assert [entry["log_level"] for entry in logs] == ["error"] * len(logs)
    assert len(logs) >= 2
    assert not any("exc_info" in entry for entry in logs)


def test_a_new_file_that_would_not_be_read_for_its_name_is_a_fault(keeper: Keeper) -> None:
    keeper.write("watchlists/cables.YML", CABLES)
    keeper.pass_s(30)
    assert ["rename it to .yaml" in str(fault) for fault in keeper.worker.standing().faults] == [True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("part", [".", "watchlists", "lists"])
def test_a_locked_folder_leaves_the_set_in_force(keeper: Keeper, part: str) -> None:
    before = keeper.worker.current()
    (keeper.folder / part).chmod(0)
    try:
        keeper.pass_s(30)
        assert (keeper.worker.current(), keeper.successful()) == (before, 0)
    finally:
        (keeper.folder / part).chmod(0o700)
    keeper.pass_s(30)
    assert (keeper.worker.current(), keeper.successful()) == (before, 1)


def test_a_bug_that_a_file_brings_out_and_a_disk_that_fails_leave_the_set_in_force(keeper: Keeper, logs: list[EventDict]) -> None:
    def raises(error: Exception) -> Callable[[], None]:
        def call() -> None:
            raise error

        return call

    keeper.write("watchlists/cables.yaml", CABLES)
    for error, words in (
        (OSError(5, "Input/output error"), "cannot be read: input/output error"),
        (RecursionError("deep"), "a bug of Newswire keeps this from being read"),
    ):
        keeper.meanwhile = raises(error)
        keeper.worker.look_now()
        keeper.worker.step()
        assert (keeper.names(), keeper.successful()) == (["games"], 0)
        assert words in str(keeper.worker.standing().faults[0])
    assert [bool(entry.get("exc_info")) for entry in logs].count(True) == 1
    logs.clear()
    keeper.pass_s(REJUDGE_S + LOOK_S)  # what failed was the reading, not the files
    assert keeper.names() == ["cables", "games"]
    assert [entry["log_level"] for entry in logs] == ["info"]


def test_faulty_files_are_read_anew_now_and_then_and_not_said_again(keeper: Keeper, logs: list[EventDict]) -> None:
    keeper.write("watchlists/cables.yaml", HALF)
    keeper.pass_s(3 * REJUDGE_S + 60)
    assert (keeper.read, len(logs), keeper.counted("refused")) == (5, 2, 1)


def test_many_faults_are_told_up_to_a_number(keeper: Keeper, logs: list[EventDict]) -> None:
    for n in range(30):
        keeper.write(f"watchlists/w{n}.yaml", HALF)
    keeper.pass_s(20)
    assert len(logs) == 22
    assert logs[-1]["more"] == 10


def test_of_a_large_file_no_more_is_read_than_shows_that_it_is_too_large(folder: Path) -> None:
    path = folder / "watchlists" / "games.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a sparse terabyte: to read it all would not end
    seen = look(folder)
    with path.open("r+b") as file:
        file.seek(MAX_BYTES * 2)
        file.write(b"more")
    assert look(folder).digest == seen.digest
    assert look(folder).marks != seen.marks


def test_a_look_sees_names_and_bytes_and_which_file_a_byte_is_in(folder: Path) -> None:
    one, two = folder / "lists" / "a.yaml", folder / "lists" / "b.yaml"
    seen = set()
    for texts in (("", ""), ("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")):
        one.write_text(texts[0])
        two.write_text(texts[1])
        seen.add(look(folder).digest)
    one.rename(folder / "lists" / "c.yaml")
    seen.add(look(folder).digest)
    assert len(seen) == 6


EDITS = {
    "watchlists/games.yaml": (GAMES, GAMES.replace("US", "NO"), GAMES.replace("[US]", "states"), HALF, "", None),
    "watchlists/cables.yaml": (CABLES, CABLES.replace("title", "titel"), None),
    "lists/states.yaml": ("title: States\ncountries: [US]\n", "title: States\ncountries: [NO, SE]\n", "title: States\ncountries: [N", None),
    "routes.yaml": (ROUTES, ROUTES.replace("#it", "#telecom"), ROUTES.replace("to: desk", "to: dekc")),
}
AN_EDIT = st.sampled_from([(name, text) for name, texts in EDITS.items() for text in texts])


@given(edits=st.lists(st.tuples(AN_EDIT, st.sampled_from([0.0, 0.5, 4.0, 25.0])), max_size=12))
def test_whatever_is_edited_in_whatever_order_the_set_in_force_is_the_last_whole_one_that_was_right(
    edits: list[tuple[tuple[str, str | None], float]],
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("watchlists", "lists"):
            (folder / part).mkdir()
        (folder / "routes.yaml").write_text(ROUTES)
        keeper = Keeper(folder, ManualClock(NOW), Metrics())
        for (file, text), then_s in edits:
            before = keeper.worker.current()
            if text is None:
                (folder / file).unlink(missing_ok=True)
            else:
                keeper.write(file, text)
            keeper.pass_s(then_s)
            if then_s > LOOK_S + 2 * SETTLE_S:
                on_disk = load_desk(folder, VOCABULARY, NOW.date())
                in_force = keeper.worker.current()
                assert keeper.successful() == (not on_disk.faults)
                assert keeper.worker.standing().faults == on_disk.faults
                if on_disk.faults:
                    assert in_force is before
                else:
                    wanted = desk_of(on_disk, digest="", since=NOW, on_terminal=False)
                    assert in_force.watchlists.watchlists == wanted.watchlists.watchlists
                    assert in_force.routes == wanted.routes


def desk_with(folder: Path, **watchlists: str) -> Desk:
    for name, text in watchlists.items():
        (folder / "watchlists" / f"{name}.yaml").write_text(text)
    return desk_of(load_desk(folder, VOCABULARY, NOW.date()), digest="", since=NOW, on_terminal=False)


def test_the_difference_names_what_was_added_removed_and_changed(folder: Path) -> None:
    (folder / "lists" / "states.yaml").write_text("title: States\ncountries: [US]\n")
    before = desk_with(folder, cables=CABLES, chips=CABLES.replace("any}", "states}"))
    (folder / "watchlists" / "games.yaml").unlink()
    (folder / "lists" / "states.yaml").write_text("title: States\ncountries: [US, NO]\n")
    (folder / "routes.yaml").write_text(ROUTES.replace("#it", "#telecom"))
    after = desk_with(folder, ai=GAMES, cables=CABLES + "description: only for people\n")
    assert difference(before, after) == "added ai; removed games; changed chips; routes changed"
    assert difference(before, before) == "nothing that decides: notes, tests or the order of terms"
    many = desk_with(folder, **{f"w{n}": GAMES for n in range(100, 130)})
    assert difference(after, many).endswith("w119 and 10 more")


def test_without_a_token_all_routes_lead_to_the_terminal(folder: Path) -> None:
    files = load_desk(folder, VOCABULARY, NOW.date())
    assert [one.name for one in desk_of(files, digest="", since=NOW, on_terminal=True).routes.receivers] == ["terminal"]


def test_trouble_is_told_by_the_readers_clock() -> None:
    since = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    desk = Desk(a_set(), routes_to("desk"), since=since)
    two = Standing(desk, (Fault("a", 1, 1, "x"), Fault("b", 1, 1, "y")))
    here = timezone(timedelta(hours=5))
    assert two.trouble(datetime(2026, 11, 3, 6, 0, tzinfo=here)) == "configuration: 2 faults, the set of 04:30 is in force"
    assert two.trouble(datetime(2026, 11, 4, 6, 0, tzinfo=here)) == "configuration: 2 faults, the set of 03 Nov 04:30 is in force"
    assert Standing(desk).trouble(since) == ""
