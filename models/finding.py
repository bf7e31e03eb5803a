"""What a doctor says of one topic."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A fact about a topic; `ok` is None where it is neither good nor bad, `remedy` may be ""."""

    ok: bool | None
    topic: str
    fact: str
    remedy: str = ""


Findings = Iterator[Finding]
