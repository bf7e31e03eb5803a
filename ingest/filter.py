"""Which documents a search may look at. It knows what is asked for, not how it is looked up."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ingest.errors import LibraryError
from ingest.files import absolute

Bounds = tuple[int | None, int | None]
"""From the first on, and up to but not including the second; None where there is no such end."""

_ADDED = "coalesce(CAST(strftime('%s', d.added_at) AS INTEGER), 0)"

TRAITS = f"d.source, d.format, d.origin, {_ADDED}, d.mtime_ns, d.language"
"""`Traits` in SQL, of `documents d`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Traits:
    """What filters ask of a document; `added` in seconds, `modified` in nanoseconds since 1970."""

    source: str
    format: str
    origin: str
    added: int
    modified: int
    language: str = ""


@dataclass(frozen=True)
class Filter:
    """What a document must be for its passages to be found; what is left out does not matter.

    `sources` and `folders` are paths (or "upload:NAME"), a folder stands for everything under it;
    `formats` are as in `Document.format`, `origins` "path", "upload" or "loader", `languages` as
    in `ingest.language`: "zh", "en" and some more; of "zh-CN", "zh" counts. "after" means then or
    later, "before" earlier than; a day is its midnight, and times without a zone are local. A
    document that was no file has no time of modification, and is not found by one.
    """

    sources: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    added_after: date | None = None
    added_before: date | None = None
    modified_after: date | None = None
    modified_before: date | None = None
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take one path or several, relative ones too: kept as the library names them."""
        given = {name: _strings(getattr(self, name)) for name in ("sources", "folders")}
        both = [form for path in given["sources"] for form in (path, _absolute(path))]
        object.__setattr__(self, "sources", tuple(dict.fromkeys(both)))
        under = [_absolute(path) for path in given["folders"]]
        object.__setattr__(self, "folders", tuple(dict.fromkeys(under)))
        for name in ("formats", "origins"):
            small = [value.lower() for value in _strings(getattr(self, name))]
            object.__setattr__(self, name, tuple(dict.fromkeys(small)))
        codes = [re.split("[-_]", code.lower())[0] for code in _strings(self.languages)]
        object.__setattr__(self, "languages", tuple(dict.fromkeys(codes)))

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the source of everything under the folders begins with."""
        return tuple(os.path.join(folder, "") for folder in self.folders)

    @property
    def added(self) -> Bounds | None:
        """When a document was added, in seconds since 1970; None for at any time."""
        ends = _moment(self.added_after), _moment(self.added_before)
        first, last = (None if end is None else -(-end // 10**9) for end in ends)
        return None if first is last is None else (first, last)

    @property
    def modified(self) -> Bounds | None:
        """When a file was modified, in nanoseconds since 1970; None for at any time."""
        first, last = _moment(self.modified_after), _moment(self.modified_before)
        if first is last is None:
            return None
        return (max(1, first or 1), last)  # 0 is kept for what was no file


def prefixes_of(source: str) -> list[str]:
    """The prefixes (see `Filter.prefixes`) of all folders that a source lies under."""
    return [source[: i + 1] for i, letter in enumerate(source) if letter == os.sep]


def conditions(filter: Filter) -> tuple[str, list[str | int]]:
    """The filter as an SQL condition on `documents d`, with its parameters."""
    parts: list[str] = []
    parameters: list[str | int] = []

    def among(column: str, values: Iterable[str]) -> None:
        if found := list(values):
            parts.append(f"{column} IN (SELECT value FROM json_each(?))")
            parameters.append(json.dumps(found))

    def within(expression: str, bounds: Bounds | None) -> None:
        for end, sign in zip(bounds or (None, None), (">=", "<"), strict=True):
            if end is not None:
                parts.append(f"{expression} {sign} ?")
                parameters.append(end)

    among("d.source", filter.sources)
    among("d.format", filter.formats)
    among("d.origin", filter.origins)
    among("d.language", filter.languages)
    within(_ADDED, filter.added)
    within("d.mtime_ns", filter.modified)
    if filter.prefixes:
        parts.append(f"({' OR '.join(['(d.source >= ? AND d.source < ?)'] * len(filter.folders))})")
        for prefix in filter.prefixes:  # a range, for the index on sources
            parameters += [prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)]
    return " AND ".join(parts) or "1", parameters


def _strings(given: str | Iterable[str]) -> list[str]:
    return [str(given)] if isinstance(given, str | os.PathLike) else [str(one) for one in given]


def _absolute(path: str) -> str:
    try:
        found = str(absolute(path))
        found.encode("utf-8")
    except (OSError, RuntimeError, ValueError) as error:
        raise LibraryError(f"{path!r} is no path to filter by: {error}") from error
    return found


def _moment(given: date | None) -> int | None:
    """Nanoseconds since 1970."""
    if given is None:
        return None
    if not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day)
    return (given.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
