"""The second step: a small pre-trained encoder that reads the order of words, run by onnxruntime. The only module that imports it.

Its output is a score of every token for both questions of the label; an item's answer is their mean. So what each sentence added to the
answer is known exactly, and a report can show the one that decided.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from newswire.errors import ConfigurationError, Fault
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
    """The tokens of an item, and which sentence each came from: -1 for the marks at the ends."""

    ids: tuple[int, ...]
    sentences: tuple[int, ...]


class TokenReader:
    """Cuts sentences into the encoder's tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        vocabulary = tokenizer.get_vocab()
        self._first, self._last = vocabulary[_FIRST_TOKEN], vocabulary[_LAST_TOKEN]

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """Return the first tokens of the sentences, at most `TOKENS_READ`."""
        ids, sentences = [self._first], [-1]
        for number, text in enumerate(texts):
            found = self._tokenizer.encode(text, add_special_tokens=False).ids[: TOKENS_READ - 1 - len(ids)]
            ids += found
            sentences += [number] * len(found)
            if len(ids) >= TOKENS_READ - 1:
                break
        return Tokens((*ids, self._last), (*sentences, -1))


class Reader:
    """The encoder, its tokenizer, and how its answer is weighed beside the first step's. Thread-safe."""

    def __init__(self, session: onnxruntime.InferenceSession, tokens: TokenReader, steps: Steps, version: str) -> None:
        self._session, self._tokens, self._steps, self._version = session, tokens, steps, version

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
            steps, expected = steps_of(facts["steps"]), facts["sha256"]
            session = _session(raw, threads)
        except OSError as error:
            raise ConfigurationError([Fault(str(error.filename or model), 0, 0, f"cannot be read ({error.strerror})")]) from None
        except Exception as error:  # noqa: BLE001 -- tokenizers and onnxruntime raise bare exceptions of their own
            raise ConfigurationError([Fault(str(model), 0, 0, f"is no reader ({error!r}): run `newswire train --encoder`")]) from None
        found = hashlib.sha256(raw).hexdigest()
        if found != expected:
            raise ConfigurationError([Fault(str(model), 0, 0, f"is not the model of {FACTS_FILE}: run `newswire train --encoder`")])
        return cls(session, TokenReader(tokenizer), steps, found[:12])

    def read(self, items: Sequence[Sequence[str]]) -> list[Answer]:
        """Return the answer to each item, given as its sentences."""
        cut = [self._tokens.tokens(texts) for texts in items]
        answers: dict[int, Answer] = {}
        for places in _batches(cut):
            ids = np.zeros((len(places), max(len(cut[place].ids) for place in places)), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, place in enumerate(places):
                ids[row, : len(cut[place].ids)] = cut[place].ids
                mask[row, : len(cut[place].ids)] = 1
            (scores,) = self._session.run(["scores"], {"ids": ids, "mask": mask})
            for row, place in enumerate(places):
                answers[place] = _answer(cut[place], scores[row], texts=len(items[place]))
        return [answers[place] for place in range(len(items))]


def _batches(cut: Sequence[Tokens]) -> Iterator[list[int]]:
    """Give the places of the items, those of like length together, so that little is padded."""
    order = sorted(range(len(cut)), key=lambda place: (len(cut[place].ids), place))
    for at in range(0, len(order), BATCH):
        yield order[at : at + BATCH]


def _answer(tokens: Tokens, scores: Any, *, texts: int) -> Answer:
    """Return the mean of the tokens' scores, and each sentence's part of it."""
    length = len(tokens.ids)
    parts = scores[:length].astype(float) / length
    of_sentence = np.zeros((texts, 2))
    for place, number in enumerate(tokens.sentences):
        if number >= 0:
            of_sentence[number] += parts[place]
    read = max(tokens.sentences) + 1
    engagement, subject = parts.sum(axis=0)
    return Answer(Margins(float(engagement), float(subject)), tuple(Margins(float(one), float(two)) for one, two in of_sentence[:read]))


def _session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 4)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
