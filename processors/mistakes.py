"""What predictions got wrong, by kind, as a person reads it: the item, its scores, and the words that weighed most. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from processors.scores import DIPLOMACY, Record

_REASONS: Final = 3  # of each item
_TITLE: Final = 100
_WORDS: Final = 48
_SETS: Final = ("partners", "organisations", "topics")
_SHORT: Final = {"diplomacy": "dipl", "domestic": "dom", "other": "oth"}


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The items of each kind of mistake, the most frequent kind of label first, then the fields of true diplomacy items."""

    kinds: tuple[tuple[str, tuple[Mapping[str, Any], ...]], ...]

    def as_json(self) -> list[dict[str, Any]]:
        """Return one object a kind: its name, how many, and its items."""
        return [{"kind": kind, "count": len(items), "items": [dict(item) for item in items]} for kind, items in self.kinds]

    def as_text(self) -> str:
        """Return how many of each kind there are, then every item under its kind."""
        if not self.kinds:
            return "No mistakes."
        width = max(len(kind) for kind, _ in self.kinds)
        lines = ["Mistakes by kind", *(f"  {kind:<{width}}  {_counted(items)}" for kind, items in self.kinds)]
        for kind, items in self.kinds:
            lines += ["", f"── {kind} ({len(items)})"]
            for item in items:
                lines += _shown(item)
        return "\n".join(lines)


def mistakes_of(records: Sequence[Record], predictions: Sequence[Record]) -> Mistakes:
    """Return what is wrong in predictions as `processors.assess.explained` makes them, which stand in the order of the records."""
    pairs = list(zip(records, predictions, strict=True))
    labels: dict[str, list[Mapping[str, Any]]] = {}
    for record, found in pairs:
        if record["label"] != found["label"]:
            labels.setdefault(f"{record['label']} → {found['label']}", []).append(_item(record, found))
    kinds: list[tuple[str, Sequence[Mapping[str, Any]]]] = sorted(labels.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    true = [(record, found) for record, found in pairs if record["label"] == DIPLOMACY]
    for name in _SETS:
        for side, wrong in (("missed", _missed), ("extra", _extra)):
            items = [_item(record, found, **{name: named}) for record, found in true if (named := wrong(record, found, name))]
            kinds.append((f"{name} {side}", items))
    homes = [
        _item(r, f, home=[f"{r['home'] or 'none'} → {f['home'] or 'none'}"]) for r, f in true if "home" in r and r["home"] != f["home"]
    ]
    kinds.append(("home", homes))
    return Mistakes(tuple((kind, tuple(sorted(items, key=_order))) for kind, items in kinds if items))


def _missed(record: Record, found: Record, name: str) -> list[str]:
    return sorted(set(record[name]) - set(found[name])) if name in record else []


def _extra(record: Record, found: Record, name: str) -> list[str]:
    return sorted(set(found[name]) - set(record[name])) if name in record else []


def _item(record: Record, found: Record, **wrong: list[str]) -> dict[str, Any]:
    return {
        "id": record["id"],
        "language": record.get("lang") or found.get("lang") or "",
        "hard": bool(record.get("hard")),
        "title": record["title"],
        "scores": {label: round(score, 3) for label, score in found.get("scores", {}).items()},
        "evidence": list(found.get("evidence", ()))[:_REASONS],
        **({"wrong": wrong} if wrong else {}),
    }


def _order(item: Mapping[str, Any]) -> tuple[bool, str, str]:
    return not item["hard"], item["language"] if item["language"] != "en" else "", item["id"]


def _counted(items: Sequence[Mapping[str, Any]]) -> str:
    languages = Counter(item["language"] for item in items)
    hard = sum(item["hard"] for item in items)
    tongues = " ".join(f"{name} {count}" for name, count in sorted(languages.items(), key=lambda pair: (-pair[1], pair[0])))
    return f"{len(items):>4}   hard {hard:<4} {tongues}"


def _shown(item: Mapping[str, Any]) -> Iterator[str]:
    scores = " ".join(f"{_SHORT.get(label, label)} {score:.2f}" for label, score in item["scores"].items())
    yield f"{item['id']}  [{item['language']}{', hard' if item['hard'] else ''}]  {scores}"
    yield f"    {_cut(item['title'], _TITLE)}"
    for name, values in item.get("wrong", {}).items():
        yield f"    {name}: {', '.join(values)}"
    if "wrong" not in item and item["evidence"]:
        yield "    " + " · ".join(_reason(reason) for reason in item["evidence"])


def _reason(reason: Mapping[str, Any]) -> str:
    words = f" “{_cut(reason['words'], _WORDS)}”" if reason["words"] else ""
    return f"{reason['weight']:+.2f} {reason['name']}{words}"


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
