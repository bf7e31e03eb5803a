from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from models.engine.blob_memory import BlobMemory, Span

SPANS = [Span(0, n, f"{n}") for n in range(1, 6)]


@given(st.lists(st.tuples(st.sampled_from(SPANS), st.none() | st.binary(max_size=12))))
def test_it_holds_what_was_used_last_within_its_limit(
    steps: list[tuple[Span, bytes | None]],
) -> None:
    memory = BlobMemory(20)
    model: OrderedDict[Span, bytes] = OrderedDict()
    for span, data in steps:
        if data is None:
            assert memory.get(span) == model.get(span)
            if span in model:
                model.move_to_end(span)
        else:
            assert memory.put(span, data)
            model.pop(span, None)
            model[span] = data
            while sum(map(len, model.values())) > 20:
                model.popitem(last=False)
        assert list(memory) == list(model)
        assert len(memory) == len(model)
        assert memory.size() == sum(map(len, model.values()))


def test_what_is_over_the_limit_alone_drives_nothing_else_out() -> None:
    memory = BlobMemory(10)
    assert memory.put(SPANS[0], b"small")
    assert memory.put(SPANS[1], b"tiny")
    assert not memory.put(SPANS[1], b"far too large")
    assert list(memory) == [SPANS[0]]  # the span's last blob is no longer the right one


def test_a_blob_is_due_once_in_an_interval() -> None:
    memory = BlobMemory(10)
    memory.put(SPANS[0], b"data")
    assert not memory.due(SPANS[0], 60)
    assert memory.due(SPANS[0], -1)
    assert not memory.due(SPANS[0], 60)
    assert not memory.due(SPANS[1], -1)
