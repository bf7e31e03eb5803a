"""What the model takes of the machine's memory, and what else would fit."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import streamlit as st

from app.engine_texts import EngineTexts
from app.markup import escaped
from app.meter import meter
from models.card import Card
from models.engine.engine import Engine
from models.machine import Machine, held_here, in_units, this_machine
from models.plan import Plan, Work, plan
from models.plan_text import what_fits
from models.settings import get_settings


def memory_view(card: Card, engine: Engine | None, texts: EngineTexts) -> None:
    """The plan for the model as it runs, or as it would run; nothing is loaded for it."""
    machine, settings = _without_us(this_machine()), get_settings()
    work = Work(
        batch=settings.batch or Work.batch, flash_attention=settings.flash_attention is not False
    )
    context = engine.context_size if engine else min(settings.context, card.context or 1 << 62)
    chosen = plan(card, machine, context=context, kv_type=settings.kv_type, work=work)
    line = texts.memory_needs if chosen.fits else texts.memory_short
    needs = in_units(chosen.host_bytes + sum(chosen.gpu_bytes))
    said = line.format(needs=needs, context=f"{chosen.context:,}", kv=chosen.kv_type)
    kind = "kv-note" if chosen.fits else "kv-failed"
    st.html(f'<div class="{kind}">{said}</div>{_bars(card, chosen, machine, texts)}')
    with st.expander(texts.what_fits):
        st.html(_table(what_fits(card, machine, work), texts))


def _without_us(machine: Machine) -> Machine:
    """The machine as it would be if this process, and the model in it, had not begun yet."""
    return replace(machine, available=min(machine.total, machine.available + held_here()))


def _bars(card: Card, chosen: Plan, machine: Machine, texts: EngineTexts) -> str:
    free = max(machine.available - chosen.host_bytes, 0)
    others = machine.total - machine.available
    weights = sum(share.bytes for share in card.quantizations)
    parts = [(texts.working, chosen.host_bytes)]
    if not chosen.gpu_layers:
        beside = max(chosen.host_bytes - weights - chosen.kv_bytes, 0)
        parts = [(texts.weights, weights), (texts.kv, chosen.kv_bytes), (texts.working, beside)]
    shown = [(name, in_units(size), float(size)) for name, size in parts]
    rest = (texts.others, in_units(others), float(others))
    bar = meter([*shown, rest], float(machine.total))
    total = texts.memory_machine.format(total=in_units(machine.total), free=in_units(free))
    gpus = [
        meter([(gpu.name, f"{in_units(size)} / {in_units(gpu.total)}", float(size))], gpu.total)
        for size, gpu in zip(chosen.gpu_bytes, machine.gpus, strict=True)
    ]
    return f'<div class="kv-meta">{total}</div>{bar}{"".join(gpus)}'


def _table(fitting: list[Plan], texts: EngineTexts) -> str:
    rows = [list(plans) for _, plans in groupby(fitting, key=lambda each: each.context)]
    head = "".join(f"<th>{escaped(each.kv_type)}</th>" for each in rows[0])
    body = "".join(
        f"<tr><th>{row[0].context:,}</th>{''.join(_cell(each) for each in row)}</tr>"
        for row in rows
    )
    return (
        f'<div class="kv-scroll"><table class="kv-table"><tr><th></th>{head}</tr>{body}</table>'
        f'</div><div class="kv-meta">{texts.what_fits_note}</div>'
    )


def _cell(each: Plan) -> str:
    size = in_units(each.kv_bytes)
    return f"<td>{size}</td>" if each.fits else f"<td><s>{size}</s></td>"
