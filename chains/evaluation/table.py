"""The figures of a run as a table for a terminal, beside those of a run before."""

from collections.abc import Mapping

from chains.evaluation.summary import Difference, Figure

LABELS = {
    "hit@1": "right passage first (hit@1)",
    "hit@3": "among the first three (hit@3)",
    "hit@5": "among the first five (hit@5)",
    "mrr": "mean reciprocal rank",
    "marked_recall": "gold answer in the marked sentences",
    "answer_recall": "gold answer in the answer",
    "f1": "word F1 of the answer",
    "citation_precision": "citations that are of a right passage",
    "citation_recall": "answers that cite a right passage",
    "grounded": "share of the answers grounded",
    "right_refusals": "unanswerable questions refused",
    "wrong_refusals": "answerable questions refused",
    "first_token_p50_s": "first word after, median",
    "first_token_p95_s": "first word after, 95th percentile",
}
HEAD = ("", "", "95% interval", "of")
BESIDE = ("before", "difference", "95% interval", "of")


def table(figures: Mapping[str, Figure], differences: Mapping[str, Difference] | None) -> str:
    """A line for each figure; a difference whose interval leaves out 0 has a star behind it."""
    rows = [[*HEAD, *(BESIDE if differences is not None else ())]]
    for name, figure in figures.items():
        row = [LABELS[name], _shown(name, figure.value), _range(name, figure), str(figure.count)]
        if differences is not None:
            row += _beside(name, differences.get(name))
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: list[str], widths: list[int]) -> str:
    first, *rest = (
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()


def _beside(name: str, found: Difference | None) -> list[str]:
    if found is None:
        return ["–", "", "", ""]
    star = "*" if found.low > 0 or found.high < 0 else " "
    return [
        _shown(name, found.before),
        _shown(name, found.difference, "+") + star,
        f"{_shown(name, found.low, '+')} to {_shown(name, found.high, '+')}",
        str(found.count),
    ]


def _range(name: str, figure: Figure) -> str:
    return f"{_shown(name, figure.low)} to {_shown(name, figure.high)}"


def _shown(name: str, value: float, sign: str = "") -> str:
    return f"{value:{sign}.2f}" + (" s" if name.endswith("_s") else "")
