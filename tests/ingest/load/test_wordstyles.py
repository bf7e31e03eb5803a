from docx.oxml.ns import nsdecls
from docx.oxml.parser import parse_xml

from ingest.load.wordstyles import heading_levels


def _style(identity: str, name: str, inner: str = "") -> str:
    return f'<w:style w:styleId="{identity}"><w:name w:val="{name}"/>{inner}</w:style>'


def test_headings_are_known_by_name_outline_or_the_style_they_rest_on() -> None:
    outline = '<w:pPr><w:outlineLvl w:val="{}"/></w:pPr>'
    styles = [
        _style("1", "heading 1"),
        _style("2", "标题 2"),
        _style("T", "Title"),
        _style("Mine", "My Section", outline.format(2)),
        _style("Child", "Fancy", '<w:basedOn w:val="Mine"/>'),
        _style("Body", "Body", outline.format(9)),
        _style("Toc", "toc 1", '<w:basedOn w:val="1"/>'),
        _style("A", "a", '<w:basedOn w:val="B"/>'),
        _style("B", "b", '<w:basedOn w:val="A"/>'),
    ]
    element = parse_xml(f"<w:styles {nsdecls('w')}>{''.join(styles)}</w:styles>")
    assert heading_levels(element) == {"1": 1, "2": 2, "T": 1, "Mine": 3, "Child": 3}
