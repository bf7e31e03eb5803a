"""Reading a prompt: what the KV cache or a blob holds is taken over, the rest is computed.

Cuts always fall between the prompt's parts, so that a part computed now and one restored later
are the same to the bit.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import numpy as np

from models.engine.blobs import Span, span
from models.engine.prompt import Prompt
from models.engine.request import LOGITS, NOTHING, Request, Row, log_probability
from models.engine.sequences import KVSequence, moved_key
from models.engine.task import Task

WORTH_RESTORING = 16  # tokens: below, computing is as quick as restoring

Reads = Generator[Request, None, list["Branch"]]


@dataclass(eq=False)
class Branch:
    """A sequence on its way through `tokens`.

    The first `kept` tokens are worth keeping whatever the question is, which spans `question`.
    """

    sequence: KVSequence
    tokens: list[int]
    kept: int
    passage: int = 0
    question: tuple[int, int] = (0, 0)
    score: float = 0.0  # log P(question | what is before it), in nats, as far as it was read
    logits: np.ndarray | None = field(default=None, repr=False)  # behind the last token

    @property
    def reusable(self) -> int:
        """Tokens that need not be computed: the logits of those behind them are wanted."""
        scored = self.question[0] - 1 if self.question[1] > self.question[0] else len(self.tokens)
        return min(scored, len(self.tokens) - 1)

    @property
    def settled(self) -> int:
        """Tokens up to the passage's end, as far as they need not be read with the question."""
        return min(self.kept, self.reusable)

    def rows(self, end: int) -> list[Row]:
        """The tokens still to be read up to a place."""
        places = range(len(self.sequence), end)
        return [Row(self.sequence, self.tokens[place], self._want(place)) for place in places]

    def _want(self, place: int) -> int:
        if place + 1 == len(self.tokens):
            return LOGITS
        scored = self.question[0] <= place + 1 < self.question[1]
        return self.tokens[place + 1] if scored else NOTHING


def read_alone(task: Task, prompt: Prompt) -> Reads:
    """All in one sequence: a prompt without passages, or with them one after the other."""
    tokens = prompt.tokens
    task.total = len(tokens)
    branch = Branch(task.claim(tokens, len(tokens) - 1), tokens, len(tokens))
    _take_conversation(task, branch)
    task.took(len(branch.sequence))
    if prompt.passages:
        first = len(prompt.prefix)
        yield from _part(task, branch, 0, first)
        yield from _part(task, branch, first, first + len(prompt.passages[0]))
    yield from _compute(task, [branch], [len(tokens)])
    return [branch]


def read_spliced(task: Task, prompt: Prompt) -> Reads:
    """The first passage exact behind the prefix, the others moved behind it by RoPE shift."""
    tokens, first = prompt.tokens, len(prompt.prefix)
    keys, kept = list(prompt.prefix), len(tokens) - len(prompt.suffix)
    for number, passage in enumerate(prompt.passages):
        # A moved token's KV is not the exact one.
        keys += [moved_key(token, number) if number else token for token in passage]
    task.total = len(tokens)
    branch = Branch(task.claim([*keys, *prompt.suffix], len(tokens) - 1), tokens, kept)
    if len(branch.sequence) < kept:
        task.let_go(branch.sequence)
        blobs = []
        for passage in filter(None, prompt.passages):
            blobs.append((yield from _blob(task, [*prompt.prefix, *passage], first)))
        branch.sequence = task.claim(keys, first)
        yield from _part(task, branch, 0, first)
        for name, blob in blobs:
            begin = len(branch.sequence)
            own = keys[begin : begin + name.end - first]
            task.restore(branch.sequence, blob, own, name)
    task.reused = len(branch.sequence) - task.computed
    yield from _compute(task, [branch], [len(tokens)])
    return [branch]


def read_fused(task: Task, prompt: Prompt, *, bare: bool = False) -> Reads:
    """Each passage behind the prefix in a sequence of its own, up to the question's end.

    With `bare` there is one more, the last, without a passage.
    """
    prefix, suffix = list(prompt.prefix), list(prompt.suffix)
    first = len(prefix)
    passages: list[tuple[int, ...]] = [*prompt.passages, *([()] if bare else [])]
    task.total = first + sum(len(passage) + len(suffix) for passage in passages)
    # It goes on behind the prefix: no logits are wanted there, and a blob is taken whole.
    common = Branch(task.claim(prefix, first), [*prefix, *passages[0], *suffix], first)
    task.took(len(common.sequence))
    yield from _part(task, common, 0, first)
    branches = []
    for number, passage in enumerate(passages):
        kept = first + len(passage)
        question = (kept + prompt.question[0], kept + prompt.question[1])
        tokens = [*prefix, *passage, *suffix]
        branch = Branch(common.sequence, tokens, kept, number, question)
        branch.sequence = task.claim(tokens, branch.reusable)
        if not branch.sequence.keys and task.sequences.can_share:  # nothing of another's was wanted
            task.sequences.share(common.sequence, branch.sequence, 0, min(first, branch.reusable))
        _take_blob(task, branch, first, kept)
        _take_conversation(task, branch)
        task.sequences.unify(branch.sequence, common.sequence, min(first, len(branch.sequence)))
        task.took(max(len(branch.sequence) - first, 0))
        branches.append(branch)
    task.let_go(common.sequence)
    missing = [branch for branch in branches if len(branch.sequence) < branch.settled]
    yield from _compute(task, missing, [branch.settled for branch in missing])
    for branch in missing:
        _save(task, branch.sequence, first, branch.kept)
    yield from _compute(task, branches, [branch.question[1] for branch in branches])
    for branch in missing:
        if branch.settled < branch.kept:  # the passage's last token was read with the question
            _save(task, branch.sequence, first, branch.kept)
    return branches


def read_endings(task: Task, branches: Sequence[Branch]) -> Generator[Request, None, None]:
    """Read what follows the question, up to the logits of the answer's first token."""
    yield from _compute(task, branches, [len(branch.tokens) for branch in branches])


def look_ahead(
    task: Task, branches: Sequence[Branch], tokens: Sequence[int]
) -> Generator[Request, None, list[float]]:
    """log P of these tokens behind each branch, in nats; the branches stay as they are."""
    rows = [Row(b.sequence, token, then) for b in branches for token, then in pairwise(tokens)]
    request = Request(rows, urgent=True)
    if rows:
        yield request
    found = np.array(cast(list[float], request.results)).reshape(len(branches), -1).sum(axis=1)
    for branch in branches:
        task.sequences.cut(branch.sequence, len(branch.tokens))
    return [
        log_probability(cast(np.ndarray, branch.logits), tokens[0]) + float(rest)
        for branch, rest in zip(branches, found, strict=True)
    ]


def warm(task: Task, prompt: Prompt) -> Generator[Request, None, int]:
    """Have the blobs of the prefix and of each passage in the store; how many were computed."""
    first, computed = len(prompt.prefix), 0
    prefix = list(prompt.prefix)
    task.total = first + sum(len(passage) for passage in prompt.passages)
    if first and span(task.identity, prefix, 0, first) not in task.job.store:
        branch = Branch(task.claim(prefix, first), prefix, first)
        yield from _compute(task, [branch], [first])
        _save(task, branch.sequence, 0, first)
        task.let_go(branch.sequence)
    for passage in prompt.passages:
        tokens = [*prompt.prefix, *passage]
        name = span(task.identity, tokens, first, len(tokens)) if passage else None
        if name and (name not in task.job.store or name in task.sequences.refused):
            yield from _blob(task, tokens, first)
            computed += 1
    return computed


# ---- parts


def _part(task: Task, branch: Branch, start: int, end: int) -> Generator[Request, None, None]:
    """Have the branch hold its tokens up to `end`; those from `start` on are one blob."""
    if len(branch.sequence) >= end:
        return
    before = len(branch.sequence)
    _take_blob(task, branch, start, end)
    task.took(len(branch.sequence) - before)
    if len(branch.sequence) < end:
        yield from _compute(task, [branch], [end])
        _save(task, branch.sequence, start, end)


def _blob(
    task: Task, tokens: list[int], start: int
) -> Generator[Request, None, tuple[Span, bytes]]:
    """The blob of the tokens from `start` on, computed and stored if need be."""
    name = span(task.identity, tokens, start, len(tokens))
    if stored := task.stored(name):
        return name, stored
    branch = Branch(task.claim(tokens, len(tokens)), tokens, len(tokens))
    yield from _part(task, branch, 0, start)
    if len(branch.sequence) < len(tokens):
        yield from _compute(task, [branch], [len(tokens)])
    blob = _save(task, branch.sequence, start, len(tokens))
    task.let_go(branch.sequence)
    return name, blob


def _take_blob(task: Task, branch: Branch, start: int, end: int) -> None:
    """Put a stored blob in place of what the branch's sequence lacks of it."""
    held = len(branch.sequence)
    if not start <= held or end - held < WORTH_RESTORING:
        return
    name = span(task.identity, branch.tokens, start, end)
    if blob := task.stored(name):
        task.sequences.cut(branch.sequence, start)
        task.restore(branch.sequence, blob, branch.tokens[start:end], name)
        task.sequences.cut(branch.sequence, branch.reusable)


def _take_conversation(task: Task, branch: Branch) -> None:
    """Go on from a stored conversation if it is longer than what is resident."""
    if task.job.reading.reuse == "off":
        return
    found = task.job.store.longest(task.identity, branch.tokens[: branch.reusable], 0)
    if not found or found.end < len(branch.sequence) + WORTH_RESTORING:
        return
    if found.end > task.sequences.room_without(branch.sequence):
        return
    if blob := task.stored(found):
        task.let_go(branch.sequence)
        branch.sequence = task.fresh()
        task.restore(branch.sequence, blob, branch.tokens[: found.end], found)


def _save(task: Task, sequence: KVSequence, start: int, end: int) -> bytes:
    """Store a part of a sequence; b"" where it is not all there."""
    if len(sequence) < end or end == start or task.job.reading.reuse == "off":
        return b""
    blob = task.sequences.save(sequence, start, end)
    if blob:
        task.store(span(task.identity, sequence.keys, start, end), blob)
    return blob


def _compute(
    task: Task, branches: Sequence[Branch], ends: Sequence[int]
) -> Generator[Request, None, None]:
    """Read each branch up to its end, all in as few decodes as can be."""
    for branch in branches:
        task.begin(branch.sequence, branch.tokens)
    parts = [branch.rows(end) for branch, end in zip(branches, ends, strict=True)]
    request = Request([row for rows in parts for row in rows])
    if request.left:
        yield request
    results = iter(request.results)
    for branch, rows in zip(branches, parts, strict=True):
        for row in rows:
            result = next(results)
            if row.want == LOGITS:
                branch.logits = cast(np.ndarray, result)
            elif row.want >= 0:
                branch.score += cast(float, result)
