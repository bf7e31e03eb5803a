"""The exported adapter is the one that was trained: the engine's logits are peft's."""

from pathlib import Path

import numpy as np
import pytest
import torch
from engine_logits import FLOAT32, decode, distance, rows
from tiny_llama import VOCABULARY, Tiny

from models.card import read_card
from models.engine.context import Context
from models.errors import ModelError
from models.finetune.base import read_adapter
from models.finetune.batch import make_batch
from models.finetune.export import turned, write_adapter
from models.finetune.recipe import Recipe
from models.finetune.trainable import Trainable
from models.finetune.trees import Branch, Tree

RECIPE = Recipe(rank=4, alpha=6, precision="float32")
TOKENS = [int(token) for token in np.random.default_rng(1).integers(0, VOCABULARY, 40)]
# Each foretells the next one; the first has none before it.
ALL = Tree((), (Branch((*TOKENS, 0), len(TOKENS)),))


def randomized(path: Path) -> Trainable:
    """A model with an adapter of random weights, none of them zero."""
    model = Trainable(path, RECIPE)
    model.train(False)
    torch.manual_seed(2)
    with torch.no_grad():
        for weight in model.weights.values():
            weight.copy_(torch.randn_like(weight) / weight.shape[1] ** 0.5)
    return model


def arrays(model: Trainable) -> dict[str, np.ndarray]:
    return {name: weight.detach().numpy() for name, weight in model.weights.items()}


@pytest.mark.parametrize(
    "shape",
    [
        Tiny(),
        Tiny(kv_heads=1, head_size=32, tied=True),
        Tiny(kv_heads=4, rope_stretch=4.0),
        Tiny(factors=True, rope_base=500000.0),
    ],
    ids=["grouped heads", "one head of keys", "stretched", "Llama 3.1's factors"],
)
@pytest.mark.parametrize(("kind", "tolerance"), [("F32", 1e-5), ("F16", 1e-2)])
def test_the_engine_with_the_exported_adapter_gives_the_logits_of_peft(
    folder: Path, shape: Tiny, kind: str, tolerance: float
) -> None:
    path = shape.write(folder / "tiny.gguf")
    model = randomized(path)
    with torch.no_grad():
        expected = model(make_batch([ALL], model.device)).numpy()
    write_adapter(folder / "a.gguf", arrays(model), RECIPE.alpha, read_card(path), kind)
    context = Context(path, FLOAT32)
    plain = decode(context, rows(TOKENS))
    context.close()
    context = Context(path, FLOAT32)
    context.use_adapter(context.model.adapter(folder / "a.gguf"))
    found = decode(context, rows(TOKENS))
    context.close()
    assert distance(plain, expected) > 0.1  # it is the adapter that makes them alike
    assert distance(found, expected) < tolerance


@pytest.mark.parametrize(("kind", "tolerance"), [("F32", 0), ("F16", 1e-3)])
def test_what_is_read_back_from_the_file_is_what_was_trained(
    folder: Path, kind: str, tolerance: float
) -> None:
    path = Tiny().write(folder / "tiny.gguf")
    given, card = arrays(randomized(path)), read_card(path)
    write_adapter(folder / "a.gguf", given, RECIPE.alpha, card, kind)
    shapes = {name: matrix.shape for name, matrix in given.items()}
    found = read_adapter(folder / "a.gguf", shapes, RECIPE.alpha, card)
    assert all(np.allclose(found[name], given[name], atol=tolerance) for name in given)
    weighed = read_adapter(folder / "a.gguf", shapes, RECIPE.alpha / 3, card)
    for name, matrix in found.items():
        assert np.allclose(weighed[name], matrix * (3 if ".lora_B." in name else 1))


def test_turned_rows_are_those_that_transformers_turns_back() -> None:
    from transformers.modeling_gguf_pytorch_utils import LlamaTensorProcessor

    matrix = np.arange(2 * 8 * 3).reshape(16, 3)
    back = LlamaTensorProcessor({})._reverse_permute_weights(turned(matrix, 2), 2, 2)
    assert (back == matrix).all()
    assert (turned(matrix, 2) != matrix).any()


def test_a_folder_that_takes_no_file_is_one_line_and_leaves_nothing(folder: Path) -> None:
    path = Tiny().write(folder / "tiny.gguf")
    (folder / "file").write_text("no folder")
    with pytest.raises(ModelError, match="cannot be written"):
        write_adapter(
            folder / "file" / "a.gguf", arrays(randomized(path)), 6, read_card(path), "F16"
        )
    (folder / "taken.gguf").mkdir()
    with pytest.raises(ModelError, match="cannot be written"):
        write_adapter(folder / "taken.gguf", arrays(randomized(path)), 6, read_card(path), "F16")
    assert sorted(each.name for each in folder.iterdir()) == ["file", "taken.gguf", "tiny.gguf"]
