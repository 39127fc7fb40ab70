"""The corpus as the bench and the fit of stories use it: its items, what was understood of each out of fold, and B-cubed.

An item's facts are predicted by weights that saw neither it nor its story; they are kept in a file where one is named, since that takes minutes.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from processors.fit import fit, prepare, shortened
from processors.labelled import measured_files, read_labelled, training_files
from processors.language import LanguageReader
from processors.out_of_fold import fold_of
from processors.taxonomy import load_taxonomy
from processors.understand import TAXONOMY_FOLDER, Understanding

Record = dict[str, Any]

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
FOLDS = 5
FACTS = ("label", "home", "partners", "organisations", "topics", "people", "lang")

SAME_EVENT = (
    ("yao-jing-siddiqui-2019-12", "pak-chn-yaojing-dec2019"),
    ("yao-jing-amin-2020-05", "pak-chn-yaojing-may2020"),
    ("dco-founding-2020", "dco-launch-2020"),
    ("khunjerab-fibre-live-2020-07", "pak-khunjerab-ofc-2020"),
    ("deu-chn-5g-components-2024", "deu-huawei-chn-embassy-2024-07"),
    ("trs-lk-in-sludi-grant-2023", "lka-ind-udi-2023-08"),
    ("trs-pk-cn-paksat-mm1-2024", "paksat-mm1-2024-05"),
    ("trs-ae-us-ai-campus-2025", "uae-us-chips-2025-05"),
    ("chile-google-humboldt-2024-01", "tra-cl-humboldt-2024"),
    ("australia-deepseek-china-2025-02", "trp-au-deepseek-beijing-reply"),
    ("mex-curp-biometrica-2025", "tra-mx-curp-biometrica-2025"),
    ("tra-us-la-bead-2025", "trw-us-louisiana-bead"),
    ("tra-ma-5g-anrt-2025", "trw-fr-ma-5g-licences"),
    ("trw-in-satcom-levy", "trs-in-trai-satcom-2025"),
    ("trw-pk-ptcl-merger", "trs-pk-ccp-ptcl-telenor-2025"),
)
"""Stories of two files that tell one event on the same days under two names: nothing is learned from such a pair, and a second figure counts them as one."""


def measured() -> list[Record]:
    """Return the items that figures are taken on."""
    return read_labelled(measured_files(CORPUS))


def training() -> list[Record]:
    """Return the items that are only trained on."""
    return read_labelled(training_files(CORPUS))


def event_of(record: Record) -> str:
    """Return the record's story, under one name where two files tell it under two."""
    story = str(record["story"])
    return next((pair[0] for pair in SAME_EVENT if story in pair), story)


def understood(records: Sequence[Record], facts: dict[str, Record]) -> list[Record]:
    """Return the records with what was understood of them in place of what is true."""
    return [{**record, **facts[record["id"]]} for record in records]


def out_of_fold_facts(kept: Path | None) -> dict[str, Record]:
    """Return what was understood of each item by weights that saw neither it nor its story; read from the file where it is there."""
    if kept and kept.exists():
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    facts = dict(_predicted())
    if kept:
        kept.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    return facts


def _predicted() -> Iterator[tuple[str, Record]]:
    taxonomy, reader = load_taxonomy(ROOT / "config" / TAXONOMY_FOLDER), LanguageReader()
    prepared = prepare(taxonomy, reader, [*measured(), *training()])
    brief = shortened(taxonomy, reader, prepared)
    for number in range(FOLDS):
        seen = [item for item in (*prepared, *brief) if fold_of(item.record) != number]
        understanding = Understanding(taxonomy, reader, fit(taxonomy, seen, {}))
        for item in prepared:
            if fold_of(item.record) == number:
                found = understanding.understand(item.reading)
                yield (
                    str(item.record["id"]),
                    {
                        "label": found.label.value,
                        "home": found.home,
                        "partners": list(found.partners),
                        "organisations": list(found.organisations),
                        "topics": list(found.topics),
                        "people": list(found.people),
                        "lang": found.language,
                    },
                )


def b_cubed(gold: Sequence[str], given: Sequence[str], *, company: bool) -> list[tuple[float, float]]:
    """Return precision and recall of each item that counts (Bagga and Baldwin, 1998): all, or those that have or were given company."""
    true: defaultdict[str, set[int]] = defaultdict(set)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for place, (story, cluster_id) in enumerate(zip(gold, given, strict=True)):
        true[story].add(place)
        found[cluster_id].add(place)
    out = []
    for story, cluster_id in zip(gold, given, strict=True):
        both = len(true[story] & found[cluster_id])
        if not company or len(true[story]) > 1 or len(found[cluster_id]) > 1:
            out.append((both / len(found[cluster_id]), both / len(true[story])))
    return out


def f1_of(scored: Iterable[tuple[float, float]]) -> tuple[float, float, float]:
    """Return mean precision, mean recall and their harmonic mean."""
    both = list(scored)
    precision = sum(p for p, _ in both) / max(1, len(both))
    recall = sum(r for _, r in both) / max(1, len(both))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def crowded(records: Sequence[Record], *, days: int, seed: int = 1) -> list[Record]:
    """Return the records moved into so many days, those of one event as far from each other as they were."""
    draw = random.Random(seed)
    first: dict[str, str] = {}
    for record in records:
        first[event_of(record)] = min(first.get(event_of(record), "9"), record["published"])
    starts = {event: draw.randrange(days) for event in sorted(first)}
    moved = []
    for record in records:
        event = event_of(record)
        offset = (_day(record["published"]) - _day(first[event])) + starts[event]
        moved.append({**record, "published": date.fromordinal(_day("2026-03-01") + offset).isoformat()})
    return moved


def _day(published: str) -> int:
    return date.fromisoformat(published[:10]).toordinal()
