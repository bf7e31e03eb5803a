"""Makes a conversation fit into the model's context: the oldest turns go first, then the passages
that are ranked last. The last turn, the question, is never cut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.chat_template import Block, Turn


@dataclass(frozen=True)
class Fitted:
    """What is left of a conversation, and what had to go. It may still be too long."""

    turns: tuple[Turn, ...]
    dropped_turns: int = 0
    dropped_passages: int = 0


def fit(turns: Sequence[Turn], fits: Callable[[Sequence[Turn]], bool]) -> Fitted:
    """Drop as little as makes `fits` true; where nothing does, everything that may be dropped."""
    left = tuple(turns)
    dropped_turns = dropped_passages = 0
    while not fits(left):
        if shorter := _without_oldest(left):
            dropped_turns += len(left) - len(shorter)
            left = shorter
        elif shorter := _without_last_passage(left):
            dropped_passages += 1
            left = shorter
        else:
            break
    return Fitted(left, dropped_turns, dropped_passages)


def _without_oldest(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Without the oldest question and what answered it; its passages move to the next question."""
    first = next((i for i, turn in enumerate(turns) if turn.role != "system"), len(turns))
    end = first + 1
    while end < len(turns) and turns[end].role != "user":
        end += 1
    if end >= len(turns):
        return ()
    system = [turn for turn in turns[first:end] if turn.role == "system"]
    passages = _passages(turns[first])
    heir = turns[end]
    if passages:
        heir = Turn(heir.role, (*passages, Block("\n\n"), *heir.blocks))
    return (*turns[:first], *system, heir, *turns[end + 1 :])


def _passages(turn: Turn) -> list[Block]:
    """The cached blocks and the white space between them, which belongs to the one before it."""
    blocks = turn.blocks
    places = [i for i, block in enumerate(blocks) if block.cached]
    between = blocks[places[0] : places[-1] + 1] if places else ()
    return [block for block in between if block.cached or not block.text.strip()]


def _without_last_passage(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    for place in range(len(turns) - 1, -1, -1):
        blocks = list(turns[place].blocks)
        cached = [i for i, block in enumerate(blocks) if block.cached]
        if cached:
            del blocks[cached[-1]]
            return (*turns[:place], Turn(turns[place].role, tuple(blocks)), *turns[place + 1 :])
    return ()
