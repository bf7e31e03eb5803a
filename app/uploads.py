"""The job that puts files into the library, one after the other."""

from __future__ import annotations

from collections.abc import Callable

from app.conversation import File
from app.job import Job
from ingest import Library, Progress, SyncReport, add_upload
from models.errors import KvasirError


class Uploads(Job):
    """Adds files; stopping it leaves those that are in, and the rest unadded.

    `keep` is called when a file is in or will not be.
    """

    def __init__(
        self, library: Library, files: list[File], keep: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__()
        self._library = library
        self._files = files
        self._keep = keep

    def work(self) -> None:
        for file in self._files:
            self._add(file)

    def ended(self) -> None:
        for file in self._files:
            file.data = b""
            if file.share < 1.0:
                file.state = "stopped"
        self._keep()

    def _add(self, file: File) -> None:
        def progress(now: Progress) -> None:
            if now.phase != "done":
                file.state = now.phase
                file.embedded, file.chunks = now.embedded, now.chunks
                self.step()

        folder, _, name = file.name.rpartition("/")
        try:
            report = add_upload(self._library, name, file.data, progress, folder=folder)
        except KvasirError as error:
            file.reason, file.state = str(error), "failed"
        else:
            _note(file, report)
        self._keep()
        self.step()


def _note(file: File, report: SyncReport) -> None:
    if report.failed:
        file.reason, file.state = report.failed[0].reason, "failed"
    elif report.added:
        file.state = "added"
    else:
        file.state = "updated" if report.updated else "unchanged"
