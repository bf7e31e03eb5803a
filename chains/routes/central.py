"""The sentences that say most of what a document says, found by its embeddings alone.

It does not know a chat model, nor how a summary is shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from langchain_core.documents import Document as Passage

from chains.evidence import EvidenceReader
from chains.routes.place import Place
from chains.sentences import is_title
from chains.words import content_words
from ingest import Document, Library, Page
from ingest.scan import ChunkPlace, chunks_of

SECTIONS = 12  # runs of a long document that are looked at apart, a passage of each
SAMPLED = 200  # chunks of a run that are compared, evenly spread
DAMPING = 0.85
RELEVANCE = 0.8  # of maximal marginal relevance: the rest is for what differs
LEAD = 0.2  # what a sentence gains where the document begins: there it says what it is about
FEWEST, MOST = 3, 8  # sentences of a summary that nobody gave a length

_STOPPED = re.compile(r"[.。!！][\"'”’」』）)\]]*$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOISE = re.compile(r"https?://|\.{4,}|…{2,}|©|\bISBN\b|[|<>{}\\=_]{1}.*[|<>{}\\=_]")


@dataclass(frozen=True)
class Central:
    """The central sentences in reading order, of how many, in how many of a document's passages."""

    places: list[Place]
    sentences: int
    read: int
    passages: int


def central_sentences(
    library: Library, document: Document, reader: EvidenceReader, count: int | None = None
) -> Central:
    """The `count` most central sentences that do not say the same, or as many as suit the length.

    Of a long document a passage is read from each of SECTIONS runs of equal length: the most
    central one by the embeddings that the library holds, so that the time does not grow with it.
    """
    chunks = chunks_of(library.store, document)
    chosen = _representatives(library, chunks)
    pages = {n: library.page(document.source, n) for n in dict.fromkeys(c.page for c in chosen)}
    evidence = reader.read([_passage(pages[chunk.page], chunk) for chunk in chosen])
    usable = [i for i, s in enumerate(evidence.sentences) if _is_whole(s.text)]
    if len(usable) < FEWEST:  # lists and tables: whatever there is
        usable = [i for i, s in enumerate(evidence.sentences) if not is_title(s.text)]
        usable = usable or list(range(len(evidence.sentences)))
    wanted = count or int(np.clip(round(len(usable) ** 0.5), FEWEST, MOST))
    scores = lexrank(evidence.vectors[usable])
    scores += [LEAD * (evidence.sentences[i].passage == 0) for i in usable]
    picked = _diverse(scores, evidence.vectors[usable], wanted)
    places = []
    for i in sorted(usable[place] for place in picked):
        sentence = evidence.sentences[i]
        chunk = chosen[sentence.passage]
        begin, end = chunk.start + sentence.start, chunk.start + sentence.end
        places.append(Place(document, pages[chunk.page], begin, end))
    return Central(places, len(usable), len(chosen), len(chunks))


def lexrank(vectors: np.ndarray) -> np.ndarray:
    """How central each of some unit vectors is among them, the most central one 1.

    The stationary distribution of a walk between similar ones: Erkan and Radev, JAIR 2004. Two
    count as similar by how much their cosine is above the median.
    """
    size = len(vectors)
    if size < 3:
        return np.ones(size)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    middle = np.median(cosines[~np.eye(size, dtype=bool)])
    weights = np.clip(cosines - middle, 0.0, None)
    sums = weights.sum(axis=1, keepdims=True)
    walk = np.where(sums > 0, weights / np.where(sums > 0, sums, 1.0), 1.0 / size)
    rank = np.full(size, 1.0 / size)
    for _ in range(50):
        rank = (1 - DAMPING) / size + DAMPING * (rank @ walk)
    return np.asarray(rank / rank.max())


def _representatives(library: Library, chunks: Sequence[ChunkPlace]) -> list[ChunkPlace]:
    """The chunks to read: all of a short document, else the most central one of each run."""
    if len(chunks) <= SECTIONS:
        return list(chunks)
    chosen = []
    for run in np.array_split(np.arange(len(chunks)), SECTIONS):
        places = run[np.linspace(0, len(run) - 1, min(len(run), SAMPLED)).astype(int)]
        by_id = {chunks[place].id: chunks[place] for place in places}
        found, vectors = library.store.embeddings(list(by_id))
        if found:
            chosen.append(by_id[found[int(np.argmax(lexrank(vectors)))]])
    return [chunks[0], *(chunk for chunk in chosen if chunk.id != chunks[0].id)]


def _passage(page: Page, chunk: ChunkPlace) -> Passage:
    return Passage(page.text[chunk.start : chunk.end], metadata={"headings": chunk.headings})


def _is_whole(sentence: str) -> bool:
    """Whether it is a sentence that can stand alone: no title, row, question or fragment."""
    if is_title(sentence) or not _STOPPED.search(sentence) or _NOISE.search(sentence):
        return False
    han = len(_HAN.findall(sentence))
    words = han / 1.5 if han > len(sentence) / 3 else len(sentence.split())
    letters = sum(character.isalpha() for character in sentence)
    opens = sentence.lstrip("\"'“‘「『（([")[:1]
    return (
        6 <= words <= 60
        and letters >= 0.6 * len("".join(sentence.split()))
        and not opens.islower()
        and len(content_words(sentence)) >= 4
    )


def _diverse(scores: np.ndarray, vectors: np.ndarray, count: int) -> list[int]:
    """The places of so many that are central and unlike one another.

    Maximal marginal relevance: Carbonell and Goldstein, SIGIR 1998.
    """
    if not len(scores):
        return []
    cosines = vectors @ vectors.T
    low, high = float(cosines.min()), float(np.median(cosines.max(axis=1)))
    alike = np.clip((cosines - low) / max(high - low, 1e-6), 0.0, 1.0)
    chosen: list[int] = []
    left = list(range(len(scores)))
    while left and len(chosen) < count:
        crowd = alike[:, chosen].max(axis=1) if chosen else np.zeros(len(scores))
        best = max(left, key=lambda i: RELEVANCE * scores[i] - (1 - RELEVANCE) * crowd[i])
        chosen.append(best)
        left.remove(best)
    return chosen
