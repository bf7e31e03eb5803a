"""Tables as text: a row is a line, its cells parted by " | "."""

from collections.abc import Iterable, Sequence

from ingest.load.characters import one_line


def row_line(cells: Iterable[str]) -> str:
    """One row as a line; empty cells keep their place, "a | | b", but for those at its end."""
    return _joined([one_line(cell) for cell in cells])


def table_lines(rows: Iterable[Sequence[str]]) -> list[str]:
    """A table's rows as lines, without the rows and columns that are empty throughout."""
    texts = [[one_line(cell) for cell in row] for row in rows]
    used = sorted({i for row in texts for i, cell in enumerate(row) if cell})
    lines = (_joined([row[i] for i in used if i < len(row)]) for row in texts)
    return [line for line in lines if line]


def _joined(cells: list[str]) -> str:
    while cells and not cells[-1]:
        cells.pop()
    return one_line(" | ".join(cells))
