"""The derived indexes: whatever happens to their files, a search finds what the database holds."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from ingest import Library, sync
from ingest.keywords import KeywordIndex
from ingest.sidecar import Sidecar
from ingest.vectors import VectorIndex

pytestmark = pytest.mark.usefixtures("plain_loader")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of six documents, closed."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for number, animal in enumerate(["fox", "owl", "bear", "seal", "crow", "hare"]):
        (docs / f"{number}.txt").write_text(f"The {animal} is number {number}.")
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        sync(library, [docs])
    return tmp_path / "library"


def found_by_each(folder: Path, question: str) -> tuple[int, int]:
    """The best chunk's id by vectors and by keywords, in a library opened for this."""
    with Library(folder, embedder=WordEmbedder()) as library:
        assert len(library.nearest(question, 20)) == len(library.store.chunk_ids())
        return library.nearest(question, 1)[0][0], library.matching(question, 1)[0][0]


def replace(path: Path, data: bytes) -> None:
    path.unlink()  # not in place: a test before this one may still have it mapped
    path.write_bytes(data)


def truncate(path: Path) -> None:
    replace(path, path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    replace(path, bytes(data))


def rewrite_library(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "library": "another"}))


def tantivy_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "keywords").iterdir() if path.name != "kvasir.json"]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda folder: None,
    "no faiss": lambda folder: (folder / "index.faiss").unlink(),
    "empty faiss": lambda folder: (folder / "index.faiss").write_bytes(b""),
    "half a faiss": lambda folder: truncate(folder / "index.faiss"),
    "a bit of faiss": lambda folder: flip(folder / "index.faiss"),
    "no faiss sidecar": lambda folder: (folder / "index.json").unlink(),
    "half a faiss sidecar": lambda folder: truncate(folder / "index.json"),
    "sidecar of another kind": lambda folder: (folder / "index.json").write_text("[1]"),
    "another library's faiss": lambda folder: rewrite_library(folder / "index.json"),
    "no keywords": lambda folder: shutil.rmtree(folder / "keywords"),
    "keywords are a file": lambda folder: (
        shutil.rmtree(folder / "keywords"),
        (folder / "keywords").write_text("x"),
    ),
    "no keywords sidecar": lambda folder: (folder / "keywords/kvasir.json").unlink(),
    "another library's keywords": lambda folder: rewrite_library(folder / "keywords/kvasir.json"),
    "no tantivy meta": lambda folder: (folder / "keywords/meta.json").unlink(),
    "half a tantivy meta": lambda folder: truncate(folder / "keywords/meta.json"),
    "no tantivy files": lambda folder: [path.unlink() for path in tantivy_files(folder)],
    "half of every tantivy file": lambda folder: [truncate(path) for path in tantivy_files(folder)],
    "empty tantivy files": lambda folder: [replace(path, b"") for path in tantivy_files(folder)],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_index_that_is_missing_foreign_or_damaged_is_rebuilt(folder: Path, damage: str) -> None:
    before = found_by_each(folder, "bear")
    assert before[0] == before[1]
    DAMAGES[damage](folder)
    assert found_by_each(folder, "bear") == before


@pytest.mark.parametrize("kind", ["term", "idx", "fieldnorm", "fast", "store"])
@pytest.mark.parametrize("change", [truncate, flip, Path.unlink])
def test_any_damaged_file_of_tantivy_costs_no_answer(
    folder: Path, kind: str, change: Callable[[Path], object]
) -> None:
    best, _ = found_by_each(folder, "bear")
    for path in (folder / "keywords").glob(f"*.{kind}"):
        change(path)
    with Library(folder, embedder=WordEmbedder()) as library:
        assert library.search("bear", 1)[0].metadata["chunk_id"] == best


def test_indexes_that_lag_behind_catch_up_at_the_next_search(folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    (tmp_path / "docs/0.txt").write_text("The lynx is new.")
    (tmp_path / "docs/1.txt").unlink()
    with Library(folder, embedder=WordEmbedder()) as library:
        sync(library, [tmp_path / "docs"])
    for name in ("index.faiss", "index.json"):
        shutil.copy(old / name, folder / name)
    shutil.rmtree(folder / "keywords")
    shutil.copytree(old / "keywords", folder / "keywords")
    with Library(folder, embedder=WordEmbedder()) as library:
        assert library.search("lynx", 1)[0].page_content == "The lynx is new."
        assert "owl" not in " ".join(hit.page_content for hit in library.search("owl", 20))
        ids = library.store.chunk_ids()
        assert sorted(chunk for chunk, _ in library.nearest("any", 20)) == ids


def test_indexes_ahead_of_a_restored_database_are_rebuilt(folder: Path, tmp_path: Path) -> None:
    backup = (folder / "library.db").read_bytes()
    (tmp_path / "docs/0.txt").write_text("The lynx is new.")
    with Library(folder, embedder=WordEmbedder()) as library:
        sync(library, [tmp_path / "docs"])
    (folder / "library.db").write_bytes(backup)
    with Library(folder, embedder=WordEmbedder()) as library:
        assert library.search("fox", 1)[0].page_content == "The fox is number 0."
        assert library.matching("lynx", 5) == []


def test_a_reader_without_the_write_lock_searches_with_what_it_has(
    folder: Path, tmp_path: Path
) -> None:
    with (
        Library(folder, embedder=WordEmbedder()) as writer,
        Library(folder, embedder=WordEmbedder()) as reader,
    ):
        reader.search("fox")
        with writer.writing():
            writer.store.remove([str((tmp_path / "docs/0.txt").resolve())])
            assert reader.matching("fox", 5) != []  # the index still says so
            assert "fox" not in " ".join(h.page_content for h in reader.search("fox", 20))
        assert reader.matching("fox", 5) == []


def test_catching_up_twice_changes_nothing(folder: Path) -> None:
    with Library(folder, embedder=WordEmbedder()) as library:
        vectors = VectorIndex(folder, library.store)
        keywords = KeywordIndex(folder, library.store)
        with library.writing():
            for index in (vectors, keywords):
                index.catch_up()
                seq = index.seq
                index.catch_up()
                assert index.seq == seq == library.store.seq()


def test_a_sidecar_is_read_back_as_written(tmp_path: Path) -> None:
    sidecar = Sidecar("library", 3, "flat", 9, {"index.faiss": 77})
    sidecar.write(tmp_path / "index.json")
    assert Sidecar.read(tmp_path / "index.json") == sidecar
    assert list(tmp_path.iterdir()) == [tmp_path / "index.json"]
    assert Sidecar.read(tmp_path / "nothing.json") is None


def test_a_search_that_finds_no_index_of_a_large_library_writes_it_unless_another_writes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.indexes.BEHIND", 5)
    (folder / "index.faiss").unlink()
    with (
        Library(folder, embedder=WordEmbedder()) as writer,
        Library(folder, embedder=WordEmbedder()) as reader,
        writer.writing(),
    ):
        assert len(reader.nearest("bear", 20)) == 6
        assert not (folder / "index.faiss").exists()
    with Library(folder, embedder=WordEmbedder()) as library:
        assert len(library.nearest("bear", 20)) == 6
        assert (folder / "index.faiss").exists()


def test_long_work_is_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.keywords.SLOW", 2)
    monkeypatch.setattr("ingest.vectors.EXACT", 2)
    told: list[tuple[int, int]] = []
    with Library(folder, embedder=WordEmbedder()) as library, library.writing():
        (folder / "index.json").unlink()
        (folder / "index.faiss").unlink()
        shutil.rmtree(folder / "keywords")
    with Library(folder, embedder=WordEmbedder()) as library, library.writing():
        library.save_indexes(lambda done, total: told.append((done, total)))
    assert told == [(6, 6), (6, 6)]
