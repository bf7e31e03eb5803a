"""What tuning compares: the quantizations, thread counts and batches that make sense here.

What a setting fixes is left as it is. It measures nothing.
"""

import shutil
from pathlib import Path

from models.card import Card
from models.engine.context import Placement
from models.errors import ModelError
from models.machine import in_units, this_machine
from models.measure import Configuration
from models.offload import gpu_layers
from models.requantized import folder
from models.settings import get_settings
from models.tuning import cores

LARGE = 2_000_000_000  # bytes: such a model is as slow as it is large, so no larger copy is tried
KINDS = ("Q4_0", "Q8_0", "F16")  # repacked for the CPU as they are loaded, or computed with as such
BATCHES = (64, 128, 256, 512)
ROOM = 512 << 20  # bytes of memory and of disk that are left alone


def untuned(weights: Path, card: Card) -> Configuration:
    """How a file is run before anything is known of it."""
    settings = get_settings()
    batch = settings.batch or Placement.batch
    return Configuration(
        weights=weights,
        kind=card.file_type or card.predominant,
        gpu_layers=gpu_layers(card, batch, settings.flash_attention),
        threads=settings.threads or cores(),
        batch=batch,
        flash_attention=settings.flash_attention,
        kv_type=settings.kv_type,
    )


def kinds(card: Card) -> list[str]:
    """Quantizations beside the file's own; BF16 where the processor computes with it."""
    from models.engine.backend import system_info

    wanted = [*KINDS, "BF16"] if "BF16 = 1" in system_info() else list(KINDS)
    return [kind for kind in wanted if kind != card.file_type]


def check_room(card: Card, size: int) -> None:
    """Raises ModelError if a copy of that size is not worth making, or there is no room for it."""
    if card.size > LARGE and size > card.size:
        raise ModelError(f"left out: it would have {in_units(size)}, the file has less")
    for what, room in (
        ("memory", this_machine().available),
        ("disk", shutil.disk_usage(folder().parent).free),
    ):
        if size + ROOM > room:
            raise ModelError(
                f"left out: it needs {in_units(size)} of {what}, with {in_units(ROOM)} "
                f"to spare, and {in_units(room)} are free"
            )


def thread_counts() -> list[int]:
    """One, half the processors, the physical cores and all processors; fewer come first."""
    import psutil

    fixed = get_settings().threads
    if fixed:
        return [fixed]
    physical = min(psutil.cpu_count(logical=False) or cores(), cores())
    return sorted({1, max(1, cores() // 2), physical, cores()})


def flash_choices() -> list[bool]:
    """On comes first: without it KV is stored in a way that is slow to save and to restore."""
    fixed = get_settings().flash_attention
    return [True, False] if fixed is None else [fixed]


def batches(prompt: int) -> list[int]:
    """Tokens per decode call, the smaller first: a cancelled answer ends after one such call."""
    fixed = get_settings().batch
    return [fixed] if fixed else [size for size in BATCHES if size <= prompt]
