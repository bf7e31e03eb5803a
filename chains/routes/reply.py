"""An answer put together of sentences and the places they rest on. It does not know a model."""

from collections.abc import Sequence

from chains.grounding import Grounding
from chains.routes.place import Passages, Place, citation, cited_spans
from chains.routes.route import Checked, Outcome
from chains.sentences import Span


class Reply:
    """Takes what is to be said, in order; `outcome` gives it with its passages and citations."""

    def __init__(self) -> None:
        self.text = ""
        self._passages = Passages()
        self._said: list[Span] = []
        self._places: list[Sequence[Place]] = []

    def say(self, text: str, places: Sequence[Place] = ()) -> None:
        """Say something, with the places that it rests on."""
        start = len(self.text)
        self.text += text
        if places:
            self._said.append((start, len(self.text)))
            self._places.append(places)

    def point(self, places: Sequence[Place]) -> None:
        """Show places among the passages that nothing that is said rests on."""
        for place in places:
            self._passages.take(place)

    def outcome(self, did: str, *, computed: bool = True, found: bool = True) -> Outcome:
        """The answer. What was computed is grounded if anything was `found`, quotes always are."""
        numbers = [[self._passages.take(place) for place in places] for places in self._places]
        citations = [
            citation(span, place, passage)
            for span, said in cited_spans(self.text, self._said)
            for place, passage in zip(self._places[said], numbers[said], strict=True)
        ]
        checked = Checked(Grounding(citations, 1.0 if found else 0.0))
        pieces = self.text.splitlines(keepends=True)
        return Outcome(did, self._passages.sources(), pieces, lambda _: checked, computed)
