"""The real files of ../shared/corpus: what each must give, looked up by hand."""

from pathlib import Path

import pytest

from ingest.errors import DocumentError
from ingest.load import Loaded, load, load_in_worker
from ingest.page import BEFORE

SHEET = "OS-Rev.and results 30 06 2023"
ISSUE = "\n4 | 输出answer的时间很长，是否可以把文本向量化的部分提前做好存储起来？ | 2023"

# file, page number, page label, text that the page must hold. Looked up in the files as they show:
# where a column, a line or a page ends, a table's row with its cells, what frames the text.
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
    (
        "en/annual-report-10k.html",
        1,
        "",
        "| 2021 | 2020\nNorth America and Caribbean | $10,024,537 | $5,757,143\n"
        "Europe, Middle East and Africa | 9,959,841 | 4,473,173\n",
    ),
    (
        "en/army-manual-619p.pdf",
        1,
        "1",
        "\nThe Life Drinker ... 22\n\nThe Magister's Shield ... 22\n",
    ),
    ("en/army-manual-619p.pdf", 1, "1", "\nThe Sacred Ashes of Andraste ... 48\n\n1"),
    (
        "en/army-manual-619p.pdf",
        3,
        "3",
        "\nThe Black Vials ... 118\nCorrespondence Interruptus ... 119\n",
    ),
    (
        "en/army-manual-619p.pdf",
        17,
        "17",
        "close to their Blight-tainted meals.\n\nWild Sylvan\n\nFor",
    ),
    (
        "en/army-manual-619p.pdf",
        17,
        "17",
        '\nMerciful death be praised,\nTo the maker went his prayer."\n\n—From the popular telling',
    ),
    ("en/army-manual-619p.pdf", 501, "501", "Bottles of Thedas\n\nChasind Sack Mead\n"),
    ("en/blog-post.html", 1, "", "the tuned gpt-3.5-turbo model vastly outperformed untuned gpt-4"),
    (
        "en/blog-post.html",
        1,
        "",
        "\n- gpt-4, the state of the art LLM that costs more than 10 times of gpt-3.5-turbo\n",
    ),
    ("en/blog-post.html", 1, "", "\n\nExperiment Setup\n\nWe use AutoGen to select between"),
    ("en/half-year-by-segment.xlsx", 1, SHEET, "\nZone NA | 12,553 | 2,713 | 2,632 | -81 | -29 |"),
    (
        "en/half-year-by-segment.xlsx",
        1,
        SHEET,
        "\n| Sales (a) | Underlying Trading operating profit (b) | Trading operating profit | Net",
    ),
    (
        "en/half-year-by-segment.xlsx",
        3,
        "Prod.Rev.and results 30 06 2023",
        "\nTotal | 46,293 | 7,904 | 7,351 | -553 | -110 | -262\nIn millions of CHF",
    ),
    ("en/handbook-872p.docx", 1, "", "\nC. STATUTORY DUTIES OF A STANDING TRUSTEE\n"),
    (
        "en/handbook-872p.docx",
        1,
        "",
        "\n1. Be accountable for all property received [§ 704(a)(2)];\n",
    ),
    (
        "en/handbook-872p.docx",
        1,
        "",
        "\n[1] / References to “continue” in this Handbook shall have",
    ),
    ("en/layout-parser-2p.pdf", 1, "1", "complicate the easy reuse of important innovations by a"),
    (
        "en/layout-parser-2p.pdf",
        1,
        "1",
        "including document image classification [11,\n\narXiv:2103.15348v2",
    ),
    (
        "en/layout-parser-2p.pdf",
        2,
        "2",
        "2 Z. Shen et al.\n\n37], layout detection [38, 22], table detection [26], and scene text",
    ),
    (
        "en/layout-parser-2p.pdf",
        2,
        "2",
        "\n2. A rich repository of pre-trained neural network models (Model Zoo) that\nunderlies",
    ),
    (
        "en/multi-column-2p.pdf",
        1,
        "1",
        "a simple dual-encoder framework. When evaluated on a",
    ),
    (
        "en/multi-column-2p.pdf",
        1,
        "1",
        "the needs\nof improving retrieval.\n\n∗Equal contribution\n",
    ),
    (
        "en/multi-column-2p.pdf",
        1,
        "1",
        "less than 40% (Yang et al., 2019a).\n\nRetrieval in open-domain QA is usually implemented",
    ),
    (
        "en/multi-column-2p.pdf",
        2,
        "2",
        "we assume\nthe extractive QA setting, in which the answer is\nrestricted",
    ),
    (
        "en/multi-column-2p.pdf",
        2,
        "2",
        "we will use for retrieval.\n\n3The ideal size and boundary of a text passage",
    ),
    ("en/slides-with-table.pptx", 1, "1", "\n\nColumn 1 | Column 2 | Column 3\nRed | Green |"),
    ("en/slides-with-table.pptx", 1, "1", "A Slide with a Table\n\nColumn 1"),
    ("en/slides-with-table.pptx", 1, "1", "\nTangerine | Pink | Aqua"),
    ("en/war-and-peace.txt", 1, "", "Well, Prince, so Genoa and Lucca are now just family estates"),
    ("en/war-and-peace.txt", 1, "", 'CHAPTER I\n\n"Well, Prince'),
    ("en/war-and-peace.txt", 1, "", "\nincendiaries the rest of Moscow burned down.\n"),
    ("en/wikipedia-page.html", 1, "", "\nFounded | April 4, 1975 in Albuquerque, New Mexico"),
    (
        "en/wikipedia-page.html",
        1,
        "",
        "\nRegion | Sales in billion $ | share\nUnited States | 106.7 | 50.4%\n",
    ),
    ("en/wikipedia-page.html", 1, "", "\n2023 | 211,915 | 73,307 | 411,976 | 238,000\n"),
    ("en/winter-sports.epub", 2, "CHAPTER II RINKS AND SKATERS", "CHAPTER II RINKS AND SKATERS"),
    (
        "en/winter-sports.epub",
        1,
        "The Project Gutenberg eBook of Winter Sports in Switzerland, by E. F. Benson",
        "\nCHAP. | | PAGE\nI. | The Sun-seeker | 1\nII. | Rinks and Skaters | 23\n",
    ),
    (
        "en/winter-sports.epub",
        3,
        "THIRD-CLASS TEST",
        "\n\nPart I\n\n1. Twice back—and forward three—and forward inside three, off meet.\n",
    ),
    ("en/winter-sports.epub", 4, "CHAPTER III TEES AND CRAMPITS", "\n\nCompulsory Figures\n\n"),
    ("en/winter-sports.epub", 7, "CHAPTER VII NOTES ON WINTER RESORTS", "\n\nJumping\n\n"),
    ("zh/issues.csv", 1, "", ISSUE),
    (
        "zh/issues.csv",
        1,
        "",
        "| title | file | url | detail | id\n0 | 效果如何优化 | 2023-04-04.00 |",
    ),
    ("zh/issues.csv", 1, "", "\n322 | [FEATURE] 支持AMD win10 本地部署吗？ | 2023-06-18.06 |"),
    ("zh/issues.xlsx", 1, "Sheet1", ISSUE),
    ("zh/issues.xlsx", 1, "Sheet1", "| title | file | url | detail | id\n0 | 效果如何优化 |"),
    (
        "zh/issues.xlsx",
        1,
        "Sheet1",
        "\n322 | [FEATURE] 支持AMD win10 本地部署吗？ | 2023-06-18.06 |",
    ),
    ("zh/langchain.pdf", 4, "4", "most important key building block of\nLangChain is the chain."),
    (
        "zh/langchain.pdf",
        2,
        "2",
        "of generative models has facilitated\nthe creation of convincingly realistic",
    ),
    ("zh/langchain.pdf", 2, "2", "and GPT-3 (June 2020) had 117\n\n1050"),
    (
        "zh/langchain.pdf",
        3,
        "3",
        "LangChain.\n\nTask | Prompt\nExtracting information | For the following text, extract the"
        " following information: gift: Was the item purchased as a gift for someone else?",
    ),
    (
        "zh/langchain.pdf",
        3,
        "3",
        "\nWriting a response | Write a follow-up response to the following summary in the"
        " specified language: Summary: {summary} Language: {language}\n\nA.A.2 Models\n",
    ),
    (
        "zh/langchain.pdf",
        4,
        "4",
        "\n\nName | Description\nMath | You are a very good mathematician. You are great at",
    ),
    (
        "zh/langchain.pdf",
        7,
        "7",
        "the development of more sophisticated\napplications, thus expanding the boundaries",
    ),
    ("zh/llm-basics.txt", 1, "", "- 训练式:直接将位置编码当作可训练参数,如BERT、GPT等"),
    (
        "zh/llm-basics.txt",
        1,
        "",
        "\n1.3 旋转位置编码\n目前很火的LLAMA、GLM模型都采用的是旋转位置编码",
    ),
    ("zh/llm-basics.txt", 1, "", "\n- 2.3 GQA(grouped query attention)\n"),
]

# file → page number, level, heading
HEADINGS = {
    "en/annual-report-10k.html": [
        (1, 1, "PART I"),
        (1, 2, "ITEM 1A. RISK FACTORS"),
        (1, 3, "CONSOLIDATED BALANCE SHEETS"),
        (1, 4, "DECEMBER 31, 2021 AND 2020"),
    ],
    "en/army-manual-619p.pdf": [
        (6, 2, "MAIN GAME"),
        (6, 3, "CREATURES"),
        (17, 4, "Werewolf"),
        (18, 4, "Wolf"),
        (301, 3, "Fiona Rogue Item Pack II"),
        (501, 4, "Bottles of Thedas"),
    ],
    "en/blog-post.html": [(1, 2, "Experiment Setup"), (1, 2, "Analysis and Discussion")],
    "en/handbook-872p.docx": [
        (1, 1, "CHAPTER 1 – INTRODUCTION"),
        (1, 2, "B. ROLE OF THE UNITED STATES TRUSTEE"),
        (1, 3, "3. EXEMPTIONS"),
    ],
    "en/layout-parser-2p.pdf": [
        (1, 1, "LayoutParser: A Unified Toolkit for Deep Learning Based Document Image Analysis"),
        (1, 2, "1 Introduction"),
    ],
    "en/multi-column-2p.pdf": [
        (1, 1, "Dense Passage Retrieval for Open-Domain Question Answering"),
        (1, 2, "Abstract"),
        (1, 2, "1 Introduction"),
        (2, 2, "2 Background"),
        (2, 2, "3 Dense Passage Retriever (DPR)"),
        (2, 3, "3.1 Overview"),
    ],
    "en/slides-with-table.pptx": [(1, 1, "A Slide with a Table")],
    "en/wikipedia-page.html": [
        (1, 1, "Microsoft"),
        (1, 2, "History"),
        (1, 3, "1972–1985: Founding"),
    ],
    "en/winter-sports.epub": [
        (1, 2, "CONTENTS"),
        (3, 3, "THIRD-CLASS TEST"),
        (5, 2, "CHAPTER IV TOBOGGANING"),
    ],
    "zh/langchain.pdf": [
        (2, 2, "I. INTRODUCTION"),
        (3, 2, "II. MATERIALS AND METHOD"),
        (3, 3, "A. Components"),
        (4, 5, "A.A.3 Chains"),
        (6, 3, "B. Use Cases"),
        (7, 2, "III. DISCUSSION"),
    ],
}

# All of a PDF's headings, where wrong ones would show.
ALL_HEADINGS = {"en/multi-column-2p.pdf": 6, "en/layout-parser-2p.pdf": 2}

# In the PDFs of prose, no line of these pages is a table's row.
PROSE = {
    "en/army-manual-619p.pdf": range(1, 620),
    "en/multi-column-2p.pdf": range(1, 2),
    "en/layout-parser-2p.pdf": range(1, 3),
    "zh/langchain.pdf": [1, 2, 5, 6, 7, 8],
}

TITLES = {
    "en/annual-report-10k.html": "annual-report-10k",
    "en/army-manual-619p.pdf": "army-manual-619p",
    "en/layout-parser-2p.pdf": "LayoutParser: A Unified Toolkit for Deep Learning Based Document"
    " Image Analysis",
    "en/multi-column-2p.pdf": "Dense Passage Retrieval for Open-Domain Question Answering",
    "en/slides-with-table.pptx": "A Slide with a Table",
    "en/wikipedia-page.html": "Microsoft - Wikipedia",
    "en/winter-sports.epub": "Winter Sports in Switzerland",
    "hard/no-utf8.eml": "RE: שלום",
    "zh/langchain.pdf": "langchain",
}

PICTURE = "横向文本框\n\n竖向文本框\nEnglish text"

# What must be in the text, or the reason why there is none.
HARD = {
    "failure-after-repair.pdf": "A guide for people with cancer, their families and friends",
    "invalid-structure.pdf": "Threats Highlight the Importance of Establishing Leadership",
    "korean-tables.pdf": "무이자할부, 다이어트할부, 삼성카드 할인이 적용된 일시불 및",
    "malformed.pptx": "Test Slide\n\nProblem Date Placeholder",
    "no-utf8.eml": "בהצלחה,",
    "password.pdf": DocumentError(r"^protected by a password: save a copy without one$"),
    "right-to-left.pdf": "مما يسهل على المحللين والعلماء",
    # Its page shows the words running upwards.
    "rotated-90.pdf": "Docling bundles PDF document conversion to\n"
    "JSON and Markdown in an easy self contained\npackage",
    # Lines far apart, each a paragraph of its own.
    "scanned-invoice.pdf": "\n\n".join(
        [
            "# INVOICE",
            "Company: TechCorp Industries",
            "Invoice Number: INV-2024-001",
            "Date: January 15, 2024",
            "BILL TO:",
            "Acme Corporation",
            "123 Main Street",
            "New York, NY 10001",
            "DESCRIPTION:",
            "Software Development Services",
            "Professional Consulting",
            "Technical Support",
            "TOTAL AMOUNT DUE: $5,000.00",
        ]
    ),
    "shift-jis.csv": "名前 | 年齢 | 住所\n佐藤太郎 | 30 | 東京\n三木英子 | 25 | 大阪\n髙橋淳",
    "utf-16.html": "C | Si | Mn | P | S | Cr | Mo\n0.39 - 0.46 | 0.2 - 0.35 | 0.65",
    # Below the text, the three show one picture: two lines, and one that runs down beside them.
    "zh-scan.docx": "我是文字\n\n我是表格1 | 我是表格2\n我是表格3 | 我是表格4\n\n" + PICTURE,
    "zh-scan.pdf": "我是文字\n\n" + PICTURE,
    "zh-scan.pptx": "我是文字\n\n我是表格1 | 我是表格5\n我是表格3 | 我是表格4\n\n" + PICTURE,
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
        own = [(page, h) for page in document.pages for h in page.headings if h.start != BEFORE]
        found = [(page.number, heading.level, heading.title) for page, heading in own]
        assert set(HEADINGS.get(name, [])) <= set(found), name
        assert len(found) == ALL_HEADINGS.get(name, len(found)), name
        for page, heading in own:
            assert page.text[heading.start :].split("\n")[0] == heading.title


def test_prose_is_never_cut_into_cells(loaded: dict[str, Loaded]) -> None:
    for name, numbers in PROSE.items():
        pages = [loaded[name].pages[number - 1] for number in numbers]
        assert not any(" | " in page.text for page in pages), name


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
