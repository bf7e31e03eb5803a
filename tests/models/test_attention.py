import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tiny_gguf

from models.attention import Attention, read_attention
from models.errors import ModelError
from models.gguf_header import read_header


def attention(folder: Path, weights: Any = None, **changes: Any) -> Attention:
    """The attention of the tiny model with changes, `__` standing for a dot."""
    named = {f"llama.{key.replace('__', '.')}": value for key, value in changes.items()}
    path = tiny_gguf.write_gguf(folder / "model.gguf", named, weights)
    header = read_header(path)
    return read_attention(header, "llama", tiny_gguf.LAYERS, tiny_gguf.EMBEDDING)


@pytest.mark.parametrize(
    ("kv_heads", "kind"),
    [(4, "MHA"), ([4, 4], "MHA"), (2, "GQA"), ([4, 2], "GQA"), (1, "MQA"), (None, "MHA")],
)
def test_kv_heads_name_the_kind(folder: Path, kv_heads: object, kind: str) -> None:
    assert attention(folder, attention__head_count_kv=kv_heads).kind == kind


def test_heads_divide_the_embedding_unless_the_file_gives_their_length(folder: Path) -> None:
    found = attention(folder)
    assert (found.key_length, found.value_length) == (16, 16)
    assert found.kv_width == ((32, 32), (32, 32))
    given = attention(folder, attention__key_length=40, attention__value_length=24)
    assert (given.key_length, given.value_length) == (40, 24)
    assert given.kv_width == ((80, 48), (80, 48))


def test_layers_without_kv_heads_keep_nothing(folder: Path) -> None:
    found = attention(folder, attention__head_count_kv=[0, 2])
    assert found.kv_width == ((0, 0), (32, 32))
    assert found.kind == "GQA"
    none = attention(folder, attention__head_count=0, attention__head_count_kv=0)
    assert (none.kind, none.kv_width) == ("none", ((0, 0), (0, 0)))


def test_layers_that_share_a_cache_keep_nothing(folder: Path) -> None:
    assert attention(folder, attention__shared_kv_layers=1).kv_width == ((32, 32), (0, 0))


def test_between_full_attention_nothing_is_kept(folder: Path) -> None:
    assert attention(folder, full_attention_interval=2).kv_width == ((0, 0), (32, 32))


def test_latent_attention_reads_values_out_of_the_keys(folder: Path) -> None:
    found = attention(folder, attention__head_count_kv=1, attention__key_length_mla=24)
    assert (found.kind, found.kv_width) == ("MLA", ((16, 0), (16, 0)))


def test_windowed_layers_may_have_heads_of_their_own_length(folder: Path) -> None:
    found = attention(
        folder,
        attention__sliding_window=256,
        attention__sliding_window_pattern=[True, False],
        attention__key_length_swa=8,
        attention__value_length_swa=8,
    )
    assert found.sliding_window == 256
    assert found.kv_width == ((16, 16), (32, 32))


def test_rope_scaling_is_told_in_whichever_way_the_file_gives_it(folder: Path) -> None:
    plain = attention(folder).rope
    assert (plain.base, plain.scaling, plain.factor) == (500000, "none", None)
    yarn = attention(
        folder,
        rope__scaling__type="yarn",
        rope__scaling__factor=4.0,
        rope__scaling__original_context_length=1024,
    ).rope
    assert (yarn.scaling, yarn.factor, yarn.original_context) == ("yarn", 4, 1024)
    old = attention(folder, rope__scale_linear=2.0).rope
    assert (old.scaling, old.factor) == ("linear", 2)
    for tensor, name in (("rope_freqs", "by frequency"), ("rope_factors_long", "longrope")):
        weights = {**tiny_gguf.tensors(), f"{tensor}.weight": np.ones(8, dtype=np.float32)}
        assert attention(folder, weights).rope.scaling == name
    assert attention(folder, rope__freq_base=None).rope.base is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"attention__head_count_kv": [1, 2, 3]},
        {"attention__head_count_kv": "two"},
        {"attention__head_count": 1 << 30},
        {"attention__key_length": -1},
        {"attention__shared_kv_layers": 3},
        {"rope__freq_base": float("nan")},
    ],
)
def test_impossible_values_are_refused(folder: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"model\.gguf is damaged: llama\."):
        attention(folder, **wrong)
