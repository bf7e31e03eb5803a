"""The sequences by name, over a fake cache; test_sequences_machine.py plays them in any order."""

import json

import pytest
from fake_cells import SPOILT, FakeCells

from models.engine.sequences import RestoreFailed, Sequences
from models.errors import ModelError

SIZE = 40


def filled(numbers: int = 4, *, shares: bool = True) -> tuple[FakeCells, Sequences]:
    """Three kept sequences of four, the one with 1 the oldest."""
    cells = FakeCells(SIZE, numbers)
    sequences = Sequences(cells, numbers, shares=shares)
    for key in (1, 2, 3):
        sequence = sequences.fresh("")
        cells.add(sequence.number, [(at, key, 0) for at in range(4)])
        sequences.extend(sequence, [key] * 4)
        sequences.release(sequence)
    return cells, sequences


def test_the_least_recently_used_go_first_and_what_was_begun_from_counts_as_used() -> None:
    _, sequences = filled(5)
    sequences.claim([1, 1], "", 2)
    sequences.room(SIZE - 12)
    sequences.room(SIZE - 8)
    assert [s.keys[0] for s in sequences.resident if not s.busy] == [1, 3]


def test_what_a_sequence_begins_with_is_not_evicted_for_its_sake() -> None:
    _, sequences = filled(3)
    claimed = sequences.claim([1, 1, 5], "", 3)
    assert claimed.keys == [1, 1]
    assert sorted(s.keys[0] for s in sequences.resident if not s.busy) == [1, 3]


def test_a_sequence_that_is_gone_on_from_as_it_is_takes_no_number() -> None:
    _, sequences = filled(3)
    claimed = sequences.claim([2, 2, 2, 2, 5], "", 5)
    assert claimed.keys == [2] * 4
    assert len(sequences.resident) == 3


def test_another_adapters_sequence_is_never_begun_from() -> None:
    _, sequences = filled(5)
    assert sequences.claim([1, 1, 1], "legal", 3).keys == []


def test_when_all_numbers_are_busy_nothing_is_lost() -> None:
    _, sequences = filled(3)
    every = [sequences.claim([key] * 4, "", 4) for key in (1, 2, 3)]
    with pytest.raises(ModelError, match="all sequences of the context are in use"):
        sequences.fresh("")
    with pytest.raises(ModelError, match="all sequences of the context are in use"):
        sequences.save(every[0], 0, 2)
    assert [sequence.keys for sequence in every] == [[key] * 4 for key in (1, 2, 3)]


def test_a_memory_without_parts_is_gone_on_from_as_it_is_or_not_at_all() -> None:
    cells, sequences = filled(8, shares=False)
    cells.can_cut = False
    assert sequences.claim([1, 1], "", 2).keys == []
    whole = sequences.claim([1, 1, 1, 1, 1], "", 5)
    assert whole.keys == [1] * 4
    assert sequences.claim([1, 1, 1, 1, 1], "", 5).keys == []
    sequences.cut(whole, 3)
    assert whole.keys == []
    assert sequences.used == len(cells.cells) == 8


def test_a_sequence_outside_of_the_cache_gives_nothing_and_takes_nothing() -> None:
    cells, sequences = filled()
    out = sequences.claim([1] * 4, "", 4)
    (swapped,) = sequences.swap_out([out])
    target = sequences.fresh("")
    assert sequences.save(out, 0, 2) == b""
    with pytest.raises(ModelError, match="not in the cache"):
        sequences.share(out, target, 0, 2)
    with pytest.raises(RestoreFailed, match="not in the cache"):
        sequences.restore(out, swapped.blob, [1] * 4, 0)
    with pytest.raises(ModelError, match="not in the cache"):
        sequences.swap_out([out])
    sequences.drop(target)
    sequences.swap_in([swapped])
    assert out.keys == [1] * 4
    assert sequences.used == len(cells.cells) == 12


def test_moved_keys_are_in_their_place_after_the_next_decode() -> None:
    cells, sequences = filled(8)
    source = sequences.claim([1] * 4, "", 4)
    blob = sequences.save(source, 2, 4)
    target = sequences.claim([2] * 4, "", 4)
    assert sequences.settled(target)
    sequences.restore(target, blob, [1, 1], 2)
    assert not sequences.settled(target)
    values = [value for _, _, value in json.loads(cells.save(target.number))]
    assert values == [0, 0, 0, 0, SPOILT, SPOILT]
    cells.settle()
    cells.add(source.number, [(4, 7, 0)])
    sequences.extend(source, [7])
    assert sequences.settled(target)
    values = [value for _, _, value in json.loads(cells.save(target.number))]
    assert values == [0] * 6
