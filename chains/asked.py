"""What passes between the chain and its two ways of answering, writing and quoting."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig

from chains.evidence import Sentence
from chains.language import Language
from chains.question import Question
from chains.shares import Shares
from models.chat_model import OnProgress


@dataclass
class Spent:
    """What an answer took; a way of answering fills it in. 0 where a model does not tell."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    completion_tokens: int = 0
    tokens_per_s: float = 0.0
    quoted: bool = False  # whether the answer is the documents' own words
    dropped_turns: int = 0
    dropped_passages: int = 0


@dataclass(frozen=True)
class Asked:
    """A question with what was found for it: the passages and their marked sentences.

    `blobs` is the folder for the passages' KV. Where it is `refused`, no passage bears on the
    question. `spent` and `shares` are filled in by whoever answers.
    """

    question: Question
    language: Language
    passages: Sequence[Document]
    marked: Sequence[tuple[Sentence, float]]
    blobs: Path
    config: RunnableConfig
    on_progress: OnProgress
    refused: bool = False
    spent: Spent = field(default_factory=Spent)
    shares: Shares = field(default_factory=Shares)
