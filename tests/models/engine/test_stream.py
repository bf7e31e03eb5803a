"""What passes between a reader and its answer, without an engine."""

import queue
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.blobs import BlobStore
from models.engine.prompt import Prompt, Reading
from models.engine.stream import BACKLOG, Event, Finish, Job, Prefill, Stream, Text, Waiting
from models.errors import ModelError

END = Finish("stop", 1, 0, 1, 0.1, 0.2)


def job() -> Job:
    return Job(Prompt((1,)), Reading(), BlobStore(Path("nowhere"), 0))


class Wakes:
    """How often the engine was woken, and the place in the queue that it tells."""

    def __init__(self, ahead: int = 0) -> None:
        self.count = 0
        self.ahead = ahead

    def stream(self, asked: Job) -> Stream:
        return Stream(asked, lambda: self.ahead, self.wake)

    def wake(self) -> None:
        self.count += 1


class Meanwhile(queue.SimpleQueue):  # type: ignore[type-arg]
    """The engine's thread puts something in at the worst moment: when the reader takes."""

    def __init__(self, late: list[Event]) -> None:
        super().__init__()
        self.late = late

    def get(self, block: bool = True, timeout: float | None = None) -> Event:  # type: ignore[override]
        if self.late:
            self.put(self.late.pop())
        return super().get(block, timeout)  # type: ignore[no-any-return]


@given(before=st.integers(0, BACKLOG + 20), late=st.integers(0, BACKLOG + 20))
def test_whenever_the_answer_waits_for_its_reader_the_reader_wakes_it(
    before: int, late: int
) -> None:
    asked, wakes = job(), Wakes()
    asked.events = Meanwhile([Text("late")] * late)
    for _ in range(before):
        asked.events.put(Text("early"))
    stream = wakes.stream(asked)
    waited = False
    while asked.events.qsize() or asked.events.late:
        waited = waited or asked.backlogged
        if asked.backlogged:
            woken = wakes.count  # the answer may have gone to sleep from here on
        next(stream)
        if waited and not asked.backlogged:
            assert wakes.count > woken
            waited = False


def test_the_events_come_in_order_and_nothing_after_the_end() -> None:
    asked = job()
    events = [Prefill(1, 2, 0), Text("a"), Text("b"), END]
    for event in [*events, Text("never")]:
        asked.events.put(event)
    stream = Wakes().stream(asked)
    assert list(stream) == events
    assert list(stream) == []


def test_an_error_is_raised_after_what_was_handed_over_and_once() -> None:
    asked = job()
    asked.events.put(Text("a"))
    asked.fail(ModelError("broken"))
    stream = Wakes().stream(asked)
    assert next(stream) == Text("a")
    with pytest.raises(ModelError, match="broken"):
        next(stream)
    assert list(stream) == []


def test_who_waits_is_told_so_until_it_is_their_turn() -> None:
    asked, wakes = job(), Wakes(ahead=2)
    stream = wakes.stream(asked)
    assert next(stream) == Waiting(2)
    asked.events.put(END)
    assert next(stream) == END


def test_closing_or_dropping_a_stream_cancels_and_wakes_once() -> None:
    for ends in (lambda stream: stream.close(), lambda stream: None):
        asked, wakes = job(), Wakes()
        stream = wakes.stream(asked)
        ends(stream)
        del stream
        assert asked.cancelled.is_set()
        assert wakes.count == 1


def test_side_by_side_means_more_than_one_passage() -> None:
    passages = ((1,), (2,), (3,))
    for count in range(4):
        asked = job()
        asked.prompt = Prompt((1,), passages[:count])
        assert asked.fused == (count > 1)
        asked.reading = Reading("joint")
        assert not asked.fused
