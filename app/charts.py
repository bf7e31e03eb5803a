"""Plots, drawn with what Streamlit ships for it: of numbers and names, whatever they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

ACCENT, BEFORE, WHISKER = "#14908a", "#a3b0ac", "#64726e"
SHORT = 190  # pixels


def bars_in_time(points: Sequence[tuple[str, float]], title: str) -> None:
    """A bar for each point in the order given; its time and value show when it is pointed at."""
    import altair as alt

    rows = [
        {"place": place, "time": time, "value": value}
        for place, (time, value) in enumerate(points, 1)
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=ACCENT, cornerRadiusEnd=3, size=max(4, min(22, 320 // len(rows))))
        .encode(
            x=alt.X("place:O", axis=None),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4, domain=False)),
            tooltip=[
                alt.Tooltip("time:N", title=" "),
                alt.Tooltip("value:Q", title=title, format=".2f"),
            ],
        )
        .properties(height=SHORT)
    )
    st.altair_chart(chart, width="stretch")


def shares_with_intervals(rows: Sequence[dict[str, Any]], runs: Sequence[str]) -> None:
    """Horizontal bars from 0 to 1 with their intervals, one for each of the runs.

    A row holds `figure`, `run`, `value`, `low`, `high` and `shown`, the interval as text.
    """
    import altair as alt

    figures = list(dict.fromkeys(row["figure"] for row in rows))
    colours = alt.Scale(domain=list(runs), range=[ACCENT, BEFORE][: len(runs)])
    legend = alt.Legend(orient="top", title=None, labelLimit=240, columns=1)
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        y=alt.Y(
            "figure:N",
            sort=figures,
            title=None,
            scale=alt.Scale(paddingInner=0.3),
            axis=alt.Axis(labelLimit=170, ticks=False, domain=False, labelPadding=8),
        ),
        yOffset=alt.YOffset("run:N", sort=list(runs)),
        tooltip=[
            alt.Tooltip("run:N", title=" "),
            alt.Tooltip("figure:N", title="  "),
            alt.Tooltip("shown:N", title="   "),
        ],
    )
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X(
            "value:Q",
            scale=alt.Scale(domain=[0, 1]),
            title=None,
            axis=alt.Axis(format="%", tickCount=5, domain=False),
        ),
        color=alt.Color("run:N", scale=colours, legend=legend if len(runs) > 1 else None),
    )
    whiskers = base.mark_rule(strokeWidth=1.5, color=WHISKER).encode(x="low:Q", x2="high:Q")
    height = 60 + len(figures) * (30 if len(runs) == 1 else 44)
    st.altair_chart((bars + whiskers).properties(height=height), width="stretch")


def lines_over_runs(rows: Sequence[dict[str, Any]], figures: Sequence[str]) -> None:
    """A line for each of the figures from 0 to 1 over the runs, in the order of the rows.

    A row holds `place`, `run`, `figure`, `value` and `shown`.
    """
    import altair as alt

    colours = alt.Scale(domain=list(figures), range=[ACCENT, "#d97706", "#6366f1"][: len(figures)])
    chart = (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(point=alt.OverlayMarkDef(size=60, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("place:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False)),
            y=alt.Y(
                "value:Q",
                scale=alt.Scale(domain=[0, 1]),
                title=None,
                axis=alt.Axis(format="%", tickCount=4, domain=False),
            ),
            color=alt.Color(
                "figure:N",
                scale=colours,
                sort=list(figures),
                legend=alt.Legend(orient="top", title=None, labelLimit=0, columns=2),
            ),
            tooltip=[
                alt.Tooltip("run:N", title=" "),
                alt.Tooltip("figure:N", title="  "),
                alt.Tooltip("shown:N", title="   "),
            ],
        )
        .properties(height=270)
    )
    st.altair_chart(chart, width="stretch")
