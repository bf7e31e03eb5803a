from pathlib import Path

import pytest

import ingest.records
from ingest import Library, sync

pytestmark = pytest.mark.usefixtures("plain_loader")


@pytest.fixture
def filled(library: Library, tmp_path: Path) -> Library:
    """Seven documents of a chunk each."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(7):
        (docs / f"{number}.txt").write_text(f"fox number {number}")
    sync(library, [docs])
    return library


def test_more_keys_than_one_statement_takes_are_asked_for_in_batches(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.records, "BATCH", 3)
    store = filled.store
    ids = store.chunk_ids()
    assert len(ids) == 7
    assert store.chunk_ids_among([*reversed(ids), *ids, 10_000]) == ids
    assert [passage.chunk_id for passage in store.passages(ids)] == ids
    assert store.embeddings(ids)[0] == ids
    store.keep_drafts({bytes([n]): b"\0\0" for n in range(7)})
    wanted = [bytes([n]) for n in range(20)] * 2
    assert store.drafted(wanted) == store.embedded(wanted) == {bytes([n]) for n in range(7)}


def test_a_snapshot_stays_as_it_was_whoever_writes(filled: Library) -> None:
    with filled.store.snapshot() as connection:
        before = connection.execute("SELECT count(*) FROM chunks").fetchone()
        filled.store.remove(filled.store.sources("path"))
        assert connection.execute("SELECT count(*) FROM chunks").fetchone() == before == (7,)
    assert filled.store.chunk_ids() == []
