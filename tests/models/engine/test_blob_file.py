import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.blob_file import DRAFT, NAME, PIECE, Seal, Span, span, spans

SEAL = Seal(b"s" * 32)
SPAN = span(b"model", [1, 2, 3], 1, 3)


def written(payload: bytes, seal: Seal = SEAL, named: Span = SPAN) -> bytes:
    file = io.BytesIO()
    assert seal.write(file, named, payload, lambda: True)
    return file.getvalue()


def read(data: bytes, seal: Seal = SEAL, named: Span = SPAN) -> bytes | None:
    return seal.read(io.BytesIO(data), named, len(data))


@pytest.mark.parametrize("size", [0, 1, 1000, PIECE, PIECE + 1])
def test_what_is_written_is_read(size: int) -> None:
    payload = bytes(range(251)) * (size // 251) + bytes(size % 251)
    file = written(payload)
    assert len(file) == SEAL.size(size)
    assert read(file) == payload


def test_a_flipped_bit_anywhere_is_noticed() -> None:
    whole = written(b"a small payload")
    for at in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            assert read(bytes(damaged)) is None


def test_a_file_cut_short_or_added_to_is_noticed() -> None:
    whole = written(b"a small payload")
    for length in range(len(whole)):
        assert read(whole[:length]) is None
        assert read(whole + whole[: length + 1]) is None


def test_a_file_is_no_other_spans_and_no_other_secrets() -> None:
    file = written(b"payload")
    for other in (
        span(b"model", [1, 2, 4], 1, 3),
        span(b"other", [1, 2, 3], 1, 3),
        span(b"model", [1, 2, 3], 0, 3),
        span(b"model", [1, 2, 3], 1, 2),
        Span(SPAN.start, SPAN.end + 1, SPAN.digest),
    ):
        assert read(file, named=other) is None
    assert read(file, Seal(b"t" * 32)) is None


def test_a_file_that_shrinks_or_grows_while_it_is_read_is_noticed() -> None:
    file = written(b"payload")
    assert SEAL.read(io.BytesIO(file), SPAN, len(file) + 1) is None
    assert SEAL.read(io.BytesIO(file + b"x"), SPAN, len(file)) is None
    assert SEAL.read(io.BytesIO(file[:-1]), SPAN, len(file)) is None


def test_writing_stops_between_pieces_when_told_to() -> None:
    answers = iter([True, False])
    file = io.BytesIO()
    assert not SEAL.write(file, SPAN, bytes(3 * PIECE), lambda: next(answers))
    assert len(file.getvalue()) < 2 * PIECE
    assert read(file.getvalue()) is None


def test_names_are_keyed_and_tell_the_owner() -> None:
    name = SEAL.name(SPAN)
    parts = NAME.fullmatch(name)
    assert parts
    assert parts.groups() == (SEAL.owner, "1", "3")
    assert SPAN.digest[:8] not in name
    other = Seal(b"t" * 32)
    assert other.owner != SEAL.owner
    assert other.name(SPAN)[8:] != name[8:]
    assert DRAFT.fullmatch(f"{name}.0123456789abcdef")
    assert not NAME.fullmatch(f"{name}.0123456789abcdef")


@given(st.data())
def test_two_spans_are_equal_exactly_when_all_that_they_depend_on_is(data: st.DataObject) -> None:
    made = []
    for _ in range(2):
        identity = data.draw(st.sampled_from([b"", b"a", bytes(4)]))
        tokens = data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=3))
        end = data.draw(st.integers(1, len(tokens)))
        start = data.draw(st.integers(0, end - 1))
        made.append((span(identity, tokens, start, end), (identity, tokens[:end], start)))
    (one, depends), (two, others) = made
    assert (one == two) == (one.digest == two.digest) == (depends == others)


def test_an_identity_does_not_run_on_into_the_tokens() -> None:
    assert span(bytes(4), [7], 0, 1).digest != span(b"", [0, 7], 0, 2).digest


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (2, 1), (0, 4)])
def test_a_span_that_is_not_in_the_tokens_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"no span of 3 tokens goes from {start} to {end}"):
        span(b"model", [1, 2, 3], start, end)


@given(st.binary(max_size=9), st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=9))
def test_spans_of_many_ends_are_those_of_each(identity: bytes, tokens: list[int]) -> None:
    ends = range(2, len(tokens) + 1)
    assert list(spans(identity, tokens, 1, ends)) == [
        span(identity, tokens, 1, end) for end in ends
    ]
