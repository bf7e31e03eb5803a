"""The documents: what is in the library, adding to it, removing from it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.conversation import Delivery
from app.desk import Desk, my_desk
from app.document_row import document_row, matches
from app.dropped import delivery_of
from app.markup import escaped, label
from app.resources import shared_library
from app.samples_offer import offer_samples
from app.texts import Texts
from app.upload_view import UploadView
from app.uploads import Uploads
from app.watch import watch
from ingest import Document, Library

STEP = 20


def documents_page() -> None:
    """Draw the page; while files go in, stay and watch them."""
    desk, library = my_desk(), shared_library()
    texts = desk.texts
    st.html(f'<div class="kv-title"><h1>{texts.documents}</h1><p>{texts.documents_lead}</p></div>')
    _uploader(desk)
    view = UploadView(desk.dropped, texts) if desk.dropped else None
    documents = sorted(library.documents(), key=lambda d: d.added_at, reverse=True)
    if documents:
        _status(library, texts)
        _list(desk, library, documents)
    else:
        st.html(f'<div class="kv-note">{texts.no_documents}</div>')
        offer_samples(desk)
    if desk.removed:
        st.toast(label(texts.removed.format(title=desk.removed)), icon=":material/delete:")
        desk.removed = ""
    if desk.dropped and view:
        _watch(desk, desk.dropped, view, library)


def _uploader(desk: Desk) -> None:
    key = f"uploader-{desk.uploader}-{desk.by_folder}"

    def dropped() -> None:
        delivery = delivery_of(st.session_state[key])
        desk.uploader += 1  # a fresh, empty uploader
        if delivery.files:
            desk.dropped = delivery
        elif delivery.passed_over:
            desk.notice = desk.texts.passed_over.format(count=delivery.passed_over)

    st.html(_uploader_words(desk))
    with st.container(key="uploader", gap="small"):
        st.file_uploader(
            desk.texts.upload,
            key=key,
            accept_multiple_files="directory" if desk.by_folder else True,
            help=desk.texts.upload_help,
            on_change=dropped,
        )
        st.segmented_control(
            desk.texts.choose,
            (False, True),
            default=desk.by_folder,
            format_func=lambda folder: desk.texts.by_folder if folder else desk.texts.by_file,
            key="by-folder",
            required=True,
            label_visibility="collapsed",
            on_change=_switch,
            args=(desk,),
        )


def _switch(desk: Desk) -> None:
    desk.by_folder = st.session_state["by-folder"]


def _uploader_words(desk: Desk) -> str:
    """Streamlit's uploader speaks English only; its words are put over by style (see style.css)."""
    texts = desk.texts
    drop = texts.drop.format(megabytes=st.get_option("server.maxUploadSize"))
    choose = texts.choose_folder if desk.by_folder else texts.choose
    zone = '[data-testid="stFileUploaderDropzone'
    return (
        f"<style>{zone}\"] button p::after {{ content: '{choose}' }}"
        f"{zone}Instructions\"] span::after {{ content: '{drop}' }}</style>"
    )


def _watch(desk: Desk, delivery: Delivery, view: UploadView, library: Library) -> None:
    if all(file.share == 1.0 for file in delivery.files):
        view.draw()
        return
    watch(desk.job(delivery.number, partial(Uploads, library, delivery.files)), view.draw)
    st.rerun()  # the list has grown


def _status(library: Library, texts: Texts) -> None:
    status = library.status()
    figures = [
        (texts.status_documents, f"{status['documents']:,}"),
        (texts.status_pages, f"{status['pages']:,}"),
        (texts.status_chunks, f"{status['chunks']:,}"),
        (texts.status_size, f"{status['bytes'] / 1e6:,.1f} MB"),
    ]
    if status["failed"]:
        figures.insert(1, (texts.status_failed, f"{status['failed']:,}"))
    cells = "".join(f"<div><b>{value}</b><span>{name}</span></div>" for name, value in figures)
    details = texts.status_details.format(
        folder=escaped(status["library"]), embedder=escaped(str(status["embedder"] or "–"))
    )
    st.html(f'<div class="kv-figures">{cells}</div><div class="kv-meta">{details}</div>')


def _list(desk: Desk, library: Library, documents: list[Document]) -> None:
    texts = desk.texts
    failed = sum(document.status == "failed" for document in documents)
    query = st.text_input(
        texts.search_documents,
        key="find",
        icon=":material/search:",
        placeholder=texts.search_documents,
        label_visibility="collapsed",
    )
    only_failed = bool(failed) and st.toggle(
        texts.only_failed.format(count=failed), key="only-failed"
    )
    found = [
        document
        for document in documents
        if matches(document, query or "") and (not only_failed or document.status == "failed")
    ]
    if not found:
        st.html(f'<div class="kv-note">{texts.no_match}</div>')
        return
    for document in found[: desk.listed]:
        document_row(desk, library, document)
    if len(found) > STEP:
        st.caption(texts.shown.format(shown=min(desk.listed, len(found)), total=len(found)))
    if len(found) > desk.listed:
        st.button(texts.more, key="more", on_click=_show_more, args=(desk,))


def _show_more(desk: Desk) -> None:
    desk.listed += STEP
