"""Files on their way into the library: a bar for each, and what became of it."""

from __future__ import annotations

import streamlit as st

from app.conversation import Delivery, File
from app.markup import label
from app.texts import Texts

_ICONS = {"failed": "error", "stopped": "do_not_disturb_on"}


class UploadView:
    """Draws a delivery, again and again while it goes in."""

    def __init__(self, delivery: Delivery, texts: Texts) -> None:
        self._delivery = delivery
        self._texts = texts
        with st.container(border=True, gap="small", key=f"delivery-{delivery.number}"):
            self._title = st.empty()
            self._places = [st.empty() for _ in delivery.files]

    def draw(self) -> None:
        """The delivery as it is now."""
        files, texts = self._delivery.files, self._texts
        over = all(file.share == 1.0 for file in files)
        good = sum(file.good for file in files)
        title = texts.files_done.format(good=good, total=len(files)) if over else texts.uploading
        self._title.markdown(f"**{title}**")
        for place, file in zip(self._places, files, strict=True):
            if file.share < 1.0:
                place.progress(file.share, text=f"{label(file.name)} · {_phase(file, texts)}")
            else:
                place.markdown(_outcome(file, texts))


def _phase(file: File, texts: Texts) -> str:
    if file.state == "embedding":
        return texts.embedding_file.format(
            embedded=min(file.embedded + 1, file.chunks), chunks=file.chunks
        )
    return {
        "queued": texts.queued,
        "waiting": texts.waiting_library,
        "reading": texts.reading_file,
    }.get(file.state, texts.indexing_file)


def _outcome(file: File, texts: Texts) -> str:
    icon = _ICONS.get(file.state, "check_circle")
    color = {"failed": "red", "stopped": "gray"}.get(file.state, "green")
    words = {
        "added": texts.added,
        "updated": texts.updated,
        "unchanged": texts.unchanged,
        "stopped": texts.not_read,
    }.get(file.state, texts.failed.format(reason=label(file.reason)))
    return f":{color}[:material/{icon}:] {label(file.name)} · {words}"
