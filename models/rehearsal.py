"""Loading a model in a process of its own: what goes wrong there costs nothing here."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.child import Note, in_child

LOAD_S = 300.0  # a model that takes longer counts as one that does not load
CONTEXT = 512  # tokens: enough to decode one


def rehearse(path: Path, adapter: Path | None = None) -> float:
    """Load a model as it would be run, with little context; gives the seconds that took.

    Raises ModelError where it does not load, the adapter does not fit it, or llama.cpp crashes.
    """
    from models.loaded import best_placement

    weights, placement = best_placement(path)
    request = {
        "weights": str(weights),
        "adapter": str(adapter) if adapter else "",
        "placement": {**asdict(placement), "context": min(placement.context, CONTEXT)},
    }
    return float(in_child(_load, request, timeout=LOAD_S))


# ---- in the child


def _load(request: dict[str, Any], _note: Note) -> float:
    from models.engine.context import Context, Placement

    began = time.perf_counter()
    context = Context(Path(request["weights"]), Placement(**request["placement"]))
    if request["adapter"]:
        context.model.load_adapter(Path(request["adapter"]))
        context.use_adapter(context.model.adapter_named(request["adapter"]))
    context.decode([(0, 0, 0, True)])
    context.close()
    return time.perf_counter() - began
