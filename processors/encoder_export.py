"""The trained encoder as an ONNX graph, quantised to 8 bits: what `processors.reader` runs. Imports onnx and torch (extra `encoder`).

The graph is written node by node, so that it depends on no tracer's version. Inputs `ids` and `mask` are int64 [items, tokens]; the output
`scores` is float32 [items, tokens, 3 + topics], the scores of each token (`processors.reader`), which are meaningless where `mask` is 0.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save
from onnxruntime.quantization import QuantType, quantize_dynamic

from processors.encoder_net import EPSILON, HEADS, WIDTH, Layer, Net

_OPSET: Final = 18
_IR_VERSION: Final = 9
_UNSEEN: Final = -10_000.0  # what padding adds to attention, before softmax


class _Graph:
    """Nodes and constants of a graph as it grows; every method gives the name of what it made."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: Any) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def whole(self, name: str, values: Sequence[int]) -> str:
        return self.constant(name, np.array(values, dtype=np.int64))

    def real(self, name: str, value: float) -> str:
        return self.constant(name, np.array(value, dtype=np.float32))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"{kind}_{name}", **attributes))
        return name

    def dense(self, states: str, name: str, layer: Any) -> str:
        weight = self.constant(f"{name}.weight", _array(layer.weight).T)
        return self.node("Add", self.node("MatMul", states, weight), self.constant(f"{name}.bias", _array(layer.bias)))

    def norm(self, states: str, name: str, layer: Any) -> str:
        scale, bias = self.constant(f"{name}.scale", _array(layer.weight)), self.constant(f"{name}.bias", _array(layer.bias))
        return self.node("LayerNormalization", states, scale, bias, axis=-1, epsilon=EPSILON)

    def gelu(self, states: str) -> str:
        """Give x (1 + erf(x / √2)) / 2 (Hendrycks and Gimpel 2016)."""
        grown = self.node("Erf", self.node("Div", states, self.real("root two", 2.0**0.5)))
        return self.node("Mul", self.node("Mul", states, self.node("Add", grown, self.real("one", 1.0))), self.real("half", 0.5))


def export(net: Net, path: Path) -> None:
    """Write the net as an 8-bit ONNX model (dynamic quantisation, one scale a channel)."""
    graph = _Graph()
    scores = _encoder(graph, net)
    graph.nodes.append(helper.make_node("Identity", [scores], ["scores"], name="scores"))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["items", "tokens"]) for name in ("ids", "mask")]
    output = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["items", "tokens", net.scores.out_features])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "reader", inputs, [output], list(graph.constants.values())),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        producer_name="newswire",
    )
    model.ir_version = _IR_VERSION
    checker.check_model(model)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        save(model, str(whole))
        quantize_dynamic(str(whole), str(path), weight_type=QuantType.QInt8, per_channel=True, extra_options={"MatMulConstBOnly": True})


def _encoder(graph: _Graph, net: Net) -> str:
    words = graph.node("Gather", graph.constant("words", _array(net.words)), "ids")
    length = graph.node("Gather", graph.node("Shape", "ids"), graph.whole("second", [1]), axis=0)
    places = graph.node("Slice", graph.constant("places", _array(net.places)), graph.whole("start", [0]), length)
    states = graph.node("Add", graph.node("Add", words, places), graph.constant("kinds", _array(net.kinds)))
    states = graph.norm(states, "embedding norm", net.embedding_norm)
    seen = graph.node("Cast", "mask", to=TensorProto.FLOAT)
    hidden = graph.node("Mul", graph.node("Sub", graph.real("one", 1.0), seen), graph.real("unseen", _UNSEEN))
    hidden = graph.node("Unsqueeze", hidden, graph.whole("middle", [1, 2]))
    for number, layer in enumerate(net.layers):
        assert isinstance(layer, Layer)
        states = _layer(graph, states, hidden, layer, f"layer {number}")
    return graph.dense(states, "scores", net.scores)


def _layer(graph: _Graph, states: str, hidden: str, layer: Layer, name: str) -> str:
    def heads(part: str) -> str:
        made = graph.dense(states, f"{name} {part}", getattr(layer, part))
        return graph.node("Transpose", graph.node("Reshape", made, graph.whole("heads", [0, 0, HEADS, WIDTH // HEADS])), perm=[0, 2, 1, 3])

    across = graph.node("MatMul", heads("query"), graph.node("Transpose", heads("key"), perm=[0, 1, 3, 2]))
    across = graph.node("Add", graph.node("Mul", across, graph.real("scale", (WIDTH // HEADS) ** -0.5)), hidden)
    mixed = graph.node("MatMul", graph.node("Softmax", across, axis=-1), heads("value"))
    mixed = graph.node("Reshape", graph.node("Transpose", mixed, perm=[0, 2, 1, 3]), graph.whole("joined", [0, 0, WIDTH]))
    mixed = graph.dense(mixed, f"{name} attended", layer.attended)
    states = graph.norm(graph.node("Add", states, mixed), f"{name} attended norm", layer.attended_norm)
    inner = graph.dense(graph.gelu(graph.dense(states, f"{name} wide", layer.wide)), f"{name} narrow", layer.narrow)
    return graph.norm(graph.node("Add", states, inner), f"{name} narrow norm", layer.narrow_norm)


def _array(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy().astype(np.float32)
