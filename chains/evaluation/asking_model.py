"""Questions that a chat model makes up to a passage; its answers must stand in the passage."""

import re
from collections.abc import Iterator

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from chains.evaluation.draft import Draft
from chains.evaluation.scores import holds
from chains.language import Language, language_of
from chains.sentences import sentences
from ingest.document import Passage

LONGEST = 12  # words of an answer, or three times as many Han characters
WORDING: dict[Language, str] = {
    "en": "Here is a passage from a document:\n\n{passage}\n\nWrite one question that a person who "
    "has not seen the passage could ask and that it answers, naming what it is about. Then copy "
    "the answer from the passage, in a few words. Write nothing but these two lines:\n"
    "Question: …\nAnswer: …",
    "zh": "以下是一份文档中的一段：\n\n{passage}\n\n请写出一个没有读过这段话的人可能会问、"
    "而这段话能够回答的问题，写明问的是什么。再从原文中照抄简短的答案。只写以下两行：\n问题：…\n答案：…",
}
_LINES = re.compile(
    r"(?:Question|问题)\s*[:：]\s*(?P<question>\S[^\n]*)\n+\s*(?:Answer|答案)\s*[:：]\s*(?P<answer>\S[^\n]*)"
)


def ask_model(llm: BaseChatModel, passage: Passage) -> Iterator[Draft]:
    """The model's question, if its answer stands in a sentence of the passage; else nothing.

    The model is asked when the first one is taken.
    """
    wording = WORDING[language_of(passage.text)]
    written = llm.invoke([HumanMessage(wording.format(passage=passage.text))])
    match = _LINES.search(str(written.text))
    if match is None:
        return
    question, answer = match["question"].strip(), match["answer"].strip().strip('"“”')
    if len(answer.split()) > LONGEST or len(answer) > 8 * LONGEST:
        return
    for start, end in sentences(passage.text):
        sentence = " ".join(passage.text[start:end].split())
        if holds(sentence, [answer]):
            yield Draft(question, answer, sentence)
            return
