from pathlib import Path

import pytest

from ingest.errors import DocumentError
from ingest.load import load
from ingest.load.garbled import GARBLED, garbled

CHINESE = "中文的电脑程序设计语言，你好世界。" * 3


@pytest.mark.parametrize(
    "text",
    [
        "\ufffd\ufffd is \ufffd\ufffd\ufffd" * 9,
        "\uf0b7\uf0a7\ue012 \uf0d8\ue001\ue002 word " * 9,
        "(cid:12)(cid:3)(cid:44) (cid:7)" * 9,
        "\x01\x02\x03 \x04\x05a" * 9,
        CHINESE.encode().decode("latin-1"),
        CHINESE.encode().decode("cp1252", "replace"),
        CHINESE.encode().decode("gbk", "replace"),
        CHINESE.encode("gbk").decode("big5", "replace"),
        "뷁쀍뼯 쫒쬬 뎗돲" * 9,
        "ǔǖĠƑȸ ɏȦƺƻ ǭǮ" * 9,
    ],
)
def test_what_nobody_wrote_is_garbled(text: str) -> None:
    assert garbled(text) > 2 * GARBLED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Déjà vu: «Ça coûte 5 €», naïve Übergröße, Łódź, İstanbul, Đặng Văn, ǎ ě ǐ ǒ ǔ",
        "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
        "髙橋淳 さくら ｶﾀｶﾅ 東京都千代田区丸の内",
        "무이자할부, 다이어트할부, 삼성카드 할인이 적용된 일시불",
        "مما يسهل على المحللين والعلماء",
        "∑ᵢ xᵢ² ≤ ∫ f(x) dx ⊗ ∇ψ → 𝛼 = ½",
        "\uf0b7 one point\n\uf0b7 another point of the list",
        "well done 👍🏽 🎉",
    ],
)
def test_what_somebody_wrote_is_not(text: str) -> None:
    assert garbled(text) < GARBLED / 2


def test_no_page_of_the_real_files_comes_near(corpus: Path) -> None:
    """The corpus's worst is .025, a few lines of Japanese names; garbled text starts at .33."""
    worst = 0.0
    for path in sorted(path for path in corpus.rglob("*") if path.stat().st_size < 1_000_000):
        if path.is_dir() or "scan" in path.name or "rotated" in path.name:
            continue
        try:
            pages = load(path).pages
        except DocumentError:
            continue
        worst = max(worst, *(garbled(page.text) for page in pages))
    assert 0 < worst < GARBLED / 3
