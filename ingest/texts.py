"""Texts that a program gives, each under an id and with metadata: documents of one page.

They are rows of the library's database like any other document, embedded and searched as such.
It does not know LangChain: `ingest.vector_store` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.document import FileFacts
from ingest.embed import digests_of, embed_chunks
from ingest.errors import LibraryError
from ingest.files import hash_bytes
from ingest.library import Library
from ingest.load.characters import clean, one_line, sane_title
from ingest.page import Page
from ingest.split import Chunk, split

SCHEME = "text:"
FORMAT = "text"
GROUP = 64
"""Texts that are embedded together: enough to sort their chunks into even batches."""

ID_CHARACTERS = 1000

_OURS = "d.source >= 'text:' AND d.source < 'text;' AND d.metadata <> ''"
_TEXTS = f"""
SELECT d.id, d.source, d.metadata, p.text FROM documents d JOIN pages p ON p.document = d.id
WHERE {_OURS} AND d.{{}} IN (SELECT value FROM json_each(?))
"""
_DESCRIBED = """
CASE WHEN d.metadata <> '' THEN d.metadata
    ELSE json_object('source', d.source, 'title', d.title, 'document_id', d.id) END
"""


@dataclass(frozen=True)
class Text:
    """A text, the id that it is known by, and what else is known of it, JSON all through."""

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What its document is called in the library."""
        return f"{SCHEME}{self.id}"


def add_texts(library: Library, texts: Iterable[Text]) -> None:
    """Put texts into the library, each in the place of one of its id.

    Characters that page text cannot hold go, as from any document. Raises LibraryError, before
    anything is changed, for a blank text, for an id that cannot be one, and for metadata that is
    no JSON.
    """
    documents = list({text.id: _Prepared.of(text) for text in texts}.values())
    with library.writing():
        library.claim_embedder()
        store = library.store
        known = {d.facts.source: store.document(d.facts.source) for d in documents}
        held = {source: d.hash for source, d in known.items() if d and d.status == "ok"}
        new = [d for d in documents if held.get(d.facts.source) != d.facts.hash]
        for first in range(0, len(new), GROUP):
            _take(library, new[first : first + GROUP])
        store.drop_drafts()
        library.save_indexes()


def remove_texts(library: Library, ids: Iterable[str] | None) -> None:
    """Take out the texts of these ids, or all there are; unknown ids are passed over."""
    condition, parameters = _OURS, list[str]()
    if ids is not None:
        condition = f"{_OURS} AND d.source IN (SELECT value FROM json_each(?))"
        parameters = [json.dumps([f"{SCHEME}{id}" for id in ids])]
    with library.writing():
        if known := _sources(library, condition, parameters):
            library.store.remove(known)
            library.save_indexes()


def texts_by_id(library: Library, ids: Iterable[str]) -> dict[str, Text]:
    """The texts that there are of these ids."""
    sources = [f"{SCHEME}{id}" for id in ids]
    return {text.id: text for text in _texts(library, "source", sources).values()}


def texts_of(library: Library, documents: Iterable[int]) -> dict[int, Text]:
    """Those of the documents that are such texts, whole, by document id."""
    return _texts(library, "id", documents)


def sources_where(library: Library, metadata: Mapping[str, Any]) -> list[str]:
    """The sources of the documents whose metadata has these values, or one of a list of them.

    Of a document that is no such text, source, title and document_id count. Raises LibraryError
    for a value that is neither a text, a number, a truth value, None nor a list of these.
    """
    conditions, parameters = [], []
    for key, value in metadata.items():
        values = list(value) if isinstance(value, list | tuple | set) else [value]
        if not all(one is None or isinstance(one, str | int | float) for one in values):
            raise LibraryError(
                f"metadata cannot be searched for {key} = {value!r:.80}: only for texts, numbers, "
                "truth values, None, and lists of them"
            )
        conditions.append(
            f"EXISTS (SELECT 1 FROM json_each({_DESCRIBED}) m JOIN json_each(?) w "
            "ON m.value IS w.value AND (m.type IN ('true', 'false')) = (w.type IN "
            "('true', 'false')) WHERE m.key = ?)"
        )
        parameters += [_json(values, f"the filter's {key}"), str(key)]
    return _sources(library, " AND ".join(conditions) or "1", parameters)


@dataclass(frozen=True)
class _Prepared:
    """A text as a document that can be stored."""

    facts: FileFacts
    page: Page
    title: str

    @classmethod
    def of(cls, text: Text) -> _Prepared:
        if not isinstance(text.id, str) or not 0 < len(text.id) <= ID_CHARACTERS:
            raise LibraryError(f"{text.id!r:.80} is no id: 1 to {ID_CHARACTERS:,} characters are")
        if clean(text.id) != text.id:
            raise LibraryError(f"{text.id!r:.80} is no id: it has control characters in it")
        if not isinstance(text.text, str) or not (page := clean(text.text)).strip():
            raise LibraryError(f"the text {text.id!r:.80} is blank: leave it out")
        metadata = _json(text.metadata, f"the metadata of {text.id!r:.80}")
        content = f"{page}\0{metadata}".encode()
        facts = FileFacts(text.source, "loader", hash_bytes(content), len(content), 0, metadata)
        return cls(facts, Page(1, page), _title(text))


def _title(text: Text) -> str:
    """What people are shown: a title that was given, or the end of a source, or the id."""
    given = sane_title(str(text.metadata.get("title") or ""))
    end = str(text.metadata.get("source") or "").rstrip("/").rpartition("/")[2]
    return given or one_line(end) or one_line(text.id)


def _take(library: Library, documents: Sequence[_Prepared]) -> None:
    """Embed some texts at once, then commit one by one."""
    embedder, store = library.embedder, library.store
    split_up = [split((document.page,), embedder) for document in documents]
    fresh = _embedded(library, [chunk for chunks in split_up for chunk in chunks], {})
    for document, chunks in zip(documents, split_up, strict=True):
        # What was known may have gone with the older version of one that came before.
        vectors = fresh | _embedded(library, chunks, fresh)
        store.replace(
            document.facts,
            title=document.title,
            format=FORMAT,
            pages=(document.page,),
            chunks=chunks,
            digests=digests_of(chunks, embedder),
            fresh=vectors,
        )


def _embedded(
    library: Library, chunks: Sequence[Chunk], fresh: Mapping[bytes, bytes]
) -> dict[bytes, bytes]:
    embedder, store = library.embedder, library.store
    digests = digests_of(chunks, embedder)
    known = store.embedded(digests) | set(fresh)
    return embed_chunks(store, embedder, chunks, digests, known, lambda done: None)


def _texts(library: Library, column: str, keys: Iterable[int | str]) -> dict[int, Text]:
    with library.store.snapshot() as connection:
        rows = connection.execute(_TEXTS.format(column), (json.dumps(list(keys)),)).fetchall()
    try:
        return {
            document: Text(source.removeprefix(SCHEME), text, json.loads(metadata))
            for document, source, metadata, text in rows
        }
    except ValueError as error:
        raise LibraryError(
            f"{library.folder} has metadata that is no JSON ({error}). Add those texts again"
        ) from error


def _sources(library: Library, condition: str, parameters: Sequence[Any]) -> list[str]:
    with library.store.snapshot() as connection:
        sql = f"SELECT d.source FROM documents d WHERE {condition} ORDER BY d.source"
        return [row[0] for row in connection.execute(sql, parameters)]


def _json(value: Any, what: str) -> str:
    if isinstance(value, Mapping):
        value = dict(value)
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise LibraryError(f"{what} cannot be kept as JSON: {error}") from error
