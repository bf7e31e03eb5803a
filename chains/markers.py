"""The marks around a sentence: citations that a model writes itself ("[1]", "【2】", "(source: x)")
and the numbers of a list's items.

Nothing in them is believed, and their digits are no numbers of the sentence that they stand in.
"""

import re

_LISTED = r"\^?\s*\d{1,3}(?:\s*[-–,，、;；†‡:]\s*\^?\d{1,3})*"
_NAMED = (
    r"sources?|passages?|documents?|docs?|ref(?:erence)?s?|cit(?:ation|e)s?"
    r"|来源|出处|引用|资料|文档|段落|参考"
)
_MARK = re.compile(
    rf"\[\s*{_LISTED}\s*(?:†[^\]\n]{{0,60}})?\]"
    rf"|【\s*{_LISTED}\s*(?:†[^】\n]{{0,60}})?】"
    rf"|[\[(（【]\s*(?:{_NAMED}|see)\b\s*[:：#]?[^\])）】\n]{{0,80}}[\])）】]"
    rf"|[\[(（【]\s*(?:{_NAMED})[^\])）】\n]{{0,80}}[\])）】]"
    r"|\[\s*(?:citation needed|来源请求)\s*\]"
    r"|^[ \t]*(?:[-*•>#]+[ \t]+)?[(（]?\d{1,2}(?:[.)）](?=\s)|、)",
    re.IGNORECASE | re.MULTILINE,
)


def without_markers(text: str) -> str:
    """The text with spaces where marks stood: every other character keeps its place."""
    return _MARK.sub(lambda match: " " * len(match.group()), text)
