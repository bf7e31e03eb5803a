"""Drafts questions from a library's own chunks, for a person to keep or drop.

A draft is kept only if, of the passages that its question finds, its own one makes the question
likeliest: what could be asked of any page is asked of none. It does not know who keeps what.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from chains.evaluation import asking_chinese, asking_english
from chains.evaluation.asking_model import ask_model
from chains.evaluation.draft import Draft, stand_alone
from chains.evaluation.gold import Gold
from chains.language import Language, language_of
from chains.model_size import is_small
from chains.prompts import passage_messages
from chains.quoting import quotes
from ingest import Library
from ingest.document import Passage
from models.chat_model import KvasirChat
from models.engine.engine import PromptTooLong

Asked = tuple[Passage, Iterable[Draft]]
Rule = Callable[[str, str], Iterator[Draft]]

SAMPLED = 60  # chunks that are looked at for each question wanted, at most
RIVALS = 2  # passages that a draft's own one is compared with
TRIED = 3  # drafts of a chunk that are compared, at most
RULES: dict[Language, tuple[Rule, ...]] = {  # questions proper, definitions, gaps to be filled
    "en": (asking_english.ask, asking_english.define, asking_english.blank),
    "zh": (asking_chinese.ask, asking_chinese.define, asking_chinese.blank),
}


def draft(library: Library, llm: BaseChatModel, count: int, seed: int = 0) -> Iterator[Gold]:
    """Up to so many questions, spread over the documents, no two from one chunk.

    The same library, model and seed give the same questions. Raises ModelError or LibraryError.
    """
    chance = random.Random(seed)
    asked: set[str] = set()
    for passage, drafts in _in_turn(_sampled(library, count * SAMPLED, chance), llm, chance):
        sound = [each for each in drafts if each.sound and each.question not in asked][:TRIED]
        found = next((each for each in sound if _leads_home(library, llm, each, passage)), None)
        if found is None:
            continue
        asked.add(found.question)
        yield Gold(
            question=found.question,
            answers=(found.answer,),
            source=passage.source,
            page=passage.page,
            quote=found.quote,
        )
        if len(asked) == count:
            return


def _sampled(library: Library, most: int, chance: random.Random) -> list[list[Passage]]:
    """Chunks by chance, those of a document together, in chance's order."""
    ids = library.store.chunk_ids()
    chosen = chance.sample(ids, min(most, len(ids)))
    by_document: dict[int, list[Passage]] = defaultdict(list)
    for passage in library.store.passages(sorted(chosen)):
        by_document[passage.document_id].append(passage)
    documents = list(by_document.values())
    chance.shuffle(documents)
    for passages in documents:
        chance.shuffle(passages)
    return documents


def _in_turn(
    documents: list[list[Passage]], llm: BaseChatModel, chance: random.Random
) -> Iterator[Asked]:
    """A chunk of each document in turn, with drafts; questions proper before gaps to be filled."""
    ranked: list[list[Asked]]
    if not quotes(llm):
        ranked = [[(each, ask_model(llm, each)) for each in chunks] for chunks in documents]
    else:
        ranked = [_by_rule(chunks, chance) for chunks in documents]
    for turn in zip_longest(*ranked):
        yield from (each for each in turn if each is not None)


def _by_rule(passages: Sequence[Passage], chance: random.Random) -> list[Asked]:
    """The chunks that something can be asked of by rule, the better kinds of questions first."""
    kinds: list[list[Asked]] = [[], [], []]
    for passage in passages:
        language = language_of(passage.text)
        alone = stand_alone(passage.text, language)
        chance.shuffle(alone)
        for kind, rule in zip(kinds, RULES[language], strict=True):
            if drafts := [each for sentence in alone for each in rule(sentence, passage.text)]:
                kind.append((passage, drafts))
                break
    return [each for kind in kinds for each in kind]


def _leads_home(library: Library, llm: BaseChatModel, found: Draft, home: Passage) -> bool:
    """Whether the question is likelier after its own passage than after others that it finds.

    Always so for a model that runs elsewhere: it does not tell.
    """
    if not isinstance(llm, KvasirChat):
        return True
    rivals = [
        hit
        for hit in library.search(found.question, k=RIVALS + 1)
        if hit.metadata["chunk_id"] != home.chunk_id
    ]
    own = Document(home.text, metadata={"title": home.title})
    totals = _likelihoods(llm, found.question, [own, *rivals[:RIVALS]])
    return bool(totals) and totals[0] >= max(totals)


def _likelihoods(llm: KvasirChat, question: str, passages: Sequence[Document]) -> list[float]:
    """log P(question | passage) for each passage; [] where one is too long for the model."""
    # Nobody will ask these questions: their passages' KV would push others' out of the folder.
    llm = llm.model_copy(update={"kv_reuse": "off"})
    totals: list[float] = []
    try:
        for passage in passages:
            messages = [*passage_messages([passage], small=is_small(llm)), HumanMessage(question)]
            totals.append(llm.likelihood(messages).total)
            if totals[-1] > totals[0]:  # another one is likelier: that decides it
                break
    except PromptTooLong:
        return []
    return totals
