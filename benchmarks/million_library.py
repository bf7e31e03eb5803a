"""A library of any number of chunks: real sentences, and vectors drawn as an embedder's lie.

The vectors are a mixture: a direction that all share, subjects, documents within them, chunks
around each document, with a spectrum that decays as multilingual-e5-small's does (two random ones
have a cosine of about .78). It knows nothing of what is measured.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from squad import QA

from ingest import Library, Page
from ingest.document import FileFacts
from ingest.rows import insert_chunks, insert_document, insert_pages
from ingest.split import Chunk

DIMENSIONS = 384
CHUNKS_PER_DOCUMENT = 50
SENTENCES_PER_CHUNK = 4
FORMATS = ("pdf", "pdf", "txt", "html", "docx", "md")
FOLDERS = 100
TOGETHER = 100
"""Documents in one transaction."""

BOOK = QA.parent / "corpus" / "en" / "war-and-peace.txt"


class Mixture:
    """Where the vectors come from; the same seed gives the same ones."""

    def __init__(self, documents: int, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        self._asking = np.random.default_rng(seed + 1)
        spectrum = np.arange(1, DIMENSIONS + 1, dtype=np.float32) ** -0.5
        self._spectrum = spectrum / np.linalg.norm(spectrum)
        shared = self._random.standard_normal(DIMENSIONS).astype(np.float32)
        self._shared = 1.7 * shared / np.linalg.norm(shared)
        subjects = 0.5 * self._noise(max(10, documents // 40))
        self._centres = subjects[self._random.integers(0, len(subjects), documents)]
        self._centres += 0.45 * self._noise(documents)

    def chunks(self, document: int, count: int) -> np.ndarray:
        """Unit vectors of a document's chunks, float32."""
        return self._unit(self._shared + self._centres[document] + 0.5 * self._noise(count))

    def questions(self, count: int) -> np.ndarray:
        """Unit vectors near documents that chance picks, a little farther out than chunks."""
        documents = self._asking.integers(0, len(self._centres), count)
        drawn = self._asking.standard_normal((count, DIMENSIONS), dtype=np.float32)
        noise = 0.6 * drawn * self._spectrum
        return self._unit(self._shared + self._centres[documents] + noise)

    def _noise(self, count: int) -> np.ndarray:
        drawn = self._random.standard_normal((count, DIMENSIONS), dtype=np.float32)
        return drawn * self._spectrum

    @staticmethod
    def _unit(vectors: np.ndarray) -> np.ndarray:
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Drawn:
    """In the place of an embedder: gives each question the vector that was drawn for it."""

    name = "drawn from a mixture"
    dimensions = DIMENSIONS
    max_tokens = 512

    def __init__(self, questions: dict[str, np.ndarray]) -> None:
        self._questions = questions

    def embed_query(self, text: str) -> list[float]:
        """The question's vector."""
        return [float(x) for x in self._questions[text]]

    def embed_array(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """Nothing is embedded here."""
        raise NotImplementedError

    def token_starts(self, text: str) -> list[int]:
        """Where words begin."""
        return [match.start() for match in re.finditer(r"\S+", text)]


def sentences() -> list[str]:
    """English ones of a novel and of XQuAD, Chinese ones of XQuAD and CMRC."""
    found = re.split(r"(?<=[.!?])\s+", BOOK.read_text("utf-8", "replace"))
    for path in sorted(QA.glob("*.json")):
        for context in _contexts(json.loads(path.read_text("utf-8"))):
            found += re.split(r"(?<=[.!?])\s+|(?<=[。！？])", context)
    return [" ".join(sentence.split()) for sentence in found if 20 <= len(sentence) <= 400]


def _contexts(data: dict[str, list[dict[str, list[dict[str, str]]]]]) -> Iterator[str]:
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"]


@dataclass(frozen=True)
class Drawing:
    """One document before it is in the library; `fresh` holds its vectors by digest."""

    number: int
    page: Page
    chunks: list[Chunk]
    fresh: dict[bytes, bytes]


def insert(connection: sqlite3.Connection, drawing: Drawing) -> None:
    """Write a document's rows, as a sync does."""
    number, page = drawing.number, drawing.page
    modified = int((datetime(2026, 1, 1, tzinfo=UTC).timestamp() - 3600 * number) * 1e9)
    facts = FileFacts(source_of(number), "path", f"{number:x}", len(page.text), modified)
    document = insert_document(
        connection, facts, format=FORMATS[number % len(FORMATS)], title=str(number), error=""
    )
    added = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    connection.execute(
        "UPDATE documents SET added_at = ? WHERE id = ?",
        (added.isoformat(timespec="seconds"), document),
    )
    insert_pages(connection, document, [page])
    insert_chunks(connection, document, drawing.chunks, list(drawing.fresh), drawing.fresh)


class Filler:
    """Writes documents into a library's database as an ingest does, but many at a time."""

    def __init__(self, library: Library, documents: int, sentences: Sequence[str]) -> None:
        self._library = library
        self._mixture = Mixture(documents)
        self._sentences = sentences
        self._random = random.Random(2)
        library.store.set_embedder(Drawn.name, DIMENSIONS)

    def fill(self, documents: int, chunks: int, tell: Callable[[int], None]) -> None:
        """So many documents, with so many chunks in all."""
        for first in range(0, documents, TOGETHER):
            with self._library.store.transaction() as connection:
                for number in range(first, min(first + TOGETHER, documents)):
                    count = (number + 1) * chunks // documents - number * chunks // documents
                    insert(connection, self.draw(number, count))
            tell(first)

    def draw(self, number: int, count: int) -> Drawing:
        """One document of so many chunks."""
        page, chunks = self._text(count)
        vectors = self._mixture.chunks(number, count).astype("<f2")
        digests = [self._random.randbytes(16) for _ in chunks]
        fresh = {key: row.tobytes() for key, row in zip(digests, vectors, strict=True)}
        return Drawing(number, page, chunks, fresh)

    def _text(self, count: int) -> tuple[Page, list[Chunk]]:
        texts = [
            " ".join(self._random.choices(self._sentences, k=SENTENCES_PER_CHUNK))
            for _ in range(count)
        ]
        chunks, start = [], 0
        for text in texts:
            chunks.append(Chunk(1, start, start + len(text), text, tokens=len(text) // 4))
            start += len(text) + 2
        return Page(1, "\n\n".join(texts)), chunks


def source_of(number: int) -> str:
    """Documents lie in FOLDERS folders, ten in each of ten."""
    folder = number % FOLDERS
    return str(Path("/documents").resolve() / f"{folder % 10}" / f"{folder}" / f"{number}.txt")
