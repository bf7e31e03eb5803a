"""The dense index by size: what is exact, what is trained, what is in memory, what is on disk."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest.vector_base
import ingest.vectors
from ingest import Filter, Library
from ingest.document import FileFacts
from ingest.page import Page
from ingest.recent import Recent
from ingest.sidecar import Sidecar, write_atomically
from ingest.split import Chunk
from ingest.store import Store
from ingest.vectors import VectorIndex

DIMENSIONS = 32


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index is trained, and its file replaced, as if the libraries of tests were large."""
    monkeypatch.setattr(ingest.vector_base, "EXACT", 300)
    monkeypatch.setattr(ingest.vector_base, "COMPARED", 200)
    monkeypatch.setattr(ingest.vectors, "LEAST", 20)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "library.db")
    store.set_embedder("drawn", DIMENSIONS)
    yield store
    store.close()


def drawn(count: int, seed: int) -> np.ndarray:
    """Unit vectors in ten clusters, float16."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(7).standard_normal((10, DIMENSIONS))
    vectors = centres[random.integers(0, 10, count)] + 0.6 * random.standard_normal(
        (count, DIMENSIONS)
    )
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2")


def put(store: Store, number: int, count: int = 10) -> None:
    """Document number so, in the place of one, with chunks of its own."""
    rows = drawn(count, seed=number)
    digests = [f"{number} {i} {store.seq()}".encode() for i in range(count)]
    store.replace(
        FileFacts(f"/docs/{number % 3}/{number}.txt", "path", "hash", 1, 1),
        title="",
        format="txt" if number % 2 else "pdf",
        pages=[Page(1, "x" * count)],
        chunks=[Chunk(1, i, i + 1, "x") for i in range(count)],
        digests=digests,
        fresh={key: row.tobytes() for key, row in zip(digests, rows, strict=True)},
    )


def truth(store: Store, query: np.ndarray, k: int, filter: Filter | None = None) -> list[int]:
    """The nearest chunks, by comparing all of them."""
    ids, documents, vectors = store.chunk_vectors_after(0, 10**9)
    if filter is not None:
        wanted = np.isin(documents, store.documents_where(filter))
        ids, vectors = ids[wanted], vectors[wanted]
    return [int(i) for i in ids[np.argsort(-(vectors @ query))][:k]]


def found(index: VectorIndex, query: np.ndarray, k: int, filter: Filter | None = None) -> list[int]:
    return [chunk for chunk, _ in index.search(query.tolist(), k, filter)]


def recall(index: VectorIndex, store: Store, filter: Filter | None = None) -> float:
    queries = drawn(20, seed=99).astype(np.float32)
    hits = sum(
        len(set(found(index, q, 10, filter)) & set(truth(store, q, 10, filter))) for q in queries
    )
    return hits / sum(len(truth(store, q, 10, filter)) for q in queries)


def base_of(index: VectorIndex) -> ingest.vector_base.VectorBase:
    base = index._state.base
    assert base is not None
    return base


def test_up_to_a_size_everything_is_exact_and_beyond_it_is_trained(
    small: None, store: Store, tmp_path: Path
) -> None:
    for number in range(20):
        put(store, number)
    index = VectorIndex(tmp_path, store)
    index.save()
    assert base_of(index).is_exact
    assert recall(index, store) == 1
    for number in range(20, 120):
        put(store, number)
    index.save()
    assert not base_of(index).is_exact
    assert recall(index, store) > 0.95
    scores = dict(index.search(drawn(1, 3)[0].astype(np.float32).tolist(), 10))
    ids, _, vectors = store.chunk_vectors(list(scores))
    exact = vectors @ drawn(1, 3)[0].astype(np.float32)
    assert np.allclose([scores[int(i)] for i in ids], exact, atol=1e-6)


@pytest.mark.parametrize(
    "filter",
    [
        Filter(folders=("/docs/1",)),
        Filter(formats=("pdf",)),
        Filter(sources=("/docs/0/33.txt",)),
        Filter(formats=("none",)),
    ],
)
def test_a_filter_finds_as_well_as_none_in_the_file_and_in_memory(
    small: None, store: Store, tmp_path: Path, filter: Filter
) -> None:
    for number in range(100):
        put(store, number)
    index = VectorIndex(tmp_path, store)
    index.save()
    put(store, 33)
    put(store, 100)
    index.catch_up()
    query = drawn(1, seed=5)[0].astype(np.float32)
    expected = truth(store, query, 10**6, filter)
    assert set(found(index, query, 10**6, filter)) <= set(expected)
    assert len(found(index, query, 10, filter)) == min(10, len(expected))
    if expected:
        assert recall(index, store, filter) > 0.95


def test_a_few_documents_more_leave_the_file_as_it_is_and_many_replace_it(
    small: None, store: Store, tmp_path: Path
) -> None:
    for number in range(50):
        put(store, number)
    index = VectorIndex(tmp_path, store)
    index.save()
    before = (tmp_path / "index.faiss").stat().st_mtime_ns
    put(store, 50)
    store.remove(["/docs/0/0.txt"])
    index.save()
    assert (tmp_path / "index.faiss").stat().st_mtime_ns == before
    assert index.check() == []
    assert VectorIndex(tmp_path, store).seq < store.seq()
    for number in range(51, 60):
        put(store, number)
    index.save()
    assert (tmp_path / "index.faiss").stat().st_mtime_ns != before
    assert VectorIndex(tmp_path, store).seq == store.seq()
    assert index.check() == []


@settings(max_examples=20, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 8)),
            st.tuples(st.just("remove"), st.integers(0, 8)),
            st.tuples(st.just("rename"), st.integers(0, 8)),
            st.sampled_from([("save", 0), ("reopen", 0), ("forget", 0), ("search", 0)]),
        ),
        max_size=25,
    )
)
def test_whatever_happens_the_index_is_the_database(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    store = Store(folder / "library.db")
    store.set_embedder("drawn", DIMENSIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest.vector_base, "EXACT", 30)
        patch.setattr(ingest.vectors, "LEAST", 8)
        index = other = VectorIndex(folder, store)
        for step, number in steps:
            source = f"/docs/{number % 3}/{number}.txt"
            if step == "put":
                put(store, number, count=1 + number)
            elif step == "remove":
                store.remove([source])
            elif step == "rename" and store.document(source):
                store.rename(source, FileFacts(f"{source}.new", "path", "hash", 1, 1), "")
            elif step == "save":
                index.save()
            elif step == "reopen":
                index = VectorIndex(folder, store)
            elif step == "forget":
                store.forget_changes(index.needs)
            for one in (index, other) if step == "search" else ():
                one.catch_up()
                assert one.check() == []
        for one in (index, other):
            one.catch_up()
            assert one.check() == []
            query = drawn(1, 1)[0].astype(np.float32)
            assert sorted(found(one, query, 10**6)) == store.chunk_ids()
    store.close()


# What a kill leaves


def test_killed_between_the_file_and_its_sidecar_the_new_file_is_used(
    small: None, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, 1)
    VectorIndex(tmp_path, store).save()
    for number in range(2, 9):
        put(store, number)

    def then_killed(path: Path, write: Callable[[Path], object]) -> None:
        write_atomically(path, write)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest.vectors, "write_atomically", then_killed)
        with pytest.raises(KeyboardInterrupt):
            VectorIndex(tmp_path, store).save()
    reopened = VectorIndex(tmp_path, store)
    assert reopened.seq == store.seq()  # nothing to build
    reopened.save()
    assert reopened.check() == []
    assert not (tmp_path / "index.next.json").exists()
    assert VectorIndex(tmp_path, store).seq == store.seq()


@pytest.mark.parametrize("moment", ["draft", "next"])
def test_killed_before_the_file_is_moved_the_old_one_is_used(
    small: None, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    put(store, 1)
    VectorIndex(tmp_path, store).save()
    old = (tmp_path / "index.faiss").read_bytes()
    for number in range(2, 9):
        put(store, number)

    def half(path: Path, write: Callable[[Path], object]) -> None:
        draft = path.with_name(f".{path.name}.4711")
        draft.write_bytes(b"half") if moment == "draft" else write(draft)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest.vectors, "write_atomically", half)
        with pytest.raises(KeyboardInterrupt):
            VectorIndex(tmp_path, store).save()
    assert (tmp_path / "index.faiss").read_bytes() == old
    reopened = VectorIndex(tmp_path, store)
    assert reopened.seq == 10
    reopened.catch_up()
    assert reopened.check() == []
    reopened.save()
    assert not list(tmp_path.glob(".index*"))
    assert not (tmp_path / "index.next.json").exists()


@pytest.mark.parametrize("size", [10, 400])
@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.999])
def test_a_byte_of_the_file_that_is_another_has_it_built_again(
    small: None, store: Store, tmp_path: Path, size: int, where: float
) -> None:
    put(store, 1, count=size)
    VectorIndex(tmp_path, store).save()
    path = tmp_path / "index.faiss"
    data = bytearray(path.read_bytes())
    data[int(where * len(data))] ^= 0xFF
    path.unlink()
    path.write_bytes(data)
    index = VectorIndex(tmp_path, store)
    assert index.seq == 0
    index.save()
    assert index.check() == []
    assert VectorIndex(tmp_path, store).seq == store.seq()


def test_a_count_that_is_not_the_files_is_no_base(
    small: None, store: Store, tmp_path: Path
) -> None:
    put(store, 1)
    VectorIndex(tmp_path, store).save()
    sidecar = json.loads((tmp_path / "index.json").read_text())
    for count in (0, 3, 10**12, -1):
        (tmp_path / "index.json").write_text(json.dumps({**sidecar, "count": count}))
        assert VectorIndex(tmp_path, store).seq == 0


def test_another_embedders_file_is_not_used(small: None, store: Store, tmp_path: Path) -> None:
    put(store, 1)
    VectorIndex(tmp_path, store).save()
    store.set_embedder("another", DIMENSIONS)
    assert VectorIndex(tmp_path, store).seq == 0


# Several at once


def test_a_search_does_not_wait_for_a_file_that_is_being_built(
    small: None, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, 1)
    index = VectorIndex(tmp_path, store)
    index.save()
    for number in range(2, 9):
        put(store, number)
    building, searched = threading.Event(), threading.Event()
    write = ingest.vectors.write_base

    def slow(*arguments: object) -> int:
        building.set()
        assert searched.wait(30)
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest.vectors, "write_base", slow)
    writer = threading.Thread(target=index.save)
    writer.start()
    assert building.wait(30)
    put(store, 9)
    index.catch_up()
    assert len(found(index, drawn(1, 1)[0].astype(np.float32), 10**6)) == 90
    searched.set()
    writer.join()
    index.catch_up()
    assert index.check() == []


def test_an_index_that_another_process_replaced_is_taken_over(
    small: None, store: Store, tmp_path: Path
) -> None:
    put(store, 1)
    ours, theirs = VectorIndex(tmp_path, store), VectorIndex(tmp_path, store)
    ours.save()
    for number in range(2, 9):
        put(store, number)
    theirs.save()
    put(store, 9)
    ours.catch_up()
    assert len(base_of(ours).ids) == 80
    assert ours.check() == []


def test_an_index_behind_a_log_that_was_cut_is_made_anew(
    small: None, store: Store, tmp_path: Path
) -> None:
    put(store, 1)
    behind = VectorIndex(tmp_path, store)
    behind.catch_up()
    store.remove(["/docs/1/1.txt"])
    put(store, 2)
    store.forget_changes(store.seq())
    assert store.forgotten() == store.seq() - 1
    behind.catch_up()
    assert behind.check() == []


def test_the_log_of_changes_does_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.indexes.LOG_LEAST", 50)
    monkeypatch.setattr(ingest.vectors, "LEAST", 20)
    with Library(tmp_path / "library", any_embedder=True) as library:
        library.store.set_embedder("drawn", DIMENSIONS)
        for turn in range(20):
            put(library.store, turn % 2)
            with library.writing():
                library.save_indexes()
        assert library.store.seq() > 300
        assert library.store.seq() - library.store.forgotten() < 150
        assert library.check_indexes() == []


def test_a_library_that_was_emptied_has_no_file(small: None, store: Store, tmp_path: Path) -> None:
    put(store, 1)
    index = VectorIndex(tmp_path, store)
    index.save()
    store.remove(["/docs/1/1.txt"])
    index.save()
    assert found(index, drawn(1, 1)[0].astype(np.float32), 5) == []
    assert not (tmp_path / "index.faiss").exists()
    put(store, 2)
    index.save()
    assert index.check() == []


def test_what_differs_from_the_database_is_said(small: None, store: Store, tmp_path: Path) -> None:
    put(store, 1)
    index = VectorIndex(tmp_path, store)
    index.save()
    with store.transaction() as connection:
        connection.execute("DROP TRIGGER chunk_removed")
        connection.execute("DROP TRIGGER chunk_added")
        connection.execute("DELETE FROM chunks WHERE ordinal IN (3, 5)")
    assert index.check() == ["index.faiss holds 2 chunks that are not in the database"]
    put(store, 2, count=4)
    assert index.check() == [
        "index.faiss lacks 4 of 12 chunks",
        "index.faiss holds 2 chunks that are not in the database",
    ]


def test_an_older_view_of_what_is_in_memory_stays_as_it_was() -> None:
    rows = np.eye(4, dtype=np.float32)
    ids = np.arange(4)
    first = Recent.empty(4, room=1).plus(ids[:1], ids[:1], rows[:1])
    second = first.plus(ids[1:3], ids[1:3], rows[1:3])
    third = first.plus(ids[3:], ids[3:], rows[3:])  # a second heir of the first
    assert [view.ids.tolist() for view in (first, second, third)] == [[0], [0, 1, 2], [0, 3]]
    assert second.without(np.array([1])).search(rows[1], 5, None)[0].tolist() != [1]
    assert second.search(rows[1], 1, None)[0].tolist() == [1]


def test_files_of_a_library_can_be_copied_while_it_is_open(
    small: None, store: Store, tmp_path: Path
) -> None:
    put(store, 1)
    VectorIndex(tmp_path, store).save()
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("index.faiss", "index.json"):
        shutil.copy(tmp_path / name, copy / name)
    saved = Sidecar.read(copy / "index.json")
    assert saved is not None
    assert saved.fits(copy / "index.faiss")


def test_a_search_leaves_the_callers_threads_as_they_were(
    small: None, store: Store, tmp_path: Path
) -> None:
    put(store, 1)
    index = VectorIndex(tmp_path, store)
    index.save()
    faiss = ingest.vector_base.faiss
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        assert len(found(index, drawn(1, 1)[0].astype(np.float32), 5)) == 5
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)
