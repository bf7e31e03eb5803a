"""What the answers must be over the fake model, computed without an engine."""

from collections.abc import Sequence

import numpy as np
from fake_context import END, FakeModel

from models.engine.prompt import Prompt, Reading

LEAST = 0.01  # of the heaviest passage's weight: lighter ones are dropped
MODEL = FakeModel()


class Reader:
    """One sequence, token by token."""

    def __init__(self, adapter: str = "") -> None:
        self.adapter = adapter
        self.tokens: list[int] = []
        self.values: list[int] = []

    def read(self, tokens: Sequence[int]) -> "Reader":
        for token in tokens:
            self.values.append(MODEL.value(self.values, token, self.adapter))
            self.tokens.append(token)
        return self

    def log_p(self) -> np.ndarray:
        """Of the next token."""
        logits = MODEL.logits(self.values[-1], self.tokens).astype(np.float64)
        return logits - np.logaddexp.reduce(logits)

    def score(self, tokens: Sequence[int]) -> float:
        """Read the tokens; log P of them."""
        total = 0.0
        for token in tokens:
            total += float(self.log_p()[token])
            self.read([token])
        return total

    def ahead(self, tokens: Sequence[int]) -> float:
        """P of these tokens, without reading them."""
        reader = Reader(self.adapter)
        reader.tokens, reader.values = list(self.tokens), list(self.values)
        return float(np.exp(reader.score(tokens)))

    def write(self, most: int, refusal: Sequence[int] = ()) -> tuple[str, str]:
        """The greedy answer and why it ends."""
        text, refused = "", self.ahead(refusal) if refusal else 1.0
        for number in range(most):
            likely = np.exp(self.log_p())
            if number == 0 and refused <= 0.5:
                likely[refusal[0]] -= refused
            token = int(likely.argmax())
            if token == END:
                return text, "stop"
            text += MODEL.piece(token).decode()
            self.read([token])
        return text, "length"


def alone(prompt: Prompt, adapter: str = "") -> Reader:
    """All of the prompt in one sequence."""
    return Reader(adapter).read(prompt.tokens)


def spliced(prompt: Prompt, adapter: str = "") -> Reader:
    """The second and later passages as they are behind the prefix alone."""
    reader = Reader(adapter).read(prompt.prefix)
    for number, passage in enumerate(prompt.passages):
        if number:
            own = Reader(adapter).read([*prompt.prefix, *passage])
            reader.values += own.values[len(prompt.prefix) :]
            reader.tokens += passage
        else:
            reader.read(passage)
    return reader.read(prompt.suffix)


class FusedReader:
    """A sequence for each passage, and what they say together."""

    def __init__(self, prompt: Prompt, reading: Reading, adapter: str = "") -> None:
        start, end = prompt.question
        before, question = prompt.suffix[:start], prompt.suffix[start:end]
        passages = [*prompt.passages, *([()] if reading.contrast else [])]
        streams = [Reader(adapter).read([*prompt.prefix, *p, *before]) for p in passages]
        scores = [stream.score(question) for stream in streams]
        for stream in streams:
            stream.read(prompt.suffix[end:])
        self.reading = reading
        self.bare = streams.pop() if reading.contrast else None
        self.scores = scores[: len(streams)]
        priors = [reading.prior(number) for number in range(len(streams))]
        self.weights = _shares(np.array(self.scores) / reading.temperature + np.array(priors))
        self.streams = dict(enumerate(streams))
        self.log_weights = dict(enumerate(np.log(self.weights)))
        self._drop()
        refusals = {n: stream.ahead(reading.refusal) for n, stream in self.streams.items()}
        self.refusals = refusals if min(refusals.values()) <= 0.5 else {}

    def write(self, most: int) -> tuple[str, str, list[list[float]], float]:
        """The greedy answer, why it ends, each token's posterior, and its log P."""
        text, posteriors, total = "", [], 0.0
        for _ in range(most):
            mixed, own = self._mixed()
            token = int(mixed.argmax())
            total += float(mixed[token] - np.logaddexp.reduce(mixed))
            if token == END:
                return text, "stop", posteriors, total
            text += MODEL.piece(token).decode()
            posteriors.append(self._take(token, own))
        return text, "length", posteriors, total

    def forced(self, tokens: Sequence[int]) -> float:
        """log P of an answer."""
        total = 0.0
        for token in tokens:
            mixed, own = self._mixed()
            total += float(mixed[token] - np.logaddexp.reduce(mixed))
            self._take(token, own)
        return total

    def _mixed(self) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """The next token's, and each stream's part in it."""
        own = {n: self.log_weights[n] + stream.log_p() for n, stream in self.streams.items()}
        if self.refusals:
            own = self._answering()
        mixed: np.ndarray = np.logaddexp.reduce(list(own.values()), axis=0)
        if self.bare:
            mixed = (1 + self.reading.contrast) * mixed - self.reading.contrast * self.bare.log_p()
        return mixed, own

    def _answering(self) -> dict[int, np.ndarray]:
        """What each stream says next if it does not refuse."""
        first, parts = self.reading.refusal[0], {}
        answers = {n: np.exp(self.log_weights[n]) * (1 - q) for n, q in self.refusals.items()}
        for number, refusal in self.refusals.items():
            answering = np.exp(self.streams[number].log_p())
            answering[first] -= refusal
            parts[number] = answers[number] / sum(answers.values()) * answering / (1 - refusal)
        self.refusals = {}
        return {number: np.log(np.maximum(part, 1e-300)) for number, part in parts.items()}

    def _take(self, token: int, own: dict[int, np.ndarray]) -> list[float]:
        after = {number: part[token] for number, part in own.items()}
        total = np.logaddexp.reduce(list(after.values()))
        posterior = [float(np.exp(after[n] - total)) if n in after else 0.0 for n in self._all()]
        if self.reading.bayes:
            self.log_weights = {number: weight - total for number, weight in after.items()}
            self._drop()
        for stream in [*self.streams.values(), *([self.bare] if self.bare else [])]:
            stream.read([token])
        return posterior

    def _all(self) -> range:
        return range(len(self.weights))

    def _drop(self) -> None:
        least = max(self.log_weights.values()) + np.log(LEAST)
        kept = {number: w for number, w in self.log_weights.items() if w >= least}
        total = np.logaddexp.reduce(list(kept.values()))
        self.log_weights = {number: weight - total for number, weight in kept.items()}
        self.streams = {number: self.streams[number] for number in kept}


def _shares(log_weights: np.ndarray) -> np.ndarray:
    weights: np.ndarray = np.exp(log_weights - np.logaddexp.reduce(log_weights))
    return weights
