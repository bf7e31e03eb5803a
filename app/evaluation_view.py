"""Beginning an evaluation from the page, and watching it."""

from __future__ import annotations

import streamlit as st

from app.desk import Desk
from app.evaluation import Bench, Evaluation
from app.markup import label
from app.quality_texts import QualityTexts, quality_texts
from chains.evaluation import Run

COUNTS = (10, 20, 50)
COMMAND = "python chains eval questions.jsonl"
_COUNT, _WATCHED, _SHOWN = "evaluate-count", "evaluation-watched", "evaluation-shown"


class EvaluationView:
    """The panel to begin one, and the latest one's progress or outcome below it.

    `watched` is the one that was under way when the page began.
    """

    def __init__(self, desk: Desk, bench: Bench, *, has_documents: bool) -> None:
        self._texts = quality_texts(desk.tongue)
        self._evaluation: Evaluation | None = bench.evaluation
        self.watched = bench.evaluation if bench.busy else None
        if self.watched:
            st.session_state[_WATCHED] = self.watched
        with st.container(border=True, key="evaluate", gap="small"):
            st.html(
                f'<h2 class="kv-head">{self._texts.evaluate}</h2>'
                f'<p class="kv-lead">{self._texts.evaluate_lead}</p>'
            )
            self._controls(desk, bench, has_documents=has_documents)
            self._place = st.empty()
            if self.watched:
                st.button(
                    self._texts.stop,
                    key="stop-evaluation",
                    icon=":material/stop_circle:",
                    on_click=self.watched.stop,
                )

    def _controls(self, desk: Desk, bench: Bench, *, has_documents: bool) -> None:
        texts = self._texts
        if not has_documents:
            st.html(f'<div class="kv-note">{texts.no_documents}</div>')
            return

        def begin() -> None:
            begin_evaluation(desk, bench, int(st.session_state[_COUNT] or COUNTS[0]))

        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            st.segmented_control(
                texts.how_many, COUNTS, default=COUNTS[0], key=_COUNT, required=True
            )
            st.button(
                texts.begin,
                key="begin-evaluation",
                type="primary",
                icon=":material/experiment:",
                disabled=bench.busy,
                on_click=begin,
            )

    def draw(self) -> None:
        """The evaluation as it is now; what it came to is for the tabs that watched it."""
        evaluation = self._evaluation
        if evaluation is None:
            return
        watched = st.session_state.get(_WATCHED) is evaluation
        if not evaluation.finished:
            self._place.html(_progress(evaluation, self._texts))
        elif watched:
            with self._place.container():
                _outcome(evaluation, self._texts)

    def fresh(self) -> str:
        """The name of the run that this tab has waited for, once; "" where there is none."""
        evaluation = self._evaluation
        watched = st.session_state.get(_WATCHED) is evaluation
        name = evaluation.name if evaluation and evaluation.finished and watched else ""
        if st.session_state.get(_SHOWN) == name:
            return ""
        st.session_state[_SHOWN] = name
        return name


def begin_evaluation(desk: Desk, bench: Bench, questions: int | Run) -> None:
    """Begin one, or say that another is under way."""
    if bench.begin(questions):
        st.session_state[_WATCHED] = bench.evaluation
    else:
        desk.notice = quality_texts(desk.tongue).busy


def _progress(evaluation: Evaluation, texts: QualityTexts) -> str:
    line = {"drafting": texts.drafting, "asking": texts.asking}.get(evaluation.state, texts.waiting)
    share = evaluation.done / evaluation.total if evaluation.total else 0.0
    said = line.format(done=evaluation.done, total=evaluation.total)
    return (
        f'<div class="kv-status"><span class="kv-pulse"></span>{said}</div>'
        f'<div class="kv-bar"><div style="width:{min(share, 1.0):.0%}"></div></div>'
    )


def _outcome(evaluation: Evaluation, texts: QualityTexts) -> None:
    name = evaluation.name
    if evaluation.state == "failed":
        st.error(label(texts.failed.format(error=evaluation.error)), icon=":material/error:")
    elif evaluation.state == "done":
        st.success(label(texts.finished.format(name=name)), icon=":material/check_circle:")
    else:
        said = texts.was_stopped.format(name=name) if name else texts.nothing_stopped
        st.info(label(said), icon=":material/info:")
