"""What tuning measured: the rows, the winner, and a table of them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from models.tuning import BUSY, Tuning

PROMPT, ANSWER = 800, 64  # tokens of a typical question with its passages, and of its answer


def question_seconds(prefill: float, decode: float) -> float:
    """Seconds for a typical question: 800 / prefill + 64 / decode, in tokens per second."""
    return PROMPT / prefill + ANSWER / decode


@dataclass(frozen=True)
class Row:
    """One configuration: what varied (`stage`), the best of its timings, what came of it.

    Without timings `verdict` says why. `loss` is known for quantizations alone. Flash attention
    None was left to llama.cpp.
    """

    stage: str
    kind: str
    threads: int
    batch: int
    flash_attention: bool | None
    prefill: float | None = None
    decode: float | None = None
    loss: float | None = None
    verdict: str = ""

    @property
    def seconds(self) -> float | None:
        """For a typical question."""
        if self.prefill is None or self.decode is None:
            return None
        return question_seconds(self.prefill, self.decode)


@dataclass(frozen=True)
class TuneReport:
    """All rows in the order of the search, and the tuning that was recorded.

    `prompt` and `answer` are the tokens that each timing took.
    """

    model: str
    rows: tuple[Row, ...]
    winner: Tuning
    prompt: int
    answer: int

    def table(self) -> str:
        """The rows as text, and the outcome in a sentence."""
        cells = [_HEADINGS, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in cells
        ]
        return "\n".join([*lines, "", *self._outcome()])

    def as_json(self) -> dict[str, Any]:
        """The report in plain types."""
        return {
            "model": self.model,
            "winner": self.winner.as_json(),
            "rows": [{**asdict(row), "seconds": row.seconds} for row in self.rows],
            "timed_prompt_tokens": self.prompt,
            "timed_answer_tokens": self.answer,
            "seconds_are": f"{PROMPT} / prefill + {ANSWER} / decode",
        }

    def _outcome(self) -> Iterator[str]:
        best = self.winner
        yield (
            f"Timed with {self.prompt} tokens of prompt and {self.answer} of answer, each the best "
            f"of its repetitions. A question is {PROMPT} tokens of prompt and {ANSWER} of answer; "
            "loss is the mean negative log-likelihood of a token of a sample text."
        )
        threads = "1 thread" if best.threads == 1 else f"{best.threads} threads"
        yield (
            f"Recorded: {best.kind}, {threads}, flash attention "
            f"{_FLASH[best.flash_attention]}, batches of {best.batch}: {best.seconds:.2f} s for a "
            f"question, {best.seconds_before:.2f} s before."
        )
        if best.busy > BUSY:
            yield (
                f"Other programs took {best.busy:.0%} of the processors' time: tune again when the "
                "machine is idle."
            )


_HEADINGS = (
    "varied",
    "weights",
    "threads",
    "flash attention",
    "batch",
    "prefill t/s",
    "decode t/s",
    "question",
    "loss",
    "",
)
_FLASH = {None: "auto", True: "on", False: "off"}


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.stage,
        row.kind,
        str(row.threads),
        _FLASH[row.flash_attention],
        str(row.batch),
        _number(row.prefill, ".1f"),
        _number(row.decode, ".1f"),
        _number(row.seconds, ".2f") + (" s" if row.seconds else ""),
        _number(row.loss, ".3f"),
        row.verdict,
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
