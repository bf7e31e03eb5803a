"""Document text between marks that it cannot write itself: where a passage ends is not its say."""

import re

OPEN, CLOSE = "<passage>", "</passage>"
_FORGED = re.compile(r"<(?=\s*/?\s*passage\b)", re.IGNORECASE)
# Control tokens of chat templates. A model on this machine gets them as plain text in any case
# (models.chat_template); a server may read them as its own wherever they stand.
_CONTROL = re.compile(
    r"<(?=[|｜][^<>\n]{1,40}[|｜]>"
    r"|/?s>|/?think>|<?/?SYS>>?|(?:start|end)_of_turn>|(?:bos|eos|pad|unk|sep|cls)>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])",
    re.IGNORECASE,
)
_JOINER = "\u2060"  # shows nothing, and breaks the token


def fenced(title: str, text: str) -> str:
    """A passage with its title, on lines of its own between the marks; any in it are no marks."""
    head = " ".join(title.split())
    body = f"{head}\n{text}" if head else text
    return f"{OPEN}\n{_FORGED.sub('<' + _JOINER, body)}\n{CLOSE}\n"


def disarmed(text: str) -> str:
    """The text with its control tokens broken, for servers that would obey them."""
    return _CONTROL.sub(lambda match: match.group() + _JOINER, text)
