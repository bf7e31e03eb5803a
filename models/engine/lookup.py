"""Prompt-lookup decoding: drafts of the next tokens from what stands in the prompt.

Answers over documents repeat them. What followed the last few tokens where they occurred before
is a good guess at what follows now; the model checks the guess in one decode (Saxena 2023,
"Prompt Lookup Decoding"; the check is that of Leviathan et al., 2211.17192). It knows only tokens
and the time that they took.
"""

from collections.abc import Iterable

LONGEST, SHORTEST = 4, 2  # tokens that must agree before a draft, the longest match first
FIRST, MOST = 6, 24  # tokens of the first draft, and of any
MEMORY = 0.7  # what one decode leaves of the earlier ones' weight
REST = 24  # tokens without drafts after they did not pay


class Lookup:
    """The drafts for one answer: longer where they come true, none where they cost time.

    A batch of a few tokens takes a GPU no longer than one token, a CPU up to as long as these
    one after the other: so what pays is measured on the way.
    """

    def __init__(self, prompt: Iterable[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}  # n-gram -> where it last went on
        self._length = FIRST
        self._plain_s = self._drafted_s = 0.0  # per token, 0 while unknown
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
        # Without the time of a plain decode there is nothing to compare with.
        if self._resting or not self._plain_s:
            return []
        for size in range(LONGEST, SHORTEST - 1, -1):
            place = self._after.get(tuple(self._tokens[-size:]))
            if place is not None:
                return self._tokens[place : place + self._length]
        return []

    def learn(self, drafted: int, accepted: int, seconds: float) -> None:
        """Take note of a decode: the tokens of its draft, those that came true, and its time."""
        if not drafted:
            self._plain_s = _mean(self._plain_s, seconds)
            return
        self._length = min(2 * self._length, MOST) if accepted == drafted else accepted + 2
        self._drafted_s = _mean(self._drafted_s, seconds / (accepted + 1))
        if self._drafted_s > self._plain_s:
            self._resting = REST
            self._drafted_s = 0.0
            self._length = FIRST


def _mean(before: float, now: float) -> float:
    return MEMORY * before + (1 - MEMORY) * now if before else now
