import numpy as np
import pytest
from engine_logits import USUAL
from fake_context import FakeContext

from models.bundled import bundled_chat_model
from models.engine.context import Context
from models.engine.rounding import rows_alike


@pytest.fixture
def context() -> Context:
    return Context(bundled_chat_model(), USUAL)


def test_a_context_is_as_empty_as_before(context: Context) -> None:
    rows_alike(context)
    assert context.extent(0) == (-1, -1)
    context.close()


def test_what_it_says_holds_for_other_tokens_too(context: Context) -> None:
    """Five tokens behind another prompt, at once and one by one."""
    said = rows_alike(context)
    tokens = context.tokenize("The tide mill at the mouth of the river was built in 1792.")
    rows = [(token, place, 0, True) for place, token in enumerate(tokens)]
    context.decode(rows[:8])
    context.decode(rows[8:13])
    together = [context.logits(row).copy() for row in range(5)]
    context.remove(0, 8)
    alone = []
    for row in rows[8:13]:
        context.decode([row])
        alone.append(context.logits(0).copy())
    context.close()
    assert np.allclose(together, alone, atol=2)
    assert not said or np.array_equal(together, alone)


class Rounding(FakeContext):
    """Several rows have other logits than one."""

    def logits(self, row: int) -> np.ndarray:
        return super().logits(row) + (len(self.decodes[-1]) > 1) * 1e-7


def test_rows_that_round_otherwise_together_are_found_out() -> None:
    assert rows_alike(FakeContext(256))  # type: ignore[arg-type]
    assert not rows_alike(Rounding(256))  # type: ignore[arg-type]


def test_a_decode_that_is_aborted_proves_nothing() -> None:
    context = FakeContext(256)
    context.aborts = 2
    assert not rows_alike(context)  # type: ignore[arg-type]
