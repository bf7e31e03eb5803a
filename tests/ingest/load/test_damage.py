from pathlib import Path

from ingest.load.damage import damaged


def test_the_reason_is_one_line_without_the_path() -> None:
    error = damaged(
        "a workbook", ValueError("could not read /tmp/a b.xlsx\nmore"), Path("/tmp/a b.xlsx")
    )
    assert str(error) == "damaged: not readable as a workbook (could not read it)"
