"""A run's questions one by one: what was wanted, what was said, and where it went wrong."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.markup import escaped
from app.quality_texts import QualityTexts
from chains.evaluation import Gold, Outcome, Run

STEP = 8
_LISTED = "questions-listed"  # how many this tab has asked for
LONGEST = 400  # characters of an answer that are shown


def run_questions(run: Run, before: Run | None, texts: QualityTexts) -> None:
    """The questions that went wrong, that changed since the run before, or all."""
    st.html(f'<h2 class="kv-head">{texts.each_question}</h2>')
    then = {outcome.gold: outcome for outcome in before.outcomes} if before else {}
    changed = [each for each in run.outcomes if _turned(each, then) is not None]
    kinds: dict[str, Sequence[Outcome]] = {
        texts.missed: [each for each in run.outcomes if is_right(each) is False],
        texts.all_questions: run.outcomes,
    }
    if before:
        kinds[texts.changed] = changed
    counts = {kind: f"{kind} · {len(found)}" for kind, found in kinds.items()}
    kind = st.segmented_control(
        texts.each_question,
        list(kinds),
        default=texts.missed if kinds[texts.missed] else texts.all_questions,
        format_func=lambda kind: counts[kind],
        key=f"questions-{bool(before)}",
        required=True,
        label_visibility="collapsed",
    )
    chosen = kinds.get(kind or texts.missed, ())
    if not chosen:
        st.html(f'<div class="kv-note">{texts.none_such}</div>')
        return
    listed = int(st.session_state.get(_LISTED, STEP))
    rows = "".join(_row(each, _turned(each, then), texts) for each in chosen[:listed])
    st.html(f'<div class="kv-findings">{rows}</div>')
    if len(chosen) > listed:
        count = len(chosen) - listed
        st.button(texts.more.format(count=f"{count:,}"), key="more-questions", on_click=_show_more)


def _show_more() -> None:
    st.session_state[_LISTED] = 4 * int(st.session_state.get(_LISTED, STEP))


def as_file(run: Run) -> str:
    """The run's questions as `python chains eval` reads them: a JSON object a line."""
    return "".join(f"{outcome.gold.line()}\n" for outcome in run.outcomes)


def is_right(outcome: Outcome) -> bool | None:
    """Whether a question was answered as it should have been; None where nobody can tell."""
    if outcome.error:
        return False
    if outcome.gold.unanswerable:
        return outcome.refused
    return outcome.in_answer if outcome.in_answer is not None else _found(outcome)


def _found(outcome: Outcome) -> bool | None:
    return None if outcome.rank is None else outcome.rank > 0


def _turned(outcome: Outcome, then: dict[Gold, Outcome]) -> bool | None:
    """Whether a question became right (True) or wrong (False); None if it stayed as it was."""
    now = is_right(outcome)
    old = is_right(then[outcome.gold]) if outcome.gold in then else None
    return None if now is None or old is None or now == old else now


def _row(outcome: Outcome, turned: bool | None, texts: QualityTexts) -> str:
    right = is_right(outcome)
    kind, mark = {True: ("good", "✓"), False: ("bad", "!"), None: ("plain", "–")}[right]
    gold = outcome.gold
    wanted = texts.unanswerable if gold.unanswerable else escaped(" / ".join(gold.answers))
    lines = [texts.wanted.format(wanted=wanted)] if wanted else []
    lines.append(texts.said.format(said=_said(outcome, texts)))
    notes = []
    if outcome.rank is not None and not outcome.error:
        found = texts.first_right.format(rank=outcome.rank) if outcome.rank else texts.not_found
        notes.append(found)
    if turned is not None:
        word = texts.became_right if turned else texts.became_wrong
        notes.append(f'<span class="kv-{"better" if turned else "worse"}">{word}</span>')
    below = f'<div class="kv-meta">{" · ".join(notes)}</div>' if notes else ""
    facts = "".join(f'<div class="kv-fact" dir="auto">{line}</div>' for line in lines)
    return (
        f'<div class="kv-finding"><span class="kv-mark kv-{kind}">{mark}</span>'
        f'<div><b dir="auto">{escaped(gold.question)}</b>{facts}{below}</div></div>'
    )


def _said(outcome: Outcome, texts: QualityTexts) -> str:
    if outcome.error:
        return texts.went_wrong.format(error=escaped(outcome.error))
    if outcome.refused:
        return texts.refused
    answer = " ".join(outcome.answer.split())
    return escaped(answer[:LONGEST]) + (" …" if len(answer) > LONGEST else "")
