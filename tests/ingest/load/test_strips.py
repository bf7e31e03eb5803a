import numpy as np
import pytest

from ingest.load.strips import MAX_PIXELS, fitting, padded, strips


@pytest.mark.parametrize(
    "size", [(1, 9_000_000), (9_000_000, 1), (500, 80_000), (400, 801), (30_000, 30_000), (10, 10)]
)
def test_what_is_read_at_a_time_is_bounded(size: tuple[int, int]) -> None:
    share = fitting(*size)
    width, height = (max(1, int(share * side)) for side in size)
    assert width * height <= 10 * MAX_PIXELS
    assert max(width, height) <= max(6_000, 20 * size[0])
    for _, strip in strips(np.zeros((height, width, 1), "uint8")):
        assert strip.shape[0] * strip.shape[1] <= MAX_PIXELS


def test_small_pictures_are_read_as_they_are() -> None:
    assert fitting(1654, 2339) == 1
    picture = np.zeros((210, 298, 3), "uint8")
    assert [(start, strip.shape) for start, strip in strips(picture)] == [(0, (210, 298, 3))]
    assert padded(picture).shape == picture.shape


def test_rolls_are_cut_between_their_lines_and_nothing_is_lost() -> None:
    roll = np.full((3000, 500, 3), 255, "uint8")
    for line in range(0, 3000, 50):
        roll[line : line + 40, 100:200] = 0
    parts = strips(roll)
    assert [start for start, _ in parts] == np.cumsum(
        [0, *(len(p) for _, p in parts[:-1])]
    ).tolist()
    assert (np.concatenate([part for _, part in parts]) == roll).all()
    assert all((part[0] == 255).all() for _, part in parts[1:])


def test_strips_are_padded_with_white() -> None:
    assert padded(np.zeros((10, 400, 3), "uint8")).shape == (200, 400, 3)
    tall = padded(np.zeros((400, 10, 3), "uint8"))
    assert tall.shape == (400, 200, 3)
    assert (tall[:, 10:] == 255).all()
