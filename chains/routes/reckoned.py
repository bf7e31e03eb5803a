"""Says what came of a table's rows: a count, a list of values, a sum."""

from dataclasses import dataclass
from decimal import Decimal

from chains.routes.asked_back import bulleted
from chains.routes.cells import SHOWN, Reckoning
from chains.routes.place import Place
from chains.routes.reply import Reply
from chains.routes.route import Errand, Outcome
from chains.routes.shelf import file_name
from chains.routes.table import Table
from chains.routes.table_asking import TableQuestion

LISTED = 100  # values that are listed


@dataclass(frozen=True)
class Result:
    """What came of one table and which of its columns; the longest of how many on its sheet."""

    table: Table
    column: str
    found: Reckoning
    of: int = 1


def said(asked: TableQuestion, result: Result, errand: Errand) -> Outcome:
    """The answer, with the rows it rests on."""
    reply = Reply()
    _SAY[asked.function](reply, asked, result, errand)
    return reply.outcome(_did(asked, result, errand))


def _say_count(reply: Reply, asked: TableQuestion, result: Result, errand: Errand) -> None:
    found, where = result.found, _where(result)
    if asked.condition:
        condition = _shown(asked)
        reply.say(
            errand.told(
                f"{found.matched:,} of {found.rows:,} rows in {where} match: {condition}.",
                f"{where} 的 {found.rows:,} 行中，有 {found.matched:,} 行满足 {condition}。",
            ),
            found.places,
        )
    else:
        reply.say(
            errand.told(
                f"{where} has {found.rows:,} rows below its header.",
                f"{where} 除表头外有 {found.rows:,} 行。",
            ),
            [result.table.top[0].place],
        )


def _say_values(reply: Reply, asked: TableQuestion, result: Result, errand: Errand) -> None:
    found = result.found
    values = sorted(found.values, key=lambda value: -found.values[value])
    several = f"{len(values):,}" if not found.more_values else f"> {len(values):,}"
    listed = asked.function == "values" and values
    reply.say(
        errand.told(
            f"Column “{result.column}” of {_where(result)} has {several} different values"
            + (":" if listed else "."),
            f"{_where(result)} 的“{result.column}”列有 {several} 个不同的值"
            + ("：" if listed else "。"),
        ),
        found.value_places,
    )
    if listed:
        lines = [f"{value} ({found.values[value]:,})" for value in values]
        reply.say(bulleted(lines, errand, LISTED))


def _say_number(reply: Reply, asked: TableQuestion, result: Result, errand: Errand) -> None:
    found = result.found
    if not found.numbers:
        reply.say(
            errand.told(
                f"Column “{result.column}” of {_where(result)} holds no number.",
                f"{_where(result)} 的“{result.column}”列中没有数字。",
            ),
            found.places[:1],
        )
        return
    extreme = {"min": found.least, "max": found.most}.get(asked.function)
    places: list[Place] = [extreme[1]] if extreme else found.places
    value = extreme[0] if extreme else found.total if asked.function == "sum" else found.average
    en, zh = _CALLED[asked.function]
    shown = f"{_shown(asked)}: " if asked.condition else ""
    reply.say(
        errand.told(
            f"{shown}The {en} of column “{result.column}” in {_where(result)} is "
            f"{plain_number(value)}.",
            f"{shown}{_where(result)} 中“{result.column}”列的{zh}是 {plain_number(value)}。",
        ),
        places,
    )


_CALLED = {
    "sum": ("sum", "总和"),
    "average": ("average", "平均值"),
    "min": ("smallest value", "最小值"),
    "max": ("largest value", "最大值"),
}
_SAY = {
    "count": _say_count,
    "values": _say_values,
    "distinct": _say_values,
    **dict.fromkeys(("sum", "average", "min", "max"), _say_number),
}


def plain_number(value: Decimal) -> str:
    """A number as people write it: commas, no needless noughts, four decimals at most."""
    shown = f"{round(value, 4):,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _where(result: Result) -> str:
    name, sheet = file_name(result.table.document), result.table.sheet
    return f"{name} ({sheet})" if sheet else name


def _shown(asked: TableQuestion) -> str:
    held = asked.condition
    return f"{held.column} {held.operator} {held.value}" if held else ""


def _did(asked: TableQuestion, result: Result, errand: Errand) -> str:
    found = result.found
    cited = min(found.matched, SHOWN)
    numbers_en = numbers_zh = ""
    if asked.function in _CALLED:
        skipped = found.matched - found.numbers
        numbers_en = f", {found.numbers:,} of them with a number in it" if skipped else ""
        numbers_zh = f"，其中 {found.numbers:,} 行含数字" if skipped else ""
    longest_en = f", the longest of {result.of} such tables there" if result.of > 1 else ""
    longest_zh = f"（其中 {result.of} 个同类表格里最长的一个）" if result.of > 1 else ""
    return errand.told(
        f"I read all {found.rows:,} rows of {_where(result)}{longest_en}{numbers_en}; "
        f"up to {cited:,} are cited.",
        f"已逐行读取 {_where(result)} {longest_zh}的全部 {found.rows:,} 行{numbers_zh}；"
        f"最多引用其中 {cited:,} 行。",
    )
