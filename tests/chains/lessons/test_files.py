import json
from pathlib import Path
from typing import Any

import pytest

from chains.lessons.errors import LessonError
from chains.lessons.files import WINDOW, cut, read_examples

CATS = "Cats sleep for 13 hours a day. A group of cats is called a clowder."


def squad(path: Path, *paragraphs: dict[str, Any], title: str | None = "About_cats") -> Path:
    article = {"paragraphs": list(paragraphs)} | ({} if title is None else {"title": title})
    path.write_text(json.dumps({"data": [article]}), "utf-8")
    return path


def asked(question: str, *answers: str, context: str = CATS) -> dict[str, Any]:
    given = [{"text": text, "answer_start": context.find(text)} for text in answers]
    return {"question": question, "answers": given, "id": "x"}


def test_squads_layout_gives_questions_with_the_answer_that_most_gave(tmp_path: Path) -> None:
    how = asked("How long do cats sleep?", "hours", "13 hours", "13 hours")
    paragraph = {"context": CATS, "qas": [how, asked("What is a group called?", "a clowder.")]}
    first, second = read_examples(squad(tmp_path / "cats.json", paragraph))
    assert first.answers == ("13 hours", "hours")
    assert second.answers == ("a clowder.",)
    assert (first.passage.text, first.passage.title, first.passage.group) == (
        CATS,
        "About cats",
        "About cats",
    )
    assert first.passage == second.passage


def test_what_is_impossible_has_no_answer_and_what_has_none_is_left_out(tmp_path: Path) -> None:
    impossible = {"question": "Who?", "answers": [], "is_impossible": True}
    nothing = {"question": "When?", "answers": []}
    elsewhere = asked("Where?", "in Rome")
    paragraph = {"context": CATS, "qas": [impossible, nothing, elsewhere]}
    (only,) = read_examples(squad(tmp_path / "cats.json", paragraph))
    assert (only.question, only.answers) == ("Who?", ())


def test_of_a_long_passage_the_sentences_around_the_answer_are_taken(tmp_path: Path) -> None:
    context = "".join(f"Fact number {n} is {n * 7}. " for n in range(200))
    question = asked("What is fact number 150?", "1050", context=context)
    path = squad(tmp_path / "f.json", {"context": context, "qas": [question]}, title=None)
    (found,) = read_examples(path)
    assert "Fact number 150 is 1050." in found.passage.text
    assert len(found.passage.text) <= WINDOW["en"]
    assert found.passage.group == "f 0"


def test_the_parts_of_a_text_are_whole_sentences_where_they_stand() -> None:
    for text in ("A first one. " * 300, "这是一个句子。" * 300, "no sentence at all"):
        parts = cut(text)
        assert all(text[start : start + len(part)] == part for start, part in parts)
        assert "".join("".join(part for _, part in parts).split()) == "".join(text.split())


def test_lines_give_questions_and_an_empty_answer_is_none(tmp_path: Path) -> None:
    lines = [
        {"question": "How long?", "passage": CATS, "answer": "13 hours"},
        {"question": "Who?", "passage": CATS, "answer": ""},
        {"question": "Where?", "passage": CATS, "answer": "in Rome", "title": "x"},
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("\n\n".join(json.dumps(line) for line in lines), "utf-8")
    assert [(e.question, e.answers) for e in read_examples(path)] == [
        ("How long?", ("13 hours",)),
        ("Who?", ()),
    ]


GOOD = json.dumps({"question": "How long?", "passage": CATS, "answer": "13 hours"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"", "is no JSON"),
        ("a.json", b"\xff\xfe\x00", "is no JSON"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b"[]", "is not in SQuAD's layout"),
        ("a.json", b'{"data": [{"paragraphs": [{"context": 3}]}]}', "data.0.paragraphs.0.context"),
        ("a.json", b'{"data": []}', "holds no question"),
        ("a.jsonl", b"", "holds no question"),
        ("a.jsonl", GOOD.encode() + b"\nnonsense", "line 2: Expecting value"),
        ("a.jsonl", GOOD.encode() + b'\n{"question": "q"}', 'line 2: "passage": field required'),
        ("a.jsonl", b'{"question": " ", "passage": "p", "answer": "p"}', "question is empty"),
        ("a.jsonl", b'{"question": "q", "passage": " ", "answer": ""}', "the passage is empty"),
    ],
)
def test_a_bad_file_is_one_line_that_names_the_place(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LessonError) as error:
        read_examples(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(LessonError, match="cannot be read"):
            read_examples(path)
