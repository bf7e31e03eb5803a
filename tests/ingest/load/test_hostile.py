"""Whatever a file holds, it is read or refused in one line, and the next file is read.

KVASIR_FUZZ says how often each real file is damaged in each way (once by default).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import hostile
import pytest

from ingest.errors import DocumentError
from ingest.load import Loaded, load_in_worker
from ingest.page import BEFORE

TIMES = int(os.environ.get("KVASIR_FUZZ", "1"))
SMALL = 400_000  # bytes: larger files take long and say no more
WIDE = 30_000_000  # characters of text that a damaged file may have, at most


def read_or_refused(path: Path) -> Loaded | None:
    """What a file holds, or None where it was refused as it should be."""
    try:
        loaded = load_in_worker(path, timeout_s=60)
    except DocumentError as error:
        reason = str(error)
        assert reason
        assert "\n" not in reason
        assert str(path.parent) not in reason
        assert "Traceback" not in reason
        assert not reason.startswith(("could not be read (", "the parser")), reason
        return None
    assert any(page.text.strip() for page in loaded.pages)
    assert sum(len(page.text) for page in loaded.pages) < WIDE
    for page in loaded.pages:
        page.text.encode("utf-8")
        for heading in page.headings:
            assert BEFORE <= heading.start <= len(page.text)
    return loaded


def small_files(corpus: Path) -> list[Path]:
    every = (path for path in corpus.rglob("*") if path.is_file())
    return sorted(path for path in every if path.stat().st_size < SMALL)


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_real_files_that_are_damaged_are_read_or_refused(
    corpus: Path, write: Callable[[str, bytes], Path], kind: str
) -> None:
    files = small_files(corpus)
    for turn in range(TIMES):
        draw = random.Random(f"{kind} {turn}")
        for file in files:
            other = draw.choice(files).read_bytes()
            data = hostile.damaged(file.read_bytes(), other, kind, draw)
            read_or_refused(write(f"{turn}-{kind}-{file.name}", data))


@pytest.mark.parametrize("suffix", ["pdf", "docx", "html", "eml", "csv", "xlsx", "epub", "png"])
def test_random_bytes_are_refused_or_text(write: Callable[[str, bytes], Path], suffix: str) -> None:
    draw = random.Random(suffix)
    for size in (1, 100, 20_000):
        read_or_refused(write(f"{size}.{suffix}", draw.randbytes(size)))


def test_deep_nesting_ends_in_text_or_in_one_line(write: Callable[[str, bytes], Path]) -> None:
    page = read_or_refused(write("deep.html", hostile.deep_html(10_000)))
    assert page is None or "the bottom" in page.pages[0].text
    read_or_refused(write("deep.docx", hostile.deep_xml_in_docx(10_000)))
    read_or_refused(write("deep.json", hostile.deep_json(100_000)))
    read_or_refused(write("deep.ipynb", hostile.deep_json(100_000)))


def test_xml_that_expands_to_gigabytes_is_refused(write: Callable[[str, bytes], Path]) -> None:
    assert read_or_refused(write("laughs.docx", hostile.entities_in_docx())) is None


def test_a_pdf_of_a_hundred_thousand_pages_keeps_the_limits(
    write: Callable[[str, bytes], Path],
) -> None:
    loaded = read_or_refused(write("pages.pdf", hostile.pdf_of_many_pages(100_000)))
    assert loaded is None or len(loaded.pages) == 100_000


def test_after_all_that_a_sound_file_is_read(write: Callable[[str, bytes], Path]) -> None:
    read_or_refused(write("deep.docx", hostile.deep_xml_in_docx(10_000)))
    loaded = read_or_refused(write("a.txt", b"The tide turned."))
    assert loaded is not None
    assert loaded.pages[0].text == "The tide turned."
