"""Passages that a question could be asked of in vain: they share its words and not its answer."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from chains.evaluation.scores import holds
from chains.language import language_of
from chains.lessons.example import Example, Passage
from chains.words import content_words

RIVALS = 3  # for each question
COMMON = 0.2  # a word in more than this share of the passages finds none


def with_rivals(examples: Sequence[Example]) -> list[Example]:
    """The examples, those without rivals with passages of the others that share most words.

    None of them holds any of the question's answers, and all are in the question's language.
    """
    passages = list(dict.fromkeys(example.passage for example in examples))
    index: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        for word in content_words(f"{passage.title} {passage.text}"):
            index[word].append(number)
    most = max(COMMON * len(passages), 10)
    usual = {word: found for word, found in index.items() if len(found) <= most}
    return [
        example
        if example.rivals or not example.answers
        else replace(example, rivals=_rivals(example, passages, usual))
        for example in examples
    ]


def _rivals(
    example: Example, passages: Sequence[Passage], index: dict[str, list[int]]
) -> tuple[Passage, ...]:
    shared: Counter[int] = Counter()
    for word in sorted(content_words(example.question)):
        shared.update(index.get(word, ()))
    language = language_of(example.question)
    found: list[Passage] = []
    for number, _ in shared.most_common(4 * RIVALS):
        passage = passages[number]
        alike = passage != example.passage and language_of(passage.text) == language
        if alike and not holds(passage.text, example.answers):
            found.append(passage)
        if len(found) == RIVALS:
            break
    return tuple(found)
