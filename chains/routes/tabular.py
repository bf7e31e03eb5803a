"""Answers questions about a table of the library: which table, which column, then the reckoning."""

from dataclasses import replace
from functools import partial

from chains.routes.asked_back import bulleted, which_document
from chains.routes.asking import is_library, plain, unquoted
from chains.routes.cells import Reckoning, header_of, reckon
from chains.routes.reckoned import Result, said
from chains.routes.reply import Reply
from chains.routes.route import Counting, Errand, Outcome, Route
from chains.routes.shelf import TABULAR, Shelf, bare_name, called, file_name
from chains.routes.table import cells_of, columns_named, sheet_of, tables
from chains.routes.table_asking import TableQuestion, readings
from ingest import Document
from ingest.scan import scan
from ingest.segment import folded

NAME = "table"
HEAD_CHARACTERS = 20_000
HEAD = 50  # lines of a page among which a table's header is looked for beforehand


def route_of(question: str, shelf: Shelf) -> Route | None:
    """The route for a question about a table that the library has; None for any other."""
    for asked in readings(plain(question)):
        if route := _route(asked, shelf):
            return route
    return None


def _route(asked: TableQuestion, shelf: Shelf) -> Route | None:
    tabular = tuple(d for d in shelf.documents if d.format in TABULAR)
    if not asked.table or is_library(asked.table):
        return _ask(asked, tabular, "") if asked.certain and tabular else None
    found = shelf.find(asked.table)
    among = tuple(d for d in found.documents if d.format in TABULAR)
    if not among and found.only and asked.certain and found.exact:
        among = found.documents  # a table inside a report
    if len(among) > 1:
        return which_document(NAME, unquoted(asked.table)[0], among)
    if among:
        certain = asked.certain or (_names(asked) and _has_columns(asked, among, shelf))
        return _ask(asked, among, "") if certain else None
    if not tabular:
        return None
    if asked.certain and not bare_name(asked.table):  # "the table"
        return _ask(asked, tabular, "")
    sheet = _sheet(asked.table, tabular, shelf)
    if sheet and (asked.certain or (_names(asked) and _has_columns(asked, tabular, shelf))):
        return _ask(asked, tabular, sheet)
    return None


def _sheet(wanted: str, documents: tuple[Document, ...], shelf: Shelf) -> str:
    """The name of a sheet in one of the workbooks, if it is called so; else ""."""
    names = {folded(unquoted(wanted)[0]), bare_name(wanted)}
    for document in documents:
        if document.format == "xlsx":
            for _, page in scan(shelf.library.store, [document]):
                label = sheet_of(page)
                if {folded(label), bare_name(label)} & names - {""}:
                    return label
    return ""


def _ask(asked: TableQuestion, documents: tuple[Document, ...], sheet: str) -> Route:
    return Route(NAME, partial(_answer, asked, documents, sheet))


def _answer(
    asked: TableQuestion, documents: tuple[Document, ...], sheet: str, errand: Errand
) -> Outcome:
    results, headers = _results(asked, documents, sheet, errand)
    if len({(r.table.document.id, r.table.sheet, r.column) for r in results}) != 1:
        return _asked_back(asked, documents, results, headers, errand)
    longest = max(results, key=lambda each: each.found.rows)
    return said(asked, replace(longest, of=len(results)), errand)


def _results(
    asked: TableQuestion, documents: tuple[Document, ...], sheet: str, errand: Errand
) -> tuple[list[Result], list[str]]:
    """What each table with such columns gives, and the headers of the others."""
    names = _names(asked)
    results: list[Result] = []
    headers: list[str] = []
    reported = {document.id: number for number, document in enumerate(documents)}
    for table, rows in tables(errand.shelf.library.store, documents):
        errand.report(Counting(reported[table.document.id], len(documents)))
        if sheet and table.sheet != sheet:
            continue
        header, columns = header_of(table, names)
        if header < 0 or not all(columns):
            headers.append(" | ".join(cell for cell in table.top[0].cells if cell))
            continue
        condition = (columns[-1][0], asked.condition) if asked.condition else None
        cells = table.top[header].cells
        unsure = next((named for named in columns if len(named) > 1), None)
        if unsure:  # only told, so that one can be chosen
            results += [Result(table, cells[column], Reckoning()) for column in unsure]
            continue
        column = columns[0][0] if asked.column else None
        found = reckon(rows, header, column, condition)
        results.append(Result(table, "" if column is None else cells[column], found))
    return results, headers


def _names(asked: TableQuestion) -> list[str]:
    """The columns that a question names, the one that it asks for first."""
    column = [asked.column] if asked.column else []
    return [*column, asked.condition.column] if asked.condition else column


def _has_columns(asked: TableQuestion, documents: tuple[Document, ...], shelf: Shelf) -> bool:
    """Whether a table of the documents has the columns, as far as the tops of pages tell."""
    for _, page in scan(shelf.library.store, documents):
        for line in page.text[:HEAD_CHARACTERS].splitlines()[:HEAD]:
            cells = cells_of(line)
            if len(cells) > 1 and all(columns_named(cells, name) for name in _names(asked)):
                return True
    return False


def _asked_back(
    asked: TableQuestion,
    documents: tuple[Document, ...],
    results: list[Result],
    headers: list[str],
    errand: Errand,
) -> Outcome:
    reply = Reply()
    wanted = asked.column or (asked.condition.column if asked.condition else "")
    if results:
        reply.say(
            errand.told(
                "Several tables or columns fit. Say which one you mean:",
                "符合的表格或列不止一个，请说明是哪一个：",
            )
        )
        reply.say(bulleted([_place_name(each) for each in results], errand))
    else:
        reply.say(
            errand.told(
                f"No table there has a column “{wanted}”. The first lines of the tables are:",
                f"这里没有含“{wanted}”列的表格。各表格的首行是：",
            )
        )
        reply.say(bulleted(list(dict.fromkeys(headers)), errand))
    did = errand.told(
        f"I looked at the tables of {', '.join(map(file_name, documents[:3]))}.",
        f"已查看 {len(documents):,} 个文档中的表格。",
    )
    return reply.outcome(did, found=False)


def _place_name(result: Result) -> str:
    where = " · ".join(filter(None, [called(result.table.document), result.table.sheet]))
    return f"{where}: {result.column}" if result.column else where
