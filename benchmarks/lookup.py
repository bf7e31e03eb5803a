"""Prompt lookup: how much sooner answers end that repeat their prompt, and that they stay the same.

Each prompt is answered with lookup and without, in turns, from the same state of the cache: about
a passage (quoting it, answering as the program does, from one passage or four, rewriting,
summarizing), and in a chat without any, where lookup must cost nothing. Where the two texts differ,
the margin says how much likelier the one token was than the other: rounding can turn what is
nearly a tie. Prints a table, writes benchmarks/results/lookup.json.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from engine_setup import (
    Answer,
    Article,
    add_weights_option,
    answer_prompt,
    chat_prompt,
    loading,
    note,
    print_table,
    read_answer,
    read_articles,
    save_results,
)
from langchain_core.documents import Document
from squad import Question

from models.engine.engine import Engine
from models.engine.model import Model
from models.engine.prompt import Prompt
from models.engine.sampling import Sampling

LEAST_RATIO = 0.97  # of the speed without lookup, where it cannot help
CHATS = [
    "What should I consider when I choose a bicycle?",
    "Explain why the sky is blue.",
    "Give me three ideas for a rainy afternoon.",
    "How do I write a letter of complaint?",
    "What is the difference between weather and climate?",
    "Tell me a short story about a fox.",
    "How can I learn a language quickly?",
    "Why do we sleep?",
    "What makes a good teacher?",
    "Describe how a steam engine works.",
]
HEAD = (
    "prompt",
    "answers",
    "tokens",
    "without",
    "with lookup",
    "ratio",
    "drafted",
    "came true",
    "same text",
    "margin (nats)",
)
Ask = Callable[[Model, Article, Question, int], Prompt]


@dataclass(frozen=True)
class Pair:
    """One prompt's two answers. Seconds and tokens behind the first token; `margin` in nats, how
    much likelier the first token that differs was without lookup than the one with it.
    """

    prompt: str
    text: str
    tokens_on: int
    on_s: float
    tokens_off: int
    off_s: float
    drafted: int
    accepted: int
    same: bool
    margin: float | None


def over_text(request: str) -> Ask:
    """A request about the question's passage, in front of it."""

    def ask(model: Model, article: Article, question: Question, _number: int) -> Prompt:
        text = article.passages[question.paragraph].page_content
        return chat_prompt(model, f"{request.format(question=question.text)}\n\n{text}")

    return ask


def as_the_program(count: int) -> Ask:
    """The program's own prompt over the question's passage and so many others less one."""

    def ask(model: Model, article: Article, question: Question, _number: int) -> Prompt:
        gold = article.passages[question.paragraph]
        others = [passage for passage in article.passages if passage is not gold]
        passages: list[Document] = [gold, *others[: count - 1]]
        return answer_prompt(model, question.text, passages, "en")

    return ask


def chat(model: Model, _article: Article, _question: Question, number: int) -> Prompt:
    """A question that no text comes with."""
    return chat_prompt(model, CHATS[number % len(CHATS)])


QUOTE = "Quote the sentences of the text below that answer this question: {question}"
REWRITE = "Write the text below once more and correct only its spelling."
SUMMARIZE = "Summarize the text below in its own words and sentences."
WITHOUT = "chat without passages"
ASKS: dict[str, Ask] = {
    "quote what answers": over_text(QUOTE),
    "the program's prompt, 1 passage": as_the_program(1),
    "the program's prompt, 4 passages fused": as_the_program(4),
    "rewrite": over_text(REWRITE),
    "summarize": over_text(SUMMARIZE),
    WITHOUT: chat,
}


def compare(engine: Engine, name: str, prompt: Prompt, tokens: int, *, swapped: bool) -> Pair:
    """Answer a prompt with lookup and without; `swapped`: without it first."""
    # Both then find the prompt in the cache: its last token is computed in the same batch.
    read_answer(engine.generate(prompt, Sampling(max_tokens=1)))
    answers: dict[bool, Answer] = {}
    for lookup in (False, True) if swapped else (True, False):
        sampling = Sampling(max_tokens=tokens, lookup=lookup)
        answers[lookup] = read_answer(engine.generate(prompt, sampling))
    on, off = answers[True], answers[False]
    same = (on.text, on.finish.completion_tokens) == (off.text, off.finish.completion_tokens)
    return Pair(
        name,
        on.text,
        *_speed(on),
        *_speed(off),
        on.finish.drafted,
        on.finish.accepted,
        same,
        None if same else _margin(engine, prompt, off.text, on.text),
    )


def _speed(answer: Answer) -> tuple[int, float]:
    last = answer.finish
    return last.completion_tokens - 1, last.total_s - last.first_token_s


def _margin(engine: Engine, prompt: Prompt, off: str, on: str) -> float | None:
    """How much likelier, in nats, `off` is than `on` up to the first token that differs.

    None where no token does: one text was cut off where the other ended. The texts' tokens are
    had by tokenizing them; a text that ends goes on with the end token.
    """
    model = engine.model
    end = model.tokenize(model.special("eos"), special=True)
    ours, theirs = [*model.tokenize(off), *end], [*model.tokenize(on), *end]
    pairs = zip(ours, theirs, strict=False)
    differing = (place for place, (one, other) in enumerate(pairs) if one != other)
    place = next(differing, None)
    if place is None:
        return None
    scores = []
    for tokens in (ours, theirs):
        forced = tokens[: place + 1]
        scored = read_answer(engine.generate(prompt, Sampling(), forced=forced)).finish
        scores.append(scored.log_probability or 0.0)
    return scores[0] - scores[1]


def print_pairs(pairs: Sequence[Pair]) -> None:
    """A row for each kind of prompt."""
    rows = []
    for name in dict.fromkeys(pair.prompt for pair in pairs):
        among = [pair for pair in pairs if pair.prompt == name]
        off = sum(p.tokens_off for p in among) / sum(p.off_s for p in among)
        on = sum(p.tokens_on for p in among) / sum(p.on_s for p in among)
        drafted, accepted = sum(p.drafted for p in among), sum(p.accepted for p in among)
        margins = [abs(pair.margin) for pair in among if pair.margin is not None]
        rows.append(
            [
                name,
                len(among),
                f"{statistics.mean(p.tokens_off for p in among):.0f}",
                f"{off:.1f}",
                f"{on:.1f}",
                f"×{on / off:.2f}",
                f"{drafted}",
                f"{accepted / max(drafted, 1):.2f}",
                f"{sum(p.same for p in among)} of {len(among)}",
                f"{max(margins):.3f}" if margins else "",
            ]
        )
    print_table(
        "Tokens per second behind the first one, all answers together; the margin is the largest "
        f"where texts differ. “{WITHOUT}” should be at least ×{LEAST_RATIO}",
        HEAD,
        rows,
    )


def main() -> int:
    """Measure and print; 0, also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_weights_option(parser)
    parser.add_argument("--questions", type=int, default=20, help="prompts of each kind")
    parser.add_argument("--tokens", type=int, default=128, help="of an answer, at most")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    articles = read_articles("en")
    if not articles:
        return 0
    every = [(article, question) for article in articles for question in article.questions]
    chosen = random.Random(options.seed).sample(every, min(options.questions, len(every)))
    load = loading(options.weights)
    engine = load.engine()
    pairs = []
    for number, (article, question) in enumerate(chosen):
        for name, ask in ASKS.items():
            prompt = ask(engine.model, article, question, number)
            swapped = bool(number % 2)
            pairs.append(compare(engine, name, prompt, options.tokens, swapped=swapped))
        note(f"{number + 1} of {len(chosen)} questions")
    engine.close()
    print(f"{load}; {len(chosen)} prompts of each kind")
    print_pairs(pairs)
    save_results("lookup", {"run": str(load), "pairs": [asdict(pair) for pair in pairs]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
