"""Where the pictures of a workbook lie: its reader for values passes them over."""

import posixpath
import zipfile
from collections.abc import Iterator

from lxml import etree

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_ANCHORS = ("twoCellAnchor", "oneCellAnchor", "absoluteAnchor")
_WORKBOOK = "xl/workbook.xml"


class SheetPictures:
    """The pictures of a workbook's sheets; what is missing or damaged among them is passed over."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        parts = self._related(_WORKBOOK)
        self._sheets: dict[str, str] = {}
        for sheet in self._elements(_WORKBOOK, "{*}sheet"):
            target = parts.get(sheet.get(f"{_R}id", ""))
            if target:
                self._sheets[sheet.get("name", "")] = target

    def of(self, title: str) -> Iterator[bytes]:
        """The pictures of the sheet with this title, from its first row down."""
        sheet = self._sheets.get(title)
        for drawing in self._related(sheet).values() if sheet else ():
            if not posixpath.basename(drawing).startswith("drawing"):
                continue
            images = self._related(drawing)
            anchors = (one for name in _ANCHORS for one in self._elements(drawing, f"{{*}}{name}"))
            for anchor in sorted(anchors, key=_row):
                for blip in anchor.iter(_A_BLIP):
                    image = images.get(blip.get(f"{_R}embed", ""))
                    if image in self._names:
                        yield self._archive.read(image)

    def _related(self, part: str) -> dict[str, str]:
        """The parts that a part refers to, by the name of the relation."""
        folder, name = posixpath.split(part)
        related = {}
        for relation in self._elements(f"{folder}/_rels/{name}.rels", "{*}Relationship"):
            if relation.get("TargetMode") != "External":
                target = posixpath.join("/", folder, relation.get("Target", ""))
                related[relation.get("Id", "")] = posixpath.normpath(target).lstrip("/")
        return related

    def _elements(self, part: str, tag: str) -> Iterator[etree._Element]:
        if part not in self._names:
            return
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            root = etree.fromstring(self._archive.read(part), parser)
        except etree.XMLSyntaxError:
            return
        yield from root.iter(tag)


def _row(anchor: etree._Element) -> int:
    row = anchor.findtext("{*}from/{*}row", "0")
    return int(row) if row.isdecimal() else 0
