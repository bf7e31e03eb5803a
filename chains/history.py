"""How much of a conversation is put to a model again: the last turns, within a budget of tokens.

It does not know passages or questions.
"""

import re
from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel

from chains.prompts import TURNS, Turn
from models.chat_model import KvasirChat
from models.settings import get_settings

SHARE = 4  # a conversation may take one part in so many of the context: passages need the rest
AROUND = 8  # tokens that a chat template puts around a turn, about
_WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def recent(history: Sequence[Turn], llm: BaseChatModel) -> tuple[list[Turn], int]:
    """The last turns that fit, beginning with a question, and how many were dropped.

    Tokens are the model's own where it runs here. Others are not asked, since theirs may be
    fetched from elsewhere to be counted: a wide character counts as one, four others as one.
    """
    budget = _context(llm) // SHARE
    kept: list[Turn] = []
    for role, text in reversed(history[-TURNS:]):
        budget -= _tokens(text, llm) + AROUND
        if budget < 0:
            break
        kept.insert(0, (role, text))
    while kept and kept[0][0] not in ("human", "user"):
        del kept[0]
    return kept, len(history) - len(kept)


def _context(llm: BaseChatModel) -> int:
    return llm.context_size if isinstance(llm, KvasirChat) else get_settings().context


def _tokens(text: str, llm: BaseChatModel) -> int:
    if isinstance(llm, KvasirChat):
        return len(llm.get_token_ids(text))
    wide = len(_WIDE.findall(text))
    return wide + (len(text) - wide + 3) // 4
