"""A context and a model of numbers: every logit follows from what the cache holds, and nothing
else, so that an answer is known beforehand whatever runs beside it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fake_cells import FakeCells

from models.engine.context import Row
from models.errors import ModelError

WORDS, END = 40, 0  # tokens of the vocabulary, and the one that ends an answer
PRIME = 2**61 - 1


class FakeModel:
    """A vocabulary of letters, and logits drawn by what was read so far."""

    is_recurrent = False
    can_splice = True
    vocabulary_size = WORDS

    def adapter_named(self, path: str) -> Path | None:
        return Path(path) if path else None

    def beginning_named(self, path: str) -> None:
        return None

    def ends(self, token: int) -> bool:
        return token == END

    def piece(self, token: int) -> bytes:
        return chr(ord("A") + token).encode()

    def value(self, before: Sequence[int], token: int, adapter: str) -> int:
        """The KV of a token behind cells with these values."""
        return hash((*before, token, sum(adapter.encode()))) % PRIME

    def logits(self, value: int, tokens: Sequence[int]) -> np.ndarray:
        """Behind a cell of this value that ends these tokens: they like to be repeated."""
        logits = np.random.default_rng(value).normal(0, 2, WORDS).astype(np.float32)
        logits[END] -= 4
        pair = tuple(tokens[-2:])
        for place in range(len(tokens) - 3, -1, -1):
            if value % 4 and tuple(tokens[place : place + 2]) == pair:
                logits[tokens[place + 2]] += 6
                break
        return logits

    def greedy(self, prompt: Sequence[int], most: int, adapter: str = "") -> tuple[str, str]:
        """The text of the likeliest answer and why it ends, without any engine."""
        tokens, values = [], []
        for token in prompt:
            values.append(self.value(values, token, adapter))
            tokens.append(token)
        text = ""
        for _ in range(most):
            token = int(self.logits(values[-1], tokens).argmax())
            if token == END:
                return text, "stop"
            text += self.piece(token).decode()
            values.append(self.value(values, token, adapter))
            tokens.append(token)
        return text, "length"


class FakeContext(FakeCells):
    """What models.engine.scheduler needs of a context; it refuses what llama.cpp would."""

    def __init__(self, size: int, batch: int = 64, numbers: int = 64) -> None:
        super().__init__(size, numbers)
        self.model = FakeModel()
        self.batch_size = batch
        self.decodes: list[list[Row]] = []
        self.adapter = ""
        self.attempts = 0
        self.fails = self.aborts = 0  # decodes to come that fail, that are aborted
        self._logits: dict[int, np.ndarray] = {}

    def use_adapter(self, adapter: Path | None, scale: float = 1.0) -> None:
        self.adapter = str(adapter or "")

    def reset(self) -> None:
        super().reset()
        self.adapter = ""

    def abort(self) -> None:
        self.aborts += 1

    def decode(self, rows: Sequence[Row]) -> bool:
        assert 0 < len(rows) <= self.batch_size
        self.attempts += 1
        if self.aborts:
            self.aborts -= 1
            return False
        if self.fails:
            self.fails -= 1
            raise ModelError("llama.cpp could not decode")
        assert len(self.cells) + len(rows) <= self.size, "the cache is full"
        self.settle()
        self.decodes.append(list(rows))
        self._logits = {}
        for index, (token, position, sequence, wanted) in enumerate(rows):
            own = self.of(sequence)
            assert [cell.position for cell in own] == list(range(position))
            value = self.model.value([cell.value for cell in own], token, self.adapter)
            self.add(sequence, [(position, token, value)])
            if wanted:
                tokens = [*(cell.token for cell in own), token]
                self._logits[index] = self.model.logits(value, tokens)
        return True

    def logits(self, row: int) -> np.ndarray:
        return self._logits[row]
