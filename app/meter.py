"""Bars of parts on the page, each with its legend, as HTML in the theme's own colours."""

from __future__ import annotations

from collections.abc import Sequence

from app.markup import escaped

KINDS = 4  # colours in pages.css


def meter(parts: Sequence[tuple[str, str, float]], whole: float) -> str:
    """A bar of (name, value as text, amount), with a legend; what is left of `whole` stays empty.

    More than there is fills the bar: its parts are then drawn in proportion.
    """
    most = max(whole, sum(amount for _, _, amount in parts)) or 1.0
    bars, keys = [], []
    for place, (name, value, amount) in enumerate(parts):
        kind = f"kv-part kv-part-{place % KINDS}"
        share = 100 * max(amount, 0.0) / most
        if share > 0:
            bars.append(f'<div class="{kind}" style="width:{share:.2f}%"></div>')
        keys.append(f'<span><i class="{kind}"></i>{escaped(name)} <b>{escaped(value)}</b></span>')
    return (
        f'<div class="kv-meter">{"".join(bars)}</div><div class="kv-legend">{"".join(keys)}</div>'
    )
