"""What each kind of job does, from its prompt to its last event."""

from collections.abc import Generator, Sequence

import numpy as np

from models.engine.fused import Mixture, normalized
from models.engine.model import Model
from models.engine.reading import (
    Branch,
    look_ahead,
    read_alone,
    read_endings,
    read_fused,
    read_spliced,
    warm,
)
from models.engine.request import Request
from models.engine.stream import Likelihood, Warmed
from models.engine.task import Task
from models.engine.writing import Writer

Steps = Generator[Request, None, None]


def steps(task: Task, model: Model, size: int, widest: int) -> Steps:
    """Do what the task's job asks for, with `size` cells of KV cache at most.

    `widest` is how many rows with logits one decode may have.
    """
    job = task.job
    if job.warm:
        computed = yield from warm(task, job.prompt)
        task.put(Warmed(computed, len(job.prompt.passages) - computed))
    elif not job.sampling:
        yield from _score(task)
    elif job.fused:
        yield from _answer_fused(task, model, size, widest)
    else:
        yield from _answer_alone(task, model, size, widest)


def _answer_alone(task: Task, model: Model, size: int, widest: int) -> Steps:
    job = task.job
    spliced = job.reading.reuse == "spliced" and len(job.prompt.passages) > 1 and model.can_splice
    read = read_spliced if spliced else read_alone
    branches = yield from read(task, job.prompt)
    mixture = Mixture([0.0])
    yield from _refusal_weighed(task, branches, mixture, size)
    writer = Writer(task, model, branches, mixture, widest=widest)
    reason = yield from writer.write(size)
    task.save_when_evicted(branches[0].sequence)
    task.put(writer.finish(reason, (), np.zeros(0)))


def _answer_fused(task: Task, model: Model, size: int, widest: int) -> Steps:
    job = task.job
    reading = job.reading
    branches = yield from read_fused(task, job.prompt, bare=reading.contrast > 0)
    bare = branches.pop() if reading.contrast > 0 else None
    scores = [branch.score for branch in branches]
    priors = [reading.prior(branch.passage) for branch in branches]
    log_weights = normalized(np.array(scores) / reading.temperature + np.array(priors))
    mixture = Mixture(log_weights, reading.contrast, bayes=reading.bayes)
    kept = _light_ones_dropped(task, branches, mixture)
    yield from read_endings(task, [*kept, *([bare] if bare else [])])
    yield from _refusal_weighed(task, kept, mixture, size)
    writer = Writer(task, model, kept, mixture, bare, widest)
    reason = yield from writer.write(size)
    task.save_when_evicted(writer.heaviest.sequence)
    task.put(writer.finish(reason, scores, np.exp(log_weights)))


def _light_ones_dropped(task: Task, branches: list[Branch], mixture: Mixture) -> list[Branch]:
    heavy = mixture.keep_heavy()
    for index, branch in enumerate(branches):
        if index not in heavy:
            task.let_go(branch.sequence, keep=branch.kept)
    return [branches[index] for index in heavy]


def _refusal_weighed(task: Task, branches: Sequence[Branch], mixture: Mixture, size: int) -> Steps:
    refusal = task.job.reading.refusal
    if refusal and len(branches) <= (size - task.cells) // len(refusal):
        mixture.expect_refusal(refusal[0], (yield from look_ahead(task, branches, refusal)))


def _score(task: Task) -> Steps:
    """log P(question | prefix and passage), for each passage or for the prefix alone."""
    prompt = task.job.prompt
    branches = yield from read_fused(task, prompt, bare=not prompt.passages)
    length = prompt.question[1] - prompt.question[0]
    totals = tuple(branch.score for branch in branches)
    for branch in branches:
        task.let_go(branch.sequence, keep=branch.kept)
    task.put(Likelihood(totals, length, task.total, task.reused))
