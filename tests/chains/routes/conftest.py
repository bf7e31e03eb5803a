"""A library with texts, tables and a file that cannot be read, for questions of other kinds."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chains.evidence import EvidenceReader
from ingest import Library, sync
from models.embeddings import KvasirEmbeddings

FOX = (
    "The red fox lives in forests and in towns all over the northern half of the world. "
    "A fox eats mice, berries and whatever people leave behind. "
    "Foxes dig dens, and a fox family uses the same den for many years. "
    "The young are born in spring and stay with both parents until autumn. "
    "A firefox is a red panda, and no fox at all. "
    "In winter the fox grows a thick coat, and hunts mice under the snow by their sound."
)
BADGER = (
    "The badger is a short-legged animal that lives in groups underground. "
    "Badgers dig large dens, called setts, which may be hundreds of years old. "
    "A badger eats earthworms, insects and fruit, and hunts at night. "
    "In winter badgers sleep for days, but they do not hibernate."
)
TEA = (
    "绿茶不经过发酵，保留了茶叶的天然颜色。红茶是全发酵的茶，起源于福建的武夷山。很多人早上喝红茶。"
)
SALES = [
    ("city", "year", "units", "state"),
    ("Oslo", "2023", "1,200", "open"),
    ("Bergen", "2023", "(50)", "closed"),
    ("Oslo", "2024", "300.5", "Open"),
    ("Tromsø", "2024", "n/a", "open"),
]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory, embedder: KvasirEmbeddings) -> Iterator[Library]:
    """The library: fox.txt, badger.md, 茶.txt, sales.csv, stock.xlsx and a broken.pdf."""
    folder = tmp_path_factory.mktemp("zoo")
    files = folder / "files"
    (files / "animals").mkdir(parents=True)
    (files / "animals" / "fox.txt").write_text(FOX, "utf-8")
    (files / "animals" / "badger.md").write_text(f"# The Badger Book\n\n{BADGER}\n", "utf-8")
    (files / "茶.txt").write_text(TEA, "utf-8")
    lines = ['"' + '","'.join(row) + '"' for row in SALES]
    (files / "sales.csv").write_text("\n".join(lines), "utf-8")
    (files / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing more")
    book = openpyxl.Workbook()
    for name, unit in (("North", 2), ("South", 5)):
        sheet = book.create_sheet(name)
        for row in [("item", "count"), ("apple", unit), ("pear", 10 * unit)]:
            sheet.append(row)
    book.remove(book["Sheet"])
    book.save(files / "stock.xlsx")
    with Library(folder / "library", embedder=embedder) as library:
        report = sync(library, [files])
        assert [Path(failure.source).name for failure in report.failed] == ["broken.pdf"]
        yield library


@pytest.fixture(scope="session")
def reader(embedder: KvasirEmbeddings) -> EvidenceReader:
    return EvidenceReader(embedder)


@pytest.fixture
def ask(zoo: Library) -> Callable[..., Any]:
    """Asks the chain over the library, and checks every citation of its answer."""
    from asking_chain import asked

    return lambda question, llm=None, callbacks=(): asked(zoo, question, llm, callbacks)
