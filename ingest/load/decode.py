"""Bytes to text: byte order mark, UTF-8, the declared encoding, then the likeliest one.

It refuses binary data. It does not know file formats, only where encodings are declared.
"""

import codecs
import re

from charset_normalizer import from_bytes

from ingest.errors import DocumentError
from ingest.load import east_asian
from ingest.load.characters import clean

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What is called by the first name is in fact written with the second, a superset of it.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
}
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]+)["']
    | <meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]+)
    | ^[ \t\f]*\#.{0,60}?coding[:=][ \t]*([\w.-]+)""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_SINGLE_BYTE = "cp1252 cp1250 cp1251 koi8_r cp866 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874"
_WESTERN = set("àâäçéèêëîïôöœùûüÿñßáíóúãõåæøìòýþðÀÂÄÇÉÈÊËÎÏÔÖŒÙÛÜÑÁÍÓÚÃÕÅÆØÌÒ’‘“”–—…€£©®°«»·•§¡¿")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_CONTROLS = 0.01  # of the characters: more is no text
_MAX_REPLACED = 0.02  # of the characters: a few bad bytes in a long text are borne
_SAMPLE = 1 << 16


def declared_encoding(data: bytes) -> str | None:
    """The encoding that an XML declaration, an HTML meta or a coding comment names, if any."""
    found = _DECLARED.search(data[:4096])
    if found is None:
        return None
    return next(group for group in found.groups() if group).decode("ascii", errors="replace")


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of the bytes, cleaned (see characters.clean), without its byte order mark.

    `declared` is what the format says of its encoding; it counts only where the bytes are not
    UTF-8 and it decodes all of them. Raises DocumentError for what is not text.
    """
    text = _decode(data, declared)
    if text and len(_CONTROL.findall(text)) > _MAX_CONTROLS * len(text):
        raise DocumentError("binary data, not text")
    return clean(text)


def _decode(data: bytes, declared: str | None) -> str:
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(codec, errors="replace")
    if b"\x00" in data:
        return _with_nuls(data)
    if b"\x1b$" in data:
        declared = declared or "iso2022_jp"  # seven bits, so UTF-8 would take it
    else:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return _as_declared(data, declared) or _by_likelihood(data)


def _with_nuls(data: bytes) -> str:
    """UTF-16 or UTF-32 without a byte order mark, or text with a stray NUL in it."""
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and _readable(text):
            return text
    if data.count(b"\x00") > len(data) // 1000:
        raise DocumentError("binary data, not text")
    return _decode(data.replace(b"\x00", b""), None)


def _readable(text: str) -> bool:
    """Whether nearly all characters are of ASCII, the other alphabets, kana, hanzi or hangul."""
    ordinary = sum(
        1
        for char in text[:_SAMPLE]
        if char in "\t\n\r"
        or " " <= char < "\u0600"
        or "\u2010" <= char <= "\u2027"
        or "\u3000" <= char <= "\u30ff"
        or "\u4e00" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7a3"
        or "\uff01" <= char <= "\uff5e"
    )
    # Wrong byte order gives hanzi too, but never the space or the line end that text has.
    return ordinary > 0.95 * len(text[:_SAMPLE]) and any(char in text for char in " \n\t，。")


def _as_declared(data: bytes, declared: str | None) -> str | None:
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared).name
        codec = _SUPERSETS.get(name, name)
        text = data.decode(codec)
    except (LookupError, UnicodeDecodeError):
        return None
    if codec == "cp1252" and (found := east_asian.likeliest(data)):
        return found[1]  # Western is what programs declare that do not know, and it fits any bytes
    return text if isinstance(text, str) else None  # codecs such as "hex" give bytes


def _by_likelihood(data: bytes) -> str:
    if found := east_asian.likeliest(data):
        return found[1]
    if (text := _as_western(data)) is not None:
        return text
    # Long UTF-8 or East Asian text with a few bytes broken, in a crawl or by a cut.
    for text in (data.decode("utf-8", errors="replace"), _broken_east_asian(data)):
        if text and text.count("\ufffd") < _MAX_REPLACED * len(text):
            return text
    best = from_bytes(data[:_SAMPLE], cp_isolation=_SINGLE_BYTE.split()).best()
    return data.decode(best.encoding if best else "cp1252", errors="replace")


def _as_western(data: bytes) -> str | None:
    """The text as Windows-1252 if that makes it Western: rare accents among plain letters."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    foreign = {char for char in text if char > "\x7f" and char != "\xa0"}
    letters = [char for char in text if char.isalpha()]
    accented = sum(char > "\x7f" for char in letters)
    if accented > 0.4 * len(letters) or not foreign <= _WESTERN:
        return None
    return text


def _broken_east_asian(data: bytes) -> str | None:
    found = east_asian.likeliest(data, errors="replace")
    return found[1] if found else None
