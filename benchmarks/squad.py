"""Questions with gold answers, from files in SQuAD's layout beside the checkout."""

import json
from dataclasses import dataclass
from pathlib import Path

QA = Path(__file__).resolve().parents[2] / "shared" / "qa"


@dataclass(frozen=True)
class Question:
    """A question, its gold answers, and the number of the paragraph that they stand in."""

    text: str
    answers: tuple[str, ...]
    paragraph: int


def read_squad(path: Path) -> tuple[list[str], list[Question]]:
    """The paragraphs of a file, in its order, and all questions about them."""
    paragraphs: list[str] = []
    questions: list[Question] = []
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                answers = tuple(answer["text"] for answer in qa["answers"])
                questions.append(Question(qa["question"], answers, len(paragraphs)))
            paragraphs.append(paragraph["context"])
    return paragraphs, questions
