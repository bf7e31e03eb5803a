import pypdfium2 as pdfium
import pytest

from ingest.load.pdf_rules import Rule, Rules, page_rules


@pytest.fixture
def rules_of(write, draw_pdf):
    def rules(marks, turn: int = 0) -> Rules:
        with pdfium.PdfDocument(write("a.pdf", draw_pdf([marks]))) as document:
            page = document[0]
            found = page_rules(page, turn)
            page.close()
        return found

    return rules


def test_lines_that_touch_are_one_and_slanted_ones_none(rules_of) -> None:
    found = rules_of([(72, 700, 172, 700), (172, 700, 300, 700), (72, 600, 172, 690)])
    assert found.down == ()
    (rule,) = found.across
    assert (rule.start, rule.end, rule.at) == pytest.approx((72, 300, -700), abs=1)


def test_turning_the_page_turns_its_lines(rules_of) -> None:
    found = rules_of([(72, 700, 300, 700)], turn=1)
    assert found.across == ()
    assert [round(rule.at) for rule in found.down] == [700]


def test_a_drawing_of_very_many_lines_has_no_rules(rules_of) -> None:
    assert rules_of([(72, i / 2, 300, i / 2) for i in range(1100)]) == Rules()


def test_a_rule_knows_its_ends() -> None:
    assert Rule(1, 2, 3) == Rule(start=1, end=2, at=3)
