"""What is taken over instead of computed changes no logit.

Log-probabilities of a given answer are compared to the bit: they tell more than its text.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from asking import answer, asked, begin, warm
from prompts import BEES, GLASS, SYSTEM, TIDES
from tiny_models import write_llama

from models.engine.blobs import BlobStore, Span
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Prefill, Text
from models.errors import ModelError

ASK = "When was the tide mill built?"
AFTER = "<|im_end|>\n<|im_start|>assistant\n"
EXACT, SPLICED, OFF = (Reading("joint", reuse) for reuse in ("exact", "spliced", "off"))
FUSED = Reading("fused")
SIX = Sampling(max_tokens=6)
SECRET = b"s" * 32
ROUNDING = 0.5  # of seven tokens' log P, where the same prompt is computed in other pieces


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama") / "llama.gguf")


def started(weights: Path) -> Engine:
    return Engine(weights, Placement(context=2048, threads=1, gpu_layers=0))


@pytest.fixture(scope="module")
def own_engine(weights: Path) -> Iterator[Engine]:
    """A tiny model, as the laws are the same for all."""
    engine = started(weights)
    yield engine
    engine.close()


@pytest.fixture
def three(own_engine: Engine) -> Prompt:
    return of_three(own_engine, 60)


def of_three(engine: Engine, letters: int) -> Prompt:
    passages = [text[:letters] for text in (TIDES, BEES, GLASS)]
    return asked(engine.model, SYSTEM, passages, ASK, AFTER)


@pytest.fixture
def store(folder: Path) -> BlobStore:
    """In memory alone."""
    return BlobStore(folder, 0)


def on_disk(folder: Path) -> BlobStore:
    return BlobStore(folder / "kv", 2**30, 0, SECRET)


def forget(engine: Engine) -> None:
    """Have nothing in the cache any more."""
    deadline = time.monotonic() + 20
    while engine._scheduler._running and time.monotonic() < deadline:
        time.sleep(0.005)
    with engine._changed:
        engine._scheduler.sequences.evict_all()


def said(engine: Engine, prompt: Prompt, reading: Reading, store: BlobStore) -> float:
    """log P of an answer that is given."""
    forced = engine.model.tokenize(" In 1792.")
    _, finish = answer(engine, prompt, SIX, reading, store=store, forced=forced)
    assert finish.log_probability is not None
    return finish.log_probability


# ---- one prompt, however it is read


def test_joined_passages_are_the_plain_prompt_cut_at_the_same_places(
    own_engine: Engine, three: Prompt, folder: Path
) -> None:
    forget(own_engine)
    joint = said(own_engine, three, EXACT, BlobStore(folder, 0))
    forget(own_engine)
    other = BlobStore(folder, 0)
    for part in (three.prefix, three.prefix + three.passages[0]):  # a given token is not decoded
        list(own_engine.generate(part, SIX, store=other, forced=[5]))
    assert said(own_engine, Prompt(tuple(three.tokens)), EXACT, other) == joint


@pytest.mark.parametrize("reading", [EXACT, FUSED], ids=["joint", "fused"])
@pytest.mark.parametrize("letters", [0, 60, 130])
def test_what_is_resident_restored_or_computed_anew_gives_the_same_logits(
    engine: Engine, own_engine: Engine, store: BlobStore, reading: Reading, letters: int
) -> None:
    one = own_engine if letters else engine  # once on the bundled model
    three = of_three(one, letters or 130)
    forget(one)
    anew = said(one, three, reading, store)
    resident = said(one, three, reading, store)
    forget(one)
    restored = said(one, three, reading, store)
    forget(one)
    off = said(one, three, Reading(reading.passages, "off"), store)
    assert resident == pytest.approx(anew, abs=ROUNDING)  # the last token is a piece of its own
    assert restored == anew
    assert off == anew


def test_spliced_passages_are_moved_and_the_first_is_exact(
    own_engine: Engine, three: Prompt, store: BlobStore
) -> None:
    for passages in (three.passages[:1], three.passages):
        prompt = Prompt(three.prefix, passages, three.suffix, three.question)
        forget(own_engine)
        exact = said(own_engine, prompt, EXACT, store)
        forget(own_engine)
        warm(own_engine, prompt, store)
        forget(own_engine)
        moved = said(own_engine, prompt, SPLICED, store)
        assert (moved == exact) == (len(passages) == 1)
        _, finish = answer(own_engine, prompt, SIX, SPLICED, store=store)
        assert finish.reused_tokens == len(prompt.tokens) - 1


def test_spliced_passages_are_not_taken_for_exact_ones(
    own_engine: Engine, three: Prompt, store: BlobStore
) -> None:
    forget(own_engine)
    exact = said(own_engine, three, EXACT, store)
    forget(own_engine)
    said(own_engine, three, SPLICED, store)
    _, finish = answer(own_engine, three, SIX, EXACT, store=store)
    first = len(three.prefix) + len(three.passages[0])
    assert finish.reused_tokens == first
    forget(own_engine)
    said(own_engine, three, SPLICED, store)
    assert said(own_engine, three, EXACT, store) == pytest.approx(exact, abs=ROUNDING)


@pytest.mark.parametrize("reading", [EXACT, SPLICED, OFF], ids=["joint", "spliced", "off"])
def test_an_empty_passage_among_joined_ones_says_nothing(
    own_engine: Engine, three: Prompt, store: BlobStore, reading: Reading
) -> None:
    empty = Prompt(three.prefix, (three.passages[0], ()), three.suffix, three.question)
    one = Prompt(three.prefix, three.passages[:1], three.suffix, three.question)
    text, _ = answer(own_engine, empty, SIX, reading, store=store)
    assert text == answer(own_engine, one, SIX, reading, store=store)[0]
    assert warm(own_engine, empty, store).computed <= 1


def test_a_passage_weighs_more_than_an_empty_one(engine: Engine, store: BlobStore) -> None:
    three = of_three(engine, 130)  # of the bundled model: the tiny one knows no better
    empty = Prompt(three.prefix, (three.passages[0], ()), three.suffix, three.question)
    _, finish = answer(engine, empty, SIX, FUSED, store=store)
    assert finish.weights[0] > finish.weights[1] > 0


# ---- blobs


@pytest.mark.parametrize("reading", [EXACT, SPLICED, FUSED], ids=["joint", "spliced", "fused"])
def test_another_engine_restores_what_one_has_stored(
    three: Prompt, folder: Path, weights: Path, reading: Reading
) -> None:
    first, kept = started(weights), on_disk(folder)
    before = said(first, three, reading, kept)
    first.close()
    assert kept.flush(20)
    second = started(weights)
    stream = begin(second, three, SIX, reading, store=on_disk(folder))
    told = [event for event in stream if isinstance(event, Prefill)]
    text, finish = answer(second, three, SIX, reading, store=on_disk(folder))
    forget(second)
    after = said(second, three, reading, on_disk(folder))
    second.close()
    assert after == pytest.approx(before, abs=1e-4 if reading is SPLICED else 0)  # other cells
    passages = sum(len(passage) for passage in three.passages)
    restored = passages - 3 if reading is FUSED else len(three.passages[0])
    assert told[-1].reused >= restored
    assert finish.reused_tokens >= restored
    assert text


def test_passages_are_computed_ahead_once(
    own_engine: Engine, three: Prompt, store: BlobStore
) -> None:
    forget(own_engine)
    assert warm(own_engine, three, store).computed == 3
    again = warm(own_engine, three, store)
    assert (again.computed, again.reused) == (0, 3)
    forget(own_engine)
    _, finish = answer(own_engine, three, SIX, store=store)
    passages = sum(len(passage) for passage in three.passages)
    assert finish.reused_tokens >= passages - 3  # each one's last is read with the question
    assert 0 < finish.restore_s < finish.total_s


def test_a_conversation_goes_on_in_another_engine(folder: Path, weights: Path) -> None:
    first, kept = started(weights), on_disk(folder)
    tokens = first.model.tokenize(SYSTEM + TIDES + "When was it built?" + AFTER, special=True)
    said_so = first.model.tokenize(" In 1792.")
    list(begin(first, tokens, SIX, store=kept, forced=said_so))
    first.close()
    assert kept.flush(20)
    second = started(weights)
    follow_up = [*tokens, *said_so, *second.model.tokenize(" And when was it lost?")]
    _, finish = answer(second, follow_up, SIX, store=on_disk(folder))
    assert finish.reused_tokens >= len(tokens) - 1
    _, other = answer(second, follow_up, SIX, Reading(reuse="off"))
    assert other.reused_tokens == 0
    second.close()


def test_a_short_conversation_is_not_worth_keeping(own_engine: Engine, store: BlobStore) -> None:
    forget(own_engine)
    answer(own_engine, "1, 2, 3", SIX, store=store)
    forget(own_engine)
    assert store.count() == 0


# ---- stores that do not keep what they say


class Forgetful(BlobStore):
    """Says that it has everything, and has nothing."""

    def read(self, span: Span) -> bytes | None:
        return None

    def __contains__(self, span: Span) -> bool:
        return True


@pytest.mark.parametrize("reading", [EXACT, SPLICED, FUSED], ids=["joint", "spliced", "fused"])
def test_what_the_store_has_lost_is_computed(
    own_engine: Engine, three: Prompt, folder: Path, reading: Reading
) -> None:
    forget(own_engine)
    expected = said(own_engine, three, reading, BlobStore(folder, 0))
    forget(own_engine)
    assert said(own_engine, three, reading, Forgetful(folder, 0)) == expected


def test_a_blob_that_is_not_taken_ends_what_runs_and_the_next_answer_is_right(
    own_engine: Engine, three: Prompt, store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(own_engine)
    expected = said(own_engine, three, FUSED, store)
    forget(own_engine)
    with monkeypatch.context() as patch:
        patch.setattr(own_engine._context, "restore", lambda sequence, blob: False)
        beside = begin(own_engine, "1, 2, 3, 4, 5,", Sampling(max_tokens=400))
        next(event for event in beside if isinstance(event, Text))
        with pytest.raises(ModelError, match=r"did not take a saved part .*Ask again\.$"):
            said(own_engine, three, FUSED, store)
        with pytest.raises(ModelError, match=r"Ask again\.$"):
            list(beside)
    found = said(own_engine, three, FUSED, store)
    assert found == pytest.approx(expected, abs=ROUNDING)  # the passages in other batches


def test_a_real_blob_with_other_bytes_is_refused_and_the_engine_goes_on(
    own_engine: Engine, three: Prompt, store: BlobStore
) -> None:
    forget(own_engine)
    expected = said(own_engine, three, FUSED, store)
    forget(own_engine)
    for span in list(store._memory):
        store.write(span, b"\0" * 1000)
    with pytest.raises(ModelError, match=r"Ask again\.$"):
        said(own_engine, three, FUSED, store)
    found = None
    while found is None:
        with suppress(ModelError):
            found = said(own_engine, three, FUSED, store)
    assert found == pytest.approx(expected, abs=ROUNDING)
