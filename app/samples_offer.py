"""The button that adds the sample documents to an empty library."""

from __future__ import annotations

import streamlit as st

from app.desk import Desk
from app.markup import label
from app.resources import shared_library
from app.sample_set import FOLDER
from ingest import Progress, sync


def offer_samples(desk: Desk) -> None:
    """The button, and after a click a progress bar until the samples are in."""
    texts = desk.texts
    place = st.empty()
    if not place.button(
        texts.add_samples, key="add-samples", icon=":material/library_add:", type="primary"
    ):
        st.caption(texts.add_samples_help)
        return
    bar = place.progress(0.0, text=texts.reading_file)

    def show(now: Progress) -> None:
        share = now.files / now.total if now.total else 0.0
        name = now.source.rsplit("/", 1)[-1]
        bar.progress(min(share, 1.0), text=label(name) if name else texts.indexing_file)

    sync(shared_library(), [FOLDER], progress=show)
    st.rerun()
