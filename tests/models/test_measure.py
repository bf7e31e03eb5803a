import math
from pathlib import Path

import pytest

from models.bundled import bundled_chat_model
from models.engine.context import Context, Placement
from models.errors import ModelError
from models.measure import Configuration, loss, speed
from models.sample_text import SAMPLE

OWN = Configuration(bundled_chat_model(), "Q4_1", gpu_layers=0, threads=1, batch=128)


def test_both_speeds_are_positive_numbers() -> None:
    found = speed(OWN, prompt=40, answer=3)
    assert 0 < found.prefill < math.inf
    assert 0 < found.decode < math.inf


def test_the_loss_is_that_of_decoding_the_sample_in_one_piece() -> None:
    context = Context(OWN.weights, Placement(context=1024, gpu_layers=0, threads=1, batch=1024))
    tokens = context.tokenize(SAMPLE)
    assert not context.model.adds_bos
    context.decode([(token, position, 0, True) for position, token in enumerate(tokens)])
    total = 0.0
    for row, target in enumerate(tokens[1:]):
        logits = context.logits(row).astype("float64")
        total += math.log(sum(math.exp(x) for x in logits - logits.max()))
        total -= float(logits[target] - logits.max())
    context.close()
    # Pieces of another size round differently.
    assert loss(OWN) == pytest.approx(total / (len(tokens) - 1), rel=0.01)


def test_a_file_that_cannot_be_loaded_is_one_line(folder: Path) -> None:
    broken = folder / "model.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    configuration = Configuration(broken, "F16", gpu_layers=0, threads=1, batch=64)
    for measured in (lambda: speed(configuration, 8, 1), lambda: loss(configuration)):
        with pytest.raises(ModelError, match="cannot load") as caught:
            measured()
        assert "\n" not in str(caught.value)


def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(ModelError, match="it was ended after 0 s"):
        speed(OWN, prompt=40, answer=3, timeout=0.01)


def test_the_sample_is_english_and_chinese_and_of_some_hundred_tokens() -> None:
    chinese = sum("\u4e00" <= character <= "\u9fff" for character in SAMPLE)
    latin = sum(character.isascii() and character.isalpha() for character in SAMPLE)
    assert chinese > 150
    assert latin > 500
