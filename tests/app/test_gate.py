"""The gate: answers together, a change alone."""

from threading import Event, Thread

import pytest

from app.gate import Gate


class Enough(Exception):
    pass


def enough() -> None:
    raise Enough


def test_answers_are_inside_together() -> None:
    gate = Gate()
    with gate.passing(enough), gate.passing(enough):
        assert gate.inside == 2
    assert gate.inside == 0


def test_a_change_waits_for_the_answers_inside() -> None:
    gate = Gate()
    with gate.passing(), pytest.raises(Enough), gate.alone(enough):
        pass
    with gate.alone(enough):
        assert gate.inside == 0


def test_nobody_passes_while_a_change_is_inside() -> None:
    gate = Gate()
    with gate.alone():
        with pytest.raises(Enough), gate.passing(enough):
            pass
        with pytest.raises(Enough), gate.alone(enough):
            pass
    with gate.passing(enough):
        pass


def test_who_comes_while_a_change_waits_comes_after_it() -> None:
    gate, order, waits = Gate(), [], Event()

    def change() -> None:
        with gate.alone(waits.set):
            order.append("change")

    def answer() -> None:
        with gate.passing():
            order.append("answer")

    with gate.passing():
        changing = Thread(target=change)
        changing.start()
        assert waits.wait(30)
        answering = Thread(target=answer)
        answering.start()
    changing.join(30)
    answering.join(30)
    assert order == ["change", "answer"]


def test_a_change_that_is_called_off_leaves_the_gate_open() -> None:
    gate = Gate()
    with gate.passing(), pytest.raises(Enough), gate.alone(enough):
        pass
    with gate.passing(enough):
        assert gate.inside == 1
