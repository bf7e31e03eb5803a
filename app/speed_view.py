"""How fast the latest answers were, and what the cache had a part in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median

import streamlit as st

from app.charts import bars_in_time
from app.engine_texts import EngineTexts
from app.meter import meter
from app.model_facts import fact_list, figures
from app.spent import Spent, reused_share
from chains.model_size import SMALL
from chains.retriever import KV
from ingest import Library
from models.card import Card
from models.engine.engine import Engine
from models.loaded import shared_store
from models.machine import in_units
from models.settings import get_settings


def speed_view(spent: Sequence[Spent], texts: EngineTexts) -> None:
    """Medians of the latest answers, and each of them in order."""
    if not spent:
        st.html(f'<div class="kv-note">{texts.no_answers}</div>')
        return
    first_word = median(each.first_word_s for each in spent)
    speed = median(each.tokens_per_s for each in spent)
    st.html(
        figures(
            [
                (f"{first_word:.1f} {texts.seconds}", texts.median_first_word),
                (f"{speed:,.0f}", texts.median_speed),
                (f"{len(spent)}", texts.answers_counted),
            ]
        )
    )
    one, other = st.columns(2, gap="medium")
    times = [f"{datetime.fromtimestamp(each.asked_at):%Y-%m-%d %H:%M}" for each in spent]
    with one:
        _chart(texts.first_words_chart, times, [each.first_word_s for each in spent], texts.seconds)
    with other:
        speeds = [each.tokens_per_s for each in spent]
        _chart(texts.speeds_chart, times, speeds, texts.tokens_per_s)


def _chart(title: str, times: Sequence[str], values: Sequence[float], unit: str) -> None:
    st.html(f'<div class="kv-meta">{title}</div>')
    bars_in_time(list(zip(times, values, strict=True)), unit)


def cache_view(
    library: Library,
    card: Card,
    engine: Engine | None,
    spent: Sequence[Spent],
    texts: EngineTexts,
) -> None:
    """What of the prompts was known already, and what is kept for the questions to come."""
    settings = get_settings()
    budget = int(settings.kv_budget)
    store = shared_store(library.folder / KV)
    reused, prompt = sum(each.reused for each in spent), sum(each.prompt for each in spent)
    share, size = reused_share(spent), store.size() if budget else 0
    bars = meter([(texts.reused_share, f"{share:.0%}", share)], 1.0) if share else ""
    if size:
        bars += meter([(texts.on_disk, f"{in_units(size)} / {in_units(budget)}", size)], budget)
    on_disk = texts.on_disk_value.format(
        size=in_units(size), budget=in_units(budget), count=store.count()
    )
    facts = [
        (texts.on_disk, on_disk if budget else texts.no_budget),
        (texts.in_memory, in_units(store.held())),
        (texts.reuse_setting, settings.kv_reuse),
        (texts.kv_type, settings.kv_type),
    ]
    if prompt:
        known = texts.reused_of.format(reused=f"{reused:,}", prompt=f"{prompt:,}")
        facts.insert(0, (texts.reused_share, known))
    if engine:
        context = texts.tokens.format(count=f"{engine.context_size:,}")
        facts.append((texts.shared_context, context))
    st.html(bars + fact_list(facts))
    if _quotes(card):
        st.html(f'<div class="kv-meta">{texts.quotes_hint}</div>')
    elif budget and settings.kv_reuse != "off":
        st.html(f'<div class="kv-meta">{texts.warm_hint} <code>python chains warm</code></div>')


def _quotes(card: Card) -> bool:
    """Whether the model quotes, as far as its card tells: it need not be loaded for that."""
    answers = get_settings().answers
    return answers == "quoted" or (answers == "auto" and card.parameters < SMALL)
