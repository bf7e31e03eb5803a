import json
from pathlib import Path

import pytest

from models.tune_report import Row, TuneReport, question_seconds
from models.tuning import Tuning

WINNER = Tuning(Path("/m.gguf"), "BF16", 1, True, 128, 700.0, 70.0, 2.06, 4.12, 3.21, 3.2, 0.0)
ROWS = (
    Row("threads", "Q4_1", 2, 256, None, 200.0, 40.0),
    Row("quantization", "Q4_0", 1, 256, None, 400.0, 80.0, 3.5, "not taken: +9.4% loss"),
    Row("quantization", "F16", 1, 256, None, verdict="left out: it needs 9 GiB of disk"),
    Row("batch", "BF16", 1, 128, True, 700.0, 70.0, None, "taken"),
)
REPORT = TuneReport("smollm2-135m", ROWS, WINNER, 1024, 32)


def test_a_question_is_800_tokens_read_and_64_written() -> None:
    assert question_seconds(400.0, 32.0) == pytest.approx(800 / 400 + 64 / 32)


def test_the_table_has_a_line_for_each_row_and_says_what_was_recorded() -> None:
    lines = REPORT.table().splitlines()
    assert lines[0].split()[:3] == ["varied", "weights", "threads"]
    assert lines[1].split() == ["threads", "Q4_1", "2", "auto", "256", "200.0", "40.0", "5.60", "s"]
    assert lines[2].endswith("3.500  not taken: +9.4% loss")
    assert lines[3].split()[:5] == ["quantization", "F16", "1", "auto", "256"]
    assert lines[3].endswith("left out: it needs 9 GiB of disk")
    assert lines[4].endswith("taken")
    assert lines[5] == ""
    assert "1024 tokens of prompt and 32 of answer" in lines[6]
    assert lines[7].startswith("Recorded: BF16, 1 thread, flash attention on, batches of 128: 2.06")
    assert lines[7].endswith("4.12 s before.")


def test_the_json_holds_every_row_and_what_the_seconds_are() -> None:
    found = json.loads(json.dumps(REPORT.as_json()))
    assert found["model"] == "smollm2-135m"
    assert found["winner"]["weights"] == "/m.gguf"
    assert [row["seconds"] for row in found["rows"]] == [row.seconds for row in ROWS]
    assert found["rows"][2]["seconds"] is None
    assert found["seconds_are"] == "800 / prefill + 64 / decode"
