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
from models.errors import ModelError

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
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
    bos = context.special("bos")
    template = context.chat_template or CHATML
    variables = {"bos_token": bos, "eos_token": context.special("eos")}
    try:
        rendered = _render(template, turns, variables)
    except TemplateError:
        # Templates of models without a system role refuse it: it then opens the first question.
        merged = _without_system(turns)
        try:
            rendered = _render(template, merged, variables)
        except TemplateError as error:
            raise ModelError(f"the model's chat template cannot be used: {error}") from error
        turns = merged
    tokens: list[int] = []
    if context.adds_bos and bos and not rendered.startswith(bos):
        tokens += context.tokenize(bos, special=True)
    for index, part in enumerate(_MARK.split(rendered)):
        if index % 2:
            tokens += context.tokenize(turns[int(part)].content)
        else:
            tokens += context.tokenize(part, special=True)
    return tokens


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
    return compiled.render(messages=messages, add_generation_prompt=True, **variables)


def _raise(message: str) -> None:
    raise TemplateError(message)


def _without_system(turns: Sequence[Turn]) -> list[Turn]:
    system = "\n\n".join(turn.content for turn in turns if turn.role == "system")
    rest = [turn for turn in turns if turn.role != "system"]
    if system and rest:
        rest[0] = Turn(rest[0].role, f"{system}\n\n{rest[0].content}")
    return rest
