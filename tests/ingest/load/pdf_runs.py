"""Runs of words for the tests of a PDF's layout, put where they are wanted."""

from itertools import count

from ingest.load.pdf_words import Run

_ORDER = count()
_WIDTH = 0.5  # of the size: an average letter


def run(text: str, x: float, base: float, size: float = 10, bold: bool = False) -> Run:
    """A run that starts at x and stands on the base; each comes after the ones made before."""
    return Run(text, x, x + _WIDTH * size * len(text), base, size, bold, next(_ORDER))


def column(x: float, base: float, lines: list[str], size: float = 10) -> list[Run]:
    """Lines below one another."""
    return [run(line, x, base + 1.2 * size * i, size) for i, line in enumerate(lines)]


PROSE = [
    "It was a bright cold day in the month of",
    "April, and the clocks of the town were on",
    "the stroke of one when a man of no age at",
    "all, his chin upon his breast, came in by",
    "the glass doors of the house, too late to",
    "keep a swirl of gritty dust from coming in",
    "behind him. The hallway smelt of cabbages",
    "and of old rag mats, as hallways do there.",
]
