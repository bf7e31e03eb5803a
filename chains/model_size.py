"""Whether a model is small: small ones quote, are prompted in few words, and rewrite nothing."""

from langchain_core.language_models import BaseChatModel

from models.chat_model import KvasirChat

SMALL = 1_000_000_000
"""Parameters. Below, models find better than they write, and read little but English."""


def is_small(llm: BaseChatModel) -> bool:
    """Whether it is a model on this machine with fewer parameters; others are taken to be large."""
    return isinstance(llm, KvasirChat) and llm.parameters < SMALL
