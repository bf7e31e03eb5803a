import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.load.east_asian import likeliest

SENTENCES = "大型语言模型的位置编码可以分为绝对位置编码和相对位置编码训练时我们在这里加入注意力机制"


@given(st.integers(0, len(SENTENCES) - 8), st.integers(8, len(SENTENCES)))
def test_a_piece_of_chinese_is_never_taken_for_another_encoding(start: int, length: int) -> None:
    piece = SENTENCES[start : start + length]
    assert likeliest(piece.encode("gb18030")) == ("gb18030", piece)


@given(st.text("がのをにはでとたしれさあいうえおかきくけこアイウエオカキクケコ", min_size=2))
@pytest.mark.parametrize("codec", ["cp932", "euc_jp"])
def test_kana_are_never_taken_for_another_encoding(codec: str, text: str) -> None:
    found = likeliest(text.encode(codec))
    assert found == (codec, text)


def test_western_text_is_none_of_them() -> None:
    assert likeliest("Größe und Maß, café à la carte, naïve".encode("cp1252")) is None
