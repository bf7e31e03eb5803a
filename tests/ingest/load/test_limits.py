import pytest

from ingest.errors import DocumentError
from ingest.load import limits
from ingest.load.limits import check_pages, check_text
from ingest.page import Page


def test_what_is_within_the_limits_passes() -> None:
    check_pages(limits.MAX_PAGES)
    check_text([Page(1, "a"), Page(2, "")])


def test_more_pages_or_text_than_can_be_borne_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentError, match=r"^refused: 20,001 pages, and 20,000 are the most: "):
        check_pages(20_001)
    with pytest.raises(DocumentError, match="pages"):
        check_text([Page(1, "")] * 20_001)
    monkeypatch.setattr(limits, "MAX_CHARACTERS", 9)
    with pytest.raises(DocumentError, match=r"^refused: 10 characters of text, and 9 are the most"):
        check_text([Page(1, "aaaaa"), Page(2, "bbbbb")])
