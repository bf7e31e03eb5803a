from io import BytesIO
from pathlib import Path

import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_CONNECTOR
from pptx.util import Inches
from scans import as_bytes, drawn

from ingest.load.slides import parse


def _deck(tmp_path: Path) -> Path:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Results 结果"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for i, text in enumerate(["Year", "Sales", "2024", "7"]):
        table.cell(i // 2, i % 2).text = text
    group = slide.shapes.add_group_shape()
    box = group.shapes.add_textbox(Inches(1), Inches(2), Inches(4), Inches(1))
    box.text_frame.text = "Grouped,\nin two lines"
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    deck.slides.add_slide(deck.slide_layouts[6])
    chart = CategoryChartData()
    chart.categories = ["East", "West"]
    chart.add_series("2023", (1.5, 2))
    last = deck.slides.add_slide(deck.slide_layouts[6])
    size = (Inches(1), Inches(1), Inches(4), Inches(3))
    last.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *size, chart)
    deck.save(str(tmp_path / "a.pptx"))
    return tmp_path / "a.pptx"


def test_a_slide_is_a_page_with_its_title_text_tables_charts_and_notes(tmp_path) -> None:
    pages, title = parse(_deck(tmp_path))
    assert pages[0].text == (
        "Results 结果\n\nGrouped,\nin two lines\n\nYear | Sales\n2024 | 7\n\nNotes: Say it slowly."
    )
    assert [(h.start, h.title) for h in pages[0].headings] == [(0, "Results 结果")]
    assert [page.label for page in pages] == ["1", "2", "3"]
    assert pages[1].text == ""
    assert pages[2].text == "| 2023\nEast | 1.5\nWest | 2"
    assert title == "Results 结果"


def test_boxes_at_nearly_the_same_height_are_read_from_left_to_right(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    boxes = {
        "third, below": (1, 1.5, 0.4),
        "second, a little higher": (5, 0.95, 4),
        "first": (1, 1.05, 0.4),
        "fourth, nearer to the third than to the fifth": (5, 1.6, 0.4),
        "fifth": (0.5, 1.8, 0.4),
    }
    for text, (left, top, height) in boxes.items():
        size = (Inches(left), Inches(top), Inches(3), Inches(height))
        slide.shapes.add_textbox(*size).text_frame.text = text
    slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, 0, Inches(1), Inches(9), Inches(1))
    deck.save(str(tmp_path / "a.pptx"))
    (page,), _ = parse(tmp_path / "a.pptx")
    words = [line.partition(",")[0] for line in page.text.split("\n\n")]
    assert words == ["first", "second", "third", "fourth", "fifth"]


def test_pictures_are_read_in_their_place_a_logo_once(tmp_path: Path, sizes_seen: None) -> None:
    deck = pptx.Presentation()
    for number in range(2):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        for size, top in (((300, 200 + number), 2), ((400, 50), 4)):
            slide.shapes.add_picture(BytesIO(as_bytes(drawn([], size))), Inches(1), Inches(top))
        box = slide.shapes.add_textbox(Inches(1), Inches(3), Inches(4), Inches(1))
        box.text_frame.text = "between"
    deck.save(str(tmp_path / "a.pptx"))
    pages, _ = parse(tmp_path / "a.pptx")
    assert [page.text for page in pages] == [
        "300 by 200\n\nbetween\n\n400 by 50",
        "300 by 201\n\nbetween",
    ]
