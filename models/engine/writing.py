"""Writing an answer behind what was read: one token after the other, from one sequence or many."""

import codecs
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import cast

import numpy as np

from models.engine.fused import Mixture
from models.engine.lookup import Lookup
from models.engine.model import Model
from models.engine.reading import Branch
from models.engine.request import LOGITS, Request, Row
from models.engine.sampler import Sampler
from models.engine.sampling import Sampling, StopFilter
from models.engine.stream import Finish, Text
from models.engine.task import Task


class Writer:
    """The answer of one task, over the branches of one reading.

    `bare`, if given, is the branch without a passage that the mixture is contrasted with.
    `widest` is how many rows one decode may have.
    """

    def __init__(
        self,
        task: Task,
        model: Model,
        branches: Sequence[Branch],
        mixture: Mixture,
        bare: Branch | None = None,
        widest: int = 1,
    ) -> None:
        self._task = task
        self._model = model
        self._branches = list(branches)
        self._mixture = mixture
        self._bare = bare
        self._text = TextPieces(model, cast(Sampling, task.job.sampling).stop)
        self._widest = widest
        self._passages = len(task.job.prompt.passages) if task.job.fused else 0
        self._last_posterior: tuple[float, ...] = ()
        self._count = 0
        self._log_probability = 0.0
        self._first_token_s = 0.0
        self.drafted = self.accepted = 0

    def write(self, size: int) -> Generator[Request, None, str]:
        """Write into a context of `size` cells; returns why it ended, "stop" or "length"."""
        job = self._task.job
        sampling = cast(Sampling, job.sampling)
        forced = iter(job.forced) if job.forced else None
        lookup = Lookup(job.prompt.tokens) if sampling.lookup and not forced else None
        most = len(job.forced) if forced else sampling.max_tokens
        if most < 1:
            return "length"
        room, live = min(most, self._room(size)), len(self._live())
        logits = [{branch: cast(np.ndarray, branch.logits) for branch in self._live()}]
        draft: list[int] = []
        began = 0.0
        with closing(Sampler(self._model, sampling)) as sampler:
            while True:
                token, accepted = 0, 0
                for place, streams in enumerate(logits):
                    token = self._choose(streams, sampler, forced)
                    reason = self._ended(token, room)
                    if lookup:
                        lookup.push(token)
                    if reason:
                        self._cut(len(logits) - 1 - place)
                        return reason
                    if place == len(draft) or token != draft[place]:
                        break
                    accepted += 1
                self._cut(len(draft) - accepted)
                if live > len(self._live()):  # each stream takes a cell for each token
                    room, live = min(most, self._room(size)), len(self._live())
                if lookup and began:
                    lookup.learn(len(draft), accepted, time.perf_counter() - began)
                self.drafted += len(draft)
                self.accepted += accepted
                draft = lookup.draft()[: self._most_drafted(room)] if lookup else []
                began = time.perf_counter()
                logits = yield from self._decode([token, *draft])

    def finish(self, reason: str, log_likelihoods: Sequence[float], weights: np.ndarray) -> Finish:
        """Hand out the rest of the text; the account of the answer."""
        task = self._task
        if rest := self._text.rest():
            task.put(Text(rest, self._last_posterior))
        scored = task.job.forced or self._passages
        return Finish(
            reason,
            task.total,
            task.reused,
            self._count,
            self._first_token_s,
            time.perf_counter() - task.started,
            task.restore_s,
            tuple(float(weight) for weight in weights),
            tuple(log_likelihoods),
            self._log_probability if scored else None,
            self.drafted,
            self.accepted,
        )

    @property
    def heaviest(self) -> Branch:
        """The branch that the answer owes most to."""
        return self._branches[int(np.argmax(self._mixture.log_weights))]

    def _decode(
        self, tokens: list[int]
    ) -> Generator[Request, None, list[dict[Branch, np.ndarray]]]:
        """Append the tokens to every branch; the branches' logits behind each of them."""
        live = self._live()
        rows = [Row(branch.sequence, token, LOGITS) for branch in live for token in tokens]
        request = Request(rows, urgent=True)
        yield request
        results = cast(list[np.ndarray], request.results)
        return [
            dict(zip(live, results[place :: len(tokens)], strict=True))
            for place in range(len(tokens))
        ]

    def _room(self, size: int) -> int:
        """Tokens that the answer may have in all before it fills the context."""
        return self._count + (size - self._task.cells) // len(self._live())

    def _most_drafted(self, room: int) -> int:
        """Tokens that a draft may have: no more than the answer, and all streams' in one decode."""
        return max(min(room - self._count, self._widest // len(self._live())) - 1, 0)

    def _live(self) -> list[Branch]:
        return [*self._branches, *([self._bare] if self._bare else [])]

    def _choose(
        self, streams: dict[Branch, np.ndarray], sampler: Sampler, forced: Iterator[int] | None
    ) -> int:
        bare = streams[self._bare] if self._bare else None
        mixed = self._mixture.mix([streams[branch] for branch in self._branches], bare)
        token = next(forced) if forced else sampler.sample(mixed)
        if forced or self._passages:
            self._log_probability += self._mixture.log_probability(token)
        return token

    def _ended(self, token: int, room: int) -> str:
        """Take the token into the text; why the answer ends with it, or ""."""
        task = self._task
        self._first_token_s = self._first_token_s or time.perf_counter() - task.started
        self._count += 1
        if self._model.ends(token) and not task.job.forced:
            return "stop"
        self._last_posterior = posterior = self._posterior(token)
        self._mixture.take(token)
        self._drop_light()
        if text := self._text.push(token):
            task.put(Text(text, posterior))
        if self._text.stopped and not task.job.forced:
            return "stop"
        return "length" if self._count >= room else ""

    def _posterior(self, token: int) -> tuple[float, ...]:
        if not self._passages:
            return ()
        shares = [0.0] * self._passages
        for branch, share in zip(self._branches, self._mixture.posterior(token), strict=True):
            shares[branch.passage] = float(share)
        return tuple(shares)

    def _cut(self, count: int) -> None:
        """Take back the last `count` tokens of every branch: drafts that did not come true."""
        if count:
            for branch in self._live():
                self._task.sequences.cut(branch.sequence, len(branch.sequence) - count)

    def _drop_light(self) -> None:
        kept = self._mixture.keep_heavy()
        if len(kept) < len(self._branches):
            for index, branch in enumerate(self._branches):
                if index not in kept:
                    self._task.let_go(branch.sequence, keep=branch.kept)
            self._branches = [self._branches[index] for index in kept]


class TextPieces:
    """Tokens to text that may be shown: whole characters, and nothing of a stop string."""

    def __init__(self, model: Model, stop: tuple[str, ...]) -> None:
        self._model = model
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._filter = StopFilter(stop)

    @property
    def stopped(self) -> bool:
        """Whether a stop string has come."""
        return self._filter.stopped

    def push(self, token: int) -> str:
        """The text that can be shown now that this token has come."""
        return self._filter.push(self._decoder.decode(self._model.piece(token)))

    def rest(self) -> str:
        """What was held back, at the end."""
        # The first bytes of a character that the end cut off are no text.
        return self._filter.flush()
