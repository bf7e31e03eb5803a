"""The keyword index: Tantivy's BM25 over segmented, stemmed terms.

Derived: it follows the store's changes, and one that is missing, foreign or damaged is built
again from the store. Only who holds the library's write lock may call what writes. It does not
know vectors.
"""

from __future__ import annotations

import json
import shutil
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

import tantivy

from ingest import segment
from ingest.document import Passage
from ingest.sidecar import Sidecar, checksum_of_file, differences
from ingest.store import Store

BATCH = 2000
"""Chunks read from the database at a time."""

MAX_TERMS = 128
"""Terms of a question that are looked up: of a longer one, the rarest."""

HEAP_BYTES = 64_000_000

BUILD = f"1 segment {segment.VERSION}"
"""Whatever changes the terms in the index changes this, and so has it rebuilt."""


class KeywordIndex:
    """Tantivy in a folder of the library."""

    def __init__(self, folder: Path, store: Store) -> None:
        """Open what is there, if it belongs to this library; else there is nothing to find yet."""
        self._path = folder / "keywords"
        self._sidecar = self._path / "kvasir.json"
        self._store = store
        self._lock = threading.Lock()
        self._analyzer = _analyzer()
        self._index: tantivy.Index | None = None
        self._seq = -1
        self.refresh()

    @property
    def seq(self) -> int:
        """The change that the index stands for; -1 where it has to be built."""
        return self._seq

    def refresh(self) -> None:
        """See what another process has written."""
        with self._lock:
            saved = Sidecar.read(self._sidecar)
            library = self._store.library_id
            if saved is None or (saved.library, saved.build) != (library, BUILD):
                self._index, self._seq = None, -1
                return
            if saved.seq == self._seq:
                return
            try:
                if self._index is None:
                    if _checksum(self._path) != saved.checksum:
                        return
                    self._index = _ready(tantivy.Index.open(str(self._path)), self._analyzer)
                self._index.reload()
                self._seq = saved.seq
            except (OSError, ValueError, KeyError, TypeError):
                self._index, self._seq = None, -1

    def catch_up(self) -> None:
        """Bring the index to the database's present state; the caller holds the write lock."""
        self.refresh()
        with self._lock:
            until = self._store.seq()
            if self._index is None or until < self._seq:
                self._index, self._seq = self._created(), 0
            elif until == self._seq:
                return
            fresh = self._seq == 0
            changed = self._store.chunk_ids() if fresh else self._store.changed(self._seq, until)
            self._write(self._index, changed, fresh=fresh)
            self._index.reload()
            self._seq = until
            Sidecar(
                library=self._store.library_id,
                seq=until,
                build=BUILD,
                count=self._index.searcher().num_docs,
                checksum=_checksum(self._path),
            ).write(self._sidecar)

    def search(self, question: str, k: int) -> list[tuple[int, float]]:
        """The k best chunk ids with their BM25 scores for any of the question's terms, best first.

        [] for a question without terms. An index that turns out damaged finds nothing, and is
        built again by the next `catch_up`.
        """
        with self._lock:
            if self._index is None:
                return []
            try:
                searcher = self._index.searcher()
                query = self._query(self._index.schema, searcher, question)
                hits = searcher.search(query, k, count=False).hits
                ids = searcher.fast_field_values("id", [address for _, address in hits])
            except (OSError, ValueError):
                self._sidecar.unlink(missing_ok=True)
                self._index, self._seq = None, -1
                return []
        return [(int(i), float(s)) for i, (s, _) in zip(ids, hits, strict=True) if i is not None]

    def check(self) -> list[str]:
        """How the index differs from the database, one line for each way."""
        with self._lock:
            if self._index is None:
                return ["the keyword index cannot be read"]
            searcher = self._index.searcher()
            hits = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
            held = searcher.fast_field_values("id", [address for _, address in hits])
        known = set(self._store.chunk_ids())
        return differences("the keyword index", {int(i) for i in held if i is not None}, known)

    def _query(
        self, schema: tantivy.Schema, searcher: tantivy.Searcher, question: str
    ) -> tantivy.Query:
        terms = list(dict.fromkeys(self._analyzer.analyze(" ".join(segment.segment(question)))))
        if len(terms) > MAX_TERMS:
            terms = sorted(terms, key=lambda term: searcher.doc_freq("text", term))
            known = [term for term in terms if searcher.doc_freq("text", term)]
            terms = known[:MAX_TERMS]
        wanted = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", term, "freq"))
            for term in terms
        ]
        return tantivy.Query.boolean_query(wanted) if wanted else tantivy.Query.empty_query()

    def _created(self) -> tantivy.Index:
        if self._path.is_dir():
            shutil.rmtree(self._path)
        else:
            self._path.unlink(missing_ok=True)
        self._path.mkdir(parents=True)
        return _ready(tantivy.Index(_schema(), str(self._path)), self._analyzer)

    def _write(self, index: tantivy.Index, changed: Sequence[int], *, fresh: bool) -> None:
        writer = index.writer(HEAP_BYTES, num_threads=1)
        for first in range(0, len(changed), BATCH):
            batch = changed[first : first + BATCH]
            if not fresh:
                # Not by term: that takes a number as signed, and so finds nothing in "id".
                there = tantivy.Query.term_set_query(index.schema, "id", batch)
                writer.delete_documents_by_query(there)
            for passage in self._store.passages(batch):
                writer.add_document(_document(passage))
        writer.commit()
        writer.wait_merging_threads()


def _analyzer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return builder.filter(tantivy.Filter.stemmer("english")).build()


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_unsigned_field("id", indexed=True, fast=True)
    schema.add_text_field("text", tokenizer_name="kvasir", index_option="freq")
    return schema.build()


def _ready(index: tantivy.Index, analyzer: tantivy.TextAnalyzer) -> tantivy.Index:
    index.register_tokenizer("kvasir", analyzer)
    index.config_reader("manual")  # no thread that watches the folder: `reload` is called here
    return index


def _checksum(folder: Path) -> int:
    """Over the files that the index is made of; Tantivy checks none of them when it opens."""
    meta = folder / "meta.json"
    found = json.loads(meta.read_text("utf-8"))
    segments = {segment["segment_id"].replace("-", "") for segment in found["segments"]}
    files = sorted(path for path in folder.iterdir() if path.name.split(".")[0] in segments)
    checksum = 0
    for path in [meta, *files]:
        checksum = checksum_of_file(path, zlib.crc32(path.name.encode(), checksum))
    return checksum


def _document(passage: Passage) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("id", passage.chunk_id)
    headings = [title for title in passage.headings if title not in passage.text]
    document.add_text("text", " ".join(segment.segment("\n".join([*headings, passage.text]))))
    return document
