from itertools import pairwise

import numpy as np
import pytest
from scans import TIDE, drawn

from ingest.load import ocr


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_picture_is_read_whichever_way_up_it_lies(turn: int) -> None:
    pieces = ocr.read(np.rot90(np.asarray(drawn(TIDE)), turn))
    assert [piece.text for piece in pieces] == TIDE
    assert all(piece.score > 0.9 for piece in pieces)
    assert all(above.y1 < below.y1 for above, below in pairwise(pieces))
    assert all(piece.x0 == pytest.approx(40, abs=12) for piece in pieces)


def test_a_scan_that_lies_askew_is_straightened() -> None:
    askew = drawn(TIDE, (900, 480)).rotate(4, expand=True, fillcolor="white")
    pieces = sorted(ocr.read(np.asarray(askew)), key=lambda piece: piece.y0)
    assert [piece.text for piece in pieces] == TIDE
    assert all(piece.y1 - piece.y0 < 70 for piece in pieces)  # turned back, the boxes are tight
    assert max(piece.x0 for piece in pieces) - min(piece.x0 for piece in pieces) < 15


def test_where_there_is_no_text_none_is_read(capfd: pytest.CaptureFixture[str]) -> None:
    assert ocr.read(np.full((200, 300, 3), 255, "uint8")) == []
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3)).astype("uint8")
    assert ocr.read(noise) == []
    assert capfd.readouterr() == ("", "")


def test_long_strips_are_read_lying_and_standing() -> None:
    strip = np.asarray(drawn(["A long ribbon of words"], (1000, 80), 20))
    assert [piece.text for piece in ocr.read(strip)] == ["A long ribbon of words"]
    assert [piece.text for piece in ocr.read(np.rot90(strip))] == ["A long ribbon of words"]


def test_a_long_screenshot_is_read_piece_by_piece_in_its_order() -> None:
    lines = [f"message number {number}" for number in range(30)]
    roll = np.asarray(drawn(lines, (420, 1450), 30))
    pieces = ocr.read(roll)
    assert [piece.text for piece in pieces] == lines
    places = [piece.y0 for piece in pieces]
    assert places == sorted(places)


def test_the_models_are_read_without_asking_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it asked the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    assert ocr._Reader().read(np.asarray(drawn(TIDE[:1])))[0].text == TIDE[0]
