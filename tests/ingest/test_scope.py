from pathlib import Path

import pytest

from ingest import Library, sync
from ingest.scope import foresee, scope_of

pytestmark = pytest.mark.usefixtures("plain_loader")


@pytest.fixture
def docs(tmp_path: Path, library: Library) -> Path:
    """A folder that is in the library but for what has been done to it since."""
    folder = tmp_path.resolve() / "docs"
    for name in ("gone.txt", "same.txt", "edited.txt", "sub/gone.txt", "bad.bin"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a fox")
    sync(library, [folder])
    for name in ("gone.txt", "sub/gone.txt"):
        (folder / name).unlink()
    (folder / "new.txt").write_text("a wolf")
    (folder / "edited.txt").write_text("a fox and a wolf")
    return folder


def test_what_a_sync_would_do_is_said_and_not_done(library: Library, docs: Path) -> None:
    before = [(d.source, d.hash) for d in library.documents()]
    report = foresee(library, scope_of(library, [docs], None))
    assert report.added == [str(docs / "new.txt")]
    assert report.updated == [str(docs / "edited.txt")]
    assert report.unchanged == [str(docs / "same.txt")]
    assert report.removed == [str(docs / "gone.txt"), str(docs / "sub/gone.txt")]
    assert [failure.source for failure in report.failed] == [str(docs / "bad.bin")]
    assert [(d.source, d.hash) for d in library.documents()] == before


def test_only_what_is_asked_for_is_looked_at(library: Library, docs: Path) -> None:
    scope = scope_of(library, [docs], [docs / "sub", docs / "new.txt"])
    assert scope.listing.files == [docs / "new.txt"]
    assert [document.source for document in scope.vanished] == [str(docs / "sub/gone.txt")]


def test_a_sibling_with_a_longer_name_is_out_of_scope(library: Library, docs: Path) -> None:
    other = docs.with_name("docs2")
    other.mkdir()
    (other / "a.txt").write_text("a hare")
    sync(library, [other])
    (other / "a.txt").unlink()
    vanished = scope_of(library, [docs], None).vanished
    assert str(other / "a.txt") not in [document.source for document in vanished]
