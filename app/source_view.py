"""The panel beside the chat that shows a source: its page as a picture, or its text.

No dialog: that would shut the chat off, and its buttons would wait for answers that are being
written. It is an ordinary part of the page, which style.css puts at its side.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.choice import UPLOAD
from app.desk import Desk
from app.job import Job
from app.markup import escaped, label, marked
from app.opened import other_page, place_of, view
from app.source import Picture, Source
from app.source_html import paper, seek
from app.watch import watch
from ingest import Document, FileChanged, FileGone, Library, PageImage, has_images
from models.errors import KvasirError

PAGE, TEXT = "page", "text"
Place = DeltaGenerator


class SourceView:
    """Draws the open source, again and again while its picture is made; widgets only once."""

    def __init__(self, desk: Desk, source: Source, library: Library) -> None:
        self._desk, self._source, self._texts = desk, source, desk.texts
        self._library = library
        opened = source.opened
        self._seen = view(opened, library)
        document = library.document(opened.source) if self._seen.current else None
        if document and source.number and not source.at_passage:
            source.number = min(source.number, document.pages)  # it may have become shorter
            self._seen = other_page(opened, source.number, library)
        self._picture = self._begin(document)
        panel = st.container(key="source", gap="small")
        with panel:
            self._draw_head()
            self._draw_tools(document)
            waits = self._picture is not None and not self._picture.finished
            # Emptied places would lose how far they are scrolled: what is known is written over.
            self._places = [st.empty() if waits else panel for _ in range(4)]
        self._drawn = False
        self.draw()

    @property
    def job(self) -> Job | None:
        """The work that is still to be watched."""
        return None if self._drawn else self._picture

    def watch(self) -> None:
        """Stay until all is drawn."""
        if self._picture and not self._drawn:
            watch(self._picture, self.draw)

    def draw(self) -> None:
        """The source as it is now."""
        picture, (note, body, foot, script) = self._picture, self._places
        if self._drawn:
            return
        if picture is not None and not picture.finished:
            body.html(_waiting(self._texts.drawing_page))
            return
        self._drawn = True
        if picture is not None:
            picture.check()
        image = picture.image if picture is not None else None
        self._draw_note(note)
        if image is not None:
            self._draw_picture(body, foot, image)
        else:
            self._draw_text(body, foot)
        look = 2 * self._source.look + (picture is not None)
        script.html(seek(look), unsafe_allow_javascript=True)

    def _begin(self, document: Document | None) -> Picture | None:
        """The picture, where there can be one and it is wanted."""
        number = self._source.number
        if document is None or number is None or self._desk.as_text or not has_images(document):
            return None
        return self._source.picture(self._library, number, self._spans())

    def _spans(self) -> list[tuple[int, int]]:
        """What is to be seen on the page: the cited words, or else the passage."""
        opened = self._source.opened
        if not self._source.at_passage:
            return []
        return list(opened.marks) or [(opened.start, opened.end)]

    def _draw_head(self) -> None:
        opened, texts = self._source.opened, self._texts
        with st.container(
            horizontal=True, vertical_alignment="top", key="source-head", gap="small"
        ):
            section = " › ".join(opened.headings)
            uploaded = opened.source.startswith(UPLOAD)
            lines = [place_of(opened.label, texts), opened.source.removeprefix(UPLOAD)]
            lines += [texts.from_chat] if uploaded else []
            below = " · ".join(escaped(line) for line in lines if line)
            if opened.headings:
                below += f"<br>{texts.in_section.format(headings=escaped(section))}"
            st.html(
                f'<div class="kv-source-title" dir="auto">{escaped(opened.title)}</div>'
                f'<div class="kv-meta">{below}</div>'
            )
            st.button(
                "",
                key="close-source",
                icon=":material/close:",
                type="tertiary",
                help=texts.close_source,
                shortcut="Esc",
                on_click=self._desk.close,
            )

    def _draw_tools(self, document: Document | None) -> None:
        """Page or text, and the pages around, where there is a choice."""
        room = st.container(
            horizontal=True, vertical_alignment="center", key="source-tools", gap="small"
        )
        texts, number = self._texts, self._source.number
        with room:
            if document and has_images(document):
                st.segmented_control(
                    texts.source_view,
                    (PAGE, TEXT),
                    default=TEXT if self._desk.as_text else PAGE,
                    format_func={PAGE: texts.as_page, TEXT: texts.as_text}.__getitem__,
                    key="source-as",
                    required=True,
                    label_visibility="collapsed",
                    on_change=_switch,
                    args=(self._desk,),
                )
            if document and number and document.pages > 1:
                for step, icon, name in (
                    (-1, "chevron_left", texts.page_before),
                    (1, "chevron_right", texts.page_after),
                ):
                    st.button(
                        "",
                        key=f"source-{'before' if step < 0 else 'after'}",
                        icon=f":material/{icon}:",
                        type="tertiary",
                        help=name,
                        disabled=not 1 <= number + step <= document.pages,
                        on_click=self._source.turn,
                        args=(number + step,),
                    )
                line = texts.page_of.format(page=number, pages=document.pages)
                st.html(f'<div class="kv-meta">{line}</div>')

    def _draw_note(self, note: Place) -> None:
        """Why what is shown is not the page as it is now; a place without a note is taken, too."""
        trouble = self._picture.trouble if self._picture is not None else None
        if not self._seen.current:
            note.info(self._texts.changed, icon=":material/history:")
        elif trouble is not None:
            note.info(self._why(trouble), icon=":material/description:")
        else:
            note.empty()

    def _draw_text(self, body: Place, foot: Place) -> None:
        seen, texts = self._seen, self._texts
        spans = [(*seen.passage, "passage"), *((a, b, "cited") for a, b in seen.marks)]
        body.html(f'<div class="kv-page" tabindex="0" dir="auto">{marked(seen.text, spans)}</div>')
        told = f"{texts.cited_here} {texts.whole_page}" if seen.marks else texts.whole_page
        foot.html(f'<div class="kv-meta">{told}</div>')

    def _draw_picture(self, body: Place, foot: Place, image: PageImage) -> None:
        texts, source = self._texts, self._source
        cited = bool(source.opened.marks)
        boxes = [box for found in image.boxes for box in found]
        name = texts.page_of.format(page=source.number, pages=image.pages)
        body.html(paper(image, boxes, "cited" if cited else "passage", name, texts.closer))
        told = [texts.closer_help]
        if boxes and cited:
            told = [texts.cited_here, *told]
        elif source.at_passage and not boxes:
            told = [texts.no_boxes, *told]
        foot.html(f'<div class="kv-meta">{" ".join(told)}</div>')

    def _why(self, trouble: KvasirError) -> str:
        """Why there is no picture, so that the text is shown."""
        if isinstance(trouble, FileGone):
            return self._texts.file_gone
        if isinstance(trouble, FileChanged):
            return self._texts.file_changed
        return self._texts.no_picture.format(reason=label(str(trouble)))


def _switch(desk: Desk) -> None:
    desk.as_text = st.session_state["source-as"] == TEXT
    if desk.source:
        desk.source.look_again()


def _waiting(line: str) -> str:
    return (
        '<div class="kv-sheet"><div class="kv-status kv-running"><span class="kv-pulse"></span>'
        f"{line}</div></div>"
    )
