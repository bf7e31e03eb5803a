"""EPUB books: a page per file of the book's spine, labelled with the chapter that begins in it,
with what its pictures say at the end of the page."""

import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from ingest.errors import DocumentError
from ingest.load.archive import open_archive
from ingest.load.characters import one_line, sane_title
from ingest.load.decode import declared_encoding, decode
from ingest.load.draft import Draft
from ingest.load.embedded import Pictures
from ingest.load.steps import step
from ingest.load.webpage import write_html
from ingest.page import Page

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_TEXT_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_IMAGE = re.compile(
    r"""<(?:img|(?:svg:)?image)\s[^>]*?(?:src|href)\s*=\s*["']([^"'>]+)""", re.IGNORECASE
)
_NCX = "application/x-dtbncx+xml"
_TYPE = "{http://www.idpf.org/2007/ops}type"


def parse(path: Path) -> tuple[list[Page], str]:
    """A Page for every spine item that has text; the title is the package's dc:title."""
    with open_archive(path) as archive:
        package_name = _package_name(archive)
        package = _xml(archive, package_name)
        manifest = {item.get("id"): item for item in package.iter("{*}item")}
        folder = posixpath.dirname(package_name)
        labels = _labels(archive, manifest.values(), folder)
        names = set(archive.namelist())
        images = _Images(archive, names - _covers(package, manifest, folder))
        pages: list[Page] = []
        spine = list(package.iter("{*}itemref"))
        for place, reference in enumerate(spine):
            step(place, len(spine))
            item = manifest.get(reference.get("idref"))
            if item is None or not _is_text(item):
                continue
            name = _resolve(folder, item.get("href", ""))
            if name not in names:  # books lack files now and then; the rest is still readable
                continue
            page = _page(archive, name, len(pages) + 1, images)
            if page.text:
                pages.append(replace(page, label=labels.get(name) or _own_label(page)))
        _refuse_locked(archive, pages)
    return pages, sane_title(package.findtext(".//{http://purl.org/dc/elements/1.1/}title"))


class _Images:
    """The pictures of a book, written where a file shows them first."""

    def __init__(self, archive: zipfile.ZipFile, names: set[str]) -> None:
        self._archive = archive
        self._names = names
        self._pictures = Pictures()

    def write(self, name: str, html: str, draft: Draft) -> None:
        """Write what the pictures say that the file of this name shows."""
        for match in _IMAGE.finditer(html):
            image = _resolve(posixpath.dirname(name), match[1])
            if image in self._names:
                self._pictures.write(self._archive.read(image), draft)


def _covers(
    package: etree._Element, manifest: dict[str | None, etree._Element], folder: str
) -> set[str]:
    """The cover's picture, which says what the title does."""
    meta = package.find(".//{*}meta[@name='cover']")
    covers = [manifest.get(meta.get("content"))] if meta is not None else []
    covers += [one for one in manifest.values() if "cover-image" in one.get("properties", "")]
    return {_resolve(folder, one.get("href", "")) for one in covers if one is not None}


def _package_name(archive: zipfile.ZipFile) -> str:
    rootfile = _xml(archive, _CONTAINER).find(".//{*}rootfile")
    if rootfile is None or not rootfile.get("full-path"):
        raise DocumentError("damaged: its container names no package")
    return unquote(rootfile.get("full-path"))


def _is_text(item: etree._Element) -> bool:
    # The table of contents would repeat every heading.
    return item.get("media-type") in _TEXT_TYPES and "nav" not in item.get("properties", "").split()


def _page(archive: zipfile.ZipFile, name: str, number: int, images: _Images) -> Page:
    draft = Draft()
    data = _read(archive, name)
    if data.strip():
        html = decode(data, declared_encoding(data))
        write_html(html, draft)
        images.write(name, html, draft)
    return draft.page(number)


def _own_label(page: Page) -> str:
    """The first of the page's highest headings; its number where it has none."""
    highest = min(page.headings, key=lambda heading: heading.level, default=None)
    return highest.title if highest else str(page.number)


def _labels(
    archive: zipfile.ZipFile, items: Iterable[etree._Element], folder: str
) -> dict[str, str]:
    """File name → its title in the book's table of contents (EPUB 3 or 2).

    Of several it is the first of the highest: a file may begin with the end of another chapter,
    whose last sections are in it, too.
    """
    labels: dict[str, tuple[int, str]] = {}
    for item in items:
        is_nav = "nav" in item.get("properties", "").split()
        if not is_nav and item.get("media-type") != _NCX:
            continue
        name = _resolve(folder, item.get("href", ""))
        if name not in archive.namelist():
            continue
        for depth, href, title in _entries(_contents(_xml(archive, name))):
            target = _resolve(posixpath.dirname(name), href)
            if title and (target not in labels or depth < labels[target][0]):
                labels[target] = depth, title
    return {target: title for target, (_, title) in labels.items()}


def _contents(root: etree._Element) -> etree._Element:
    """The table of contents among others, such as the one of printed pages."""
    navs = list(root.iter("{*}nav"))
    tables = [nav for nav in navs if "toc" in nav.get(_TYPE, "").split()]
    return next(iter(tables or navs), root)


def _entries(contents: etree._Element) -> Iterator[tuple[int, str, str]]:
    """Each entry's depth, link and title, in their order."""
    depth = 0
    tags = ("{*}ol", "{*}navPoint", "{*}a")
    for event, element in etree.iterwalk(contents, events=("start", "end"), tag=tags):
        is_link = etree.QName(element).localname == "a"
        if not is_link:
            depth += 1 if event == "start" else -1
        if event == "end":
            continue
        if is_link:
            yield depth, element.get("href", ""), one_line("".join(element.itertext()))
        elif (content := element.find("{*}content")) is not None:
            title = element.findtext("{*}navLabel/{*}text", "")
            yield depth, content.get("src", ""), one_line(title)


def _resolve(folder: str, href: str) -> str:
    """The archive's name for a link: relative to the folder, unescaped, without its fragment."""
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _xml(archive: zipfile.ZipFile, name: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=True)
    try:
        root = etree.fromstring(_read(archive, name), parser)
    except etree.XMLSyntaxError as error:
        raise DocumentError(f"damaged: {name} in it is not XML ({error})") from error
    if root is None:
        raise DocumentError(f"damaged: {name} in it is not XML")
    return root


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError as error:
        raise DocumentError(f"damaged: {name} is missing in it") from error


def _refuse_locked(archive: zipfile.ZipFile, pages: list[Page]) -> None:
    """Fonts may be scrambled in any book; one whose text is has rights management."""
    if pages or _ENCRYPTION not in archive.namelist():
        return
    raise DocumentError("protected by digital rights management (DRM): its text cannot be read")
