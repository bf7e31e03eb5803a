"""A question as rules read it: without courtesies and the last stop; and what rules share.

Rules match the whole of a question, so that one that merely sounds alike goes its usual way.
"""

import re
from collections.abc import Iterator, Sequence

from chains.language import language_of

_COURTESY = re.compile(
    r"^(?:(?:please|kindly|hey|hi|hello|ok(?:ay)?|so|now|and|then|kvasir)[,!]?\s+"
    r"|(?:can|could|would|will) you (?:please |kindly |also |now )*"
    r"|(?:i want|i need|i would like|i'd like) (?:you )?to (?:know )?|help me (?:to )?|let me know "
    r"|(?:do )?you know |tell me (?=how |what |which |when |why )"
    r"|请问|请你?|麻烦你?|帮我|帮忙|给我|替我|能不能|能否|可不可以|可以|你能|我想知道|我想要?|告诉我|现在|那么|[，,\s])",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:[\s.!?。！？…]|,?\s+please|,?\s+for me|,?\s+thanks|(?<=[\u4e00-\u9fff])(?:吗|呢|吧|呀|啊)"
    r"|，?好吗|，?可以吗|，?行吗|，?谢谢)+$",
    re.IGNORECASE,
)
_BESIDE_HAN = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) | (?=[\u3000-\u9fff\uff00-\uffef])")
_OPEN = "\"'“‘„«「『《`"
_CLOSE = "\"'”’“»」』》`"

DOCS = r"(?:documents?|docs?|files?)"
LIBRARY = (
    r"(?:(?:my|the|this|your|our)\s+)?(?:(?:entire|whole|document|local)\s+)?"
    r"(?:library|collection|knowledge base|documents|docs|files)"
)
DOCS_ZH = r"(?:文档|文件|资料)"
LIBRARY_ZH = (
    r"(?:我的|你的|这个|本|当前|整个|所有|全部|我)?"
    r"(?:文档库|资料库|知识库|文件库|库|文档|文件|资料)"
)
MANY_ZH = r"(?:多少|几)(?:个|份|篇|本|种|部)?"
_LIBRARY = re.compile(
    rf"(?:{LIBRARY}|{LIBRARY_ZH}|all|all {LIBRARY}|all of {LIBRARY})", re.IGNORECASE
)


def plain(question: str) -> str:
    """The question on one line, without "please", 请问 and the stop at its end.

    In Chinese, white space beside its characters goes, too.
    """
    text = " ".join(question.split())
    if language_of(text) == "zh":
        text = _BESIDE_HAN.sub("", text)
    before = ""
    while before != text:
        before = text
        text = _END.sub("", _COURTESY.sub("", text, count=1))
    return text


def rules(*patterns: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of one kind of question."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


def all_matches(patterns: Sequence[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    """How the whole text matches one pattern after the other."""
    return (match for match in (pattern.fullmatch(text) for pattern in patterns) if match)


def first_match(patterns: Sequence[re.Pattern[str]], text: str) -> re.Match[str] | None:
    """How the whole text matches the first of the patterns that it does match."""
    return next(all_matches(patterns, text), None)


def group(match: re.Match[str], *names: str) -> str:
    """The first of the named groups that the match has, "" for none."""
    groups = match.groupdict()
    return next((groups[name].strip() for name in names if groups.get(name)), "")


def unquoted(text: str) -> tuple[str, bool]:
    """The text without quotation marks around it, and whether there were any."""
    text = text.strip()
    if len(text) > 2 and text[0] in _OPEN and text[-1] in _CLOSE:
        return text[1:-1].strip(), True
    return text, False


def is_library(text: str) -> bool:
    """Whether a text means the whole library: "my documents", 文档库."""
    return _LIBRARY.fullmatch(text.strip()) is not None
