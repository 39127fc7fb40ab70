"""`newswire train --encoder`: the reader's model, its calibration beside the first step, and its answers out of fold (extra `encoder`)."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from newswire.records import Field, Label
from processors import encoder_train
from processors.calibrate import calibrate_alone, fit_steps, truth_of
from processors.encoder_export import export
from processors.encoder_train import Example, answers_of, find_pretrained, fine_tune, lower_states
from processors.fit import Prepared
from processors.out_of_fold import ANSWERS_FILE, FOLDS, Answers, Folds, answers_facts, fold_of, judgements
from processors.reader import FACTS_FILE, MODEL_FILE, TOKENIZER_FILE, Reader, TokenReader
from processors.reader_text import LANGUAGE, ReaderSentence, reader_text
from processors.two_steps import Answer, steps_facts

CODE: Final = ("encoder_export", "encoder_net", "encoder_train", "reader", "reader_text", "train_reader")


def train_reader(
    items: Sequence[Prepared], folds: Folds, topics: Iterable[str], out: Path, provenance: Mapping[str, Any], *, say: Callable[[str], None]
) -> None:
    """Write `reader.onnx`, its tokenizer, `reader.json` and the out-of-fold answers into `out`.

    Raises:
        NewswireError: the pre-trained weights are missing or others than expected.

    """
    pretrained = find_pretrained(topics)
    cut = TokenReader(Tokenizer.from_file(str(pretrained.tokenizer)))
    read = [item for item in items if item.reading.language == LANGUAGE]
    texts = [reader_text(item.reading, folds.judged[str(item.record["id"])]) for item in read]
    examples = [_example(cut, item.record, text) for item, text in zip(read, texts, strict=True)]
    states = lower_states(pretrained, examples)
    say(f"{len(examples)} items in the reader's language")
    whole: dict[str, Answer] = {}
    brief: dict[str, Answer] = {}
    for number in range(FOLDS):
        seen = [place for place, item in enumerate(read) if fold_of(item.record) != number]
        held = [place for place, item in enumerate(read) if fold_of(item.record) == number]
        net = fine_tune(pretrained, [examples[place] for place in seen], [states[2 * place + brief] for place in seen for brief in (0, 1)])
        names = [str(read[place].record["id"]) for place in held]
        whole.update(zip(names, answers_of(net, [examples[place].whole for place in held], pretrained.topics), strict=True))
        brief.update(zip(names, answers_of(net, [examples[place].brief for place in held], pretrained.topics), strict=True))
        say(f"fold {number + 1} of {FOLDS}: {len(seen)} items trained, {len(held)} answered")
    net = fine_tune(pretrained, examples, states)
    export(net, out / MODEL_FILE)
    shutil.copyfile(pretrained.tokenizer, out / TOKENIZER_FILE)
    judged = judgements([item.record for item in items], folds, whole)
    steps = fit_steps(judged, calibrate_alone(judged))
    facts = {
        "sha256": hashlib.sha256((out / MODEL_FILE).read_bytes()).hexdigest(),
        "steps": steps_facts(steps),
        "topics": list(pretrained.topics),
        "provenance": {
            **provenance,
            "evidence_code": provenance["code"],
            "code": code_hash(),
            "items": len(examples),
            "pretrained": encoder_train.SOURCE,
            "pretrained_sha256": encoder_train.WEIGHTS_SHA256,
            "licence": encoder_train.LICENCE,
        },
    }
    (out / FACTS_FILE).write_text(_json(facts), encoding="utf-8")
    (out / ANSWERS_FILE).write_text(
        json.dumps({"provenance": facts["provenance"], **answers_facts(Answers(whole, brief))}, separators=(",", ":")) + "\n",
        encoding="utf-8",
    )
    loss = _lost_by_quantising(out, net, examples, texts, pretrained.topics)
    say(f"8 bits against full precision: log-odds differ by {loss[0]:.3f} (median), {loss[1]:.3f} (95 in 100)")
    facts["quantising"] = {"median": round(loss[0], 3), "p95": round(loss[1], 3)}
    (out / FACTS_FILE).write_text(_json(facts), encoding="utf-8")


def code_hash() -> str:
    """Return the hash of the code that made the reader, 16 hex digits."""
    digest = hashlib.sha256()
    for name in CODE:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def _example(cut: TokenReader, record: Mapping[str, Any], text: Sequence[ReaderSentence]) -> Example:
    engaged, on_subject, _ = truth_of(record)
    brief = [sentence for sentence in text if sentence.source.field is not Field.BODY]
    partners, topics = frozenset(record.get("partners") or ()), frozenset(record.get("topics") or ())
    return Example(cut.tokens(text), cut.tokens(brief), engaged, on_subject, Label(record["label"]), partners, topics)


def _lost_by_quantising(
    out: Path, net: Any, examples: Sequence[Example], texts: Sequence[Sequence[ReaderSentence]], topics: Sequence[str]
) -> tuple[float, float]:
    """Return by how much the written model's log-odds differ from the trained one's: the median, and what 95 in 100 stay under."""
    reader = Reader.load(out)
    assert reader is not None
    some = range(0, len(examples), max(1, len(examples) // 200))
    exact = answers_of(net, [examples[place].whole for place in some], topics)
    written = reader.read([texts[place] for place in some])
    differences = sorted(
        abs(one - other)
        for full, answer in zip(exact, written, strict=True)
        for one, other in ((full.margins.engagement, answer.margins.engagement), (full.margins.subject, answer.margins.subject))
    )
    return differences[len(differences) // 2], differences[int(0.95 * len(differences))]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
