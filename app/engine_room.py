"""What all sessions share of the model that answers: which it is, its changing, its health."""

from __future__ import annotations

from threading import Lock

from app.examination import Examination
from app.gate import Gate
from app.model_change import Choice, ModelChange, chosen
from chains import RagChain


class EngineRoom:
    """`first` is what the settings named at the start, `change` the latest change, if any was made.

    The model that `chain` answers with changes for everybody.
    """

    def __init__(self, chain: RagChain, gate: Gate) -> None:
        self.first = chosen()
        self.change: ModelChange | None = None
        self._chain = chain
        self._gate = gate
        self._examination: tuple[Choice, Examination] | None = None
        self._lock = Lock()

    @property
    def busy(self) -> bool:
        """Whether a change is under way."""
        return self.change is not None and not self.change.finished

    def use(self, wanted: Choice) -> bool:
        """Begin a change; False where another is under way, and then nothing is done."""
        with self._lock:
            if self.busy:
                return False
            self.change = ModelChange(self._chain, self._gate, wanted)
            self.change.start()
            return True

    def examination(self) -> Examination:
        """What was found out about the choice in use; begun where nothing was."""
        with self._lock:
            if self._examination is None or self._examination[0] != chosen():
                self._examination = (chosen(), _begun(Examination(loading=False)))
            return self._examination[1]

    def examine(self) -> None:
        """Find out everything anew, with a trial load."""
        with self._lock:
            if self._examination is None or self._examination[1].finished:
                self._examination = (chosen(), _begun(Examination(loading=True)))


def _begun(examination: Examination) -> Examination:
    examination.start()
    return examination
