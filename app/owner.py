"""Which process writes an answer, and whether it still lives."""

from __future__ import annotations

import os

APART_S = 2.0  # the clock that a process's birth is told by may be set


def me() -> str:
    """This process's name: its number and when it was born."""
    import psutil

    return f"{os.getpid()}:{psutil.Process().create_time():.1f}"


def lives(owner: str) -> bool:
    """Whether the process of that name runs on this machine; a name that is none is nobody's."""
    import psutil

    number, _, born = owner.partition(":")
    try:
        process = psutil.Process(int(number))
        same = abs(process.create_time() - float(born)) < APART_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (ValueError, OverflowError, psutil.Error):
        return False
