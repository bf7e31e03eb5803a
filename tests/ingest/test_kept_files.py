"""Files given in the chat, kept as long as a document is of them."""

from pathlib import Path

import pytest

import ingest.load
from ingest import FileGone, Library, add_upload, page_image
from ingest.kept_files import FOLDER
from ingest.load.loaded import Loaded
from ingest.page import Page
from ingest.page_images import close
from ingest.removal import remove_all

SAMPLE = Path(__file__).resolve().parents[2] / "app" / "samples" / "en" / "position-encodings.pdf"
WORDS = "The slopes of ALiBi are fixed."


@pytest.fixture(autouse=True)
def read_as_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the name .pdf are PDFs of five pages, whatever is in them."""

    def read(path: Path, *, name: str = "", progress: object = None) -> Loaded:
        pages = tuple(Page(number, f"{WORDS} {number}", str(number)) for number in range(1, 6))
        return Loaded(pages, Path(name).suffix[1:], name)

    monkeypatch.setattr(ingest.load, "load_in_worker", read)


def kept(library: Library) -> list[bytes]:
    folder = library.folder / FOLDER
    return sorted(path.read_bytes() for path in folder.iterdir()) if folder.is_dir() else []


def test_an_uploaded_pdf_is_shown_from_what_was_kept(library: Library) -> None:
    add_upload(library, "../a.pdf", SAMPLE.read_bytes())
    assert page_image(library, "upload:a.pdf", 4).data.startswith(b"\xff\xd8")
    close()
    for path in (library.folder / FOLDER).iterdir():
        assert path.name == library.documents()[0].hash
        path.unlink()
    with pytest.raises(FileGone):
        page_image(library, "upload:a.pdf", 4)
    assert add_upload(library, "a.pdf", SAMPLE.read_bytes()).unchanged  # given anew, kept anew
    assert page_image(library, "upload:a.pdf", 4).pages == 5
    close()


def test_other_formats_are_not_kept(library: Library) -> None:
    add_upload(library, "a.txt", b"A fox.")
    assert kept(library) == []


def test_a_file_goes_with_the_last_document_that_it_is_of(library: Library) -> None:
    add_upload(library, "a.pdf", b"one")
    add_upload(library, "b.pdf", b"one")
    add_upload(library, "c.pdf", b"two")
    assert kept(library) == [b"one", b"two"]
    library.remove("upload:a.pdf")
    assert kept(library) == [b"one", b"two"]
    remove_all(library, "upload:b.pdf")
    assert kept(library) == [b"two"]
    add_upload(library, "c.pdf", b"three")  # replaced
    assert kept(library) == [b"three"]
    library.remove("upload:c.pdf")
    assert kept(library) == []


def test_what_a_killed_process_left_half_goes_with_the_next_change(library: Library) -> None:
    (library.folder / FOLDER).mkdir()
    (library.folder / FOLDER / ".abc.1234").write_bytes(b"half")
    add_upload(library, "a.pdf", b"one")
    assert kept(library) == [b"one"]
