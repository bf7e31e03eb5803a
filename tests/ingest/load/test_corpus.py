"""The real files of ../shared/corpus: what each must give, looked up by hand."""

from pathlib import Path

import pytest

from ingest.errors import DocumentError
from ingest.load import Loaded, load, load_in_worker

SHEET = "OS-Rev.and results 30 06 2023"
ISSUE = "\n4 | 输出answer的时间很长，是否可以把文本向量化的部分提前做好存储起来？ | 2023"

# file, page number, page label, text that the page must hold
EXPECTED = [
    (
        "en/annual-report-10k.html",
        1,
        "",
        "Cash and cash equivalents | $16,058,714 | $5,993,388",
    ),
    ("en/annual-report-10k.html", 1, "", "ASSETS | 2021 | 2020\nCurrent assets:\n"),
    ("en/annual-report-10k.html", 1, "", "\nInterest expense | (1,505,386) | (683,357)\n"),
    ("en/annual-report-10k.html", 1, "", "\n☑ ANNUAL REPORT PURSUANT TO SECTION 13"),
    ("en/army-manual-619p.pdf", 17, "17", "Blight-tainted meals"),
    ("en/blog-post.html", 1, "", "the tuned gpt-3.5-turbo model vastly outperformed untuned gpt-4"),
    ("en/half-year-by-segment.xlsx", 1, SHEET, "\nZone NA | 12,553 | 2,713 | 2,632 | -81 | -29 |"),
    ("en/handbook-872p.docx", 1, "", "\nC. STATUTORY DUTIES OF A STANDING TRUSTEE\n"),
    ("en/layout-parser-2p.pdf", 1, "1", "reuse of important innovation"),
    (
        "en/multi-column-2p.pdf",
        1,
        "1",
        "a simple dual-encoder framework. When evaluated on a",
    ),
    ("en/slides-with-table.pptx", 1, "1", "\n\nColumn 1 | Column 2 | Column 3\nRed | Green |"),
    ("en/war-and-peace.txt", 1, "", "Well, Prince, so Genoa and Lucca are now just family estates"),
    ("en/wikipedia-page.html", 1, "", "\nFounded | April 4, 1975 in Albuquerque, New Mexico"),
    ("en/winter-sports.epub", 2, "CHAPTER II RINKS AND SKATERS", "CHAPTER II RINKS AND SKATERS"),
    ("zh/issues.csv", 1, "", ISSUE),
    ("zh/issues.xlsx", 1, "Sheet1", ISSUE),
    ("zh/langchain.pdf", 4, "4", "most important key building block of\nLangChain is the chain."),
    ("zh/llm-basics.txt", 1, "", "- 训练式:直接将位置编码当作可训练参数,如BERT、GPT等"),
]

HEADINGS = {
    "en/handbook-872p.docx": [(2, "B. ROLE OF THE UNITED STATES TRUSTEE")],
    "en/blog-post.html": [(2, "Experiment Setup")],
    "en/wikipedia-page.html": [(1, "Microsoft"), (2, "History")],
    "en/winter-sports.epub": [(2, "CONTENTS")],
}

TITLES = {
    "en/annual-report-10k.html": "annual-report-10k",
    "en/slides-with-table.pptx": "A Slide with a Table",
    "en/wikipedia-page.html": "Microsoft - Wikipedia",
    "en/winter-sports.epub": "Winter Sports in Switzerland",
    "hard/no-utf8.eml": "RE: שלום",
    "zh/langchain.pdf": "langchain",
}

# What must be in the text, or the reason why there is none.
HARD = {
    "failure-after-repair.pdf": "A guide for people with cancer, their families and friends",
    "invalid-structure.pdf": "Threats Highlight the Importance of Establishing Leadership",
    "korean-tables.pdf": "무이자할부, 다이어트할부, 삼성카드 할인이 적용된 일시불 및",
    "malformed.pptx": "Test Slide\n\nProblem Date Placeholder",
    "no-utf8.eml": "בהצלחה,",
    "password.pdf": DocumentError(r"^protected by a password: save a copy without one$"),
    "right-to-left.pdf": "مما يسهل على المحللين والعلماء",
    "rotated-90.pdf": DocumentError(r"^no text in its one page: a scan or pictures"),
    "scanned-invoice.pdf": DocumentError(r"^no text in its one page: a scan or pictures"),
    "shift-jis.csv": "名前 | 年齢 | 住所\n佐藤太郎 | 30 | 東京\n三木英子 | 25 | 大阪\n髙橋淳",
    "utf-16.html": "C | Si | Mn | P | S | Cr | Mo\n0.39 - 0.46 | 0.2 - 0.35 | 0.65",
    "zh-scan.docx": "我是文字\n\n我是表格1 | 我是表格2\n我是表格3 | 我是表格4",
    "zh-scan.pdf": "我是文字",
    "zh-scan.pptx": "我是文字\n\n我是表格1 | 我是表格5",
}

PAGES = {"en/army-manual-619p.pdf": 619, "zh/langchain.pdf": 8, "en/half-year-by-segment.xlsx": 5}


@pytest.fixture(scope="module")
def loaded(corpus: Path) -> dict[str, Loaded]:
    """Every ordinary file, loaded once."""
    paths = sorted([*corpus.glob("en/*"), *corpus.glob("zh/*")])
    return {f"{path.parent.name}/{path.name}": load(path) for path in paths}


def test_every_ordinary_file_is_expected_something_of(loaded: dict[str, Loaded]) -> None:
    assert {name for name, *_ in EXPECTED} == set(loaded)


@pytest.mark.parametrize(("name", "number", "label", "text"), EXPECTED)
def test_a_page_holds_what_its_reader_sees(
    loaded: dict[str, Loaded], name: str, number: int, label: str, text: str
) -> None:
    page = loaded[name].pages[number - 1]
    assert (page.number, page.label) == (number, label)
    assert text in page.text


def test_headings_are_found_and_start_at_their_line(loaded: dict[str, Loaded]) -> None:
    for name, document in loaded.items():
        found = [(h.level, h.title) for page in document.pages for h in page.headings]
        assert all(heading in found for heading in HEADINGS.get(name, [])), name
        for page in document.pages:
            for heading in page.headings:
                assert page.text[heading.start :].split("\n")[0] == heading.title


def test_page_counts_are_right(loaded: dict[str, Loaded]) -> None:
    assert {name: len(loaded[name].pages) for name in PAGES} == PAGES


def test_titles_are_the_documents_own_or_the_files(corpus: Path) -> None:
    assert {name: load(corpus / name).title for name in TITLES} == TITLES


def test_no_control_characters_reach_the_pages(loaded: dict[str, Loaded]) -> None:
    for name, document in loaded.items():
        text = "".join(page.text for page in document.pages)
        bad = {
            char for char in text if (char < " " and char not in "\n\t") or char in "\ufffe\ufeff"
        }
        assert not bad, name
        text.encode("utf-8")


def test_every_hard_file_is_expected_something_of(corpus: Path) -> None:
    assert {path.name for path in corpus.glob("hard/*")} == set(HARD)


@pytest.mark.parametrize("name", sorted(HARD))
def test_a_hard_file_is_read_or_refused_with_its_reason(corpus: Path, name: str) -> None:
    expected = HARD[name]
    if isinstance(expected, DocumentError):
        with pytest.raises(DocumentError, match=str(expected)):
            load_in_worker(corpus / "hard" / name, timeout_s=60)
        return
    document = load_in_worker(corpus / "hard" / name, timeout_s=60)
    assert expected in "\n".join(page.text for page in document.pages)
