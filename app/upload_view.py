"""Files on their way into the library: a bar for each, and what became of it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.conversation import Delivery, File
from app.markup import label
from app.texts import Texts

_ICONS = {"failed": "error", "stopped": "do_not_disturb_on"}


EACH = 12  # files that have a bar each; of more, one bar is for all and one for the file at work
TROUBLES = 50  # files of so many that are named because they are not in


class UploadView:
    """Draws a delivery, again and again while it goes in."""

    def __init__(self, delivery: Delivery, texts: Texts) -> None:
        self._delivery = delivery
        self._texts = texts
        self._many = len(delivery.files) > EACH
        with st.container(border=True, gap="small", key=f"delivery-{delivery.number}"):
            self._title = st.empty()
            self._places = [st.empty() for _ in (range(3) if self._many else delivery.files)]

    def draw(self) -> None:
        """The delivery as it is now."""
        files, texts = self._delivery.files, self._texts
        over = all(file.share == 1.0 for file in files)
        good = sum(file.good for file in files)
        title = texts.files_done.format(good=good, total=len(files)) if over else texts.uploading
        passed = self._delivery.passed_over
        small = f" :small[{texts.passed_over.format(count=passed)}]" if passed else ""
        self._title.markdown(f"**{title}**{small}")
        if self._many:
            self._draw_many()
            return
        for place, file in zip(self._places, files, strict=True):
            self._draw_one(place, file)

    def _draw_one(self, place: DeltaGenerator, file: File) -> None:
        if file.share < 1.0:
            phase = _phase(file, self._texts)
            place.progress(file.share, text=f"{label(file.name)} · {phase}")
        else:
            place.markdown(_outcome(file, self._texts))

    def _draw_many(self) -> None:
        files, texts = self._delivery.files, self._texts
        whole, now, bad = self._places
        ended = sum(file.share == 1.0 for file in files)
        at_work = next((file for file in files if file.share < 1.0), None)
        if at_work:
            line = texts.files_ended.format(done=f"{ended:,}", total=f"{len(files):,}")
            whole.progress(ended / len(files), text=line)
            self._draw_one(now, at_work)
        else:
            whole.empty()
            now.empty()
        troubles = [file for file in files if file.share == 1.0 and not file.good]
        if troubles:
            lines = [_outcome(file, texts) for file in troubles[:TROUBLES]]
            more = len(troubles) - len(lines)
            bad.markdown("\n\n".join([*lines, f"+ {more:,}"] if more else lines))


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
