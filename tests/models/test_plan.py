import logging
import re
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from models.attention import Attention, Rope
from models.bundled import bundled_chat_model
from models.card import Card, Quantization, Weights, read_card
from models.engine.context import Context, Placement
from models.errors import ModelError
from models.machine import Gpu, Machine
from models.plan import (
    CELLS,
    CHOSEN_TYPES,
    KV_TYPES,
    RESERVE,
    Plan,
    Work,
    contexts,
    kv_bytes_per_token,
    place,
    plan,
    suits,
)
from models.plan_text import plan_lines, what_fits

MIB = 1 << 20
GIB = 1 << 30
NO_GPU = Machine(8 * GIB, 8 * GIB)
ENDLESS = Machine(8 * GIB, 8 * GIB, (Gpu("GPU", 1 << 50, 1 << 50),))


def make_card(
    layers: list[int],
    *,
    heads: int = 2,
    length: int = 64,
    context: int = 4096,
    tied: int = 0,
    ends: tuple[int, int] = (MIB, MIB),
) -> Card:
    """A card with so many bytes of weights in each layer, and `ends` before and behind them."""
    count = len(layers)
    each = (heads * length, heads * length)
    rope = Rope(10000, length, "none", None, 0)
    kv = (heads,) * count
    attention = Attention("MHA", kv, kv, length, length, (each,) * count, 0, rope)
    weights = Weights(ends[0], tuple(layers), ends[1], tied)
    share = Quantization("Q8_0", count, sum(layers) + sum(ends), 1000)
    return Card(
        path=Path("m.gguf"),
        name="Made",
        architecture="llama",
        licence="",
        size=share.bytes,
        parts=1,
        file_type="",
        quantizations=(share,),
        context=context,
        layers=count,
        embedding=heads * length,
        attention=attention,
        normalization="RMSNorm",
        epsilon=1e-5,
        activation="SwiGLU",
        feed_forward=(256,) * count,
        experts=0,
        experts_used=0,
        vocabulary=1000,
        tokenizer="gpt2",
        has_chat_template=True,
        weights=weights,
    )


types = st.sampled_from(list(KV_TYPES))
cards = st.builds(
    make_card,
    st.lists(st.integers(MIB, 400 * MIB), min_size=1, max_size=12),
    heads=st.integers(1, 8),
    length=st.sampled_from([32, 64, 128]),
    context=st.sampled_from([0, 300, 2048, 8192]),
    tied=st.integers(0, 300 * MIB),
    ends=st.tuples(st.integers(0, 300 * MIB), st.integers(0, 300 * MIB)),
)


sizes = st.integers(0, 600).map(lambda tens: tens * 10 * MIB)  # up to where all of `cards` fit
gpus = st.builds(lambda free, shares: Gpu("GPU", free, free, shares), sizes, st.booleans())
machines = st.builds(
    lambda available, found: Machine(8 * GIB, available, tuple(found)),
    sizes,
    st.lists(gpus, max_size=3),
)


def on_host(found: Plan, machine: Machine) -> int:
    """What the plan takes of the host's memory, GPUs that share it included."""
    pairs = zip(found.gpu_bytes, machine.gpus, strict=True)
    return found.host_bytes + sum(size for size, gpu in pairs if gpu.shares_host)


def rank(found: Plan) -> tuple[object, ...]:
    """What is better is larger: the order that `plan` promises."""
    whole = found.gpu_layers == found.all_layers
    kind = -CHOSEN_TYPES.index(found.kv_type)
    return found.fits, found.context, whole, kind, found.gpu_layers


@given(cards, machines, st.one_of(st.none(), st.integers(1, 1 << 18)), st.integers(1, 5))
def test_no_gpu_is_given_more_than_is_free_and_what_fits_is_within_memory(
    card: Card, machine: Machine, context: int | None, conversations: int
) -> None:
    found = plan(card, machine, context=context, work=Work(conversations))
    assert len(found.gpu_bytes) == len(machine.gpus)
    for load, gpu in zip(found.gpu_bytes, machine.gpus, strict=True):
        assert load <= gpu.free
    assert not found.fits or on_host(found, machine) <= machine.available


@given(cards, machines, types, st.integers(1, 4096), st.integers(1, 3))
def test_everything_is_somewhere(
    card: Card, machine: Machine, kind: str, context: int, conversations: int
) -> None:
    """Weights, caches and what is needed beside them add up over the host and the GPUs."""
    found = place(card, machine, context, kind, Work(conversations))
    places = 1 + sum(size > 0 for size in found.gpu_bytes)
    beside = place(
        replace(card, weights=_nothing(card)), NO_GPU, context, kind, Work(conversations)
    )
    each = beside.host_bytes - beside.kv_bytes
    weights = card.weights
    held = weights.input + sum(weights.layers) + weights.output
    held += weights.tied if found.gpu_layers else 0  # the embeddings are needed twice then
    assert found.host_bytes + sum(found.gpu_bytes) == held + found.kv_bytes + places * each
    assert each >= RESERVE


def _nothing(card: Card) -> Weights:
    return Weights(0, (0,) * card.layers, 0, 0)


@given(cards, sizes, sizes, st.integers(0, GIB))
def test_more_memory_never_gives_less(card: Card, available: int, free: int, more: int) -> None:
    less = plan(card, Machine(8 * GIB, available, (Gpu("GPU", free, 8 * GIB),)))
    for host, gpu in ((more, 0), (0, more), (more, more)):
        machine = Machine(8 * GIB, available + host, (Gpu("GPU", free + gpu, 8 * GIB),))
        assert rank(plan(card, machine)) >= rank(less)


@given(cards, sizes, st.integers(0, GIB), types)
def test_a_larger_gpu_never_gets_fewer_layers(card: Card, free: int, more: int, kind: str) -> None:
    layers = [
        place(card, Machine(8 * GIB, 8 * GIB, (Gpu("GPU", size, size),)), 2048, kind).gpu_layers
        for size in (free, free + more)
    ]
    assert layers == sorted(layers)


@given(cards, types)
def test_a_byte_less_on_the_gpu_is_a_layer_less(card: Card, kind: str) -> None:
    """What is said to be needed is enough, and no less is: down to no layer at all."""
    free = 1 << 50
    for layers in range(card.layers + 1, 0, -1):
        found = place(card, Machine(64 * GIB, 64 * GIB, (Gpu("GPU", free, free),)), 2048, kind)
        assert (found.gpu_layers, found.fits) == (layers, True)
        free = found.gpu_bytes[0] - 1
    assert place(card, Machine(GIB, GIB, (Gpu("GPU", free, free),)), 2048, kind).gpu_layers == 0


@given(cards, machines, types)
def test_a_byte_less_on_the_host_is_too_little(card: Card, machine: Machine, kind: str) -> None:
    """Unless fewer layers on a GPU that shares the host's memory make up for it."""
    shared = [gpu.shares_host for gpu in machine.gpus]
    assume(all(shared) or not any(shared))
    found = place(card, replace(machine, available=64 * GIB), 2048, kind)
    needed = on_host(found, machine)
    assert place(card, replace(machine, available=needed), 2048, kind).fits
    less = place(card, replace(machine, available=needed - 1), 2048, kind)
    assert not less.fits or less.gpu_layers < found.gpu_layers


@given(cards, machines, st.integers(1, 1 << 20))
def test_a_context_asked_for_is_kept_and_said_not_to_fit(
    card: Card, machine: Machine, context: int
) -> None:
    found = plan(card, machine, context=context)
    assert found.context == context
    if 0 < card.context < context:
        assert not found.fits
        assert "was trained for" in found.reason
    elif not found.fits:
        assert "it needs" in found.reason


@given(cards, machines, st.integers(1, 1 << 18))
def test_a_context_not_asked_for_is_within_what_may_be(
    card: Card, machine: Machine, at_most: int
) -> None:
    found = plan(card, machine, at_most=at_most)
    assert found.context <= at_most
    assert found.context <= (card.context or found.context)
    if found.fits:
        longer = [size for size in contexts(card, at_most) if size > found.context]
        assert not any(place(card, machine, size, "q8_0").fits for size in longer)


@given(cards, types, st.integers(1, 1 << 16), st.integers(1, 8))
def test_the_cache_is_the_formula_times_the_cells(
    card: Card, kind: str, context: int, conversations: int
) -> None:
    numbers, held = KV_TYPES[kind]
    attention = card.attention
    token = card.layers * attention.kv_heads[0] * 2 * attention.key_length * Fraction(held, numbers)
    assert kv_bytes_per_token(card, kind) == token
    found = place(card, NO_GPU, context, kind, Work(conversations))
    cells = found.kv_bytes / token
    assert cells % CELLS == 0
    assert 0 <= cells - context * conversations < CELLS


def test_the_bundled_models_bytes_per_token() -> None:
    card = read_card(bundled_chat_model())
    bytes_per_token = {kind: kv_bytes_per_token(card, kind) for kind in KV_TYPES}
    assert bytes_per_token == {
        "f32": 46080,
        "f16": 23040,  # 22.5 KiB
        "bf16": 23040,
        "q8_0": 12240,
        "q4_0": 6480,
    }


@pytest.mark.parametrize(
    ("kind", "context", "batch", "flash"),
    [
        ("f32", 512, 256, True),
        ("f16", 1000, 256, True),
        ("f16", 8192, 64, True),
        ("f16", 4096, 512, False),
        ("bf16", 512, 256, True),
        ("q8_0", 4096, 1024, True),
        ("q4_0", 1000, 64, True),
    ],
)
def test_llama_cpp_takes_what_was_planned(
    caplog: pytest.LogCaptureFixture, kind: str, context: int, batch: int, flash: bool
) -> None:
    """Its KV cache to the byte, its other buffers within what is set aside for them."""
    card = read_card(bundled_chat_model())
    found = place(card, NO_GPU, context, kind, Work(1, batch, flash))
    placement = Placement(context, 0, 1, batch, flash_attention=flash, kv_type=kind)
    with caplog.at_level(logging.DEBUG, "models.engine.backend"):
        Context(bundled_chat_model(), placement).close()
    sizes = re.findall(r"CPU +(\w+) buffer size = +([\d.]+) MiB", caplog.text)
    buffers = {name: float(size) * MIB for name, size in sizes}
    assert buffers["KV"] == pytest.approx(found.kv_bytes, abs=0.005 * MIB)
    weights = card.weights.input + sum(card.weights.layers) + card.weights.output
    working = found.host_bytes - found.kv_bytes - weights - RESERVE
    assert working / 4 < buffers["compute"] + buffers["output"] < working
    assert Placement().batch == Work().batch


@given(cards, st.integers(1, 4096), st.integers(1, 512))
def test_without_flash_attention_there_are_scores(card: Card, context: int, batch: int) -> None:
    """A number of 4 bytes for each head, each token of the batch, and each cell."""
    flash, plain = (
        place(card, NO_GPU, context, "f16", Work(1, batch, flash)) for flash in (True, False)
    )
    cells = -(-context // CELLS) * CELLS
    scores = 4 * card.attention.heads[0] * batch * cells
    assert plain.host_bytes - flash.host_bytes == scores


def test_blocks_that_do_not_divide_the_heads_are_refused() -> None:
    card = make_card([MIB], length=40)
    assert [kind for kind in KV_TYPES if suits(card, kind)] == ["f32", "f16", "bf16"]
    with pytest.raises(ModelError, match="q8_0 has blocks of 32"):
        plan(card, NO_GPU, kv_type="q8_0")
    assert plan(card, Machine(GIB, 0)).kv_type == "f16"


def test_an_unknown_type_names_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"no KV type q5_1\. Use one of f32, f16"):
        plan(make_card([MIB]), NO_GPU, kv_type="q5_1")


def test_layers_without_a_cache_cost_nothing() -> None:
    card = make_card([MIB] * 4)
    attention = replace(card.attention, kv_width=((0, 0), (128, 128), (0, 0), (128, 0)))
    assert kv_bytes_per_token(replace(card, attention=attention), "f16") == 3 * 128 * 2


def test_several_gpus_share_the_layers_by_their_free_memory() -> None:
    card = make_card([100 * MIB] * 9, ends=(0, 100 * MIB))
    found = plan(card, Machine(8 * GIB, 8 * GIB, (Gpu("a", 4 * GIB, 1), Gpu("b", GIB, 1))))
    assert found.gpu_layers == 10
    large, small = found.gpu_bytes
    assert large - small == pytest.approx(6 * 100 * MIB, rel=0.05)  # eight layers and two


def test_smaller_caches_are_taken_to_keep_the_whole_model_on_the_gpu() -> None:
    card = make_card([MIB] * 8, heads=8, length=128)
    cache = {kind: place(card, NO_GPU, 4096, kind).kv_bytes for kind in CHOSEN_TYPES}
    whole = place(card, ENDLESS, 4096, "f16").gpu_bytes[0]
    roomy = plan(card, Machine(8 * GIB, 8 * GIB, (Gpu("", whole, 1),)))
    assert (roomy.kv_type, roomy.gpu_layers) == ("f16", 9)
    tight = plan(card, Machine(8 * GIB, 8 * GIB, (Gpu("", whole - MIB, 1),)))
    assert (tight.kv_type, tight.gpu_layers) == ("q8_0", 9)
    smaller = whole - cache["f16"]
    partial = plan(card, Machine(8 * GIB, 8 * GIB, (Gpu("", smaller, 1),)))
    assert partial.kv_type == "f16"
    assert 0 < partial.gpu_layers < 9


def test_a_plan_is_quick_where_nothing_fits() -> None:
    card = make_card([900 * MIB] * 128, context=1 << 20)
    machine = Machine(GIB, GIB, tuple(Gpu("GPU", GIB, GIB) for _ in range(8)))
    started = time.perf_counter()
    found = plan(card, machine)
    assert time.perf_counter() - started < 0.2
    assert not found.fits


@given(cards, machines, st.integers(1, 3))
def test_every_plan_can_be_shown(card: Card, machine: Machine, conversations: int) -> None:
    work = Work(conversations)
    chosen = plan(card, machine, work=work)
    lines = plan_lines(card, machine, chosen, what_fits(card, machine, work))
    assert all(line.isprintable() for line in lines)
    assert f"{chosen.gpu_layers} of {card.layers + 1} on the GPU" in "\n".join(lines)
