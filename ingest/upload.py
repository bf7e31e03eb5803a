"""A file given in the chat: bytes and a name, never a path of this machine."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from pathlib import Path

from ingest.document import FileFacts
from ingest.files import hash_bytes
from ingest.intake import Intake, Prepared
from ingest.kept_files import SHOWN, drop_files, keep_file
from ingest.library import Library
from ingest.progress import Progress, Report, silent
from ingest.report import SyncReport
from ingest.sync import prepare

SCHEME = "upload:"
NAME_CHARACTERS = 200
DEEPEST = 12  # folders that a file may lie in; of more, the last ones count


def add_upload(
    library: Library,
    name: str,
    data: bytes,
    progress: Report | None = None,
    *,
    folder: str = "",
) -> SyncReport:
    """Put a file's bytes into the library as "upload:NAME", in the place of one of that name.

    With a `folder` it is "upload:FOLDER/NAME", so that files of one name do not meet. Both are only
    shown: they never become a path. A sync leaves uploads alone. The bytes are kept where the pages
    can be shown as they are (see `ingest.kept_files`).
    """
    source, name = upload_source(name, folder), clean_name(name)
    show = progress or silent
    report = SyncReport()

    def embedding(source: str, embedded: int, chunks: int) -> None:
        show(Progress("embedding", 0, 1, source, embedded, chunks))

    facts = FileFacts(source, "upload", hash_bytes(data), len(data), 0)
    show(Progress("reading", 0, 1, facts.source))
    with tempfile.TemporaryDirectory(prefix="kvasir-") as folder:
        path = Path(folder) / "upload"
        path.write_bytes(data)
        prepared = prepare(library, facts, path, name)
    with library.writing(lambda: show(Progress("waiting", 0, 1, facts.source))):
        if not prepared.error and _is_shown(library, prepared):
            keep_file(library, facts.hash, data)
        Intake(library, report, embedding).take(prepared)
        drop_files(library)
        show(Progress("indexing", 0, 1, facts.source))
        library.save_indexes()
    show(Progress("done", 1, 1, facts.source))
    return report


def upload_source(name: str, folder: str = "") -> str:
    """The source that a file of that name gets."""
    return SCHEME + "/".join([*clean_folders(folder), clean_name(name)])


def _is_shown(library: Library, prepared: Prepared) -> bool:
    """Whether a file's pages can be shown; one that the library has may not have been kept."""
    if prepared.loaded is not None:
        return prepared.loaded.format in SHOWN
    known = library.store.document(prepared.facts.source)
    return known is not None and known.format in SHOWN


def clean_name(name: str) -> str:
    """A file's name as it can be shown: no folders, no control characters, not too long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip()
    if len(shown) > NAME_CHARACTERS:
        shown = shown[: NAME_CHARACTERS - 20] + "…" + shown[-19:]  # its suffix tells the format
    return shown if shown.strip(".") else "file"


def clean_folders(folder: str) -> list[str]:
    """The names of the folders on a relative path, each as `clean_name` gives it; [] for none."""
    parts = [part for part in re.split(r"[/\\]", folder) if part.strip(" .")]
    return [clean_name(part) for part in parts[-DEEPEST:]]
