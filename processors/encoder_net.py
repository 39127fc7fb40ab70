"""The encoder in training: a BERT of six layers whose upper layers learn our two questions. Imports torch (extra `encoder`).

Architecture: Devlin et al. 2019, "BERT"; weights: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), read from a safetensors file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

WIDTH: Final = 384
HEADS: Final = 12
LAYERS: Final = 6
FROZEN: Final = 3
"""Lower layers, with the embeddings, that stay as they were pre-trained: their output is made once, and training takes half the time."""

EPSILON: Final = 1e-12
DROPOUT: Final = 0.1
SCORES: Final = 3
"""Of each token: is a counterpart engaged, is it on the subject, and, on the words for a country, is that country engaged. The topics follow."""

LABELS: Final = 3


class Layer(nn.Module):
    """One layer of a BERT: attention, then two dense layers, each added to its input and normalised."""

    def __init__(self, weights: Mapping[str, Tensor], number: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (_dense(weights, number, f"attention.self.{name}") for name in ("query", "key", "value"))
        self.attended = _dense(weights, number, "attention.output.dense")
        self.attended_norm = _norm(weights, f"encoder.layer.{number}.attention.output.LayerNorm")
        self.wide = _dense(weights, number, "intermediate.dense")
        self.narrow = _dense(weights, number, "output.dense")
        self.narrow_norm = _norm(weights, f"encoder.layer.{number}.output.LayerNorm")

    def forward(self, states: Tensor, attends: Tensor) -> Tensor:
        """Return the states after this layer; `attends` is True where a token may be looked at."""
        items, tokens, _ = states.shape

        def heads(dense: nn.Module) -> Tensor:
            shaped: Tensor = dense(states).view(items, tokens, HEADS, WIDTH // HEADS).transpose(1, 2)
            return shaped

        mixed = functional.scaled_dot_product_attention(
            heads(self.query), heads(self.key), heads(self.value), attn_mask=attends, dropout_p=DROPOUT if self.training else 0.0
        )
        mixed = mixed.transpose(1, 2).reshape(items, tokens, WIDTH)
        states = self.attended_norm(states + functional.dropout(self.attended(mixed), DROPOUT, self.training))
        inner = self.narrow(functional.gelu(self.wide(states)))
        after: Tensor = self.narrow_norm(states + functional.dropout(inner, DROPOUT, self.training))
        return after


class Net(nn.Module):
    """The encoder with linear scores of every token, `SCORES` and one a topic, and, in training alone, one of the item for each label."""

    def __init__(self, weights: Mapping[str, Tensor], *, topics: int) -> None:
        super().__init__()
        self.words = nn.Parameter(weights["embeddings.word_embeddings.weight"].clone(), requires_grad=False)
        self.places = nn.Parameter(weights["embeddings.position_embeddings.weight"].clone(), requires_grad=False)
        self.kinds = nn.Parameter(weights["embeddings.token_type_embeddings.weight"][0].clone(), requires_grad=False)
        self.embedding_norm = _norm(weights, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(Layer(weights, number) for number in range(LAYERS))
        self.scores = nn.Linear(WIDTH, SCORES + topics)
        self.labels = nn.Linear(WIDTH, LABELS)
        for part in (self.embedding_norm, *self.layers[:FROZEN]):
            part.requires_grad_(requires_grad=False)

    def lower(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the states under the layers that learn; [items, tokens, WIDTH]."""
        states: Tensor = self.embedding_norm(self.words[ids] + self.places[: ids.shape[1]] + self.kinds)
        for layer in self.layers[:FROZEN]:
            states = layer(states, mask[:, None, None, :])
        return states

    def upper(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return every token's scores [items, tokens, SCORES + topics] and the labels' scores [items, LABELS] from the states that `lower` gave."""
        for layer in self.layers[FROZEN:]:
            states = layer(states, mask[:, None, None, :])
        dropped = functional.dropout(states, DROPOUT, self.training)
        return self.scores(dropped).float(), self.labels(mean_over(dropped, mask).to(states.dtype)).float()


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the tokens that count: [items, tokens, n] to [items, n]."""
    counted = mask.unsqueeze(-1).float()
    mean: Tensor = (values.float() * counted).sum(1) / counted.sum(1)
    return mean


def load_pretrained(path: Path) -> dict[str, Tensor]:
    """Return the pre-trained weights of a safetensors file."""
    return load_file(str(path))


def padded(items: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return token ids [items, longest] and the mask that is True on tokens."""
    longest = max(map(len, items))
    ids = torch.zeros(len(items), longest, dtype=torch.long)
    mask = torch.zeros(len(items), longest, dtype=torch.bool)
    for row, tokens in enumerate(items):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = True
    return ids, mask


def _dense(weights: Mapping[str, Tensor], number: int, name: str) -> nn.Linear:
    weight, bias = (weights[f"encoder.layer.{number}.{name}.{part}"] for part in ("weight", "bias"))
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def _norm(weights: Mapping[str, Tensor], name: str) -> nn.LayerNorm:
    layer = nn.LayerNorm(WIDTH, eps=EPSILON)
    layer.load_state_dict({part: weights[f"{name}.{part}"] for part in ("weight", "bias")})
    return layer
