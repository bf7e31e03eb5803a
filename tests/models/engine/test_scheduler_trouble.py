"""What fails, is cancelled, refused or closed in a scheduler, over a fake cache."""

import pytest
from fake_reading import FusedReader, alone
from played_scheduler import NOWHERE, Played, plain, words

from models.engine import scheduler
from models.engine.blobs import BlobStore, Span
from models.engine.prompt import Prompt, Reading
from models.errors import ModelError

SPLICED = Reading("joint", "spliced")


def test_a_failed_decode_ends_what_runs_and_the_next_answer_is_right() -> None:
    played = Played()
    running = [played.ask(words(9, n), plain(30)) for n in (1, 2)]
    while played.texts(running[0]) < 3:
        played.turn()
    waiting = played.ask(words(9, 3), plain(5), adapter="legal")
    played.context.fails = 1
    played.scheduler.turn()
    for job in running:
        with pytest.raises(ModelError, match=r"could not decode\. Ask again\.$"):
            played.take(job)
    played.finish(waiting)
    assert played.text(waiting) == alone(Prompt(words(9, 3)), "legal").write(5)[0]
    assert played.context.resets == 1
    played.check_nothing_is_left()


def test_after_a_failure_the_adapter_is_applied_anew() -> None:
    played = Played()
    expected = alone(Prompt(words(9)), "legal").write(5)[0]
    assert played.answer(words(9), plain(5), adapter="legal")[0] == expected
    failing = played.ask(words(9, 2), plain(5), adapter="legal")
    played.context.fails = 1
    played.turn()
    with pytest.raises(ModelError):
        played.take(failing)
    assert played.answer(words(9), plain(5), adapter="legal")[0] == expected


def test_a_state_that_is_not_taken_ends_what_runs_and_the_next_answer_is_right() -> None:
    prompt = Prompt(words(9), (words(30, first=2),), words(5, first=4))
    played = Played()
    played.answer(prompt, plain(5))
    played.scheduler.sequences.evict_all()
    played.context.refuses = 1
    failing = played.ask(prompt, plain(5))
    with pytest.raises(ModelError, match=r"did not take a saved part.*Ask again\.$"):
        played.finish(failing)
    assert played.answer(prompt, plain(5))[0] == alone(prompt).write(5)[0]
    played.check_nothing_is_left()


class Garbled(BlobStore):
    """Has something else for every span, until that is written anew."""

    def __init__(self, garbage: bytes | None) -> None:
        super().__init__(NOWHERE, 0)
        self.garbage = garbage

    def read(self, span: Span) -> bytes | None:
        return super().read(span) if span in self else self.garbage


@pytest.mark.parametrize("reading", [Reading("joint"), Reading("fused"), SPLICED])
@pytest.mark.parametrize("garbage", [None, b"", b"garbage", b"[]", b"[[0, 1, 2]]"])
def test_a_blob_that_cannot_be_restored_is_not_tried_twice(
    garbage: bytes | None, reading: Reading
) -> None:
    prompt = Prompt(words(20), (words(30, first=2), words(30, first=3)), words(5, first=4), (0, 4))
    played = Played()
    expected, _ = played.answer(prompt, plain(5), reading)
    played = Played()
    played.store = Garbled(garbage)
    failures = 0
    for _ in range(6):
        played.scheduler.sequences.evict_all()
        job = played.ask(prompt, plain(5), reading)
        try:
            played.finish(job)
        except ModelError as error:
            failures += str(error).endswith("Ask again.")
        else:
            assert played.text(job) == expected
    assert failures <= 4 if garbage else failures == 0
    assert played.answer(prompt, plain(5), reading)[0] == expected
    played.check_nothing_is_left()


def test_a_decode_is_aborted_only_when_nobody_waits_for_it() -> None:
    played = Played()
    jobs = [played.ask(words(9, n), plain(30)) for n in (1, 2)]
    decode = played.context.decode
    aborts = []

    def cancelled_meanwhile(rows: list) -> bool:
        if len(played.context.decodes) == 4:
            for job in jobs:
                job.cancelled.set()
                played.scheduler.abort_if_unwanted()
                aborts.append(played.context.aborts)
        return decode(rows)

    played.context.decode = cancelled_meanwhile  # type: ignore[method-assign]
    for _ in range(6):
        played.turn()
    assert aborts == [0, 1]
    assert played.scheduler._running == []
    played.check_nothing_is_left()


def test_a_model_without_parts_in_its_memory_gives_the_same_answers() -> None:
    played = Played()
    played.context.can_cut = False
    played.context.model.is_recurrent = True
    played.scheduler = scheduler.Scheduler(played.context, 64)  # type: ignore[arg-type]
    prompt = Prompt(words(9), (words(30, first=2), words(30, first=3)), words(5, first=4), (0, 3))
    for passages, expected in (
        ("joint", alone(prompt).write(9)[0]),
        ("fused", FusedReader(prompt, Reading()).write(9)[0]),
    ):
        reading = Reading(passages, "off")  # type: ignore[arg-type]
        for _ in range(2):
            text, finish = played.answer(prompt, plain(9), reading)
            assert (text, finish.reused_tokens) == (expected, 0)
    played.check_nothing_is_left()


def test_closing_fails_what_runs_and_saves_the_conversations() -> None:
    played = Played()
    text, _ = played.answer(words(80), plain(20))
    running = played.ask(words(9), plain(30))
    played.turn()
    played.scheduler.close()
    with pytest.raises(ModelError, match="closed before the answer ended"):
        played.take(running)
    assert played.scheduler.sequences.used == len(played.context.cells) == 0
    other = Played()
    other.store = played.store
    answered = tuple(ord(letter) - ord("A") for letter in text)
    _, finish = other.answer(words(80) + answered + words(5, first=3), plain(5))
    assert finish.reused_tokens == 80 + len(answered) - 1


def test_an_answer_without_room_for_a_blob_fails_alone_and_in_a_line() -> None:
    prompt = Prompt(words(20), (words(40, first=2),), words(5, first=4))
    played = Played(size=200)
    played.answer(prompt, plain(5))
    played.scheduler.sequences.evict_all()
    running = played.ask(words(9, first=5), plain(30))
    failing = played.ask(prompt, plain(5))
    played.scheduler.admit(played.waiting)
    for task in played.scheduler._running:
        task.suspend()
    played.context.size = 50  # as if it had been reckoned wrongly
    while played.turn():
        played.take(running)
    with pytest.raises(ModelError, match=r"no room for|context is full"):
        played.take(failing)
    assert played.text(running) == alone(Prompt(words(9, first=5))).write(30)[0]
    played.context.size = 200
    assert played.answer(prompt, plain(5))[0] == alone(prompt).write(5)[0]
    played.check_nothing_is_left()
