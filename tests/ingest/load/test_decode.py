import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import DocumentError
from ingest.load.characters import clean
from ingest.load.decode import declared_encoding, decode

CHINESE = "大型语言模型的位置编码可以分为绝对位置编码和相对位置编码。\n训练时加入注意力机制。"
TRADITIONAL = "圖書館與檔案館保存了許多歷史資料，讀者可以在線上查詢。"
JAPANESE = "これは日本語の文章です。東京と大阪のあいだをカタカナで書きます。"
KOREAN = "서울은 대한민국의 수도이며 가장 큰 도시이다. 한국어 문장을 적는다."
RUSSIAN = "Москва является столицей России и крупнейшим по численности населения городом страны."


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf_8_comes_back_as_it_was_with_a_mark_or_without(text: str) -> None:
    assert decode(text.encode("utf-8-sig")) == clean(text)
    if not text.startswith("\ufeff"):
        assert decode(text.encode("utf-8")) == clean(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf_16_and_32_with_a_mark_come_back_as_they_were(text: str) -> None:
    assert decode(text.encode("utf-16")) == clean(text)
    assert decode(text.encode("utf-32")) == clean(text)


@given(st.binary())
def test_any_bytes_are_text_that_can_be_stored_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except DocumentError:
        return
    assert "\x00" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (CHINESE, "gb18030"),
        (CHINESE[:4], "gbk"),
        ("北京", "gbk"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (KOREAN, "euc_kr"),
        (RUSSIAN, "cp1251"),
        ("Le café où l’été déjà s’achève, naïve façon", "cp1252"),
        ("Größe: 5 µm – süß", "cp1252"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        ("plain text\nin two lines", "utf-16-le"),
        ("plain text\nin two lines", "utf-16-be"),
    ],
)
def test_an_undeclared_encoding_is_found(text: str, codec: str) -> None:
    assert decode(text.encode(codec, errors="ignore")) == text.encode(codec, "ignore").decode(codec)


def test_a_declaration_counts_where_utf_8_does_not_fit() -> None:
    assert decode("Zażółć".encode("cp1250"), "windows-1250") == "Zażółć"
    assert decode("שלום".encode("cp1255"), "windows-1255") == "שלום"


def test_a_wrong_or_unknown_declaration_does_not_count() -> None:
    assert decode(CHINESE.encode(), "shift_jis") == CHINESE
    assert decode(CHINESE.encode("gbk"), "utf-8") == CHINESE
    assert decode(CHINESE.encode("gbk"), "x-no-such-thing") == CHINESE
    assert decode(CHINESE.encode("gbk"), "hex") == CHINESE


def test_a_few_broken_bytes_cost_those_bytes_only() -> None:
    broken = (CHINESE * 20).encode("gbk") + b"\xff"
    assert decode(broken).startswith(CHINESE)
    assert decode((CHINESE * 20).encode() + b"\xff\xff") == CHINESE * 20 + "\ufffd\ufffd"


@pytest.mark.parametrize("data", [bytes(range(256)) * 8, b"\x00" * 50, b"\x01\x02\x03 abc"])
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match="binary data, not text"):
        decode(data)


def test_a_stray_nul_in_a_log_is_dropped() -> None:
    assert decode(b"line\n" * 1000 + b"\x00end") == "line\n" * 1000 + "end"


def test_encodings_are_read_off_xml_html_and_coding_comments() -> None:
    assert declared_encoding(b'<?xml version="1.0" encoding="GB2312"?>') == "GB2312"
    assert declared_encoding(b"<head><meta charset='euc-jp'>") == "euc-jp"
    html = b'<META http-equiv="Content-Type" content="text/html; charset=big5">'
    assert declared_encoding(html) == "big5"
    assert declared_encoding(b"#!/bin/sh\n# -*- coding: latin-1 -*-\n") == "latin-1"
    assert declared_encoding(b"no such thing") is None
