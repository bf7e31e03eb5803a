"""Turns the bundled embedder's container file into a sentence-transformers folder, once.

The container (magic `E5S1`, little-endian) holds a BertModel's weights in f32 and Q4_0 and a
Unigram vocabulary. It knows nothing of where the file or the folder lie.
"""

import json
import os
import shutil
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

PROMPTS = {"query": "query: ", "document": "passage: "}
ABANDONED_S = 3600
BLOCK = 32  # elements of a Q4_0 block: an f16 scale, then 16 bytes of two nibbles

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_KINDS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class Container:
    """What the file holds: the model's sizes, its vocabulary as (piece, score), its tensors."""

    sizes: dict[str, int | float]
    vocabulary: list[tuple[str, float]]
    unknown_id: int
    tensors: "dict[str, np.ndarray]"


def read_container(path: Path) -> Container:
    """Read and dequantize the whole file. Raises ModelError if it is not such a container."""
    try:
        data = path.read_bytes()
        if data[:4] != b"E5S1":
            raise ModelError(f"{path} is no E5S1 container: it starts with {data[:4]!r}")
        return _parse(data)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (struct.error, ValueError, IndexError, KeyError) as error:
        raise ModelError(f"{path} is damaged: {error}") from error


def write_folder(container: Container, folder: Path) -> None:
    """Write a folder that sentence-transformers loads: complete, or not there at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise ModelError(
            f"{folder.parent} cannot be written: {error.strerror}. Set KVASIR_CACHE to a folder."
        ) from error
    try:
        _write_weights(container, draft)
        _write_tokenizer(container, draft)
        _write_modules(container, draft)
        draft.chmod(0o755)
        try:
            os.replace(draft, folder)
        except OSError:
            if not folder.is_dir():  # another process was first: its folder is as good
                raise
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove the drafts of conversions that were killed: nobody takes an hour for one."""
    for draft in folder.parent.glob(f"{folder.name}.*"):
        if time.time() - draft.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(draft, ignore_errors=True)


def _parse(data: bytes) -> Container:
    import numpy as np

    at = 8
    names = ("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "types")
    sizes: dict[str, int | float] = dict(
        zip(names, struct.unpack_from("<7i", data, at), strict=True)
    )
    sizes["epsilon"] = struct.unpack_from("<f", data, at + 28)[0]
    at += 36  # the seven sizes, epsilon, the block size

    pieces, _, _, _, unknown, blob_bytes = struct.unpack_from("<5iQ", data, at)
    at += 28
    offsets = np.frombuffer(data, "<u4", pieces + 1, at)
    at += 4 * (pieces + 1)
    scores = np.frombuffer(data, "<f4", pieces, at)
    at += 4 * pieces
    blob = data[at : at + blob_bytes]
    at += blob_bytes
    vocabulary = [
        (blob[start:end].decode("utf-8"), float(score))
        for start, end, score in zip(offsets, offsets[1:], scores, strict=False)
    ]
    _, table_bytes = struct.unpack_from("<iI", data, at)  # a normalization table: not needed
    at += 8 + table_bytes

    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode("ascii")
        at += 2 + length
        _, elements, offset, size = struct.unpack_from("<BIQQ", data, at)
        at += 21
        tensors[name] = _tensor(data[offset : offset + size], elements)
    return Container(sizes, vocabulary, unknown, tensors)


def _tensor(raw: bytes, elements: int) -> "np.ndarray":
    import numpy as np

    if len(raw) == 4 * elements:
        return np.frombuffer(raw, "<f4")
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, 2 + BLOCK // 2)
    if len(blocks) * BLOCK != elements:
        raise ValueError(f"a tensor of {elements} elements has {len(raw)} bytes")
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    low, high = blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
    return (values * scale).reshape(-1)


def _write_weights(container: Container, folder: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    sizes = container.sizes
    hidden, wide = int(sizes["hidden"]), int(sizes["feed_forward"])
    state = {}
    for name, tensor in container.tensors.items():
        if name in _EMBEDDING_NAMES:
            target = _EMBEDDING_NAMES[name]
        else:
            layer, part, kind = name.split(".")
            target = f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}.{_KINDS[kind]}"
        rows = wide if "intermediate" in target else hidden
        if target.endswith("embeddings.weight"):
            tensor = tensor.reshape(-1, hidden)
        elif target.endswith(".weight") and "LayerNorm" not in target:
            tensor = tensor.reshape(rows, -1)
        state[target] = tensor.astype(np.float16)
    # BertModel expects a pooler; the embedder never uses it.
    state["pooler.dense.weight"] = np.zeros((hidden, hidden), np.float16)
    state["pooler.dense.bias"] = np.zeros(hidden, np.float16)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": hidden,
        "num_hidden_layers": int(sizes["layers"]),
        "num_attention_heads": int(sizes["heads"]),
        "intermediate_size": wide,
        "vocab_size": int(sizes["vocabulary"]),
        "max_position_embeddings": int(sizes["positions"]),
        "type_vocab_size": int(sizes["types"]),
        "layer_norm_eps": float(sizes["epsilon"]),
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }
    _write_json(folder / "config.json", config)


def _write_tokenizer(container: Container, folder: Path) -> None:
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer = Tokenizer(models.Unigram(container.vocabulary, unk_id=container.unknown_id))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    special = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
    }
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        **special,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": int(container.sizes["positions"]),
        "clean_up_tokenization_spaces": False,
    }
    _write_json(folder / "tokenizer_config.json", config)


def _write_modules(container: Container, folder: Path) -> None:
    hidden = int(container.sizes["hidden"])
    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    _write_json(
        folder / "modules.json",
        [
            {
                "idx": index,
                "name": str(index),
                "path": path,
                "type": f"sentence_transformers.models.{kind}",
            }
            for index, (path, kind) in enumerate(modules)
        ],
    )
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True},
    )
    _write_json(
        folder / "sentence_bert_config.json",
        {"max_seq_length": int(container.sizes["positions"]), "do_lower_case": False},
    )
    _write_json(folder / "config_sentence_transformers.json", {"prompts": PROMPTS})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2), encoding="utf-8")
