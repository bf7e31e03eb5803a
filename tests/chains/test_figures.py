"""Numbers and dates, in whatever form they are written."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.figures import figures, missing


def read(text: str) -> list[tuple[float, str]]:
    return [(float(figure.value), figure.unit) for figure in figures(text)]


@pytest.mark.parametrize(
    "written",
    [
        "1 March 2020", "1st of March, 2020", "March 1, 2020", "Mar 1st 2020", "2020-03-01",
        "2020/3/1", "2020年3月1日", "2020 年 3 月 1 日", "二〇二〇年三月一日", "２０２０年３月１日",
    ],
)  # fmt: skip
def test_a_date_is_the_same_in_every_form(written: str) -> None:
    assert sorted(read(f"x {written}.")) == [(1, "day"), (3, "month"), (2020, "")]


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        (1234, ["1,234", "1234", "一千二百三十四", "1234"]),
        (12, ["12", "twelve", "十二", "a dozen", "12.0", "１２"]),
        (3_500_000, ["3.5 million", "350万", "三百五十万", "3,500,000"]),
        (350_000_000, ["3.5亿", "三亿五千万", "350 million", "$350 million"]),
        (205, ["two hundred and five", "205", "两百零五"]),
        (35_000, ["三万五", "35 thousand", "3.5万"]),
        (6.5, ["6½", "6.5", "六点五"]),
    ],
)
def test_a_number_is_the_same_in_every_form(value: float, forms: list[str]) -> None:
    for form in forms:
        assert [number for number, _ in read(f"它是 {form}")] == [value], form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12%", "百分之十二"),
        ("12 percent", "12％"),
        ("two-thirds", "三分之二"),
        ("三分之一", "1/3"),
        ("the 21st century", "二十一世纪"),
        ("twenty-first century", "21世纪"),
        ("the third", "第三次"),
        ("5 km", "5000米"),
        ("2.5 kilograms", "2500克"),
        ("三天", "three days"),
        ("1914–18", "from 1914 to 1918"),
        ("12月", "in December"),
        ("5 km", "5"),
    ],
)
def test_what_is_said_in_one_form_stands_in_the_other(one: str, other: str) -> None:
    assert not missing(figures(one), other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 km", "5 miles"),
        ("3月", "3个月"),
        ("March 2020", "April 2020"),
        ("1,234", "1,235"),
        ("12%", "12 people, no, 13%"[3:]),
        ("$5", "€5"),
        ("三亿", "三万"),
        ("1 March", "2 March"),
    ],
)
def test_what_differs_is_missing(one: str, other: str) -> None:
    assert missing(figures(one), other)


@pytest.mark.parametrize(
    "text",
    [
        "one of them", "no one", "it may march on", "一些人", "一般", "三国", "十分重要", "万一",
        "First, he slept.", "H₂O and x²", "second to none"[7:], "",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert read(text) == []


def test_an_address_or_version_is_read_part_by_part() -> None:
    assert [value for value, _ in read("v1.2.10")] == [1, 2, 10]


@given(st.integers(0, 10**12))
def test_every_whole_number_is_read_with_and_without_commas(number: int) -> None:
    for written in (str(number), f"{number:,}"):
        [figure] = figures(f"There are {written} of them.")
        assert figure.value == Fraction(number)


@given(
    st.text(
        alphabet="0123456789.,/-年月日一二三十百千万亿点分之第几个 andtwohuredisMch½%$", max_size=40
    )
)
def test_every_figure_stands_where_it_says(text: str) -> None:
    for figure in figures(text):
        assert 0 <= figure.start < figure.end <= len(text)
        assert figure.text == text[figure.start : figure.end]
    assert not missing(figures(text), text)


@pytest.mark.parametrize("text", ["9" * 50_000, "1" + "万" * 50_000, "1." * 50_000, "三" * 50_000])
def test_absurd_numbers_are_read_without_fail(text: str) -> None:
    assert len(figures(text)) <= 40
