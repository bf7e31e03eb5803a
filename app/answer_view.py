"""An answer on the page: the evidence first, then the words, then what they rest on."""

from __future__ import annotations

import streamlit as st

from app.cited_answer import show_cited_answer
from app.conversation import Answer, Turn
from app.desk import Desk
from app.markup import escaped, heading_signs, label, marked, snippet
from app.opened import name_of, open_passage
from app.pieces import cited_passages, number_of
from app.texts import Texts


class AnswerView:
    """Draws one answer, again and again while it comes about; widgets only once per run."""

    def __init__(self, turn: Turn, desk: Desk, *, latest: bool) -> None:
        self._turn = turn
        self._answer = turn.answer
        self._desk = desk
        self._texts = desk.texts
        self._latest = latest
        self._evidence = st.container()
        self._body = st.empty()
        self._foot = st.container(key=f"foot-{turn.number}")
        self._evidence_drawn = False
        self._finished_drawn = False

    def draw(self) -> None:
        """The answer as it is now."""
        answer = self._answer
        over = answer.over  # read first: what is drawn after it is complete
        if answer.sources and not self._evidence_drawn:
            self._evidence_drawn = True
            self._draw_evidence()
        if over and not self._finished_drawn:
            self._finished_drawn = True
            self._draw_finished()
        elif not over:
            self._body.html(_live(answer, self._texts))

    def _draw_evidence(self) -> None:
        texts, sources = self._texts, self._answer.sources
        title = f"{texts.evidence} · {len(sources)}"
        with self._evidence.expander(
            title, expanded=self._latest, icon=":material/format_quote:", key=self._key("evidence")
        ):
            for place in range(len(sources)):
                self._draw_passage(place)

    def _draw_passage(self, place: int) -> None:
        passage = self._answer.sources[place]
        spans = [(int(a), int(b)) for a, b in passage.metadata.get("highlights", ())]
        with st.container(key=self._key(f"passage-{place}"), gap=None):
            st.button(
                label(self._name(place)),
                key=self._key(f"open-{place}"),
                type="tertiary",
                help=self._texts.open_passage,
                on_click=self._open,
                args=(place,),
            )
            start, end = snippet(passage.page_content, spans, longest=280 if spans else 140)
            shown = [(a - start, b - start, "hint") for a, b in spans]
            before = "… " if start else ""
            after = " …" if end < len(passage.page_content) else ""
            text = passage.page_content[start:end]
            signs = heading_signs(text, str(passage.metadata.get("source", "")))
            quoted = marked(text, [*shown, *signs])
            st.html(f'<div class="kv-snippet" dir="auto">{before}{quoted}{after}</div>')

    def _draw_finished(self) -> None:
        answer, texts = self._answer, self._texts
        if answer.state == "failed":
            self._body.error(label(answer.error), icon=":material/error:")
            return
        if answer.text:
            with self._body.container():
                show_cited_answer(self._turn, texts, self._open_citation)
        elif answer.state == "done":
            self._body.html(f'<div class="kv-note">{texts.no_words}</div>')
        else:
            self._body.html(f'<div class="kv-note">{texts.stopped_silent}</div>')
        with self._foot:
            if answer.text and answer.state == "stopped":
                st.html(f'<div class="kv-note">{texts.stopped}</div>')
            self._draw_cited()
            if answer.state == "done" and answer.sources and answer.text:
                st.html(_summary(answer, texts))

    def _draw_cited(self) -> None:
        places = cited_passages(self._answer.citations, self._answer.sources)
        if not places:
            return
        with st.container(horizontal=True, gap="small", key=self._key("cited")):
            for place in places:
                st.button(
                    label(self._name(place)),
                    key=self._key(f"cited-{place}"),
                    help=self._texts.open_passage,
                    on_click=self._open_cited,
                    args=(place,),
                )

    def _name(self, place: int) -> str:
        return f"[{place + 1}] {name_of(self._answer.sources[place], self._texts)}"

    def _open(self, place: int) -> None:
        self._desk.open(open_passage(self._answer.sources[place]))

    def _open_cited(self, place: int) -> None:
        cited = [c for c in self._answer.citations if number_of(c) == place + 1]
        self._desk.open(open_passage(self._answer.sources[place], cited))

    def _open_citation(self, number: int) -> None:
        citation = self._answer.citations[number]
        passage = self._answer.sources[number_of(citation) - 1]
        self._desk.open(open_passage(passage, [citation]))

    def _key(self, name: str) -> str:
        return f"{name}-{self._turn.number}"


def _live(answer: Answer, texts: Texts) -> str:
    """The words so far and what is going on; after a Stop the browser shows the note instead."""
    words = f'<div class="kv-answer" dir="auto">{escaped(answer.text)}</div>' if answer.text else ""
    note = texts.stopped if answer.text else texts.stopped_silent
    return (
        f'{words}<div class="kv-status kv-running"><span class="kv-pulse"></span>'
        f"{_status(answer, texts)}</div>{_bar(answer)}"
        f'<div class="kv-note kv-still">{note}</div>'
    )


def _status(answer: Answer, texts: Texts) -> str:
    if answer.state == "waiting":
        return texts.waiting.format(ahead=answer.ahead)
    if answer.state == "reading":
        line = texts.reading_reused if answer.reused else texts.reading
        return line.format(done=answer.done, total=answer.total, reused=answer.reused)
    known = {
        "changing": texts.changing_model,
        "starting": texts.starting,
        "writing": texts.writing,
    }
    return known.get(answer.state, texts.searching)


def _bar(answer: Answer) -> str:
    if answer.state != "reading" or not answer.total:
        return ""
    share = min(100, round(100 * answer.done / answer.total))
    return f'<div class="kv-bar kv-running"><div style="width:{share}%"></div></div>'


def _summary(answer: Answer, texts: Texts) -> str:
    """What share is supported, what the dots mean, and what it took: small print."""
    if answer.refused:
        support = texts.nearest
    elif answer.citations and answer.timings.get("quoted"):
        support = texts.quoted
    elif answer.citations:
        support = texts.grounded.format(percent=round(100 * answer.grounded))
    else:
        support = texts.nothing_cited
    legend = ""
    if answer.citations and answer.grounded < 1:
        legend = f' · <span class="kv-dotted">{texts.unsupported_legend}</span>'
    spent = answer.timings
    if spent.get("prompt_tokens"):
        numbers = [
            texts.reused.format(reused=spent["reused_tokens"], prompt=spent["prompt_tokens"]),
            texts.first_word.format(seconds=f"{spent['first_token_s']:.1f}"),
            texts.speed.format(speed=round(spent["tokens_per_s"])),
        ]
    else:
        numbers = []
    speed = f'<div class="kv-speed">{" · ".join(numbers)}</div>' if numbers else ""
    return f'<div class="kv-support">{support}{legend}</div>{speed}'
