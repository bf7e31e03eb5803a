"""The models and adapters at hand, and the buttons that put another one in."""

from __future__ import annotations

import os

import streamlit as st

from app.desk import Desk
from app.engine_room import EngineRoom
from app.engine_texts import EngineTexts, engine_texts
from app.markup import escaped, label
from app.model_change import Choice, chosen
from models.adapters import NONE, adapters_folder, own_adapter
from models.errors import ModelError
from models.listing import Entry, models_at_hand
from models.machine import in_units
from models.weights import BUNDLED, SUFFIX, is_on_hub, is_provider

ADAPTER = "adapter"
TRAIN = "python models finetune --from-library"
_PATH = "model-path"


def model_list(desk: Desk, room: EngineRoom) -> None:
    """A row for each; what is chosen answers everybody from the next question on."""
    texts = engine_texts(desk.tongue)
    entries, problem = _at_hand(room.first)
    if problem:
        st.error(label(problem), icon=":material/error:")
    st.html(f'<p class="kv-lead">{texts.models_lead}</p>')
    for place, entry in enumerate(entry for entry in entries if entry.kind != ADAPTER):
        _row(desk, room, entry, f"model-{place}", texts)
    if not desk.person:  # among people who sign in, nobody looks around in the machine's folders
        _other_file(desk, room, texts)
    st.html(f'<h3 class="kv-head">{texts.adapters}</h3>')
    for place, entry in enumerate(entry for entry in entries if entry.kind == ADAPTER):
        _row(desk, room, entry, f"adapter-{place}", texts)
    said = texts.more_adapters.format(command=TRAIN, folder=escaped(str(adapters_folder())))
    st.html(f'<div class="kv-note">{said}</div>')


def name_of(choice: Choice, texts: EngineTexts) -> str:
    """What a choice is called: files by their names, without their folders."""
    model = short_name(choice.model)
    adapter = "" if choice.adapter == NONE else short_name(choice.adapter)
    return texts.with_adapter.format(model=model, adapter=adapter) if adapter else model


def use(desk: Desk, room: EngineRoom, wanted: Choice) -> None:
    """Begin a change, or say that another is under way."""
    if not room.use(wanted):
        desk.notice = engine_texts(desk.tongue).busy


def _at_hand(first: Choice) -> tuple[list[Entry], str]:
    """What can be chosen, and why the list is not whole, "" if it is.

    What the settings named at the start stays among it, wherever it comes from.
    """
    entries: list[Entry] = []
    problem = ""
    try:
        for entry in models_at_hand():
            entries.append(entry)
    except ModelError as error:
        problem = str(error)
    known = {_value(entry) for entry in entries} | {entry.name for entry in entries}
    if first.model not in known:
        entries.append(Entry(first.model, _kind(first.model)))
    return entries, problem


def _kind(name: str) -> str:
    if is_provider(name):
        return "provider"
    return "hub" if is_on_hub(name) else "file"


def _row(desk: Desk, room: EngineRoom, entry: Entry, key: str, texts: EngineTexts) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"entry-{key}", gap="small"
    ):
        st.html(_facts(entry, texts))
        if entry.in_use and entry.kind != ADAPTER:
            st.html(f'<span class="kv-pill">{texts.in_use}</span>', width="content")
            return
        st.button(
            texts.take_off if entry.in_use else texts.use,
            key=f"use-{key}",
            disabled=room.busy or bool(entry.problem),
            on_click=use,
            args=(desk, room, _choice(entry)),
        )


def _choice(entry: Entry) -> Choice:
    """What is asked for with an entry's button; an adapter belongs to the model it was put on.

    The model's own is there by default: to take it off is to have none.
    """
    if entry.kind != ADAPTER:
        return Choice(_value(entry))
    model = chosen().model
    if entry.path and entry.path == own_adapter(model):
        return Choice(model, NONE if entry.in_use else "")
    return Choice(model, "" if entry.in_use else _value(entry))


def _value(entry: Entry) -> str:
    """The entry as the settings name it."""
    if entry.kind in ("bundled", "hub", "provider", ADAPTER) or entry.path is None:
        return entry.name
    return str(entry.path)


def _facts(entry: Entry, texts: EngineTexts) -> str:
    kind = escaped(texts.kinds.get(entry.kind, entry.kind))
    size = [in_units(entry.bytes)] if entry.bytes is not None else []
    if entry.runs_for:
        size.append(texts.runs_for.format(model=escaped(entry.runs_for)))
    if entry.problem:
        what = texts.unusable.format(problem=escaped(entry.problem))
        below = f'<div class="kv-failed">{what}</div>'
    else:
        below = f'<div class="kv-meta">{" · ".join(size)}</div>'
    path = escaped(str(entry.path or ""))
    return (
        f'<div class="kv-document"><span class="kv-kind">{kind}</span><div>'
        f'<div class="kv-name" dir="auto">{escaped(short_name(entry.name))}</div>'
        f'<div class="kv-source" title="{path}">{path}</div>{below}</div></div>'
    )


def short_name(name: str) -> str:
    """What a model is called: a file by its name alone, other names as they are."""
    if name in BUNDLED or not os.path.isabs(os.path.expanduser(name)):
        return name
    return os.path.basename(name).removesuffix(SUFFIX)


def _other_file(desk: Desk, room: EngineRoom, texts: EngineTexts) -> None:
    def take() -> None:
        path = str(st.session_state[_PATH]).strip().strip("'\"")
        full = os.path.abspath(os.path.expanduser(path))
        if "\0" not in path and full.lower().endswith(SUFFIX) and os.path.isfile(full):
            use(desk, room, Choice(full))
        else:
            desk.notice = texts.no_such_file.format(path=path)

    opened = st.expander(texts.other_file, icon=":material/draft:")
    with opened, st.form("other-file", border=False):
        st.text_input(texts.other_path, key=_PATH, placeholder="~/models/model.gguf")
        st.form_submit_button(texts.use, on_click=take, disabled=room.busy)
