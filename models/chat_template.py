"""Messages to prompt tokens by the model's own template.

What people and documents wrote is tokenized apart from the template, so that control tokens in
it (`<|im_end|>` in a web page, say) stay ordinary text. It does not know who wrote what.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.engine.context import Context
from models.errors import ModelError, first_line

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LIMIT = 1_000_000  # characters that a template may write, contents not counted
_FAILURES = (  # a template is a program that came with the file: it can fail in any of these ways
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
_MARK = re.compile("\ue000(\\d+)\ue001")  # stands for a content while the template is rendered


@dataclass(frozen=True)
class Turn:
    """One message: its role (system, user, assistant) and its text."""

    role: str
    content: str


def prompt_tokens(context: Context, turns: Sequence[Turn]) -> list[int]:
    """The tokens of the conversation and of the beginning of the model's answer.

    Raises ModelError if the model's template cannot be used.
    """
    parts = _parts(context, turns)
    return [token for text, special in parts for token in context.tokenize(text, special=special)]


def last_turn_tokens(context: Context, turns: Sequence[Turn]) -> tuple[list[int], list[int]]:
    """The tokens before the last turn's text, and those of that text.

    Raises ModelError if the model's template cannot be used.
    """
    text = turns[-1].content
    parts = _parts(context, turns)
    while parts and parts[-1][1]:  # what the template writes behind it
        parts.pop()
    if not parts or not parts[-1][0].endswith(text):
        raise ModelError("the model's chat template leaves out the last message")
    parts[-1] = (parts[-1][0].removesuffix(text), False)
    before = [token for part, special in parts for token in context.tokenize(part, special=special)]
    return before, context.tokenize(text)


def _parts(context: Context, turns: Sequence[Turn]) -> list[tuple[str, bool]]:
    """The prompt in parts: text, and whether control tokens in it count (the template's own)."""
    bos = context.special("bos")
    template = context.chat_template or CHATML
    variables = {"bos_token": bos, "eos_token": context.special("eos")}
    try:
        rendered = _render(template, turns, variables)
    except _FAILURES:
        # Templates of models without a system role refuse it: it then opens the first question.
        merged = _without_system(turns)
        try:
            rendered = _render(template, merged, variables)
        except _FAILURES as error:
            raise ModelError(
                f"the model's chat template cannot be used: {first_line(error)}"
            ) from error
        turns = merged
    parts = [(bos, True)] if context.adds_bos and bos and not rendered.startswith(bos) else []
    for index, part in enumerate(_MARK.split(rendered)):
        parts.append((turns[int(part)].content, False) if index % 2 else (part, True))
    return parts


def _render(template: str, turns: Sequence[Turn], variables: dict[str, str]) -> str:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    messages = [
        {"role": turn.role, "content": f"\ue000{index}\ue001"} for index, turn in enumerate(turns)
    ]
    compiled = environment.from_string(template)
    parts, size = [], 0
    for part in compiled.generate(messages=messages, add_generation_prompt=True, **variables):
        parts.append(part)
        size += len(part)
        if size > LIMIT:
            raise TemplateError(f"it writes more than {LIMIT} characters")
    rendered = "".join(parts)
    if any(int(index) >= len(turns) for index in _MARK.findall(rendered)):
        raise TemplateError("it writes the marks that stand for the messages")
    return rendered


def _raise(message: str) -> None:
    raise TemplateError(message)


def _without_system(turns: Sequence[Turn]) -> list[Turn]:
    system = "\n\n".join(turn.content for turn in turns if turn.role == "system")
    rest = [turn for turn in turns if turn.role != "system"]
    if not system:
        return rest
    if rest and rest[0].role == "user":
        return [Turn("user", f"{system}\n\n{rest[0].content}"), *rest[1:]]
    return [Turn("user", system), *rest]
