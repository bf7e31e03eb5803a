"""A follow-up as a question that stands alone: what to search for, and to look for in passages.

A rule tells whether it leans on what was said, and what it leans on; a model is asked only where
the rule is unsure and the model is able, so that a question that stands alone never waits.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

from chains.language import language_of
from chains.leaning import Leaning, leaning
from chains.model_size import is_small
from chains.prompts import TURNS, Turn
from chains.topic import content, names

LONGEST = 300  # characters of a model's rewriting: longer ones are answers
ANSWER_WORDS = 6  # of an answer, at most: what it is about stands in its beginning
SAID = 600  # characters of a turn that a model is shown

_ASKS_WHO = re.compile(r"\b(?:who|whom|whose)\b|谁|哪(?:位|个)?(?:人|诗人|作家|皇帝|总统)", re.I)
_ASKS_WHAT = re.compile(r"\b(?:what|which)\b|什么|哪(?!里|儿|年|一年|天)", re.I)
_PERSONAL = re.compile(r"\b(?:he|him|his|she|her|hers|who)\b|他|她", re.I)
_NUMBER = re.compile(r"\d[\d.,]*")
_FILLER = re.compile(
    r"^(?:(?:and|but|or|so|then|now)\b[\s,]*)?(?:(?:what|how) about\b)?\s*|呢(?=[？?]?$)"
    r"|^(?:那么|那|而|还有)",
    re.I,
)
_REWRITE = (
    "Rewrite the last question so that it can be understood without the conversation: put names in "
    "the place of pronouns and of what is left out. Keep its language. If it stands alone already, "
    "repeat it. Give the question only."
)


@dataclass(frozen=True)
class Standalone:
    """A question that stands alone, and who made it so; `by` is "" where it did already."""

    text: str
    by: Literal["", "rule", "model"] = ""


def standalone(
    question: str,
    history: Sequence[Turn],
    llm: BaseChatModel | None = None,
    config: RunnableConfig | None = None,
    on_asking: Callable[[], None] = lambda: None,
) -> Standalone:
    """What a question asks, without the turns before it.

    With `llm` it is asked where the rule is unsure and the model is not small; `on_asking` is
    called before.
    """
    asked = _asked(history[-2 * TURNS :])
    if not asked:
        return Standalone(question)
    kind = leaning(question)
    if kind == "alone":
        return Standalone(question)
    if kind == "unsure" and llm is not None and not is_small(llm):
        on_asking()
        rewritten = _by_model(question, history[-TURNS:], llm, config)
        if rewritten:
            return Standalone(rewritten, "model" if rewritten != question else "")
    before, answer = "", ""
    for earlier, reply in asked:
        before = _joined(earlier, leaning(earlier), before, answer) if before else earlier
        answer = reply
    return Standalone(_joined(question, kind, before, answer), "rule")


def search_text(question: str, history: Sequence[Turn]) -> str:
    """`standalone` by rule alone: its text."""
    return standalone(question, history).text


def _asked(history: Sequence[Turn]) -> list[tuple[str, str]]:
    """The questions with their answers, oldest first; an answer may be missing."""
    pairs: list[tuple[str, str]] = []
    for role, text in history:
        if role in ("human", "user"):
            pairs.append((text, ""))
        elif pairs and not pairs[-1][1]:
            pairs[-1] = (pairs[-1][0], text)
    return pairs


def _joined(question: str, kind: Leaning, before: str, answer: str) -> str:
    """A question with what it lacks: `before` is the one before it, made to stand alone."""
    if kind == "alone":
        return question
    if kind == "fragment":
        return f"{before} {question}"
    if kind == "swap":
        return _swapped(question, before, answer)
    lacking = [*_topic(before), *_from_answer(question, before, answer)]
    own = question.lower()
    added = [word for word in dict.fromkeys(lacking) if word.lower() not in own]
    return f"{' '.join(added)} {question}" if added else question


def _swapped(question: str, before: str, answer: str) -> str:
    """The same question of something else: what is new takes the place of its like."""
    new = _FILLER.sub("", question).strip(" ？?，,")
    kept = before
    if _NUMBER.search(new):
        kept = _NUMBER.sub("", kept)
    elif names(new) and len(names(before)) > 1:
        kept = kept.replace(names(before)[0], "", 1)
    if _PERSONAL.search(new):
        kept = " ".join([kept, *_from_answer(new, before, answer)])
    return " ".join(f"{kept} {new}".split())


def _topic(question: str) -> tuple[str, ...]:
    """What a question is about."""
    return tuple(dict.fromkeys([*names(question), *content(question)]))


def _from_answer(question: str, before: str, answer: str) -> tuple[str, ...]:
    """What of an answer a pronoun may stand for: whom or what was asked for before."""
    wanted = _ASKS_WHO if _PERSONAL.search(question) else _ASKS_WHAT
    if not answer or not wanted.search(before):
        return ()
    known = set(content(before))
    fresh = [name for name in names(answer) if not set(content(name)) <= known]
    if fresh:
        return tuple(fresh[:2])
    return tuple(word for word in content(answer) if word not in known)[:ANSWER_WORDS]


# ---- by the model


def _by_model(
    question: str, history: Sequence[Turn], llm: BaseChatModel, config: RunnableConfig | None
) -> str:
    """The model's rewriting, or "" where it is none."""
    said = "\n".join(f"{role}: {' '.join(text.split())[:SAID]}" for role, text in history)
    asked = f"{said}\n\nLast question: {question}"
    reply = llm.invoke([SystemMessage(_REWRITE), HumanMessage(asked)], config)
    text = str(reply.text).strip().strip('"“”').strip()
    same_language = language_of(text) == language_of(question)
    return text if text and len(text) <= LONGEST and "\n" not in text and same_language else ""
