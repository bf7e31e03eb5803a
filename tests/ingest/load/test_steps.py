from ingest.load.steps import listening, step, still_at_work


def test_steps_are_told_to_whoever_listens_and_to_nobody_else() -> None:
    told: list[tuple[int, int]] = []
    step(1, 9)
    still_at_work()
    with listening(lambda *pages: told.append(pages)):
        still_at_work()
        step(1, 2)
        still_at_work()
    step(2, 2)
    assert told == [(0, 0), (1, 2), (1, 2)]
