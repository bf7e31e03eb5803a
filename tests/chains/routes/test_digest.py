"""Summaries of long documents: parts within the model's room, then one summary of the notes."""

from typing import Any

from asking_chain import asked
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import BaseMessage

from chains.routes import digest
from chains.routes.digest import packed, room, tokens_of
from ingest import Library, add_upload
from models.embeddings import KvasirEmbeddings

LLM = FakeListChatModel(responses=["x"])


class Noting(FakeListChatModel):
    """Hears its prompts; says "note" and at last the summary."""

    heard: list[str] = []  # noqa: RUF012

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        self.heard.append(messages[-1].text)
        return super()._stream(messages, *args, **kwargs)


@given(st.lists(st.text("ab 中", max_size=200), max_size=12), st.integers(5, 60))
def test_packed_texts_fit_and_lose_nothing_that_fits(texts: list[str], size: int) -> None:
    found = packed(texts, size, LLM)
    assert found
    assert all(tokens_of(text, LLM) <= size for text in found)
    if all(tokens_of(text, LLM) <= size for text in texts) and texts:
        assert "\n\n".join(found) == "\n\n".join(texts)


def test_there_is_room_for_the_prompt_and_the_answer(settings: Any) -> None:
    settings(CONTEXT=2048, MAX_TOKENS=256)
    assert room(LLM) + 256 < 2048
    settings(CONTEXT=100_000)
    assert room(LLM) == digest.PART


def test_a_long_document_is_read_in_parts_spread_over_it(
    tmp_path: Any, embedder: KvasirEmbeddings, settings: Any
) -> None:
    settings(CONTEXT=1024, MAX_TOKENS=256)
    digest_parts = 3
    text = "\n\n".join(
        f"Chapter {i}. The ship number {i} left the harbour with {i} sailors on board. "
        f"Nobody in the town had seen a ship like that one before. " * 3
        for i in range(90)
    )
    llm = Noting(responses=["The ship left the harbour with sailors on board."])
    with Library(tmp_path / "library", embedder=embedder) as library:
        add_upload(library, "ships.txt", text.encode())
        before, digest.PARTS = digest.PARTS, digest_parts
        try:
            result = asked(library, "Summarise ships.txt", llm)
        finally:
            digest.PARTS = before
    parts = [prompt for prompt in llm.heard if "Chapter" in prompt]
    assert len(parts) == digest_parts
    assert "Chapter 0." in parts[0]
    assert "Chapter 89." in parts[-1]
    assert "harbour with sailors" in llm.heard[-1]
    assert f"summarised {digest_parts} of its" in result["route"]["did"]
    assert result["grounded"] == 1.0
