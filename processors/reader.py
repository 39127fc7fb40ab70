"""The second step: a small pre-trained encoder that reads the order of words, run by onnxruntime. The only module that imports it.

Its output is scores of every token. The mean of the first two over all tokens answers both questions of the label, so what each
sentence added is known exactly, and a report can show the one that decided. The mean of the third over the words that stand for a country
says if that country is engaged; the mean of each further one says if a topic is the item's.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from newswire.errors import ConfigurationError, Fault
from processors.reader_text import ReaderSentence
from processors.two_steps import Answer, Margins, Steps, steps_of

MODEL_FILE: Final = "reader.onnx"
TOKENIZER_FILE: Final = "reader-tokenizer.json"
FACTS_FILE: Final = "reader.json"

TOKENS_READ: Final = 160
"""Tokens of an item that are read, the two marks at the ends included: title, lead and the first sentences of the body."""

BATCH: Final = 8
"""Items that are read at once: what bounds memory. More at once is no faster on two cores."""

_FIRST_TOKEN: Final = "[CLS]"  # noqa: S105 -- BERT's mark of a beginning, no secret
_LAST_TOKEN: Final = "[SEP]"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of an item; which sentence each came from, -1 for the marks at the ends; the places of the words for each country."""

    ids: tuple[int, ...]
    sentences: tuple[int, ...]
    abroad: Mapping[str, tuple[int, ...]]


class TokenReader:
    """Cuts sentences into the encoder's tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        vocabulary = tokenizer.get_vocab()
        self._first, self._last = vocabulary[_FIRST_TOKEN], vocabulary[_LAST_TOKEN]

    def tokens(self, sentences: Sequence[ReaderSentence]) -> Tokens:
        """Return the first tokens of the sentences, at most `TOKENS_READ`."""
        ids, numbers = [self._first], [-1]
        abroad: dict[str, list[int]] = {}
        for number, sentence in enumerate(sentences):
            room = TOKENS_READ - 1 - len(ids)
            found = self._tokenizer.encode(sentence.text, add_special_tokens=False)
            for country in sentence.abroad:
                places = [
                    len(ids) + at for at, (start, end) in enumerate(found.offsets[:room]) if country.start <= start and end <= country.end
                ]
                if places:
                    abroad.setdefault(country.code, []).extend(places)
            ids += found.ids[:room]
            numbers += [number] * len(found.ids[:room])
            if len(ids) >= TOKENS_READ - 1:
                break
        return Tokens((*ids, self._last), (*numbers, -1), {code: tuple(places) for code, places in abroad.items()})


class Reader:
    """The encoder, its tokenizer, and how its answer is weighed beside the first step's. Thread-safe."""

    def __init__(
        self, session: onnxruntime.InferenceSession, tokens: TokenReader, steps: Steps, topics: Sequence[str], version: str
    ) -> None:
        self._session, self._tokens, self._steps, self._topics, self._version = session, tokens, steps, tuple(topics), version

    @property
    def steps(self) -> Steps:
        """How its answers are weighed beside the first step's."""
        return self._steps

    @property
    def version(self) -> str:
        """The beginning of the model's SHA-256."""
        return self._version

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> "Reader | None":
        """Return the reader of a model folder, None where the folder holds none.

        Args:
            folder: holds `reader.onnx`, `reader-tokenizer.json` and `reader.json`.
            threads: that read one batch; 0 for as many as there are cores.

        Raises:
            ConfigurationError: a part is missing or broken.

        """
        model = folder / MODEL_FILE
        if not model.exists():
            return None
        try:
            raw = model.read_bytes()
            facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            steps, topics, expected = steps_of(facts["steps"]), facts["topics"], facts["sha256"]
            session = _session(raw, threads)
        except OSError as error:
            raise ConfigurationError([Fault(str(error.filename or model), 0, 0, f"cannot be read ({error.strerror})")]) from None
        except Exception as error:  # noqa: BLE001 -- tokenizers and onnxruntime raise bare exceptions of their own
            raise ConfigurationError([Fault(str(model), 0, 0, f"is no reader ({error!r}): run `newswire train --encoder`")]) from None
        found = hashlib.sha256(raw).hexdigest()
        if found != expected:
            raise ConfigurationError([Fault(str(model), 0, 0, f"is not the model of {FACTS_FILE}: run `newswire train --encoder`")])
        return cls(session, TokenReader(tokenizer), steps, topics, found[:12])

    def read(self, items: Sequence[Sequence[ReaderSentence]]) -> list[Answer]:
        """Return the answer to each item, given as its sentences."""
        cut = [self._tokens.tokens(sentences) for sentences in items]
        answers: dict[int, Answer] = {}
        for places in _batches(cut):
            ids = np.zeros((len(places), max(len(cut[place].ids) for place in places)), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, place in enumerate(places):
                ids[row, : len(cut[place].ids)] = cut[place].ids
                mask[row, : len(cut[place].ids)] = 1
            (scores,) = self._session.run(["scores"], {"ids": ids, "mask": mask})
            for row, place in enumerate(places):
                answers[place] = answer_of(cut[place], scores[row].astype(float), self._topics)
        return [answers[place] for place in range(len(items))]


def _batches(cut: Sequence[Tokens]) -> Iterator[list[int]]:
    """Give the places of the items, those of like length together, so that little is padded."""
    order = sorted(range(len(cut)), key=lambda place: (len(cut[place].ids), place))
    for at in range(0, len(order), BATCH):
        yield order[at : at + BATCH]


def answer_of(tokens: Tokens, scores: Any, topics: Sequence[str]) -> Answer:
    """Return the mean of the tokens' scores, each sentence's part of it, the mean over each country's words, and each topic's."""
    length = len(tokens.ids)
    parts = scores[:length, :2] / length
    of_sentence = np.zeros((max(tokens.sentences) + 1, 2))
    for place, number in enumerate(tokens.sentences):
        if number >= 0:
            of_sentence[number] += parts[place]
    return Answer(
        Margins(*(float(value) for value in parts.sum(axis=0))),
        tuple(Margins(float(one), float(two)) for one, two in of_sentence),
        {code: float(scores[list(places), 2].mean()) for code, places in tokens.abroad.items()},
        dict(zip(topics, (float(value) for value in scores[:length, 3:].mean(axis=0)), strict=True)),
    )


def _session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 4)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
