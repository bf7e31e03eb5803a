import json
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import tiny_gguf

from models.bundled import bundled_chat_model
from models.card import Card, Weights, read_card
from models.card_text import card_lines
from models.errors import ModelError
from models.machine import Machine
from models.plan import plan


def refused(path: Path) -> str:
    """The message of the ModelError for the file, one line."""
    with pytest.raises(ModelError) as caught:
        read_card(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def write_parts(folder: Path, count: int = 3) -> list[Path]:
    """The tiny model, its tensors dealt out over files as llama.cpp's gguf-split does it."""
    dealt = list(tiny_gguf.tensors().items())
    paths = []
    for number in range(count):
        path = folder / f"tiny-{number + 1:05}-of-{count:05}.gguf"
        split = {"split.no": number, "split.count": count, "split.tensors.count": len(dealt)}
        absent = dict.fromkeys(tiny_gguf.values()) if number else {}
        tiny_gguf.write_gguf(path, {**absent, **split}, dict(dealt[number::count]))
        paths.append(path)
    return paths


def test_the_bundled_models_card() -> None:
    card = read_card(bundled_chat_model())
    assert (card.architecture, card.licence, card.parts) == ("llama", "apache-2.0", 1)
    assert (card.layers, card.embedding, card.context) == (30, 576, 8192)
    assert set(card.attention.heads) == {9}
    assert set(card.attention.kv_heads) == {3}
    assert (card.attention.kind, card.attention.key_length) == ("GQA", 64)
    assert (card.attention.rope.base, card.attention.rope.scaling) == (100000, "none")
    assert (card.normalization, card.epsilon, card.activation) == ("RMSNorm", 1e-5, "SwiGLU")
    assert set(card.feed_forward) == {1536}
    assert (card.vocabulary, card.tokenizer, card.experts) == (49152, "gpt2 smollm", 0)
    assert card.has_chat_template
    assert card.parameters == 134_515_008
    assert (card.file_type, card.predominant) == ("Q4_1", "Q4_1")
    assert [(share.kind, share.tensors) for share in card.quantizations] == [
        ("Q4_1", 210),
        ("Q8_0", 1),
        ("F32", 61),
    ]
    assert card.size == bundled_chat_model().stat().st_size


def test_the_vocabulary_is_passed_over_so_that_a_card_is_quick() -> None:
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        read_card(bundled_chat_model())
        spent.append(time.perf_counter() - started)
    assert min(spent) < 0.2  # 0.03 s on 2 cores; the gguf package's reader takes 2


def test_every_weight_is_counted_once(folder: Path) -> None:
    path = tiny_gguf.write_gguf(folder / "m.gguf", quantized=("blk.0.attn_q.weight",))
    card = read_card(path)
    weights = card.weights
    stored = sum(share.bytes for share in card.quantizations)
    assert weights.input + sum(weights.layers) + weights.output == stored
    assert card.parameters == sum(array.size for array in tiny_gguf.tensors().values())
    assert weights.layers[1] - weights.layers[0] == 4 * 64 * 64 - 64 * 64 // 32 * 34
    assert card.predominant == "F32"
    assert {share.kind: share.tensors for share in card.quantizations} == {"F32": 17, "Q8_0": 1}


def test_an_output_without_weights_uses_the_embeddings_again(folder: Path) -> None:
    tied = read_card(tiny_gguf.write_gguf(folder / "tied.gguf")).weights
    output = np.zeros((tiny_gguf.TOKENS, tiny_gguf.EMBEDDING), dtype=np.float32)
    weights = {**tiny_gguf.tensors(), "output.weight": output}
    own = read_card(tiny_gguf.write_gguf(folder / "own.gguf", weights=weights)).weights
    assert tied.tied == tied.input == output.nbytes
    assert own == Weights(tied.input, tied.layers, tied.output + output.nbytes, tied=0)


def test_what_the_file_does_not_say_is_not_guessed(folder: Path) -> None:
    names = ("layer_norm_rms_epsilon", "context_length", "feed_forward_length", "freq_base")
    absent = {key: None for key in tiny_gguf.values("strange") if key.endswith(names)}
    absent |= {"general.name": None, "general.license": None, "tokenizer.ggml.model": None}
    path = tiny_gguf.write_gguf(folder / "strange.gguf", absent, architecture="strange")
    card = read_card(path)
    assert (card.activation, card.normalization, card.epsilon) == ("unknown", "unknown", None)
    assert (card.licence, card.context, card.attention.rope.base) == ("", 0, None)
    assert card.name == "strange"
    shown = "\n".join(card_lines(card))
    assert shown.count("not given") == 6
    assert "activation unknown" in shown


def test_layer_norm_is_told_from_rms_norm(folder: Path) -> None:
    changes = {
        "gpt2.attention.layer_norm_rms_epsilon": None,
        "gpt2.attention.layer_norm_epsilon": 1e-6,
    }
    card = read_card(tiny_gguf.write_gguf(folder / "m.gguf", changes, architecture="gpt2"))
    assert (card.normalization, card.epsilon, card.activation) == ("LayerNorm", 1e-6, "GELU")


def test_experts_and_per_layer_sizes_are_shown(folder: Path) -> None:
    changes = {
        "llama.expert_count": 8,
        "llama.expert_used_count": 2,
        "llama.feed_forward_length": [96, 48],
    }
    card = read_card(tiny_gguf.write_gguf(folder / "m.gguf", changes))
    shown = "\n".join(card_lines(card))
    assert "2 of 8 for each token" in shown
    assert "48 (in 1) / 96 (in 1) wide" in shown


def test_a_split_model_is_one_model(folder: Path) -> None:
    whole = read_card(tiny_gguf.write_gguf(folder / "whole.gguf"))
    card = read_card(write_parts(folder)[0])
    assert card.parts == 3
    assert (card.parameters, card.weights) == (whole.parameters, whole.weights)
    assert "in 3 parts" in "\n".join(card_lines(card))


def test_a_part_of_a_split_model_says_which_part_is_wanted(folder: Path) -> None:
    first, second, third = write_parts(folder)
    assert "is part 2 of a model split into 3" in refused(second)
    assert "-00001-of-00003.gguf" in refused(second)
    renamed = shutil.copy(first, folder / "renamed.gguf")
    assert "is part 1 of a model split into 3" in refused(Path(renamed))
    third.unlink()
    assert f"{third} cannot be read" in refused(first)


@pytest.mark.parametrize("kind", ["adapter", "mmproj", "imatrix"])
def test_what_is_no_model_has_no_card(folder: Path, kind: str) -> None:
    path = tiny_gguf.write_gguf(folder / "m.gguf", {"general.type": kind})
    assert f"holds no model: its general.type is '{kind}'" in refused(path)


@pytest.mark.parametrize(
    "change",
    [
        {"llama.block_count": None},
        {"llama.block_count": 1 << 20},
        {"llama.embedding_length": 0},
        {"llama.embedding_length": "wide"},
        {"llama.context_length": -1},
        {"llama.feed_forward_length": [1, 2, 3]},
        {"general.name": 7},
        {"split.count": 1 << 30},
    ],
)
def test_a_card_that_cannot_be_is_refused(folder: Path, change: dict[str, object]) -> None:
    assert "m.gguf" in refused(tiny_gguf.write_gguf(folder / "m.gguf", change))


def test_a_tensor_of_a_layer_that_is_not_there_is_refused(folder: Path) -> None:
    weights = {**tiny_gguf.tensors(), "blk.2.attn_q.weight": np.zeros(32, dtype=np.float32)}
    path = tiny_gguf.write_gguf(folder / "m.gguf", weights=weights)
    assert "'blk.2.attn_q.weight' is of no layer" in refused(path)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    flips=st.lists(st.tuples(st.integers(0, 2400), st.integers(0, 255)), max_size=8),
    cut=st.one_of(st.none(), st.integers(0, 3000)),
)
def test_whatever_is_in_the_file_there_is_a_card_or_one_line(
    folder: Path, flips: list[tuple[int, int]], cut: int | None
) -> None:
    sound = folder / "sound.gguf"
    if not sound.exists():
        tiny_gguf.write_gguf(sound)
    raw = bytearray(sound.read_bytes())
    for place, byte in flips:
        raw[place] = byte
    path = folder / "flipped.gguf"
    path.write_bytes(raw[:cut])
    with suppress(ModelError):
        check_usable(read_card(path))


def check_usable(card: Card) -> None:
    """What was accepted can be shown and planned with, whatever the numbers."""
    assert all(line.isprintable() for line in card_lines(card))
    json.dumps(card.as_json(), allow_nan=False)
    assert plan(card, Machine(1 << 34, 1 << 33)).context > 0
