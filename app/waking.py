"""The job that loads the embedder and the chat model before anybody asks."""

from __future__ import annotations

from contextlib import suppress

from app.gate import Gate
from app.job import Job
from chains import RagChain
from models.chat_model import KvasirChat
from models.errors import KvasirError


class Waking(Job):
    """What cannot be loaded is passed over in silence: whoever asks will be told."""

    def __init__(self, chain: RagChain, gate: Gate) -> None:
        super().__init__()
        self._chain = chain
        self._gate = gate

    def work(self) -> None:
        with suppress(KvasirError), self._gate.passing():
            self._chain.library.embedder.embed_query("ready")
            if isinstance(self._chain.llm, KvasirChat):
                _ = self._chain.llm.context_size
