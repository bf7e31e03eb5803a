"""The sequences in any order of events, over a fake cache that does what llama.cpp's does."""

import json
from dataclasses import dataclass

from fake_cells import FakeCells
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from models.engine.sequences import KVSequence, RestoreFailed, Sequences

SIZE, NUMBERS = 40, 7
KEYS = st.lists(st.integers(0, 2), max_size=14)
ADAPTERS = st.sampled_from(["", "", "legal"])


def common(ours: list[int], theirs: list[int]) -> int:
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(ours), len(theirs)))


@dataclass
class Blob:
    """A part of a sequence as it was saved: its keys, and where it began."""

    data: bytes
    keys: list[int]
    start: int


class SequencesMachine(RuleBasedStateMachine):
    """What the engine does to sequences, in any order; its own tokens are the keys."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = FakeCells(SIZE, NUMBERS)
        self.sequences = Sequences(self.cells, NUMBERS)
        self.busy: dict[KVSequence, list[int]] = {}
        self.out: list[tuple[list[KVSequence], list]] = []
        self.blobs: list[Blob] = []
        self.evicted: list[tuple[list[int], list[int]]] = []

    def pick(self, data: st.DataObject) -> KVSequence:
        return data.draw(st.sampled_from(list(self.busy)))

    def free(self) -> int:
        return SIZE - len(self.cells.cells)

    def kept(self) -> list[KVSequence]:
        return [sequence for sequence in self.sequences.resident if not sequence.busy]

    def takes(self) -> list[int]:
        return [*self.busy, *self.kept()]

    def decode(self, sequence: KVSequence, keys: list[int]) -> None:
        self.cells.settle()
        start = len(self.busy[sequence])
        places = range(start, start + len(keys))
        self.cells.add(
            sequence.number, [(at, key, 0) for at, key in zip(places, keys, strict=True)]
        )
        self.sequences.extend(sequence, keys)
        self.busy[sequence] += keys

    # ---- beginning and ending

    @precondition(lambda self: len(self.sequences.resident) - len(self.kept()) < NUMBERS - 1)
    @rule(keys=KEYS, adapter=ADAPTERS, less=st.integers(0, 3))
    def claim(self, keys: list[int], adapter: str, less: int) -> None:
        most = max(len(keys) - less, 0)
        others = [s for s in self.sequences.resident if s.adapter == adapter]
        longest = max((min(common(s.keys, keys), most) for s in others), default=0)
        claimed = self.sequences.claim(keys, adapter, most)
        assert claimed not in self.busy
        assert claimed.busy
        assert claimed.adapter == adapter
        assert claimed.keys == keys[:longest]
        claimed.on_evict = None
        self.busy[claimed] = keys[:longest]

    @precondition(lambda self: self.busy)
    @rule(data=st.data(), saves=st.booleans())
    def release(self, data: st.DataObject, saves: bool) -> None:
        sequence = self.pick(data)
        if saves:
            sequence.on_evict = self.on_evict
        self.sequences.release(sequence)
        del self.busy[sequence]

    def on_evict(self, sequence: KVSequence, blob: bytes) -> None:
        assert not sequence.busy
        self.evicted.append((list(sequence.keys), [token for _, token, _ in json.loads(blob)]))

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        sequence = self.pick(data)
        self.sequences.drop(sequence)
        self.sequences.drop(sequence)
        del self.busy[sequence]

    @rule()
    def evict_all(self) -> None:
        self.sequences.evict_all()
        assert self.kept() == []

    @rule()
    def lose_everything(self) -> None:
        self.sequences.clear()
        assert self.cells.resets
        self.busy, self.out = {}, []
        assert self.sequences.used == 0

    # ---- room and what a sequence holds

    @rule(count=st.integers(0, SIZE))
    def make_room(self, count: int) -> None:
        had = self.sequences.room(count)
        assert had == (self.free() >= count)
        assert had or not self.kept()

    @precondition(lambda self: self.busy)
    @rule(data=st.data(), keys=KEYS)
    def extend(self, data: st.DataObject, keys: list[int]) -> None:
        if self.sequences.room(len(keys)):
            self.decode(self.pick(data), keys)

    @precondition(lambda self: self.busy)
    @rule(data=st.data(), length=st.integers(0, 14))
    def cut(self, data: st.DataObject, length: int) -> None:
        sequence = self.pick(data)
        self.sequences.cut(sequence, length)
        del self.busy[sequence][length:]

    @precondition(lambda self: self.busy and self.sequences.resident)
    @rule(data=st.data())
    def share(self, data: st.DataObject) -> None:
        target = self.pick(data)
        source = data.draw(st.sampled_from(self.sequences.resident))
        start = len(target)
        if source is target or len(source) < start:
            return
        end = data.draw(st.integers(start, len(source)))
        self.sequences.share(source, target, start, end)
        self.busy[target] += source.keys[start:end]

    @precondition(lambda self: self.busy and self.sequences.resident)
    @rule(data=st.data())
    def unify(self, data: st.DataObject) -> None:
        target = self.pick(data)
        source = data.draw(st.sampled_from(self.sequences.resident))
        length = data.draw(st.integers(0, common(source.keys, target.keys)))
        self.sequences.unify(target, source, length)
        assert target.cells[:length] == source.cells[:length]

    # ---- saving and restoring

    @precondition(lambda self: self.busy and len(self.takes()) < NUMBERS)
    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        sequence = self.pick(data)
        if not sequence.keys:
            return
        start = data.draw(st.integers(0, len(sequence) - 1))
        end = data.draw(st.integers(start + 1, len(sequence)))
        self.cells.settle()
        blob = self.sequences.save(sequence, start, end)
        self.blobs.append(Blob(blob, sequence.keys[start:end], start))

    @precondition(lambda self: self.busy and self.blobs and len(self.takes()) < NUMBERS)
    @rule(data=st.data(), makes_room=st.booleans(), wrong=st.sampled_from(["", "", "", "keys"]))
    def restore(self, data: st.DataObject, makes_room: bool, wrong: str) -> None:
        sequence = self.pick(data)
        blob = data.draw(st.sampled_from(self.blobs))
        if makes_room:
            self.sequences.room(len(blob.keys))
        keys = [*blob.keys, 1] if wrong else blob.keys
        fits = self.free() >= len(blob.keys)
        try:
            self.sequences.restore(sequence, blob.data, keys, blob.start)
        except RestoreFailed:
            assert wrong or not fits
            self.lose_everything()
        else:
            assert fits
            assert not wrong
            self.busy[sequence] += keys

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def swap_out(self, data: st.DataObject) -> None:
        group = data.draw(st.sets(st.sampled_from(list(self.busy)), min_size=1, max_size=3))
        group = [sequence for sequence in self.busy if sequence in group]
        self.cells.settle()
        cells = len({cell for s in group for cell in s.cells})
        swapped = self.sequences.swap_out(group)
        self.out.append((swapped, [self.busy.pop(sequence) for sequence in group], cells))

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def swap_in(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.out) - 1))
        swapped, keys, cells = self.out[place]
        if len(self.busy) + len(swapped) > NUMBERS or not self.sequences.room(cells):
            return
        del self.out[place]
        used = self.sequences.used
        self.sequences.swap_in(swapped)
        self.busy |= {out.sequence: own for out, own in zip(swapped, keys, strict=True)}
        assert self.sequences.used == used + cells

    # ---- laws

    @invariant()
    def every_used_cell_is_known(self) -> None:
        assert self.sequences.used == len(self.cells.cells)

    @invariant()
    def every_sequence_holds_what_its_keys_say(self) -> None:
        numbers = [sequence.number for sequence in self.sequences.resident]
        assert len(set(numbers)) == len(numbers)
        for sequence in self.sequences.resident:
            own = self.cells.of(sequence.number)
            assert [cell.position for cell in own] == list(range(len(sequence)))
            assert [cell.token for cell in own] == sequence.keys
            assert len(sequence.cells) == len(sequence.keys)
        for cell in self.cells.cells:
            assert cell.owners <= set(numbers)

    @invariant()
    def busy_sequences_stay(self) -> None:
        assert {s for s in self.sequences.resident if s.busy} == set(self.busy)
        assert [s.keys for s in self.busy] == list(self.busy.values())

    @invariant()
    def what_is_evicted_is_saved_as_it_was(self) -> None:
        for keys, saved in self.evicted:
            assert keys == saved

    def teardown(self) -> None:
        for sequence in self.busy:
            self.sequences.release(sequence)
        self.sequences.evict_all()
        assert self.sequences.used == len(self.cells.cells) == 0
        every = [self.sequences.fresh("") for _ in range(NUMBERS)]
        assert sorted(s.number for s in every) == list(range(NUMBERS))


TestSequences = SequencesMachine.TestCase
TestSequences.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
