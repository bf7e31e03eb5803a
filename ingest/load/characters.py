"""The characters that page text may hold: no controls or lone surrogates, "\\n" ends a line."""

import re

_LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SOFT = re.compile("[\u00ad\u200b]")

_PLACEHOLDER_TITLES = {"untitled", "document", "presentation", "title", "powerpoint presentation"}
_TITLE_OF_A_FILE = re.compile(r"\.(docx?|pptx?|xlsx?|indd|tex|dvi|pdf|qxd|html?|rtf|odt)$", re.I)


def clean(text: str) -> str:
    """The text with line ends made "\\n", controls removed and lone surrogates replaced."""
    text = _UNWANTED.sub("", _LINE_END.sub("\n", text))
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The text on one line: every run of white space one space, soft hyphens gone."""
    if text.isprintable() and "  " not in text:  # nothing to mend: most cells of most tables
        return text.strip(" ")
    return " ".join(clean(_SOFT.sub("", text)).split())


def sane_title(candidate: str | None) -> str:
    """A title from a document's metadata, or "" where it is a program's leaving, not a title."""
    title = one_line(candidate or "")
    if title.lower() in _PLACEHOLDER_TITLES or title.startswith("Microsoft Word - "):
        return ""
    if len(title) > 300 or _TITLE_OF_A_FILE.search(title) or "\ufffd" in title:
        return ""
    return title if any(ch.isalnum() for ch in title) else ""
