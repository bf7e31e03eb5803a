"""Questions with gold answers, in a file with a JSON object a line.

It does not know how a question is answered.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from chains.errors import QuestionError
from chains.evaluation.errors import EvaluationError
from chains.evaluation.validation import first_problem
from chains.question import read_question
from models.errors import first_line

LARGEST = 50_000_000  # bytes of a file
LONGEST = 100_000  # bytes of a line
SHOWN = 10  # bad lines that are named
FORM = 'A line is as {"question": "…", "answer": "…", "source": "a file"}; see docs/evaluation.md'


class Gold(BaseModel):
    """A question, and what is known of its answer and of where that stands; all but the question
    may be left out.

    `source` is a document's path, the end of one, or its title; `page` its number, or the label
    that citations give; `quote` is a text that a right passage holds.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    question: str
    answers: tuple[str, ...] = ()
    source: str = ""
    page: int | str | None = None
    quote: str = ""
    unanswerable: bool = False

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, given: Any) -> Any:
        """Take "answer" or a list for "answers", and texts without what is no text."""
        if not isinstance(given, dict):
            raise ValueError("it is no JSON object")
        fields = {name: _clean(value) for name, value in given.items() if value is not None}
        answers = fields.pop("answers", [])
        answer = fields.pop("answer", [])
        if not isinstance(answers, list | tuple):
            raise ValueError('"answers" must be a list of texts')
        answers = [*(answer if isinstance(answer, list) else [answer]), *answers]
        if not all(isinstance(text, str) for text in answers):
            raise ValueError('"answer" must be a text, "answers" a list of them')
        fields["answers"] = tuple(dict.fromkeys(text for text in answers if text))
        return fields

    @model_validator(mode="after")
    def _makes_sense(self) -> "Gold":
        read_question(self.question)
        if self.unanswerable and (self.answers or self.quote):
            raise ValueError("it is called unanswerable and has an answer or a quote")
        if self.page is not None and not self.source:
            raise ValueError('"page" goes with "source"')
        return self

    @property
    def located(self) -> bool:
        """Whether it can be told if a passage is a right one."""
        return not self.unanswerable and bool(self.source or self.quote or self.answers)

    def line(self) -> str:
        """As it is written in a file: what is left out is not there, one answer is `answer`."""
        fields: dict[str, Any] = {"question": self.question}
        if len(self.answers) == 1:
            fields["answer"] = self.answers[0]
        rest = self.model_dump(exclude_defaults=True, exclude={"question"})
        fields |= {k: v for k, v in rest.items() if k != "answers" or len(self.answers) > 1}
        return json.dumps(fields, ensure_ascii=False)


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be used, counted from 1, and why."""

    line: int
    reason: str


def read_gold(path: Path) -> tuple[list[Gold], list[BadLine]]:
    """The questions of a file in its order, and the lines that hold none; blank ones are neither.

    A question that stood before is a bad line. Raises EvaluationError where the file cannot be
    read, or no line can be used.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise EvaluationError(
            f"{path} has more than {LARGEST:,} bytes: it is no file of questions, or several"
        )
    found, bad = _read(data.splitlines())
    if not found:
        named = f" ({left_out(bad)})" if bad else ""
        raise EvaluationError(f"{path} holds no question{named}. {FORM}")
    return found, bad


def written(path: Path, questions: Iterable[Gold]) -> Iterator[Gold]:
    """Write questions into a new file as they come, and give each one when it is in there.

    Without any there is no file. Raises EvaluationError where it cannot be written, or is there
    already.
    """
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise EvaluationError(f"{path} is there already. Take another --out") from error
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}") from error
    count = 0
    try:
        with file:
            for gold in questions:
                _append(file, gold)
                count += 1
                yield gold
    finally:
        if not count:
            path.unlink(missing_ok=True)


def left_out(bad: list[BadLine]) -> str:
    """The bad lines and their reasons in one line, not all of them where they are many."""
    shown = "; ".join(f"line {each.line}: {each.reason}" for each in bad[:SHOWN])
    return shown + (f"; and {len(bad) - SHOWN:,} more" if len(bad) > SHOWN else "")


def _append(file: TextIO, gold: Gold) -> None:
    try:
        file.write(gold.line() + "\n")
        file.flush()
    except OSError as error:
        raise EvaluationError(f"{file.name} cannot be written: {error.strerror}") from error


def _read(lines: Iterable[bytes]) -> tuple[list[Gold], list[BadLine]]:
    found: dict[str, int] = {}
    questions: list[Gold] = []
    bad: list[BadLine] = []
    for number, line in enumerate(lines, 1):
        if not line.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        try:
            gold = _parse(line)
            first = found.setdefault(gold.question, number)
            if first != number:
                raise EvaluationError(f"the question of line {first} again")
        except (EvaluationError, QuestionError) as error:
            bad.append(BadLine(number, str(error)))
        else:
            questions.append(gold)
    return questions, bad


def _parse(line: bytes) -> Gold:
    if len(line) > LONGEST:
        raise EvaluationError(f"{len(line):,} bytes, {LONGEST:,} at most are a question")
    try:
        return Gold.model_validate(json.loads(line.decode("utf-8-sig")))
    except ValidationError as error:
        raise EvaluationError(first_problem(error)) from error
    except RecursionError as error:
        raise EvaluationError("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise EvaluationError(f"no JSON ({error.msg}, character {error.pos + 1})") from error
    except ValueError as error:  # another encoding, a number of thousands of digits
        raise EvaluationError(f"no JSON in UTF-8 ({first_line(error)})") from error


def _clean(value: Any) -> Any:
    """A text without lone surrogates, which no file takes, and without space around it."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").strip()
    return [_clean(each) for each in value] if isinstance(value, list) else value
