"""The engine and its threads on the bundled model: what callers see of it."""

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import CLEAR, SHORT, answer, begin, text

from models.bundled import bundled_chat_model
from models.engine import scheduler
from models.engine.blobs import BlobStore, Span
from models.engine.context import Placement
from models.engine.engine import Engine, PromptTooLong
from models.engine.prompt import Prompt
from models.engine.sampling import Sampling
from models.engine.stream import Finish, Prefill, Text, Waiting
from models.errors import ModelError

BATCH = 64
SMALL = Placement(context=256, threads=1, batch=BATCH)
LONG = Sampling(max_tokens=1500)


def words(engine: Engine, count: int, seed: str = "one two three four five ") -> list[int]:
    return engine.model.tokenize(seed * count)[:count]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> int:
    """Readers are soon behind: with this many events."""
    monkeypatch.setattr("models.engine.stream.BACKLOG", 12)
    return 12


@pytest.fixture
def own_engine() -> Iterator[Engine]:
    engine = Engine(bundled_chat_model(), SMALL)
    yield engine
    engine.close()


# ---- answers


def test_the_same_prompt_gives_the_same_text(engine: Engine) -> None:
    first, _ = answer(engine, "The capital of France is")
    answer(engine, CLEAR[0])
    assert "Paris" in first
    assert answer(engine, "The capital of France is")[0] == first


def test_the_events_come_in_order_and_their_numbers_agree(own_engine: Engine) -> None:
    tokens = words(own_engine, 2 * BATCH + 10, "six seven eight nine ten ")
    events = list(begin(own_engine, tokens))
    prefills = [event for event in events if isinstance(event, Prefill)]
    finish = events[-1]
    assert isinstance(finish, Finish)
    assert len(prefills) == 3
    assert [type(event) for event in events[: len(prefills)]] == [Prefill] * len(prefills)
    done = [event.done for event in prefills]
    assert done == sorted(set(done))
    assert done[-1] == finish.prompt_tokens == len(tokens)
    assert {event.reused for event in prefills} == {finish.reused_tokens}
    assert 0 < finish.first_token_s <= finish.total_s
    assert finish.completion_tokens <= SHORT.max_tokens


def test_after_a_shared_prefix_the_answer_is_that_of_a_fresh_engine(
    engine: Engine, own_engine: Engine
) -> None:
    # The prefix fills a batch but for some tokens, so both engines compute in the same pieces.
    shared = words(engine, 50, "The passage says that the tower is high. ")
    first = shared + engine.model.tokenize("\n\nHow high?")
    second = shared + engine.model.tokenize(" 1, 2, 3, 4, 5,")
    answer(engine, first)
    reusing, finish = answer(engine, second)
    fresh, alone = answer(own_engine, second)
    assert finish.reused_tokens == len(shared)
    assert alone.reused_tokens == 0
    assert reusing == fresh != ""


def test_the_same_prompt_again_computes_its_last_token_only(engine: Engine) -> None:
    tokens = engine.model.tokenize("Once upon a time")
    answer(engine, tokens)
    _, finish = answer(engine, tokens)
    assert finish.reused_tokens == len(tokens) - 1


def test_max_tokens_are_honoured(engine: Engine) -> None:
    for most in (0, 1, 5):
        _, finish = answer(engine, CLEAR[0], Sampling(max_tokens=most))
        assert (finish.reason, finish.completion_tokens) == ("length", most)


def test_an_answer_ends_where_the_context_does(own_engine: Engine) -> None:
    tokens = words(own_engine, own_engine.context_size - 3)
    _, finish = answer(own_engine, tokens, Sampling(max_tokens=100))
    assert (finish.reason, finish.completion_tokens) == ("length", 3)


# ---- prompts that cannot be


def test_a_prompt_that_does_not_fit_is_refused_at_once(engine: Engine) -> None:
    size = engine.context_size
    with pytest.raises(PromptTooLong, match=f"{size} tokens, the context holds {size}"):
        engine.generate([1] * size, SHORT)
    with pytest.raises(ModelError, match="empty prompt"):
        engine.generate([], SHORT)
    half = (1,) * (size // 2)
    with pytest.raises(PromptTooLong):
        engine.generate(Prompt((1, 2), (half, half), (3, 4), (0, 1)), SHORT)
    with pytest.raises(PromptTooLong):
        engine.likelihood(Prompt((1, 2), (half, half), (3, 4), (0, 1)))


@pytest.mark.parametrize("token", [-1, 10**6])
def test_tokens_that_the_model_does_not_have_are_refused_and_cost_nobody_else(
    engine: Engine, token: int
) -> None:
    running = begin(engine, CLEAR[0])
    for prompt in ([1, token], Prompt((1,), ((2,), (token,)), (3,), (0, 1))):
        with pytest.raises(ModelError, match="tokens go from 0 to"):
            engine.generate(prompt, SHORT)
    assert text(running) == answer(engine, CLEAR[0])[0]


@pytest.mark.parametrize("span", [(-1, 1), (0, 3), (2, 1)])
def test_a_question_outside_of_its_prompt_is_refused(engine: Engine, span: tuple[int, int]) -> None:
    prompt = Prompt((1, 2), ((3,), (4,)), (5, 6), span)
    with pytest.raises(ModelError, match="likelihood"):
        engine.generate(prompt, SHORT)
    with pytest.raises(ModelError, match="likelihood"):
        engine.likelihood(prompt)


def test_a_question_needs_something_before_it(engine: Engine) -> None:
    for prompt in (
        Prompt(suffix=(1,), question=(0, 1)),
        Prompt((1,), suffix=(2,), question=(0, 0)),
        Prompt(passages=((1,), ()), suffix=(2, 3), question=(0, 1)),
    ):
        with pytest.raises(ModelError, match="likelihood"):
            engine.likelihood(prompt)


# ---- cancelling


def test_closing_in_the_middle_of_the_prefill_frees_the_engine(own_engine: Engine) -> None:
    expected, _ = answer(own_engine, CLEAR[3])
    tokens = words(own_engine, 250, "alpha beta gamma delta ")
    stream = own_engine.generate(tokens, SHORT)
    next(event for event in stream if isinstance(event, Prefill))
    stream.close()
    assert list(stream) == []
    assert answer(own_engine, CLEAR[3])[0] == expected
    again = own_engine.generate(tokens, SHORT)  # what it can reuse tells how far the first one came
    first = next(event for event in again if isinstance(event, Prefill))
    again.close()
    assert first.reused <= 2 * BATCH


def test_closing_in_the_middle_of_the_answer_frees_the_engine(engine: Engine) -> None:
    stream = begin(engine, "The capital of France is", LONG)
    next(event for event in stream if isinstance(event, Text))
    stream.close()
    stream.close()
    assert list(stream) == []
    deadline = time.monotonic() + 30
    while engine._scheduler._running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert engine._scheduler._running == []


def test_a_decode_that_nobody_waits_for_is_stopped_midway(engine: Engine) -> None:
    decode = engine._context.decode
    outcomes: list[bool] = []
    begun = threading.Event()

    def watched(rows: list) -> bool:
        begun.set()
        outcomes.append(decode(rows))
        return outcomes[-1]

    engine._context.decode = watched  # type: ignore[method-assign, assignment]
    try:
        for pause in (0.0, 0.02, 0.05, 0.1):  # a piece of 256 tokens takes longer than all of them
            begun.clear()
            stream = engine.generate(words(engine, 1200, "no yes "), SHORT)
            assert begun.wait(20)
            time.sleep(pause)
            stream.close()
            if False in outcomes:
                break
        assert False in outcomes
        assert answer(engine, CLEAR[3])[0] == " h, i, j, k,"
    finally:
        del engine._context.decode  # type: ignore[method-assign]


def test_a_stream_that_nobody_reads_holds_up_nobody_once_it_is_dropped(engine: Engine) -> None:
    expected, _ = answer(engine, CLEAR[5])
    streams = [begin(engine, "The capital of France is", LONG) for _ in range(3)]
    del streams
    gc.collect()
    assert answer(engine, CLEAR[5])[0] == expected


def test_a_stream_closed_by_another_thread_ends_for_its_reader(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "RUNNING", 1)
    holding = begin(engine, words(engine, 1900, "up down "))
    stream = begin(engine, CLEAR[1])
    threading.Timer(0.5, stream.close).start()
    assert {type(event) for event in stream} == {Waiting}
    holding.close()


# ---- many at once


def test_threads_asking_at_once_each_get_the_answer_they_would_get_alone(engine: Engine) -> None:
    alone = [answer(engine, prompt)[0] for prompt in CLEAR]
    together: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: together.update({n: answer(engine, CLEAR[n])[0]}))
        for n in range(len(CLEAR))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(len(CLEAR))] == alone


def test_those_who_wait_are_told_their_place(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "RUNNING", 1)
    first = begin(engine, words(engine, 1900, "left right "))  # seconds, and we close it before
    second, third = begin(engine, CLEAR[1]), begin(engine, CLEAR[2])
    assert [next(second), next(third), next(third)] == [Waiting(1), Waiting(2), Waiting(2)]
    second.close()
    first.close()
    assert [type(event) for event in third if not isinstance(event, Waiting)][-1] is Finish


class Slow(BlobStore):
    """A disk that takes its time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 0)
        self.asked, self.answers = threading.Event(), threading.Event()

    def read(self, span: Span) -> bytes | None:
        self.asked.set()
        assert self.answers.wait(60)
        return super().read(span)


@pytest.mark.timeout(60)
def test_nobody_waits_for_another_ones_disk_to_ask_or_to_leave(
    own_engine: Engine, folder: Path
) -> None:
    store = Slow(folder)
    passages = (tuple(words(own_engine, 30)), tuple(words(own_engine, 30, "six seven ")))
    prompt = Prompt((504,), passages, (28, 216), (0, 1))
    reading = begin(own_engine, prompt, store=store)
    assert store.asked.wait(20)
    leaving, staying = begin(own_engine, CLEAR[0]), begin(own_engine, CLEAR[1])
    leaving.close()
    assert next(staying) == Waiting(2)
    reading.close()
    store.answers.set()
    assert text(staying) == " 104, 10"


def test_a_slow_reader_loses_nothing_and_is_not_outrun(engine: Engine, behind: int) -> None:
    long = Sampling(max_tokens=behind + 16, lookup=False)
    expected, _ = answer(engine, "Count: 1, 2, 3, 4,", long)
    stream = begin(engine, "Count: 1, 2, 3, 4,", long)
    deadline = time.monotonic() + 120
    while not stream._job.backlogged and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answer(engine, CLEAR[0])[1].reason == "length"  # while the other one waits
    assert stream._job.events.qsize() == behind
    events = list(stream)
    assert text(events) == expected
    assert events[-1].completion_tokens == behind + 16  # type: ignore[union-attr]


@pytest.mark.usefixtures("behind")
def test_readers_who_never_read_do_not_block_others(own_engine: Engine) -> None:
    silent = [begin(own_engine, prompt, Sampling(max_tokens=70)) for prompt in CLEAR[:4]]
    assert answer(own_engine, CLEAR[4])[0] == " 6, 5, 4"
    for stream in silent:
        assert not stream._ended
    assert text(silent[0]).startswith(" 6, 7, 8, 9, 10")


# ---- the end, and trouble


@pytest.mark.timeout(60)
def test_closing_the_engine_raises_in_every_reader_and_ends_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "RUNNING", 1)
    engine = Engine(bundled_chat_model(), SMALL)
    running = begin(engine, CLEAR[0], Sampling(max_tokens=200))
    queued = begin(engine, CLEAR[1])
    next(event for event in running if isinstance(event, Text))
    engine.close()
    engine.close()
    assert not engine._thread.is_alive()
    for stream, when in ((running, "ended"), (queued, "began")):
        with pytest.raises(ModelError, match=f"closed before the answer {when}"):
            list(stream)
        assert list(stream) == []
    with pytest.raises(ModelError, match="the engine is closed"):
        engine.generate([1], SHORT)


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("behind")
def test_the_engine_can_be_closed_while_nobody_reads_its_answer() -> None:
    engine = Engine(bundled_chat_model(), SMALL)
    unread = begin(engine, CLEAR[0], Sampling(max_tokens=200))
    while not unread._job.backlogged:
        time.sleep(0.05)
    engine.close()
    with pytest.raises(ModelError, match="closed before the answer ended"):
        list(unread)


def test_a_failed_decode_is_raised_and_the_next_answer_is_right(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = answer(engine, CLEAR[7])
    with monkeypatch.context() as patch:
        patch.setattr("llama_cpp.llama_decode", lambda context, batch: 1)
        with pytest.raises(ModelError, match=r"could not decode .*Ask again\.$"):
            answer(engine, CLEAR[7])
    assert answer(engine, CLEAR[7])[0] == expected


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_an_error_that_nobody_foresaw_nobody_waits_for_ever(own_engine: Engine) -> None:
    def broken(rows: list) -> bool:
        raise RuntimeError("a bug")

    own_engine._context.decode = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(ModelError, match="closed before the answer"):
        answer(own_engine, CLEAR[0])
    own_engine._thread.join(10)
    with pytest.raises(ModelError, match="the engine is closed"):
        answer(own_engine, CLEAR[0])
