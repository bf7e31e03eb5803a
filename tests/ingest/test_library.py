import threading
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from ingest import Library, LibraryError, Progress, rebuild, sync
from ingest.store import Store

pytestmark = pytest.mark.usefixtures("plain_loader")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    (folder / "fox.txt").write_text("The fox sleeps.\fThe fox wakes at noon.")
    (folder / "zh.txt").write_text("注意力机制是大模型的核心。", "utf-8")
    return folder


def test_a_hit_points_at_real_characters_of_a_real_page(library: Library, docs: Path) -> None:
    sync(library, [docs])
    for question in ("when does the fox wake", "注意力机制", "noon"):
        for hit in library.search(question):
            found = hit.metadata
            page = library.page(found["source"], found["page"])
            assert page.text[found["start"] : found["end"]] == hit.page_content
    first = library.search("wakes at noon")[0]
    assert (first.metadata["source"], first.metadata["page"]) == (str(docs / "fox.txt"), 2)
    assert library.search("注意力机制")[0].metadata["title"] == "zh"


def test_hits_come_best_first_and_at_most_k(library: Library, docs: Path) -> None:
    sync(library, [docs])
    hits = library.search("fox", 2)
    scores = [hit.metadata["score"] for hit in hits]
    assert len(hits) == 2
    assert scores == sorted(scores, reverse=True)
    assert library.search("fox", 0) == []


@pytest.mark.parametrize("question", ["", "  \n", "\u3000"])
def test_a_blank_question_finds_nothing(library: Library, docs: Path, question: str) -> None:
    sync(library, [docs])
    assert library.search(question) == []


def test_an_empty_library_finds_nothing(library: Library) -> None:
    assert library.search("anything") == []


@pytest.mark.parametrize(
    "question", ['"unclosed', "title:(fox AND", "+-*/~^?{}[]", "\\", "fox\ud800", "\0", "🦊" * 50]
)
def test_no_question_is_a_syntax_error(library: Library, docs: Path, question: str) -> None:
    sync(library, [docs])
    assert isinstance(library.search(question), list)


def test_a_question_of_100_000_characters_is_answered(library: Library, docs: Path) -> None:
    sync(library, [docs])
    words = " ".join(f"word{n}" for n in range(12_000))
    hits = library.search(f"{words} noon")
    assert hits[0].page_content == "The fox wakes at noon."


def test_pages_and_removals_of_unknown_documents(library: Library, docs: Path) -> None:
    sync(library, [docs])
    with pytest.raises(LibraryError, match=r"nothing\.txt is not in the library"):
        library.pages("nothing.txt")
    with pytest.raises(LibraryError, match="has no page 9"):
        library.page(str(docs / "fox.txt"), 9)
    assert not library.remove("nothing.txt")
    assert library.remove(str(docs / ".." / "docs" / "fox.txt"))
    assert [hit.metadata["title"] for hit in library.search("fox", 5)] == ["zh"]


def test_status_counts_everything(library: Library, docs: Path) -> None:
    (docs / "bad.bin").write_bytes(b"\0")
    sync(library, [docs])
    status = library.status()
    assert {k: status[k] for k in ("documents", "failed", "pages", "chunks", "embedder")} == {
        "documents": 3,
        "failed": 1,
        "pages": 3,
        "chunks": 3,
        "embedder": "words",
    }


def test_another_embedder_is_refused_until_the_library_is_rebuilt(
    tmp_path: Path, docs: Path
) -> None:
    folder = tmp_path.resolve() / "library"
    with Library(folder, embedder=WordEmbedder()) as library:
        sync(library, [docs])
    other = WordEmbedder("other", dimensions=32)
    with pytest.raises(LibraryError) as refusal:
        Library(folder, embedder=other)
    assert "words (64 numbers per vector)" in str(refusal.value)
    assert "other" in str(refusal.value)
    assert f"python ingest --rebuild --library {folder}" in str(refusal.value)
    with (
        Library(folder, embedder=WordEmbedder(dimensions=32)) as changed,
        pytest.raises(LibraryError, match="--rebuild"),
    ):
        changed.search("fox")
    with Library(folder, embedder=other, any_embedder=True) as library:
        before = library.store.chunk_ids()
        assert rebuild(library) == [str(docs / "fox.txt"), str(docs / "zh.txt")]
        assert not set(before) & set(library.store.chunk_ids())
    with Library(folder, embedder=other) as library:
        assert library.search("noon")[0].page_content == "The fox wakes at noon."
        assert len(sync(library, [docs]).unchanged) == 2


def test_a_reader_is_undisturbed_by_a_rebuild_and_then_refuses(tmp_path: Path, docs: Path) -> None:
    folder = tmp_path / "library"
    with Library(folder, embedder=WordEmbedder()) as reader:
        sync(reader, [docs])
        other = WordEmbedder("other", dimensions=32)
        seen: list[int] = []

        def search_meanwhile(progress: Progress) -> None:
            if progress.phase == "embedding":
                seen.append(len(reader.search("fox")))

        with Library(folder, embedder=other, any_embedder=True) as writer:
            rebuild(writer, search_meanwhile)
        assert len(seen) > 2
        assert set(seen) == {3}
        with pytest.raises(LibraryError, match="--rebuild"):
            reader.search("fox")


def test_an_emptied_library_takes_any_embedder(tmp_path: Path, docs: Path) -> None:
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        sync(library, [docs / "fox.txt"])
        library.remove(str(docs / "fox.txt"))
    with Library(tmp_path / "library", embedder=WordEmbedder("other", 32)) as library:
        sync(library, [docs])
        assert library.search("noon")[0].page_content == "The fox wakes at noon."


def test_another_library_object_sees_each_commit_at_its_next_search(
    tmp_path: Path, docs: Path
) -> None:
    with (
        Library(tmp_path / "library", embedder=WordEmbedder()) as writer,
        Library(tmp_path / "library", embedder=WordEmbedder()) as reader,
    ):
        assert reader.search("fox") == []
        sync(writer, [docs])
        assert len(reader.search("fox")) == 3
        (docs / "fox.txt").write_text("The wolf howls.")
        sync(writer, [docs])
        assert [hit.page_content for hit in reader.search("wolf howls fox", 1)] == [
            "The wolf howls."
        ]


def test_threads_search_while_another_syncs(library: Library, docs: Path) -> None:
    sync(library, [docs])
    ended = threading.Event()
    trouble: list[BaseException] = []

    def search() -> None:
        try:
            while not ended.is_set():
                hits = library.search("fox noon", 3)
                assert any(hit.page_content == "The fox wakes at noon." for hit in hits)
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            trouble.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(15):
        (docs / f"{turn}.txt").write_text(f"Number {turn} is about owls.")
        (docs / f"{turn - 3}.txt").unlink(missing_ok=True)
        sync(library, [docs])
    ended.set()
    for thread in threads:
        thread.join()
    assert trouble == []
    assert {d.title for d in library.documents()} == {"fox", "zh", "12", "13", "14"}


def test_two_threads_that_sync_take_turns(library: Library, docs: Path, tmp_path: Path) -> None:
    more = tmp_path.resolve() / "more"
    more.mkdir()
    for number in range(10):
        (more / f"{number}.txt").write_text(f"owl {number}")
    threads = [threading.Thread(target=sync, args=(library, [f])) for f in (docs, more)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert library.status()["documents"] == 12


def test_a_file_that_is_no_library_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(LibraryError, match="is not a Kvasir library or is damaged"):
        Library(tmp_path, embedder=WordEmbedder())


def test_a_library_of_a_newer_kvasir_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "library.db")
    with store.transaction() as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    store.close()
    with pytest.raises(LibraryError, match="newer Kvasir"):
        Library(tmp_path, embedder=WordEmbedder())


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match="cannot be made a library folder"):
        Library(tmp_path / "file", embedder=WordEmbedder())
