"""Prompt-lookup decoding: drafts of the next tokens from what stands in the prompt.

Answers over documents repeat them. What followed the last few tokens where they occurred before
is a good guess at what follows now; the model checks the guess in one decode (Saxena 2023,
"Prompt Lookup Decoding"; the check is that of Leviathan et al., 2211.17192). It knows only tokens.
"""

from collections.abc import Iterable

LONGEST, SHORTEST = 4, 2  # tokens that must agree before a draft, the longest match first
MOST = 10  # tokens of a draft
COST = 0.15  # of a drafted token, in decodes of one: measured by benchmarks/engine.py
HOPE = 1.0  # accepted tokens per draft before there is experience
MEMORY = 0.7  # what one draft's outcome leaves of the earlier ones' weight
REST = 16  # tokens without drafts after they did not pay


class Lookup:
    """The drafts for one answer, fewer and shorter where they do not come true."""

    def __init__(self, prompt: Iterable[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}  # n-gram -> where it last went on
        self._accepted = HOPE
        self._resting = 0
        for token in prompt:
            self.push(token)

    def push(self, token: int) -> None:
        """Take the next token of the prompt or of the answer."""
        # An n-gram is entered when its continuation is known: it does not find itself.
        for size in range(SHORTEST, LONGEST + 1):
            if len(self._tokens) >= size:
                self._after[tuple(self._tokens[-size:])] = len(self._tokens)
        self._tokens.append(token)
        self._resting = max(self._resting - 1, 0)

    def draft(self) -> list[int]:
        """Tokens that may come next; none where nothing fits or drafts do not pay."""
        if self._resting:
            return []
        length = min(int(self._accepted * 2) + 1, MOST)
        for size in range(LONGEST, SHORTEST - 1, -1):
            place = self._after.get(tuple(self._tokens[-size:]))
            if place is not None:
                return self._tokens[place : place + length]
        return []

    def learn(self, drafted: int, accepted: int) -> None:
        """Take note of how many tokens of a draft came true."""
        self._accepted = MEMORY * self._accepted + (1 - MEMORY) * accepted
        if accepted < drafted and self._accepted < COST * drafted:
            self._resting = REST
            self._accepted = HOPE
