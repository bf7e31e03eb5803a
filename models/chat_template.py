"""Messages to a prompt by the model's own template.

What people and documents wrote is tokenized apart from the template, so that control tokens in
it (`<|im_end|>` in a web page, say) stay ordinary text, and each cached block apart from the
rest, so that its tokens are the same in every prompt. It does not know who wrote what.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.engine.prompt import Prompt
from models.errors import ModelError, first_line

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LIMIT = 1_000_000  # characters that a template may write, contents not counted
_FAILURES = (  # a template is a program that came with the file: it can fail in any of these ways
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
_MARK = re.compile("\ue000(\\d+)\ue001")  # stands for a content while the template is rendered


class Vocabulary(Protocol):
    """What is needed of models.engine.model.Model."""

    @property
    def chat_template(self) -> str: ...
    @property
    def adds_bos(self) -> bool: ...
    def special(self, name: str) -> str: ...
    def tokenize(self, text: str, *, special: bool = False) -> list[int]: ...


class Remembered:
    """A vocabulary that tokenizes every text once: for prompts that are made again and again."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.chat_template = vocabulary.chat_template
        self.adds_bos = vocabulary.adds_bos
        self.special = vocabulary.special
        self._tokenize = vocabulary.tokenize
        self._tokens: dict[tuple[str, bool], list[int]] = {}

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """As the vocabulary does; the list is not to be changed."""
        if (text, special) not in self._tokens:
            self._tokens[text, special] = self._tokenize(text, special=special)
        return self._tokens[text, special]


@dataclass(frozen=True)
class Block:
    """A part of a message; a `cached` one is a passage, whose KV is worth keeping."""

    text: str
    cached: bool = False


@dataclass(frozen=True)
class Turn:
    """One message: its role (system, user, assistant) and its text, or that in blocks."""

    role: str
    content: str | tuple[Block, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The text in blocks, neighbours that are not cached made one."""
        if isinstance(self.content, str):
            return (Block(self.content),)
        joined: list[Block] = []
        for block in self.content:
            if joined and not block.cached and not joined[-1].cached:
                joined[-1] = Block(joined[-1].text + block.text)
            else:
                joined.append(block)
        return tuple(joined)


@dataclass(frozen=True)
class _Piece:
    """Text of the prompt: the template's own (`special`), a cached block, or the question."""

    text: str
    special: bool = False
    cached: bool = False
    question: bool = False


def to_prompt(vocabulary: Vocabulary, turns: Sequence[Turn]) -> Prompt:
    """The conversation and the beginning of the model's answer.

    The first cached blocks that follow one another are the prompt's passages; the last turn's
    text behind them is its question. Raises ModelError if the model's template cannot be used.
    """
    pieces = _pieces(vocabulary, turns)
    first, end = _passages(pieces)
    prefix = _tokens(vocabulary, pieces[:first])
    passages: list[list[int]] = []
    for piece in pieces[first:end]:
        if piece.cached:
            passages.append(_tokens(vocabulary, [piece]))
        else:  # white space between two
            passages[-1] += _tokens(vocabulary, [piece])
    suffix: list[int] = []
    question = (0, 0)
    for piece in pieces[end:]:
        tokens = _tokens(vocabulary, [piece])
        if piece.question:
            question = (len(suffix), len(suffix) + len(tokens))
        suffix += tokens
    return Prompt(tuple(prefix), tuple(map(tuple, passages)), tuple(suffix), question)


def _tokens(vocabulary: Vocabulary, pieces: Sequence[_Piece]) -> list[int]:
    return [t for p in pieces for t in vocabulary.tokenize(p.text, special=p.special)]


def _passages(pieces: Sequence[_Piece]) -> tuple[int, int]:
    """Where the first run of cached pieces lies; without one, the place of the question."""
    cached = [place for place, piece in enumerate(pieces) if piece.cached]
    if not cached:
        place = next((i for i, piece in enumerate(pieces) if piece.question), len(pieces))
        return place, place
    first = cached[0]
    end = first + 1
    for place in cached[1:]:
        between = pieces[end:place]
        if any(piece.special or piece.text.strip() for piece in between):
            break
        end = place + 1
    return first, end


def _pieces(vocabulary: Vocabulary, turns: Sequence[Turn]) -> list[_Piece]:
    bos = vocabulary.special("bos")
    template = vocabulary.chat_template or CHATML
    variables = {"bos_token": bos, "eos_token": vocabulary.special("eos")}
    question = _question(turns)
    try:
        rendered = _render(template, turns, variables)
    except _FAILURES:
        # Templates of models without a system role refuse it: it then opens the first question.
        merged = _without_system(turns)
        try:
            rendered = _render(template, merged, variables)
        except _FAILURES as error:
            raise ModelError(
                f"the model's chat template cannot be used: {first_line(error)}"
            ) from error
        question = _question([turn for turn in turns if turn.role != "system"] or turns)
        turns = merged
    adds = vocabulary.adds_bos and bos and not rendered.startswith(bos)
    pieces = [_Piece(bos, special=True)] if adds else []
    for index, part in enumerate(_MARK.split(rendered)):
        if index % 2:
            turn = int(part)
            pieces += _contents(turns[turn], question if turn == len(turns) - 1 else "")
        elif part:
            pieces.append(_Piece(part, special=True))
    return pieces


def _question(turns: Sequence[Turn]) -> str:
    """The last turn's text behind its passages, without any system turn's in front of it."""
    blocks = turns[-1].blocks if turns else ()
    return "" if not blocks or blocks[-1].cached else blocks[-1].text.lstrip()


def _contents(turn: Turn, question: str) -> list[_Piece]:
    """The turn's pieces; its text ends with the question, if there is one in it."""
    pieces = [_Piece(block.text, cached=block.cached) for block in turn.blocks]
    if question:
        text = pieces.pop().text
        if before := text[: -len(question)]:
            pieces.append(_Piece(before))
        pieces.append(_Piece(question, question=True))
    return pieces


def _render(template: str, turns: Sequence[Turn], variables: dict[str, str]) -> str:
    messages = [
        {"role": turn.role, "content": f"\ue000{index}\ue001"} for index, turn in enumerate(turns)
    ]
    parts, size = [], 0
    for part in _compiled(template).generate(
        messages=messages, add_generation_prompt=True, **variables
    ):
        parts.append(part)
        size += len(part)
        if size > LIMIT:
            raise TemplateError(f"it writes more than {LIMIT} characters")
    rendered = "".join(parts)
    if any(int(index) >= len(turns) for index in _MARK.findall(rendered)):
        raise TemplateError("it writes the marks that stand for the messages")
    return rendered


@lru_cache(8)
def _compiled(template: str) -> Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = _raise
    # To the month: a prompt that begins with the day would make every passage's blob good for one.
    month = datetime.now().replace(day=1)
    environment.globals["strftime_now"] = month.strftime
    return environment.from_string(template)


def _raise(message: str) -> None:
    raise TemplateError(message)


def _without_system(turns: Sequence[Turn]) -> list[Turn]:
    system = [turn for turn in turns if turn.role == "system"]
    rest = [turn for turn in turns if turn.role != "system"]
    if not system:
        return rest
    opening = [block for turn in system for block in (*turn.blocks, Block("\n\n"))]
    if rest and rest[0].role == "user":
        return [Turn("user", (*opening, *rest[0].blocks)), *rest[1:]]
    return [Turn("user", tuple(opening[:-1])), *rest]
