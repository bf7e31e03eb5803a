"""A plan, and what else would fit, as lines for a terminal."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from models.card import Card
from models.card_text import aligned
from models.machine import Machine, in_units
from models.plan import KV_TYPES, RESERVE, Plan, Work, contexts, kv_bytes_per_token, place, suits
from models.settings import PREFIX


def what_fits(card: Card, machine: Machine, work: Work) -> list[Plan]:
    """Every context that the model may have with every KV type, the shortest first."""
    kinds = [kind for kind in KV_TYPES if suits(card, kind)]
    return [place(card, machine, size, kind, work) for size in contexts(card) for kind in kinds]


def plan_lines(card: Card, machine: Machine, chosen: Plan, fitting: Sequence[Plan]) -> list[str]:
    """What `python models plan` shows."""
    weights = sum(share.bytes for share in card.quantizations)
    gpus = [
        f"{gpu.name}, {in_units(gpu.free)} of {in_units(gpu.total)} free" for gpu in machine.gpus
    ]
    facts = [
        ("model", f"{card.name}: {in_units(weights)} of weights, {card.layers} layers"),
        ("memory", f"{in_units(machine.available)} of {in_units(machine.total)} available"),
        *(("GPU", gpu) for gpu in gpus or ["none that this build of llama.cpp can use"]),
        ("KV cache", _per_token(card, chosen.kv_type)),
        ("reserved", _reserved(machine)),
    ]
    choice = [
        ("chosen", f"{chosen.context:,} tokens of context{_each(chosen)} in {chosen.kv_type}"),
        ("layers", f"{chosen.gpu_layers} of {chosen.all_layers} on the GPU, the output counted"),
        ("needs", _needs(machine, chosen)),
        ("fits" if chosen.fits else "does not fit", chosen.reason),
        ("to set it", _settings(chosen)),
    ]
    return [*aligned(facts), "", *_table(machine, fitting), "", *aligned(choice)]


def _table(machine: Machine, fitting: Sequence[Plan]) -> Iterator[str]:
    """The size of the KV cache for each context and type, and whether there is room for it."""
    rows = [list(plans) for _, plans in groupby(fitting, key=lambda each: each.context)]
    cells = [
        [f"{row[0].context:,}", *(_cell(each, bool(machine.gpus)) for each in row)] for row in rows
    ]
    cells.insert(0, ["context", *(each.kv_type for each in rows[0])])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True))
    note = "KV cache; " + ("layers on the GPU; " if machine.gpus else "") + "- does not fit"
    yield f"({note})"


def _cell(each: Plan, has_gpu: bool) -> str:
    layers = f" {each.gpu_layers}" if has_gpu else ""
    return f"{in_units(each.kv_bytes)}{layers}" if each.fits else f"{in_units(each.kv_bytes)} -"


def _reserved(machine: Machine) -> str:
    also = ", as much on each GPU" if machine.gpus else ""
    return f"{in_units(RESERVE)} for Python and the embedder{also}"


def _per_token(card: Card, kv_type: str) -> str:
    attention = card.attention
    size = in_units(kv_bytes_per_token(card, kv_type))
    if len(set(attention.kv_width)) > 1 or attention.kind in ("MLA", "none"):
        return f"{size} per token in {kv_type}, over all layers"
    numbers, held = KV_TYPES[kv_type]
    each = f"{held}" if numbers == 1 else f"{held}/{numbers}"
    return (
        f"{size} per token in {kv_type}: {card.layers} layers × {attention.kv_heads[0]} KV heads × "
        f"({attention.key_length} + {attention.value_length}) × {each} bytes"
    )


def _each(chosen: Plan) -> str:
    return f" for each of {chosen.conversations}" if chosen.conversations > 1 else ""


def _settings(chosen: Plan) -> str:
    """The variables that make it so."""
    values = {
        "context": chosen.context * chosen.conversations,
        "kv_type": chosen.kv_type,
        "gpu_layers": chosen.gpu_layers,
    }
    return " ".join(f"{PREFIX}{name.upper()}={value}" for name, value in values.items())


def _needs(machine: Machine, chosen: Plan) -> str:
    gpus = [
        f"{in_units(size)} on {gpu.name}"
        for size, gpu in zip(chosen.gpu_bytes, machine.gpus, strict=True)
        if size
    ]
    return " and ".join([f"{in_units(chosen.host_bytes)} of memory", *gpus])
