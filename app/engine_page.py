"""The engine: the model that answers, its memory, its speed, its cache, its health."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import streamlit as st

from app.change_view import ChangeView, to_keep
from app.desk import my_desk
from app.engine_texts import EngineTexts, engine_texts
from app.health_view import HealthView
from app.job import Job
from app.markup import escaped, label
from app.memory_view import memory_view
from app.meter import meter
from app.model_change import chosen
from app.model_facts import card_facts, card_figures, fact_list, figures, shares
from app.model_list import model_list, name_of
from app.resources import shared_engine_room, shared_library, shared_talks, shared_waking
from app.speed_view import cache_view, speed_view
from app.spent import latest_spent
from app.watch import watch_all
from models.card import Card, read_card
from models.engine.engine import Engine
from models.errors import KvasirError
from models.loaded import loaded_engine
from models.machine import in_units
from models.tuning import cores, tuned
from models.weights import find_weights, is_on_hub, is_provider

STYLE = Path(__file__).resolve().parent / "pages.css"


def engine_page() -> None:
    """Draw the page; while a change or an examination goes on, stay and watch it.

    Nothing that takes long is done in drawing: whoever leaves the page stops none of it.
    """
    desk, room = my_desk(), shared_engine_room()
    texts = engine_texts(desk.tongue)
    st.html(STYLE)
    title = desk.texts.engine
    st.html(f'<div class="kv-title"><h1>{title}</h1><p>{texts.lead}</p></div>')
    change = ChangeView(room, texts)
    waking = shared_waking()
    asleep = not waking.finished
    change.draw()
    with st.container(key="model"), _notice():
        _model(texts, waking=asleep)
    overview, models, doctor = st.tabs([texts.overview, texts.models, texts.doctor], key="sections")
    with overview, _notice():
        _overview(texts)
    with models:
        model_list(desk, room)
        to_keep(room, texts)
    with doctor:
        st.html(f'<p class="kv-lead">{texts.doctor_lead}</p>')
        health = HealthView(room, texts, desk.tongue)
    watched: list[tuple[Job, Callable[[], object]]] = [(health.examination, health.draw)]
    if asleep:
        watched.append((waking, lambda: None))
    if change.watched:
        watched.append((change.watched, change.draw))
    watch_all(watched)
    if asleep or change.watched:
        st.rerun()  # what is in use, and all that hangs on it, may be another


@contextmanager
def _notice() -> Iterator[None]:
    """What cannot be shown says why; the rest of the page is drawn all the same."""
    try:
        yield
    except KvasirError as error:
        st.error(label(str(error)), icon=":material/error:")


def _model(texts: EngineTexts, *, waking: bool) -> None:
    """Which model answers, and its card."""
    choice = chosen()
    name = escaped(name_of(choice, texts))
    if _is_elsewhere(choice.model):
        st.html(f'<div class="kv-note">{texts.runs_elsewhere.format(model=name)}</div>')
        return
    card, engine = _loaded(choice.model)
    state = texts.waking if waking else texts.asleep
    if engine:
        state = f"{texts.answering} · {_placed(engine, card, texts)}"
    kind = "kv-awake" if engine else "kv-asleep"
    with st.container(border=True, key="model-card"):
        st.html(
            f'<div class="kv-model"><b dir="auto">{name}</b>'
            f'<span class="{kind}">{state}</span></div>' + figures(card_figures(card, texts))
        )
        with st.expander(texts.card, icon=":material/badge:"):
            parts = [(kind, in_units(size), float(size)) for kind, size in shares(card)]
            whole = sum(size for *_, size in parts)
            st.html(
                fact_list(card_facts(card, texts))
                + f'<div class="kv-meta">{texts.shares}</div>{meter(parts, whole)}'
            )


def _overview(texts: EngineTexts) -> None:
    """How fast it is, what it takes, and what it need not compute again."""
    spent = latest_spent(shared_talks().chats)
    _section("speed", texts.speed, lambda: speed_view(spent, texts))
    model, library = chosen().model, shared_library()
    if not _is_elsewhere(model):
        card, engine = _loaded(model)
        _section("memory", texts.memory, lambda: memory_view(card, engine, texts))
        _section("cache", texts.cache, lambda: cache_view(library, card, engine, spent, texts))


def _is_elsewhere(model: str) -> bool:
    """Whether there is nothing of a model to be seen here without fetching it."""
    return is_provider(model) or is_on_hub(model)


def _loaded(model: str) -> tuple[Card, Engine | None]:
    """The card of the file that runs for a model, and its engine if that is loaded already."""
    own = find_weights(model)
    engine = loaded_engine(own)
    return _card(engine.path if engine else _file(own)), engine


def _section(key: str, title: str, draw: Callable[[], None]) -> None:
    with st.container(key=f"section-{key}"):
        st.html(f'<h2 class="kv-head">{title}</h2>')
        with _notice():
            draw()


def _file(own: Path) -> Path:
    """The file that runs for a model: its own, or the copy that was tuned for it."""
    tuning = tuned(own)
    return tuning.weights if tuning else own


def _placed(engine: Engine, card: Card, texts: EngineTexts) -> str:
    placement = engine.placement
    if placement.gpu_layers:
        return texts.on_gpu.format(
            layers=min(placement.gpu_layers, card.layers + 1), all=card.layers + 1
        )
    threads = placement.threads or cores()
    return texts.on_cpu_one if threads == 1 else texts.on_cpu.format(threads=threads)


def _card(path: Path) -> Card:
    """The card, read once for each state of the file."""
    try:
        found = path.stat()
    except OSError:  # reading it says what is wrong with it
        return read_card(path)
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _size: int) -> Card:
    return read_card(path)
