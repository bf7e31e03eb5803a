"""One document in the list: what it is, how much is in it, or why it could not be read."""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st

from app.choice import UPLOAD
from app.desk import Desk
from app.markup import escaped
from app.texts import Texts
from ingest import Document, Library


def document_row(desk: Desk, library: Library, document: Document) -> None:
    """The row, with its button to remove the document; a click asks first, below the row.

    No dialog: its buttons would wait for files that are just going in.
    """
    texts = desk.texts
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"document-{document.id}", gap="small"
    ):
        st.html(_facts(document, texts))
        st.button(
            "",
            key=f"remove-{document.id}",
            icon=":material/delete:",
            type="tertiary",
            help=texts.remove,
            on_click=_ask_to_remove,
            args=(desk, document.source),
        )
    if desk.removing == document.source:
        _confirm(desk, library, document)


def _confirm(desk: Desk, library: Library, document: Document) -> None:
    texts = desk.texts
    with st.container(border=True, key="confirm", gap="small"):
        st.markdown(f"**{texts.remove_question}** {texts.remove_explained}")
        with st.container(horizontal=True, gap="small"):
            st.button(
                texts.remove_confirm,
                key="remove",
                type="primary",
                on_click=_remove,
                args=(desk, library, document),
            )
            st.button(texts.cancel, key="keep", on_click=_ask_to_remove, args=(desk, ""))


def title_of(document: Document) -> str:
    """What a document is called: its title, or the last part of its source."""
    return (document.title or PurePath(document.source).name).removeprefix(UPLOAD)


def matches(document: Document, query: str) -> bool:
    """Whether every word of a search stands in the document's title, source or format."""
    text = f"{document.title} {document.source} {document.format}".casefold()
    return all(word in text for word in query.casefold().split())


def _ask_to_remove(desk: Desk, source: str) -> None:
    desk.removing = source


def _remove(desk: Desk, library: Library, document: Document) -> None:
    desk.removing = ""
    if library.remove(document.source):
        desk.removed = title_of(document)


def _facts(document: Document, texts: Texts) -> str:
    kind = escaped((PurePath(document.source).suffix.strip(".") or document.format or "?").upper())
    upload = document.origin == "upload"
    place = document.source.removeprefix(UPLOAD)
    source = place
    if upload:
        source = f"{texts.from_chat} · {place}" if "/" in place else texts.from_chat
    if document.status == "failed":
        reason = texts.failed.format(reason=escaped(document.error))
        what = f'<div class="kv-failed">{reason}</div>'
    else:
        counts = [
            _count(document.pages, texts.pages_one, texts.pages_many),
            _count(document.chunks, texts.chunks_one, texts.chunks_many),
            texts.added_on.format(date=escaped(document.added_at[:10])),
        ]
        what = f'<div class="kv-meta">{" · ".join(counts)}</div>'
    return (
        f'<div class="kv-document"><span class="kv-kind">{kind}</span><div>'
        f'<div class="kv-name" dir="auto">{escaped(title_of(document))}</div>'
        f'<div class="kv-source" title="{escaped(document.source)}">{escaped(source)}</div>'
        f"{what}</div></div>"
    )


def _count(number: int, one: str, many: str) -> str:
    return one if number == 1 else many.format(count=f"{number:,}")
