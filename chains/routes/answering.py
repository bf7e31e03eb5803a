"""What the chain yields for a question that takes a route: the same parts as for any other."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from langchain_core.runnables.utils import AddableDict

from chains.routes.route import Errand, Route

GAP = "\n\n"


def answered(route: Route, errand: Errand, started: float) -> Iterator[AddableDict]:
    """The parts: `sources`, pieces of `answer`, then the rest with `route`.

    `route` holds its `name`, in `did` what was done, which also ends the answer, and in `own` the
    span of the answer that needs no passage: what was computed, and `did`. An answer "" is
    yielded where nobody speaks for a while: there the stream can be closed. The last part may
    hold more `sources`, found for what a model wrote. `started` is of time.perf_counter.
    """
    outcome = route.run(errand)
    retrieve_s = time.perf_counter() - started
    yield AddableDict(sources=outcome.sources)
    answer, first_token_s = "", 0.0
    for text in outcome.texts:
        if text:
            first_token_s = first_token_s or time.perf_counter() - started
        answer += text
        yield AddableDict(answer=text)
    yield AddableDict(answer=GAP + outcome.did)
    checked = outcome.check(answer)
    own = 0 if outcome.computed else len(answer) + len(GAP)
    said = {"name": route.name, "did": outcome.did}
    last: dict[str, Any] = {"sources": checked.sources} if checked.sources else {}
    timings = {
        "retrieve_s": retrieve_s,
        "evidence_s": retrieve_s,
        "first_token_s": first_token_s,
        "total_s": time.perf_counter() - started,
        **asdict(errand.spent),
    }
    yield AddableDict(
        **last,
        citations=checked.grounding.citations,
        grounded=checked.grounding.grounded,
        flagged=checked.grounding.flagged,
        refused=False,
        timings=timings,
        route={**said, "own": [own, len(answer) + len(GAP) + len(outcome.did)]},
    )
