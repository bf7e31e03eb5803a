"""Lessons as trees: the engine's tokens, each answer seeing what it would see alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from langchain_core.messages import HumanMessage, SystemMessage

from models.bundled import bundled_chat_model
from models.chat_template import to_prompt
from models.engine.model import Model
from models.finetune.batch import make_batch
from models.finetune.lesson import Lesson
from models.finetune.recipe import Recipe
from models.finetune.trainable import Trainable
from models.finetune.trees import (
    Branch,
    Tree,
    end_of_turn,
    grow,
    held_apart,
    packed,
    rounds,
)
from models.turns import to_turns


def lesson(passage: str, question: str, answer: str, group: str = "") -> Lesson:
    block = {"type": "text", "text": passage, "cache_control": {"type": "ephemeral"}}
    asked = {"type": "text", "text": f"\n{question}"}
    return Lesson((SystemMessage("Answer."), HumanMessage([block, asked])), answer, group)


LESSONS = [
    lesson("Cats sleep.\n", "Who sleeps?", "Cats"),
    lesson("Cats sleep.\n", "What do cats do?", "sleep"),
    lesson("Tea is green.\n", "Which colour has tea?", "green"),
]


def test_a_lesson_is_the_engines_own_prompt_and_the_answer_and_the_end(engine_model: Model) -> None:
    trees, left_out = grow(engine_model, LESSONS, 1000)
    assert (left_out, [len(tree.branches) for tree in trees]) == (0, [2, 1])
    for tree, own in zip(trees, (LESSONS[:2], LESSONS[2:]), strict=True):
        for branch, one in zip(tree.branches, own, strict=True):
            prompt = to_prompt(engine_model, to_turns(one.messages)).tokens
            answer = [*engine_model.tokenize(one.answer), end_of_turn(engine_model)]
            assert [*tree.trunk, *branch.tokens] == [*prompt, *answer]
            assert branch.learnt == len(answer)
            assert engine_model.ends(answer[-1])
            assert not any(engine_model.ends(token) for token in answer[:-1])


@pytest.fixture(scope="module")
def engine_model() -> Model:
    return Model(bundled_chat_model(), gpu_layers=0)


def test_what_is_too_long_is_left_out_and_large_trees_are_divided(engine_model: Model) -> None:
    whole, _ = grow(engine_model, LESSONS, 1000)
    sizes = [len(tree.trunk) + len(b.tokens) for tree in whole for b in tree.branches]
    parts, left_out = grow(engine_model, LESSONS, max(sizes))
    assert left_out == 0
    assert [len(tree.branches) for tree in parts] == [1, 1, 1]
    _, left_out = grow(engine_model, LESSONS, max(sizes) - 1)
    assert left_out == sizes.count(max(sizes))


def test_answers_side_by_side_are_foretold_as_if_alone(tiny: Path) -> None:
    model = Trainable(tiny, Recipe(precision="float32"))
    random = np.random.default_rng(0)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(int(token) for token in random.integers(3, 259, count))

    trunk, other = tokens(20), tokens(7)
    branches = [Branch(tokens(6), 2), Branch(tokens(11), 4), Branch(tokens(3), 1)]
    together = [Tree(trunk, tuple(branches)), Tree(other, (branches[1],))]
    apart = [Tree(trunk, (branch,)) for branch in branches] + [Tree(other, (branches[1],))]
    with torch.no_grad():
        one = make_batch(together, model.device)
        many = [make_batch([tree], model.device) for tree in apart]
        found = model(one)
        expected = torch.cat([model(batch) for batch in many])
    assert one.targets.tolist() == [token for batch in many for token in batch.targets.tolist()]
    assert one.lessons.tolist() == [0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 3]
    assert one.size == sum(tree.size for tree in together)
    assert torch.allclose(found, expected, atol=1e-4)


def test_whole_groups_are_held_back_and_never_all() -> None:
    lessons = [lesson("p", f"q{n}", "a", group=f"g{n % 10}") for n in range(100)]
    kept, held = held_apart(lessons, Recipe(held_back=0.25))
    assert len(held) == 20
    assert {each.group for each in kept}.isdisjoint(each.group for each in held)
    assert sorted(kept + held, key=repr) == sorted(lessons, key=repr)
    assert held_apart(lessons, Recipe(held_back=0.25)) == (kept, held)
    assert held_apart(lessons, Recipe(held_back=0.25, seed=1)) != (kept, held)
    assert len(held_apart(lessons, Recipe(held_back=0.5, held_most=30))[1]) == 30
    same = [lesson("p", f"q{n}", "a", group="one") for n in range(100)]
    assert held_apart(same, Recipe()) == (same, [])


def test_every_round_has_every_tree_once_in_another_order() -> None:
    trees = [Tree((n,), (Branch((1, 2), 1),) * (1 + n % 3)) for n in range(30)]
    found = rounds(trees, Recipe(lessons=8))
    first, second = next(found), next(found)
    for one in (first, second):
        assert sorted(tree.trunk for step in one for tree in step) == [(n,) for n in range(30)]
        assert all(8 <= sum(len(t.branches) for t in step) <= 10 for step in one[:-1])
    assert first != second
    assert next(rounds(trees, Recipe(lessons=8))) == first


def test_batches_keep_to_their_budget_where_they_can() -> None:
    trees = [Tree((1,) * size, ()) for size in (5, 90, 10, 40, 42, 8, 200)]
    batches = packed(trees, 100)
    assert sorted(tree.size for batch in batches for tree in batch) == [5, 8, 10, 40, 42, 90, 200]
    padded = [len(batch) * max(tree.size for tree in batch) for batch in batches]
    assert [width for width in padded if width > 100] == [200]
    assert len(batches) == 4
