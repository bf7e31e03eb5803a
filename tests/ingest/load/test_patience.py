import threading

from ingest.load.patience import Patience


def ended(silence_s: float, in_all_s: float, *heard: tuple[int, int]) -> str:
    end = threading.Event()
    with Patience(end.set, silence_s, in_all_s) as patience:
        for done, total in heard:
            patience.heard(done, total)
        assert end.wait(30)
    return patience.reason


def test_silence_ends_the_work_and_says_where() -> None:
    assert ended(0.05, 60) == "gave up after 0.05 s"
    assert ended(0.05, 60, (0, 9), (6, 9)) == "gave up after 0.05 s at page 7"
    assert ended(0.05, 60, (0, 1)) == "gave up after 0.05 s"


def test_so_does_the_time_in_all() -> None:
    assert ended(60, 0.05, (2, 9)) == "gave up after 0.05 s at page 3"


def test_work_that_is_done_in_time_is_left_alone() -> None:
    end = threading.Event()
    with Patience(end.set, 60, 60) as patience:
        patience.heard(1, 2)
    assert patience.reason == ""
    assert not end.is_set()


def test_hours_are_called_so() -> None:
    assert Patience(lambda: None, 1, 1)._why(3600) == "gave up after 1 h"
