"""Questions drafted by rule as a person would put them, or not at all.

Drafts only have to be understood; what is offered to people must read well, too. It does not know
where they come from.
"""

import re

from chains.evaluation.draft import Draft
from chains.language import Language

LONGEST: dict[Language, int] = {"en": 110, "zh": 45}  # characters
SHORTEST: dict[Language, int] = {"en": 15, "zh": 8}

_PAST = {
    "became": "become", "began": "begin", "bought": "buy", "brought": "bring", "built": "build",
    "came": "come", "fell": "fall", "fought": "fight", "founded": "found", "gave": "give",
    "grew": "grow", "held": "hold", "left": "leave", "lost": "lose", "made": "make", "met": "meet",
    "paid": "pay", "ran": "run", "rose": "rise", "sold": "sell", "sent": "send", "took": "take",
    "went": "go", "won": "win", "wrote": "write",
}  # fmt: skip
_REGULAR = (
    "abandon abolish acquire adopt announce appear appoint arrive award capture complete conquer "
    "construct create decide declare defeat demonstrate describe design destroy develop die "
    "discover divide end enter establish expand finish form graduate host introduce invade invent "
    "join land launch merge move name open perform present propose publish reach receive register "
    "release replace report resign retire return sign start succeed surrender visit"
).split()
_BASE = _PAST | {f"{verb}d" if verb.endswith("e") else f"{verb}ed": verb for verb in _REGULAR}
_BASE |= {"married": "marry"}
_CLEFT = re.compile(r"^When was it that (?P<subject>.+?) (?P<verb>[a-z]+)(?P<rest>(?: .+)?)\?$")
_BY = re.compile(
    r"^Who or what (?P<be>is|are|was|were) (?P<subject>.+) (?P<done>\S+) by\?$", re.IGNORECASE
)
_MAKERS = {
    "built": "built", "composed": "composed", "created": "created", "designed": "designed",
    "developed": "developed", "directed": "directed", "discovered": "discovered",
    "founded": "founded", "introduced": "introduced", "invented": "invented",
    "painted": "painted", "proposed": "proposed", "written": "wrote",
}  # fmt: skip
_ODD = re.compile(
    r"[()（）\[\]{}|=×÷<>_*#“”\"]|\.\.|…|____|^(?:When|Where) (?:is|are) "
    r"|^(?:When|Where) (?:was|were) .+ (?:an?|the) [\w-]+ (?:that|which|of) "
    r"|\b(?:there|here|respectively|namely|i\.e|e\.g|etc)\b|[;:]",
    re.IGNORECASE,
)
_SMALL = re.compile(r"(?<=(?: was| did| are|were|does) )[A-Z](?=[a-z]+-[a-z])")
_NAMED = re.compile(r"[A-Z0-9]")
_MAY_BE_SOMEBODY = re.compile(r"^What (?:is|was)(?: [A-Z][a-z][\w’'-]*){2,}\?$")
_DEFINES = re.compile(r"^(?:What|Who) (?:is|are|was|were) (?P<subject>.+)\?$")

_ODD_ZH = re.compile(
    "|".join(
        (
            r"[()\[\]{}|=×÷+<>_*#;；:：“”\"、]|──|…|，.*，",  # formulas, lists, long ones
            r"（[^）]*(?:什么|多少|，)|（.?）",  # asked in brackets, or something left out of them
            # No subject, or one that is elsewhere.
            r"^(?:[是因于於在与與据據根后後當当至雖虽随隨從从經经由自其该此下上]|论文|文中|同年|次年|年|月|第)",
            r"^[\d年月日]{3,11}(?:出?生|参|參|将|將|调|調|晋|晉|于|於|由|在)",
            r"[也亦又才再并並则則].{0,2}(?:什么时候|多少|谁|哪里)|[后後]？$",  # goes on from before
            # A time or a number that belongs to the noun behind it, not to a verb.
            r"[与與和及]什么时候|始于什么时候|什么时候[^，]{1,6}的.|是.+什么时候.+的.+？",
            r"由谁(?![^，]{1,5}？$)|之[一中]|中的多少|就是多少|于多少|百分之多少[^，？]{3}",
            r"[每几幾数數第近约約]多少|多少(?:[多余大位度]|.?(?:版|代|之间|[以之][上下内]|[后前]?的))",
            # Two things asked at once.
            r"多少.*多少|什么时候.*什么时候|什么时候.*多少|多少.*什么时候",
        )
    )
)
_HAPPENS_ZH = (
    r"成立|建[立成造]|创[立办建]|創[立辦建]|[发發][布行表明现現生射]|提出|出[版生]|去世|逝世|结束|結束|加入"
    r"|[开開](?:始|通|业|業|播|放|工|幕)|上[市映]|首映|[举舉][行办辦]|通[过過车車]|[启啟]用|[毕畢][业業]"
    r"|改[名为為]|更名|迁|遷|当选|當選|就任|担任|擔任|获|獲|取得|[赢贏]得|完[成工]|竣工|落成|宣[布佈]"
    r"|抵[达達]|到[达達]|爆[发發]|签|簽|登[陆陸]|推出|合并|合併|收[购購]|[独獨]立|[设設][立置]|播出"
    r"|召[开開]|遇刺|[继繼]任|消失|投入|引入|升格|划归|劃歸|移交|退役|服役|进入|進入|列入"
    r"|[恢废廢][复復止除]|占领|佔領|重建|拆除|[关關][闭閉]|停[刊产產播]"
)
_WHEN_ZH = re.compile(
    rf"什么时候(?:正式|首次|随|被|在[^，]{{2,8}}|由[^，]{{2,8}})?(?:{_HAPPENS_ZH})"
)
_MANY_ZH = re.compile(r"(?P<before>.*)(?:百分之)?多少(?P<after>[^，\d和与與及]{0,12})？$")
_LINKED = re.compile(
    r"[有了为為是到达達需要占共用过過出高长長重成含括持放付支获獲得的于於练約约]$|百分之$"
)
_WHERE_ZH = re.compile(r"[^，是]{2,20}哪里？")
_DEFINES_ZH = re.compile(r"(?P<subject>.+?)是什么？")
_TIME_ZH = re.compile(r"[代朝年]$|时期$|時期$|世[纪紀]")
_VAGUE_ZH = re.compile(
    r"[的总常都均也依次别之了]|^(?:常|主要|一般|通常|目前|其|这|那|两|三|几|第|另)|[者时時人后後前]$"
)
_PERSON_ZH = re.compile(
    r"(?<![国國])家(?:之一)?$|(?:演员|演員|歌手|皇帝|总统|總統|教授|学者|學者|选手|選手|导演|導演|诗人|詩人"
    r"|将军|將軍|君主|议员|議員|[国國]王|作者|球员|球員|领袖|領袖|人物|[男女][优優星]|医生|醫生|律师|律師|[工技]程?师)$"
)


def readable(draft: Draft, language: Language, page: str) -> str:
    """Its question as it can be offered, "" for one that cannot; `page` is where it is from."""
    question = " ".join(draft.question.split())
    if language == "zh":
        return _in_chinese(question, draft.answer, page)
    question = _SMALL.sub(lambda match: match[0].lower(), _put_simply(question))
    if not question or _ODD.search(question):
        return ""
    defined = _DEFINES.match(question)
    if defined and not _NAMED.search(defined["subject"]):
        return ""  # "What is the script?"
    if _MAY_BE_SOMEBODY.match(question):
        return ""
    return question if SHORTEST["en"] <= len(question) <= LONGEST["en"] else ""


def _put_simply(question: str) -> str:
    """The question without "When was it that" and "by"; "" where the words for that are missing."""
    if cleft := _CLEFT.match(question):
        return _uncleft(cleft["subject"], f"{cleft['verb']}{cleft['rest']}")
    if passive := _BY.match(question):
        made = _MAKERS.get(passive["done"], "")
        return f"Who {made} {passive['subject']}?" if made else ""
    return question


def _uncleft(subject: str, rest: str) -> str:
    words = [*subject.split(), *rest.split()]
    for place, word in enumerate(words):
        before, after = " ".join(words[:place]), " ".join(words[place + 1 :])
        if place and word in _BASE:
            return f"When did {before} {_BASE[word]} {after}".strip() + "?"
        if place and word in ("was", "were"):
            return f"When {word} {before} {after}?" if after else ""
    return ""


def _in_chinese(question: str, answer: str, page: str) -> str:
    if not SHORTEST["zh"] <= len(question) <= LONGEST["zh"] or _ODD_ZH.search(question):
        return ""
    if defined := _DEFINES_ZH.fullmatch(question):
        subject = defined["subject"]
        if _VAGUE_ZH.search(subject) or page.count(subject) < 2:
            return ""
        return f"{subject}是谁？" if _PERSON_ZH.search(answer) else question
    if "多少" in question:
        asked = _MANY_ZH.fullmatch(question)
        return question if asked and _LINKED.search(asked["before"]) else ""
    if "什么时候" in question:
        return question if _WHEN_ZH.search(question) else ""
    if "哪里" in question and (not _WHERE_ZH.fullmatch(question) or _TIME_ZH.search(answer)):
        return ""
    return question
