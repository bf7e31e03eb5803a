"""The formats that can be read: which suffix means which, what such a file must begin with, and
the module that parses it. Parsers are imported when a file first needs them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ingest.page import Page

Parser = Callable[[Path], tuple[list[Page], str]]


@dataclass(frozen=True)
class Format:
    """A format's name, its parser ("module:function" inside ingest.load) and its signature.

    `kind` is the key of signature.NAMES that its files have, "" for formats that are text.
    """

    name: str
    parser: str
    kind: str = ""

    def parse(self, path: Path) -> tuple[list[Page], str]:
        """The pages and the title, "" where the document has none. Raises DocumentError."""
        module, _, function = self.parser.partition(":")
        parser: Parser = getattr(import_module(f"ingest.load.{module}"), function or "parse")
        return parser(path)


TEXT = Format("text", "plain")
_HTML = Format("html", "webpage")
_WORD = Format("docx", "word", "docx")
_SLIDES = Format("pptx", "slides", "pptx")
_SHEETS = Format("xlsx", "sheets", "xlsx")
_MARKDOWN = Format("markdown", "markdown")
_CSV = Format("csv", "delimited")
_WEB_ARCHIVE = Format("mhtml", "mail:parse_web_archive")

_TEXT_SUFFIXES = (
    ".txt .text .log .rst .adoc .org .tex .bib .srt .vtt .po .diff .patch .json .jsonl .ndjson"
    " .yaml .yml .toml .ini .cfg .conf .properties .xml .xsd .css .scss .sql .graphql .proto"
    " .py .pyi .r .jl .m .lua .pl .rb .php .sh .bash .zsh .ps1 .bat .js .mjs .jsx .ts .tsx .vue"
    " .c .h .cc .cpp .cxx .hpp .cs .java .kt .scala .groovy .swift .go .rs .zig .hs .ml .ex .erl"
    " .clj .lisp .f90 .v .vhdl .asm .cmake .gradle .tf"
)

FORMATS: dict[str, Format] = {
    ".pdf": Format("pdf", "pdf", "pdf"),
    ".docx": _WORD,
    ".docm": _WORD,
    ".pptx": _SLIDES,
    ".pptm": _SLIDES,
    ".ppsx": _SLIDES,
    ".xlsx": _SHEETS,
    ".xlsm": _SHEETS,
    ".epub": Format("epub", "epub", "epub"),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".mhtml": _WEB_ARCHIVE,
    ".mht": _WEB_ARCHIVE,
    ".eml": Format("eml", "mail"),
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".csv": _CSV,
    ".tsv": _CSV,
    ".tab": _CSV,
    ".ipynb": Format("ipynb", "notebook"),
    **{
        f".{suffix}": Format(kind, "picture", kind)
        for kind, suffixes in {
            "png": "png",
            "jpeg": "jpg jpeg",
            "tiff": "tif tiff",
            "webp": "webp",
            "bmp": "bmp",
            "gif": "gif",
        }.items()
        for suffix in suffixes.split()
    },
    ".conllu": Format("conllu", "community:parse_conllu"),
    **dict.fromkeys(_TEXT_SUFFIXES.split(), TEXT),
}
SUFFIXES = frozenset(FORMATS)

# What to do with the formats that are asked for most and not read.
REMEDIES = {
    "ole": "save it as .docx, .xlsx, .pptx or .eml",
    "rtf": "save it as .docx",
    "odf": "save it as .docx, .xlsx or .pptx",
    "ps": "save it as .pdf",
    "zip": "unpack it",
    "gzip": "unpack it",
    "bzip2": "unpack it",
    "xz": "unpack it",
    "7z": "unpack it",
    "rar": "unpack it",
    "heif": "save it as .jpg or .png",
}
PICTURES = frozenset(form.kind for form in FORMATS.values() if form.parser == "picture")
