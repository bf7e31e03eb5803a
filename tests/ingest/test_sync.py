import os
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_embedder import WordEmbedder

import ingest.load
import ingest.reading
from ingest import Library, LibraryError, Progress, SyncReport, add_upload, sync

pytestmark = pytest.mark.usefixtures("plain_loader")

NAMES = ["a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt", "e.bin"]
TEXTS = ["one fox", "two foxes in the snow", "三只狐狸。", "four\ffour again"]

edits = st.lists(
    st.tuples(st.sampled_from(NAMES), st.one_of(st.none(), st.sampled_from(TEXTS))), max_size=6
)


def contents(library: Library) -> dict[str, str]:
    """What the library holds, by source: the text of every readable document."""
    return {
        document.source: "\f".join(page.text for page in library.pages(document.source))
        for document in library.documents()
        if document.status == "ok"
    }


def write(root: Path, name: str, text: str | None) -> None:
    path = root / name
    if text is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@settings(max_examples=25, deadline=None)
@given(st.lists(edits, min_size=1, max_size=4))
def test_after_every_sync_the_library_is_the_disk_and_the_report_is_the_difference(
    rounds: list[list[tuple[str, str | None]]],
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "docs"
        root.mkdir()
        disk: dict[str, str] = {}
        before: dict[str, str] = {}
        with Library(Path(folder) / "library", embedder=WordEmbedder()) as library:
            add_upload(library, "kept.txt", b"an upload")
            for changes in rounds:
                for name, text in changes:
                    write(root, name, text)
                    disk.pop(str(root / name), None)
                    if text is not None:
                        disk[str(root / name)] = text
                foreseen = sync(library, [root], dry_run=True)
                report = sync(library, [root])
                readable = {s: t for s, t in disk.items() if s.endswith(".txt")}
                assert contents(library) == {**readable, "upload:kept.txt": "an upload"}
                assert set(report.added) == readable.keys() - before.keys()
                assert set(report.updated) == {
                    s for s in readable.keys() & before.keys() if readable[s] != before[s]
                }
                assert set(report.unchanged) == {
                    s for s in readable.keys() & before.keys() if readable[s] == before[s]
                }
                assert {f.source for f in report.failed} == disk.keys() - readable.keys()
                assert before.keys() - readable.keys() <= set(report.removed)
                assert foreseen.removed == report.removed
                assert foreseen.updated == report.updated
                before = readable
                found = {h.metadata["source"] for h in library.search("fox 狐狸 upload", 20)}
                assert found == contents(library).keys()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    return folder


def test_the_same_files_twice_add_nothing_and_embed_nothing(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    write(docs, "a.txt", "one fox")
    sync(library, [docs])
    embedded, ids = embedder.embedded, library.store.chunk_ids()
    report = sync(library, [docs, docs / "a.txt"])
    assert report == SyncReport(unchanged=[str(docs / "a.txt")])
    assert (embedder.embedded, library.store.chunk_ids()) == (embedded, ids)


def test_a_changed_file_answers_with_its_new_text_only(library: Library, docs: Path) -> None:
    write(docs, "a.txt", "zebras graze")
    sync(library, [docs])
    write(docs, "a.txt", "whales sing")
    assert sync(library, [docs]).updated == [str(docs / "a.txt")]
    assert [hit.page_content for hit in library.search("zebras", 5)] == ["whales sing"]


def test_a_file_that_can_no_longer_be_read_leaves_no_stale_text(
    library: Library, docs: Path, plain_loader: Callable[..., object]
) -> None:
    write(docs, "a.txt", "zebras graze")
    sync(library, [docs])
    (docs / "a.txt").write_bytes(b"\xff\xfe\xff")
    for _ in range(2):
        (failure,) = sync(library, [docs]).failed
        assert failure.source == str(docs / "a.txt")
        assert "UnicodeDecodeError" in failure.reason
    assert library.search("zebras") == []
    (document,) = library.documents()
    assert (document.status, document.pages, document.chunks) == ("failed", 0, 0)
    write(docs, "a.txt", "zebras again")
    assert sync(library, [docs]).added == [str(docs / "a.txt")]


def test_a_file_without_text_is_a_failure(library: Library, docs: Path) -> None:
    write(docs, "a.txt", " \n ")
    assert [f.reason for f in sync(library, [docs]).failed] == ["no text in it"]


def test_other_folders_and_uploads_are_left_alone(library: Library, docs: Path) -> None:
    write(docs, "one/a.txt", "one fox")
    write(docs, "one-more/b.txt", "two foxes")
    sync(library, [docs])
    add_upload(library, "up.txt", b"three foxes")
    (docs / "one/a.txt").unlink()
    (docs / "one-more/b.txt").unlink()
    assert sync(library, [docs / "one"]).removed == [str(docs / "one/a.txt")]
    assert contents(library).keys() == {str(docs / "one-more/b.txt"), "upload:up.txt"}


def test_a_vanished_folder_empties_and_an_unknown_one_is_refused(
    library: Library, docs: Path
) -> None:
    write(docs, "sub/a.txt", "one fox")
    sync(library, [docs])
    (docs / "sub/a.txt").unlink()
    (docs / "sub").rmdir()
    write(docs, "b.txt", "two foxes")
    with pytest.raises(LibraryError, match=r"no such file or folder: .*nowhere"):
        sync(library, [docs, docs / "nowhere"])
    assert contents(library).keys() == {str(docs / "sub/a.txt")}  # nothing was done
    assert sync(library, [docs / "sub"]).removed == [str(docs / "sub/a.txt")]


def test_hidden_files_lock_files_and_the_library_itself_are_passed_over(
    tmp_path: Path, embedder: WordEmbedder
) -> None:
    docs = tmp_path.resolve()
    for name in (".hidden.txt", ".git/a.txt", "~$lock.txt", "kept.txt"):
        write(docs, name, "a fox")
    with Library(docs / "library", embedder=embedder) as library:
        assert sync(library, [docs]).added == [str(docs / "kept.txt")]
        assert sync(library, [docs]).failed == []


def test_links_in_a_circle_end(library: Library, docs: Path) -> None:
    write(docs, "a.txt", "one fox")
    (docs / "loop").symlink_to(docs, target_is_directory=True)
    (docs / "dangling.txt").symlink_to(docs / "nothing")
    (docs / "linked.txt").symlink_to(docs / "a.txt")
    assert sync(library, [docs]).added == [str(docs / "a.txt"), str(docs / "linked.txt")]


def test_a_relative_path_and_an_absolute_one_name_the_same_source(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(docs, "a.txt", "one fox")
    sync(library, docs)
    monkeypatch.chdir(docs)
    assert sync(library, ["."]).unchanged == [str(docs / "a.txt")]
    assert sync(library, "a.txt").unchanged == [str(docs / "a.txt")]


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_name_that_is_not_text_is_named_and_skipped(library: Library, docs: Path) -> None:
    write(docs, "a.txt", "one fox")
    try:
        Path(os.fsdecode(os.fsencode(docs) + b"/\xff.txt")).write_text("fox")
    except OSError:
        pytest.skip("this file system takes only text")
    report = sync(library, [docs])
    assert report.added == [str(docs / "a.txt")]
    assert [failure.source for failure in report.failed] == [f"{docs}/\\xff.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_folder_that_cannot_be_looked_into_keeps_what_came_from_it(
    library: Library, docs: Path
) -> None:
    write(docs, "sub/a.txt", "one fox")
    sync(library, [docs])
    (docs / "sub").chmod(0)
    try:
        report = sync(library, [docs])
    finally:
        (docs / "sub").chmod(0o755)
    assert (report.removed, len(report.failed)) == ([], 1)


def test_a_file_that_vanishes_while_it_is_read_is_removed(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(docs, "a.txt", "one fox")
    write(docs, "b.txt", "two foxes")
    sync(library, [docs])
    write(docs, "a.txt", "one changed fox")
    read = ingest.load.load_in_worker

    def slow_read(path: Path, **keywords: str) -> object:
        (docs / "b.txt").unlink(missing_ok=True)
        return read(path, **keywords)

    monkeypatch.setattr(ingest.load, "load_in_worker", slow_read)
    monkeypatch.setattr(ingest.reading, "READERS", 1)  # the one, and then the other
    report = sync(library, [docs])
    assert (report.updated, report.removed) == ([str(docs / "a.txt")], [str(docs / "b.txt")])


def test_progress_counts_files_and_chunks_to_the_end(library: Library, docs: Path) -> None:
    write(docs, "a.txt", "one fox")
    write(docs, "b.txt", "two\fpages")
    seen: list[Progress] = []
    sync(library, [docs], progress=seen.append)
    assert seen[-1] == Progress("done", 2, 2)
    embedding = [p for p in seen if p.phase == "embedding" and p.source == str(docs / "b.txt")]
    assert [(p.embedded, p.chunks) for p in embedding] == [(0, 2), (2, 2)]


def test_of_a_file_that_takes_long_to_read_pages_are_counted(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(docs, "scan.txt", "one fox")
    path = docs / "scan.txt"
    shown, seen = threading.Event(), list[Progress]()
    read = ingest.load.load_in_worker

    def slow_read(path: Path, *, progress: Callable[[int, int], None], **keywords: str) -> object:
        progress(11, 300)
        assert shown.wait(60)
        return read(path, **keywords)

    def show(progress: Progress) -> None:
        seen.append(progress)
        if progress.read:
            shown.set()

    monkeypatch.setattr(ingest.load, "load_in_worker", slow_read)
    monkeypatch.setattr(ingest.reading, "LOOK_UP_S", 0.01)
    assert sync(library, [docs], progress=show).added == [str(path)]
    assert Progress("reading", 0, 1, str(path), read=11, pages=300) in seen


def test_an_interrupted_sync_keeps_what_was_committed_and_goes_on(
    library: Library, docs: Path, embedder: WordEmbedder
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        write(docs, name, f"a fox in {name}")

    def interrupt(progress: Progress) -> None:
        if progress.phase == "reading" and progress.files == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(library, [docs], progress=interrupt)
    assert contents(library).keys() == {str(docs / "a.txt")}
    assert [h.metadata["source"] for h in library.search("fox")] == [str(docs / "a.txt")]
    report = sync(library, [docs])
    assert (len(report.unchanged), len(report.added)) == (1, 2)
