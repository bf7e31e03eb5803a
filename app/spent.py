"""What the latest answers took, in figures alone: whose they were is not asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.chats import Chats
from app.kept import timings_of

COUNTED = 40


@dataclass(frozen=True)
class Spent:
    """One answer's: seconds to its first word, its speed, its prompt's tokens and those reused."""

    asked_at: float
    first_word_s: float
    tokens_per_s: float
    prompt: int
    reused: int


def latest_spent(chats: Chats, limit: int = COUNTED) -> list[Spent]:
    """The latest answers in which the model had a part, the oldest of them first."""
    found = []
    for row in chats.latest(limit):
        took = timings_of(row)
        if took.get("prompt_tokens"):
            found.append(
                Spent(
                    asked_at=row.asked_at,
                    first_word_s=float(took["first_token_s"]),
                    tokens_per_s=float(took["tokens_per_s"]),
                    prompt=int(took["prompt_tokens"]),
                    reused=int(took["reused_tokens"]),
                )
            )
    return found[::-1]


def reused_share(spent: Sequence[Spent]) -> float:
    """Which share of the prompts' tokens need not be read, 0 without any."""
    prompt = sum(each.prompt for each in spent)
    return sum(each.reused for each in spent) / prompt if prompt else 0.0
