"""Words that a PDF broke at the end of a line, mended by what the document's other words say."""

import re
from collections.abc import Iterable

BREAK = "\x02"  # what stands for a line-end hyphen here; PDFium writes it, or U+FFFE
_BROKEN = re.compile(rf"(\w+)[{BREAK}\ufffe](?:\r?\n)?(\w+)")
_WORD = re.compile(r"\w+(?:-\w+)*")


def mend_hyphens(pages: Iterable[str]) -> list[str]:
    """The pages with each broken word joined, or hyphenated where it is a compound.

    It is a compound where the document writes it with a hyphen elsewhere, where its parts are
    words of the document and the joined word is not, and where its second part is no lower-case
    word ("GPT-2").
    """
    texts = list(pages)
    if not any(BREAK in text or "\ufffe" in text for text in texts):
        return texts
    words = {word.lower() for text in texts for word in _WORD.findall(_BROKEN.sub(" ", text))}
    parts = words | {part for word in words if "-" in word for part in word.split("-")}

    def joined(match: re.Match[str]) -> str:
        left, right = match.groups()
        whole, hyphenated = left + right, f"{left}-{right}"
        if hyphenated.lower() in words or not right[0].islower():
            return hyphenated
        known = left.lower() in parts and right.lower() in parts and len(right) > 3
        return hyphenated if known and whole.lower() not in words else whole

    return [re.sub(f"[{BREAK}\ufffe]", "-", _BROKEN.sub(joined, text)) for text in texts]
