"""Hundreds of callers at once of a real engine whose context is too small for them.

The model is tiny and computes in float32, where the shape of a batch changes no choice: each
caller gets what it would get alone.
"""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import answer, begin
from tiny_models import WORDS, write_llama

from models.engine import scheduler, stream
from models.engine.blobs import BlobStore
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Finish, Text

SIZE = 400
EXACT = Placement(SIZE, threads=1, gpu_layers=0, batch=64, flash_attention=False, kv_type="f32")
CALLERS, EACH = 12, 25


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama") / "llama.gguf")


@pytest.fixture
def engine(weights: Path) -> Iterator[Engine]:
    made = Engine(weights, EXACT)
    yield made
    made.close()


class Asked:
    """One question of the pool, and its answer without anybody beside it."""

    def __init__(self, dice: random.Random, heads: list[tuple[int, ...]], quiet: Engine) -> None:
        def tokens(least: int, most: int) -> tuple[int, ...]:
            return tuple(dice.randrange(3, WORDS) for _ in range(dice.randrange(least, most)))

        head = dice.choice(heads)
        passages = tuple(tokens(20, 40) for _ in range(dice.randrange(4)))
        suffix = tokens(4, 12)
        self.prompt = Prompt(head, passages, suffix, (0, dice.randrange(1, 4)))
        self.sampling = Sampling(
            temperature=dice.choice([0, 0, 1.0]),
            seed=dice.randrange(100),
            max_tokens=dice.choice([1, 8, 60]),
            repeat_penalty=dice.choice([1, 1.2]),
        )
        self.reading = dice.choice(
            [Reading(), Reading(contrast=0.3), Reading("joint"), Reading("joint", "off")]
        )
        store = BlobStore(Path("nowhere"), 0, 0)
        self.text, self.finish = answer(
            quiet, self.prompt, self.sampling, self.reading, store=store
        )


@pytest.mark.usefixtures("eager")
@pytest.mark.timeout(300)
def test_every_caller_gets_what_it_would_get_alone(
    engine: Engine, weights: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(7)
    heads = [tuple(dice.randrange(3, WORDS) for _ in range(length)) for length in (3, 30, 90)]
    quiet = Engine(weights, EXACT)
    pool = [Asked(dice, heads, quiet) for _ in range(40)]
    quiet.close()
    monkeypatch.setattr(stream, "BACKLOG", 5)
    monkeypatch.setattr(scheduler, "GROWTH", 4)
    store = BlobStore(folder / "kv", 2**24, 2**18, b"s" * 32)
    wrong: list[str] = []
    right: list[Asked] = []

    def call(seed: int) -> None:
        own = random.Random(seed)
        for _ in range(EACH):
            asked = own.choice(pool)
            reading = begin(engine, asked.prompt, asked.sampling, asked.reading, store=store)
            text, leaves = "", own.choice([own.randrange(12), *[10**6] * 3])
            slow = own.random() < 0.2
            for number, event in enumerate(reading):
                if number >= leaves:
                    reading.close()
                    break
                if slow:
                    time.sleep(0.002)
                if isinstance(event, Text):
                    text += event.text
                if isinstance(event, Finish):
                    right.append(asked)
                    same = event.weights == pytest.approx(asked.finish.weights, abs=1e-3)
                    if text != asked.text or not same:
                        wrong.append(f"{asked.prompt} {asked.reading}: {text!r}, {asked.text!r}")

    threads = [threading.Thread(target=call, args=[seed]) for seed in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
        assert not thread.is_alive()
    assert wrong == []
    assert len(right) > CALLERS * EACH / 2
    assert_nothing_is_left(engine)
    store.close(5)


def assert_nothing_is_left(engine: Engine) -> None:
    deadline = time.monotonic() + 20
    while engine._scheduler._running and time.monotonic() < deadline:
        time.sleep(0.01)
    sequences, cells = engine._scheduler.sequences, engine._context
    assert not any(sequence.busy for sequence in sequences.resident)
    sequences.evict_all()
    assert sequences.used == 0
    assert {cells.extent(number) for number in range(64)} == {(-1, -1)}
    _, finish = answer(engine, tuple(range(3, 3 + SIZE % 250)) * 2, Sampling(max_tokens=3))
    assert finish.reused_tokens == 0
