"""What people call the formats of documents, in both languages."""

import re

_NAMES = {
    "pdf": ("pdf",),
    "word": ("docx",),
    "docx": ("docx",),
    "excel": ("xlsx",),
    "xlsx": ("xlsx",),
    "spreadsheet": ("xlsx", "csv"),
    "powerpoint": ("pptx",),
    "pptx": ("pptx",),
    "presentation": ("pptx",),
    "csv": ("csv",),
    "markdown": ("markdown",),
    "html": ("html", "mhtml"),
    "web page": ("html", "mhtml"),
    "epub": ("epub",),
    "e-book": ("epub",),
    "text": ("text",),
    "txt": ("text",),
    "email": ("eml",),
    "e-mail": ("eml",),
    "notebook": ("ipynb",),
    "image": ("png", "jpeg", "tiff", "webp", "bmp", "gif"),
    "picture": ("png", "jpeg", "tiff", "webp", "bmp", "gif"),
}
_NAMES_ZH = {
    "PDF": "pdf", "Word": "word", "Excel": "excel", "PPT": "powerpoint", "CSV": "csv",
    "Markdown": "markdown", "HTML": "html", "EPUB": "epub", "TXT": "text", "网页": "html",
    "文本": "text", "表格": "spreadsheet", "电子表格": "spreadsheet", "幻灯片": "powerpoint",
    "邮件": "email", "图片": "picture", "电子书": "epub",
}  # fmt: skip

FORMAT = rf"(?:(?:{'|'.join(map(re.escape, _NAMES))})s? ?)"
FORMAT_ZH = rf"(?:{'|'.join(sorted(_NAMES_ZH, key=len, reverse=True))})"

_ALONE = ("pdf", "docx", "xlsx", "pptx", "csv", "spreadsheet", "powerpoint", "epub")


def stands_alone(written: str) -> bool:
    """Whether a format's name means documents without the word: PDFs, but not words or pictures."""
    small = written.strip().lower()
    return small in _ALONE or small.removesuffix("s") in _ALONE or small == "ppt"


def format_of(written: str) -> tuple[str, ...]:
    """The formats, as in `Document.format`, that a word stands for; () for none."""
    small = written.strip().lower()
    for zh, name in _NAMES_ZH.items():
        if small == zh.lower():
            return _NAMES[name]
    return _NAMES.get(small) or _NAMES.get(small.removesuffix("s"), ())
