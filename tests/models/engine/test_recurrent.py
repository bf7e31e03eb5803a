"""A model whose memory has no parts: nothing is shared or taken back, and all answers are right."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import answer, begin, likelihood, text, warm
from tiny_models import write_mamba

from models.engine.blobs import BlobStore
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Prefill

FIRST, SECOND = tuple(range(10, 40)), tuple(range(100, 130))
PASSAGES = Prompt(FIRST[:10], (SECOND[:8], SECOND[8:20]), FIRST[20:], (0, 3))
TWENTY = Sampling(max_tokens=20)


@pytest.fixture(scope="module")
def mamba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = write_mamba(tmp_path_factory.mktemp("mamba") / "mamba.gguf")
    engine = Engine(path, Placement(context=512, threads=1, gpu_layers=0))
    assert engine.model.is_recurrent
    assert not engine.model.can_splice
    yield engine
    engine.close()


def test_answers_at_once_and_again_are_those_alone(mamba: Engine) -> None:
    prompts = [FIRST, SECOND, FIRST[:9], SECOND[:7], FIRST[:9] + SECOND]
    alone = [answer(mamba, prompt, TWENTY)[0] for prompt in prompts]
    assert len(set(alone)) == len(prompts)
    streams = [begin(mamba, prompt, TWENTY) for prompt in prompts * 3]
    assert [text(stream) for stream in streams] == alone * 3


def test_cancelling_leaves_nothing_to_the_next(mamba: Engine) -> None:
    expected, _ = answer(mamba, FIRST, TWENTY)
    for length in (5, 400):
        stream = begin(mamba, (FIRST * 20)[:length], TWENTY)
        next(event for event in stream if isinstance(event, Prefill))
        stream.close()
        assert answer(mamba, FIRST, TWENTY)[0] == expected


def test_joined_passages_are_the_plain_prompt_whatever_is_to_be_reused(mamba: Engine) -> None:
    expected, _ = answer(mamba, PASSAGES.tokens, TWENTY)
    for reuse in ("exact", "spliced", "off"):
        for _ in range(2):
            found, finish = answer(mamba, PASSAGES, TWENTY, Reading("joint", reuse))  # type: ignore[arg-type]
            assert (found, finish.reused_tokens) == (expected, 0)


def test_side_by_side_passages_are_scored_as_alone(mamba: Engine, folder: Path) -> None:
    store = BlobStore(folder, 0)
    alone = [
        likelihood(mamba, Prompt(PASSAGES.prefix, (one,), PASSAGES.suffix, (0, 3))).total
        for one in PASSAGES.passages
    ]
    warm(mamba, PASSAGES, store)
    for _ in range(2):
        assert likelihood(mamba, PASSAGES, store=store).totals == pytest.approx(alone, rel=1e-4)
        first, finish = answer(mamba, PASSAGES, TWENTY, store=store)
        assert finish.log_likelihoods == pytest.approx(alone, rel=1e-4)
        assert first == answer(mamba, PASSAGES, TWENTY)[0]


def test_prompts_of_any_length_follow_each_other(mamba: Engine) -> None:
    expected = {length: answer(mamba, FIRST[:length], TWENTY)[0] for length in (1, 2, 7, 30)}
    for length in (30, 1, 7, 2, 1, 30):
        assert answer(mamba, FIRST[:length], TWENTY)[0] == expected[length]
