import gc
import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from models.bundled import bundled_chat_model
from models.engine.context import BATCH, Context, Placement
from models.engine.engine import Engine, PromptTooLong
from models.engine.sampling import Sampling
from models.engine.stream import (
    BACKLOG,
    Event,
    Finish,
    Likelihood,
    Prefill,
    Text,
    Waiting,
)
from models.errors import ModelError

SMALL = Placement(context=256, threads=1)
SHORT = Sampling(max_tokens=8)
# No two begin with the same token: nothing of one is reused for another, so that each is computed
# in the same pieces whatever came before it, and its answer is the same to the bit.
OPENINGS = [
    "The capital of France is",
    "Water boils at",
    "Once upon a time",
    "My favourite colour",
    "An apple a day",
    "In the beginning",
    "Two plus two is",
    "Yesterday, all my",
]


def text(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def ask(engine: Engine, prompt: str, sampling: Sampling = SHORT) -> str:
    return text(engine.generate(engine.vocabulary.tokenize(prompt), sampling))


def words(vocabulary: Context, count: int, seed: str = "one two three four five ") -> list[int]:
    return vocabulary.tokenize(seed * count)[:count]


@pytest.fixture
def own_engine() -> Iterator[Engine]:
    engine = Engine(bundled_chat_model(), SMALL)
    yield engine
    engine.close()


def test_the_same_prompt_gives_the_same_text(engine: Engine) -> None:
    first = ask(engine, OPENINGS[0])
    ask(engine, OPENINGS[1])
    assert "Paris" in first
    assert ask(engine, OPENINGS[0]) == first


def test_the_events_come_in_order_and_their_numbers_agree(engine: Engine) -> None:
    tokens = words(engine.vocabulary, BATCH + 10, "six seven eight nine ten ")
    events = list(engine.generate(tokens, SHORT))
    prefills = [event for event in events if isinstance(event, Prefill)]
    finish = events[-1]
    assert isinstance(finish, Finish)
    assert [type(event) for event in events[: len(prefills)]] == [Prefill] * len(prefills)
    done = [event.done for event in prefills]
    assert done == sorted(done)
    assert done[-1] == finish.prompt_tokens == len(tokens)
    assert prefills[0].done == prefills[0].reused == finish.reused_tokens
    assert 0 < finish.first_token_s <= finish.total_s
    assert finish.completion_tokens <= SHORT.max_tokens


def test_after_a_shared_prefix_the_answer_is_that_of_a_fresh_engine(
    engine: Engine, own_engine: Engine
) -> None:
    # The prefix fills a batch exactly, so both engines compute in the same pieces: see BATCH.
    shared = words(engine.vocabulary, BATCH, "The passage says that the tower is high. ")
    first = shared + engine.vocabulary.tokenize("\n\nHow high?")
    second = shared + engine.vocabulary.tokenize(" Who wrote this?")
    list(engine.generate(first, SHORT))
    reusing = list(engine.generate(second, Sampling(max_tokens=16)))
    fresh = list(own_engine.generate(second, Sampling(max_tokens=16)))
    assert reusing[-1].reused_tokens == BATCH
    assert fresh[-1].reused_tokens == 0
    assert text(reusing) == text(fresh) != ""


def test_the_same_prompt_again_computes_its_last_token_only(engine: Engine) -> None:
    tokens = engine.vocabulary.tokenize(OPENINGS[2])
    list(engine.generate(tokens, SHORT))
    assert list(engine.generate(tokens, SHORT))[-1].reused_tokens == len(tokens) - 1


def test_closing_in_the_middle_of_the_prefill_frees_the_engine(engine: Engine) -> None:
    expected = ask(engine, OPENINGS[3])
    tokens = words(engine.vocabulary, 2000, "alpha beta gamma delta ")
    stream = engine.generate(tokens, SHORT)
    next(event for event in stream if isinstance(event, Prefill))
    stream.close()
    assert list(stream) == []
    again = engine.generate(tokens, SHORT)  # what it can reuse tells how far the first one came
    first = next(event for event in again if isinstance(event, Prefill))
    again.close()
    assert first.reused <= 2 * BATCH
    assert ask(engine, OPENINGS[3]) == expected


def test_closing_in_the_middle_of_the_answer_frees_the_engine(engine: Engine) -> None:
    expected = ask(engine, OPENINGS[4])
    stream = engine.generate(
        engine.vocabulary.tokenize(OPENINGS[0]), Sampling(max_tokens=1500, temperature=0)
    )
    next(event for event in stream if isinstance(event, Text))
    stream.close()
    stream.close()
    started = time.monotonic()
    assert ask(engine, OPENINGS[4]) == expected
    assert time.monotonic() - started < 30  # 1500 tokens would have taken longer


def test_a_stream_that_nobody_reads_blocks_nobody_once_it_is_dropped(engine: Engine) -> None:
    expected = ask(engine, OPENINGS[5])
    streams = [
        engine.generate(engine.vocabulary.tokenize(OPENINGS[0]), Sampling(max_tokens=1000))
        for _ in range(3)
    ]
    del streams
    gc.collect()
    assert ask(engine, OPENINGS[5]) == expected


def test_a_stream_dropped_in_the_queue_leaves_the_resident_prompt(engine: Engine) -> None:
    tokens = engine.vocabulary.tokenize(OPENINGS[6])
    holding = engine.generate(tokens, Sampling(max_tokens=1000))
    next(event for event in holding if isinstance(event, Text))
    dropped = engine.generate(engine.vocabulary.tokenize(OPENINGS[0]), SHORT)
    dropped.close()
    holding.close()
    assert list(engine.generate(tokens, SHORT))[-1].reused_tokens == len(tokens) - 1


def test_a_slow_reader_loses_nothing_and_is_not_outrun(engine: Engine) -> None:
    tokens = engine.vocabulary.tokenize("Count: 1, 2, 3, 4,")
    long = Sampling(max_tokens=BACKLOG + 16)
    expected = ask(engine, "Count: 1, 2, 3, 4,", long)
    stream = engine.generate(tokens, long)
    waiting = time.monotonic() + 120
    while not stream._job.events.full() and time.monotonic() < waiting:
        time.sleep(0.05)
    assert stream._job.events.qsize() == BACKLOG
    events = list(stream)
    assert text(events) == expected
    assert events[-1].completion_tokens == BACKLOG + 16


def test_threads_asking_at_once_each_get_the_answer_they_would_get_alone(engine: Engine) -> None:
    assert len({engine.vocabulary.tokenize(opening)[0] for opening in OPENINGS}) == 8
    alone = [ask(engine, opening) for opening in OPENINGS]
    together: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: together.update({n: ask(engine, OPENINGS[n])}))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(8)] == alone


def test_those_who_wait_are_told_their_place(engine: Engine) -> None:
    # Nobody reads the first, so it holds the engine until it is closed.
    long = Sampling(max_tokens=1000)
    first = engine.generate(engine.vocabulary.tokenize(OPENINGS[0]), long)
    second = engine.generate(engine.vocabulary.tokenize(OPENINGS[1]), long)
    third = engine.generate(engine.vocabulary.tokenize(OPENINGS[2]), SHORT)
    assert [next(second), next(third), next(third)] == [Waiting(1), Waiting(2), Waiting(2)]
    second.close()
    first.close()
    assert [type(event) for event in third if not isinstance(event, Waiting)][-1] is Finish


def test_a_prompt_that_does_not_fit_is_refused_at_once(engine: Engine) -> None:
    size = engine.context_size
    with pytest.raises(PromptTooLong, match=f"{size} tokens, the context holds {size}"):
        engine.generate([1] * size, SHORT)
    with pytest.raises(ModelError, match="empty prompt"):
        engine.generate([], SHORT)


def test_an_answer_ends_where_the_context_does(own_engine: Engine) -> None:
    tokens = words(own_engine.vocabulary, own_engine.context_size - 3)
    finish = list(own_engine.generate(tokens, Sampling(max_tokens=100)))[-1]
    assert (finish.reason, finish.completion_tokens) == ("length", 3)


@pytest.mark.timeout(60)
def test_closing_the_engine_raises_in_every_reader_and_ends_the_thread() -> None:
    engine = Engine(bundled_chat_model(), SMALL)
    running = engine.generate(engine.vocabulary.tokenize(OPENINGS[0]), Sampling(max_tokens=400))
    queued = engine.generate(engine.vocabulary.tokenize(OPENINGS[1]), SHORT)
    next(event for event in running if isinstance(event, Text))
    engine.close()
    engine.close()
    assert not engine._thread.is_alive()
    for stream in (running, queued):
        with pytest.raises(ModelError, match="closed before the answer ended"):
            list(stream)
        assert list(stream) == []
    with pytest.raises(ModelError, match="the engine is closed"):
        engine.generate([1], SHORT)


@pytest.mark.timeout(120)
def test_the_engine_can_be_closed_while_nobody_reads_its_answer() -> None:
    engine = Engine(bundled_chat_model(), SMALL)
    unread = engine.generate(engine.vocabulary.tokenize(OPENINGS[0]), Sampling(max_tokens=400))
    while not unread._job.events.full():
        time.sleep(0.05)
    engine.close()
    with pytest.raises(ModelError, match="closed before the answer ended"):
        list(unread)


@pytest.mark.timeout(60)
def test_a_stream_closed_by_another_thread_ends_for_its_reader(engine: Engine) -> None:
    holding = engine.generate(engine.vocabulary.tokenize(OPENINGS[0]), Sampling(max_tokens=1000))
    stream = engine.generate(engine.vocabulary.tokenize(OPENINGS[1]), SHORT)
    threading.Timer(0.5, stream.close).start()
    assert {type(event) for event in stream} == {Waiting}
    holding.close()


def test_a_failed_decode_is_raised_and_the_next_answer_is_right(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ask(engine, OPENINGS[7])
    with monkeypatch.context() as patch:
        patch.setattr("llama_cpp.llama_decode", lambda context, batch: 1)
        with pytest.raises(ModelError, match="could not decode 1 tokens at position"):
            ask(engine, OPENINGS[7])
    assert ask(engine, OPENINGS[7]) == expected


def test_max_tokens_are_honoured(engine: Engine) -> None:
    for most in (1, 5):
        sampling = Sampling(max_tokens=most)
        finish = list(engine.generate(engine.vocabulary.tokenize(OPENINGS[0]), sampling))[-1]
        assert (finish.reason, finish.completion_tokens) == ("length", most)


def test_a_stop_string_ends_the_answer_and_is_not_shown(engine: Engine) -> None:
    prompt = "Count: 1, 2, 3, 4,"
    whole = ask(engine, prompt, Sampling(max_tokens=20))
    for length in (1, 2, 5):  # the longer ones lie across tokens
        stop = whole[8 : 8 + length]
        sampling = Sampling(max_tokens=20, stop=(stop,))
        events = list(engine.generate(engine.vocabulary.tokenize(prompt), sampling))
        assert text(events) == whole[: whole.index(stop)]
        assert events[-1].reason == "stop"


def test_the_same_seed_gives_the_same_text_and_another_seed_another(engine: Engine) -> None:
    def draw(seed: int) -> str:
        return ask(
            engine, "Once upon a time", Sampling(temperature=1.5, min_p=0, seed=seed, max_tokens=12)
        )

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(1, 5)}) > 1


def test_a_repeat_penalty_breaks_a_loop(engine: Engine) -> None:
    prompt = "la femme au roi, la femme au roi, la femme au roi,"
    plain = ask(engine, prompt, Sampling(max_tokens=24))
    penalized = ask(engine, prompt, Sampling(max_tokens=24, repeat_penalty=1.5))
    assert plain.count("roi") > max(1, penalized.count("roi"))


@pytest.mark.parametrize(
    "prompt", ["😀😀😀😀😀😀😀😀", "一二三四五六七八九十，一二三四五六七八九十，"]
)
def test_characters_of_several_bytes_arrive_whole(engine: Engine, prompt: str) -> None:
    stream = engine.generate(engine.vocabulary.tokenize(prompt), Sampling(max_tokens=18))
    parts = [event.text for event in stream if isinstance(event, Text)]
    assert set("".join(parts[:-1])) & set(prompt)
    assert "\ufffd" not in "".join(parts[:-1])  # the last may be cut by max_tokens


def likelihood(engine: Engine, prefix: list[int], text: list[int]) -> Likelihood:
    *_, last = engine.likelihood(prefix, text)
    assert isinstance(last, Likelihood)
    return last


def test_likelihoods_multiply_along_a_text(engine: Engine) -> None:
    """log P(ab | p) = log P(a | p) + log P(b | pa), also where the pieces of decoding differ."""
    words = engine.vocabulary.tokenize("The river is long and full of stones. " * 40)
    assert len(words) > 2 * BATCH
    prefix, first, second = words[:5], words[5:40], words[40:]
    whole = likelihood(engine, prefix, first + second)
    parts = [likelihood(engine, prefix, first), likelihood(engine, prefix + first, second)]
    assert whole.tokens == sum(part.tokens for part in parts)
    assert whole.total == pytest.approx(sum(part.total for part in parts), rel=0.02)


def test_the_likeliest_token_is_the_one_that_greedy_takes(engine: Engine) -> None:
    prompt = engine.vocabulary.tokenize("The capital of France is")
    taken = text(engine.generate(prompt, Sampling(max_tokens=1)))
    scores = {
        word: likelihood(engine, prompt, engine.vocabulary.tokenize(word)).total
        for word in (taken, " banana", " seventeen", " and")
    }
    assert max(scores, key=lambda word: scores[word]) == taken


def test_a_likelihood_needs_a_prefix_and_a_text(engine: Engine) -> None:
    for prefix, words in (([], [1]), ([1], [])):
        with pytest.raises(ModelError, match="likelihood"):
            engine.likelihood(prefix, words)
