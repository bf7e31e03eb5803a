"""CSV and TSV: a page of rows, the delimiter found in the text itself."""

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import DocumentError
from ingest.load.decode import decode
from ingest.load.rows import table_lines
from ingest.page import Page

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 200
_MAX_FIELD = 1 << 28


def parse(path: Path) -> tuple[list[Page], str]:
    """One page, a line per row, and no title."""
    text = decode(path.read_bytes())
    try:
        rows = list(_reader(text, delimiter_of(text)))
    except csv.Error as error:
        raise DocumentError(f"damaged: its rows cannot be told apart ({error})") from error
    return [Page(1, "\n".join(table_lines(rows)))], ""


def delimiter_of(text: str) -> str:
    """The delimiter that parts the first rows most evenly, then into the most columns.

    A comma where there is one column only.
    """
    return max(_DELIMITERS, key=lambda candidate: _consistency(text, candidate))


def _consistency(text: str, delimiter: str) -> float:
    try:
        widths = [len(row) for row in itertools.islice(_reader(text, delimiter), _SAMPLE_ROWS)]
    except csv.Error:
        return 0.0
    widths = [width for width in widths if width]
    if not widths:
        return 0.0
    usual = max(set(widths), key=widths.count)
    return 0.0 if usual == 1 else widths.count(usual) / len(widths) + usual / 1000


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(_MAX_FIELD)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
