"""Questions about the rows and columns of a table, taken apart: what is asked, of which column."""

from dataclasses import dataclass

from chains.routes.asking import all_matches, group, rules, unquoted
from chains.routes.cells import Condition, Function, Operator


@dataclass(frozen=True)
class TableQuestion:
    """What is asked: of a column, of the rows that a condition holds for, in a table by its name.

    `certain` is whether it speaks of columns, rows or a table; otherwise the name must tell.
    """

    function: Function
    column: str = ""
    table: str = ""
    condition: Condition | None = None
    certain: bool = False


_OPERATORS: dict[str, Operator] = {
    "=": "=", "==": "=", "is": "=", "are": "=", "equal": "=", "equals": "=", "equal to": "=",
    "is equal to": "=", "of": "=", "等于": "=", "是": "=", "为": "=", "＝": "=",
    "!=": "!=", "≠": "!=", "is not": "!=", "不等于": "!=", "不是": "!=", "不为": "!=",
    ">": ">", "is greater than": ">", "greater than": ">", "is more than": ">", "more than": ">",
    "is above": ">", "above": ">", "over": ">", "is over": ">",
    "大于": ">", "超过": ">", "高于": ">",
    ">=": ">=", "≥": ">=", "at least": ">=", "is at least": ">=", "不少于": ">=", "大于等于": ">=",
    "至少": ">=", "不低于": ">=",
    "<": "<", "is less than": "<", "less than": "<", "is below": "<", "below": "<", "under": "<",
    "is under": "<", "小于": "<", "低于": "<", "少于": "<",
    "<=": "<=", "≤": "<=", "at most": "<=", "is at most": "<=", "小于等于": "<=", "不超过": "<=",
    "至多": "<=", "不高于": "<=",
    "contains": "contains", "containing": "contains", "contain": "contains", "包含": "contains",
    "含有": "contains",
}  # fmt: skip
_FUNCTIONS: dict[str, Function] = {
    "sum": "sum", "total": "sum", "average": "average", "mean": "average", "minimum": "min",
    "min": "min", "smallest": "min", "lowest": "min", "maximum": "max", "max": "max",
    "largest": "max", "highest": "max", "biggest": "max",
    "总和": "sum", "合计": "sum", "之和": "sum", "总计": "sum", "求和": "sum", "总数": "sum",
    "平均值": "average", "平均": "average", "均值": "average", "平均数": "average",
    "最小值": "min", "最小": "min", "最低": "min", "最低值": "min",
    "最大值": "max", "最大": "max", "最高": "max", "最高值": "max",
}  # fmt: skip


def _any(words: dict[str, Operator] | dict[str, Function], *, ascii_only: bool) -> str:
    chosen = sorted((w for w in words if w.isascii() == ascii_only or not w.isalpha()), key=len)
    return "|".join(chosen[::-1]).replace(" ", " ")


_OP = _any(_OPERATORS, ascii_only=True)
_OP_ZH = _any(_OPERATORS, ascii_only=False)
_FN = _any(_FUNCTIONS, ascii_only=True)
_FN_ZH = _any(_FUNCTIONS, ascii_only=False)
_ROWS = r"(?:rows?|records?|entries|lines)"
_IF = rf"(?:the )?(?:column )?(?P<where>.+?) (?P<op>{_OP}) (?P<value>.+?)"
_IN = r"(?: (?:in|of|from|for|across|within) (?P<table>.+?))"
_IF_ZH = rf"(?P<where>.+?)(?:列|一列|字段)?(?P<op>{_OP_ZH})(?P<value>.+?)"
_TABLE_ZH = r"(?P<table>.+?)(?:这个)?(?:中|里|里面|内)(?:的)?"
_COLUMN_ZH = r"(?P<column>.+?)(?P<sure>列|一列|这一列|字段|栏)?(?:的)?"

_COUNTS = rules(
    rf"how many {_ROWS}(?: are(?: there)?)?{_IN}(?: have| has| with| where| in which| whose) {_IF}",
    rf"how many {_ROWS} (?:have|has|with|where|in which|whose|are there where) {_IF}{_IN}?",
    rf"how many {_ROWS}(?: are(?: there)?)?{_IN}(?: are there)?",
    rf"how many {_ROWS} (?:does|do) (?P<table>.+?) (?:have|contain|hold)",
    rf"count (?:the |all )?{_ROWS}{_IN}(?: (?:with|where|whose) {_IF})?",
    rf"{_TABLE_ZH}(?:一共|总共|共)?(?:有)?(?:多少|几)(?:行|条记录|条|个记录)(?:的)?{_IF_ZH}",
    rf"{_TABLE_ZH}{_IF_ZH}的(?:行|记录|条目)?(?:一共|总共|共)?(?:有)?(?:多少|几)(?:行|条|个)(?:记录)?",
    r"(?P<table>.+?)(?:中|里|里面|内)?(?:一共|总共|共)?有?(?:多少|几)(?:行|条记录)(?:数据)?",
)
_VALUES = rules(
    r"(?:list|show|give|name|what are|which are)(?: me)?(?: all)?(?: of)?(?: the)?"
    r"(?P<distinct> distinct| different| unique| possible)? values (?:of|in|for|under)(?: the)?"
    rf" (?:column )?(?P<column>.+?)(?P<sure> column)?{_IN}?",
    r"how many (?P<many>distinct|different|unique) (?:values (?:of |in |does )?)?(?:the )?"
    r"(?:column )?"
    rf"(?P<column>.+?)(?P<sure> column)?(?: are there| have)?{_IN}?",
    rf"(?:列出|列举|显示|给出)?{_TABLE_ZH}{_COLUMN_ZH}(?:所有|全部|不同的|有哪些|包含哪些)+的?(?:不同的?)?(?:取值|值)",
    rf"(?:列出|列举|显示|给出){_TABLE_ZH}(?:所有|全部|不同)的?(?P<column>.+?)(?P<sure>列|字段)?",
    rf"{_TABLE_ZH}{_COLUMN_ZH}有(?P<many>多少)(?:个|种)?不同的?(?:取值|值)",
)
_RECKONS = rules(
    rf"(?:what(?: is|'s|’s) |compute |calculate |find |give me |show me )?(?:the )?(?P<fn>{_FN})"
    r"(?: value)?(?: (?:of|in|for))?(?: the)?(?: values (?:of|in))?(?P<sure1> column)? "
    rf"(?P<column>.+?)(?P<sure> column)?{_IN}?(?: (?:where|for rows where|with) {_IF})?",
    rf"(?:sum|add) up (?:the )?(?P<sure1>column )?(?P<column>.+?)(?P<sure> column)?{_IN}?",
    rf"{_TABLE_ZH}{_IF_ZH}的(?:行的|记录的)?{_COLUMN_ZH}(?P<fn>{_FN_ZH})(?:是多少|为多少|是什么|是)?",
    rf"(?:计算|求|统计)?{_TABLE_ZH}{_COLUMN_ZH}(?P<fn>{_FN_ZH})(?:是多少|为多少|是什么|是)?",
    rf"(?:计算|求|统计)?{_TABLE_ZH}(?P<fn>{_FN_ZH})的?{_COLUMN_ZH}(?:是多少|为多少|是什么|是)?",
)
_TABLE_WORDS = ("table", "sheet", "spreadsheet", "workbook", "csv", "表", "表格", "工作表", "数据")


def readings(text: str) -> list[TableQuestion]:
    """What a question may ask of a table, the likeliest first; [] for one that asks nothing such.

    Which of them it is, the names of tables and columns tell.
    """
    found = []
    for match in all_matches(_COUNTS, text):
        rows = any(word in text.lower() for word in ("row", "行", "记录", "record"))
        condition = _condition(match.groupdict())
        found.append(_read("count", match.groupdict(), condition, certain=rows))
    for match in all_matches(_VALUES, text):
        function: Function = "distinct" if group(match, "many") else "values"
        found.append(_read(function, match.groupdict(), None))
    for match in all_matches(_RECKONS, text):
        named = match.groupdict()
        function = _FUNCTIONS[(named.get("fn") or "sum").lower()]
        found.append(_read(function, named, _condition(named)))
    return found


def _read(
    function: Function,
    named: dict[str, str | None],
    condition: Condition | None,
    *,
    certain: bool = False,
) -> TableQuestion:
    table = (named.get("table") or "").strip()
    column, quoted = unquoted(named.get("column") or "")
    sure = certain or bool(named.get("sure") or named.get("sure1")) or quoted
    sure = sure or any(word in table.lower() for word in _TABLE_WORDS)
    return TableQuestion(function, column, table, condition, sure)


def _condition(named: dict[str, str | None]) -> Condition | None:
    if not named.get("op"):
        return None
    column, _ = unquoted((named["where"] or "").removesuffix(" column"))
    value, _ = unquoted(named["value"] or "")
    return Condition(column, _OPERATORS[(named["op"] or "").lower()], value)
