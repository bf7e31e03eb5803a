"""A container like the bundled embedder's, but tiny, written here from its description."""

import struct

import numpy as np

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS, TYPES = 32, 1, 2, 64, 64, 2
PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "▁one",
    "▁two",
    "注意",
    *"abcdefghijklmnopqrstuvwxyz",
]


def shapes() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        "emb.word": (len(PIECES), HIDDEN),
        "emb.pos": (POSITIONS, HIDDEN),
        "emb.type": (TYPES, HIDDEN),
        "emb.ln.w": (HIDDEN,),
        "emb.ln.b": (HIDDEN,),
    }
    for part, rows, columns in (
        *((name, HIDDEN, HIDDEN) for name in ("q", "k", "v", "ao")),
        ("fi", WIDE, HIDDEN),
        ("fo", HIDDEN, WIDE),
    ):
        found[f"l0.{part}.w"] = (rows, columns)
        found[f"l0.{part}.b"] = (rows,)
    for part in ("aln", "oln"):
        found[f"l0.{part}.w"] = found[f"l0.{part}.b"] = (HIDDEN,)
    return found


def tensors() -> dict[str, np.ndarray]:
    """Values that Q4_0 and f16 hold exactly: small whole numbers times a quarter."""
    numbers = np.random.default_rng(7)
    return {
        name: (numbers.integers(-8, 8, shape) * 0.25).astype(np.float32)
        for name, shape in shapes().items()
    }


def quantize(values: np.ndarray) -> bytes:
    """Q4_0 with the scale 0.25: f16 scale, then low nibbles 0–15 and high nibbles 16–31."""
    nibbles = (values.reshape(-1, 32) / 0.25 + 8).astype(np.uint8)
    scale = np.full((len(nibbles), 1), 0.25, "<f2").view(np.uint8)
    return np.hstack([scale, nibbles[:, :16] | nibbles[:, 16:] << 4]).tobytes()


def container() -> bytes:
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, HIDDEN, LAYERS, HEADS, WIDE, len(PIECES), POSITIONS, TYPES, 1e-12, 32
    )
    blobs = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, blobs)]).astype("<u4")
    scores = np.array([-float(n) / 4 for n in range(len(PIECES))], "<f4")
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, offsets[-1])
    head += offsets.tobytes() + scores.tobytes() + b"".join(blobs)
    head += struct.pack("<iI", 1, 5) + b"table"
    data = {
        name: quantize(value) if value.ndim > 1 else value.tobytes()
        for name, value in tensors().items()
    }
    start = len(head) + 4 + sum(2 + len(name) + 21 for name in data)
    head += struct.pack("<i", len(data))
    for name, value in tensors().items():
        size = len(data[name])
        kind = 2 if value.ndim > 1 else 0
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kind, value.size, start, size)
        start += size
    return head + b"".join(data.values())
