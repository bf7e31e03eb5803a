"""Whether the passages say what a sentence of an answer says, and which of their sentences does.

Every number and name of the claim must stand where the rest of it does; what is denied must be
denied there; no other word may stand in the place of one of the sentence's; and nearly all words
must be found, or ones that say the same. It compares, it understands nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from langchain_core.documents import Document

from chains.alignment import Span, nearest
from chains.evidence import Evidence, Sentence
from chains.figures import figures, missing
from chains.likeness import Likeness
from chains.markers import without_markers
from chains.names import Name, is_han, names, stands
from chains.negation import conflict
from chains.terms import lacking, runs, terms
from chains.words import overlap, stems

Kind = Literal["number", "name", "contrary", "words"]

# Chosen on half of the articles of benchmarks/citations.py, which reports on the other half.
ENOUGH_WORDS = 0.65  # of the claim's words must stand where it is said, or their like
SAME = 3.0  # words so like each other say the same (see chains.likeness)
ALIKE = 5.0  # and so like, wherever in the sentence the other one stands
ALIGNED = 6  # places so alike (see chains.alignment) are the same place in two sentences
SAME_PLACE = 8  # so alike must they be for words that are no numbers or names
RIVAL = 5  # so much liker must another number's place be to the claim's than its own
ACROSS = 0.88  # the cosine from which a sentence in the other language says the same
CANDIDATES = 3  # sentences that a claim is held against
HELP = 2  # words that a second sentence must bring to be counted in
EQUAL = 0.1  # sentences that support a claim this nearly as well as the best one do it equally


_STANDS_FOR = re.compile(
    r"\b(?:he|she|it|they|his|her|hers|its|their|him|them|this|these|who)\b|[他她它其该此本]", re.I
)


@dataclass(frozen=True)
class Doubt:
    """Why a claim is not supported: what `kind` of thing does not stand there, and `what`.

    `instead` is what the passage has in its place, where that can be told.
    """

    kind: Kind
    what: str = ""
    nowhere: bool = False  # in no passage at all
    instead: str = ""

    @property
    def reason(self) -> str:
        """For a person."""
        if self.kind == "words":
            return "no passage says this"
        if self.kind == "contrary":
            has = f"has “{self.instead}”, not" if self.instead else "says otherwise about"
            return f"the passage {has} “{self.what}”"
        where = "stands in no passage" if self.nowhere else "does not stand where the rest does"
        return f"the {self.kind} {self.what} {where}"


@dataclass(frozen=True)
class Claim:
    """A sentence of an answer as it is compared: marks taken out, and its parts in the passages."""

    text: str
    vector: np.ndarray
    parts: Sequence[float]


class Support:
    """The passages, to hold claims against."""

    def __init__(
        self, passages: Sequence[Document], evidence: Evidence, likeness: Likeness
    ) -> None:
        self._evidence = evidence
        self._likeness = likeness
        self._plain = [without_markers(sentence.text) for sentence in evidence.sentences]
        self._around = [_whole(passage) for passage in passages]

    def judge(self, claim: Claim) -> Sentence | Doubt:
        """The sentence to cite for a claim, or why there is none."""
        sentences = self._evidence.sentences
        if same := [p for p, text in enumerate(self._plain) if _bare(text) == _bare(claim.text)]:
            return sentences[max(same, key=lambda p: claim.parts[sentences[p].passage])]
        if doubt := self._nowhere(claim.text):
            return doubt
        cosines = self._evidence.vectors @ claim.vector
        words = stems(claim.text)
        shared = np.array([overlap(words, stems(text)) for text in self._plain])
        scores = cosines + shared
        order = [int(place) for place in np.argsort(-scores, kind="stable")[:CANDIDATES]]
        # What speaks against the sentence that has most of it is not healed by one that has less.
        order = [place for place in order if shared[place] >= shared[order[0]] - EQUAL]
        doubts = {place: self._doubt(claim.text, place, float(cosines[place])) for place in order}
        found = [place for place, doubt in doubts.items() if doubt is None]
        if not found:
            return next(iter(doubts.values()), None) or Doubt("words")
        least = scores[found[0]] - EQUAL
        near = [place for place in found if scores[place] >= least]
        return sentences[max(near, key=lambda p: (claim.parts[sentences[p].passage], scores[p]))]

    def _nowhere(self, claim: str) -> Doubt | None:
        """What of the claim stands in no passage."""
        for figure in figures(claim):
            if all(missing((figure,), around) for around in self._around):
                return Doubt("number", figure.text, nowhere=True)
        for name in names(claim):
            comparable = [a for a in self._around if _comparable(name, claim, a)]
            if comparable and not any(stands(name, around) for around in comparable):
                return Doubt("name", name.text, nowhere=True)
        return None

    def _doubt(self, claim: str, place: int, cosine: float) -> Doubt | None:
        """What speaks against the sentence at this place saying it."""
        sentence = self._plain[place]
        if is_han(claim) != is_han(sentence):
            return self._doubt_across(claim, place, cosine)
        helper = self._helper(claim, place)
        around = self._around[self._evidence.sentences[place].passage]
        return (
            _misplaced_figure(claim, sentence, helper, around)
            or _misplaced_name(claim, sentence, helper, around)
            or _denied(claim, sentence)
            or self._other_words(claim, sentence, helper)
        )

    def _other_words(self, claim: str, sentence: str, helper: str) -> Doubt | None:
        """A word put in another's place, or too few of the claim's words."""
        absent = lacking(claim, sentence)
        left = lacking(sentence, claim)
        theirs = {(run[0].start, run[-1].end): run for run in runs(left, sentence)}
        called = {(name.start, name.end) for name in names(sentence)}
        for run in runs(terms(claim), claim, apart=absent):
            span = (run[0].start, run[-1].end)
            same = [] if run[0] in absent else _found(claim[slice(*span)], sentence)
            other = _rival(claim, span, sentence, same, list(theirs), ALIGNED)
            if other is None:
                continue
            same_place = nearest(claim, span, sentence, [other])[0] >= SAME_PLACE
            if not same_place and (same or other not in called):
                continue
            words, others = [t.text for t in run], [t.text for t in theirs[other]]
            if same or max(self._likeness.best(words, others)) < SAME:
                what, instead = claim[slice(*span)], sentence[slice(*other)]
                return Doubt("contrary", what, instead=instead)
        if not absent:
            return None
        others = [term.text for term in [*left, *terms(helper)]]
        alike = self._likeness.best([term.text for term in absent], others)
        still = [
            term
            for term, best in zip(absent, alike, strict=True)
            if best < ALIKE and term.text not in helper
        ]
        covered = 1 - len(still) / len(terms(claim))
        return None if covered >= ENOUGH_WORDS else Doubt("words")

    def _doubt_across(self, claim: str, place: int, cosine: float) -> Doubt | None:
        for figure in missing(figures(claim), self._plain[place]):
            return Doubt("number", figure.text)
        return None if cosine >= ACROSS else Doubt("words")

    def _helper(self, claim: str, place: int) -> str:
        """Another sentence of the passage that says what this one lacks; "" where none does."""
        absent = {term.root for term in lacking(claim, self._plain[place])}
        passage = self._evidence.sentences[place].passage
        best, most = "", HELP - 1
        for other, text in zip(self._evidence.sentences, self._plain, strict=True):
            if other.passage == passage:
                brought = len(absent & {term.root for term in terms(text)})
                if brought > most:
                    best, most = text, brought
        return best


def _misplaced_figure(claim: str, sentence: str, helper: str, around: str) -> Doubt | None:
    """A number that stands elsewhere than the rest of the claim does."""
    there = figures(sentence)
    mine = figures(claim)
    rivals = {(f.start, f.end): f for f in there if not any(f.agrees(other) for other in mine)}
    for figure in mine:
        same = [(other.start, other.end) for other in there if figure.agrees(other)]
        other = _rival(claim, (figure.start, figure.end), sentence, same, list(rivals), ALIGNED)
        if other:
            return Doubt("number", figure.text, instead=rivals[other].text)
        if not same and missing((figure,), helper) and missing((figure,), around):
            return Doubt("number", figure.text)
    return None


def _misplaced_name(claim: str, sentence: str, helper: str, around: str) -> Doubt | None:
    """A name that stands elsewhere than the rest of the claim does."""
    rivals = {(n.start, n.end): n for n in names(sentence) if not stands(n, claim)}
    for name in names(claim):
        same = [
            (other.start, other.end)
            for other in names(sentence)
            if stands(name, other.text) or stands(other, name.text)
        ] or _found(name.text, sentence)
        if not same and stands(name, sentence):
            continue
        other = _rival(claim, (name.start, name.end), sentence, same, list(rivals), ALIGNED)
        if other:
            return Doubt("name", name.text, instead=rivals[other].text)
        if same or stands(name, helper):
            continue
        # Not said there: perhaps the sentence calls it "he", or leaves its subject out.
        unsaid = _STANDS_FOR.search(sentence) or (name.is_han and not name.start)
        if not stands(name, around) or (rivals and not unsaid):
            return Doubt("name", name.text)
    return None


def _found(words: str, sentence: str) -> list[Span]:
    """Where words stand in a sentence, as they are written."""
    start = sentence.lower().find(words.lower())
    return [(start, start + len(words))] if start >= 0 else []


def _rival(
    claim: str, span: Span, sentence: str, same: list[Span], others: list[Span], least: int
) -> Span | None:
    """What has the claim's place in the sentence instead of what the claim has there."""
    own, _ = nearest(claim, span, sentence, same)
    likeness, other = nearest(claim, span, sentence, others)
    return other if likeness >= max(own + RIVAL, least) else None


def _denied(claim: str, sentence: str) -> Doubt | None:
    contrary = conflict(claim, sentence)
    return Doubt("contrary", contrary) if contrary else None


def _bare(text: str) -> str:
    """A sentence without its spaces: quoted ones lose their line breaks."""
    return "".join(text.split())


def _whole(passage: Document) -> str:
    """All words that a passage comes with: its title, its headings, its text."""
    metadata = passage.metadata
    lines = [metadata.get("title") or "", *(metadata.get("headings") or ()), passage.page_content]
    return without_markers("\n".join(lines))


def _comparable(name: Name, claim: str, text: str) -> bool:
    """Whether a name would be written in this text as it is in the claim."""
    return is_han(text) if name.is_han else is_han(claim) or not is_han(text)
