"""What the models' doctor finds on this machine, and advises."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from app.engine_room import EngineRoom
from app.engine_texts import EngineTexts
from app.examination import Examination
from app.findings_zh import chinese
from app.markup import escaped
from app.texts import Tongue
from models.finding import Finding

_MARKS = {True: ("good", "✓"), False: ("bad", "!"), None: ("plain", "–")}


class HealthView:
    """Draws an examination, again and again while it goes on."""

    def __init__(self, room: EngineRoom, texts: EngineTexts, tongue: Tongue) -> None:
        self.examination: Examination = room.examination()
        self._texts = texts
        self._tongue = tongue
        self._place = st.empty()
        st.button(
            texts.examine_again,
            key="examine",
            icon=":material/stethoscope:",
            on_click=room.examine,
        )

    def draw(self) -> None:
        """The findings, those that ask for something first, or that they are being made."""
        if not self.examination.finished:
            line = f'<span class="kv-pulse"></span>{self._texts.examining}'
            self._place.html(f'<div class="kv-status">{line}</div>')
            return
        findings = self.examination.findings
        if self._tongue == "zh":
            findings = [chinese(finding) for finding in findings]
        rows = "".join(_row(finding, self._texts) for finding in _urgent_first(findings))
        summary = f'<div class="kv-note">{_summary(findings, self._texts)}</div>'
        self._place.html(f'{summary}<div class="kv-findings">{rows}</div>')


def _urgent_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: (each.ok is not False, not each.remedy))


def _summary(findings: Sequence[Finding], texts: EngineTexts) -> str:
    wrong = sum(finding.ok is False for finding in findings)
    if not wrong:
        return texts.all_well
    return texts.found_one if wrong == 1 else texts.found_many.format(count=wrong)


def _sentence(fact: str) -> str:
    """The fact with a capital where it begins with a word, not with a name."""
    return fact[:1].upper() + fact[1:] if re.match(r"[a-z]+ ", fact) else fact


def _row(finding: Finding, texts: EngineTexts) -> str:
    kind, mark = _MARKS[finding.ok]
    topic = escaped(texts.topics.get(finding.topic, finding.topic))
    fact = escaped(_sentence(finding.fact))
    remedy = f'<div class="kv-remedy">{escaped(finding.remedy)}</div>' if finding.remedy else ""
    return (
        f'<div class="kv-finding"><span class="kv-mark kv-{kind}">{mark}</span>'
        f'<div><b>{topic}</b><div class="kv-fact" dir="auto">{fact}</div>'
        f"{remedy}</div></div>"
    )
