"""Jobs of every kind, at random, each with what must come of it whatever runs beside it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from fake_context import WORDS
from fake_reading import FusedReader, Reader, alone, spliced

from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Event, Finish, Likelihood, Text, Warmed

Check = Callable[[Sequence[Event]], None]
PLAIN = Reading()


@dataclass(frozen=True)
class RandomJob:
    """What is asked, and a check of all that the reader has read at the end."""

    prompt: Prompt
    check: Check
    sampling: Sampling | None = None
    reading: Reading = PLAIN
    adapter: str = ""
    forced: tuple[int, ...] = ()
    warm: bool = False


class RandomJobs:
    """An endless supply, with the same beginnings and passages again and again."""

    def __init__(self, seed: int, size: int) -> None:
        self._random = random.Random(seed)
        self._size = size
        self._heads = [self._tokens(length) for length in (1, 5, 30, size // 4)]
        self._passages = [self._tokens(self._random.randrange(1, size // 8)) for _ in range(6)]

    def next(self) -> RandomJob:
        """One that fits into the context."""
        kinds = (self._plain, self._plain, self._joint, self._fused, self._forced)
        return self._random.choice([*kinds, self._likelihood, self._warm])()

    def _plain(self) -> RandomJob:
        prompt = Prompt(self._random.choice(self._heads) + self._tokens(self._below(50)))
        reading = Reading(reuse=self._random.choice(["exact", "exact", "off"]))
        return self._alone(prompt, reading, alone)

    def _joint(self) -> RandomJob:
        reading = Reading("joint", self._random.choice(["exact", "spliced", "off"]))
        return self._alone(
            self._prompt(1), reading, spliced if reading.reuse == "spliced" else alone
        )

    def _alone(
        self, prompt: Prompt, reading: Reading, read: Callable[[Prompt, str], Reader]
    ) -> RandomJob:
        reading = replace(reading, refusal=self._refusal())
        sampling, adapter = self._sampling(), self._adapter()
        most = min(sampling.max_tokens, self._size - len(prompt.tokens))
        expected = read(prompt, adapter).write(most, reading.refusal)

        def check(events: Sequence[Event]) -> None:
            assert (_text(events), _finish(events).reason) == expected

        return RandomJob(prompt, check, sampling, reading, adapter)

    def _fused(self) -> RandomJob:
        prompt, adapter, reading = self._prompt(2), self._adapter(), self._reading()
        streams = len(prompt.passages) + 1
        most = (self._size - prompt.fused_cells - len(prompt.suffix)) // streams
        sampling = Sampling(max_tokens=self._random.randrange(1, max(min(most, 40), 2)))
        reader = FusedReader(prompt, reading, adapter)
        text, reason, posteriors, total = reader.write(sampling.max_tokens)

        def check(events: Sequence[Event]) -> None:
            finish = _finish(events)
            assert (_text(events), finish.reason) == (text, reason)
            assert finish.weights == pytest.approx(reader.weights, rel=1e-4, abs=1e-6)
            assert finish.log_likelihoods == pytest.approx(reader.scores, rel=1e-4)
            assert finish.log_probability == pytest.approx(total, rel=1e-4, abs=1e-4)
            found = [event.posterior for event in events if isinstance(event, Text)]
            assert found == [pytest.approx(expected, abs=1e-4) for expected in posteriors]

        return RandomJob(prompt, check, sampling, reading, adapter)

    def _forced(self) -> RandomJob:
        prompt, adapter, reading = self._prompt(2), self._adapter(), self._reading()
        answer = self._tokens(1 + self._below(6))
        total = FusedReader(prompt, reading, adapter).forced(answer)

        def check(events: Sequence[Event]) -> None:
            assert _finish(events).completion_tokens == len(answer)
            assert _finish(events).log_probability == pytest.approx(total, rel=1e-4)

        return RandomJob(prompt, check, Sampling(), reading, adapter, answer)

    def _likelihood(self) -> RandomJob:
        prompt, adapter = self._prompt(1), self._adapter()
        start, end = prompt.question
        if start == end:
            return self._likelihood()
        scores = [
            Reader(adapter).read([*prompt.prefix, *passage, *prompt.suffix[:start]])
            .score(prompt.suffix[start:end])
            for passage in prompt.passages
        ]  # fmt: skip

        def check(events: Sequence[Event]) -> None:
            last = events[-1]
            assert isinstance(last, Likelihood)
            assert last.totals == pytest.approx(scores, rel=1e-4)
            assert last.tokens == end - start

        return RandomJob(prompt, check, adapter=adapter)

    def _warm(self) -> RandomJob:
        prompt = self._prompt(1)

        def check(events: Sequence[Event]) -> None:
            assert isinstance(events[-1], Warmed)
            assert events[-1].computed + events[-1].reused == len(prompt.passages)

        return RandomJob(prompt, check, adapter=self._adapter(), warm=True)

    # ---- parts

    def _prompt(self, least: int) -> Prompt:
        """Passages, as many as fit with an answer of eight tokens."""
        suffix = self._tokens(2 + self._below(8))
        start, end = sorted(self._random.choices(range(len(suffix) + 1), k=2))
        head = self._random.choice(self._heads)
        count = self._random.randrange(least, 5)
        prompt = Prompt(
            head, tuple(self._random.sample(self._passages, count)), suffix, (start, end)
        )
        streams = count + 1
        fits = prompt.fused_cells + len(suffix) + 8 * streams <= self._size
        return prompt if fits else self._prompt(least)

    def _reading(self) -> Reading:
        pick = self._random.choice
        return Reading(
            reuse=pick(["exact", "exact", "off"]),
            temperature=pick([0.5, 1, 4]),
            contrast=pick([0, 0, 0.5]),
            bayes=pick([True, False]),
            priors=pick([(), (-1.0,), (0.0, 2.0)]),
            refusal=self._refusal(),
        )

    def _refusal(self) -> tuple[int, ...]:
        return self._tokens(self._below(3))

    def _sampling(self) -> Sampling:
        pick = self._random.choice
        return Sampling(max_tokens=pick([1, 3, 12, 90]), lookup=pick([True, True, False]))

    def _adapter(self) -> str:
        return self._random.choice(["", "", "", "legal"])

    def _tokens(self, count: int) -> tuple[int, ...]:
        return tuple(self._random.randrange(1, WORDS) for _ in range(count))

    def _below(self, most: int) -> int:
        return self._random.randrange(most)


def _text(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def _finish(events: Sequence[Event]) -> Finish:
    last = events[-1]
    assert isinstance(last, Finish)
    return last
