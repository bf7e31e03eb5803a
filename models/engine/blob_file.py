"""One blob as a file: its name, its header, its bytes and the code that proves them ours.

It knows neither folders nor budgets, nor what the bytes mean.
"""

import hashlib
import hmac
import re
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

# A file is proved with HMAC-SHA256. On an AMD EPYC with SHA instructions, as nearly every
# processor since 2020 has them, hashlib does 1.8 GB/s of it, keyed BLAKE2b 0.94 and BLAKE2s 0.52:
# what four passages of 5 MB wait for is 11 ms in place of 21.
HASH = "sha256"
PROOF = 32
HEADER = struct.Struct("<8sI20sQQQ")  # magic, version, digest in the name, start, end, payload
MAGIC, VERSION = b"KvasirKV", 1
PIECE = 1 << 22

NAME = re.compile(r"([0-9a-f]{8})[0-9a-f]{32}\.([0-9]{1,10})\.([0-9]{1,10})\.kv")
DRAFT = re.compile(NAME.pattern + r"\.[0-9a-f]{16}")


@dataclass(frozen=True)
class Span:
    """Names the KV of `tokens[start:end]` behind `tokens[:start]`, by all that it depends on."""

    start: int
    end: int
    digest: str


def span(identity: bytes, tokens: Sequence[int], start: int, end: int) -> Span:
    """The span of these tokens, computed by what `identity` names: model, adapter, KV, build."""
    if not 0 <= start < end <= len(tokens):
        raise ValueError(f"no span of {len(tokens)} tokens goes from {start} to {end}")
    return next(spans(identity, tokens, start, [end]))


def spans(
    identity: bytes, tokens: Sequence[int], start: int, ends: Iterable[int]
) -> Iterator[Span]:
    """The spans with this start and each of the ends, ascending: every token is hashed once."""
    # Lengths first: no two lists of (identity, start, tokens) feed the same bytes.
    state = hashlib.sha256(struct.pack("<QQ", len(identity), start) + identity)
    done = 0
    for end in ends:
        state.update(array("i", tokens[done:end]))
        done = end
        yield Span(start, end, state.hexdigest())


class Seal:
    """Names, writes and reads the files of whoever knows the secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        # Leads every name: the files of this secret are known without opening them.
        self.owner = hmac.digest(secret, b"owner", HASH)[:4].hex()

    def name(self, span: Span) -> str:
        """The file's name. It is keyed: one cannot tell from a folder what was read."""
        text = f"name {span.start} {span.end} {span.digest}"
        digest = hmac.digest(self._secret, text.encode(), HASH)[:16].hex()
        return f"{self.owner}{digest}.{span.start}.{span.end}.kv"

    def size(self, payload: int) -> int:
        """Bytes of the file for so many bytes of payload."""
        return HEADER.size + payload + PROOF

    def write(
        self, file: BinaryIO, span: Span, payload: bytes, goes_on: Callable[[], bool]
    ) -> bool:
        """Write the whole file; False if `goes_on`, asked between pieces, said no."""
        header = self._header(span, len(payload))
        proof = hmac.new(self._secret, header, HASH)
        file.write(header)
        view = memoryview(payload)
        for start in range(0, len(view), PIECE):
            if not goes_on():
                return False
            piece = view[start : start + PIECE]
            proof.update(piece)
            file.write(piece)
        file.write(proof.digest())
        return True

    def read(self, file: BinaryIO, span: Span, size: int) -> bytes | None:
        """The payload of a file of `size` bytes; None if it is not what was written for the span.

        Nothing in the file is believed: the header is compared with the only right one.
        """
        length = size - HEADER.size - PROOF
        if length < 0:
            return None
        header = self._header(span, length)
        if file.read(HEADER.size) != header:
            return None
        payload = file.read(length)
        proof = hmac.new(self._secret, header, HASH)
        proof.update(payload)
        return payload if hmac.compare_digest(proof.digest(), file.read()) else None

    def _header(self, span: Span, length: int) -> bytes:
        digest = bytes.fromhex(self.name(span)[:40])
        return HEADER.pack(MAGIC, VERSION, digest, span.start, span.end, length)
