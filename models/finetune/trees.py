"""Lessons as tokens, those that begin alike side by side.

Five questions about one passage are one tree: the passage is its trunk and is read once, each
question with its answer is a branch, which sees the trunk and itself. What is learnt is the same
as from five prompts, to rounding, for a third of the tokens. Tokens are made as the engine makes
them: by the model's template, on llama.cpp's vocabulary.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.chat_template import Remembered, Turn, to_prompt
from models.engine.model import Model
from models.errors import ModelError
from models.finetune.lesson import Lesson
from models.finetune.recipe import Recipe
from models.turns import to_turns


@dataclass(frozen=True)
class Branch:
    """What follows a trunk; the last `learnt` tokens are the answer and the end of the turn."""

    tokens: tuple[int, ...]
    learnt: int


@dataclass(frozen=True)
class Tree:
    """Prompts that begin with the same tokens."""

    trunk: tuple[int, ...]
    branches: tuple[Branch, ...]

    @property
    def size(self) -> int:
        """Tokens of all of it."""
        return len(self.trunk) + sum(len(branch.tokens) for branch in self.branches)


def grow(model: Model, lessons: Sequence[Lesson], longest: int) -> tuple[list[Tree], int]:
    """The trees of these lessons, none larger than `longest`, and how many lessons were too long.

    Raises ModelError if the model's template cannot be used.
    """
    vocabulary, end = Remembered(model), end_of_turn(model)
    branches: dict[tuple[int, ...], list[Branch]] = {}
    left_out = 0
    for lesson in lessons:
        prompt = to_prompt(vocabulary, to_turns(lesson.messages))
        trunk = tuple(prompt.tokens[: len(prompt.tokens) - len(prompt.suffix)])
        answer = (*vocabulary.tokenize(lesson.answer), end)
        branch = Branch((*prompt.suffix, *answer), len(answer))
        if not prompt.suffix or len(trunk) + len(branch.tokens) > longest:
            left_out += 1
            continue
        branches.setdefault(trunk, []).append(branch)
    trees = [
        Tree(trunk, part) for trunk, all in branches.items() for part in _parts(trunk, all, longest)
    ]
    return trees, left_out


def _parts(
    trunk: tuple[int, ...], branches: Sequence[Branch], longest: int
) -> Iterator[tuple[Branch, ...]]:
    part: list[Branch] = []
    size = len(trunk)
    for branch in branches:
        if part and size + len(branch.tokens) > longest:
            yield tuple(part)
            part, size = [], len(trunk)
        part.append(branch)
        size += len(branch.tokens)
    yield tuple(part)


def end_of_turn(model: Model) -> int:
    """The token that ends the model's turn in its template, or the vocabulary's end of all.

    Raises ModelError if there is none.
    """
    asked = [Turn("user", "a")]
    begun = len(to_prompt(model, asked).tokens)
    told = to_prompt(model, [*asked, Turn("assistant", "b")]).tokens
    for token in told[begun:]:
        if model.ends(token):
            return token
    last = model.tokenize(model.special("eos"), special=True)
    if len(last) == 1 and model.ends(last[0]):
        return last[0]
    raise ModelError(f"{model.path.name} has no token that ends an answer")


def held_apart(lessons: Sequence[Lesson], recipe: Recipe) -> tuple[list[Lesson], list[Lesson]]:
    """The lessons to train on, and those held back: whole groups, none if there is only one."""
    names = sorted({lesson.group for lesson in lessons})
    random.Random(recipe.seed).shuffle(names)
    wanted = min(round(recipe.held_back * len(lessons)), recipe.held_most)
    counts: dict[str, int] = dict.fromkeys(names, 0)
    for lesson in lessons:
        counts[lesson.group] += 1
    held: set[str] = set()
    for name in names[1:]:
        if wanted - sum(counts[each] for each in held) >= counts[name]:
            held.add(name)
    kept = [lesson for lesson in lessons if lesson.group not in held]
    return kept, [lesson for lesson in lessons if lesson.group in held]


def rounds(trees: Sequence[Tree], recipe: Recipe) -> Iterator[list[list[Tree]]]:
    """Without end: the trees in steps of about `recipe.lessons` lessons, in another order each."""
    number = 0
    while trees:
        order = list(trees)
        random.Random(f"{recipe.seed} {number}").shuffle(order)
        steps: list[list[Tree]] = [[]]
        for tree in order:
            if sum(len(each.branches) for each in steps[-1]) >= recipe.lessons:
                steps.append([])
            steps[-1].append(tree)
        yield steps
        number += 1


def dealt(
    trees: Sequence[Tree], budget: int, number: int, count: int
) -> list[tuple[list[Tree], bool]]:
    """The batches of process `number` of `count`, and whether each counts.

    All processes get like shares in equally many batches: where one has none left, it repeats a
    tree that does not count. One process gets all, packed.
    """
    order = sorted(trees, key=lambda tree: -tree.size)
    shares = [packed(order[n::count], budget) for n in range(count)]
    own = [(batch, True) for batch in shares[number]]
    return own + [(order[-1:], False)] * (max(map(len, shares)) - len(own))


def packed(trees: Sequence[Tree], budget: int) -> list[list[Tree]]:
    """The trees in batches of like sizes, each of `budget` tokens at most when padded, or one."""
    batches: list[list[Tree]] = []
    for tree in sorted(trees, key=lambda tree: -tree.size):
        if not batches or (len(batches[-1]) + 1) * batches[-1][0].size > budget:
            batches.append([])
        batches[-1].append(tree)
    return batches
