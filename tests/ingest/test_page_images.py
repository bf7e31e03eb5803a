"""A page as its file shows it, drawn in a process of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import DocumentError, Library, LibraryError, sync
from ingest.errors import FileChanged, FileGone
from ingest.load.worker import Worker
from ingest.page_images import close, has_images, page_image

SAMPLE = Path(__file__).resolve().parents[2] / "app" / "samples" / "en" / "position-encodings.pdf"


@pytest.fixture(scope="module", autouse=True)
def _ended() -> Iterator[None]:
    yield
    close()


@pytest.fixture
def source(library: Library, tmp_path: Path) -> Path:
    path = tmp_path / "docs" / "a.pdf"
    path.parent.mkdir()
    path.write_bytes(SAMPLE.read_bytes())
    assert sync(library, [path]).added == [str(path)]
    return path


def test_a_cited_sentence_has_its_boxes_on_the_picture_of_its_page(
    library: Library, source: Path
) -> None:
    text = library.page(str(source), 4).text
    start = text.index("1/2, 1/4, 1/8")
    image = page_image(library, str(source), 4, [(start, start + 13)])
    assert image.data.startswith(b"\xff\xd8")
    assert image.pages == len(library.pages(str(source)))
    [[box]] = image.boxes
    assert 0 < box[0] < box[2] < 1
    assert page_image(library, str(source), 4, [(start, start + 13)]) is image  # remembered


def test_a_file_that_changed_or_went_is_not_shown(library: Library, source: Path) -> None:
    page_image(library, str(source), 1)
    source.write_bytes(source.read_bytes() + b"\n% other\n")
    with pytest.raises(FileChanged, match="changed since it was read"):
        page_image(library, str(source), 1)
    source.unlink()
    with pytest.raises(FileGone, match="cannot be opened: No such file"):
        page_image(library, str(source), 1)
    os.mkfifo(source)  # nobody waits for what it may say
    with pytest.raises(FileGone):
        page_image(library, str(source), 1)


def test_only_pdfs_of_the_library_have_pictures(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A fox.")
    sync(library, [tmp_path / "a.txt"])
    document = library.document(str(tmp_path / "a.txt"))
    assert document is not None
    assert not has_images(document)
    for source in (document.source, "/etc/passwd", str(SAMPLE)):
        with pytest.raises(DocumentError, match="cannot be shown as pictures"):
            page_image(library, source, 1)


def test_a_page_that_is_not_there_is_an_error(library: Library, source: Path) -> None:
    with pytest.raises(LibraryError, match="no page 99"):
        page_image(library, str(source), 99)


MISCHIEF = """
import os, time
from ingest.load import image_child
from ingest.load.child import serve

def work(request, answers):
    order = request["text"].split()[0]
    if order == "hang":
        time.sleep(600)
    if order == "die":
        os.kill(os.getpid(), 11)
    if order == "eat":
        return [b"x" * (8 << 30)]
    return image_child._work(request, answers)

serve(work)
"""


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("hang", r"^gave up after 1\.5 s$"),
        ("die", r"^the parser crashed \(SIGSEGV\)$"),
        ("eat", r"^needs more than 2 GiB of memory to read$"),
    ],
)
def test_a_page_that_kills_its_process_costs_one_picture(
    library: Library,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    order: str,
    reason: str,
) -> None:
    (tmp_path / "kvasir_sketch.py").write_text(MISCHIEF)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worker = Worker(2 << 30, "kvasir_sketch")
    monkeypatch.setattr("ingest.page_images._worker", worker)
    page = library.page(str(source), 2)
    with monkeypatch.context() as patch:
        patch.setattr(Library, "page", lambda *_: type(page)(2, f"{order} now"))
        patch.setattr("ingest.page_images.PATIENCE_S", 1.5 if order == "hang" else 60.0)
        with pytest.raises(DocumentError, match=reason):
            page_image(library, str(source), 2)
    assert page_image(library, str(source), 2).data
    worker.close()
