"""A model's card as lines for a terminal."""

from collections import Counter
from collections.abc import Sequence

from models.card import Card
from models.machine import in_units
from models.plan import kv_bytes_per_token

ABSENT = "not given"


def card_lines(card: Card) -> list[str]:
    """What `python models inspect` shows."""
    rope = card.attention.rope
    rows = [
        ("name", card.name),
        ("file", str(card.path)),
        ("size", in_units(card.size) + (f" in {card.parts} parts" if card.parts > 1 else "")),
        ("licence", card.licence or ABSENT),
        ("architecture", card.architecture),
        ("parameters", _large(card.parameters)),
        ("quantization", _quantization(card)),
        *(("", line) for line in _shares(card)),
        ("context", _tokens(card.context)),
        ("layers", f"{card.layers}, {card.embedding:,} wide"),
        ("attention", _heads(card)),
        ("KV cache", _kv_cache(card)),
        ("RoPE", f"base {_number(rope.base, 'not given (10,000)')}, scaling {_scaling(card)}"),
        ("normalization", f"{card.normalization}, epsilon {_number(card.epsilon, ABSENT)}"),
        ("feed-forward", f"{_width(card)}, activation {card.activation}"),
        ("vocabulary", f"{_tokens(card.vocabulary)}, tokenizer {card.tokenizer or ABSENT}"),
        ("chat template", "yes" if card.has_chat_template else "no"),
    ]
    if card.experts:
        rows.append(("experts", f"{card.experts_used} of {card.experts} for each token"))
    return aligned(rows)


def aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Names and what they stand for, in two columns."""
    width = max(len(name) for name, _ in rows)
    return [f"{name:{width}}  {text}".rstrip() for name, text in rows]


def _quantization(card: Card) -> str:
    named = card.file_type and card.file_type != card.predominant
    return f"{card.file_type}, mostly {card.predominant}" if named else card.predominant


def _shares(card: Card) -> list[str]:
    """A line for each tensor type."""
    cells = [
        (share.kind, f"{share.tensors:,} tensors", _large(share.parameters), in_units(share.bytes))
        for share in card.quantizations
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        f"{kind:{widths[0]}}  {tensors:>{widths[1]}}  {weights:>{widths[2]}}  {size:>{widths[3]}}"
        for kind, tensors, weights, size in cells
    ]


def _heads(card: Card) -> str:
    attention = card.attention
    if attention.kind == "none":
        return "none: every layer is recurrent"
    text = f"{attention.kind}, {_by_layer(attention.heads)} heads over "
    text += f"{_by_layer(attention.kv_heads)} KV heads, {attention.key_length} long"
    if attention.value_length != attention.key_length:
        text += f" ({attention.value_length} for values)"
    if attention.sliding_window:
        text += f", window {attention.sliding_window:,}"
    return text


def _kv_cache(card: Card) -> str:
    each = in_units(kv_bytes_per_token(card, "f16"))
    return f"{each} per token in f16" if card.attention.kind != "none" else "none"


def _scaling(card: Card) -> str:
    rope = card.attention.rope
    text = rope.scaling + (f" × {rope.factor:g}" if rope.factor else "")
    return text + (f" from {rope.original_context:,} tokens" if rope.original_context else "")


def _width(card: Card) -> str:
    return f"{_by_layer(card.feed_forward)} wide" if any(card.feed_forward) else ABSENT


def _tokens(count: int) -> str:
    return f"{count:,} tokens" if count else ABSENT


def _by_layer(values: Sequence[int]) -> str:
    """One number if all layers have it, else each with the number of its layers."""
    counts = Counter(values)
    if len(counts) == 1:
        return f"{values[0]:,}"
    return " / ".join(f"{value:,} (in {count})" for value, count in sorted(counts.items()))


def _number(value: float | None, absent: str) -> str:
    if value is None:
        return absent
    return f"{value:,.10g}" if value >= 1 else f"{value:g}"


def _large(count: int) -> str:
    for size, word in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if count >= size:
            return f"{count / size:.1f} {word}"
    return str(count)
