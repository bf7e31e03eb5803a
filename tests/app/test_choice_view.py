"""The choice of documents at the chat, without a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.choice import ALL, Choice
from app.conversation import Turn
from app.desk import KEY, Desk
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE
from chains.prompts import WORDINGS
from ingest import Library, add_upload

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
Share = Callable[[Library], None]
QUESTION = "What is a group of cats called?"
CATS, TOWER = "upload:cats.txt", "upload:tower.txt"


def page(tongue: str = "en", chat: str = "") -> AppTest:
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    test.query_params["lang"] = tongue
    if chat:
        test.query_params["chat"] = chat
    return test


def desk(test: AppTest) -> Desk:
    found: Desk = test.session_state[KEY]
    return found


def choose(test: AppTest, *keys: str) -> AppTest:
    test.multiselect(key="chosen").set_value(list(keys)).run()
    assert not test.exception
    return test


def ask(test: AppTest, question: str) -> Turn:
    test.chat_input[0].set_value(question).run()
    assert not test.exception
    turn = desk(test).conversation.entries[-1]
    assert isinstance(turn, Turn)
    return turn


def shown(test: AppTest) -> str:
    return "\n".join(html.body for html in test.html)


def told(test: AppTest) -> str:
    """The words on the button."""
    waiting: list[Any] = [test._tree]
    for node in waiting:
        waiting += getattr(node, "children", {}).values()
    return str(next(node.proto.popover.label for node in waiting if node.type == "popover"))


def test_all_documents_may_be_used_until_some_are_chosen(library: Library, share: Share) -> None:
    share(library)
    test = page().run()
    assert told(test) == ENGLISH.all_documents
    assert test.multiselect(key="chosen").options == ["cats", "tower"]
    choose(test, TOWER)
    assert desk(test).conversation.choice == Choice((TOWER,))
    assert told(test) == "tower"
    turn = ask(test, QUESTION)
    assert {s.metadata["source"] for s in turn.answer.sources} == {TOWER}
    assert ENGLISH.limited_to.format(names="tower.txt") in shown(test)
    choose(test, TOWER, CATS)
    assert told(test) == ENGLISH.some_documents.format(count=2)
    test.button(key="use-all").click().run()
    assert desk(test).conversation.choice == ALL
    assert test.multiselect(key="chosen").value == []


def test_a_reopened_conversation_and_another_tab_know_it(library: Library, share: Share) -> None:
    share(library)
    test = choose(page().run(), CATS)
    ask(test, QUESTION)
    other = page(chat=desk(test).conversation.id).run()
    assert other.multiselect(key="chosen").value == [CATS]
    choose(other, TOWER)
    assert test.run().multiselect(key="chosen").value == [TOWER]
    test.button(key="new-chat").click().run()
    assert test.multiselect(key="chosen").value == []


def test_what_was_removed_is_shown_as_gone_and_where_none_is_left_it_is_said(
    library: Library, share: Share
) -> None:
    share(library)
    test = choose(page().run(), CATS, TOWER)
    library.remove(CATS)
    test.run()
    assert ENGLISH.is_gone.format(name="cats.txt") in test.multiselect(key="chosen").options
    assert told(test) == "tower"
    library.remove(TOWER)
    test.run()
    assert told(test) == f":orange[{ENGLISH.none_left}]"
    assert ask(test, QUESTION).answer.text == WORDINGS["en"].empty_library
    add_upload(library, "dogs.txt", b"Dogs sleep for 12 hours a day.")
    assert ask(test, "How long do dogs sleep?").answer.text == WORDINGS["en"].none_allowed


def test_a_file_put_into_a_limited_conversation_may_be_used_in_it(
    library: Library, share: Share
) -> None:
    share(library)
    test = choose(page().run(), TOWER)
    test.chat_input[0].upload("r/owls.txt", b"A group of owls is called a parliament.")
    turn = ask(test, "What is a group of owls called?")
    assert turn.answer.sources[0].metadata["source"] == "upload:r/owls.txt"
    assert turn.choice == desk(test).conversation.choice == Choice((TOWER, "upload:r/owls.txt"))
    choose(test)
    test.chat_input[0].upload("more.txt", b"More of it.")
    ask(test, QUESTION)
    assert desk(test).conversation.choice == ALL


def test_folders_stand_for_all_under_them_later_files_too(library: Library, share: Share) -> None:
    share(library)
    for name in ("a.txt", "b.txt"):
        add_upload(library, name, f"{name} is about owls.".encode(), folder="r")
    test = page().run()
    assert "r/ · 2 documents" in test.multiselect(key="chosen").options
    choose(test, "upload:r")
    assert told(test) == ENGLISH.some_documents.format(count=2)
    add_upload(library, "c.txt", b"Owls are birds.", folder="r")
    turn = ask(test, "What are owls?")
    assert {s.metadata["source"] for s in turn.answer.sources} == {
        f"upload:r/{name}.txt" for name in "abc"
    }


def test_of_many_documents_a_search_brings_the_others(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.choice_view.OFFERED", 1)
    share(library)
    test = page().run()
    assert test.multiselect(key="chosen").options == ["cats"]
    test.text_input(key="find-choice").input("tow").run()
    assert test.multiselect(key="chosen").options == ["tower"]
    choose(test, TOWER)
    test.text_input(key="find-choice").input("cat").run()
    assert test.multiselect(key="chosen").options == ["cats", "tower"]


def test_documents_of_one_title_are_told_apart(library: Library, share: Share) -> None:
    add_upload(library, "cats.txt", b"Other cats.", folder="r")
    share(library)
    options = page("zh").run().multiselect(key="chosen").options
    assert set(options) == {
        "cats · upload:cats.txt",
        "cats · upload:r/cats.txt",
        "tower",
        CHINESE.folder_holds.format(folder="r/", count=1),
    }


def test_an_empty_library_has_nothing_to_choose(empty_library: Library, share: Share) -> None:
    share(empty_library)
    test = page().run()
    assert not test.exception
    assert not test.multiselect
