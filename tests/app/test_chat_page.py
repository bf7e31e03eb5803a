"""The chat page: what a person sees and can do, without a browser."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from talking_model import TalkingModel

from app.conversation import Delivery, Turn
from app.desk import KEY, Desk
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE
from chains.prompts import WORDINGS
from ingest import Library

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
Share = Callable[[Library], None]
QUESTION = "What is a group of cats called?"


def page() -> AppTest:
    return AppTest.from_file(str(MAIN), default_timeout=60)


def ask(test: AppTest, question: str) -> AppTest:
    test.chat_input[0].set_value(question)
    return test.run()


def shown(test: AppTest) -> str:
    return "\n".join(html.body for html in test.html)


def desk(test: AppTest) -> Desk:
    found: Desk = test.session_state[KEY]
    return found


def turns(test: AppTest) -> list[Turn]:
    return [entry for entry in desk(test).conversation.entries if isinstance(entry, Turn)]


def test_a_run_lets_nobody_miss_a_package_who_goes_through_the_path_meanwhile(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(library)
    monkeypatch.setattr(sys, "path", [str(MAIN.parent), *sys.path])
    before, looking = list(sys.path), iter(sys.path)
    next(looking)
    page().run()
    assert str(MAIN.parent) not in sys.path
    assert list(looking) == before[1:]


def test_what_other_tabs_do_to_the_path_meanwhile_costs_no_entry(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(library)
    others = [*sys.path]
    monkeypatch.setattr(sys, "path", [str(MAIN.parent), *others])
    resolve = Path.resolve

    def ended(path: Path, strict: bool = False) -> Path:
        asks = sys._getframe(1).f_code.co_filename == str(MAIN)
        if asks and path == MAIN.parent and str(path) in sys.path:
            sys.path.remove(str(path))  # as Streamlit does where a tab's run ends
        return resolve(path, strict)

    monkeypatch.setattr(Path, "resolve", ended)
    page().run()
    assert [entry for entry in sys.path if entry in others] == others


def test_an_empty_library_says_what_to_do(empty_library: Library, share: Share) -> None:
    share(empty_library)
    test = page().run()
    assert ENGLISH.hello_empty in shown(test)
    assert test.button(key="add-samples").label == ENGLISH.add_samples


def test_the_samples_are_one_click_away(
    empty_library: Library, share: Share, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "a.txt").write_text("A sample about llamas.")
    monkeypatch.setattr("app.samples_offer.FOLDER", tmp_path / "samples")
    share(empty_library)
    test = page().run()
    test.button(key="add-samples").click().run()
    assert not test.exception
    assert [document.title for document in empty_library.documents()] == ["a"]
    assert ENGLISH.hello_library.format(documents=1) in shown(test)


def test_questions_are_suggested_only_where_the_samples_are(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(library)
    assert not [b for b in page().run().button if str(b.key).startswith("suggestion")]
    monkeypatch.setattr("app.chat_page.has_samples", lambda documents: True)
    test = page().run()
    assert test.button(key="suggestion-0").label == ENGLISH.suggestions[0]
    test.button(key="suggestion-0").click().run()
    assert [turn.question for turn in turns(test)] == [ENGLISH.suggestions[0]]
    assert turns(test)[0].answer.state == "done"


def test_an_answer_stands_with_its_evidence_citations_and_speed(
    library: Library, share: Share
) -> None:
    share(library)
    test = ask(page().run(), QUESTION)
    assert not test.exception
    number = turns(test)[0].number
    assert "<mark" in shown(test)
    assert ENGLISH.unsupported_legend in shown(test)
    assert test.button(key=f"cited-0-{number}").label.startswith("\\[1\\] cats")


def test_a_click_on_a_citation_opens_the_passage_with_the_sentence_marked(
    library: Library, share: Share
) -> None:
    share(library)
    test = ask(page().run(), QUESTION)
    test.button(key=f"cited-0-{turns(test)[0].number}").click().run()
    assert not test.exception
    drawer = next(html.body for html in test.html if 'class="kv-page"' in html.body)
    assert '<mark class="cited passage">A group of cats is called a clowder.</mark>' in drawer


def test_the_history_goes_to_the_chain_with_a_follow_up(library: Library, share: Share) -> None:
    share(library)
    test = ask(ask(page().run(), QUESTION), "And how long do they sleep?")
    first, second = turns(test)
    assert desk(test).conversation.history(second)[0] == ("human", QUESTION)
    assert (first.answer.state, second.answer.state) == ("done", "done")


def test_stop_keeps_what_was_written(library: Library, share: Share, model: TalkingModel) -> None:
    share(library)
    test = ask(page().run(), QUESTION)
    turn = turns(test)[0]
    turn.answer.state, turn.answer.text = "stopped", "A group of"
    turn.answer.citations = []
    test.run()
    assert ENGLISH.stopped in shown(test)


def test_a_question_too_long_is_a_notice_and_the_chat_goes_on(
    library: Library, share: Share
) -> None:
    share(library)
    test = ask(page().run(), "why " * 25_000)
    assert "99,999" in test.error[0].value.replace("\\", "")
    assert not test.exception
    assert turns(ask(test, QUESTION))[1].answer.state == "done"


def test_a_bug_keeps_its_traceback(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(library)
    monkeypatch.setattr(Library, "search", lambda *_, **__: 1 / 0)
    test = ask(page().run(), QUESTION)
    assert test.exception[0].message == "division by zero"
    assert any("test_chat_page" in line for line in test.exception[0].stack_trace)


def test_what_documents_say_is_never_markup(empty_library: Library, share: Share) -> None:
    share(empty_library)
    test = page().run()
    evil = b"<img src=x onerror=alert(1)> ![x](http://evil/x.png) The cat is a <b>beast</b>."
    test.chat_input[0].set_value("What is the cat? <script>alert(1)</script>")
    test.chat_input[0].upload("![x](http:evil).txt", evil)
    test.run()
    assert not test.exception
    assert turns(test)[0].answer.sources
    for tag in ("<img", "<script>alert", "<b>beast"):
        assert tag not in shown(test)
    labels = [button.label for button in test.button] + [mark.value for mark in test.markdown]
    assert not [label for label in labels if "![" in label]


def test_what_a_model_says_is_never_markup_either(
    library: Library, share: Share, model: TalkingModel
) -> None:
    evil = '![x](http://evil.example/x.png) <img src="http://evil.example/y.png"> [1] '
    model.words = ("A group of cats is called a clowder. ", evil, "They rule the moon [2].")
    share(library)
    test = ask(page().run(), QUESTION)
    assert not test.exception
    [turn] = turns(test)
    assert evil in turn.answer.text
    assert {citation["cited_text"] for citation in turn.answer.citations} == {
        "A group of cats is called a clowder."
    }
    assert "<img" not in shown(test)
    assert not [mark.value for mark in test.markdown if "evil" in mark.value]


def test_where_nothing_answers_the_nearest_passages_are_called_so(
    library: Library, share: Share, model: TalkingModel
) -> None:
    model.words = (WORDINGS["en"].nothing_found,)
    share(library)
    test = ask(page().run(), QUESTION)
    assert turns(test)[0].answer.refused
    assert ENGLISH.nearest in shown(test)
    assert ENGLISH.nothing_cited not in shown(test)


def test_files_and_a_question_together_are_added_and_then_asked_about(
    library: Library, share: Share
) -> None:
    share(library)
    test = page().run()
    test.chat_input[0].set_value("How heavy are whales?").upload("whales.txt", b"Whales are heavy.")
    test.chat_input[0].upload("broken.pdf", b"no pdf")
    test.run()
    delivery, turn = desk(test).conversation.entries
    assert isinstance(delivery, Delivery)
    assert [file.state for file in delivery.files] == ["added", "failed"]
    assert isinstance(turn, Turn)
    assert turn.answer.sources[0].metadata["source"] == "upload:whales.txt"
    assert any("no format" in mark.value for mark in test.markdown)


def test_a_folder_without_a_document_is_no_entry(library: Library, share: Share) -> None:
    share(library)
    test = page().run()
    test.chat_input[0].upload("r/.hidden", b"x")
    test.run()
    assert not test.exception
    assert desk(test).conversation.entries == []
    assert [toast.value for toast in test.toast] == [
        ENGLISH.passed_over.format(count=1).replace(":", "\\:\u2060").replace(",", "\\,")
    ]


def test_a_new_chat_is_empty_and_the_language_stays(library: Library, share: Share) -> None:
    share(library)
    test = page()
    test.query_params["lang"] = "zh"
    test = ask(test.run(), QUESTION)
    test.button(key="new-chat").click().run()
    assert turns(test) == []
    assert CHINESE.hello in shown(test)


def test_a_library_that_cannot_be_used_is_a_notice(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest import LibraryError

    share(library)

    def refuse(folder: Path) -> Library:
        raise LibraryError("it was built with another embedder")

    monkeypatch.setattr("app.resources.Library", refuse)
    test = page().run()
    assert "another embedder" in test.error[0].value
    assert not test.exception
