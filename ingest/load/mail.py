"""Mail (.eml) and saved web pages (.mhtml): MIME messages, their body and what is attached."""

import re
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header
from email.message import EmailMessage, MIMEPart
from pathlib import Path

from ingest.errors import DocumentError
from ingest.load.characters import one_line
from ingest.load.decode import declared_encoding, decode
from ingest.load.draft import Draft
from ingest.load.embedded import Pictures
from ingest.load.webpage import write_html
from ingest.page import Page

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
# What the standard library's header parser raises for headers that break the grammar.
_BAD_HEADER = (MessageError, ValueError, IndexError, AttributeError, TypeError, LookupError)


def parse(path: Path) -> tuple[list[Page], str]:
    """One page: the headers people read, the body, the attachments' names and what those that are
    pictures say; titled its subject."""
    message = _message(path)
    draft = Draft()
    values = {name: header(message, name) for name in _HEADERS}
    if not any(values.values()):
        raise DocumentError("not a mail message: it has no From, To, Date or Subject")
    for name, value in values.items():
        draft.line(f"{name}: {value}" if value else "")
    draft.gap()
    _write_body(message, draft)
    names = ", ".join(_attachments(message))
    draft.gap()
    draft.line(f"Attachments: {names}" if names else "")
    pictures = Pictures()
    for part in message.walk():
        data = part.get_payload(decode=True) if _is_picture(part) else None
        if isinstance(data, bytes):
            pictures.write(data, draft, _name_of(part))
    return [draft.page(1)], values["Subject"]


def parse_web_archive(path: Path) -> tuple[list[Page], str]:
    """One page: the saved page's text, under its own title."""
    message = _message(path)
    draft = Draft()
    for part in message.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            title = write_html(_text(part), draft)
            return [draft.page(1)], title or header(message, "Subject")
    raise DocumentError("not a saved web page: there is no HTML part in it")


def header(message: EmailMessage, name: str) -> str:
    """A header's value, decoded; "" where there is none."""
    try:
        value = str(message.get(name, ""))
    except _BAD_HEADER:
        raw = next((text for key, text in message.raw_items() if key.lower() == name.lower()), "")
        value = _decode_raw(str(raw))
    return one_line(_undo_surrogates(value))


def _decode_raw(raw: str) -> str:
    try:
        parts = decode_header(raw)
        texts = [
            part if isinstance(part, str) else decode(part, charset) for part, charset in parts
        ]
    except (*_BAD_HEADER, DocumentError):
        return raw
    return "".join(texts)


def _undo_surrogates(text: str) -> str:
    """Headers sent as raw bytes reach us as lone surrogates, one for each byte."""
    try:
        return decode(text.encode("ascii", "surrogateescape"))
    except (UnicodeEncodeError, DocumentError):
        return text


def _message(path: Path) -> EmailMessage:
    try:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
    except _BAD_HEADER as error:
        raise DocumentError(f"damaged: not readable as a MIME message ({error})") from error
    return message


def _write_body(message: EmailMessage, draft: Draft) -> None:
    """The text body, or the HTML one where there is no text in the former."""
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        text = "" if part is None else _text(part)
        if not text.strip():
            continue
        if kind == "html":
            write_html(text, draft)
        else:
            draft.block(re.sub(r"\n\s*\n\s*\n", "\n\n", text))
        return


def _text(part: MIMEPart) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    return decode(data, part.get_content_charset() or declared_encoding(data))


def _attachments(message: EmailMessage) -> list[str]:
    return [name for part in message.walk() if (name := _name_of(part))]


def _is_picture(part: MIMEPart) -> bool:
    try:
        return part.get_content_maintype() == "image"
    except _BAD_HEADER:
        return False


def _name_of(part: MIMEPart) -> str:
    """An attachment's name; "" where it has none that can be read."""
    try:
        name = part.get_filename()
    except _BAD_HEADER:
        return ""
    return one_line(_undo_surrogates(name)) if name else ""
