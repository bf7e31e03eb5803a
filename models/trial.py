"""One configuration under test, and what is known of it so far."""

from dataclasses import dataclass

from models.errors import ModelError
from models.measure import Configuration, Speed
from models.tune_report import Row, question_seconds


@dataclass
class Trial:
    """The best of a configuration's timings; with a verdict it is out of the race."""

    configuration: Configuration
    prefill: float = 0.0
    decode: float = 0.0
    loss: float | None = None
    verdict: str = ""
    failed: bool = False

    @property
    def seconds(self) -> float:
        timed = self.prefill and self.decode
        return question_seconds(self.prefill, self.decode) if timed else float("inf")

    def add(self, measured: Speed) -> None:
        self.prefill = max(self.prefill, measured.prefill)
        self.decode = max(self.decode, measured.decode)

    def fail(self, reason: ModelError) -> None:
        self.verdict, self.failed = str(reason), True

    def row(self, stage: str) -> Row:
        run = self.configuration
        return Row(
            stage,
            run.kind,
            run.threads,
            run.batch,
            run.flash_attention,
            self.prefill or None,
            self.decode or None,
            self.loss,
            self.verdict,
        )
