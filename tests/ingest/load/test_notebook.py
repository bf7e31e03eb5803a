import json

import pytest

from ingest.errors import DocumentError
from ingest.load.notebook import parse

CELLS = [
    {"cell_type": "markdown", "source": ["# Study 研究\n", "Some *text*.\n"]},
    {
        "cell_type": "code",
        "source": "x = 1\nx",
        "outputs": [
            {"output_type": "stream", "text": ["printed\n"]},
            {"output_type": "execute_result", "data": {"text/plain": ["1"], "image/png": "…"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": []},
        ],
    },
    {"cell_type": "markdown", "source": "## Next"},
]


def test_cells_come_in_order_with_what_they_printed(write) -> None:
    pages, title = parse(write("a.ipynb", json.dumps({"cells": CELLS})))
    assert pages[0].text == (
        "# Study 研究\nSome *text*.\n\nx = 1\nx\n\nprinted\n\n1\n\nValueError: bad\n\n## Next"
    )
    assert [pages[0].text[h.start :][:6] for h in pages[0].headings] == ["# Stud", "## Nex"]
    assert title == "Study 研究"


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"worksheets": []}'])
def test_other_json_is_no_notebook(write, content: str) -> None:
    with pytest.raises(DocumentError, match="not readable as a notebook"):
        parse(write("a.ipynb", content))
