"""A model's card: what its GGUF file says of architecture, attention, weights and tokenizer.

It knows the file's own words, not this machine: what fits is models.plan's to say.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.attention import Attention, read_attention
from models.errors import ModelError
from models.gguf_cursor import damaged
from models.gguf_header import Header, Tensor, read_header

LAYERS = 1024
WIDTH = 1 << 24
PARTS = 1 << 12
_LAYER = re.compile(r"(?:enc\.|dec\.)?blk\.(\d{1,6})\.")
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")

# What stands between the two halves of the feed-forward network, from llama.cpp's src/models.
_SWIGLU = (
    "arctic baichuan bitnet chatglm cohere2 command-r dbrx deci deepseek deepseek2 ernie4_5 "
    "exaone exaone4 glm4 glm4moe granite granitemoe hunyuan-dense hunyuan-moe internlm2 llama "
    "llama4 minicpm minicpm3 mistral3 olmo olmo2 olmoe orion phi3 phimoe plamo qwen qwen2 "
    "qwen2moe qwen2vl qwen3 qwen3moe qwen3next qwen35 qwen35moe refact seed_oss smollm3 stablelm "
    "xverse"
)
_GELU = "bloom codeshell falcon gpt2 gptneox mpt phi2 starcoder starcoder2"
ACTIVATIONS = {
    **dict.fromkeys(_SWIGLU.split(), "SwiGLU"),
    **dict.fromkeys(_GELU.split(), "GELU"),
    **dict.fromkeys(("gemma", "gemma2", "gemma3", "gemma3n", "gemma4", "grok"), "GeGLU"),
    **dict.fromkeys(("arcee", "nemotron"), "squared ReLU"),
    "gpt-oss": "SwiGLU, clamped",
}


@dataclass(frozen=True)
class Quantization:
    """How much of a model is stored in one tensor type."""

    kind: str
    tensors: int
    bytes: int
    parameters: int


@dataclass(frozen=True)
class Weights:
    """Bytes of weights before the layers, in each of them, and behind them.

    A model whose output has no weights of its own uses its embeddings again: `tied` is their size.
    """

    input: int
    layers: tuple[int, ...]
    output: int
    tied: int


@dataclass(frozen=True)
class Card:
    """What a model's file says. 0, "" and None stand for what it does not say."""

    path: Path
    name: str
    architecture: str
    licence: str
    size: int
    parts: int
    file_type: str
    quantizations: tuple[Quantization, ...]
    context: int
    layers: int
    embedding: int
    attention: Attention
    normalization: str
    epsilon: float | None
    activation: str
    feed_forward: tuple[int, ...]
    experts: int
    experts_used: int
    vocabulary: int
    tokenizer: str
    has_chat_template: bool
    weights: Weights

    @property
    def parameters(self) -> int:
        """How many weights there are, of every type."""
        return sum(share.parameters for share in self.quantizations)

    @property
    def predominant(self) -> str:
        """The tensor type that holds most of the weights."""
        return self.quantizations[0].kind

    def as_json(self) -> dict[str, Any]:
        """The card in plain types."""
        return {
            **asdict(self),
            "path": str(self.path),
            "parameters": self.parameters,
            "predominant": self.predominant,
        }


def read_card(path: Path) -> Card:
    """The card of a GGUF model; of a split one, given its first part, over all the parts.

    Raises ModelError if a file is missing, damaged, cut off, or holds no model.
    """
    header = read_header(path)
    kind = header.text("general.type", "model")
    if kind != "model":
        raise ModelError(f"{path} holds no model: its general.type is {kind!r}")
    parts = header.whole("split.count", 1, PARTS)
    return _card([header, *_other_parts(header, parts)] if parts > 1 else [header])


def _other_parts(first: Header, parts: int) -> list[Header]:
    """The headers of a split model's other parts, which lie beside the first."""
    number = first.whole("split.no", most=PARTS) + 1
    named = _PART.search(first.path.name)
    if number > 1 or not named or (int(named[1]), int(named[2])) != (1, parts):
        raise ModelError(
            f"{first.path} is part {number} of a model split into {parts}. Name the first part, "
            f"with all the others beside it: its name ends in -00001-of-{parts:05}.gguf"
        )
    stem = first.path.name[: named.start()]
    return [
        read_header(first.path.with_name(f"{stem}-{part:05}-of-{parts:05}.gguf"))
        for part in range(2, parts + 1)
    ]


def _card(parts: Sequence[Header]) -> Card:
    header = parts[0]
    tensors = [tensor for part in parts for tensor in part.tensors]
    architecture = header.text("general.architecture")
    layers = header.whole(f"{architecture}.block_count", most=LAYERS)
    embedding = header.whole(f"{architecture}.embedding_length", most=WIDTH)
    if not layers or not embedding or not tensors:
        raise ModelError(f"{header.path} holds no language model: it has no layers of weights")
    normalization, epsilon = _normalization(header, architecture)
    return Card(
        path=header.path,
        name=header.text("general.name") or header.path.stem,
        architecture=architecture,
        licence=header.text("general.license"),
        size=sum(part.size for part in parts),
        parts=len(parts),
        file_type=_file_type(header),
        quantizations=_quantizations(tensors),
        context=header.whole(f"{architecture}.context_length"),
        layers=layers,
        embedding=embedding,
        attention=read_attention(header, architecture, layers, embedding),
        normalization=normalization,
        epsilon=epsilon,
        activation=ACTIVATIONS.get(architecture, "unknown"),
        feed_forward=tuple(
            header.wholes(f"{architecture}.feed_forward_length", layers, most=WIDTH)
        ),
        experts=header.whole(f"{architecture}.expert_count", most=WIDTH),
        experts_used=header.whole(f"{architecture}.expert_used_count", most=WIDTH),
        vocabulary=header.whole(
            f"{architecture}.vocab_size", header.lengths.get("tokenizer.ggml.tokens", 0)
        ),
        tokenizer=" ".join(
            filter(None, (header.text("tokenizer.ggml.model"), header.text("tokenizer.ggml.pre")))
        ),
        has_chat_template=bool(header.text("tokenizer.chat_template")),
        weights=_weights(header, tensors, layers),
    )


def _normalization(header: Header, architecture: str) -> tuple[str, float | None]:
    for name, key in (("RMSNorm", "layer_norm_rms_epsilon"), ("LayerNorm", "layer_norm_epsilon")):
        epsilon = header.number(f"{architecture}.attention.{key}")
        if epsilon is not None:
            return name, epsilon
    return "unknown", None


def _file_type(header: Header) -> str:
    """The file's name for its mixture of tensor types, such as Q4_K_M."""
    from gguf.constants import LlamaFileType

    if "general.file_type" not in header.values:
        return ""
    names = {int(kind): kind.name.partition("_")[2] for kind in LlamaFileType}
    return names.get(header.whole("general.file_type"), "")


def _quantizations(tensors: Sequence[Tensor]) -> tuple[Quantization, ...]:
    """The shares of the tensor types, that with the most parameters first."""
    groups: dict[str, list[Tensor]] = defaultdict(list)
    for tensor in tensors:
        groups[tensor.kind].append(tensor)
    shares = [
        Quantization(kind, len(own), sum(t.bytes for t in own), sum(t.elements for t in own))
        for kind, own in groups.items()
    ]
    return tuple(sorted(shares, key=lambda share: -share.parameters))


def _weights(header: Header, tensors: Sequence[Tensor], layers: int) -> Weights:
    inside, before, behind, embeddings = [0] * layers, 0, 0, 0
    has_output = False
    for tensor in tensors:
        if layer := _LAYER.match(tensor.name):
            if int(layer[1]) >= layers:
                damaged(header.path, f"the tensor {tensor.name!r:.60} is of no layer of {layers}")
            inside[int(layer[1])] += tensor.bytes
        elif tensor.name.startswith("output"):
            behind += tensor.bytes
            has_output |= tensor.name == "output.weight"
        else:
            before += tensor.bytes
            embeddings += tensor.bytes if tensor.name == "token_embd.weight" else 0
    return Weights(before, tuple(inside), behind, 0 if has_output else embeddings)
