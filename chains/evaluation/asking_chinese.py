"""Questions by rule from Chinese sentences: the answer's place is taken by the word that asks.

Chinese asks where the answer would stand ("于1921年成立" becomes "于什么时候成立"), so that only
the answer has to be found.
"""

import re
from collections.abc import Iterator

from chains.evaluation.draft import Draft

_HAN = r"[\u4e00-\u9fff]"
_WHEN = re.compile(
    r"(?<![\d~～—－至到(（-])(?:公元前?)?\d{1,4}年(?:\d{1,2}月)?(?:\d{1,2}[日号])?"
    r"(?=[^\d~～—－至到末初代底间内以之前后份,，。、-])"
)
_UNIT = (
    r"(?:多)?(?:万|亿|千|百)?(?:人次|平方公里|平方米|立方米|公里|千米|厘米|毫米|公斤|千克|英里|米|吨|克|元|美元|人|名|位|个|种|类"
    r"|座|所|家|间|次|场|届|岁|天|周|小时|分钟|秒|层|章|节|部|本|册|条|项|张|辆|艘|架|台|倍|度|票|票数|字节|比特)"
)
_MANY = re.compile(
    rf"(?<![\d.第/~～—－至到A-Za-z-])(?P<number>\d[\d,]*(?:\.\d+)?)(?P<unit>{_UNIT})(?![\d/])"
)
_COUNT = re.compile(
    r"(?<![一二三四五六七八九十百千万第每])(?P<number>[两三四五六七八九十百千]{1,4})"
    r"(?P<unit>个|种|类|名|位|座|所|家|部分|条|项|次|章|层|步|大类|大|方面)(?=[^一二三四五六七八九十])"
)
_SHARE = re.compile(r"(?<![\d.~～—－至到-])\d+(?:\.\d+)?[%％]")
_WHERE = re.compile(
    rf"(?P<before>位于|产于|起源于|发源于|出生于|生于|坐落于|坐落在|成立于|总部设在|设在|建于|毕业于|来自)"
    rf"(?P<answer>{_HAN}[\u4e00-\u9fff·]{{1,14}}?)(?=[，。；、的]|一带|境内)"
)
_BY = re.compile(
    rf"(?<!自)由(?P<answer>{_HAN}[\u4e00-\u9fff·、]{{1,14}}?)(?=(?P<done>设计|建造|创立|创办|提出|发明|编写|撰写|主演"
    r"|执导|开发|发布|出版|负责|主持|创建|推出|制作|研发|饰演|担任|组成|构成|创作|演唱|生产|管理|发起))"
)
_WHAT = re.compile(
    r"^(?P<subject>[^，。；：、！（(“,;: -]{2,24}?)(?P<be>是指|指的是|是)"
    r"(?P<answer>[^。！；，,;]{5,60})(?:[，。；,;]|$)"
)
_NO_SUBJECT = re.compile(
    r"[在当对从把被将若要就都也不只才却很更最有没能会可应]|^.{0,2}[的地得]?$|时$|的$|是|主要$|一般$"
)
_CLAUSE = re.compile(r"[，；。,;]")
_GAP = re.compile(
    r"《[^》]{2,20}》|(?<![A-Za-z])[A-Z][A-Za-z0-9-]{2,20}(?![A-Za-z])|\d[\d,.]*\d年?(?![月日])"
)


def ask(sentence: str, passage: str) -> Iterator[Draft]:
    """When, where, by whom and how many: what a sentence of the passage answers."""
    for match in _WHEN.finditer(sentence):
        yield from _instead(sentence, match.span(), "什么时候")
    for match in _WHERE.finditer(sentence):
        yield from _instead(sentence, match.span("answer"), "哪里")
    for match in _BY.finditer(sentence):
        who = "什么" if match["done"] in ("组成", "构成") else "谁"
        yield from _instead(sentence, match.span("answer"), who)
    for match in _SHARE.finditer(sentence):
        yield from _instead(sentence, match.span(), "百分之多少")
    for pattern in (_MANY, _COUNT):
        for match in pattern.finditer(sentence):
            yield from _instead(sentence, match.span(), f"多少{match['unit'].removeprefix('多')}")


def define(sentence: str, passage: str) -> Iterator[Draft]:
    """What something is that the sentence tells of."""
    match = _WHAT.match(sentence)
    if match and not _NO_SUBJECT.search(match["subject"]):
        yield Draft(f"{match['subject']}是什么？", match["answer"], sentence)


def blank(sentence: str, passage: str) -> Iterator[Draft]:
    """The sentence with a gap to be filled, for a number, a title or a foreign name in it."""
    for match in _GAP.finditer(sentence):
        gapped = f"{sentence[: match.start()]}____{sentence[match.end() :]}"
        yield Draft(f"“{gapped}”中空缺的是什么？", match.group(), sentence)


def _instead(sentence: str, span: tuple[int, int], asking: str) -> Iterator[Draft]:
    """The sentence up to the end of the answer's clause, asking where the answer stands."""
    start, end = span
    stop = _CLAUSE.search(sentence, end)
    close = stop.start() if stop else len(sentence)
    subject = _CLAUSE.split(sentence[:start])[0]
    if len(subject) < 2 or any(mark in sentence[:close] for mark in "“”：:；、-"):
        return
    question = f"{sentence[:start]}{asking}{sentence[end:close]}？"
    if len(question) <= 70:
        yield Draft(question, sentence[start:end], sentence)
