"""Files as nobody means them: real ones damaged by chance, and ones made to harm."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from itertools import pairwise

KINDS = ("truncated", "flipped", "spliced", "repeated", "zeroed")


def damaged(data: bytes, other: bytes, kind: str, draw: random.Random) -> bytes:
    """The file's bytes with one kind of damage; `other` is a file to splice in."""
    size = len(data)
    place = draw.randrange(size)
    if kind == "truncated":
        return data[:place]
    if kind == "flipped":
        broken = bytearray(data)
        for _ in range(max(1, size // 1000)):
            broken[draw.randrange(size)] ^= 1 << draw.randrange(8)
        return bytes(broken)
    if kind == "spliced":
        begin = draw.randrange(len(other))
        return data[:place] + other[begin : begin + 5000] + data[place:]
    if kind == "repeated":
        return data[:place] + data[place // 2 :]
    length = draw.randrange(1, 4000)
    return data[:place] + bytes(length) + data[place + length :]


def deep_html(levels: int) -> bytes:
    """Nested elements and tables."""
    opened = "".join(("<div>", "<table><tr><td>", "<ul><li>", "<b>")[n % 4] for n in range(levels))
    return f"<html><body>{opened}the bottom</body></html>".encode()


def deep_json(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def deep_xml_in_docx(levels: int) -> bytes:
    """A Word document whose body nests content controls."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    inner = "<w:sdt><w:sdtContent>" * levels + "<w:p/>" + "</w:sdtContent></w:sdt>" * levels
    return _docx(f"<w:document {space}><w:body>{inner}</w:body></w:document>")


def entities_in_docx() -> bytes:
    """A Word document whose XML expands to gigabytes (billion laughs)."""
    names = [f"e{n}" for n in range(10)]
    doctype = '<!ENTITY e0 "lol">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)
    )
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    text = f"<w:p><w:r><w:t>&{names[-1]};</w:t></w:r></w:p>"
    return _docx(
        f"<!DOCTYPE d [{doctype}]><w:document {space}><w:body>{text}</w:body></w:document>"
    )


def _docx(document: str) -> bytes:
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relations)
        archive.writestr("word/document.xml", document)
    return data.getvalue()


def pdf_of_many_pages(pages: int) -> bytes:
    """A PDF whose pages all show the same line of text."""
    return b"".join(_pdf_parts(pages))


def _pdf_parts(pages: int) -> Iterator[bytes]:
    stream = b"BT /F1 12 Tf 72 720 Td (the same page) Tj ET"
    kids = b" ".join(b"%d 0 R" % (number + 10) for number in range(pages))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, pages),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
    }
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>"
    )
    objects.update({number + 10: page for number in range(pages)})
    place = 9
    yield b"%PDF-1.4\n"
    places = {}
    for number, body in objects.items():
        places[number] = place
        part = b"%d 0 obj\n%b\nendobj\n" % (number, body)
        place += len(part)
        yield part
    yield b"xref\n0 1\n0000000000 65535 f \n"
    for number, at in places.items():
        yield b"%d 1\n%010d 00000 n \n" % (number, at)
    yield b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (pages + 11, place)
