"""Who gets what of each decode, over a fake cache: order, fairness and width.

test_scheduler_soak.py has thousands of random jobs; these are the cases by name.
"""

import pytest
from fake_reading import FusedReader, alone
from played_scheduler import Played, plain, words

from models.engine import scheduler, stream
from models.engine.prompt import KVReuse, Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.scheduler import PIECE, RUNNING
from models.engine.stream import Finish, Job, Prefill
from models.errors import ModelError


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are soon behind."""
    monkeypatch.setattr(stream, "BACKLOG", 6)
    monkeypatch.setattr(scheduler, "GROWTH", 6)


# ---- order


def test_a_long_prompt_holds_up_a_running_answer_by_no_more_than_a_piece() -> None:
    played = Played(size=4000, batch=512)
    answer = played.ask(words(5), plain(60))
    while played.texts(answer) < 3:
        played.turn()
    long = played.ask(words(3000, first=2), plain(2))
    before = played.texts(answer)
    while not played.texts(long):
        began = len(played.context.decodes)
        played.turn()
        assert len(played.context.decodes[began]) <= PIECE + 1
        assert played.texts(answer) == before + 1
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


def test_more_prompts_than_a_decode_has_rows_are_read_in_turns() -> None:
    played = Played(size=2000, batch=4)
    jobs = [played.ask(words(60, first), plain(1)) for first in range(1, 8)]
    for _ in range(70):
        played.turn()
    done = [played.take(job)[-1].done for job in jobs]  # type: ignore[union-attr]
    assert max(done) - min(done) < 10


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
    for _ in range(30):
        played.turn()
    assert [played.texts(job) for job in asked.values()] == [10, 10, 10]
    played.finish()
    for name, job in asked.items():
        assert played.text(job) == alone(Prompt(words(9)), name).write(30)[0]
    assert len({played.text(job) for job in asked.values()}) == 3
    played.check_nothing_is_left()


@pytest.mark.parametrize("reuse", ["exact", "off"])
def test_side_by_side_passages_take_the_room_of_their_prefix_once(reuse: KVReuse) -> None:
    passages = tuple(words(5, first) for first in (2, 3, 4, 5))
    prompt = Prompt(words(100), passages, words(5), (0, 4))
    played = Played(size=180)
    assert prompt.fused_cells == 140
    text, _ = played.answer(prompt, plain(6), Reading(reuse=reuse))
    assert text == FusedReader(prompt, Reading()).write(6)[0]


def test_answers_that_do_not_fit_together_come_one_after_the_other() -> None:
    passages = tuple(words(20, first) for first in (2, 3, 4, 5))
    prompts = [Prompt(words(20, first), passages, words(5), (0, 4)) for first in (6, 7, 8)]
    for played in (Played(size=250), Played(size=900, numbers=13)):
        jobs = [played.ask(prompt, plain(9)) for prompt in prompts]
        while played.turn():
            assert len(played.scheduler._running) <= 1
        for job, prompt in zip(jobs, prompts, strict=True):
            played.take(job)
            assert played.text(job) == FusedReader(prompt, Reading()).write(9)[0]


# ---- what stays


@pytest.mark.usefixtures("eager")
def test_what_stays_of_an_answer_is_the_conversation_whatever_was_drafted() -> None:
    drafted = 0
    for most in range(60, 100):
        played = Played()
        text, finish = played.answer(words(9), Sampling(max_tokens=most))
        answered = [ord(letter) - ord("A") for letter in text]
        (kept,) = played.scheduler.sequences.resident
        assert kept.keys == [*words(9), *answered[:-1]]
        drafted += finish.drafted
    for start in range(80):
        played = Played()
        stop = text[start : start + 2]
        shown, _ = played.answer(words(9), Sampling(max_tokens=90, stop=(stop,)))
        (kept,) = played.scheduler.sequences.resident
        assert kept.keys == [*words(9), *answered[: len(shown) + 1]]
    assert drafted > 0


def test_what_stays_of_a_likelihood_is_the_passages() -> None:
    played = Played()
    passages = (words(20, first=2), words(25, first=3))
    prompt = Prompt(words(9), passages, words(6, first=4), (0, 6))
    played.finish(played.ask(prompt, None))
    assert played.scheduler.sequences.used == 9 + 20 + 25


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


def test_passages_that_are_dropped_leave_their_room_to_the_answer() -> None:
    passages = tuple(words(20, first) for first in (2, 3, 4, 5))
    prompt = Prompt(words(20), passages, words(5, first=9), (0, 4))
    played = Played(size=200)
    text, finish = played.answer(prompt, plain(500), Reading(temperature=50.0))
    expected, _, posteriors, _ = FusedReader(prompt, Reading(temperature=50.0)).write(500)
    assert posteriors[0].count(0.0) == 0
    assert posteriors[40].count(0.0) == 3
    assert expected.startswith(text)
    assert finish.completion_tokens > 2 * (played.context.size - prompt.fused_cells) // 4


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


@pytest.mark.parametrize("size", [260, 700])
def test_a_follow_up_goes_on_from_the_saved_conversation_if_that_has_room(size: int) -> None:
    played = Played(size)
    prefix, passages = words(110), (words(20, first=2), words(20, first=3))
    suffix = words(5, first=9)
    text, _ = played.answer(Prompt(prefix, passages, suffix, (0, 4)), plain(30))
    played.scheduler.sequences.evict_all()
    suffix += tuple(ord(letter) - ord("A") for letter in text)
    follow_up = Prompt(prefix, passages, suffix + words(4, first=8), (len(suffix), len(suffix) + 3))
    job = played.ask(follow_up, plain(5))
    while not played.texts(job):
        played.turn()
        for task in played.scheduler._running:
            assert task.cells <= job.cells + 2  # the prefix is there once
    played.finish()
    assert played.text(job) == FusedReader(follow_up, Reading()).write(5)[0]
    finish = played.read[job][-1]
    assert isinstance(finish, Finish)
    blobs = len(prefix) + 20 + 20
    assert (finish.reused_tokens > blobs) == (size > 300)
