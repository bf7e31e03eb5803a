"""Questions with passages and answers from files: SQuAD's layout, or a JSON object a line."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from chains.errors import QuestionError
from chains.evaluation.scores import holds
from chains.evaluation.validation import first_problem
from chains.language import language_of
from chains.lessons.errors import LessonError
from chains.lessons.example import Example, Passage
from chains.question import read_question
from chains.sentences import sentences
from models.errors import first_line

LARGEST = 200_000_000  # bytes of a file
WINDOW = {"en": 1200, "zh": 450}  # characters: longer passages are cut at sentences
LINES = ".jsonl"
FORM = 'A line is as {"question": "…", "passage": "…", "answer": "…"}, "" for no answer'


class _Answer(BaseModel):
    text: str
    answer_start: int = -1


class _Question(BaseModel):
    question: str
    answers: list[_Answer] = []
    is_impossible: bool = False


class _Paragraph(BaseModel):
    context: str
    qas: list[_Question]


class _Article(BaseModel):
    paragraphs: list[_Paragraph]
    title: str | None = None


class _Squad(BaseModel):
    data: list[_Article]


class _Line(BaseModel):
    question: str
    passage: str
    answer: str
    title: str = ""


def read_examples(path: Path) -> list[Example]:
    """The questions of a file, in its order: `.jsonl` by the line, any other in SQuAD's layout.

    Of a long passage the sentences around the answer are taken. Questions whose answer is not in
    their passage are left out. Raises LessonError where the file cannot be read, or nothing in it
    can be used.
    """
    data = _read(path)
    found = list(_lines(path, data) if path.suffix == LINES else _squad(path, data))
    if not found:
        raise LessonError(f"{path} holds no question whose answer stands in its passage")
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise LessonError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise LessonError(f"{path} has more than {LARGEST:,} bytes: divide it")
    return data


# ---- SQuAD's layout


def _squad(path: Path, data: bytes) -> Iterator[Example]:
    try:
        squad = _Squad.model_validate(_parsed(data))
    except ValidationError as error:
        raise LessonError(f"{path} is not in SQuAD's layout: {first_problem(error)}") from error
    except ValueError as error:
        raise LessonError(f"{path} is no JSON: {error}") from error
    for number, article in enumerate(squad.data):
        title = (article.title or "").replace("_", " ").strip()
        group = title or f"{path.stem} {number}"
        for paragraph in article.paragraphs:
            yield from _asked(paragraph, title, group)


def _asked(paragraph: _Paragraph, title: str, group: str) -> Iterator[Example]:
    windows = cut(paragraph.context)
    for asked in paragraph.qas:
        question = _clean(asked.question)
        if not question or (not asked.answers and not asked.is_impossible):
            continue
        texts = [] if asked.is_impossible else [_short(each.text) for each in asked.answers]
        # The one that most people gave, of equals the first, is the one to learn.
        answers = tuple(text for text, _ in Counter(texts).most_common() if text)
        if not answers:
            yield Example(question, (), Passage(_clean(windows[0][1]), title, group))
            continue
        place = next(each.answer_start for each in asked.answers if _short(each.text) == answers[0])
        for start, text in windows:
            here = place < 0 or start <= place < start + len(text)
            if here and holds(text, answers[:1]):
                yield Example(question, answers, Passage(_clean(text), title, group))
                break


def cut(text: str) -> list[tuple[int, str]]:
    """The text in parts of whole sentences, each with its start, none much longer than WINDOW."""
    most = WINDOW[language_of(text)]
    parts: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if parts and end - parts[-1][0] <= most:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
    return [(start, text[start:end]) for start, end in parts] or [(0, text)]


# ---- a JSON object a line


def _lines(path: Path, data: bytes) -> Iterator[Example]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        try:
            given = _Line.model_validate(_parsed(line))
            question = read_question(_clean(given.question)).text
        except ValidationError as error:
            reason = first_problem(error)
            raise LessonError(f"{path}, line {number}: {reason}. {FORM}") from error
        except (ValueError, QuestionError) as error:
            raise LessonError(f"{path}, line {number}: {error}. {FORM}") from error
        passage, answer, title = map(_clean, (given.passage, given.answer, given.title))
        if not passage:
            raise LessonError(f"{path}, line {number}: the passage is empty. {FORM}")
        if answer and not holds(passage, [answer]):
            continue
        place = Passage(passage, title, title or passage)
        yield Example(question, (answer,) if answer else (), place)


def _parsed(data: bytes) -> Any:
    """JSON in UTF-8. Raises ValueError with a reason in one line."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(first_line(error)) from error


def _short(answer: str) -> str:
    """An answer without the commas and stops that were marked with it."""
    return _clean(answer).rstrip(" ,;:，；：、。")


def _clean(text: str) -> str:
    """Without lone surrogates, and without white space around it."""
    return text.encode("utf-8", "replace").decode("utf-8").strip()
