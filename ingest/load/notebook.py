"""Jupyter notebooks: the cells in order, Markdown with its headings, code with what it printed."""

import json
from pathlib import Path
from typing import Any

from ingest.errors import DocumentError
from ingest.load.decode import decode
from ingest.load.draft import Draft
from ingest.load.markdown import find_headings
from ingest.page import Page


def parse(path: Path) -> tuple[list[Page], str]:
    """One page; the title is its first heading of the first level."""
    try:
        notebook = json.loads(decode(path.read_bytes()))
        cells = notebook.get("cells") or notebook["worksheets"][0]["cells"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise DocumentError(f"damaged: not readable as a notebook ({error})") from error
    draft = Draft()
    for cell in cells:
        _write_cell(cell, draft)
    page = draft.page(1)
    headings = draft.headings
    return [page], next((heading.title for heading in headings if heading.level == 1), "")


def _write_cell(cell: Any, draft: Draft) -> None:
    if not isinstance(cell, dict):
        return
    source = _joined(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") == "markdown":
        draft.block(source, find_headings)
        return
    draft.block(source)
    for output in cell.get("outputs") or []:
        draft.block(_shown(output))


def _shown(output: Any) -> str:
    """What an output shows as text: a stream, a result or an error's last line."""
    if not isinstance(output, dict):
        return ""
    if "ename" in output:
        return f"{output['ename']}: {output.get('evalue', '')}"
    data = output.get("data")
    plain = data.get("text/plain", "") if isinstance(data, dict) else ""
    return _joined(output.get("text", plain))


def _joined(source: Any) -> str:
    """A multi-line string of the notebook format: a string, or a list of its lines."""
    if isinstance(source, list):
        return "".join(str(line) for line in source)
    return source if isinstance(source, str) else ""
