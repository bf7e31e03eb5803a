"""One file to its pages: which format it is, whether it is what its name says, and its title."""

from pathlib import Path

from ingest.errors import DocumentError
from ingest.load.characters import one_line, sane_title
from ingest.load.formats import FORMATS, PICTURES, REMEDIES, TEXT, Format
from ingest.load.limits import check_text
from ingest.load.loaded import Loaded
from ingest.load.ocr import OFF, is_off
from ingest.load.parts import in_parts
from ingest.load.signature import NAMES, kind_of, opening
from ingest.page import Page

_ADVERTISED = (
    "PDF, Word, PowerPoint, Excel, EPUB, HTML, mail, Markdown, CSV, notebooks, text, pictures"
)
_PICTURED = {"pdf": "pages", "pptx": "slides", "tiff": "pages"}


def load(path: Path, *, name: str | None = None) -> Loaded:
    """The document in a file.

    `name` is the one to go by when the file is called otherwise on disk, as uploads are. Raises
    DocumentError with a reason of one line, without the path, if there is no text to be had.
    """
    named = Path(name or path.name)
    try:
        _check_file(path)
        form = _format(path, named.suffix.lower())
        pages, title = form.parse(path)
    except OSError as error:
        raise DocumentError(f"cannot be opened: {error.strerror or error}") from error
    except RecursionError as error:
        raise DocumentError("damaged: its parts are nested too deep to be read") from error
    if not any(page.text.strip() for page in pages):
        raise DocumentError(_no_text(form, pages))
    check_text(pages)
    return Loaded(tuple(in_parts(pages)), form.name, sane_title(title) or one_line(named.stem))


def _check_file(path: Path) -> None:
    if not path.exists():
        raise DocumentError("no such file")
    if not path.is_file():
        raise DocumentError("not a file")
    if path.stat().st_size == 0:
        raise DocumentError("empty file")


def _format(path: Path, suffix: str) -> Format:
    """The suffix's format, if the content agrees with it."""
    kind = kind_of(path)
    form = FORMATS.get(suffix, TEXT)
    if kind == form.kind:
        return form if suffix in FORMATS else _text_of_unknown(path, suffix)
    if kind in PICTURES and form.kind in PICTURES:  # programs read them under any such name
        return next(other for other in FORMATS.values() if other.kind == kind)
    if kind == "locked":
        raise DocumentError("protected by a password: save a copy without one")
    if kind and suffix not in FORMATS:
        raise DocumentError(_unsupported(suffix, kind))
    what = NAMES[form.kind].partition(" ")[2] if form.kind else ""
    if kind == "zip" and form.kind:  # a damaged one, most likely: its parser knows more
        raise DocumentError(f"damaged: a ZIP archive, but no {what} in it")
    if not kind:
        raise DocumentError(f"not a {what}, though named {suffix} (it starts with {opening(path)})")
    remedy = REMEDIES.get(kind, f"rename it to .{kind}" if f".{kind}" in FORMATS else "")
    reason = f"{NAMES[kind]}, though named {suffix}"
    raise DocumentError(f"{reason}: {remedy}" if remedy else reason)


def _text_of_unknown(path: Path, suffix: str) -> Format:
    """Whatever its suffix, what reads as text is text: Makefile, LICENSE, .nix."""
    try:
        TEXT.parse(path)
    except DocumentError as error:
        raise DocumentError(_unsupported(suffix)) from error
    return TEXT


def _unsupported(suffix: str, kind: str = "") -> str:
    what = f"{suffix or 'no suffix'}, {NAMES[kind]}" if kind else suffix or "no suffix"
    remedy = REMEDIES.get(kind, f"supported are {_ADVERTISED}")
    if kind in PICTURES:
        remedy = f"rename it to .{kind}"
    return f"not a supported format ({what}): {remedy}"


def _no_text(form: Format, pages: list[Page]) -> str:
    if form.kind in PICTURES and len(pages) == 1:
        return "no text in it that could be read"
    if form.kind not in _PICTURED:
        return f"no text in it, and {OFF}" if form.kind and is_off() else "no text in it"
    unit = _PICTURED[form.kind]
    where = f"its {len(pages)} {unit}" if len(pages) != 1 else f"its one {unit[:-1]}"
    pictures = OFF if is_off() else "none in pictures that could be read"
    return f"no text in {where}, and {pictures}"
