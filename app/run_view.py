"""A stored run on the page: its figures large, as bars, and as a table; beside another's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import streamlit as st

from app.charts import lines_over_runs, shares_with_intervals
from app.kept_runs import figure
from app.markup import escaped
from app.model_list import short_name
from app.quality_texts import QualityTexts
from chains.evaluation import Difference, Figure, Run

SHOWN = ("hit@1", "answer_recall", "grounded", "first_token_p50_s")
DRAWN = ("hit@1", "hit@3", "answer_recall", "marked_recall", "citation_precision", "grounded")
LINES = ("hit@1", "answer_recall", "grounded")
FEWER_IS_BETTER = {"wrong_refusals", "first_token_p50_s", "first_token_p95_s"}
MOST_SETTINGS = 8

Differences = Mapping[str, Difference]


def run_figures(run: Run, differences: Differences | None, texts: QualityTexts) -> None:
    """What the run was, and its four figures that matter most."""
    cells = [
        f"<div><b>{_value(name, found.value, texts)}</b><span>{texts.in_short[name]}</span>"
        f"{_change(name, differences, texts)}</div>"
        for name in SHOWN
        if (found := _finite(run.figures.get(name)))
    ]
    st.html(
        f'<div class="kv-meta">{_about(run, texts)}</div>'
        f'<div class="kv-figures kv-grades">{"".join(cells)}</div>'
    )


def run_chart(run: Run, before: Run | None, texts: QualityTexts) -> None:
    """Bars of the figures that are shares, of both runs where there are two."""
    names = [run.name] + ([before.name] if before else [])
    if len(set(names)) < len(names):
        names[1] += f" ({texts.before})"
    rows = []
    for each, name in zip(filter(None, (run, before)), names, strict=True):
        found = {of: _finite(each.figures.get(of)) for of in DRAWN}
        rows += [_row(name, texts.in_short[of], known) for of, known in found.items() if known]
    if rows:
        st.html(f'<h2 class="kv-head">{texts.chart}</h2>')
        shares_with_intervals(rows, names)
        st.html(f'<div class="kv-meta">{texts.chart_note}</div>')


def run_table(run: Run, differences: Differences | None, texts: QualityTexts) -> None:
    """Every figure with its interval and how many questions it is over."""
    head = [texts.value, texts.interval, texts.of]
    if differences is not None:
        head += [texts.before, texts.difference]
    lines = [f"<th>{word}</th>" for word in ["", *head]]
    rows = [f"<tr>{''.join(lines)}</tr>"]
    for name, label in texts.figures.items():
        if found := _finite(run.figures.get(name)):
            cells = [
                label,
                _value(name, found.value, texts),
                f"{_value(name, found.low, texts)} – {_value(name, found.high, texts)}",
                f"{found.count:,}",
            ]
            if differences is not None:
                cells += _beside(name, differences.get(name), texts)
            rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    note = f'<div class="kv-meta">{texts.star}</div>' if differences else ""
    table = f'<div class="kv-scroll"><table class="kv-table">{"".join(rows)}</table></div>'
    with st.expander(texts.table, icon=":material/table_rows:"):
        st.html(table + note)


def settings_that_differ(run: Run, before: Run, texts: QualityTexts) -> None:
    """What of the settings was otherwise in the run before."""
    now = {**run.settings, "model": short_name(run.model), "embedder": run.embedder}
    then = {**before.settings, "model": short_name(before.model), "embedder": before.embedder}
    names = [name for name in now if name in then and now[name] != then[name]][:MOST_SETTINGS]
    if names:
        cells = [
            f"<code>{escaped(name)}</code> {escaped(str(then[name]))} → {escaped(str(now[name]))}"
            for name in names
        ]
        st.html(
            f'<div class="kv-meta">{texts.settings_differ.format(settings=" · ".join(cells))}</div>'
        )


def over_runs(runs: Sequence[Run], texts: QualityTexts) -> None:
    """How the figures went from run to run, the oldest first, and the runs in a table."""
    st.html(f'<h2 class="kv-head">{texts.over_runs}</h2>')
    ordered = sorted(runs, key=lambda run: run.date)
    rows = [
        {
            "place": place,
            "run": f"{run.name}, {run.date:%Y-%m-%d %H:%M}",
            "figure": texts.in_short[name],
            "value": value,
            "shown": f"{value:.0%}",
        }
        for place, run in enumerate(ordered, 1)
        for name in LINES
        if (value := figure(run, name)) is not None
    ]
    if rows:
        lines_over_runs(rows, [texts.in_short[name] for name in LINES])
    st.html(_runs_table(ordered, texts))


def _runs_table(ordered: Sequence[Run], texts: QualityTexts) -> str:
    short = [texts.in_short[name] for name in SHOWN]
    head = ["", texts.run, texts.model, texts.questions, *short]
    rows = [_cells("th", head)]
    for place, run in reversed(list(enumerate(ordered, 1))):
        values = [figure(run, name) for name in SHOWN]
        cells = [
            f"{place}",
            f'{escaped(run.name)}<div class="kv-meta">{run.date:%Y-%m-%d %H:%M}</div>',
            escaped(short_name(run.model)),
            f"{len(run.outcomes):,}",
            *(
                "–" if value is None else _value(name, value, texts)
                for name, value in zip(SHOWN, values, strict=True)
            ),
        ]
        rows.append(_cells("td", cells))
    lines = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="kv-scroll"><table class="kv-table kv-runs">{lines}</table></div>'


def _cells(tag: str, cells: Sequence[str]) -> str:
    """A row of the table of runs: after the place come two columns of words, then numbers."""
    kinds = ["", *[' class="kv-words"'] * 2, *[""] * len(cells)]
    return "".join(f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in zip(kinds, cells, strict=False))


def _about(run: Run, texts: QualityTexts) -> str:
    count, asked = f"{len(run.outcomes):,}", f"{run.asked:,}"
    asked_of = texts.questions_asked if run.complete else texts.incomplete
    parts = [
        f"{run.date:%Y-%m-%d %H:%M}",
        escaped(short_name(run.model)),
        texts.quoting if run.quoted else texts.writing,
        asked_of.format(count=count, asked=asked),
        texts.documents.format(count=f"{run.documents:,}"),
        texts.took.format(seconds=f"{run.seconds:,.0f}"),
    ]
    return " · ".join(parts)


def _row(run: str, name: str, found: Figure) -> dict[str, Any]:
    low, high = min(max(found.low, 0.0), 1.0), min(max(found.high, 0.0), 1.0)
    return {
        "figure": name,
        "run": run,
        "value": min(max(found.value, 0.0), 1.0),
        "low": low,
        "high": high,
        "shown": f"{found.value:.0%} ({low:.0%} – {high:.0%})",
    }


def _finite(found: Figure | None) -> Figure | None:
    """The figure if it can be drawn: a file may hold what is no number."""
    known = found and all(map(isfinite, (found.value, found.low, found.high)))
    return found if known else None


def _value(name: str, value: float, texts: QualityTexts, sign: str = "") -> str:
    if name.endswith("_s"):
        return f"{value:{sign}.2f} {texts.seconds}"
    return f"{value:{sign}.2f}" if name in ("mrr", "f1") else f"{value:{sign}.0%}"


def _beside(name: str, found: Difference | None, texts: QualityTexts) -> list[str]:
    if found is None:
        return ["–", ""]
    kind = _kind(name, found)
    shown = _value(name, found.difference, texts, "+")
    return [_value(name, found.before, texts), f'<span class="{kind}">{shown}</span>']


def _change(name: str, differences: Differences | None, texts: QualityTexts) -> str:
    """The difference in small print below a large figure."""
    found = differences.get(name) if differences else None
    if found is None:
        return ""
    shown = _value(name, found.difference, texts, "+")
    return f'<em class="{_kind(name, found)}">{shown}</em>'


def _kind(name: str, found: Difference) -> str:
    """The class of a difference: better, worse, or no more than chance explains."""
    if found.low <= 0 <= found.high:
        return "kv-same"
    return "kv-better" if (found.difference > 0) != (name in FEWER_IS_BETTER) else "kv-worse"
