"""What `accelerate launch` tells each process it starts, by the environment, before they meet."""

import os


def launched() -> bool:
    """Whether this process is one of those."""
    return "LOCAL_RANK" in os.environ


def is_first() -> bool:
    """Whether this process tells and writes."""
    return not launched() or os.environ.get("RANK", "0") == "0"


def wants_deepspeed() -> bool:
    """Whether accelerate's configuration asks for it."""
    return launched() and os.environ.get("ACCELERATE_USE_DEEPSPEED", "").lower() == "true"
