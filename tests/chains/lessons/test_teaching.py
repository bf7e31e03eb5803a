from collections.abc import Sequence
from dataclasses import replace

import pytest

from chains.lessons.example import Example, Passage
from chains.lessons.rivals import with_rivals
from chains.lessons.teaching import nothing_found, teach
from chains.prompts import WORDINGS, answer_messages
from models.finetune.lesson import Lesson

CITIES = "Berlin Paris Rome Madrid Lisbon Vienna Prague Athens Dublin Oslo Cairo Lima".split()
PASSAGES = [
    Passage(f"{city} has {n} bridges.", city, f"g{n // 2}") for n, city in enumerate(CITIES)
]
EXAMPLES = [
    Example(f"How many bridges are in {passage.title}?", (str(n),), passage)
    for n, passage in enumerate(PASSAGES)
] + [Example(f"What city has {n} bridges?", (p.title,), p) for n, p in enumerate(PASSAGES)]
REFUSAL = WORDINGS["en"].nothing_found


def texts(lesson: Lesson) -> tuple[str, ...]:
    """The passages of a lesson."""
    return tuple(str(block["text"]) for block in lesson.messages[-1].content[:-1])  # type: ignore[index]


def question(lesson: Lesson) -> str:
    return str(lesson.messages[-1].content[-1]["text"]).strip()  # type: ignore[index]


def alone(lessons: Sequence[Lesson]) -> list[Lesson]:
    return [lesson for lesson in lessons if len(texts(lesson)) == 1]


def test_every_example_is_the_prompt_of_the_chain_and_its_answer() -> None:
    lessons = teach(EXAMPLES, unanswerable=0, joint=0)
    assert len(lessons) == len(EXAMPLES)
    found = {(texts(lesson), question(lesson)): lesson for lesson in lessons}
    for example in EXAMPLES:
        document = example.passage.document
        messages = answer_messages(example.question, [document], [], "en", marked=True)
        lesson = found[(f"{example.passage.title}\n{example.passage.text}\n",), example.question]
        assert list(lesson.messages) == messages
        assert lesson.answer == example.answers[0]
        assert lesson.group == example.passage.group


def test_the_share_asked_for_is_not_answered_by_what_is_put_with_it() -> None:
    lessons = alone(teach(EXAMPLES, unanswerable=0.4, joint=0))
    refused = [lesson for lesson in lessons if lesson.answer == REFUSAL]
    assert 0.25 < len(refused) / len(lessons) <= 0.4  # fewer where a passage was drawn twice
    gold = {example.question: example.passage for example in EXAMPLES}
    for lesson in refused:
        assert gold[question(lesson)].text not in texts(lesson)[0]


def test_a_question_that_the_passage_answers_after_all_is_never_taught_to_be_refused() -> None:
    twin = replace(PASSAGES[0], text="Also here: 0 and Berlin.", group="twin")
    examples = [*EXAMPLES[:1], Example("What is also here?", ("0",), twin)]
    lessons = teach(with_rivals(examples), unanswerable=0.9, joint=0)
    assert [lesson for lesson in lessons if lesson.answer == REFUSAL] == []


def test_rivals_share_the_questions_words_and_not_its_answer() -> None:
    lake = Passage("Lake Garda lies in Italy.", group="a")
    town = Passage("The lake near the town of Como lies in Lombardy.", group="b")
    other = Passage("Violins are made of wood.", group="c")
    same = Passage("Garda, a lake of Italy, is deep.", group="d")
    examples = [
        Example("Where does lake Garda lie?", ("Italy",), lake),
        Example("What are violins made of?", ("wood",), other),
        Example("Where is Como?", ("Lombardy",), town),
        Example("Is it deep?", ("deep",), same),
    ]
    first, *_ = with_rivals(examples)
    assert first.rivals == (town,)
    own = replace(examples[0], rivals=(other,))
    assert with_rivals([own, *examples[1:]])[0].rivals == (other,)


def test_several_passages_stand_together_with_questions_of_each_and_of_none() -> None:
    lessons = [each for each in teach(EXAMPLES, joint=1.0) if len(texts(each)) > 1]
    answered = [lesson for lesson in lessons if lesson.answer != REFUSAL]
    gold = {example.question: example for example in EXAMPLES}
    assert len(answered) == len(EXAMPLES)
    for lesson in lessons:
        holds = any(gold[question(lesson)].passage.text in text for text in texts(lesson))
        assert holds == (lesson.answer != REFUSAL)
    assert len({texts(lesson) for lesson in answered}) == 6
    assert {len(texts(lesson)) for lesson in lessons} == {2}  # groups have two passages each


def test_a_seed_gives_the_same_lessons_again() -> None:
    assert teach(EXAMPLES, 3) == teach(EXAMPLES, 3)
    assert teach(EXAMPLES, 3) != teach(EXAMPLES, 4)


@pytest.mark.parametrize(("asked", "language"), [("Who?", "en"), ("是谁？", "zh")])
def test_what_is_not_found_is_said_in_the_questions_language(asked: str, language: str) -> None:
    assert nothing_found(asked) == WORDINGS[language].nothing_found  # type: ignore[index]
    lessons = teach([Example(asked, (), PASSAGES[0])])
    assert [lesson.answer for lesson in lessons] == [nothing_found(asked)]


def test_no_examples_give_no_lessons() -> None:
    assert teach([]) == []
