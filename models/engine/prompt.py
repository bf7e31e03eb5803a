"""What the engine is given to read: tokens in parts, and how passages are to be read."""

from dataclasses import dataclass, field, replace
from typing import Literal

PassageReading = Literal["fused", "joint"]
KVReuse = Literal["exact", "spliced", "off"]


@dataclass(frozen=True)
class Prompt:
    """The tokens before the passages, each passage's, and those behind them.

    `question` is the span of the suffix whose likelihood weighs the passages. Without passages
    the prompt is the prefix and then the suffix.
    """

    prefix: tuple[int, ...] = ()
    passages: tuple[tuple[int, ...], ...] = ()
    suffix: tuple[int, ...] = ()
    question: tuple[int, int] = (0, 0)

    @property
    def tokens(self) -> list[int]:
        """All in one, the passages one after the other."""
        return [*self.prefix, *(t for passage in self.passages for t in passage), *self.suffix]

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence when every passage is read alone."""
        passage = max((len(passage) for passage in self.passages), default=0)
        return len(self.prefix) + passage + len(self.suffix)

    def behind(self, stand_ins: tuple[int, ...]) -> "Prompt":
        """The prompt with others before it, such as those of a learnt beginning."""
        return replace(self, prefix=(*stand_ins, *self.prefix))

    @property
    def fused_cells(self) -> int:
        """Cells of the KV cache that reading the passages side by side takes."""
        own = sum(len(passage) + len(self.suffix) for passage in self.passages)
        return len(self.prefix) + (own or len(self.suffix))


@dataclass(frozen=True)
class Reading:
    """How passages are read.

    "fused": each in a sequence of its own, the next token from their mixture, weighted by
    softmax(log P(question | passage) / `temperature` + log prior). "joint": all in one sequence;
    with `reuse` "spliced", the second and later ones are moved there by RoPE shift. Reuse
    "exact" changes no logit; "off" computes everything anew. `contrast` is that of Shi et al.
    (2305.14739) with what the model says without any passage. With `bayes` the weights follow the
    answer: passages that expected its tokens gain, as in RAG-Sequence (Lewis et al., 2005.11401).
    `refusal` are the first tokens of what the model has learnt to say where a passage does not
    hold the answer: it does so only where each passage finds that likelier than all answers.
    """

    passages: PassageReading = "fused"
    reuse: KVReuse = "exact"
    temperature: float = 1.0
    contrast: float = 0.0
    bayes: bool = True
    priors: tuple[float, ...] = field(default=())  # log prior of each passage, () for equal ones
    refusal: tuple[int, ...] = ()

    def prior(self, passage: int) -> float:
        """The log prior of a passage, 0 where none was given."""
        return self.priors[passage] if passage < len(self.priors) else 0.0
