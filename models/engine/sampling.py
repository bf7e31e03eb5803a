"""How the next token is chosen. It does not know llama.cpp: models.engine.sampler applies it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Sampling:
    """The choice of tokens and the end of the text.

    `temperature` 0 always takes the likeliest token. `repeat_penalty` above 1 makes the answer's
    own last 64 tokens less likely (Keskar et al. 2019, CTRL, section 4.1). `seed` None draws
    another text every time. `stop` strings end the text and are not part of it. `grammar` is
    GBNF, with the rule `root`: nothing else is written. `lookup` lets answers be drafted from the
    prompt (models.engine.lookup): "exact" where that changes nothing, to the last bit; True
    wherever it pays, and then what is nearly a tie may fall otherwise; False never.
    """

    temperature: float = 0.0
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int | None = None
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    grammar: str = ""
    lookup: bool | Literal["exact"] = "exact"


class StopFilter:
    """Text as it may be shown: held back while it could be the start of a stop string."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Take new text and return what can be shown; after a stop string, nothing more."""
        if self.stopped:
            return ""
        self._held += text
        found = [(at + len(stop), at) for stop in self._stop if (at := self._held.find(stop)) >= 0]
        if found:
            # The first to end, not to start: the text is the same however it was cut on its way.
            self.stopped = True
            shown, self._held = self._held[: min(found)[1]], ""
            return shown
        keep = max((self._overlap(stop) for stop in self._stop), default=0)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def flush(self) -> str:
        """What was held back when the text ended without the stop string."""
        shown, self._held = self._held, ""
        return shown

    def _overlap(self, stop: str) -> int:
        """The longest end of the held text that starts `stop`."""
        longest = min(len(stop) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(stop[:n])), 0)
