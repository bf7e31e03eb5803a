"""The language of a question."""

import pytest

from chains.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is a KV cache?", "en"),
        ("什么是KV缓存？", "zh"),
        ("LoRA 和 QLoRA 的区别", "zh"),
        ("Transformer里的self-attention怎么算", "zh"),
        ("What does 量化 mean in this context?", "en"),
        ("量子コンピュータとは何ですか", "en"),
        ("", "en"),
        ("12345", "en"),
    ],
)
def test_a_han_character_weighs_as_a_word(text: str, language: str) -> None:
    assert language_of(text) == language
