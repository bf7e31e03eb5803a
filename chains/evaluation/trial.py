"""Questions put to the chain one after the other, and what came of each."""

from collections.abc import Generator, Sequence

from langchain_core.documents import Document

from chains.evaluation.gold import Gold
from chains.evaluation.outcome import DEPTH, Outcome, outcome
from chains.rag import RagChain
from models.chat_model import KvasirChat
from models.errors import KvasirError


def evaluate(chain: RagChain, questions: Sequence[Gold]) -> Generator[Outcome, None, None]:
    """Ask each question by itself and judge what comes; the models are loaded before the first.

    A question that cannot be answered is an outcome with an error. Raises ModelError where the
    model, LibraryError where the library cannot be used.
    """
    _load(chain, questions)
    for gold in questions:
        try:
            result = chain.invoke(gold.question)
            ranking = _ranking(chain, gold.question, result["sources"])
        except KvasirError as error:
            yield Outcome(gold=gold, error=str(error))
        else:
            yield outcome(gold, result, ranking)


def _load(chain: RagChain, questions: Sequence[Gold]) -> None:
    """Have everything in place: the time to load it is nobody's time to a first word."""
    if isinstance(chain.llm, KvasirChat):
        _ = chain.llm.engine
    if questions:
        chain.retriever.invoke(questions[0].question)


def _ranking(chain: RagChain, question: str, sources: Sequence[Document]) -> list[Document]:
    """The passages that were read, in their order, and then what else retrieval would give."""
    if len(sources) >= DEPTH:
        return list(sources)
    seen = {_place(source) for source in sources}
    found = chain.retriever.invoke(question, k=DEPTH)
    return [*sources, *(passage for passage in found if _place(passage) not in seen)]


def _place(passage: Document) -> tuple[object, ...]:
    return tuple(passage.metadata.get(name) for name in ("source", "page", "start", "end"))
