"""Text to sentences, as spans: English and Chinese, table rows and list items by the line."""

import re

Span = tuple[int, int]

# A stop in Chinese ends a sentence wherever it stands, one in English only before white space.
_END = re.compile(r"[。！？…]+[”’」』）》\"']*|[.!?]+[\"'”’)\]]*(?=\s)|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:e\.g|i\.e|etc|cf|vs|al|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Eq|Sec|Vol|pp?|ca"
    r"|Inc|Ltd|Co|Corp|U\.S|U\.K|[A-Z])\.$"
)
_NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,3}\.$")  # the "1." before a list item


def sentences(text: str) -> list[Span]:
    """The spans of the sentences, in order, trimmed of white space, none empty."""
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        if match.group().startswith("."):
            before = text[start : match.start() + 1]
            if _ABBREVIATION.search(before) or _NUMBERED.search(before):
                continue
        _add(text, start, end, spans)
        start = end
    _add(text, start, len(text), spans)
    return spans


def _add(text: str, start: int, end: int, spans: list[Span]) -> None:
    part = text[start:end]
    if part.strip():
        spans.append((start + len(part) - len(part.lstrip()), start + len(part.rstrip())))
