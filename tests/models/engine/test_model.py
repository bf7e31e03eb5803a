"""A model's text and tokens, and its end while others still read it."""

import threading
from pathlib import Path

import pytest
from tiny_models import write_llama

from models.bundled import bundled_chat_model
from models.engine.model import Model
from models.errors import ModelError


def test_control_tokens_in_a_text_count_as_such_only_when_asked(vocabulary: Model) -> None:
    assert len(vocabulary.tokenize("<|im_end|>", special=True)) == 1
    plain = vocabulary.tokenize("<|im_end|>")
    assert len(plain) > 1
    assert not any(vocabulary.ends(token) for token in plain)
    assert b"".join(map(vocabulary.piece, plain)) == b"<|im_end|>"


@pytest.mark.parametrize(
    "text", ["", "a\0b", "注意力机制 🧠", "naïve — “quotes”\r\n\t", "word " * 500]
)
def test_the_pieces_of_a_texts_tokens_are_the_text(vocabulary: Model, text: str) -> None:
    tokens = vocabulary.tokenize(text)
    assert b"".join(map(vocabulary.piece, tokens)).decode("utf-8") == text


@pytest.mark.parametrize("unit", ["a", " ", "1", "!", "\n", "中", "😀"])
def test_a_hundred_thousand_equal_characters_are_tokenized(vocabulary: Model, unit: str) -> None:
    assert len(vocabulary.tokenize(unit * 100_000)) > 1000


def test_half_a_surrogate_pair_is_replaced(vocabulary: Model) -> None:
    assert vocabulary.tokenize("\ud83d") == vocabulary.tokenize("?")


def test_the_facts_of_a_model_are_those_of_its_file(vocabulary: Model) -> None:
    assert vocabulary.architecture == "llama"
    assert vocabulary.can_splice
    assert not vocabulary.is_recurrent
    assert vocabulary.trained_context == 8192
    assert vocabulary.vocabulary_size == 49152
    assert "<|im_start|>" in vocabulary.chat_template
    assert vocabulary.special("bos") == "<|im_start|>"
    assert vocabulary.ends(vocabulary.tokenize("<|im_end|>", special=True)[0])


def test_a_vocabulary_of_bytes_has_more_tokens_than_a_text_has_bytes(folder: Path) -> None:
    model = Model(write_llama(folder / "bytes.gguf"))
    words = " a b c" * 50
    tokens = model.tokenize(words)
    assert len(tokens) > len(words)
    assert b"".join(map(model.piece, tokens)).decode().replace("▁", " ").strip() == words.strip()
    model.close()


def test_a_closed_model_keeps_its_facts_and_refuses_the_rest_in_a_line() -> None:
    model = Model(bundled_chat_model())
    model.close()
    assert model.architecture == "llama"
    assert model.chat_template
    for call in (
        lambda: model.tokenize("text"),
        lambda: model.piece(5),
        lambda: model.ends(5),
        lambda: model.special("bos"),
        lambda: model.adapter(model.path),
    ):
        with pytest.raises(ModelError, match=r"is closed: its engine has ended$"):
            call()


def test_a_model_is_closed_when_nobody_is_reading_it() -> None:
    model = Model(bundled_chat_model())
    ended = []

    def tokenize() -> None:
        try:
            while True:
                model.tokenize("hello world " * 100)
        except ModelError:
            ended.append(True)

    threads = [threading.Thread(target=tokenize) for _ in range(4)]
    for thread in threads:
        thread.start()
    model.close()
    for thread in threads:
        thread.join(20)
    assert ended == [True] * 4
