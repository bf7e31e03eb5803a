"""Who gets what of each decode, over a fake cache: order, fairness, and the way back from outside.

test_scheduler_soak.py has thousands of random jobs; these are the cases by name.
"""

import pytest
from fake_reading import FusedReader, alone, spliced
from played_scheduler import NOWHERE, Played

from models.engine import scheduler, stream
from models.engine.blobs import BlobStore, Span
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.scheduler import PIECE, RUNNING
from models.engine.stream import Job, Prefill, Text
from models.errors import ModelError

SPLICED = Reading("joint", "spliced")


def words(count: int, first: int = 1) -> tuple[int, ...]:
    """Tokens that differ from those of another `first`, from the beginning on."""
    return (first, *(1 + (first * 7 + place * place) % 38 for place in range(count - 1)))


def plain(most: int) -> Sampling:
    """One token for each decode."""
    return Sampling(max_tokens=most, lookup=False)


def rows_of(played: Played, token: int) -> list[int]:
    """How many tokens each decode took of the sequence that begins with this one."""
    found = []
    for rows in played.context.decodes:
        begun = [sequence for word, position, sequence, _ in rows if (word, position) == (token, 0)]
        found.append(len(begun))
    return found


def texts(played: Played, job: Job) -> int:
    return sum(isinstance(event, Text) for event in played.take(job))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are soon behind."""
    monkeypatch.setattr(stream, "BACKLOG", 6)
    monkeypatch.setattr(scheduler, "GROWTH", 6)


# ---- order


def test_a_long_prompt_holds_up_a_running_answer_by_no_more_than_a_piece() -> None:
    played = Played(size=4000, batch=512)
    answer = played.ask(words(5), plain(60))
    while texts(played, answer) < 3:
        played.turn()
    long = played.ask(words(3000, first=2), plain(2))
    before = texts(played, answer)
    while not texts(played, long):
        began = len(played.context.decodes)
        played.turn()
        assert len(played.context.decodes[began]) <= PIECE + 1
        assert texts(played, answer) == before + 1
        before += 1
    assert before > 20


def test_a_short_prompt_is_answered_before_the_long_one_ahead_of_it_is_read() -> None:
    played = Played(size=4000, batch=64)
    long = played.ask(words(3000), plain(2))
    short = played.ask(words(20, first=2), plain(5))
    played.finish(short)
    done = [event for event in played.read[long] + played.take(long) if isinstance(event, Prefill)]
    assert done[-1].done < 300
    played.finish()


def test_prompts_that_are_read_together_get_equal_shares() -> None:
    played = Played(size=2000, batch=64)
    jobs = [played.ask(words(400, first), plain(1)) for first in (1, 2, 3, 4)]
    for _ in range(10):
        played.turn()
    done = [played.take(job)[-1].done for job in jobs]  # type: ignore[union-attr]
    assert done == [160] * 4


def test_beyond_the_limit_answers_begin_in_the_order_they_were_asked_for() -> None:
    played = Played(size=4000)
    jobs = [played.ask(words(4, first), plain(6)) for first in range(1, RUNNING + 9)]
    order: list[Job] = []
    while played.turn():
        assert len(played.scheduler._running) <= RUNNING
        order += [job for job in jobs if job not in order and played.take(job)]
    assert order == jobs
    played.check_nothing_is_left()


def test_those_who_wait_know_their_place() -> None:
    played = Played(size=4000)
    jobs = [played.ask(words(4, first), plain(6)) for first in range(1, RUNNING + 4)]
    ahead = [played.scheduler.ahead(job, played.waiting) for job in jobs]
    assert ahead == list(range(RUNNING + 3))
    played.turn()
    ahead = [played.scheduler.ahead(job, played.waiting) for job in jobs]
    assert ahead == [0] * RUNNING + [RUNNING, RUNNING + 1, RUNNING + 2]


def test_answers_with_different_adapters_take_turns() -> None:
    played = Played(size=1000)
    asked = {name: played.ask(words(9), plain(30), adapter=name) for name in ("", "legal", "tax")}
    played.finish()
    for name, job in asked.items():
        assert played.text(job) == alone(Prompt(words(9)), name).write(30)[0]
    assert len({played.text(job) for job in asked.values()}) == 3
    played.check_nothing_is_left()


# ---- readers who do not read


@pytest.mark.usefixtures("impatient")
def test_readers_who_never_read_block_nobody_however_many_they_are() -> None:
    played = Played(size=200)
    silent = [played.ask(words(20, first), plain(500)) for first in range(1, 38)]
    while played.turn():
        pass
    assert all(job.events.qsize() == 6 for job in silent)
    text, _ = played.answer(words(30, first=38), plain(9))
    assert text == alone(Prompt(words(30, first=38))).write(9)[0]
    for job in silent:
        job.cancelled.set()
    played.check_nothing_is_left()


@pytest.mark.usefixtures("impatient")
def test_an_answer_put_aside_for_an_idle_reader_comes_back() -> None:
    """The idle one is put aside in its turn: it alone must not keep the other outside."""
    played = Played(size=100)
    answer = played.ask(words(30), plain(60))
    idle = played.ask(words(5, first=2), plain(60))
    played.finish(answer)
    assert played.text(answer) == alone(Prompt(words(30))).write(60)[0]
    assert idle.events.qsize() == 6
    played.finish(idle)
    assert played.text(idle) == alone(Prompt(words(5, first=2))).write(60)[0]


@pytest.mark.usefixtures("impatient")
def test_an_engine_whose_readers_are_all_behind_sleeps() -> None:
    played = Played(size=100)
    job = played.ask(words(5), plain(60))
    while played.turn():
        pass
    decodes = len(played.context.decodes)
    assert not played.scheduler.has_work([])
    played.take(job, 1)
    assert played.turn()
    assert len(played.context.decodes) == decodes + 1
    job.cancelled.set()
    assert played.turn()
    assert not played.scheduler.has_work([])


# ---- out of the cache and back


def suspensions(played: Played) -> int:
    """Turns until all is done in which an answer is outside."""
    count = 0
    for job in played.read:
        played.take(job)
    while played.turn():
        for job in played.read:
            played.take(job)
        count += any(task.suspended for task in played.scheduler._running)
    return count


def test_answers_that_outgrow_the_context_wait_outside_and_end_as_they_would_have() -> None:
    played = Played(size=300)
    asked = {first: played.ask(words(40, first), plain(200)) for first in (1, 2, 3)}
    assert suspensions(played) > 100
    for first, job in asked.items():
        assert played.text(job) == alone(Prompt(words(40, first))).write(200)[0]
    played.check_nothing_is_left()


def test_nobody_who_comes_later_overtakes_an_answer_that_waits_outside() -> None:
    played = Played(size=200)
    first, second = (played.ask(words(50, n), plain(120)) for n in (1, 2))
    while not any(task.suspended for task in played.scheduler._running):
        played.turn()
    later = []
    while not (played.ended(first) and played.ended(second)):
        played.turn()
        played.take(first)
        played.take(second)
        later.append(played.ask(words(20, 3 + len(later) % 30), plain(3)))
        assert len(later) < 200
    played.finish()
    played.check_nothing_is_left()


def test_side_by_side_passages_share_their_prefix_again_when_they_come_back() -> None:
    passages = tuple(words(8, first) for first in (5, 6, 7, 8))
    prompt = Prompt(words(110), passages, words(4, first=9), (0, 3))
    reading = Reading(temperature=9.0)
    played = Played(size=200)
    answer = played.ask(prompt, plain(8), reading)
    while not played.take(answer):
        played.turn()
    task = played.scheduler._running[0]
    cells = task.cells
    task.suspend()
    assert not any(sequence.busy for sequence in played.scheduler.sequences.resident)
    assert task.cells == cells
    played.finish()
    assert played.text(answer) == FusedReader(prompt, reading).write(8)[0]
    played.check_nothing_is_left()


def test_what_was_just_moved_is_not_saved_before_it_is_in_its_place() -> None:
    """llama.cpp shifts at the next decode: a save before would store keys for other positions."""
    prompt = Prompt(words(9), (words(30, first=2), words(30, first=3)), words(5, first=4))
    for room in range(2, 40, 3):
        played = Played(size=110 + room, batch=16)
        played.finish(played.ask(prompt, warm=True))
        other = played.ask(words(20, first=5), plain(85))
        while texts(played, other) < 12:
            played.turn()
        moved = played.ask(prompt, plain(30), SPLICED)
        played.finish()
        assert played.text(moved) == spliced(prompt).write(30)[0]
        assert played.text(other) == alone(Prompt(words(20, first=5))).write(85)[0]


def test_a_task_with_moved_passages_is_no_victim_until_the_next_decode() -> None:
    prompt = Prompt(words(9), (words(30, first=2), words(30, first=3)), words(5, first=4))
    played = Played(size=200)
    played.finish(played.ask(prompt, warm=True))
    moved = played.ask(prompt, plain(3), SPLICED)
    played.scheduler.admit(played.waiting)
    (task,) = played.scheduler._running
    assert not task.can_wait
    played.scheduler.turn()
    assert task.can_wait
    task.suspend()
    played.finish()
    assert played.text(moved) == spliced(prompt).write(3)[0]


def test_an_answer_put_aside_when_its_logits_had_just_come_goes_on_with_them() -> None:
    played = Played(size=300)
    answer = played.ask(words(9), plain(20))
    while texts(played, answer) < 5:
        played.turn()
    (task,) = played.scheduler._running
    played.scheduler._decode([(task, 1)])
    task.suspend()
    played.scheduler._progress(task, 1)  # as when another task made room in between
    assert task.suspended
    played.finish()
    assert played.text(answer) == alone(Prompt(words(9))).write(20)[0]
    played.check_nothing_is_left()


def test_an_answer_cancelled_while_it_waits_outside_leaves_nothing() -> None:
    played = Played(size=200)
    jobs = [played.ask(words(50, n), plain(120)) for n in (1, 2)]
    while not any(task.suspended for task in played.scheduler._running):
        played.turn()
    for job in jobs:
        job.cancelled.set()
    while played.turn():
        pass
    assert played.scheduler._running == []
    played.check_nothing_is_left()


# ---- width


@pytest.mark.parametrize("batch", [3, 7, 64])
def test_more_streams_than_a_decode_has_rows_are_answered_in_several(batch: int) -> None:
    passages = tuple(words(6, first) for first in range(2, 12))
    prompt = Prompt(words(4), passages, words(4, first=20), (0, 3))
    reading = Reading(temperature=50.0, bayes=False, contrast=0.1)
    played = Played(size=600, batch=batch)
    other = played.ask(words(7, first=21), plain(30))
    text, _ = played.answer(prompt, Sampling(max_tokens=20), reading)
    assert text == FusedReader(prompt, reading).write(20)[0]
    played.finish()
    assert played.text(other) == alone(Prompt(words(7, first=21))).write(30)[0]


def test_more_passages_than_sequences_are_refused_in_a_line_and_cost_nobody_else() -> None:
    played = Played(size=600, numbers=10)
    other = played.ask(words(7), plain(30))
    many = Prompt(words(4), tuple(words(6, first) for first in range(2, 14)), words(4), (0, 3))
    refused = played.ask(many)
    while played.turn():
        played.take(other)
    with pytest.raises(ModelError, match="all sequences of the context are in use"):
        played.take(refused)
    assert played.text(other) == alone(Prompt(words(7))).write(30)[0]
    played.check_nothing_is_left()


def test_side_by_side_answers_end_where_the_context_does() -> None:
    passages = tuple(words(20, first) for first in (2, 3, 4))
    prompt = Prompt(words(20), passages, words(5, first=9), (0, 4))
    for reading in (Reading(temperature=50.0, bayes=False), Reading(contrast=0.2, bayes=False)):
        played = Played(size=150)
        text, finish = played.answer(prompt, plain(500), reading)
        expected, _, _, _ = FusedReader(prompt, reading).write(500)
        assert expected.startswith(text)
        assert 5 < finish.completion_tokens < 60
        assert finish.reason == "length"
        played.check_nothing_is_left()


def test_a_follow_up_whose_saved_conversation_has_no_room_beside_the_prefix_is_computed() -> None:
    played = Played(size=220)
    passages = (words(20, first=2), words(20, first=3))
    first = Prompt(words(120), passages, words(5, first=9), (0, 4))
    played.answer(first, plain(5))
    played.scheduler.sequences.evict_all()
    text, _ = played.answer(first, plain(5))
    assert text == FusedReader(first, Reading()).write(5)[0]


# ---- trouble


def test_a_failed_decode_ends_what_runs_and_the_next_answer_is_right() -> None:
    played = Played()
    running = [played.ask(words(9, n), plain(30)) for n in (1, 2)]
    while texts(played, running[0]) < 3:
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
