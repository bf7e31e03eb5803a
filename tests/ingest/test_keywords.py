"""The keyword index: what a kill leaves, who may search meanwhile, what differs from the rest."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

import ingest.keywords
from ingest import Library, LibraryError, sync
from ingest.keywords import KeywordIndex
from ingest.sidecar import Sidecar

pytestmark = pytest.mark.usefixtures("plain_loader")

ANIMALS = ["fox", "owl", "bear", "seal", "crow", "hare"]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    for number, animal in enumerate(ANIMALS):
        (docs / f"{number}.txt").write_text(f"The {animal} is number {number}.")
    return docs


@pytest.fixture
def filled(tmp_path: Path, docs: Path) -> Iterator[Library]:
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        sync(library, [docs])
        yield library


def animals(index: KeywordIndex) -> int:
    return len(index.search("number", 100))


def remove(library: Library, docs: Path, number: int) -> None:
    library.store.remove([str((docs / f"{number}.txt").resolve())])


def test_killed_between_the_commit_and_the_sidecar_nothing_is_built_again(
    filled: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(filled, docs, 0)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Sidecar, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            KeywordIndex(filled.folder, filled.store).catch_up()
    reopened = KeywordIndex(filled.folder, filled.store)
    assert reopened.seq == filled.store.seq()
    assert reopened.check() == []
    monkeypatch.setattr(KeywordIndex, "_created", killed)
    reopened.catch_up()
    again = KeywordIndex(filled.folder, filled.store)
    assert (again.seq, animals(again)) == (filled.store.seq(), 5)


def test_a_file_that_went_or_changed_is_seen_though_a_newer_commit_lacks_its_sidecar(
    filled: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = next((filled.folder / "keywords").glob("*.idx"))
    remove(filled, docs, 0)
    with monkeypatch.context() as patch:
        patch.setattr(Sidecar, "write", lambda *_: None)
        KeywordIndex(filled.folder, filled.store).catch_up()
    if old.exists():  # not merged away
        data = bytearray(old.read_bytes())
        data[len(data) // 2] ^= 0xFF
        old.unlink()
        old.write_bytes(data)
        assert KeywordIndex(filled.folder, filled.store).seq == -1


def test_a_search_does_not_wait_for_a_slow_writer(
    filled: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = KeywordIndex(filled.folder, filled.store)
    writing, searched = threading.Event(), threading.Event()
    row_of = ingest.keywords.row_of

    def slow(*arguments: object) -> object:
        writing.set()
        assert searched.wait(30)
        return row_of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest.keywords, "row_of", slow)
    source = str((docs / "0.txt").resolve())
    known = filled.store.document(source)
    assert known is not None
    with filled.store.transaction() as connection:
        connection.execute("INSERT INTO changes (chunk) SELECT id FROM chunks")
    writer = threading.Thread(target=index.catch_up)
    writer.start()
    assert writing.wait(30)
    index.refresh()
    assert animals(index) == 6
    searched.set()
    writer.join()
    assert animals(index) == 6
    assert index.check() == []


def test_who_has_it_open_goes_on_while_it_is_built_anew(filled: Library) -> None:
    reader = KeywordIndex(filled.folder, filled.store)
    (filled.folder / "keywords/kvasir.json").unlink()
    reader.refresh()
    assert animals(reader) == 6
    writer = KeywordIndex(filled.folder, filled.store)
    assert writer.seq == -1
    writer.catch_up()
    reader.refresh()
    assert animals(reader) == animals(writer) == 6


def test_what_differs_from_the_database_is_said(filled: Library, docs: Path) -> None:
    index = KeywordIndex(filled.folder, filled.store)
    with filled.store.transaction() as connection:
        connection.execute("DROP TRIGGER chunk_removed")
        connection.execute("DELETE FROM chunks WHERE id IN (1, 6)")
    assert index.check() == ["the keyword index holds 2 chunks that are not in the database"]


def test_a_chunk_that_is_in_the_index_twice_is_one_too_many(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = KeywordIndex(filled.folder, filled.store)
    with filled.store.transaction() as connection:
        connection.execute("INSERT INTO changes (chunk) VALUES (3)")
    monkeypatch.setattr(ingest.keywords, "chunks_among", lambda schema, _: _none(schema))
    index.catch_up()
    assert index.check() == ["the keyword index holds 1 chunks that are not in the database"]


def _none(schema: object) -> object:
    import tantivy

    return tantivy.Query.empty_query()


def test_an_index_behind_a_log_that_was_cut_is_built_anew(filled: Library, docs: Path) -> None:
    index = KeywordIndex(filled.folder, filled.store)
    remove(filled, docs, 0)
    remove(filled, docs, 1)
    filled.store.forget_changes(filled.store.seq())
    index.catch_up()
    assert index.check() == []
    assert animals(index) == 4


def test_an_index_that_cannot_be_written_is_said_in_a_line_and_built_anew(
    filled: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(filled, docs, 0)

    def fails(*_: object, **__: object) -> None:
        raise ValueError("no space\nleft")

    with monkeypatch.context() as patch, filled.writing():
        patch.setattr(KeywordIndex, "_write", fails)
        with pytest.raises(LibraryError, match=r"cannot be written: Tantivy.*no space"):
            filled.save_indexes()
    assert "fox" not in " ".join(hit.page_content for hit in filled.search("fox", 20))
    assert filled.check_indexes() == []
