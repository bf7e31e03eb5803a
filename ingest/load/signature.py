"""What a file is by its first bytes, whatever its name says."""

import zipfile
from pathlib import Path

_MAGIC = (
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"{\\rtf", "rtf"),
    (0, b"%!PS", "ps"),
    (0, b"\x89PNG\r\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF8", "gif"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (8, b"WEBP", "webp"),
    (0, b"RIFF", "riff"),
    *((4, b"ftyp" + brand, "heif") for brand in (b"heic", b"heix", b"mif1", b"msf1", b"avif")),
    (4, b"ftyp", "mp4"),
    (0, b"ID3", "mp3"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a", "rar"),
    (0, b"\x7fELF", "elf"),
    (0, b"SQLite format 3\x00", "sqlite"),
    (0, b"GGUF", "gguf"),
)

NAMES = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "pptx": "a PowerPoint presentation",
    "xlsx": "an Excel workbook",
    "epub": "an EPUB",
    "odf": "an OpenDocument file",
    "zip": "a ZIP archive",
    "ole": "an Office file of the old kind (.doc, .xls, .ppt, .msg)",
    "locked": "an Office file protected by a password",
    "rtf": "a Rich Text file",
    "ps": "PostScript",
    "png": "a PNG picture",
    "jpeg": "a JPEG picture",
    "gif": "a GIF picture",
    "tiff": "a TIFF picture",
    "webp": "a WebP picture",
    "bmp": "a BMP picture",
    "heif": "a HEIF picture (.heic, .avif)",
    "riff": "audio or video",
    "mp4": "video",
    "mp3": "audio",
    "ogg": "audio",
    "flac": "audio",
    "gzip": "a gzip archive",
    "bzip2": "a bzip2 archive",
    "xz": "an xz archive",
    "7z": "a 7z archive",
    "rar": "a RAR archive",
    "elf": "a program",
    "sqlite": "a SQLite database",
    "gguf": "a GGUF model",
}

_OOXML_FOLDERS = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
# Word and its kin encrypt into an old-style container with a stream of this name.
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


def kind_of(path: Path) -> str:
    """A key of NAMES, or "" for what has no signature (text, mostly)."""
    with path.open("rb") as file:
        head = file.read(1024)
        file.seek(max(0, path.stat().st_size - 1024))
        tail = file.read()
    # Readers allow other bytes before the header, and after the end.
    if head.lstrip().startswith(b"%PDF-") or (b"%PDF-" in head and b"%%EOF" in tail):
        return "pdf"
    kind = next((kind for at, magic, kind in _MAGIC if head[at:].startswith(magic)), "")
    if not kind and _is_bitmap(head):
        return "bmp"
    if kind == "zip":
        return _kind_of_zip(path)
    if kind == "ole" and _ENCRYPTED_STREAM in path.read_bytes():
        return "locked"
    return kind


def opening(path: Path) -> str:
    """The file's first bytes as a person can read them, for an error message."""
    with path.open("rb") as file:
        return ascii(file.read(16).decode("utf-8", errors="replace"))


def _is_bitmap(head: bytes) -> bool:
    """Whether it is a BMP: text may begin with "BM", too, but not with such a header."""
    sizes = (12, 40, 52, 56, 64, 108, 124)
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in sizes


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "META-INF/container.xml" in names:
                return "epub"
            mimetype = archive.read("mimetype")[:80] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        return "zip"  # which parser it was meant for says what is wrong with it
    if b"opendocument" in mimetype:
        return "odf"
    for folder, kind in _OOXML_FOLDERS:
        if any(name.startswith(folder) for name in names):
            return kind
    return "zip"
