"""Answers that wait outside of the cache for room, over a fake one."""

import pytest
from fake_reading import FusedReader, alone, spliced
from played_scheduler import Played, plain, words

from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Finish

SPLICED = Reading("joint", "spliced")


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
    played = Played(size=400)
    small, large = played.ask(words(20), plain(90)), played.ask(words(90, first=2), plain(60))
    while played.texts(small) < 40:
        played.turn()
    (task,) = (task for task in played.scheduler._running if task.job is large)
    task.suspend()
    played.context.size = 180  # as if others had grown: it has to wait for the small one's end
    later = played.ask(words(5, first=3), plain(3))
    while not played.ended(small):
        assert task.suspended
        assert later in played.waiting
        played.turn()
        played.take(small)
    played.finish()
    assert played.text(large) == alone(Prompt(words(90, first=2))).write(60)[0]
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
        while played.texts(other) < 12:
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


@pytest.mark.usefixtures("eager")
def test_an_answer_put_aside_when_its_logits_had_just_come_goes_on_with_them() -> None:
    played = Played(size=300)
    answer = played.ask(words(9), Sampling(max_tokens=120))
    played.turn()
    (task,) = played.scheduler._running
    while played.turn():
        if task.request and task.request.left > 1:  # with a draft, which may have to be cut
            played.scheduler._decode([(task, task.request.left)])
            task.suspend()
            played.scheduler._progress(task, 1)  # as when another task made room in between
            assert task.suspended
        played.take(answer)
    finish = played.read[answer][-1]
    assert isinstance(finish, Finish)
    assert 0 < finish.accepted < finish.drafted
    assert played.text(answer) == alone(Prompt(words(9))).write(120)[0]
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
