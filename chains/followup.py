"""What to search for when a question leans on what was said before."""

import re
from collections.abc import Sequence

from chains.language import language_of
from chains.prompts import Turn

_LEANS_EN = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|he|she|his|her|one|ones|former|latter|same"
    r"|why|how so|and|what about|how about|more|another|else)\b",
    re.IGNORECASE,
)
_LEANS_ZH = re.compile(r"它|他|她|这|那|其|上述|前者|后者|还有|呢|为什么|再")
SHORT_EN = 8  # words
SHORT_ZH = 15  # characters


def search_text(question: str, history: Sequence[Turn]) -> str:
    """The question, with the last one put before it if it is short and leans on it."""
    asked = [text for role, text in history if role in ("human", "user")]
    if not asked or not _leans(question):
        return question
    return f"{asked[-1]} {question}"


def _leans(question: str) -> bool:
    if language_of(question) == "zh":
        return len(question) <= SHORT_ZH and bool(_LEANS_ZH.search(question))
    return len(question.split()) <= SHORT_EN and bool(_LEANS_EN.search(question))
