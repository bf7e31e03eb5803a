"""`python ingest --doctor`: whether everything in a library is as it must be.

It looks and changes nothing but indexes that are behind; `ingest.mend` mends.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest import invariants
from ingest.files import hash_file
from ingest.library import Library
from ingest.progress import Progress, Report, silent
from ingest.split import Chunk, embedding_text

Check = Literal["database", "document", "vector", "index", "file"]

SAMPLE = 32
"""Chunks whose vectors are compared with their texts embedded anew."""

ALIKE = 0.97
"""The least cosine of a vector and the same text embedded anew, by another backend perhaps."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be.

    `source` is the document that it is about, "" for the library as a whole.
    """

    check: Check
    source: str
    problem: str


def examine(library: Library, progress: Report | None = None) -> list[Finding]:
    """Check every invariant of a library and give what does not hold; [] is good health.

    The database's own structure, rows without owners, every document's spans and vectors, a
    sample of the vectors against their texts, both derived indexes against the database, and the
    files' hashes against what was read from them.
    """
    show = progress or silent
    with library.store.snapshot() as connection:
        findings = [Finding("database", "", problem) for problem in invariants.damage(connection)]
        if findings:  # nothing that is read from it can be relied on
            return findings
        findings += [Finding("database", "", what) for what in invariants.orphans(connection)]
        every = invariants.documents(connection)
        embedder, dimensions = library.built_with
        for done, document in enumerate(every):
            show(Progress("reading", done, len(every), document[1]))
            for trouble in invariants.troubles(connection, document, embedder, dimensions):
                check: Check = "vector" if trouble.vectors else "document"
                findings.append(Finding(check, trouble.source, trouble.problem))
    if not findings:  # else this would say it again
        findings += _of_other_texts(library)
    findings += [Finding("index", "", what) for what in library.check_indexes()]
    findings += _of_other_files(library, show)
    show(Progress("done", len(every), len(every)))
    return findings


def _of_other_texts(library: Library) -> Iterator[Finding]:
    """Documents of a sample whose vectors are not what the embedder makes of their texts."""
    embedder, _ = library.built_with
    ids = library.store.chunk_ids()
    if not ids or library.embedder.name != embedder:
        return
    sample = sorted(random.Random(library.store.seq()).sample(ids, min(SAMPLE, len(ids))))
    passages = library.store.passages(sample)
    texts = [embedding_text(Chunk(p.page, p.start, p.end, p.text, p.headings)) for p in passages]
    anew = library.embedder.embed_array(texts)
    _, kept = library.store.embeddings([passage.chunk_id for passage in passages])
    cosines = (anew * kept).sum(axis=1)
    for source in sorted({p.source for p, c in zip(passages, cosines, strict=True) if c < ALIKE}):
        yield Finding("vector", source, "its vectors are not those of its text")


def _of_other_files(library: Library, show: Report) -> Iterator[Finding]:
    """Documents whose file is gone or holds something else by now."""
    every = library.documents()  # of those that could not be read, the next sync tells
    documents = [d for d in every if d.origin == "path" and d.status == "ok"]
    for done, document in enumerate(documents):
        show(Progress("reading", done, len(documents), document.source))
        try:
            if hash_file(Path(document.source)) != document.hash:
                yield Finding("file", document.source, "the file has changed since it was read")
        except FileNotFoundError:
            yield Finding("file", document.source, "the file is gone")
        except OSError as error:
            reason = f"the file cannot be read: {error.strerror}"
            yield Finding("file", document.source, reason)
