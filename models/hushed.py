"""Keeping quiet what sentence-transformers and peft say and send while they are imported.

The former imports the latter, and that bitsandbytes, wherever they are installed.
"""

import logging
import os


def hush() -> None:
    """Call it before importing either: no telemetry, no warning of a quicker kernel not found."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
