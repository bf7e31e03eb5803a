"""The conversations on the page: the list, the address, what can be done with a turn."""

from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest
from streamlit.testing.v1 import AppTest
from talking_model import TalkingModel

from app.conversation import Turn
from app.desk import KEY, Desk
from app.errors import ChatsError
from app.resources import shared_chain, shared_talks
from app.talks import Talks
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE
from ingest import Library

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
Share = Callable[[Library], None]
QUESTION = "What is a group of cats called?"
OTHER = "When was the Pharos of Alexandria completed?"


@pytest.fixture
def talks(library: Library, share: Share) -> Talks:
    share(library)
    found: Talks = shared_talks()
    return found


def page(chat: str = "", tongue: str = "en") -> AppTest:
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    test.query_params["lang"] = tongue
    if chat:
        test.query_params["chat"] = chat
    return test


def ask(test: AppTest, question: str) -> AppTest:
    test.chat_input[0].set_value(question)
    return test.run()


def click(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click().run()
    assert not test.exception
    return test


def desk(test: AppTest) -> Desk:
    found: Desk = test.session_state[KEY]
    return found


def turns(test: AppTest) -> list[Turn]:
    return [entry for entry in desk(test).conversation.entries if isinstance(entry, Turn)]


def shown(test: AppTest) -> str:
    return "\n".join(html.body for html in test.html)


def listed(test: AppTest) -> list[str]:
    return [b.label for b in test.button if str(b.key).startswith("open-chat-")]


def chat_of(test: AppTest) -> str:
    named = test.query_params["chat"]
    return str(named if isinstance(named, str) else named[0])


def test_the_address_names_the_conversation_and_a_reload_finds_it(talks: Talks) -> None:
    first = ask(page().run(), QUESTION)
    second = page(chat_of(first)).run()
    assert [turn.answer.state for turn in turns(second)] == ["done"]
    assert QUESTION in shown(second)
    assert second.button(key=f"cited-0-{turns(second)[0].number}")
    assert turns(second)[0] is turns(first)[0]  # two tabs share it


def test_an_empty_chat_has_no_address_and_is_not_in_the_list(talks: Talks) -> None:
    test = page().run()
    assert "chat" not in test.query_params
    assert listed(test) == []
    assert ENGLISH.no_chats in shown(test)


def test_an_address_of_nothing_is_told_and_a_new_chat_begun(talks: Talks) -> None:
    test = page("0" * 32).run()
    assert [toast.value for toast in test.toast] == [ENGLISH.chat_gone.replace(".", "\\.")]
    assert "chat" not in test.query_params
    assert turns(ask(test, QUESTION))[0].answer.state == "done"


def test_a_reload_in_the_middle_of_an_answer_goes_on_with_it(
    talks: Talks, model: TalkingModel
) -> None:
    model.go_on.clear()
    talk = talks.begin()
    turn = talk.ask(QUESTION)
    talk.begin(shared_chain())
    Timer(1.5, model.go_on.set).start()
    test = page(talk.id).run()
    assert turns(test) == [turn]
    assert turn.answer.state == "done"
    assert ENGLISH.unsupported_legend in shown(test)
    assert not [button for button in test.button if button.key == "stop"]


def test_a_new_chat_leaves_the_old_one_at_work(talks: Talks) -> None:
    test = ask(page().run(), QUESTION)
    [turn] = turns(test)
    turn.answer.state = "writing"  # as if it were still being written
    click(test, "new-chat")
    assert turns(test) == []
    assert turn.answer.state == "writing"


def test_conversations_are_listed_newest_first_and_found_by_their_text(talks: Talks) -> None:
    test = ask(page().run(), QUESTION)
    click(test, "new-chat")
    ask(test, OTHER)
    assert listed(test) == [f"{OTHER[:-1]}\\?", f"{QUESTION[:-1]}\\?"]
    test.text_input(key="find-chat").input("CLOWDER ｗｈａｔ").run()
    assert listed(test) == [f"{QUESTION[:-1]}\\?"]
    test.text_input(key="find-chat").input("unheard of").run()
    assert listed(test) == []
    assert ENGLISH.no_chat_found in shown(test)


def test_a_click_in_the_list_opens_a_conversation(talks: Talks) -> None:
    test = ask(page().run(), QUESTION)
    first = chat_of(test)
    click(test, "new-chat")
    ask(test, OTHER)
    assert chat_of(test) != first
    click(test, f"open-chat-{first}")
    assert [turn.question for turn in turns(test)] == [QUESTION]
    assert chat_of(test) == first


def test_a_conversation_is_renamed_and_its_title_is_no_markup(talks: Talks) -> None:
    test = ask(page().run(), QUESTION)
    chat = chat_of(test)
    click(test, f"menu-{chat}")
    test.text_input(key=f"title-{chat}").input("  ![x](http://evil)\tcats ").run()
    assert talks.chats.title(chat) == "![x](http://evil) cats"
    assert listed(test)[0].startswith("\\!\\[x\\]")
    assert not [b for b in test.button if b.key == f"delete-{chat}"]  # the menu is folded again


def test_a_deleted_conversation_can_be_had_back(talks: Talks) -> None:
    test = ask(page().run(), QUESTION)
    chat = chat_of(test)
    click(test, f"menu-{chat}")
    click(test, f"delete-{chat}")
    assert (listed(test), turns(test)) == ([], [])
    assert "chat" not in test.query_params
    assert ENGLISH.deleted_chat.format(title=QUESTION) in shown(test)
    click(test, "undo-delete")
    assert len(listed(test)) == 1
    assert [turn.question for turn in turns(test)] == [QUESTION]


def test_an_answer_is_had_again_and_a_question_in_another_form(talks: Talks) -> None:
    test = ask(ask(page().run(), QUESTION), OTHER)
    first, second = turns(test)
    click(test, f"again-{second.number}")
    assert [turn.question for turn in turns(test)] == [QUESTION, OTHER]
    assert turns(test)[1] is not second
    click(test, f"edit-{first.number}")
    assert ENGLISH.edit_replaces.format(count=1) in shown(test)
    test.text_area(key=f"question-{first.number}").input("How long do cats sleep?")
    click(test, "ask-edited")
    assert [(t.question, t.answer.state) for t in turns(test)] == [
        ("How long do cats sleep?", "done")
    ]
    assert len(talks.chats.entries(chat_of(test))) == 1


def test_an_edit_can_be_given_up_and_an_empty_question_changes_nothing(talks: Talks) -> None:
    test = ask(page().run(), QUESTION)
    [turn] = turns(test)
    click(test, f"edit-{turn.number}")
    click(test, "edit-cancel")
    assert test.button(key=f"again-{turn.number}")
    click(test, f"edit-{turn.number}")
    test.text_area(key=f"question-{turn.number}").input("  ")
    click(test, "ask-edited")
    assert turns(test) == [turn]


def test_what_may_be_asked_next_is_asked_by_a_click_and_known_after_a_reload(
    talks: Talks,
) -> None:
    test = ask(page().run(), QUESTION)
    [first] = turns(test)
    assert ENGLISH.ask_next in shown(test)
    talks._open.clear()  # as after a restart
    test = page(chat_of(test)).run()
    [read] = turns(test)
    assert read is not first
    button = test.button(key=f"next-{read.number}-0")
    assert button.label == "When was the Pharos of Alexandria completed\\?"
    click(test, f"next-{read.number}-0")
    assert [turn.question for turn in turns(test)] == [QUESTION, OTHER]
    assert turns(test)[1].answer.state == "done"
    assert not [b for b in test.button if str(b.key).startswith(f"next-{read.number}")]


def test_feedback_is_kept_with_the_answer(talks: Talks) -> None:
    test = ask(page().run(), QUESTION)
    [turn] = turns(test)
    test.feedback(key=f"thumb-{turn.number}").set_value(0).run()
    test.text_input(key=f"why-{turn.number}").input("no moon in it").run()
    [row] = talks.chats.entries(chat_of(test))
    assert (row.thumb, row.comment, row.question) == (0, "no moon in it", QUESTION)
    assert "clowder" in row.answer
    assert "cats.txt" in row.details


def test_files_that_could_not_be_kept_are_no_end_of_the_chat(
    library: Library, share: Share
) -> None:
    (library.folder / "chats.db").write_bytes(b"damaged " * 1000)
    share(library)
    test = ask(page().run(), QUESTION)
    assert turns(test)[0].answer.state == "done"
    assert "chats.db is damaged" in shown(test)
    assert "Conversations are kept in chats-2.db" in shown(test)
    assert (library.folder / "chats.db").read_bytes() == b"damaged " * 1000


def test_a_store_that_fails_later_is_told_and_the_chat_goes_on(
    talks: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = ask(page().run(), QUESTION)
    chat = chat_of(test)
    click(test, f"menu-{chat}")

    def refuse(*_: object, **__: object) -> None:
        raise ChatsError("the disk is full")

    for name in ("listed", "title", "delete", "update", "add"):
        monkeypatch.setattr(talks.chats, name, refuse)
    click(test, f"delete-{chat}")
    assert "the disk is full" in shown(test)
    assert turns(ask(test, OTHER))[-1].answer.state == "done"
    other = ask(page(chat).run(), OTHER)  # nor is it in a tab that is opened later
    assert "the disk is full" in shown(other)
    assert [turn.answer.state for turn in turns(other)] == ["done"]


def test_the_list_speaks_chinese(talks: Talks) -> None:
    test = ask(page(tongue="zh").run(), QUESTION)
    assert CHINESE.today in shown(test)
    assert test.button(key="new-chat").label == CHINESE.new_chat
    click(test, f"menu-{chat_of(test)}")
    assert test.button(key=f"delete-{chat_of(test)}").label == CHINESE.delete_chat
    assert test.button(key=f"again-{turns(test)[0].number}").label == CHINESE.answer_again


def test_who_signs_in_has_conversations_of_their_own(
    talks: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as signed_in:
        signed_in.setattr("app.frame.person", lambda: "ada@example.org")
        adas = ask(page().run(), QUESTION)
        assert len(listed(adas)) == 1
    somebody = page(chat_of(adas)).run()
    assert (listed(somebody), turns(somebody)) == ([], [])
    assert [toast.value for toast in somebody.toast] == [ENGLISH.chat_gone.replace(".", "\\.")]
