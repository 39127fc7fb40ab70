import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from alerting.watchlists.model import Status
from newswire.bounded import Labelled
from newswire.catalogue import CATALOGUE, OF_THE_PROCESS, SECTIONS
from newswire.catalogue.entry import NAMES_CAP, Across, Kind
from newswire.cli.reference_metrics import metrics_text
from newswire.languages import LANGUAGES, UNKNOWN
from newswire.metrics import Metrics
from newswire.outcomes import RunStage, SendOutcome
from newswire.topics import GROUPS

ROOT = Path(__file__).parents[3]


def families(metrics: Metrics) -> list[Metric]:
    return list(metrics.registry.collect())


def series(metrics: Metrics) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {(sample.name, tuple(sorted(sample.labels.items()))) for family in families(metrics) for sample in family.samples}


def labelled(metrics: Metrics) -> list[Labelled[object]]:  # type: ignore[type-var]  # of whatever kind
    return [metric for metric in vars(metrics).values() if isinstance(metric, Labelled)]


def filled() -> Metrics:
    """Metrics that every stage has set, each gauge too."""
    metrics = Metrics()
    metrics.runs(*RunStage)
    for name, values in {"watchlist": ["gaming"], "receiver": ["desk"], "worker": ["items"], "task": ["a:b"]}.items():
        metrics.known(name, values)
    for metric in vars(metrics).values():
        if hasattr(metric, "entry") and metric.entry.kind is Kind.GAUGE:
            (metric.labels(*(next(iter(label.values), "x") for label in metric.entry.labels)) if metric.entry.labels else metric).set(1)
    return metrics


def test_the_page_is_written_anew_when_the_catalogue_changes() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text("utf-8") == metrics_text(), "run `newswire reference`"


def test_the_page_has_every_metric_that_is_exposed_and_no_other() -> None:
    exposed = {family.name + ("_total" if family.type == "counter" else "") for family in families(filled())}
    assert exposed == set(re.findall(r"^### (\S+)$", metrics_text(), re.MULTILINE))
    assert exposed == {*CATALOGUE, *(entry.name for entry in OF_THE_PROCESS)}


def test_a_metric_that_nobody_builds_cannot_stay_in_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    # The catalogue is a constant: what one more entry would do cannot be seen without putting one there for a moment.
    monkeypatch.setitem(CATALOGUE, "newswire_nobody_total", CATALOGUE["newswire_notices_total"])
    with pytest.raises(RuntimeError, match="newswire_nobody_total"):
        Metrics()


def test_names_are_those_of_one_catalogue_and_end_in_their_unit() -> None:
    assert len(CATALOGUE) == sum(len(entries) for entries in SECTIONS.values())
    for entry in CATALOGUE.values():
        assert entry.name.startswith("newswire_")
        assert entry.meaning.endswith(".")
        assert entry.normal
        assert entry.act
        assert (entry.kind is Kind.COUNTER) == entry.name.endswith("_total")
        assert (entry.unit == "seconds") == bool(re.search(r"_seconds(_total)?$", entry.name.replace("_timestamp_seconds", "")))
        if entry.kind is Kind.HISTOGRAM:
            assert entry.buckets == tuple(sorted(set(entry.buckets)))
            assert entry.buckets_because
        if entry.kind is not Kind.GAUGE:
            assert entry.across is Across.SUM


def test_every_stage_counts_its_inputs_beside_their_ends() -> None:
    inputs = {name for name in CATALOGUE if name.endswith("_in_total")}
    assert len(inputs) >= 6
    assert {name.removesuffix("_in_total") + "_total" for name in inputs} <= set(CATALOGUE)


def test_closed_sets_that_the_kernel_cannot_import_are_the_ones_that_their_stages_use() -> None:
    assert CATALOGUE["newswire_alerting_watchlists"].labels[0].values == tuple(Status)
    assert set(CATALOGUE["newswire_bus_backlog_records"].labels[0].values) == {topic.name for topic, _ in GROUPS}
    assert set(CATALOGUE["newswire_processors_labels_total"].labels[1].values) == {*LANGUAGES, UNKNOWN, "other"}


def test_pairs_are_of_their_labels_values() -> None:
    paired = [entry for entry in CATALOGUE.values() if entry.pairs]
    assert paired
    for entry in paired:
        for pair in entry.pairs:
            assert all(value in label.values for value, label in zip(pair, entry.labels[-2:], strict=True)), (entry.name, pair)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8)), max_size=30))
@settings(max_examples=25, deadline=None)
def test_whatever_comes_from_the_world_makes_no_series_but_other(values: list[tuple[str, str, str]]) -> None:
    metrics = filled()
    for metric in labelled(metrics):
        if all(label.values for label in metric.entry.labels):
            metric.labels(*("\x00no value" for _ in metric.entry.labels))
            for label in metric.entry.labels:  # `other` beside each value that there is
                for value in label.values:
                    metric.labels(*(value if one is label else "\x00no value" for one in metric.entry.labels))
    before = series(metrics)
    for worlds in values:
        metrics.labels.labels(worlds[0], worlds[1]).inc()
        metrics.polls.labels(worlds[1], worlds[2]).inc()
        metrics.fetches.labels(worlds[2], worlds[0]).inc()
        metrics.dead_letters.labels(worlds[0], worlds[2]).inc()
    assert series(metrics) == before


@given(st.lists(st.text(max_size=12), min_size=NAMES_CAP, max_size=NAMES_CAP + 60, unique=True))
@settings(max_examples=5, deadline=None)
def test_no_more_names_are_shown_than_the_cap(names: list[str]) -> None:
    metrics = Metrics()
    for name in names:
        metrics.matches.labels(name).inc()
    shown = {dict(labels)["watchlist"] for name, labels in series(metrics) if name == "newswire_alerting_matches_total"}
    assert len(shown - {"other", "none"}) <= NAMES_CAP
    total = sum(one.value for family in metrics.matches.collect() for one in family.samples)
    assert total == len(names)  # counted all the same


def test_names_that_left_the_configuration_are_shown_no_more_and_give_their_place_to_others() -> None:
    metrics = Metrics()
    metrics.runs(RunStage.ALERT)
    metrics.known("receiver", ["desk", "night"])
    metrics.outbox.labels("night", "new").set(3)
    assert metrics.registry.get_sample_value("newswire_alerting_sends_total", {"receiver": "night", "outcome": SendOutcome.REFUSED}) == 0
    metrics.known("receiver", ["desk", *(f"r{n}" for n in range(NAMES_CAP))])
    receivers = {dict(labels).get("receiver") for _, labels in series(metrics)} - {None}
    assert "night" not in receivers
    assert len(receivers) == NAMES_CAP
    assert metrics.registry.get_sample_value("newswire_alerting_sends_total", {"receiver": "desk", "outcome": SendOutcome.SENT}) == 0


def test_counters_of_the_stages_that_run_are_there_from_the_start_and_no_others() -> None:
    metrics = Metrics()
    metrics.runs(RunStage.COLLECT)
    read = metrics.registry.get_sample_value
    assert read("newswire_collectors_polls_total", {"outcome": "failed", "reason": "blocked_address"}) == 0
    assert read("newswire_collectors_polls_total", {"outcome": "read", "reason": "dns"}) is None  # never occurs
    assert read("newswire_http_fetch_seconds_count", {"kind": "feed"}) == 0
    assert read("newswire_alerting_reports_total", {"outcome": "held", "reason": "label"}) is None
    assert read("newswire_stage_up", {"stage": "collect"}) == 1
    assert read("newswire_stage_up", {"stage": "alert"}) is None


def test_what_a_process_does_not_know_it_does_not_show() -> None:
    metrics = Metrics()
    read = metrics.registry.get_sample_value
    assert read("newswire_config_last_reload_successful") is None
    assert read("newswire_backup_last_success_timestamp_seconds") is None
    metrics.search_lag.set(5)
    metrics.outbox_oldest.labels("desk").set(5)
    assert read("newswire_alerting_search_lag_seconds") == 5
    metrics.stands_by()
    assert read("newswire_alerting_active") == 0
    assert read("newswire_alerting_search_lag_seconds") is None
    assert read("newswire_alerting_outbox_oldest_seconds", {"receiver": "desk"}) is None
    metrics.outbox_oldest.labels("desk").set(7)
    assert read("newswire_alerting_outbox_oldest_seconds", {"receiver": "desk"}) == 7


def test_the_exposition_is_what_prometheus_parses() -> None:
    metrics = Metrics()
    metrics.polls.labels("failed", "blocked_address").inc()
    metrics.seen_to_told.labels("desk").observe(1.5)
    metrics.ready.follow(lambda: True)
    parsed = {sample.name: sample for family in text_string_to_metric_families(metrics.exposition().decode()) for sample in family.samples}
    assert parsed["newswire_collectors_polls_total"].labels == {"outcome": "failed", "reason": "blocked_address"}
    assert parsed["newswire_seen_to_told_seconds_sum"].value == 1.5
    assert parsed["newswire_build_info"].value == 1
    assert parsed["newswire_ready"].value == 1
    assert parsed["process_open_fds"].value > 0
    assert not [name for name in parsed if name.endswith("_created")]


def test_two_in_one_process_do_not_meet() -> None:
    one, two = Metrics(), Metrics()
    one.polls_in.inc()
    assert b"newswire_collectors_polls_in_total 0.0" in two.exposition()


def test_a_source_without_a_country_and_the_rest_take_no_place_of_a_name() -> None:
    metrics = Metrics()
    shown: Iterable[str] = [f"c{n}" for n in range(NAMES_CAP)]
    metrics.known("country", shown)
    for country in ("none", "c0", "one more"):
        metrics.sources.labels("ok", country).set(1)
    found = {dict(labels)["country"] for name, labels in series(metrics) if name == "newswire_collectors_sources"}
    assert found == {"none", "c0", "other"}
