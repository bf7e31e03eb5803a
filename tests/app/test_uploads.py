"""Files put into the library in the background."""

from app.conversation import File
from app.uploads import Uploads
from app.watch import watch
from ingest import Library


def add(library: Library, *files: File) -> list[str]:
    job = Uploads(library, list(files))
    job.start()
    watch(job, lambda: None)
    return [file.state for file in files]


def test_every_file_gets_its_own_outcome(library: Library) -> None:
    files = [
        File("new.txt", b"A new document about whales."),
        File("cats.txt", b"Cats sleep for 14 hours."),
        File("tower.pdf", b"no pdf"),
    ]
    assert add(library, *files) == ["added", "updated", "failed"]
    assert "no format" in files[2].reason
    assert library.search("whales", 1)[0].metadata["source"] == "upload:new.txt"


def test_the_same_bytes_again_change_nothing(library: Library) -> None:
    data = b"A new document about whales."
    assert add(library, File("new.txt", data)) == ["added"]
    assert add(library, File("new.txt", data)) == ["unchanged"]


def test_a_stopped_delivery_leaves_the_rest_out(library: Library) -> None:
    files = [File("a.txt", b"About whales."), File("b.txt", b"About owls.")]
    job = Uploads(library, files)
    job.stop()
    job.start()
    watch(job, lambda: None)
    assert [file.state for file in files] == ["stopped", "stopped"]
    assert len(library.documents()) == 2


def test_the_bytes_are_let_go_of(library: Library) -> None:
    file = File("a.txt", b"About whales.")
    add(library, file)
    assert file.data == b""


def test_files_of_one_name_in_different_folders_are_different_documents(library: Library) -> None:
    files = [File("r/2024/a.txt", b"About whales."), File("r/2025/a.txt", b"About owls.")]
    assert add(library, *files) == ["added", "added"]
    sources = {document.source for document in library.documents()}
    assert sources >= {"upload:r/2024/a.txt", "upload:r/2025/a.txt"}
