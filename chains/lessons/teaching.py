"""Examples as lessons: the very prompts that the chains ask, one passage in each or several.

What a passage does not hold is taught by questions about others: the answer is then what the
chain says when nothing was found. It does not know where examples come from.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

from chains.evaluation.scores import holds
from chains.language import Language, language_of
from chains.lessons.example import Example, Passage
from chains.prompts import WORDINGS, answer_messages
from models.finetune.lesson import Lesson

UNANSWERABLE = 0.25  # of the lessons
JOINT = 0.4  # of the answerable questions are asked a second time, of several passages at once
TOGETHER = (2, 3)  # passages in such a prompt

Taught = tuple[str, str, Sequence[Passage]]  # question, answer, the passages that are read


def teach(
    examples: Sequence[Example],
    seed: int = 0,
    *,
    unanswerable: float = UNANSWERABLE,
    joint: float = JOINT,
    small: bool = True,
) -> list[Lesson]:
    """The lessons of these examples; the same seed gives the same.

    `small` says for which kind of model the prompts are (chains.model_size).
    Questions about one passage get the same prompt up to the question, so that it is read once.
    """
    chance = random.Random(seed)
    asked: dict[Passage, dict[str, str]] = defaultdict(dict)
    for example in examples:
        answer = example.answers[0] if example.answers else nothing_found(example.question)
        asked[example.passage].setdefault(example.question, answer)
    answerable = [example for example in examples if example.answers]
    given = len(examples) - len(answerable)
    wanted = round(unanswerable / (1 - unanswerable) * len(answerable)) - given
    for passage, example in _in_vain(answerable, chance, wanted):
        asked[passage].setdefault(example.question, nothing_found(example.question))
    alone: list[Taught] = [
        (question, answer, [passage])
        for passage, questions in asked.items()
        for question, answer in questions.items()
    ]
    together = _joint(answerable, chance, joint, unanswerable)
    return [_lesson(*taught, small=small) for taught in (*alone, *together)]


def nothing_found(question: str) -> str:
    """What is said, in the question's language, where nothing answers it."""
    return WORDINGS[language_of(question)].nothing_found


def _lesson(question: str, answer: str, passages: Sequence[Passage], *, small: bool) -> Lesson:
    documents = [passage.document for passage in passages]
    language = language_of(question)
    messages = answer_messages(question, documents, [], language, marked=True, small=small)
    return Lesson(tuple(messages), answer, passages[0].group)


def _in_vain(
    examples: Sequence[Example], chance: random.Random, wanted: int
) -> Iterator[tuple[Passage, Example]]:
    """So many questions with passages that do not hold the answer, every second one a rival."""
    passages: dict[Language, list[Passage]] = defaultdict(list)
    for example in examples:
        passages[language_of(example.passage.text)].append(example.passage)
    order = list(examples)
    chance.shuffle(order)
    for number in range(max(wanted, 0) if order else 0):
        example = order[number % len(order)]
        if example.rivals and number % 2:
            yield chance.choice(example.rivals), example
            continue
        others = passages[language_of(example.question)] or [example.passage]
        passage = chance.choice(others)
        if passage.group != example.passage.group and not holds(passage.text, example.answers):
            yield passage, example


def _joint(
    examples: Sequence[Example], chance: random.Random, share: float, unanswerable: float
) -> Iterator[Taught]:
    """Questions of several passages of a group at once, and some that none of them answers."""
    by_passage: dict[Passage, list[Example]] = defaultdict(list)
    by_group: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_passage[example.passage].append(example)
        by_group[example.passage.group].append(example)
    for passages in _sets(list(by_passage), chance):
        if chance.random() >= share:
            continue
        own = [example for passage in passages for example in by_passage[passage]]
        for example in own:
            yield example.question, example.answers[0], passages
        for number in range(round(unanswerable / (1 - unanswerable) * len(own))):
            near = by_group[passages[0].group] if number % 2 else []
            example = chance.choice(near or examples)
            texts = [passage.text for passage in passages]
            alike = language_of(texts[0]) == language_of(example.question)
            if alike and not any(holds(text, example.answers) for text in texts):
                yield example.question, nothing_found(example.question), passages


def _sets(passages: Sequence[Passage], chance: random.Random) -> Iterator[list[Passage]]:
    """The passages in sets: neighbours of a group, those that are alone in theirs together."""
    groups: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        groups[passage.group].append(passage)
    alone = [group[0] for group in groups.values() if len(group) == 1]
    for several in [*(group for group in groups.values() if len(group) > 1), alone]:
        order = sorted(several, key=lambda p: language_of(p.text))
        while order:
            count = chance.choice(TOGETHER)
            one, order = order[:count], order[count:]
            if len(one) > 1 and len({language_of(passage.text) for passage in one}) == 1:
                chance.shuffle(one)
                yield one
