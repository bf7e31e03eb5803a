"""The quality's page: stored runs, two of them compared, and an evaluation begun from it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.desk import KEY, Desk
from app.evaluation import Bench, Evaluation
from app.gate import Gate
from app.markup import label
from app.quality_texts_en import ENGLISH
from app.quality_texts_zh import CHINESE
from app.run_questions import as_file, is_right
from chains import RagChain
from chains.evaluation import Gold, Outcome, Run, runs, summarize
from chains.evaluation.gold import read_gold
from chains.evaluation.run import FOLDER, run_path, write_run
from ingest import Library

Share = Callable[[Library], None]
START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
GOLDS = (
    Gold(question="What is a group of cats called?", answers=("clowder",), source="cats.txt"),
    Gold(question="How long do <b>cats</b> sleep?", answers=("13 hours",), source="cats.txt"),
    Gold(question="What does tungsten weigh?", unanswerable=True),
)


def script() -> None:
    from app.quality_page import quality_page

    quality_page()


def page(desk: Desk | None = None) -> AppTest:
    test = AppTest.from_function(script, default_timeout=60)
    test.session_state[KEY] = desk or Desk()
    test.run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    return "\n".join(html.body for html in test.html)


def charts(test: AppTest) -> int:
    return len(test.get("vega_lite_chart"))


def outcome(gold: Gold, right: bool) -> Outcome:
    if gold.unanswerable:
        return Outcome(gold=gold, answer="No.", refused=right, first_token_s=0.5)
    return Outcome(
        gold=gold,
        answer="<script>clowder</script>" if right else "A pride.",
        rank=1 if right else 0,
        in_answer=right,
        in_marked=right,
        f1=float(right),
        grounded=1.0,
        first_token_s=0.5,
    )


def store(library: Library, name: str, right: Sequence[bool], days: int = 0, **changes: Any) -> Run:
    outcomes = tuple(map(outcome, GOLDS, right))
    run = Run(
        name=name,
        date=START + timedelta(days=days),
        questions_file="questions.jsonl",
        model="small",
        quoted=True,
        embedder="words",
        documents=2,
        settings={"retrieve": 3},
        asked=len(outcomes),
        seconds=4.0,
        figures=summarize(outcomes),
        outcomes=outcomes,
    ).model_copy(update=changes)
    write_run(run, run_path(library, name))
    return run


@pytest.fixture
def drafted(monkeypatch: pytest.MonkeyPatch) -> None:
    def draft(library: Library, llm: object, count: int) -> Iterator[Gold]:
        yield from GOLDS[:count]

    monkeypatch.setattr("app.evaluation.draft", draft)


def finish(evaluation: Evaluation) -> Evaluation:
    seen = -1
    while not evaluation.finished:
        seen = evaluation.wait(seen, 1.0)
    evaluation.check()
    return evaluation


# ---- the runs


def test_without_a_run_the_page_says_how_to_make_one(library: Library, share: Share) -> None:
    share(library)
    test = page()
    assert ENGLISH.no_runs in words(test)
    assert test.code[0].value == "python chains eval questions.jsonl"
    assert not test.button(key="begin-evaluation").disabled


def test_an_empty_library_is_not_evaluated(empty_library: Library, share: Share) -> None:
    share(empty_library)
    test = page()
    assert ENGLISH.no_documents in words(test)
    assert not test.button


def test_a_runs_figures_are_shown_large_as_bars_and_in_a_table(
    library: Library, share: Share
) -> None:
    store(library, "base", [True, False, True])
    share(library)
    test = page()
    shown = words(test)
    assert f"<b>50%</b><span>{ENGLISH.in_short['answer_recall']}</span>" in shown
    assert ENGLISH.figures["right_refusals"] in shown
    assert charts(test) == 1


def test_two_runs_are_compared_the_later_with_the_earlier(library: Library, share: Share) -> None:
    store(library, "base", [False, False, True])
    store(library, "later", [True, True, True], days=1, settings={"retrieve": 5})
    share(library)
    test = page()
    shown = words(test)
    assert "later" in str(test.selectbox(key="run").value)
    assert ENGLISH.same_questions.format(count="3") in shown
    assert "+100%" in shown
    assert "<code>retrieve</code> 3 → 5" in shown
    assert charts(test) == 2
    test.selectbox(key="run").set_value(next(o for o in test.selectbox[0].options if "base" in o))
    test.run()
    assert test.selectbox[1].value == ENGLISH.nothing


def test_runs_without_a_common_question_say_so(library: Library, share: Share) -> None:
    other = outcome(Gold(question="Anything else?", answers=("yes",)), True)
    store(library, "base", [True, True, True], outcomes=(other,))
    store(library, "later", [True, True, True], days=1)
    share(library)
    test = page()
    assert test.selectbox[1].value == ENGLISH.nothing
    test.selectbox[1].set_value(test.selectbox[1].options[1]).run()
    assert ENGLISH.no_same_questions in words(test)


def test_questions_are_shown_by_what_became_of_them(library: Library, share: Share) -> None:
    store(library, "base", [True, True, False])
    store(library, "later", [True, False, True], days=1)
    share(library)
    test = page()
    shown = words(test)
    assert "How long do &lt;b&gt;cats&lt;/b&gt; sleep?" in shown
    assert "A pride." in shown
    assert "group of cats" not in shown
    test.segmented_control(key="questions-True").set_value(ENGLISH.changed).run()
    assert ENGLISH.became_wrong in words(test)
    assert ENGLISH.became_right in words(test)
    test.segmented_control(key="questions-True").set_value(ENGLISH.all_questions).run()
    assert "group of cats" in words(test)
    assert "&lt;script&gt;" in words(test)
    assert "<script>" not in words(test)


def test_many_questions_are_shown_in_parts(library: Library, share: Share) -> None:
    many = [outcome(Gold(question=f"Question {n}?", answers=("x",)), False) for n in range(10, 30)]
    store(library, "base", [], outcomes=tuple(many))
    share(library)
    test = page()
    assert "Question 17?" in words(test)
    assert "Question 18?" not in words(test)
    test.button(key="more-questions").click().run()
    assert "Question 29?" in words(test)
    assert not [button for button in test.button if button.key == "more-questions"]


def test_files_that_are_no_runs_are_named_and_the_rest_is_shown(
    library: Library, share: Share
) -> None:
    store(library, "base", [True, True, True])
    (library.folder / FOLDER / "<i>.json").write_text("{}")
    share(library)
    test = page()
    assert "&lt;i&gt;" in words(test)
    assert charts(test) == 1


def test_what_is_no_number_in_a_file_is_left_out(library: Library, share: Share) -> None:
    store(library, "base", [True, True, True])
    path = run_path(library, "base")
    path.write_text(path.read_text().replace('"value": 1.0', '"value": NaN'))
    share(library)
    test = page()
    assert "nan" not in words(test).lower()


def test_a_run_that_comes_while_the_page_is_open_is_there_with_the_next_look(
    library: Library, share: Share
) -> None:
    share(library)
    test = page()
    store(library, "base", [True, True, True])
    test.run()
    assert "base" in str(test.selectbox(key="run").value)


def test_the_page_speaks_chinese_too(library: Library, share: Share) -> None:
    store(library, "base", [True, False, True])
    share(library)
    shown = words(page(Desk(tongue="zh")))
    assert CHINESE.lead in shown
    assert CHINESE.figures["hit@1"] in shown


# ---- evaluating


@pytest.mark.usefixtures("drafted")
def test_an_evaluation_is_begun_watched_and_its_run_shown(library: Library, share: Share) -> None:
    share(library)
    test = page()
    test.button(key="begin-evaluation").click().run()
    assert not test.exception
    [stored] = runs(library)
    assert stored.run
    assert stored.run.complete
    assert [each.gold for each in stored.run.outcomes] == list(GOLDS)
    assert [each.value for each in test.success] == [
        label(ENGLISH.finished.format(name=stored.name))
    ]
    assert charts(test) == 1
    test.button(key="begin-again").click().run()
    assert not test.exception
    assert len(runs(library)) == 2
    assert ENGLISH.same_questions.format(count="3") in words(test)


@pytest.mark.usefixtures("drafted")
def test_one_that_is_stopped_stores_what_was_asked(chain: RagChain, library: Library) -> None:
    evaluation = Evaluation(chain, Gate(), 3)
    step = evaluation.step

    def stop_after_one() -> None:
        if evaluation.state == "asking" and evaluation.done == 1:
            evaluation.stop()
        step()

    evaluation.step = stop_after_one  # type: ignore[method-assign]
    evaluation.start()
    finish(evaluation)
    [stored] = runs(library)
    assert stored.run
    assert (evaluation.state, evaluation.name) == ("stopped", stored.name)
    assert (len(stored.run.outcomes), stored.run.asked) == (1, 3)


def test_where_nothing_can_be_drafted_the_page_says_so(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.evaluation.draft", lambda library, llm, count: iter(()))
    share(library)
    test = page()
    test.button(key="begin-evaluation").click().run()
    assert "no question could be drafted" in test.error[0].value
    assert runs(library) == []


@pytest.mark.usefixtures("drafted")
def test_one_evaluation_goes_on_at_a_time_and_the_model_stays_meanwhile(
    library: Library, chain: RagChain
) -> None:
    gate = Gate()
    bench = Bench(chain, gate)
    with gate.alone():
        assert bench.begin(3)
        assert bench.busy
        assert not bench.begin(3)
        assert bench.evaluation
        assert bench.evaluation.state == "waiting"
    finish(bench.evaluation)
    assert bench.begin(3)
    finish(bench.evaluation)
    assert len(runs(library)) == 2


# ---- questions


def test_a_question_is_right_by_its_answer_or_by_its_refusal() -> None:
    assert is_right(outcome(GOLDS[0], True)) is True
    assert is_right(outcome(GOLDS[0], False)) is False
    assert is_right(outcome(GOLDS[2], True)) is True
    assert is_right(outcome(GOLDS[2], False)) is False
    assert is_right(Outcome(gold=GOLDS[0], error="no")) is False
    assert is_right(Outcome(gold=Gold(question="Who?"))) is None


def test_a_runs_questions_can_be_asked_again_from_a_file(library: Library) -> None:
    run = store(library, "base", [True, True, True])
    path = library.folder / "questions.jsonl"
    path.write_text(as_file(run), "utf-8")
    assert read_gold(path) == (list(GOLDS), [])
