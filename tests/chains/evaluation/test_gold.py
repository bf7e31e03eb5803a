"""Files of questions with gold answers."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.evaluation.errors import EvaluationError
from chains.evaluation.gold import Gold, left_out, read_gold, written


def file(folder: Path, *lines: object) -> Path:
    path = folder / "questions.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), "utf-8")
    return path


def test_every_field_is_read_and_only_the_question_is_needed(tmp_path: Path) -> None:
    questions, bad = read_gold(
        file(
            tmp_path,
            {"question": " Who? "},
            "",
            {"question": "What?", "answer": "a", "answers": ["b", "a"], "note": "ours"},
            {"question": "何时？", "answer": ["甲"], "source": "茶.txt", "page": 3, "quote": "甲"},
            {"question": "Why?", "unanswerable": True, "page": None},
        )
    )
    assert bad == []
    assert questions == [
        Gold(question="Who?"),
        Gold(question="What?", answers=("a", "b")),
        Gold(question="何时？", answers=("甲",), source="茶.txt", page=3, quote="甲"),
        Gold(question="Why?", unanswerable=True),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "no JSON (Expecting value, character 1)"),
        ('{"question": "Q", "page": 1' + "0" * 5000 + "}", "no JSON in UTF-8"),
        ("[1]", "no JSON object"),
        ("[" * 50_000, "nested too deeply"),
        ({"answer": "x"}, '"question"'),
        ({"question": ""}, "the question is empty"),
        ({"question": 5}, '"question"'),
        ({"question": "Q", "answer": 5}, '"answer" must be a text'),
        ({"question": "Q", "answers": "x"}, '"answers" must be a list'),
        ({"question": "Q", "page": 1}, '"page" goes with "source"'),
        ({"question": "Q", "source": "a", "page": 1.5}, '"page'),
        ({"question": "Q", "unanswerable": "yes"}, '"unanswerable"'),
        ({"question": "Q", "answer": "x", "unanswerable": True}, "unanswerable"),
        ({"question": "First"}, "the question of line 1 again"),
        ({"question": "x" * 100_001}, "bytes"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_the_rest_is_read(
    tmp_path: Path, line: object, reason: str
) -> None:
    questions, bad = read_gold(file(tmp_path, {"question": "First"}, line, {"question": "Last"}))
    assert [each.question for each in questions] == ["First", "Last"]
    assert [each.line for each in bad] == [2]
    assert reason in bad[0].reason
    assert "\n" not in left_out(bad)


def test_lines_in_another_encoding_are_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "gbk.jsonl"
    path.write_bytes('{"question": "茶？"}\n'.encode("gbk") + b'{"question": "Tea?"}\n')
    questions, bad = read_gold(path)
    assert [each.question for each in questions] == ["Tea?"]
    assert [each.line for each in bad] == [1]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"no\njson\n", b"\x00\xff"])
def test_a_file_without_a_question_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=r"holds no question") as caught:
        read_gold(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(EvaluationError, match="cannot be read"):
            read_gold(path)


def test_many_bad_lines_are_counted_not_listed(tmp_path: Path) -> None:
    _, bad = read_gold(file(tmp_path, {"question": "Q"}, *["no"] * 30))
    assert len(bad) == 30
    assert left_out(bad).count("line ") == 10
    assert left_out(bad).endswith("and 20 more")


TEXTS = st.text(min_size=1, max_size=30).map(str.strip).filter(bool)


@given(
    st.builds(
        Gold,
        question=TEXTS,
        answers=st.lists(TEXTS, max_size=3, unique=True).map(tuple),
        source=TEXTS,
        page=st.none() | st.integers(1, 999) | TEXTS,
    )
)
def test_what_is_written_is_read_as_it_was(gold: Gold) -> None:
    line = gold.line()
    assert "\n" not in line
    assert Gold.model_validate(json.loads(line)) == gold


def test_questions_are_in_the_file_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    questions = [Gold(question="A?", answers=("a",)), Gold(question="B?", unanswerable=True)]
    for count, _ in enumerate(written(path, questions), 1):
        assert len(path.read_text("utf-8").splitlines()) == count
    assert read_gold(path) == (questions, [])


def test_nothing_is_written_over_and_no_empty_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "there.jsonl"
    assert list(written(path, [])) == []
    assert not path.exists()
    path.write_text("mine", "utf-8")
    with pytest.raises(EvaluationError, match="is there already"):
        list(written(path, [Gold(question="A?")]))
    assert path.read_text("utf-8") == "mine"
    with pytest.raises(EvaluationError, match="cannot be written"):
        list(written(tmp_path / "no" / "folder", [Gold(question="A?")]))
