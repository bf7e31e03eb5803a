import os
import socket
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Library, LibraryError, files, sync
from ingest.files import absolute, hash_bytes, hash_file, list_files
from models.settings import get_settings

needs_posix = pytest.mark.skipif(os.name == "nt", reason="POSIX only")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
def one_megabyte(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KVASIR_MAX_FILE_MB", "1")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("text")


def names(root: Path, *tops: Path, only: list[Path] | None = None) -> list[str]:
    listing = list_files(tops or [root], passing_over=root / "library", only=only)
    return [path.relative_to(root).as_posix() for path in listing.files]


def test_what_is_passed_over_is_counted_by_reason_and_a_folder_as_one(root: Path) -> None:
    lay(root, ".git/a.txt", ".git/b.txt", ".hidden", "~$a.docx", "__MACOSX/a.txt", "kept.txt")
    lay(root, "library/library.db")
    (root / "dangling").symlink_to(root / "nothing")
    (root / "circle").symlink_to(root / "circle")
    (root / "linked").symlink_to(root, target_is_directory=True)
    listing = list_files([root, root], passing_over=root / "library")
    assert listing.files == [root / "kept.txt"]
    assert listing.unreadable == []
    assert listing.passed_over == {"hidden": 2, "temporary": 2, "dangling": 2, "linked": 1}


def test_a_path_that_is_given_is_taken_whatever_its_name(root: Path) -> None:
    lay(root, ".hidden/a.txt", "b.tmp", "c.txt")
    listing = list_files([root, root / ".hidden", root / "b.tmp"], passing_over=root / "library")
    assert [path.name for path in listing.files] == ["a.txt", "b.tmp", "c.txt"]
    assert listing.passed_over == {}


def test_paths_within_each_other_list_each_file_once_by_path(root: Path) -> None:
    lay(root, "a/b/c.txt", "a/d.txt", "a.txt")
    tops = [root / "a" / "b", root, root / "a", root / "a.txt", root / "a.txt"]
    assert names(root, *tops) == ["a/b/c.txt", "a/d.txt", "a.txt"]


def test_a_link_to_a_file_is_listed_under_its_own_name(root: Path) -> None:
    lay(root, "a.txt")
    (root / "b.txt").symlink_to(root / "a.txt")
    assert names(root) == ["a.txt", "b.txt"]


@needs_posix
def test_devices_pipes_and_sockets_are_never_opened(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)  # a socket's path may not be long
    os.mkfifo(root / "pipe")
    (root / "linked").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        listing = list_files([root], passing_over=root / "library")
        assert (listing.files, listing.passed_over) == ([], {"special": 3})
    with pytest.raises(OSError, match="it is no regular file"):
        hash_file(root / "pipe")
    with pytest.raises(OSError, match="it is no regular file"):
        hash_file(Path("/dev/zero"))
    ((failure),) = list_files([root / "pipe"], passing_over=root / "library").unreadable
    assert failure.reason == "it is a device, a pipe or a socket"


def test_only_some_paths_are_looked_at(root: Path) -> None:
    lay(root, "a/b/c.txt", "a/b/d.txt", "a/e.txt", "a/.f/g.txt", "h/i.txt", "j.txt", "h/.k")
    (root / "h" / ".kvasirignore").write_bytes(b"\xff")
    only = [root / "a" / "b" / "d.txt", root / "j.txt", root / "a/.f/g.txt", root / "gone"]
    listing = list_files([root], passing_over=root / "library", only=only)
    assert listing.files == [root / "a" / "b" / "d.txt", root / "j.txt"]
    assert (listing.unreadable, listing.passed_over) == ([], {})
    assert names(root, only=[root / "a"]) == ["a/b/c.txt", "a/b/d.txt", "a/e.txt"]
    assert names(root, root / "a" / "b", only=[root / "a"]) == ["a/b/c.txt", "a/b/d.txt"]
    assert names(root, only=[]) == []


def test_a_folder_that_breaks_off_while_it_is_read_is_named_and_loses_nothing(
    root: Path, library: Library, monkeypatch: pytest.MonkeyPatch, plain_loader: object
) -> None:
    lay(root, "a/b.txt", "c.txt")
    sync(library, [root])
    scan = os.scandir

    def broken(path: str) -> object:
        if path == str(root / "a"):
            raise OSError(5, "Input/output error")
        return scan(path)

    monkeypatch.setattr(os, "scandir", broken)
    report = sync(library, [root])
    assert [(f.source, f.reason) for f in report.failed] == [
        (str(root / "a"), "cannot be looked into: Input/output error")
    ]
    assert report.removed == []


def test_a_file_that_has_become_ignored_leaves_the_library_unless_the_rules_are_broken(
    root: Path, library: Library, plain_loader: object
) -> None:
    lay(root, "a.txt", "b.txt")
    sync(library, [root])
    (root / ".kvasirignore").write_bytes(b"a.txt\n\xff")
    report = sync(library, [root])
    assert (report.removed, [f.source for f in report.failed]) == ([], [str(root)])
    (root / ".kvasirignore").write_text("a.txt")
    report = sync(library, [root])
    assert (report.removed, report.passed_over) == ([str(root / "a.txt")], {"ignored": 1})
    assert sync(library, [root, root / "a.txt"]).added == [str(root / "a.txt")]


def test_a_file_that_is_too_large_is_named_and_leaves_no_stale_text(
    root: Path, library: Library, plain_loader: object, one_megabyte: None
) -> None:
    lay(root, "a.txt")
    sync(library, [root])
    (root / "a.txt").write_bytes(b"x" * 1_000_001)
    ((failure),) = sync(library, [root]).failed
    assert failure.reason == (
        "cannot be read: it has 1,000,001 bytes, KVASIR_MAX_FILE_MB allows 1 million. "
        "Raise that, or name the file in a .kvasirignore"
    )
    ((document),) = library.documents()
    assert (document.status, document.chunks) == ("failed", 0)
    (root / "a.txt").write_bytes(b"x" * 1_000_000)
    assert sync(library, [root]).added == [str(root / "a.txt")]


def test_a_hash_is_of_the_bytes(root: Path) -> None:
    lay(root, "a.txt")
    assert hash_file(root / "a.txt") == hash_bytes(b"text")


def test_the_library_itself_is_no_folder_of_documents(root: Path, library: Library) -> None:
    ((failure),) = sync(library, [library.folder]).failed
    assert failure.reason == "it is the library itself: keep documents elsewhere"


@pytest.mark.parametrize("path", ["~nobody-of-that-name/a", "a\0b"])
def test_what_is_no_path_is_refused_in_one_line(path: str) -> None:
    with pytest.raises(LibraryError, match="is no path: "):
        absolute(path)


def test_links_in_a_circle_are_no_path(root: Path) -> None:
    (root / "circle").symlink_to(root / "circle")
    with pytest.raises(LibraryError, match="is no path: "):
        absolute(root / "circle")


def test_on_a_disk_that_takes_several_spellings_a_path_has_the_disks_own(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decomposed = unicodedata.normalize("NFD", "Café")
    lay(root, f"{decomposed}/Notes.txt")

    def is_same(one: Path, other: Path) -> bool:
        """As a disk answers that ignores case and how accents are written."""
        folded = [unicodedata.normalize("NFC", str(path)).casefold() for path in (one, other)]
        return folded[0] == folded[1]

    plain = root / "Café" / "notes.TXT"
    assert absolute(plain) == plain  # this disk tells them apart
    monkeypatch.setattr(files, "_is_same", is_same)
    assert absolute(plain) == root / decomposed / "Notes.txt"
    assert absolute(root / "gone.txt") == root / "gone.txt"


def test_two_names_of_one_file_stay_two(root: Path) -> None:
    lay(root, "a.txt")
    try:
        os.link(root / "a.txt", root / "A.txt")
    except OSError:
        pytest.skip("this disk ignores case, or has no hard links")
    assert absolute(root / "A.txt") == root / "A.txt"
    assert absolute(root / "a.txt") == root / "a.txt"
