"""The passages' KV, computed ahead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from chains import rag_chain
from chains.prompts import answer_messages
from chains.warming import Warming, warm
from ingest import Library, sync
from models.chat_model import KvasirChat
from models.chat_template import to_prompt
from models.engine.stream import Warmed
from models.errors import ModelError
from models.turns import to_turns

Settings = Callable[..., None]


def warmed(library: Library, llm: KvasirChat) -> Warming:
    *_, last = warm(library, llm)
    return last


def add(library: Library, name: str, text: str) -> None:
    folder = library.folder.parent / "documents"
    (folder / name).write_text(text, "utf-8")
    assert not sync(library, [folder]).failed


@pytest.mark.parametrize("question", ["How long do cats sleep?", "红茶起源于哪里？"])
def test_the_first_question_computes_nothing_of_its_passages(
    cold_library: Library, chat: KvasirChat, settings: Settings, question: str
) -> None:
    """What is computed ahead is, to the token, what answering looks for."""
    settings(ANSWERS="written", MAX_TOKENS=2, CONTEXT=1024)
    assert warmed(cold_library, chat).computed == 3
    settings(CONTEXT=1280)  # another engine: nothing is resident, all comes from the folder
    result = rag_chain(cold_library).invoke(question)
    messages = answer_messages(question, result["sources"], [], "en", marked=True)
    prompt = to_prompt(chat.engine.model, to_turns(messages))
    assert len(prompt.passages) == 3
    spent = result["timings"]
    # The engine may compute one token more: the instructions' last.
    needed = 3 * len(prompt.suffix)
    assert needed <= spent["prompt_tokens"] - spent["reused_tokens"] <= needed + 1
    assert spent["reused_tokens"] > sum(map(len, prompt.passages)) + len(prompt.prefix) - 2


def test_what_is_there_already_is_not_computed_again(
    cold_library: Library, chat: KvasirChat
) -> None:
    first, again = warmed(cold_library, chat), warmed(cold_library, chat)
    assert (first.computed, first.reused, first.left) == (3, 0, 0)
    assert first.tokens > 0 < first.tokens_per_s
    assert (again.computed, again.reused, again.tokens) == (0, 3, 0)


def test_stopped_it_keeps_what_was_done_and_goes_on_from_there(
    cold_library: Library, chat: KvasirChat
) -> None:
    steps = warm(cold_library, chat)
    assert next(steps).done == 0
    assert next(steps).done == 1
    steps.close()
    again = warmed(cold_library, chat)
    assert (again.computed, again.reused) == (2, 1)


def test_the_newest_document_comes_first_and_each_in_its_order(
    cold_library: Library, chat: KvasirChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = [f"Fact number {n} is about the weather in the mountains." for n in range(60)]
    add(cold_library, "weather.txt", " ".join(facts))
    texts: list[str] = []

    def note(self: KvasirChat, messages: list[Any]) -> Warmed:
        texts.append(messages[-1].content[0]["text"])
        return Warmed(0, 1)

    monkeypatch.setattr(KvasirChat, "warm", note)
    assert warmed(cold_library, chat).reused == len(texts) > 4
    new = texts[: len(texts) - 3]
    assert all("weather" in text for text in new)
    first_facts = [int(text.split("Fact number ")[1].split()[0]) for text in new]
    assert first_facts == sorted(first_facts)


def test_a_full_budget_keeps_the_newest_and_makes_room_for_newer_ones(
    cold_library: Library, chat: KvasirChat, settings: Settings
) -> None:
    settings(KV_BUDGET="5.5MB")
    first = warmed(cold_library, chat)
    assert 0 < first.computed == first.chosen < first.passages == 3
    assert first.left == 3 - first.chosen
    assert first.enough > first.room - 3_000_000
    assert warmed(cold_library, chat).computed == 0
    add(cold_library, "new.txt", "Owls hunt at night.")
    newer = warmed(cold_library, chat)
    assert newer.computed == 1
    assert newer.reused == newer.chosen - 1
    kept = sum(path.stat().st_size for path in (cold_library.folder / "kv").iterdir())
    assert kept <= 5_500_000


def test_a_passage_longer_than_the_context_is_named_and_the_others_go_in(
    cold_library: Library, chat: KvasirChat, settings: Settings
) -> None:
    settings(CONTEXT=512)
    add(cold_library, "long.txt", "龘靐齉爩麤灪龖厵纞虋" * 24)
    account = warmed(cold_library, chat)
    assert account.computed == 3
    [unread] = {unread.source for unread in account.failed}
    assert unread.endswith("long.txt")
    assert all("the context holds 512" in unread.reason for unread in account.failed)
    assert account.done == account.passages


def test_an_empty_library_has_nothing_to_compute(
    tmp_path: Path, chat: KvasirChat, embedder: Any
) -> None:
    with Library(tmp_path / "empty", embedder=embedder) as library:
        account = warmed(library, chat)
    assert (account.passages, account.done, account.left, account.enough) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"KV_BUDGET": 0}, "KVASIR_KV_BUDGET is 0"), ({"KV_REUSE": "off"}, "KVASIR_KV_REUSE is off")],
)
def test_what_would_be_of_no_use_is_refused(
    cold_library: Library, settings: Settings, values: dict[str, Any], message: str
) -> None:
    settings(**values)
    with pytest.raises(ModelError, match=message):
        warmed(cold_library, KvasirChat(model="smollm2-135m"))


def test_other_peoples_models_have_no_kv_here(cold_library: Library) -> None:
    with pytest.raises(ModelError, match="runs elsewhere"):
        next(warm(cold_library, FakeListChatModel(responses=["x"])))


def test_a_folder_that_cannot_be_written_is_said_before_the_work(
    cold_library: Library, chat: KvasirChat
) -> None:
    (cold_library.folder / "kv").write_text("in the way")
    with pytest.raises(ModelError, match="kv cannot be written: File exists"):
        next(warm(cold_library, chat))
