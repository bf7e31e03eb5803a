"""True and corrupted statements about paragraphs, for measuring the check of answers.

True ones are whole sentences, clauses of them, sentences with words exchanged for others that say
the same, and questions turned into statements with their gold answers. A corrupted one is a true
one with its number, its name or its predicate changed: by what stands elsewhere ("foreign") or,
harder, by another number or name of the same paragraph ("near"). It knows nothing of the check.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from citation_wordlists import (
    NUMBER_WORDS,
    OPPOSITE,
    SAME_EN,
    SAME_ZH,
    VERBS_EN,
    VERBS_ZH,
)
from squad import Question


@dataclass(frozen=True)
class Case:
    """A statement about a paragraph, and the question to find that paragraph by.

    `kind` says how it was made; `change` what was changed in it ("" for nothing) and `by` with
    what. `was` and `now` are the words that were changed.
    """

    language: str
    article: int
    paragraph: int
    question: str
    text: str
    kind: str
    origin: str  # the words of the paragraph that it rests on
    change: str = ""
    by: str = ""
    was: str = ""
    now: str = ""


# ---- true ones

_STOP = {
    "en": re.compile(r"(?<=[a-z0-9)”\"])[.!?]\s+(?=[A-Z\"“])"),
    "zh": re.compile("(?<=[。！？])"),
}
_WHO = re.compile(
    r"(?i)^(?:who|what|which [a-z]+(?: [a-z]+)?) ((?!needed|used|called|based|happened"
    r"|measured)(?:[a-z]+ed|won|led|made|took"
    r"|became|wrote|began|built|held|gave|found|sold|left|brought|taught) .*)\?$"
)
_BE = re.compile(r"(?i)^(?:who|what) (was|were|is|are) (the [^?]*)\?$")
_MANY = re.compile(r"(?i)^how many ([a-z -]+?) did ([^?]*)\?$")
_MANY_BE = re.compile(
    r"(?i:^how many) ([a-z -]+?) (are|were|have|has|had|was|is) (?!the |[A-Z])([^?]*)\?$"
)
_WHEN = re.compile(r"(?i)^(?:when|(?:in )?(?:what|which) year) did ([^?]*)\?$")
_ASKED_ZH = re.compile(
    "哪(?:里|儿|一)?(?:个|些|位|座|家|种|所|部|支|条|本|段|类|项|次|场|届|两个|几个)?"
    "(?:国家|城市|地区|地方|省|公司|年|学校|大学|球队|朝代|人员|人|月|组织|事件|时期|时间|法典|书)?"
    "|什么(?:时候|地方|时间|名字|人|城市|国家|公司|年代)?|谁|何时|何地|何人|多少"
    "|几(?=[个名位次年月日人座条种岁级])"
)
_VAGUE_ZH = re.compile(
    "为什么|怎么|怎样|什么样|哪样|如何|吗|原因|还是|[一二三四五六七八九十两][个条种位]"
)


def true_cases(
    language: str, articles: Sequence[int], paragraphs: Sequence[str], questions: Sequence[Question]
) -> list[Case]:
    """All true statements that can be made, `articles` naming each paragraph's article."""
    by_paragraph: dict[int, list[Question]] = {}
    for question in questions:
        by_paragraph.setdefault(question.paragraph, []).append(question)
    cases: list[Case] = []
    for number, text in enumerate(paragraphs):
        asked = by_paragraph.get(number, [])
        if not asked:
            continue
        blank = Case(language, articles[number], number, asked[0].text, "", "", "")
        parts = [part.strip() for part in _STOP[language].split(text)]
        for part in (p for p in parts if _readable(p, language)):
            ended = part if part[-1] in ".。！？!?" else part + "."
            blank = replace(blank, origin=part)
            cases.append(replace(blank, text=ended, kind="sentence"))
            if clause := _clause(part, language):
                cases.append(replace(blank, text=clause, kind="clause"))
            if reworded := _reworded(ended, language):
                cases.append(replace(blank, text=reworded, kind="reworded"))
        for question in asked:
            statement = _statement(question, language)
            if statement and _is_said(statement, text):
                origin = _origin(question, parts)
                found = replace(blank, question=question.text, origin=origin, kind="answered")
                cases.append(replace(found, text=statement))
    return cases


def _is_said(statement: str, paragraph: str) -> bool:
    """Whether the paragraph has the numbers and the capitalised words that the question brings."""
    wanted = re.findall(r"\d+|(?<=[a-z] )[A-Z][a-z]+", statement)
    return all(word in paragraph for word in wanted)


def _origin(question: Question, parts: Sequence[str]) -> str:
    """The sentence with the answer that has most of the question's characters or words."""
    answer = question.answers[0]
    asked = set(question.text.split() if question.text.isascii() else question.text)
    return max(
        (part for part in parts if answer in part),
        key=lambda part: len(asked & set(part.split() if question.text.isascii() else part)),
        default=answer,
    )


def _readable(text: str, language: str) -> bool:
    least, most = (6, 45) if language == "en" else (12, 90)
    size = len(text.split()) if language == "en" else len(text)
    return least <= size <= most and text.count("(") == text.count(")")


def _clause(text: str, language: str) -> str:
    """The sentence without what follows (or leads in) its main clause; "" where it is all one."""
    if language == "zh":
        clauses = re.split("[，；]", text.rstrip("。！？"))
        size = 2 if len(clauses) > 2 and len(clauses[0]) < 12 else 1
        cut = "，".join(clauses[:size])
        return f"{cut}。" if len(clauses) > size and len(cut) >= 10 else ""
    cut = re.split(r"(?:, (?:and|but|which|while|who|where|with|so|as|including)|; )", text)[0]
    return f"{cut}." if len(cut) < len(text) - 10 and len(cut.split()) >= 6 else ""


def _reworded(text: str, language: str) -> str:
    """The sentence with one to three words exchanged, or its first phrase put last."""
    same = SAME_EN if language == "en" else SAME_ZH
    done = 0
    for word, other in same.items():
        pattern = rf"\b{word}\b" if language == "en" else word
        if done < 3 and re.search(pattern, text) and other not in text:
            text, done = re.sub(pattern, other, text, count=1), done + 1
    if language == "en" and (
        lead := re.match(r"((?:In|On|By|During|After) [^,]{3,40}), ([a-z]\w* .*)\.$", text)
    ):
        text, done = (
            f"{lead[2][0].upper()}{lead[2][1:]} {lead[1][0].lower()}{lead[1][1:]}.",
            done + 1,
        )
    number = re.search(r"\b(" + "|".join(NUMBER_WORDS[:11]) + r")\b(?! of)", text)
    if number and done:
        text = text.replace(number[0], str(NUMBER_WORDS.index(number[0]) + 2), 1)
    elif done and (comma := re.search(r"\b\d{1,3},\d{3}\b", text)):
        text = text.replace(comma[0], comma[0].replace(",", ""), 1)
    return text if done else ""


def _statement(question: Question, language: str) -> str:
    """The question as a statement with its gold answer; "" where the rules do not reach."""
    asked, answer = question.text.strip(), question.answers[0].strip(" ,.，。")
    if language == "zh":
        found = list(_ASKED_ZH.finditer(asked))
        if len(found) != 1 or len(answer) > 25 or _VAGUE_ZH.search(asked):
            return ""
        behind = asked[found[0].end() :].rstrip("？?。呢 ")
        while behind and answer.endswith(behind[0]):
            behind = behind[1:]
        return f"{asked[: found[0].start()]}{answer}{behind}。"
    upper = answer[0].upper() + answer[1:]
    if match := _MANY.match(asked):
        number = answer if answer.endswith(match[1]) else f"{answer} {match[1]}"
        return f"{match[2][0].upper()}{match[2][1:]} {number}."
    if match := _MANY_BE.match(asked):
        number = upper if answer.endswith(match[1]) else f"{upper} {match[1]}"
        return f"{number} {match[2]} {match[3]}."
    if match := _WHEN.match(asked):
        lead = "" if answer.lower().startswith(("in ", "on ", "by ", "during")) else "in "
        return f"{match[1][0].upper()}{match[1][1:]} {lead}{answer}."
    if match := _BE.match(asked):
        return f"{match[2][0].upper()}{match[2][1:]} {match[1]} {answer}."
    if (match := _WHO.match(asked)) and len(answer.split()) <= 8:
        return f"{upper} {match[1]}."
    return ""


# ---- corrupted ones

_NUMBER = re.compile(
    r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,])|(?<![\w.,-])\d+(?:\.\d+)?(?![\w,]*\d)"
)
_HAN_NUMBER = re.compile(
    "(?<=[^一二三四五六七八九十百千万零第几数])[二三四五六七八九十]+(?=[个名位次年月日座条种岁级])"
)


def change_number(case: Case, context: str, chance: random.Random, near: bool) -> Case | None:
    """The case with one number changed; None where it has none, or `context` no other."""
    spans = [m.span() for m in _NUMBER.finditer(case.text)]
    if case.language == "en":
        words = r"\b(?:" + "|".join(NUMBER_WORDS) + r")\b(?! of)"
        spans += [m.span() for m in re.finditer(words, case.text)]
    else:
        spans += [m.span() for m in _HAN_NUMBER.finditer(case.text)]
    if not spans:
        return None
    start, end = chance.choice(spans)
    was = case.text[start:end]
    if near:
        others = [m[0] for m in _NUMBER.finditer(context) if m[0] not in case.text]
        others = [o for o in others if (len(o) == 4) == (len(was) == 4)]
        if not was[0].isdigit() or not others:
            return None
        return _changed(case, start, end, chance.choice(others), "number", "near")
    return _changed(case, start, end, _other_number(was, chance), "number", "foreign")


def _other_number(was: str, chance: random.Random) -> str:
    if was in NUMBER_WORDS:
        return chance.choice([word for word in NUMBER_WORDS if word != was])
    if not was[0].isdigit():
        others = "二 三 四 五 六 七 八 九 十 十二 十五 二十".split()
        return chance.choice([other for other in others if other != was])
    plain = was.replace(",", "")
    place = chance.randrange(len(plain)) if "." not in plain else 0
    digit = chance.choice([d for d in "123456789" if d != plain[place]])
    now = plain[:place] + digit + plain[place + 1 :]
    return f"{int(now):,}" if "," in was else now


_EN_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-z]+(?:[- ][A-Z][a-z]+){0,2})(?![\w])")
_NO_NAME = re.compile(
    r"January|February|March|April|May|June|July|August|September|October|November|December|"
    r"The|In|It|He|She|They|This|A|An|God|I"
)
_ASKS_NAME = re.compile(
    "谁|哪位|何人|哪个(?:国家|城市|地区|省|公司|球队)|哪里|哪儿|什么地方|什么城市"
)


def english_names(text: str) -> list[str]:
    """Capitalised words inside sentences."""
    return [m[0] for m in _EN_NAME.finditer(text) if not _NO_NAME.fullmatch(m[0])]


def chinese_names(questions: Sequence[Question]) -> dict[int, list[str]]:
    """By paragraph, the gold answers to questions for persons and places."""
    found: dict[int, list[str]] = {}
    for question in questions:
        answer = question.answers[0].strip(" ,.，。")
        if (
            _ASKS_NAME.search(question.text)
            and 2 <= len(answer) <= 8
            and not re.search(r"[\d，、和]", answer)
        ):
            found.setdefault(question.paragraph, []).append(answer)
    return found


def change_name(
    case: Case, own: Sequence[str], others: Sequence[str], chance: random.Random, by: str
) -> Case | None:
    """The case with one of its paragraph's `own` names replaced by one of the `others`."""
    spans = [(case.text.find(name), name) for name in dict.fromkeys(own)]
    spans = [(start, name) for start, name in spans if start > 0 or (start == 0 and by)]
    spans = [
        (start, name)
        for start, name in spans
        if not re.match(r"[a-z]", case.text[start + len(name) :])
    ]
    if not spans:
        return None
    start, was = chance.choice(spans)
    size = len(was.split())
    fit = [
        o
        for o in others
        if o not in case.text and was not in o and not set(o.split()) & set(case.text.split())
    ]
    fit = [o for o in fit if abs(len(o.split()) - size) <= 1]
    return _changed(case, start, start + len(was), chance.choice(fit), "name", by) if fit else None


_IS = re.compile(r"\b(was|were|is|are|has|had|have|can|could|will|would|did)\b(?! not)")


_IS_ZH = re.compile("(?<![不还就只但要而可若总于凡])(?:是(?![否非])|可以|能够|属于|位于|允许|包括)")
_NOT_EN = re.compile(r"\b(?:not|never) ")
_NOT_ZH = re.compile("(?:并?不|没有|并未)(?=[是会能再受被])")


def change_predicate(case: Case, chance: random.Random, way: str) -> Case | None:
    """The case with a negation more or less, an opposite, or another verb."""
    text, english = case.text, case.language == "en"
    if way == "negation":
        return _denied(case, chance)
    pairs = OPPOSITE if way == "opposite" else dict.fromkeys(VERBS_EN if english else VERBS_ZH, "")
    # A Chinese word of one character is most often a part of another.
    found = [
        m for word in pairs if (len(word) > 1 or english)
        for m in re.finditer(rf"\b{word}\b" if english else word, text) if word.isascii() == english
    ]  # fmt: skip
    if not found:
        return None
    match = chance.choice(found)
    verbs = VERBS_EN if english else VERBS_ZH
    same = {match[0], SAME_EN.get(match[0], ""), SAME_ZH.get(match[0], "")}
    near = [v for v in verbs if v not in same and v not in text]
    now = pairs[match[0]] or chance.choice(near)
    return _changed(case, *match.span(), now, "predicate", way)


def _denied(case: Case, chance: random.Random) -> Case | None:
    english = case.language == "en"
    lost = _NOT_EN.search(case.text) if english else _NOT_ZH.search(case.text)
    if lost:
        return _changed(case, *lost.span(), "", "predicate", "negation")
    found = list((_IS if english else _IS_ZH).finditer(case.text))
    if not found:
        return None
    place = found[0].end() if english else found[0].start()
    now = " not" if english else chance.choice(["不", "并不"])
    return _changed(case, place, place, now, "predicate", "negation")


def _changed(case: Case, start: int, end: int, now: str, change: str, by: str) -> Case:
    text = case.text[:start] + now + case.text[end:]
    return replace(case, text=text, change=change, by=by, was=case.text[start:end], now=now)
