"""What was read in a picture, put in the order that people read it: columns, paragraphs, rows.

It lays lines out as those of a PDF page are; it does not know how they were read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from ingest.load.draft import Draft
from ingest.load.hyphens import BREAK, mend_hyphens
from ingest.load.ocr import Piece
from ingest.load.pdf_blocks import CELL, Block, blocks_of
from ingest.load.pdf_columns import reading_order
from ingest.load.pdf_lines import joined_in_one
from ingest.load.pdf_words import Run
from ingest.load.rows import table_lines

_SIZE = 0.72  # of a box's height is the size of its letters: the boxes leave room around them
_ALIKE = 0.3  # boxes that differ less hold letters of one size, with or without tails
_COLUMNS = 0.5  # of the lines: with more that run down a page is written from top to bottom
_BROKEN = re.compile(r"(?<=[^\W\d_])-$")


def blocks_in(pieces: Sequence[Piece], body: float = 10.0) -> list[Block]:
    """The lines as blocks in reading order, those of the usual size given the size `body`."""
    if not pieces:
        return []
    if sum(piece.is_column for piece in pieces) > _COLUMNS * len(pieces):
        return [Block(joined_in_one(piece.text for piece in _from_the_right(pieces)))]
    usual = median(_size(piece) for piece in pieces)
    runs = [_run(piece, number, usual) for number, piece in enumerate(pieces)]
    blocks = blocks_of(reading_order(runs))
    return [replace(block, size=body * block.size / usual) for block in blocks]


def write_blocks(blocks: Sequence[Block], draft: Draft) -> None:
    """Write the blocks of a picture, words that its line ends broke mended."""
    for block, text in zip(blocks, mend_hyphens(block.text for block in blocks), strict=True):
        if block.table:
            draft.table(table_lines(row.split(CELL) for row in text.split("\n")))
        else:
            draft.block(text)


def _from_the_right(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: -piece.x1)


def _size(piece: Piece) -> float:
    return _SIZE * (piece.x1 - piece.x0 if piece.is_column else piece.y1 - piece.y0)


def _run(piece: Piece, order: int, usual: float) -> Run:
    size = _size(piece)
    if abs(size - usual) < _ALIKE * usual:  # what boxes say of sizes is rough
        size = usual
    # A column of characters among lines stands where its first character does.
    middle = piece.y0 + size / (2 * _SIZE) if piece.is_column else (piece.y0 + piece.y1) / 2
    text = _BROKEN.sub(BREAK, " ".join(piece.text.split()))
    return Run(text, piece.x0, piece.x1, middle + 0.3 * size, size, False, order)
