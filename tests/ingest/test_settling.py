from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ingest.settling import LONGEST_S, PATIENCE_S, QUIET_S, Settling, stamp_of

A, B, FOLDER = Path("/docs/a"), Path("/docs/b"), Path("/docs")


class Disk(dict[Path, int]):
    """Files by path; what is counted is how often each was changed."""

    def stamp(self, path: Path) -> object:
        return self.get(path)


def test_a_burst_is_taken_once_when_all_of_it_is_quiet() -> None:
    settling = Settling(Disk().stamp)
    settling.note([A], 0.0)
    settling.note([B], 0.9)
    assert settling.take(1.5) == set()
    settling.note([A], 1.6)
    assert settling.take(2.5) == set()
    assert settling.take(2.6) == {A, B}
    assert settling.take(100.0) == set()


def test_a_file_that_grows_unnoticed_is_awaited() -> None:
    disk = Disk({A: 1})
    settling = Settling(disk.stamp)
    settling.note([A], 0.0)
    for tenths in range(1, 30):
        disk[A] += 1
        assert settling.take(tenths / 10) == set()
    assert settling.take(2.9 + QUIET_S) == {A}


def test_what_has_settled_is_taken_in_time_though_the_rest_has_not() -> None:
    disk = Disk({A: 1, B: 1})
    settling = Settling(disk.stamp)
    settling.note([A, B, FOLDER], 0.0)
    taken: list[tuple[float, set[Path]]] = []
    for tenths in range(1, 120):
        disk[B] += 1
        if burst := settling.take(tenths / 10):
            taken.append((tenths / 10, burst))
    assert taken == [(LONGEST_S, {A})]
    assert settling.take(11.9 + QUIET_S) == {B, FOLDER}


def test_a_file_that_never_rests_is_taken_in_the_end() -> None:
    disk = Disk({A: 1})
    settling = Settling(disk.stamp)
    settling.note([A], 0.0)
    now = 0.0
    while not settling.take(now):
        now += 0.5
        disk[A] += 1
    assert now == PATIENCE_S


@given(
    st.lists(
        st.tuples(st.floats(0, 20), st.booleans(), st.sampled_from([A, B, FOLDER])), max_size=40
    )
)
def test_every_path_that_is_noted_is_taken(steps: list[tuple[float, bool, Path]]) -> None:
    disk, now, taken = Disk(), 0.0, set()
    settling = Settling(disk.stamp)
    for wait, unnoticed, path in steps:
        now += wait
        disk[path] = disk.get(path, 0) + 1
        if not unnoticed:
            settling.note([path], now)
        taken |= settling.take(now)
    for _ in range(3):
        now += QUIET_S
        taken |= settling.take(now)
    assert taken == {path for _, unnoticed, path in steps if not unnoticed}
    assert settling.take(now + LONGEST_S) == set()


def test_a_stamp_differs_when_a_file_grows_goes_or_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    gone = stamp_of(path)
    path.write_text("one")
    short = stamp_of(path)
    path.write_text("longer")
    assert len({gone, short, stamp_of(path)}) == 3
    path.unlink()
    assert stamp_of(path) == gone
