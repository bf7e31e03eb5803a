"""What of a conversation a model is told again."""

from collections.abc import Callable

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from chains.history import AROUND, SHARE, recent
from chains.prompts import TURNS, Turn
from models.chat_model import KvasirChat

Set = Callable[..., None]


@pytest.fixture
def remote() -> BaseChatModel:
    return FakeListChatModel(responses=["unused"])


def turns(*texts: str) -> list[Turn]:
    return [("ai" if place % 2 else "human", text) for place, text in enumerate(texts)]


def test_a_short_conversation_is_told_whole(remote: BaseChatModel) -> None:
    said = turns("Who?", "Newton.", "When?", "1687.")
    assert recent(said, remote) == (said, 0)
    assert recent([], remote) == ([], 0)


def test_the_oldest_turns_go_first(remote: BaseChatModel) -> None:
    said = turns(*(str(n) for n in range(TURNS + 6)))
    assert recent(said, remote) == (said[6:], 6)


def test_long_turns_are_dropped_by_their_tokens(remote: BaseChatModel, settings: Set) -> None:
    settings(CONTEXT=512)
    room = 512 // SHARE - AROUND
    for text in ("a" * 4 * room, "缓" * room):
        assert recent([("human", text)], remote) == ([("human", text)], 0)
        assert recent([("human", text + "aaaa")], remote) == ([], 1)


def test_what_is_left_begins_with_a_question(remote: BaseChatModel, settings: Set) -> None:
    settings(CONTEXT=512)
    said = turns("word " * 400, "Newton.", "When?", "1687.")
    assert recent(said, remote) == (said[2:], 2)
    assert recent(said[:2], remote) == ([], 2)


def test_a_local_model_counts_its_own_tokens() -> None:
    llm = KvasirChat()
    text = "缓存 " * 100
    fits = text * (llm.context_size // SHARE // (len(llm.get_token_ids(text)) + AROUND))
    assert recent([("human", fits)], llm)[1] == 0
    assert recent([("human", fits + text + text)], llm)[1] == 1
