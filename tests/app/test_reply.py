"""Asking the chain in the background."""

from threading import Event

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from talking_model import TalkingModel

from app.conversation import Answer
from app.job import Job
from app.reply import LOOSE, Reply, loosened
from app.watch import watch
from chains import RagChain, rag_chain
from ingest import Library, LibraryError
from models.chat_model import KvasirChat
from models.errors import ModelError


def finish(job: Job) -> None:
    job.start()
    watch(job, lambda: None)


def test_an_answer_comes_with_sources_citations_and_timings(chain: RagChain) -> None:
    answer = Answer()
    finish(Reply(chain, "What is a group of cats called?", list, answer))
    assert answer.state == "done"
    assert answer.text == "A group of cats is called a clowder. They rule the moon."
    assert answer.sources[0].metadata["source"] == "upload:cats.txt"
    assert answer.citations[0]["extras"]["passage"] == 0
    assert 0 < answer.grounded < 1
    assert answer.timings["total_s"] > 0


def test_an_answer_that_is_done_says_what_may_be_asked_next(chain: RagChain) -> None:
    asked = "When was the Pharos of Alexandria completed?"
    answer, again = Answer(), Answer()
    finish(Reply(chain, "What is a group of cats called?", list, answer))
    assert answer.next == [asked]
    history = [("human", asked), ("ai", "In 280 BC.")]
    finish(Reply(chain, "What is a group of cats called?", lambda: history, again))
    assert asked not in again.next


def test_what_may_be_asked_next_is_no_reason_to_fail(
    chain: RagChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> list[str]:
        raise LibraryError("it is being changed")

    monkeypatch.setattr("app.reply.suggestions", refuse)
    answer = Answer()
    finish(Reply(chain, "What is a group of cats called?", list, answer))
    assert (answer.state, answer.next) == ("done", [])


def test_stopping_keeps_the_text_and_closes_the_model(chain: RagChain, model: TalkingModel) -> None:
    model.go_on.clear()
    answer = Answer()
    reply = Reply(chain, "What is a group of cats called?", list, answer)
    reply.start()
    seen = -1
    while "clowder" not in answer.text:
        seen = reply.wait(seen, 30)
    reply.stop()
    model.go_on.set()
    watch(reply, lambda: None)
    assert answer.state == "stopped"
    assert answer.text.startswith("A group of cats is called a clowder.")
    assert model.closed.wait(10)


def test_an_empty_question_gets_one_line(chain: RagChain) -> None:
    answer = Answer()
    finish(Reply(chain, "  ", list, answer))
    assert answer.state == "failed"
    assert "empty" in answer.error
    assert "\n" not in answer.error


def test_what_is_known_to_go_wrong_is_told_in_its_own_words(library: Library) -> None:
    class Broken(BaseRetriever):
        def _get_relevant_documents(self, query: str, **_: object) -> list[Document]:
            raise ModelError("the embedder is away")

    answer = Answer()
    model = TalkingModel(go_on=Event(), closed=Event())
    finish(Reply(rag_chain(library, llm=model, retriever=Broken()), "Who?", list, answer))
    assert (answer.state, answer.error) == ("failed", "the embedder is away")


def test_another_answer_is_drawn_from_likely_words_where_the_model_is_ours(
    library: Library, chain: RagChain
) -> None:
    greedy = rag_chain(library, llm=KvasirChat(model="smollm2-135m", temperature=0.0, seed=1))
    drawn = loosened(greedy)
    assert isinstance(drawn.llm, KvasirChat)
    assert (drawn.llm.temperature, drawn.llm.seed) == (LOOSE, None)
    assert drawn.retriever is greedy.retriever
    hot = rag_chain(library, llm=KvasirChat(model="smollm2-135m", temperature=1.5))
    assert loosened(hot).llm.temperature == 1.5  # type: ignore[attr-defined]
    assert loosened(chain) is chain
