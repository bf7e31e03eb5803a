"""Passages' KV ahead of any question: for each chunk the blob that answering will look for.

It does not know how a blob is computed or kept, only how large it will be.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel

from chains.model_size import is_small
from chains.prompts import passage_messages, passage_text, system_words
from chains.retriever import KV
from chains.writing import answering
from ingest import Library
from models.card import read_card
from models.chat_model import KvasirChat
from models.engine.engine import PromptTooLong
from models.errors import ModelError
from models.loaded import shared_store
from models.plan import kv_bytes_per_token
from models.settings import get_settings

BATCH = 200  # chunks that are read from the library at once
OVERHEAD = 4096  # bytes of a blob beside its tokens', at most
TEMPLATE = 64  # tokens that a chat template puts around the instructions, at most


@dataclass(frozen=True)
class Unread:
    """A passage that the model cannot read, and why."""

    source: str
    page: int
    reason: str


@dataclass
class Warming:
    """How far it is: of all `passages`, `chosen` fit into the `room` in bytes.

    Of those so many were `computed` now, found already (`reused`), or `failed`. `tokens` were
    computed in `seconds`. `enough` is about what all passages would take, in bytes.
    """

    passages: int
    chosen: int
    room: int
    enough: int
    computed: int = 0
    reused: int = 0
    tokens: int = 0
    seconds: float = 0.0
    failed: list[Unread] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Passages that are through, failed ones too."""
        return self.computed + self.reused + len(self.failed)

    @property
    def left(self) -> int:
        """Passages that there is no room for."""
        return self.passages - self.chosen

    @property
    def tokens_per_s(self) -> float:
        """The speed of computing; 0 where all was there."""
        return self.tokens / self.seconds if self.seconds else 0.0


def warm(library: Library, llm: BaseChatModel) -> Iterator[Warming]:
    """Have the KV of the library's passages in its folder, the newest documents' first.

    Gives one and the same account before the first passage and after each; what was done stays,
    whenever it is stopped. Raises ModelError where there is no KV that could be kept, or the
    folder does not take it.
    """
    local = answering(_local(llm)).model_copy(update={"blobs": library.folder / KV})
    room = _room(local.blobs)
    order = _newest_first(library)
    chosen, mean = _that_fit(library, order, local, room)
    account = Warming(len(order), len(chosen), room, mean * len(order))
    if len(chosen) < len(order):
        # The store drops first what was used longest ago: what is kept last stays longest.
        chosen.reverse()
    yield account
    for passage in _passages(library, chosen):
        started = time.perf_counter()
        try:
            computed = local.warm(passage_messages([passage], small=is_small(local))).computed
        except PromptTooLong as error:
            place = passage.metadata
            account.failed.append(Unread(place["source"], place["page"], str(error)))
        else:
            account.computed += computed
            account.reused += not computed
            if computed:
                _await_disk(local.blobs)
                account.tokens += _tokens(local, passage)
                account.seconds += time.perf_counter() - started
        yield account


def _local(llm: BaseChatModel) -> KvasirChat:
    """The model, loaded, if passages computed ahead would be of use to it."""
    settings = get_settings()
    if not isinstance(llm, KvasirChat):
        raise ModelError(
            f"{settings.model} runs elsewhere: only for a model on this machine can passages be "
            "computed ahead. Set KVASIR_MODEL"
        )
    if not settings.kv_budget:
        raise ModelError("KVASIR_KV_BUDGET is 0: nothing that is computed is kept. Set it to more")
    if llm.kv_reuse == "off":
        raise ModelError(
            "KVASIR_KV_REUSE is off: what is computed ahead would not be used. Set it to exact"
        )
    if llm.engine.model.is_recurrent:
        raise ModelError(
            f"{llm.model} has a recurrent memory instead of a KV cache: nothing of it can be kept"
        )
    return llm


def _room(folder: Path) -> int:
    """Bytes that the passages may take: the budget, or what is left of the disk."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error.strerror}") from error
    return min(int(get_settings().kv_budget), shared_store(folder).size() + free)


def _newest_first(library: Library) -> list[int]:
    """The ids of all chunks: those of the newest document first, each document's in order."""
    added = {document.id: document.added_at for document in library.documents()}
    ids = library.store.chunk_ids()
    owners: dict[int, int] = {}
    for start in range(0, len(ids), BATCH):
        stored = library.store.passages(ids[start : start + BATCH])
        owners |= {passage.chunk_id: passage.document_id for passage in stored}
    return sorted(owners, key=lambda id: (added.get(owners[id], ""), owners[id]), reverse=True)


def _that_fit(
    library: Library, order: Sequence[int], llm: KvasirChat, room: int
) -> tuple[list[int], int]:
    """The first of the chunks, as many as there is room for, and the mean of their bytes."""
    engine = llm.engine
    per_token = kv_bytes_per_token(read_card(engine.path), engine.placement.kv_type)
    # What all prompts begin with is kept, too.
    beginning = len(llm.get_token_ids(system_words(small=is_small(llm)))) + TEMPLATE
    room -= beginning * per_token + OVERHEAD
    chosen: list[int] = []
    sizes: list[int] = []
    for passage in _passages(library, order):
        sizes.append(_tokens(llm, passage) * per_token + OVERHEAD)
        if sum(sizes) > room:
            break
        chosen.append(passage.metadata["chunk_id"])
    return chosen, sum(sizes) // max(len(sizes), 1)


def _tokens(llm: KvasirChat, passage: Document) -> int:
    return len(llm.get_token_ids(passage_text(passage)))


def _passages(library: Library, ids: Sequence[int]) -> Iterator[Document]:
    """The chunks as retrieval gives them, in this order; those that went meanwhile are missing."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = {passage.chunk_id: passage for passage in library.store.passages(batch)}
        for passage in (found[id] for id in batch if id in found):
            fields = ("title", "source", "page", "chunk_id")
            metadata = {name: getattr(passage, name) for name in fields}
            yield Document(passage.text, metadata=metadata)


def _await_disk(folder: Path) -> None:
    """Wait until it is written: what comes faster than the disk takes it would be lost."""
    shared_store(folder).flush()
    if not any(folder.iterdir()):
        raise ModelError(f"{folder} does not take the model's KV: see that it can be written")
