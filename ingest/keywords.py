"""The keyword index: Tantivy's BM25 over segmented, stemmed terms.

Derived: it follows the store's changes, and one that is missing, foreign or damaged is built
again from the store. Only who holds the library's write lock may call what writes. It does not
know vectors.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

from ingest.differences import differences
from ingest.filter import Filter
from ingest.keyword_terms import (
    BUILD,
    analyzer,
    chunks_among,
    chunks_between,
    filtered,
    mark_of,
    marks,
    phrase_query,
    question_query,
    row_of,
    schema,
    weight,
)
from ingest.records import Records
from ingest.sidecar import Sidecar, checksum_of_file

BATCH = 2000
"""Chunks read from the database at a time."""

HEAP_BYTES = 64_000_000

SLOW = 20_000
"""From so many chunks on, somebody is told how far their indexing is."""

CHECKED = 32_768
"""Chunk ids read at a time, or more where the index holds some twice."""

META = "meta.json"
"""Where Tantivy says which segments there are; the one file that it changes."""

Tell = Callable[[int, int], None]
"""Told how many chunks are in, and of how many."""


@dataclass(frozen=True, eq=False)
class _Open:
    """The index as it was at one change; a search goes on with it whatever is written."""

    index: tantivy.Index
    schema: tantivy.Schema
    searcher: tantivy.Searcher
    seq: int


class KeywordIndex:
    """Tantivy in a folder of the library, searched without locks."""

    def __init__(self, folder: Path, store: Records) -> None:
        """Open what is there, if it belongs to this library; else there is nothing to find yet."""
        self._path = folder / "keywords"
        self._sidecar = self._path / "kvasir.json"
        self._store = store
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        self._analyzer = analyzer()
        self._checked: dict[str, int] = {}
        self._open: _Open | None = None
        self.refresh()

    @property
    def seq(self) -> int:
        """The change that the index stands for; -1 where it has to be built."""
        return self._open.seq if self._open else -1

    def refresh(self) -> None:
        """See what another process has written."""
        with self._opening:
            saved = Sidecar.read(self._sidecar)
            if saved is None:
                return  # it is being built: what is open stays true of its own state
            if (saved.library, saved.build) != (self._store.library_id, BUILD):
                self._open = None
            elif saved.seq != self.seq:
                try:
                    self._open = self._opened(saved, self._open)
                except (OSError, ValueError, KeyError, TypeError):
                    self._open = None

    def catch_up(self, tell: Tell | None = None) -> None:
        """Bring the index to the database's present state; the caller holds the write lock."""
        with self._writing:
            self.refresh()
            until, held, saved = self._store.seq(), self._open, Sidecar.read(self._sidecar)
            follows = held is not None and self._store.forgotten() <= held.seq <= until
            fresh = saved is None or not follows
            if held is None or saved is None or fresh:
                self._checked = {}
                index, changed = self._created(), self._store.chunk_ids()
            elif held.seq == saved.seq == until:
                return
            else:
                index, changed = held.index, self._store.changed(held.seq, until)
            try:
                self._write(index, changed, until, fresh, tell)
            except ValueError as error:
                self._sidecar.unlink(missing_ok=True)  # the next time it is built anew
                reason = " ".join(str(error).split())
                raise OSError(None, f"Tantivy could not write ({reason})") from error
            with self._opening:
                self._checked = _checksums(self._path, self._checked)
                self._open = self._reloaded(index)
                Sidecar(
                    library=self._store.library_id,
                    seq=until,
                    build=BUILD,
                    count=self._open.searcher.num_docs,
                    files=self._checked,
                ).write(self._sidecar)

    def search(
        self, question: str, k: int, filter: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The k best chunk ids with their BM25 scores for any of the question's terms, best first.

        With a filter, the best of those in documents that it lets through. [] for a question
        without terms. An index that turns out damaged finds nothing, and is built again by the
        next `catch_up`.
        """
        return self._find(
            lambda held: question_query(held.schema, held.searcher, self._analyzer, question),
            k,
            filter,
        )

    def coverage(self, question: str, score: float) -> float:
        """How much of what a question's terms are worth a BM25 score is: 0, about 1, or more."""
        held = self._open
        worth = weight(held.searcher, self._analyzer, question) if held else 0.0
        return score / worth if worth else 0.0

    def holding(self, phrase: str, k: int, filter: Filter | None = None) -> list[int]:
        """As `search`, the ids of chunks that hold all terms of a phrase, in whatever order."""
        found = self._find(
            lambda held: phrase_query(held.schema, self._analyzer, phrase), k, filter
        )
        return [chunk for chunk, _ in found]

    def _find(
        self, asked: Callable[[_Open], tantivy.Query], k: int, filter: Filter | None
    ) -> list[tuple[int, float]]:
        held = self._open
        if held is None:
            return []
        try:
            query = asked(held)
            if filter is not None:
                query = filtered(held.schema, query, filter)
            hits = held.searcher.search(query, k, count=False).hits
            ids = held.searcher.fast_field_values("id", [address for _, address in hits])
        except (OSError, ValueError):
            self._sidecar.unlink(missing_ok=True)
            self._open = None
            return []
        return [(int(i), float(s)) for i, (s, _) in zip(ids, hits, strict=True) if i is not None]

    def check(self) -> list[str]:
        """How the index differs from the database, one line for each way; after `catch_up`."""
        held = self._open
        if held is None:
            return ["the keyword index cannot be read"]

        def between(after: int, until: int | None) -> list[int]:
            query = chunks_between(held.schema, after, until)
            limit = CHECKED
            while len(hits := held.searcher.search(query, limit, count=False).hits) == limit:
                limit *= 2
            ids = held.searcher.fast_field_values("id", [address for _, address in hits])
            return [int(i) for i in ids if i is not None]

        return differences("the keyword index", self._store, between)

    def _opened(self, saved: Sidecar, held: _Open | None) -> _Open | None:
        """What is on the disk; what was open already, where that is damaged or half written."""
        found = _checksums(self._path, self._checked)
        known = {name: found[name] for name in found if name in saved.files and name != META}
        if any(saved.files[name] != checksum for name, checksum in known.items()):
            return held
        # Files that the sidecar does not know: somebody was killed after committing them.
        may_be_newer = not found.keys() <= saved.files.keys()
        if found != saved.files and not may_be_newer:
            return held
        index = held.index if held else tantivy.Index.open(str(self._path))
        opened = self._reloaded(index if held else _ready(index, self._analyzer))
        if found != saved.files and opened.seq <= saved.seq:
            return held
        self._checked = found
        return opened

    def _reloaded(self, index: tantivy.Index) -> _Open:
        index.reload()
        searcher = index.searcher()
        hits = searcher.search(marks(index.schema), 2, count=False).hits
        found = searcher.fast_field_values("seq", [address for _, address in hits])
        if len(found) != 1 or found[0] is None:
            raise ValueError("the index does not say which state it stands for")
        return _Open(index, index.schema, searcher, int(found[0]))

    def _created(self) -> tantivy.Index:
        if self._path.is_dir():
            self._sidecar.unlink(missing_ok=True)  # first, for who reads meanwhile
            shutil.rmtree(self._path)
        else:
            self._path.unlink(missing_ok=True)
        self._path.mkdir(parents=True)
        return _ready(tantivy.Index(schema(), str(self._path)), self._analyzer)

    def _write(
        self,
        index: tantivy.Index,
        changed: Sequence[int],
        seq: int,
        fresh: bool,
        tell: Tell | None,
    ) -> None:
        writer = index.writer(HEAP_BYTES, num_threads=1)
        # Killed while it committed, the last writer left files of the names that come next.
        writer.garbage_collect_files()
        for first in range(0, len(changed), BATCH):
            batch = changed[first : first + BATCH]
            if not fresh:
                writer.delete_documents_by_query(chunks_among(index.schema, batch))
            passages = self._store.passages(batch)
            traits = self._store.traits({passage.document_id for passage in passages})
            for passage in passages:
                if passage.document_id in traits:  # else removed in between
                    writer.add_document(row_of(passage, traits[passage.document_id]))
            if tell and len(changed) > SLOW:
                tell(first + len(batch), len(changed))
        if not fresh:
            writer.delete_documents_by_query(marks(index.schema))
        writer.add_document(mark_of(seq))
        writer.commit()
        writer.wait_merging_threads()


def _ready(index: tantivy.Index, analyzer: tantivy.TextAnalyzer) -> tantivy.Index:
    index.register_tokenizer("kvasir", analyzer)
    index.config_reader("manual")  # no thread that watches the folder: `reload` is called here
    return index


def _checksums(folder: Path, known: dict[str, int]) -> dict[str, int]:
    """Of the files that the index is made of; Tantivy checks none of them when it opens.

    Its segments never change, so those whose checksum is known are not read again.
    """
    meta = folder / META
    found = json.loads(meta.read_text("utf-8"))
    current: set[str] = set()
    for segment in found["segments"]:
        name, deletes = segment["segment_id"].replace("-", ""), segment["deletes"]
        current |= {path.name for path in folder.glob(f"{name}.*") if path.suffix != ".del"}
        if deletes:
            current.add(f"{name}.{deletes['opstamp']}.del")
    checksums = {
        name: known[name] if name in known else checksum_of_file(folder / name)
        for name in sorted(current)
    }
    return {**checksums, META: checksum_of_file(meta)}
