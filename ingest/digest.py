"""What a vector is the vector of: one embedder's name and one text, as a short digest."""

import hashlib

DIGEST_BYTES = 16


def digest(embedder: str, text: str) -> bytes:
    """The key under which the library keeps an embedder's vector of a text, 16 bytes."""
    named = f"{embedder}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(named, digest_size=DIGEST_BYTES).digest()
