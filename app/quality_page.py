"""The quality: the evaluations of this library, their figures beside each other, and a new one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.desk import Desk, my_desk
from app.engine_page import STYLE
from app.evaluation import Bench
from app.evaluation_view import COMMAND, EvaluationView, begin_evaluation
from app.kept_runs import compared, kept_runs, readable_runs, worth_comparing
from app.markup import escaped
from app.model_list import short_name
from app.quality_texts import QualityTexts, quality_texts
from app.resources import shared_bench, shared_library
from app.run_questions import as_file, run_questions
from app.run_view import over_runs, run_chart, run_figures, run_table, settings_that_differ
from app.watch import watch
from chains.evaluation import Run

_RUN = "run"


def quality_page() -> None:
    """Draw the page; while an evaluation goes on, stay and watch it."""
    desk, library, bench = my_desk(), shared_library(), shared_bench()
    texts = quality_texts(desk.tongue)
    st.html(STYLE)
    st.html(f'<div class="kv-title"><h1>{desk.texts.quality}</h1><p>{texts.lead}</p></div>')
    view = EvaluationView(desk, bench, has_documents=library.store.counts()["chunks"] > 0)
    view.draw()
    stored = kept_runs(library)
    readable = readable_runs(stored)
    if readable:
        _runs(desk, bench, readable, view.fresh(), texts)
    else:
        _nothing_yet(texts)
    for each in stored:
        if each.run is None:
            said = texts.unreadable.format(name=escaped(each.name), problem=escaped(each.problem))
            st.html(f'<div class="kv-failed">{said}</div>')
    if view.watched:
        watch(view.watched, view.draw)
        st.rerun()  # there is a run more


def _nothing_yet(texts: QualityTexts) -> None:
    st.html(f'<div class="kv-empty"><b>{texts.no_runs}</b><span>{texts.no_runs_how}</span></div>')
    st.code(COMMAND, language="bash")


def _runs(desk: Desk, bench: Bench, runs: Sequence[Run], fresh: str, texts: QualityTexts) -> None:
    run, before = _chosen(runs, fresh, texts)
    differences = compared(run, before) if before else None
    run_figures(run, differences, texts)
    if before:
        _about_comparison(run, before, bool(differences), texts)
    with st.container(key="section-chart"):
        run_chart(run, before, texts)
        run_table(run, differences, texts)
    with st.container(key="section-questions"):
        run_questions(run, before, texts)
        _next_steps(desk, bench, run, texts)
    if len(runs) > 1:
        with st.container(key="section-over-runs"):
            over_runs(runs, texts)
    st.html(f'<div class="kv-meta">{texts.by_command} <code>{COMMAND}</code></div>')


def _chosen(runs: Sequence[Run], fresh: str, texts: QualityTexts) -> tuple[Run, Run | None]:
    """The run to show, by default the latest, and the one to compare it with, if any.

    A `fresh` one is shown whatever was chosen before.
    """
    named = {f"{run.name} · {short_name(run.model)}": run for run in runs}
    for name, run in named.items():
        if run.name == fresh:
            st.session_state[_RUN] = name
    one, other = st.columns(2, gap="medium")
    with one:
        name = st.selectbox(texts.run, list(named), key=_RUN)
    run = named.get(name or "", runs[0])
    others = {key: each for key, each in named.items() if each is not run}
    if not others:
        return run, None
    likely = worth_comparing(run, list(others.values()))
    names = [texts.nothing, *others]
    place = next((n for n, key in enumerate(names) if others.get(key) is likely), 0)
    with other:
        chosen = st.selectbox(
            texts.against, names, index=place if likely else 0, key=f"against-{name}"
        )
    return run, others.get(chosen or "")


def _about_comparison(run: Run, before: Run, known: bool, texts: QualityTexts) -> None:
    if not known:
        st.html(f'<div class="kv-note">{texts.no_same_questions}</div>')
        return
    then = {outcome.gold for outcome in before.outcomes}
    same = sum(outcome.gold in then for outcome in run.outcomes)
    st.html(f'<div class="kv-meta">{texts.same_questions.format(count=f"{same:,}")}</div>')
    settings_that_differ(run, before, texts)


def _next_steps(desk: Desk, bench: Bench, run: Run, texts: QualityTexts) -> None:
    with st.container(horizontal=True, gap="small", key="next-steps"):
        st.button(
            texts.begin_again,
            key="begin-again",
            icon=":material/replay:",
            help=texts.begin_again_help,
            disabled=bench.busy,
            on_click=begin_evaluation,
            args=(desk, bench, run),
        )
        st.download_button(
            texts.download,
            lambda: as_file(run),
            file_name="questions.jsonl",
            mime="application/x-ndjson",
            icon=":material/download:",
            key="download-questions",
            on_click="ignore",
        )
