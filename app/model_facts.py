"""A model's card on the page. What a file says of itself is shown as it is, never obeyed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.engine_texts import EngineTexts
from app.markup import escaped
from models.card import Card
from models.machine import in_units
from models.plan import kv_bytes_per_token

Fact = tuple[str, str]


def figures(facts: Sequence[tuple[str, str]]) -> str:
    """A row of large values with their small names, as HTML; values first."""
    cells = [f"<div><b>{escaped(value)}</b><span>{name}</span></div>" for value, name in facts]
    return f'<div class="kv-figures">{"".join(cells)}</div>'


def fact_list(facts: Sequence[Fact]) -> str:
    """Names and what they stand for, as HTML in as many columns as there is room for."""
    rows = [
        f'<div><dt>{name}</dt><dd dir="auto">{escaped(value)}</dd></div>' for name, value in facts
    ]
    return f'<dl class="kv-facts">{"".join(rows)}</dl>'


def card_figures(card: Card, texts: EngineTexts) -> list[tuple[str, str]]:
    """What of a card is looked for first."""
    return [
        (in_short(card.parameters), texts.parameters),
        (card.file_type or card.predominant, texts.quantization),
        (in_units(card.size), texts.file_size),
        (f"{card.context:,}" if card.context else "–", texts.context),
    ]


def card_facts(card: Card, texts: EngineTexts) -> list[Fact]:
    """The rest of it, as `python models inspect` tells it."""
    rope, wide = card.attention.rope, _by_layer(card.feed_forward)
    base = f"{rope.base or 10_000:,.10g}"
    scaling = rope.scaling + (f" × {rope.factor:g}" if rope.factor else "")
    epsilon = f"{card.epsilon:g}" if card.epsilon is not None else "–"
    size = in_units(card.size)
    facts = [
        (texts.architecture, card.architecture),
        (texts.layers, texts.layers_value.format(layers=card.layers, wide=f"{card.embedding:,}")),
        (texts.attention, _heads(card, texts)),
        (texts.kv_cache, texts.per_token.format(size=in_units(kv_bytes_per_token(card, "f16")))),
        (texts.rope, texts.rope_value.format(base=base, scaling=scaling)),
        (
            texts.feed_forward,
            texts.feed_forward_value.format(wide=wide, activation=card.activation),
        ),
        (
            texts.normalization,
            texts.normalization_value.format(kind=card.normalization, epsilon=epsilon),
        ),
        (texts.vocabulary, texts.tokens.format(count=f"{card.vocabulary:,}")),
        (texts.template, texts.yes if card.has_chat_template else texts.no),
        (texts.licence, card.licence or texts.not_given),
    ]
    if card.experts:
        experts = texts.experts_value.format(used=card.experts_used, count=card.experts)
        facts.append((texts.experts, experts))
    if card.parts > 1:
        facts.append((texts.file_size, texts.parts.format(size=size, parts=card.parts)))
    return [*facts, (texts.file, str(card.path))]


def shares(card: Card) -> list[tuple[str, int]]:
    """The tensor types and the bytes that each takes, the largest first."""
    found = [(share.kind, share.bytes) for share in card.quantizations]
    return sorted(found, key=lambda share: -share[1])


def in_short(count: int) -> str:
    """A large number in few characters: 134.5M, 7.2B."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= size:
            return f"{count / size:.1f}{letter}"
    return str(count)


def _heads(card: Card, texts: EngineTexts) -> str:
    attention = card.attention
    if attention.kind == "none":
        return texts.no_attention
    return texts.heads.format(
        kind=attention.kind,
        heads=_by_layer(attention.heads),
        kv_heads=_by_layer(attention.kv_heads),
        length=attention.key_length,
    )


def _by_layer(values: Sequence[int]) -> str:
    """One number if all layers have it, else each once, the most frequent first."""
    return " / ".join(f"{value:,}" for value, _ in Counter(values).most_common()) or "–"
