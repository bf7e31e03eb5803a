"""Which documents a conversation may use: some of the library's, by their source or their folder.

It does not know how they are chosen, or shown.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

from ingest import Document

UPLOAD = "upload:"


@dataclass(frozen=True)
class Choice:
    """Sources of documents and paths of folders, each for all under it; neither for all documents.

    Folders of files that were uploaded are "upload:FOLDER".
    """

    sources: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.sources or self.folders)

    def allows(self, source: str) -> bool:
        """Whether the document of a source may be used."""
        under = any(source.startswith(_prefix(folder)) for folder in self.folders)
        return not self or under or source in self.sources

    def filter(self, documents: Sequence[Document]) -> dict[str, list[str]] | None:
        """What the chain takes as a filter, None for all; `documents` are those of the library."""
        if not self:
            return None
        if not self.folders:
            return {"sources": list(self.sources)}
        if not self.sources and not any(folder.startswith(UPLOAD) for folder in self.folders):
            return {"folders": list(self.folders)}
        found = [document.source for document in documents if self.allows(document.source)]
        # An empty filter would let everything through; folders are no documents.
        return {"sources": found or [*self.sources, *self.folders]}

    def joined(self, sources: Iterable[str]) -> Choice:
        """With more documents, where it does not allow all anyway."""
        more = [source for source in sources if not self.allows(source)]
        return Choice((*self.sources, *more), self.folders) if more else self

    @property
    def names(self) -> list[str]:
        """What people call what was chosen, folders first."""
        folders = [f"{_last(folder)}/" for folder in self.folders]
        return [*folders, *map(_last, self.sources)]

    def told(self, most: int = 3) -> str:
        """The first of the names, and how many more there are."""
        names = self.names
        more = len(names) - most
        return ", ".join(names[:most]) + (f" + {more:,}" if more > 0 else "")

    def data(self) -> dict[str, list[str]]:
        """It as plain data; `choice_of` gives it back."""
        return {name: list(values) for name, values in asdict(self).items()} if self else {}


ALL = Choice()


def choice_of(data: Any) -> Choice:
    """A choice from plain data; what is no text in it is left out."""
    if not isinstance(data, dict):
        return ALL
    return Choice(*(tuple(_texts(data.get(name))) for name in ("sources", "folders")))


def folders_of(documents: Iterable[Document]) -> dict[str, int]:
    """The folders that documents lie in, with how many there are under each, by their paths.

    A folder that holds all of them is left out, and so is one that holds no more than another
    folder in it.
    """
    counts: Counter[str] = Counter()
    total = 0
    for document in documents:
        total += 1
        counts.update(_above(document))
    inner = {(os.path.dirname(folder), count) for folder, count in counts.items()}
    return {
        folder: count
        for folder, count in sorted(counts.items())
        if count < total and (folder, count) not in inner
    }


def folder_names(folders: Iterable[str]) -> dict[str, str]:
    """What people call folders: their paths from where they part, each ending with a slash."""
    listed = list(folders)
    places = [folder for folder in listed if not folder.startswith(UPLOAD)]
    common = os.path.commonpath(map(os.path.dirname, places)) if places else ""
    return {
        folder: f"{folder.removeprefix(UPLOAD)}/"
        if folder.startswith(UPLOAD)
        else f"{PurePath(os.path.relpath(folder, common)).as_posix()}/"
        for folder in listed
    }


def _above(document: Document) -> Iterator[str]:
    """All folders that a document lies under, but the disk's own."""
    if document.origin == "loader":
        return
    folder = os.path.dirname(document.source)
    while folder and os.path.dirname(folder) != folder:
        yield folder
        folder = os.path.dirname(folder)


def _prefix(folder: str) -> str:
    return f"{folder}/" if folder.startswith(UPLOAD) else os.path.join(folder, "")


def _last(source: str) -> str:
    return PurePath(source.removeprefix(UPLOAD)).name or source


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list | tuple) else []
    return [each for each in listed if isinstance(each, str)]
