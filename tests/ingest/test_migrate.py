"""Libraries of older schemas are brought up to date, backed up, and lose nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from word_embedder import WordEmbedder

from ingest import Library, LibraryError

SCHEMA_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL CHECK (origin IN ('path', 'upload')), format TEXT NOT NULL,
    title TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed')), error TEXT NOT NULL,
    added_at TEXT NOT NULL
);
CREATE TABLE pages (
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    label TEXT NOT NULL, text TEXT NOT NULL, headings TEXT NOT NULL, PRIMARY KEY (document, number)
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, page INTEGER NOT NULL,
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, headings TEXT NOT NULL,
    tokens INTEGER NOT NULL, embedding BLOB NOT NULL, UNIQUE (document, ordinal)
);
CREATE TABLE changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL);
CREATE TRIGGER chunk_added AFTER INSERT ON chunks
    BEGIN INSERT INTO changes (chunk) VALUES (new.id); END;
CREATE TRIGGER chunk_removed AFTER DELETE ON chunks
    BEGIN INSERT INTO changes (chunk) VALUES (old.id); END;
INSERT INTO meta VALUES ('schema', '1'), ('library', 'old'), ('embedder', 'words'),
    ('dimensions', '64');
INSERT INTO documents VALUES
    (1, '/a.txt', 'path', 'txt', 'a', 'h', 5, 7, 'ok', '', '2026-01-01'),
    (2, 'upload:b', 'upload', 'txt', 'b', 'i', 5, 0, 'ok', '', '2026-01-02'),
    (3, '/c.txt', 'path', '', 'c', 'j', 5, 0, 'failed', 'no text in it', '2026-01-03');
INSERT INTO pages VALUES (1, 1, '', '狐狸 naps. A whale.', '[]'), (2, 1, 'i', 'A whale.', '[]');
"""
CHUNKS = [(1, "狐狸 naps.", 0), (1, "A whale.", 9), (2, "A whale.", 0)]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A library of schema 1: two documents that share a sentence, and a chunk that is gone."""
    embedder = WordEmbedder()
    (tmp_path / "library").mkdir()
    path = tmp_path / "library" / "library.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA_1)
        insert = (
            "INSERT INTO chunks (document, page, ordinal, start, end, headings, tokens, embedding) "
            "VALUES (?, 1, ?, ?, ?, '[]', 2, ?)"
        )
        for ordinal, (document, text, start) in enumerate([*CHUNKS, (2, "gone", 0)]):
            half = embedder.embed_array([text]).astype("<f2").tobytes()
            connection.execute(insert, (document, ordinal, start, start + len(text), half))
        connection.execute("DELETE FROM chunks WHERE ordinal = 3")
        connection.commit()
    return path.parent


def test_an_old_library_keeps_documents_spans_vectors_and_ids(old: Path) -> None:
    embedder = WordEmbedder()
    with Library(old, embedder=embedder) as library:
        assert library.store.meta("schema") == "3"
        assert library.store.library_id == "old"
        assert [d.source for d in library.documents()] == ["/a.txt", "/c.txt", "upload:b"]
        passages = library.store.passages([1, 2, 3, 4])
        assert [(p.chunk_id, p.document_id, p.text) for p in passages] == [
            (place, document, text) for place, (document, text, _) in enumerate(CHUNKS, 1)
        ]
        ids, vectors = library.store.embeddings([1, 2, 3])
        assert ids == [1, 2, 3]
        assert np.allclose(vectors, embedder.embed_array([c[1] for c in CHUNKS]), atol=1e-3)
        assert library.search("whale", 1)[0].page_content == "A whale."
        assert library.store.seq() == 5


def test_an_id_is_not_given_again_after_the_migration(old: Path) -> None:
    with Library(old, embedder=WordEmbedder()) as library, library.store.transaction() as open_:
        open_.execute("INSERT INTO chunks SELECT NULL, 1, 1, 9, 0, 1, '[]', 1, 1")
        assert open_.execute("SELECT max(id) FROM chunks").fetchone() == (5,)


def test_the_old_file_stays_beside_the_new_one(old: Path) -> None:
    before = (old / "library.db").read_bytes()
    Library(old, embedder=WordEmbedder()).close()
    with closing(sqlite3.connect(old / "library.v1.db")) as copy:
        assert copy.execute("SELECT count(*) FROM chunks").fetchone() == (3,)
        assert copy.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == ("1",)
    assert len(before) > 0
    assert {path.name for path in old.iterdir()} >= {"library.db", "library.v1.db"}


def test_a_sentence_of_two_documents_has_one_vector(old: Path) -> None:
    with Library(old, embedder=WordEmbedder()) as library, library.store.transaction() as open_:
        assert open_.execute("SELECT count(*) FROM vectors").fetchone() == (2,)


def test_rows_that_belong_to_nothing_refuse_the_migration_and_change_nothing(old: Path) -> None:
    with closing(sqlite3.connect(old / "library.db")) as connection:
        connection.execute("INSERT INTO pages VALUES (9, 1, '', 'nobody', '[]')")
        connection.commit()
    with pytest.raises(LibraryError, match=r"is damaged: some of its rows belong to nothing"):
        Library(old, embedder=WordEmbedder())
    with closing(sqlite3.connect(old / "library.db")) as connection:
        assert connection.execute("SELECT count(*) FROM pages").fetchone() == (3,)
        assert connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == (
            "1",
        )


def test_a_library_of_schema_2_learns_its_documents_languages(old: Path) -> None:
    with Library(old, embedder=WordEmbedder()) as library:
        before = library.documents()
        with library.store.transaction() as connection:
            for column in ("language", "metadata"):
                connection.execute(f"ALTER TABLE documents DROP COLUMN {column}")
            connection.execute("UPDATE meta SET value = '2' WHERE key = 'schema'")
    with Library(old, embedder=WordEmbedder()) as library:
        assert library.documents() == before
        assert {d.source: d.language for d in before} == {
            "/a.txt": "en",
            "/c.txt": "",
            "upload:b": "en",
        }
