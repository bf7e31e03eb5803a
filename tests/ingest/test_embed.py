"""Texts are embedded once, and what was embedded is not lost."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from word_embedder import WordEmbedder

import ingest.embed
from ingest import Library, Progress, rebuild, sync

pytestmark = pytest.mark.usefixtures("plain_loader")

PARAGRAPHS = [f"Paragraph {n} of the report. " + f"It tells of fox {n}. " * 12 for n in range(200)]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    return folder


def vectors(library: Library) -> int:
    with library.store.transaction() as connection:
        return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])


def drafts(library: Library) -> int:
    with library.store.transaction() as connection:
        return int(connection.execute("SELECT count(*) FROM drafts").fetchone()[0])


def test_the_same_text_in_two_files_is_embedded_once(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (docs / name).write_text("a fox in the snow")
    sync(library, [docs])
    assert (embedder.embedded, vectors(library), len(library.store.chunk_ids())) == (1, 1, 3)
    assert len(library.search("fox", 5)) == 3
    (docs / "a.txt").unlink()
    sync(library, [docs])
    assert (embedder.embedded, vectors(library)) == (1, 1)
    for path in docs.iterdir():
        path.unlink()
    sync(library, [docs])
    assert vectors(library) == 0


def test_a_changed_file_embeds_what_changed(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    (docs / "a.txt").write_text("\f".join(PARAGRAPHS))
    sync(library, [docs])
    before = embedder.embedded
    changed = [*PARAGRAPHS[:70], "A new one about whales.", *PARAGRAPHS[71:]]
    (docs / "a.txt").write_text("\f".join(changed))
    assert sync(library, [docs]).updated == [str(docs / "a.txt")]
    assert embedder.embedded == before + 1
    assert vectors(library) == len(PARAGRAPHS)
    assert library.search("A new one about whales", 1)[0].page_content == "A new one about whales."


def test_a_renamed_file_keeps_chunks_and_vectors(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    (docs / "a.txt").write_text("one fox")
    (docs / "b.txt").write_text("two foxes")
    sync(library, [docs])
    before, ids = embedder.embedded, library.store.chunk_ids()
    (docs / "sub").mkdir()
    (docs / "a.txt").rename(docs / "sub" / "new.txt")
    foreseen = sync(library, [docs], dry_run=True)
    report = sync(library, [docs])
    assert (report.removed, report.added) == ([str(docs / "a.txt")], [str(docs / "sub/new.txt")])
    assert (foreseen.removed, foreseen.added) == (report.removed, report.added)
    assert (embedder.embedded, library.store.chunk_ids()) == (before, ids)
    assert library.search("one fox", 1)[0].metadata["source"] == str(docs / "sub/new.txt")
    assert library.search("one fox", 1)[0].metadata["title"] == "new"


def test_of_two_copies_of_a_vanished_file_one_is_the_moved_one(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    (docs / "a.txt").write_text("one fox")
    sync(library, [docs])
    for name in ("x.txt", "y.txt"):
        (docs / name).write_text("one fox")
    (docs / "a.txt").unlink()
    report = sync(library, [docs])
    assert (report.removed, report.added) == (
        [str(docs / "a.txt")],
        [str(docs / "x.txt"), str(docs / "y.txt")],
    )
    assert embedder.embedded == 1
    assert len(library.search("fox", 5)) == 2


def test_a_run_cut_short_in_a_long_file_goes_on_where_it_was(
    library: Library, docs: Path, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "a.txt").write_text("\f".join(PARAGRAPHS))
    monkeypatch.setattr(ingest.embed, "CHECKPOINT_S", 0)
    embed = embedder.embed_array

    def dies(texts: list[str], *, progress: Callable[[int], None] | None = None) -> np.ndarray:
        if embedder.embedded >= 128:
            raise KeyboardInterrupt
        return embed(texts, progress=progress)

    monkeypatch.setattr(embedder, "embed_array", dies)
    with pytest.raises(KeyboardInterrupt):
        sync(library, [docs])
    assert (library.documents(), drafts(library)) == ([], 128)
    monkeypatch.setattr(embedder, "embed_array", embed)
    sync(library, [docs])
    assert (embedder.embedded, drafts(library)) == (len(PARAGRAPHS), 0)
    ids, found = library.store.embeddings(library.store.chunk_ids())
    again = embedder.embed_array([p.text for p in library.store.passages(ids)])
    assert np.allclose(found, again, atol=1e-3)


def test_a_rebuild_cut_short_goes_on_where_it_was(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    for n in range(4):
        (docs / f"{n}.txt").write_text(f"fox number {n}")
    sync(library, [docs])
    other = WordEmbedder("other")
    with Library(library.folder, embedder=other, any_embedder=True) as second:

        def interrupt(progress: Progress) -> None:
            if progress.files == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rebuild(second, interrupt)
        assert library.search("fox number 2", 1)[0].page_content == "fox number 2"
        assert len(rebuild(second)) == 4
        assert (other.embedded, vectors(second), drafts(second)) == (4, 4, 0)
        assert second.search("fox number 2", 1)[0].page_content == "fox number 2"


def test_a_rebuild_embeds_anew_with_the_same_embedder_too(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    (docs / "a.txt").write_text("one fox")
    sync(library, [docs])
    with library.store.transaction() as connection:
        connection.execute("UPDATE vectors SET embedding = zeroblob(128)")
    rebuild(library)
    _, (vector,) = library.store.embeddings(library.store.chunk_ids())
    assert np.allclose(vector, embedder.embed_query("one fox"), atol=1e-3)


def test_a_document_may_repeat_itself(library: Library, docs: Path, embedder: WordEmbedder) -> None:
    (docs / "a.txt").write_text("\f".join(["the same page"] * 5))
    sync(library, [docs])
    assert (embedder.embedded, len(library.store.chunk_ids())) == (1, 5)
