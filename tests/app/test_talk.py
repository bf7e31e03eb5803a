"""Conversations that are open: shared by tabs, kept while they go on, found after a restart."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from talking_model import WORDS, TalkingModel

from app.chats import Chats
from app.choice import Choice
from app.conversation import Answer, Conversation, Delivery, File, Turn
from app.errors import ChatsError
from app.kept import row_of
from app.owner import lives, me
from app.talk import LONGEST_TITLE, Talk
from app.talks import Talks
from chains import RagChain
from chains.prompts import WORDINGS
from models.errors import KvasirError

QUESTION = "What is a group of cats called?"


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[Chats]:
    opened = Chats(tmp_path / "chats.db")
    yield opened
    opened.close()


@pytest.fixture
def talks(chats: Chats) -> Talks:
    return Talks(chats)


def answered(talk: Talk, chain: RagChain, question: str = QUESTION) -> Turn:
    turn = talk.ask(question)
    talk.begin(chain)
    until(lambda: turn.over and talk.job(turn).finished)  # type: ignore[union-attr]
    return turn


def kept(talks: Talks, talk: Talk) -> list[tuple[str, str, str]]:
    return [(row.question, row.state, row.answer) for row in talks.chats.entries(talk.id)]


def test_a_question_is_kept_at_once_and_the_answer_when_it_is_done(
    talks: Talks, chain: RagChain
) -> None:
    talk = talks.begin()
    turn = talk.ask(QUESTION)
    assert kept(talks, talk) == [(QUESTION, "unasked", "")]
    talk.begin(chain)
    until(lambda: talk.job(turn).finished)  # type: ignore[union-attr]
    assert kept(talks, talk) == [(QUESTION, "done", "".join(WORDS))]
    found = Talks(talks.chats).open(talk.id)
    assert found is not None
    assert found.conversation.title == QUESTION
    [read] = found.conversation.entries
    assert isinstance(read, Turn)
    assert read.answer.citations == turn.answer.citations
    assert read.answer.timings == turn.answer.timings


def test_half_an_answer_is_kept_while_it_streams_and_stopped_after_a_restart(
    talks: Talks, chain: RagChain, model: TalkingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.reply.KEEP_S", 0.0)
    model.go_on.clear()
    talk = talks.begin()
    turn = talk.ask(QUESTION)
    talk.begin(chain)
    until(lambda: "clowder" in kept(talks, talk)[0][2])
    assert kept(talks, talk)[0][1] == "writing"
    monkeypatch.setattr("app.talks.me", lambda: "another process")  # that this one's successor is
    monkeypatch.setattr("app.talks.lives", lambda owner: False)
    found = Talks(talks.chats).open(talk.id)
    assert found is not None
    [half] = found.conversation.entries
    assert isinstance(half, Turn)
    assert (half.answer.state, "clowder" in half.answer.text) == ("stopped", True)
    assert half.answer.sources
    model.go_on.set()
    until(lambda: turn.over)


def test_all_tabs_share_a_conversation_as_long_as_anybody_needs_it(
    talks: Talks, chain: RagChain, model: TalkingModel
) -> None:
    model.go_on.clear()
    talk = talks.begin()
    talk.ask(QUESTION)
    talk.begin(chain)
    chat, number = talk.id, talk.conversation.entries[0].number
    del talk  # the tab was closed; the answer goes on
    again = talks.open(chat)
    assert again is not None
    [turn] = again.conversation.entries
    assert isinstance(turn, Turn)
    assert turn.number == number
    until(lambda: "clowder" in turn.answer.text)
    again.stop()
    model.go_on.set()
    until(lambda: kept(talks, again)[0][1] == "stopped")
    assert model.closed.wait(10)


def test_a_question_waits_for_the_answer_before_it_and_knows_it(
    talks: Talks, chain: RagChain, model: TalkingModel
) -> None:
    model.go_on.clear()
    talk = talks.begin()
    first, second = talk.ask(QUESTION), talk.ask("And how long do they sleep?")
    talk.begin(chain)
    until(lambda: second.answer.state == "waiting" and "clowder" in first.answer.text)
    assert (second.answer.ahead, second.answer.sources) == (1, [])
    model.go_on.set()
    until(lambda: second.over)
    assert (first.answer.state, second.answer.state) == ("done", "done")
    assert talk.conversation.history(second) == [("human", QUESTION), ("ai", first.answer.text)]


def test_two_conversations_at_once_do_not_mix(
    talks: Talks, chain: RagChain, model: TalkingModel
) -> None:
    model.go_on.clear()
    one, other = talks.begin(), talks.begin()
    for talk, question in ((one, QUESTION), (other, "When was the Pharos completed?")):
        talk.ask(question)
        talk.begin(chain)
    one.stop()
    model.go_on.set()
    until(lambda: one.conversation.entries[0].over and other.conversation.entries[0].over)
    until(lambda: [kept(talks, talk)[0][1] for talk in (one, other)] == ["stopped", "done"])
    assert [len(kept(talks, talk)) for talk in (one, other)] == [1, 1]


def test_files_are_kept_with_what_became_of_them(talks: Talks, chain: RagChain) -> None:
    talk = talks.begin()
    files = [File("whales.txt", b"Whales are heavy."), File("broken.pdf", b"no pdf")]
    talk.deliver(Delivery(files))
    turn = answered(talk, chain, "How heavy are whales?")
    assert turn.answer.sources[0].metadata["source"] == "upload:whales.txt"
    assert talk.conversation.title == "whales.txt"
    found = Talks(talks.chats).open(talk.id)
    assert found is not None
    delivery = found.conversation.entries[0]
    assert [(f.name, f.state) for f in delivery.files] == [  # type: ignore[union-attr]
        ("whales.txt", "added"),
        ("broken.pdf", "failed"),
    ]


def test_a_question_in_another_form_takes_the_place_of_all_behind_it(
    talks: Talks, chain: RagChain
) -> None:
    talk = talks.begin()
    first, second = answered(talk, chain), answered(talk, chain, "And dogs?")
    answered(talk, chain, "And birds?")
    talk.rate(second, 0, "not about dogs")
    talk.ask_again(second, "And whales?")
    asked = [entry.question for entry in talk.conversation.entries if isinstance(entry, Turn)]
    assert asked == [question for question, _, _ in kept(talks, talk)] == [QUESTION, "And whales?"]
    assert talk.conversation.entries[0] is first
    earlier = talks.chats.entry(second.id)
    assert earlier is not None
    assert (earlier.thumb, earlier.comment) == (0, "not about dogs")
    talk.ask_again(second, "Too late: another tab was faster")
    assert len(talk.conversation.entries) == 2


def test_a_conversation_of_another_person_is_not_there(talks: Talks, chain: RagChain) -> None:
    talk = talks.begin("ada@example.org")
    answered(talk, chain)
    assert talks.open(talk.id, "bob@example.org") is None
    assert talks.read(talk.id, "") is None
    assert talks.open(talk.id, "ada@example.org") is talk
    assert talks.open("no such \ud800 id") is None


def test_a_deleted_conversation_stops_and_can_be_had_back(
    talks: Talks, chain: RagChain, model: TalkingModel
) -> None:
    model.go_on.clear()
    talk = talks.begin()
    turn = talk.ask(QUESTION)
    talk.begin(chain)
    talks.delete(talk.id)
    model.go_on.set()
    until(lambda: turn.over)
    assert turn.answer.state == "stopped"
    assert talks.open(talk.id) is None
    talks.chats.restore(talk.id)
    assert talks.open(talk.id) is talk


def test_what_cannot_be_kept_is_told_and_kept_later(
    talks: Talks, chain: RagChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ChatsError("the disk is full")

    talk = talks.begin()
    answered(talk, chain)
    with monkeypatch.context() as full:
        for name in ("add", "update"):
            full.setattr(talks.chats, name, refuse)
        answered(talk, chain, "And dogs?")
        assert talk.trouble == "the disk is full"
        assert len(kept(talks, talk)) == 1
    answered(talk, chain, "And birds?")
    assert talk.trouble == ""
    assert kept(talks, talk) == [
        (question, "done", "".join(WORDS)) for question in (QUESTION, "And dogs?", "And birds?")
    ]


def test_an_answer_that_another_process_writes_is_read_along_and_stopped(
    talks: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.following.EVERY_S", 0.01)
    theirs = Turn(QUESTION, Answer("writing", "A group"))
    monkeypatch.setattr("app.kept.me", lambda: "theirs")
    for module in ("app.talks", "app.following"):
        monkeypatch.setattr(f"{module}.lives", lambda owner: owner == "theirs")
    talks.chats.add("a", row_of(theirs), title="x")
    talk = talks.open("a")
    assert talk is not None
    [turn] = talk.conversation.entries
    assert isinstance(turn, Turn)
    assert turn.answer.state == "writing"
    theirs.answer.text = "A group of cats"
    assert talks.chats.update(row_of(theirs)) is False
    until(lambda: turn.answer.text == "A group of cats")
    talk.stop()
    until(lambda: talks.chats.update(row_of(theirs)))  # so they hear of it
    theirs.answer.state = "stopped"
    talks.chats.update(row_of(theirs))
    until(lambda: turn.over)


def test_an_answer_whose_process_dies_is_stopped_where_it_is_read_along(
    talks: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.following.EVERY_S", 0.01)
    monkeypatch.setattr("app.kept.me", lambda: "theirs")
    monkeypatch.setattr("app.talks.lives", lambda owner: True)
    talks.chats.add("a", row_of(Turn(QUESTION, Answer("writing", "A gr"))), title="x")
    talk = talks.open("a")
    assert talk is not None
    [turn] = talk.conversation.entries
    assert isinstance(turn, Turn)
    until(lambda: turn.over)
    assert (turn.answer.state, turn.answer.text) == ("stopped", "A gr")


def test_a_choice_holds_for_the_questions_to_come_and_is_kept(
    talks: Talks, chain: RagChain, model: TalkingModel
) -> None:
    cats, tower = Choice(("upload:cats.txt",)), Choice(("upload:tower.txt",))
    model.go_on.clear()
    talk = talks.begin()
    talk.choose(cats)
    first = talk.ask(QUESTION)
    talk.begin(chain)
    until(lambda: first.answer.sources)
    second = talk.ask("And how tall is the tower?")  # put, but not begun
    talk.choose(tower)
    third = talk.ask("How tall is the tower?")
    talk.begin(chain)
    model.go_on.set()
    until(lambda: third.over and talk.job(third).finished)  # type: ignore[union-attr]
    assert [turn.choice for turn in (first, second, third)] == [cats, cats, tower]
    for turn, source in ((first, "cats"), (second, "cats"), (third, "tower")):
        assert {s.metadata["source"] for s in turn.answer.sources} == {f"upload:{source}.txt"}
    for found in (Talks(talks.chats).open(talk.id).conversation, talks.read(talk.id)):  # type: ignore[union-attr]
        assert found is not None
        assert found.choice == tower
        assert [entry.choice for entry in found.entries] == [cats, cats, tower]  # type: ignore[union-attr]


def test_where_none_of_the_chosen_is_left_that_is_said(talks: Talks, chain: RagChain) -> None:
    talk = talks.begin()
    for choice in (Choice(("upload:gone.txt",)), Choice(folders=("upload:gone",))):
        talk.choose(choice)
        turn = answered(talk, chain)
        assert turn.answer.text == WORDINGS["en"].none_allowed
        assert turn.answer.sources == []


def test_a_choice_that_cannot_be_kept_is_kept_with_the_next_change(
    talks: Talks, chain: RagChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ChatsError("the disk is full")

    talk = talks.begin()
    answered(talk, chain)
    with monkeypatch.context() as full:
        full.setattr(talks.chats, "choose", refuse)
        talk.choose(Choice(("upload:cats.txt",)))
        assert talk.trouble == "the disk is full"
    answered(talk, chain, "And dogs?")
    assert talks.read(talk.id).choice == Choice(("upload:cats.txt",))  # type: ignore[union-attr]


def test_a_title_is_the_first_question_cut_between_words(talks: Talks) -> None:
    def title(question: str) -> str:
        talk = talks.begin()
        talk.ask(question)
        return talk.conversation.title

    assert title(" Which  base?\n") == "Which base?"
    long = title("Explain attention, multi-query attention and grouped-query attention in detail")
    assert long == "Explain attention, multi-query attention and grouped-query…"
    assert title("每" * 100) == "每" * LONGEST_TITLE + "…"


def test_this_process_lives_and_nonsense_does_not() -> None:
    assert lives(me())
    number, _, born = me().partition(":")
    assert not lives(f"{number}:{float(born) - 100}")
    for nobody in ("", "x:1", "1", f"{10**30}:1", "-1:0", f"{number}:nan"):
        assert not lives(nobody)


def test_the_error_is_one_that_people_are_shown() -> None:
    assert issubclass(ChatsError, KvasirError)
    assert Conversation().id != Conversation().id
