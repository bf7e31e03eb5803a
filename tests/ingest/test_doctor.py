"""What is wrong with a library is found, named and mended."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from ingest import Library, LibraryError, add_upload, sync
from ingest.doctor import Finding, examine
from ingest.mend import mend

pytestmark = pytest.mark.usefixtures("plain_loader")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("Foxes nap.\fWhales sing.", "utf-8")
    (folder / "b.txt").write_text("Whales sing.", "utf-8")
    (folder / "c.txt").write_text("狐狸睡觉。", "utf-8")
    return folder


@pytest.fixture
def filled(library: Library, docs: Path) -> Library:
    sync(library, [docs])
    add_upload(library, "up.txt", b"Bees hum.")
    return library


def harm(library: Library, *statements: str) -> None:
    """Change the database behind the library's back, without the checks that SQLite makes."""
    with closing(sqlite3.connect(library.store.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)


def all_text(library: Library) -> set[str]:
    return {p.text for p in library.store.passages(library.store.chunk_ids())}


WHOLE = {"Foxes nap.", "Whales sing.", "狐狸睡觉。", "Bees hum."}
A = "(SELECT id FROM documents WHERE source LIKE '%a.txt')"
FIRST_CHUNK = f"(SELECT min(id) FROM chunks WHERE document = {A})"

HARM = {
    "a span beyond the page": (
        "document",
        "a.txt",
        "page 1 has chunks beyond its text",
        f"UPDATE chunks SET end = 99 WHERE id = {FIRST_CHUNK}",
    ),
    "a span that is cut": (
        "document",
        "a.txt",
        "page 1 has text in no chunk",
        f"UPDATE chunks SET end = 4 WHERE id = {FIRST_CHUNK}",
    ),
    "a chunk that is gone": (
        "document",
        "a.txt",
        "some of its chunks are missing",
        f"DELETE FROM chunks WHERE id = {FIRST_CHUNK}",
    ),
    "chunks that are gone": (
        "document",
        "a.txt",
        "it has no chunks",
        f"DELETE FROM chunks WHERE document = {A}",
    ),
    "a page that is gone": (
        "document",
        "a.txt",
        "some of its chunks are on pages that it has not",
        f"DELETE FROM pages WHERE document = {A} AND number = 2",
    ),
    "pages that are gone": (
        "document",
        "a.txt",
        "some of its chunks are on pages that it has not",
        f"DELETE FROM pages WHERE document = {A}",
    ),
    "all that is gone": (
        "document",
        "a.txt",
        "it has no pages",
        f"DELETE FROM pages WHERE document = {A}",
        f"DELETE FROM chunks WHERE document = {A}",
    ),
    "a page with other text": (
        "document",
        "a.txt",
        "page 1 has text in no chunk",
        f"UPDATE pages SET text = 'Foxes nap. No?' WHERE document = {A} AND number = 1",
    ),
    "a vector of no length": (
        "vector",
        "a.txt",
        "1 of its vectors are damaged or missing",
        f"UPDATE vectors SET embedding = zeroblob(128) WHERE id = (SELECT vector FROM chunks "
        f"WHERE id = {FIRST_CHUNK})",
    ),
    "a vector that is too short": (
        "vector",
        "a.txt",
        "1 of its vectors are damaged or missing",
        f"UPDATE vectors SET embedding = x'0011' WHERE id = (SELECT vector FROM chunks "
        f"WHERE id = {FIRST_CHUNK})",
    ),
    "a vector of another text": (
        "vector",
        "a.txt",
        "1 of its vectors are of other texts",
        f"UPDATE chunks SET vector = (SELECT vector FROM chunks WHERE document <> {A} "
        f"ORDER BY id DESC LIMIT 1) WHERE id = {FIRST_CHUNK}",
    ),
    "vectors that changed places": (
        "vector",
        "a.txt",
        "its vectors are not those of its text",
        "UPDATE vectors SET embedding = (SELECT embedding FROM vectors ORDER BY id DESC LIMIT 1)",
    ),
    "vectors of no chunk": (
        "database",
        "",
        "1 vectors of no chunk",
        "INSERT INTO vectors (digest, embedding) VALUES (x'00', x'00')",
    ),
    "chunks of no document": (
        "database",
        "",
        "1 pages of no document",
        "INSERT INTO pages VALUES (99, 1, '', 'whose?', '[]')",
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_what_is_wrong_is_found_and_mended(filled: Library, docs: Path, name: str) -> None:
    check, file, problem, *statements = HARM[name]
    assert examine(filled) == []
    harm(filled, *statements)
    findings = examine(filled)
    source = str(docs / file) if file else ""
    assert Finding(check, source, problem) in findings  # type: ignore[arg-type]
    mend(filled, findings)
    assert examine(filled) == []
    assert all_text(filled) == WHOLE
    for text in WHOLE:
        assert filled.search(text, 1)[0].page_content == text


def test_a_vector_that_documents_share_is_mended_for_all(filled: Library, docs: Path) -> None:
    """Of "Whales sing.", which a.txt and b.txt say: the index holds what the database does."""
    harm(
        filled,
        "UPDATE vectors SET embedding = (SELECT embedding FROM vectors ORDER BY id DESC LIMIT 1) "
        "WHERE id = (SELECT vector FROM chunks GROUP BY vector HAVING count(*) > 1)",
    )
    filled.rebuild_indexes()
    mend(filled, [Finding("vector", str(docs / "b.txt"), "its vectors are not those of its text")])
    found = filled.nearest("Whales sing.", 2)
    assert [round(score, 2) for _, score in found] == [1, 1]
    assert examine(filled) == []


def test_an_index_of_other_chunks_is_found_and_built_anew(filled: Library) -> None:
    harm(filled, "DROP TRIGGER chunk_removed", f"DELETE FROM chunks WHERE id = {FIRST_CHUNK}")
    problems = [finding.problem for finding in examine(filled) if finding.check == "index"]
    assert len(problems) == 2
    assert all("holds 1 chunks that are not in the database" in problem for problem in problems)
    harm(
        filled,
        "CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN "
        "INSERT INTO changes (chunk) VALUES (old.id); END",
    )
    mend(filled, examine(filled))
    assert examine(filled) == []


def test_files_that_changed_or_went_are_named_and_read_again(filled: Library, docs: Path) -> None:
    (docs / "a.txt").write_text("Foxes hunt.", "utf-8")
    (docs / "b.txt").unlink()
    assert examine(filled) == [
        Finding("file", str(docs / "a.txt"), "the file has changed since it was read"),
        Finding("file", str(docs / "b.txt"), "the file is gone"),
    ]
    mend(filled, examine(filled))
    assert examine(filled) == []
    assert all_text(filled) == {"Foxes hunt.", "狐狸睡觉。", "Bees hum."}


def test_an_upload_whose_text_is_lost_is_said_to_be(filled: Library) -> None:
    up = "(SELECT id FROM documents WHERE origin = 'upload')"
    harm(
        filled,
        f"DELETE FROM pages WHERE document = {up}",
        f"DELETE FROM chunks WHERE document = {up}",
    )
    mend(filled, examine(filled))
    document = filled.document("upload:up.txt")
    assert document is not None
    assert (document.status, document.error) == ("failed", "its text was lost: add it again")
    assert examine(filled) == []


def test_text_of_a_document_that_failed_is_taken_away(filled: Library, docs: Path) -> None:
    harm(filled, "UPDATE documents SET status = 'failed', error = 'why' WHERE source LIKE '%a.txt'")
    problem = "it could not be read, and has text all the same"
    assert examine(filled) == [Finding("document", str(docs / "a.txt"), problem)]
    mend(filled, examine(filled))
    assert examine(filled) == []
    assert all_text(filled) == WHOLE  # its file could be read this time


def test_a_damaged_database_is_named_and_left_alone(filled: Library, docs: Path) -> None:
    path = filled.store.path
    harm(filled, "PRAGMA wal_checkpoint(TRUNCATE)")
    filled.close()
    data = bytearray(path.read_bytes())
    page = int.from_bytes(data[16:18], "big")
    for start in range(5 * page, len(data), page):  # the header and the schema are left
        data[start : start + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(LibraryError, match=r"is damaged \(|is not a Kvasir library or is damaged"):
        examine_and_mend(path.parent)
    assert path.read_bytes() == data


def examine_and_mend(folder: Path) -> None:
    with Library(folder, embedder=WordEmbedder()) as broken:
        findings = examine(broken)
        assert {finding.check for finding in findings} == {"database"}
        mend(broken, findings)


def test_a_library_of_another_embedder_is_looked_at_and_not_mended(
    filled: Library, docs: Path
) -> None:
    harm(filled, f"DELETE FROM chunks WHERE id = {FIRST_CHUNK}")
    with Library(filled.folder, embedder=WordEmbedder("other"), any_embedder=True) as other:
        findings = examine(other)
        assert {finding.check for finding in findings} == {"database", "document"}
        with pytest.raises(LibraryError, match="--rebuild"):
            mend(other, findings)


def test_an_empty_library_is_in_good_health(library: Library) -> None:
    assert examine(library) == []
    mend(library, [])
