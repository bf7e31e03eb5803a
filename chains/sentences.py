"""Text to sentences, as spans: English and Chinese, table rows and list items by the line.

Lines that a page's width has broken, as in a PDF, go on as one sentence.
"""

import re

Span = tuple[int, int]

# A stop in Chinese ends a sentence wherever it stands, one in English only before white space.
_END = re.compile(r"[。！？…]+[”’」』）》\"']*|[.!?]+[\"'”’)\]]*(?=\s)|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:e\.g|i\.e|etc|cf|vs|al|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Eq|Sec|Vol|pp?|ca"
    r"|Inc|Ltd|Co|Corp|U\.S|U\.K|[A-Z])\.$"
)
_STOPPED = re.compile(r"[。！？….!?:：|][”’」』）》\"')\]]*$")
_ITEM = re.compile(r"[-*•·–#>|]|\(?\d{1,3}[.)、]|[（(]?[一二三四五六七八九十]{1,3}[）)、.]")
FULL_LINE = 40  # columns, a Han character taking two: a shorter line ended because it was over
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
        if match.group() == "\n" and _goes_on(text, match.start()):
            continue
        _add(text, start, end, spans)
        start = end
    _add(text, start, len(text), spans)
    return spans


def is_title(sentence: str) -> bool:
    """Whether it is a short line that ends without a stop, as titles do, and no table's row."""
    short = _columns(sentence) < FULL_LINE
    return short and not _STOPPED.search(sentence) and " | " not in sentence


def _columns(line: str) -> int:
    return len(line) + sum(character >= "\u2e80" for character in line)


def _goes_on(text: str, newline: int) -> bool:
    """Whether the line before this newline was broken in the middle of a sentence."""
    line = text[text.rfind("\n", 0, newline) + 1 : newline].rstrip()
    end = text.find("\n", newline + 1)
    following = text[newline + 1 : end if end >= 0 else len(text)].strip()
    if not following or _columns(line) < FULL_LINE or _STOPPED.search(line):
        return False
    return not (_ITEM.match(following) or " | " in line or " | " in following)


def _add(text: str, start: int, end: int, spans: list[Span]) -> None:
    part = text[start:end]
    if part.strip():
        spans.append((start + len(part) - len(part.lstrip()), start + len(part.rstrip())))
