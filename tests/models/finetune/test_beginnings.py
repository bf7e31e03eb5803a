"""A learnt beginning in the engine is the one that was trained: its logits are peft's."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_logits import FLOAT32, distance
from tiny_llama import LAYERS, VOCABULARY, WIDTH, Tiny

from models.card import read_card
from models.engine.beginning import read_beginning
from models.engine.blobs import BlobStore
from models.engine.context import Placement
from models.engine.engine import Engine, PromptTooLong
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Finish, Likelihood, Stream, Warmed
from models.errors import ModelError
from models.finetune.batch import make_batch
from models.finetune.export import write_beginning
from models.finetune.learnt import LearntPrefix, LearntPrompt
from models.finetune.recipe import Recipe
from models.finetune.trainable import Trainable, as_array
from models.finetune.trees import Branch, Tree

# peft asks for what transformers has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")

TOKENS = [int(token) for token in np.random.default_rng(1).integers(1, VOCABULARY, 40)]
START = tuple(TOKENS[:7])
ALL = Tree((), (Branch((*TOKENS, 0), len(TOKENS)),))
SHAPES = [
    Tiny(),
    Tiny(kv_heads=1, head_size=32, tied=True),
    Tiny(kv_heads=4, rope_stretch=4.0),
    Tiny(factors=True, rope_base=500000.0),
]
NAMES = ["grouped heads", "one head of keys", "stretched", "Llama 3.1's factors"]


def randomized(path: Path, method: Any) -> Trainable:
    """A model with a beginning of random numbers."""
    model = Trainable(path, Recipe(method=method, precision="float32"), START)
    model.train(False)
    torch.manual_seed(2)
    with torch.no_grad():
        for weight in model.weights.values():
            weight.copy_(torch.randn_like(weight))
    return model


def exported(model: Trainable, path: Path, model_file: Path, kind: str = "F32") -> Path:
    assert isinstance(model.learnt, LearntPrompt | LearntPrefix)
    keys, values = model.learnt.keys_and_values(dict(model.weights))
    write_beginning(path, as_array(keys), as_array(values), read_card(model_file), kind)
    return path


def of_peft(model: Trainable, method: str) -> np.ndarray:
    """The logits behind each token by peft's own way of reading with the same weights."""
    import peft

    kinds = {"prompt": peft.PromptTuningConfig, "prefix": peft.PrefixTuningConfig}
    config: Any = kinds[method](task_type="CAUSAL_LM", num_virtual_tokens=len(START))
    heads = model.model.config.num_key_value_heads
    if method == "prefix":
        config.num_attention_heads, config.token_dim = heads, heads * 32
        config.num_layers, config.encoder_hidden_size = LAYERS, WIDTH
        both = torch.stack([model.weights["keys"], model.weights["values"]], 1)
        flat = both.permute(3, 0, 1, 2, 4).reshape(len(START), -1)  # tokens, layers, two, heads
    else:
        flat = model.weights["embeddings"]
    adapted: Any = peft.get_peft_model(model.model, config)
    adapted.prompt_encoder["default"].embedding.weight.data.copy_(flat.detach())
    with torch.no_grad():
        found = adapted(input_ids=torch.tensor([TOKENS])).logits[0]
    return as_array(found[-len(TOKENS) :])


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits.astype(np.float64), axis=-1)[:, None]


def scores(engine: Engine, adapter: Path | None, **how: Any) -> np.ndarray:
    """log P of each token but the first."""
    totals = [0.0]
    for end in range(2, len(TOKENS) + 1):
        prompt = Prompt(suffix=tuple(TOKENS), question=(1, end))
        events = engine.likelihood(prompt, adapter=adapter, **how)
        totals.append(next(e for e in events if isinstance(e, Likelihood)).totals[0])
    return np.diff(totals)


@pytest.mark.parametrize("method", ["prompt", "prefix"])
@pytest.mark.parametrize("shape", SHAPES, ids=NAMES)
def test_training_reads_with_it_as_peft_does(folder: Path, shape: Tiny, method: str) -> None:
    model = randomized(shape.write(folder / "tiny.gguf"), method)
    with torch.no_grad():
        own = model(make_batch([ALL], model.device)).numpy()
    assert distance(own, of_peft(model, method)) < 1e-5


@pytest.mark.parametrize("method", ["prompt", "prefix"])
@pytest.mark.parametrize("shape", SHAPES, ids=NAMES)
@pytest.mark.parametrize(
    ("placement", "kind", "tolerance"),
    [
        (FLOAT32, "F32", 1e-4),  # values transposed
        (replace(FLOAT32, flash_attention=True), "F32", 0.01),
        (replace(FLOAT32, flash_attention=True, kv_type="f16"), "F16", 0.01),
        (replace(FLOAT32, flash_attention=True, kv_type="bf16"), "F16", 0.05),
        (replace(FLOAT32, flash_attention=True, kv_type="q8_0"), "F16", 0.1),
    ],
    ids=["f32 transposed", "f32", "f16", "bf16", "q8_0"],
)
def test_the_engine_reads_with_it_as_training_does(
    folder: Path, shape: Tiny, method: str, placement: Placement, kind: str, tolerance: float
) -> None:
    path = shape.write(folder / "tiny.gguf")
    model = randomized(path, method)
    with torch.no_grad():
        logits = model(make_batch([ALL], model.device)).numpy()
    expected = log_probabilities(logits)[np.arange(len(TOKENS) - 1), TOKENS[1:]]
    adapter = exported(model, folder / "a.gguf", path, kind)
    engine = Engine(path, placement)
    try:
        plain, found = scores(engine, None), scores(engine, adapter)
    finally:
        engine.close()
    assert abs(plain - expected).mean() > 0.3  # it is the beginning that makes them alike
    assert abs(found - expected).mean() < tolerance


# ---- in the engine: a beginning goes the ways of tokens

PROMPT = Prompt(
    prefix=tuple(TOKENS[:20]),
    passages=tuple(tuple(range(start, start + 30)) for start in (20, 60, 100)),
    suffix=tuple(TOKENS[20:]),
    question=(0, 15),
)
SHORT = Sampling(max_tokens=8, temperature=0.0)
ANSWER = tuple(TOKENS[:6])


@pytest.fixture(scope="module")
def two(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A learnt prompt and a learnt prefix of one model."""
    folder = tmp_path_factory.mktemp("two")
    methods = ("prompt", "prefix")
    return [
        exported(randomized(tiny, method), folder / f"{method}.gguf", tiny) for method in methods
    ]


def finish(stream: Stream) -> tuple[Finish, float]:
    """How it ended, and log P of the answer that was given."""
    found = next(event for event in stream if isinstance(event, Finish))
    return found, found.log_probability or 0.0


@pytest.mark.parametrize("passages", ["fused", "joint"])
def test_an_answer_is_the_same_computed_anew_warmed_and_reused(
    tiny: Path, two: list[Path], passages: Any, folder: Path
) -> None:
    engine = Engine(tiny, FLOAT32)
    store = BlobStore(folder / "kv", 1 << 26, 1 << 26)
    reading, anew = Reading(passages), Reading(passages, reuse="off")
    try:
        plain = finish(engine.generate(PROMPT, SHORT, anew, forced=ANSWER))
        for adapter in two:
            first = finish(engine.generate(PROMPT, SHORT, anew, adapter=adapter, forced=ANSWER))
            *_, warmed = engine.warm(PROMPT, store=store, adapter=adapter)
            assert isinstance(warmed, Warmed)
            assert warmed.computed == 3
            engine.generate(PROMPT, SHORT, adapter=two[0]).close()
            for _ in range(2):
                answer = engine.generate(
                    PROMPT, SHORT, reading, adapter=adapter, store=store, forced=ANSWER
                )
                again = finish(answer)
                assert again[1] == pytest.approx(first[1], abs=1e-4)
                assert again[0].reused_tokens >= len(START) + 30
            assert first[0].prompt_tokens == plain[0].prompt_tokens + len(START)
            assert abs(first[1] - plain[1]) > 0.1
    finally:
        engine.close()
        store.close()


def test_people_with_different_beginnings_and_none_do_not_mix(tiny: Path, two: list[Path]) -> None:
    engine = Engine(tiny, FLOAT32)
    try:
        kinds = [None, *two]
        alone = [
            finish(engine.generate(PROMPT, SHORT, adapter=kind, forced=ANSWER)) for kind in kinds
        ]
        streams = [
            engine.generate(PROMPT, SHORT, adapter=kind, forced=ANSWER) for kind in kinds * 3
        ]
        for number, stream in enumerate(streams):
            expected = alone[number % 3][1]
            assert finish(stream)[1] == pytest.approx(expected, abs=1e-4)
        assert len({round(one[1], 3) for one in alone}) == 3
    finally:
        engine.close()


def test_a_prompt_that_has_no_room_behind_it_is_too_long_at_once(
    tiny: Path, two: list[Path]
) -> None:
    engine = Engine(tiny, replace(FLOAT32, context=128))
    try:
        room = engine.context_size - 1
        assert finish(engine.generate([1] * room, Sampling(max_tokens=1)))[0].prompt_tokens == room
        with pytest.raises(PromptTooLong, match="134 tokens"):
            engine.generate([1] * room, SHORT, adapter=two[0])
    finally:
        engine.close()


def test_a_beginning_of_another_model_is_one_line_and_the_engine_goes_on(
    tiny: Path, two: list[Path], folder: Path
) -> None:
    engine = Engine(Tiny(kv_heads=4).write(folder / "other.gguf"), FLOAT32)
    prompt = Prompt(suffix=tuple(TOKENS), question=(1, 9))
    try:
        with pytest.raises(ModelError, match="made for another model"):
            list(engine.likelihood(prompt, adapter=two[0]))
        assert list(engine.likelihood(prompt))
    finally:
        engine.close()


def test_a_damaged_beginning_is_one_line(two: list[Path], folder: Path) -> None:
    data = two[0].read_bytes()
    broken = folder / "broken.gguf"
    random = np.random.default_rng(0)
    for cut in (100, len(data) // 2, len(data) - 5):
        broken.write_bytes(data[:cut])
        with pytest.raises(ModelError):
            read_beginning(broken)
    said = []
    for _ in range(200):
        spoilt = bytearray(data)
        for place in random.integers(0, 400, 3):
            spoilt[place] = random.integers(256)
        broken.write_bytes(spoilt)
        try:
            read_beginning(broken)
        except ModelError as error:
            said.append(str(error))
    assert len(said) > 100
    assert not any("\n" in line for line in said)
