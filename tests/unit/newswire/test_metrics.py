from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from newswire.metrics import Metrics

CLOSED = {
    *(
        "outcome",
        "reason",
        "state",
        "status",
        "stage",
        "kind",
        "basis",
        "cause",
        "occasion",
        "dependency",
        "severity",
        "label",
        "language",
    ),  # enums, and the languages we know
    *("watchlist", "receiver", "country", "topic", "group", "task", "worker"),  # names from configuration or from the code
    *("version", "python", "le"),
}
"""The labels there may be. A URL, a title, a host or a story is never one: the world could make as many as it likes."""


def families() -> list[Metric]:
    return list(Metrics().registry.collect())


def test_no_label_takes_its_values_from_the_world() -> None:
    metrics = Metrics()
    labels = {name for metric in vars(metrics).values() for name in getattr(metric, "_labelnames", ())}
    assert labels <= CLOSED
    assert "outcome" in labels


def test_every_name_begins_with_newswire_and_ends_in_its_unit() -> None:
    ours = [family for family in families() if not family.name.startswith("process_")]
    assert len(ours) >= 30
    for family in ours:
        assert family.name.startswith("newswire_")
        assert family.documentation.endswith(".")
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
    names = [family.name for family in ours]
    assert len(names) == len(set(names))


def test_every_stage_counts_its_inputs_beside_their_ends() -> None:
    names = {family.name for family in families() if family.type == "counter"}
    inputs = {name for name in names if name.endswith("_in")}
    assert len(inputs) >= 6
    assert {name.removesuffix("_in") for name in inputs} <= names


def test_the_exposition_is_what_prometheus_parses() -> None:
    metrics = Metrics()
    metrics.polls.labels("failed", "blocked_address").inc()
    metrics.seen_to_told.labels("desk").observe(1.5)
    parsed = {sample.name: sample for family in text_string_to_metric_families(metrics.exposition().decode()) for sample in family.samples}
    assert parsed["newswire_collectors_polls_total"].labels == {"outcome": "failed", "reason": "blocked_address"}
    assert parsed["newswire_seen_to_told_seconds_sum"].value == 1.5
    assert parsed["newswire_build_info"].value == 1
    assert parsed["process_open_fds"].value > 0


def test_two_in_one_process_do_not_meet() -> None:
    one, two = Metrics(), Metrics()
    one.polls_in.inc()
    assert b"newswire_collectors_polls_in_total 0.0" in two.exposition()
