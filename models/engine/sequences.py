"""Which tokens' KV lies in which of the context's sequences, and what goes when room is needed.

Everything that changes the KV cache passes through here, so that the cells in use are known
without asking llama.cpp. It does not know what the tokens are for.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from models.engine.blobs import Span
from models.errors import ModelError

MOVED = -(1 << 32)  # keys from here down are of KV that was computed elsewhere


def moved_key(token: int, number: int) -> int:
    """The key of a token whose KV was moved there; it differs by passage, `number` from 1."""
    return ~token + MOVED * number


class Cells(Protocol):
    """What is needed of models.engine.context.Context."""

    size: int

    def remove(self, sequence: int, start: int = 0, end: int = -1) -> bool: ...
    def copy(self, source: int, target: int, start: int = 0, end: int = -1) -> None: ...
    def shift(self, sequence: int, start: int, end: int, delta: int) -> None: ...
    def save(self, sequence: int) -> bytes: ...
    def restore(self, sequence: int, blob: bytes | memoryview) -> bool: ...
    def extent(self, sequence: int) -> tuple[int, int]: ...
    def reset(self) -> None: ...


class KVSequence:
    """One sequence: `keys` say what each position's KV was computed from, `cells` where it lies.

    A key is the token itself, or another number where the KV differs from the token's exact one.
    `number` is llama.cpp's, None while the sequence is out of the cache. `moved` tells after how
    many decodes a part of it was moved.
    """

    def __init__(self, number: int, adapter: str) -> None:
        self.number: int | None = number
        self.adapter = adapter
        self.keys: list[int] = []
        self.cells: list[int] = []
        self.busy = True
        self.used = 0
        self.moved = -1
        self.on_evict: Callable[[KVSequence, bytes], None] | None = None

    def __len__(self) -> int:
        return len(self.keys)


class Swapped(NamedTuple):
    """A sequence out of the cache: its first `shared` positions are those of `source`."""

    sequence: KVSequence
    source: KVSequence | None
    shared: int
    blob: bytes


class RestoreFailed(ModelError):
    """llama.cpp refused a saved state: the whole cache is to be emptied."""


class Sequences:
    """The sequences of one context, busy ones and those kept for what they hold.

    Without `shares` no sequence is begun with a part of another: the memory of recurrent models
    has no parts.
    """

    def __init__(self, cells: Cells, numbers: int, *, shares: bool = True) -> None:
        self._cells = cells
        self.can_share = shares
        self._free_numbers = list(range(numbers - 1, -1, -1))
        self._resident: list[KVSequence] = []
        self._shares: Counter[int] = Counter()  # cell -> how many sequences hold it
        self._next_cell = itertools.count()
        self._clock = itertools.count()
        self._decodes = 0
        self.refused: set[Span] = set()  # blobs that llama.cpp did not take

    @property
    def used(self) -> int:
        """Cells in use."""
        return len(self._shares)

    def room_without(self, sequence: KVSequence) -> int:
        """Cells that can be had if this sequence is given up, and nothing else that is busy."""
        busy = {cell for s in self._resident if s.busy and s is not sequence for cell in s.cells}
        return self._cells.size - len(busy)

    @property
    def resident(self) -> tuple[KVSequence, ...]:
        """All sequences in the cache."""
        return tuple(self._resident)

    # ---- beginning and ending

    def claim(self, keys: list[int], adapter: str, most: int) -> KVSequence:
        """A busy sequence that holds as much of `keys[:most]` as any sequence here does."""
        best, shared = self._longest(keys, adapter, most)
        if best and not self.can_share and (best.busy or shared < len(best)):
            best, shared = None, 0
        if best and not best.busy and shared == len(best):
            best.busy = True
            return best
        if best:
            best.used = next(self._clock)  # not to be evicted for the sake of its own copy
        sequence = self.fresh(adapter, protect=best)
        if best and shared:
            self.share(best, sequence, 0, shared)
        return sequence

    def fresh(self, adapter: str, protect: KVSequence | None = None) -> KVSequence:
        """An empty busy sequence. Raises ModelError if all numbers are busy."""
        if not self._free_numbers and not self._evict_one(protect):
            raise ModelError("too many answers at once: all sequences of the context are in use")
        sequence = KVSequence(self._free_numbers.pop(), adapter)
        self._resident.append(sequence)
        return sequence

    def release(self, sequence: KVSequence) -> None:
        """Keep what it holds for others to go on from, until the room is needed."""
        sequence.busy = False
        sequence.used = next(self._clock)
        if not sequence.keys:
            self.drop(sequence)

    def drop(self, sequence: KVSequence) -> None:
        """Forget it and give back its cells. Twice is fine."""
        if sequence.number is None:
            return
        self._cells.remove(sequence.number)
        self._free(sequence.cells)
        self._free_numbers.append(sequence.number)
        self._resident.remove(sequence)
        sequence.number = None
        sequence.cells = []

    def clear(self) -> None:
        """Forget everything, and whatever llama.cpp may still hold."""
        for sequence in self.resident:
            self.drop(sequence)
        self._cells.reset()

    # ---- room

    def room(self, count: int) -> bool:
        """Evict kept sequences, least recently used first, until `count` cells are free."""
        while self._cells.size - self.used < count:
            if not self._evict_one():
                return False
        return True

    def evict_all(self) -> None:
        """Evict every kept sequence, each saved by its own `on_evict`."""
        while self._evict_one():
            pass

    def _evict_one(self, protect: KVSequence | None = None) -> bool:
        kept = [s for s in self._resident if not s.busy and s is not protect]
        if not kept:
            return False
        oldest = min(kept, key=lambda sequence: sequence.used)
        if oldest.on_evict and oldest.number is not None:
            oldest.on_evict(oldest, self._cells.save(oldest.number))
        self.drop(oldest)
        return True

    # ---- changing what a sequence holds

    def extend(self, sequence: KVSequence, keys: list[int]) -> None:
        """Note tokens that were decoded into it."""
        sequence.keys += keys
        self._take(sequence, len(keys))
        self._decodes += 1

    def settled(self, sequence: KVSequence) -> bool:
        """Whether it can be saved: what was moved is in its place only after the next decode."""
        return sequence.moved < self._decodes

    def cut(self, sequence: KVSequence, length: int) -> None:
        """Drop the positions from `length` on; all of them where the model can't cut."""
        if sequence.number is None or length >= len(sequence):
            return
        if not self._cells.remove(sequence.number, length):
            self._cells.remove(sequence.number)
            length = 0
        self._free(sequence.cells[length:])
        del sequence.keys[length:], sequence.cells[length:]

    def share(self, source: KVSequence, target: KVSequence, start: int, end: int) -> None:
        """Append the source's positions `start` to `end` to the target, which ends at `start`."""
        if source.number is None or target.number is None:
            raise ModelError("a sequence that is not in the cache cannot be shared")
        self._cells.copy(source.number, target.number, start, end)
        cells = source.cells[start:end]
        self._shares.update(cells)
        target.cells += cells
        target.keys += source.keys[start:end]

    def unify(self, sequence: KVSequence, source: KVSequence, length: int) -> None:
        """Give back the sequence's own cells of a beginning that the source holds, too."""
        shared, own = source.cells[:length], sequence.cells[:length]
        if source.number is None or sequence.number is None or shared == own or not self.can_share:
            return
        self._cells.remove(sequence.number, 0, length)
        self._cells.copy(source.number, sequence.number, 0, length)
        self._shares.update(shared)
        self._free(own)
        sequence.cells[:length] = shared

    def save(self, sequence: KVSequence, start: int, end: int) -> bytes:
        """The KV of some of its positions, exact as computed. b"" if llama.cpp cannot."""
        spare = self.fresh(sequence.adapter)
        try:
            if sequence.number is None or spare.number is None:
                return b""
            self._cells.copy(sequence.number, spare.number, start, end)
            return self._cells.save(spare.number)
        finally:
            self.drop(spare)

    def restore(self, sequence: KVSequence, blob: bytes, keys: list[int], start: int) -> None:
        """Append saved KV that was computed from position `start` on, shifted to where it ends.

        Raises RestoreFailed if llama.cpp does not take it, or it is not what it should be.
        """
        spare = self.fresh(sequence.adapter)
        try:
            if spare.number is None or sequence.number is None:
                raise RestoreFailed("a sequence that is not in the cache cannot be restored")
            restored = self._cells.restore(spare.number, blob)
            if not restored or self._cells.extent(spare.number) != (start, start + len(keys) - 1):
                raise RestoreFailed("llama.cpp did not take a saved part of its KV cache")
            begin = len(sequence)
            if begin != start:  # before copying: a shift moves cells for all who share them
                self._cells.shift(spare.number, start, start + len(keys), begin - start)
                sequence.moved = self._decodes
            self._cells.copy(spare.number, sequence.number, begin, begin + len(keys))
            sequence.keys += keys
            self._take(sequence, len(keys))
        finally:
            self.drop(spare)

    # ---- out of the cache and back, for a job that has to wait

    def swap_out(self, sequences: Sequence[KVSequence]) -> list[Swapped]:
        """Save busy sequences and take them out of the cache; `swap_in` brings them back.

        Cells that they share are saved once, and shared again.
        """
        out: list[Swapped] = []
        for sequence in sequences:
            source, shared = self._sharing(sequence, [swapped.sequence for swapped in out])
            out.append(Swapped(sequence, source, shared, b""))
        for place, (sequence, source, shared, _) in enumerate(out):
            if sequence.number is None:
                raise ModelError("the sequence is not in the cache")
            if len(sequence) > shared:
                if shared:
                    self._cells.remove(sequence.number, 0, shared)
                out[place] = Swapped(sequence, source, shared, self._cells.save(sequence.number))
            self.drop(sequence)
        return out

    def swap_in(self, out: Sequence[Swapped]) -> None:
        """Bring back what `swap_out` took. The room must be there. Raises RestoreFailed."""
        for sequence, source, shared, blob in out:
            place = self.fresh(sequence.adapter)
            self._resident.remove(place)
            sequence.number, sequence.cells = place.number, []
            self._resident.append(sequence)
            if place.number is None:
                continue
            if len(sequence) > shared and not self._cells.restore(place.number, blob):
                raise RestoreFailed("llama.cpp did not take back a waiting answer's KV cache")
            if source and source.number is not None:
                self._cells.copy(source.number, place.number, 0, shared)
                sequence.cells = source.cells[:shared]
                self._shares.update(sequence.cells)
            self._take(sequence, len(sequence) - shared)

    # ---- inside

    @staticmethod
    def _sharing(
        sequence: KVSequence, others: Sequence[KVSequence]
    ) -> tuple[KVSequence | None, int]:
        """Which of the others has most of its first cells, and how many."""
        best: tuple[KVSequence | None, int] = None, 0
        for other in others:
            shared = _common(other.cells, sequence.cells, len(sequence))
            best = max(best, (other, shared), key=lambda found: found[1])
        return best

    def _longest(self, keys: list[int], adapter: str, most: int) -> tuple[KVSequence | None, int]:
        best, longest = None, 0
        for sequence in self._resident:
            if sequence.adapter != adapter:
                continue
            shared = _common(sequence.keys, keys, most)
            # Of equals one that can be gone on from as it is.
            if shared > longest or (shared and shared == longest == len(sequence)):
                best, longest = sequence, shared
        return best, longest

    def _take(self, sequence: KVSequence, count: int) -> None:
        cells = [next(self._next_cell) for _ in range(count)]
        self._shares.update(cells)
        sequence.cells += cells

    def _free(self, cells: list[int]) -> None:
        for cell in cells:
            self._shares[cell] -= 1
            if not self._shares[cell]:
                del self._shares[cell]


def _common(ours: list[int], theirs: list[int], most: int) -> int:
    """How many leading keys are the same, `most` at most."""
    least, most = 0, min(len(ours), len(theirs), most)
    if ours[:most] == theirs[:most]:
        return most
    while most - least > 1:  # equal up to least, different up to most
        middle = (least + most) // 2
        if ours[least:middle] == theirs[least:middle]:
            least = middle
        else:
            most = middle
    return least
