"""Bytes of a GGUF file, read forward: whatever the file claims, nothing past its end is believed.

It knows GGUF's numbers and texts, not what they stand for.
"""

import struct
from pathlib import Path
from typing import BinaryIO, NoReturn

from models.errors import ModelError

HEADER_BYTES = 64 << 20  # the longest known, vocabularies of 262,144 tokens, take a quarter of it
U32 = struct.Struct("<I")
U64 = struct.Struct("<Q")


def damaged(path: Path, what: str) -> NoReturn:
    """Raise the ModelError for a file that contradicts itself or ends too early."""
    raise ModelError(f"{path} is damaged: {what}. Copy or download it again.")


class Cursor:
    """A place in a file that moves on as things are read. Its methods raise ModelError."""

    def __init__(self, file: BinaryIO, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self.at = 0
        self._file = file
        self._held = b""  # the file's beginning, as far as it was needed

    @property
    def left(self) -> int:
        """Bytes from here to the file's end."""
        return self.size - self.at

    def numbers(self, form: struct.Struct) -> tuple[int | float | bool, ...]:
        """The numbers of one struct."""
        self._need(form.size)
        found = form.unpack_from(self._held, self.at)
        self.at += form.size
        return found

    def count(self, form: struct.Struct = U64) -> int:
        """One unsigned number."""
        return int(self.numbers(form)[0])

    def text(self, most: int) -> str:
        """A text of at most so many bytes; what is no UTF-8 in it is replaced."""
        length = self.count()
        if length > most:
            self.damaged(f"a text at byte {self.at:,} would be {length:,} bytes long")
        self._need(length)
        raw = self._held[self.at : self.at + length]
        self.at += length
        return raw.decode("utf-8", "replace")

    def skip(self, length: int) -> None:
        """Pass over bytes."""
        self._need(length)
        self.at += length

    def skip_texts(self, count: int) -> None:
        """Pass over so many texts: a vocabulary, so nothing is looked up twice in this loop."""
        held, at, length_at = self._held, self.at, U64.unpack_from
        for _ in range(count):
            if at + 8 > len(held):
                self.at = at
                self._need(8)
                held = self._held
            at += 8 + length_at(held, at)[0]
        self.at = at
        self._need(0)

    def damaged(self, what: str) -> NoReturn:
        """Raise the ModelError that says so."""
        damaged(self.path, what)

    def _need(self, length: int) -> None:
        end = self.at + length
        if end <= len(self._held):
            return
        if end > self.size:
            self.damaged(f"it ends after {self.size:,} bytes, within its header")
        if end > HEADER_BYTES:
            self.damaged(f"its header would be longer than {HEADER_BYTES >> 20} MiB")
        self._held += self._file.read(max(end - len(self._held), len(self._held), 1 << 20))
        if end > len(self._held):
            self.damaged("it became shorter while it was read")
