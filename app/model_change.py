"""The job that puts another model, or another adapter, in the place of the one that answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from app.gate import Gate
from app.job import Job
from chains import RagChain
from models.adapters import find_adapter
from models.chat_model import KvasirChat, chat_model
from models.errors import KvasirError, ModelError
from models.loaded import close_engine
from models.rehearsal import rehearse
from models.settings import PREFIX, get_settings
from models.weights import find_weights, is_provider

State = Literal["trying", "waiting", "loading", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Choice:
    """What answers: a model and its adapter, "" for none, by the names that settings take."""

    model: str
    adapter: str = ""


def chosen() -> Choice:
    """What the settings say now."""
    settings = get_settings()
    return Choice(settings.model, settings.adapter)


class ModelChange(Job):
    """Tries the new one in a process of its own, waits for the answers under way, then changes.

    Until the new one has been loaded, the old one stays the one in use: whatever goes wrong leaves
    it there, and `error` is the line that says what. The old one's memory is free before the new
    one takes its own. `waits_for` answers are still being written.
    """

    def __init__(self, chain: RagChain, gate: Gate, wanted: Choice) -> None:
        super().__init__()
        self.wanted = wanted
        self.state: State = "trying"
        self.error = ""
        self._chain = chain
        self._gate = gate

    @property
    def waits_for(self) -> int:
        """How many answers are under way."""
        return self._gate.inside

    def work(self) -> None:
        try:
            self._try()
            self._go_on("waiting")
            with self._gate.alone(self.step):
                self._go_on("loading")
                self._change()
        except KvasirError as error:
            self.error = str(error)
            self.state = "failed"
        else:
            self.state = "done"

    def ended(self) -> None:
        if self.state not in ("done", "failed"):
            self.state = "stopped"

    def _go_on(self, state: State) -> None:
        self.state = state
        self.step()

    def _try(self) -> None:
        """Find out what is wrong with it while the old one still answers."""
        adapter = find_adapter(self.wanted.adapter)
        if not is_provider(self.wanted.model):
            rehearse(find_weights(self.wanted.model), adapter)

    def _change(self) -> None:
        with _settings(self.wanted) as before:
            model = chat_model()
            if before.model != self.wanted.model:
                _free(before.model)
            if isinstance(model, KvasirChat):
                _ = model.engine
            self._chain.llm = model


def _free(name: str) -> None:
    if not is_provider(name):
        with suppress(ModelError):  # its file is gone: what is loaded of it ends with the process
            close_engine(find_weights(name))


@contextmanager
def _settings(wanted: Choice) -> Iterator[Choice]:
    """Have the whole process use a choice, for good if the block goes well; gives the old one."""
    before, variables = chosen(), (f"{PREFIX}MODEL", f"{PREFIX}ADAPTER")
    kept = {name: os.environ.get(name) for name in variables}
    os.environ.update(zip(variables, (wanted.model, wanted.adapter), strict=True))
    get_settings.cache_clear()
    try:
        yield before
    except BaseException:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        get_settings.cache_clear()
        raise
