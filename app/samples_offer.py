"""The button that adds the sample documents to an empty library, and the work behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePath

import streamlit as st

from app.desk import Desk
from app.job import Job
from app.markup import escaped
from app.resources import shared_library
from app.sample_set import FOLDER
from app.texts import Texts
from app.watch import watch
from ingest import Library, Progress, sync
from models.errors import KvasirError

NUMBER = 0  # of the job; entries of conversations count from 1


class AddSamples(Job):
    """Puts the samples into the library."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self.now = Progress("reading")
        self.error = ""

    def work(self) -> None:
        try:
            sync(self._library, [FOLDER], progress=self._progress)
        except KvasirError as error:
            self.error = str(error)

    def _progress(self, now: Progress) -> None:
        self.now = now
        self.step()


def offer_samples(desk: Desk) -> None:
    """The button; after a click, a progress bar below it until the samples are in."""
    texts, job = desk.texts, desk.jobs.get(NUMBER)
    st.button(
        texts.add_samples,
        key="add-samples",
        icon=":material/library_add:",
        type="primary",
        disabled=job is not None,
        on_click=_begin,
        args=(desk, partial(AddSamples, shared_library())),
    )
    place = st.empty()
    if not isinstance(job, AddSamples):
        place.caption(texts.add_samples_help)
        return
    watch(job, lambda: place.html(_progress(job.now, texts)))
    del desk.jobs[NUMBER]
    if job.error:
        raise KvasirError(job.error)
    st.rerun()


def _begin(desk: Desk, start: Callable[[], Job]) -> None:
    desk.job(NUMBER, start)


def _progress(now: Progress, texts: Texts) -> str:
    share = (now.files + (now.embedded / now.chunks if now.chunks else 0)) / (now.total or 1)
    name = escaped(PurePath(now.source).name) or texts.indexing_file
    return (
        f'<div class="kv-status"><span class="kv-pulse"></span>{texts.uploading} · {name}</div>'
        f'<div class="kv-bar"><div style="width:{min(share, 1.0):.0%}"></div></div>'
    )
