"""Who waits, and how long, when a long prompt comes while answers are being written."""

import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from engine_setup import Article, forget, print_table, read_answer, shortened

from models.engine.engine import Engine
from models.engine.prompt import Prompt
from models.engine.sampling import Sampling
from models.engine.scheduler import PIECE
from models.engine.stream import Finish, Prefill, Text

RUNNING = 4  # answers that are being written when the long prompt comes
LONG_ANSWER = 200  # tokens: the answers must not end before the long prompt is read
BEGUN = 4  # pieces of text by which an answer is under way
ONE = Sampling(max_tokens=1)


@dataclass(frozen=True)
class Waits:
    """Seconds: who waits for what when a long prompt comes while answers are being written.

    `gap_s` is a usual time between two pieces of an answer before, `stall_s` the longest while
    the long prompt is read, `piece_s` the time of one piece of its prefill, the last, alone.
    """

    long_tokens: int
    piece_s: float
    gap_s: float
    stall_s: float
    long_alone_s: float
    long_s: float
    short_alone_s: float
    short_s: float


class Reader(threading.Thread):
    """Writes down when each piece of an answer came, until it is told to stop."""

    def __init__(self, engine: Engine, prompt: Prompt) -> None:
        super().__init__(daemon=True)
        self.times: list[float] = []
        self.begun, self._stop_wanted = threading.Event(), threading.Event()
        self._events = engine.generate(prompt, Sampling(max_tokens=LONG_ANSWER, lookup=False))

    def run(self) -> None:
        """Read."""
        with closing(self._events):
            for event in self._events:
                if isinstance(event, Text):
                    self.times.append(time.perf_counter())
                if len(self.times) >= BEGUN:
                    self.begun.set()
                if self._stop_wanted.is_set():
                    break
        self.begun.set()

    def stop(self) -> None:
        """Give the answer up, and wait for that."""
        self._stop_wanted.set()
        self.join()

    def gaps(self, begin: float, end: float) -> list[float]:
        """The times between two pieces that touch a span of time."""
        pairs = zip(self.times, self.times[1:], strict=False)
        return [later - one for one, later in pairs if later > begin and one < end]


def waits(engine: Engine, running: Sequence[Prompt], long: Prompt, short: Prompt) -> Waits:
    """One long prompt beside the running answers, and a short one behind it."""
    short_alone = _first_s(engine, short)
    long_alone = _first_s(engine, long)
    piece_s = _piece_s(engine, long)
    forget(engine)
    readers = [Reader(engine, prompt) for prompt in running]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.begun.wait()
    before = [gap for reader in readers for gap in reader.gaps(0, time.perf_counter())]
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as pool, closing(engine.generate(long, ONE)) as events:
        event = next(events)
        while not isinstance(event, Prefill):  # until its first piece is computed
            event = next(events)
        waiting = pool.submit(read_answer, engine.generate(short, ONE))
        while not isinstance(event, Text | Finish):
            event = next(events)
        ended = time.perf_counter()
        short_s = waiting.result().first_s
    stalls = [gap for reader in readers for gap in reader.gaps(began, ended)]
    for reader in readers:
        reader.stop()
    if len(stalls) < RUNNING:
        raise RuntimeError("the running answers ended before the long prompt was read")
    return Waits(
        len(long.tokens),
        piece_s,
        statistics.median(before),
        max(stalls),
        long_alone,
        ended - began,
        short_alone,
        short_s,
    )


def _first_s(engine: Engine, prompt: Prompt) -> float:
    forget(engine)
    return read_answer(engine.generate(prompt, ONE)).first_s


def _piece_s(engine: Engine, prompt: Prompt) -> float:
    """The time of the prompt's last piece, of the size that running answers wait for."""
    forget(engine)
    read_answer(engine.generate(prompt.tokens[:-PIECE], ONE))
    return read_answer(engine.generate(prompt, ONE)).first_s


def print_waits(found: Sequence[Waits]) -> None:
    """What a long prompt does to those beside it."""

    def median(name: str) -> str:
        return f"{statistics.median(getattr(one, name) for one in found):.3f} s"

    stall = statistics.median(one.stall_s / one.piece_s for one in found)
    short = statistics.median(one.short_s / one.long_s for one in found)
    tokens = found[0].long_tokens
    print_table(
        f"A prompt of {tokens} tokens comes while {RUNNING} answers are being written, medians",
        ["what", "time", ""],
        [
            ["between two pieces of a running answer, before", median("gap_s"), ""],
            [
                "the longest of them meanwhile",
                median("stall_s"),
                f"×{stall:.2f} of a prefill piece",
            ],
            [f"one prefill piece of {PIECE} tokens, alone", median("piece_s"), ""],
            ["the long prompt's first token, alone", median("long_alone_s"), ""],
            ["the long prompt's first token, beside the answers", median("long_s"), ""],
            ["a short prompt's first token, alone", median("short_alone_s"), ""],
            [
                "the same when it comes after the long one's first piece",
                median("short_s"),
                f"×{short:.2f} of the long one's",
            ],
        ],
    )


def long_text(engine: Engine, articles: Sequence[Article], tokens: int) -> str:
    """A request over so many tokens of text."""
    text = "\n".join(p.page_content for article in articles for p in article.passages)
    return "Summarize this text.\n\n" + shortened(engine.model, text, tokens)
