"""llama.cpp's samplers over logits that the tests make up."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from models.bundled import bundled_chat_model
from models.engine.model import Model
from models.engine.sampler import PENALTY_WINDOW, Sampler
from models.engine.sampling import Sampling
from models.errors import ModelError

ROOT = Path(__file__).resolve().parents[3]
WARM = Sampling(temperature=1, top_p=1, min_p=0, seed=7)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def drawn(vocabulary: Model, sampling: Sampling, logits: np.ndarray, count: int) -> list[int]:
    with closing(Sampler(vocabulary, sampling)) as sampler:
        return [sampler.sample(logits) for _ in range(count)]


def only(vocabulary: Model, likely: dict[int, float]) -> np.ndarray:
    """Logits under which these tokens have these probabilities, all others next to none."""
    logits = np.full(vocabulary.vocabulary_size, -40, np.float32)
    for token, share in likely.items():
        logits[token] = np.log(share)
    return logits


def written(vocabulary: Model, sampling: Sampling, logits: Iterator[np.ndarray]) -> str:
    """The text that comes out, at most forty tokens of it; "…" if it does not end by itself."""
    text = b""
    with closing(Sampler(vocabulary, sampling)) as sampler:
        for _ in range(40):
            token = sampler.sample(next(logits))
            if vocabulary.ends(token):
                return text.decode()
            text += vocabulary.piece(token)
    return text.decode("utf-8", "ignore") + "…"


def noise(vocabulary: Model, random: np.random.Generator) -> Iterator[np.ndarray]:
    while True:
        yield random.normal(0, 3, vocabulary.vocabulary_size).astype(np.float32)


# ---- choosing


def test_without_temperature_the_likeliest_token_is_taken(
    vocabulary: Model, random: np.random.Generator
) -> None:
    with closing(Sampler(vocabulary, Sampling())) as sampler:
        for logits, _ in zip(noise(vocabulary, random), range(20), strict=False):
            assert sampler.sample(logits) == logits.argmax()


def test_the_same_seed_draws_the_same_and_another_one_something_else(
    vocabulary: Model, random: np.random.Generator
) -> None:
    logits = next(noise(vocabulary, random))
    draws = {
        seed: drawn(vocabulary, Sampling(1.5, min_p=0, seed=seed), logits, 12) for seed in (1, 2, 3)
    }
    assert draws[1] == drawn(vocabulary, Sampling(1.5, min_p=0, seed=1), logits, 12)
    assert len({tuple(tokens) for tokens in draws.values()}) == 3


def test_without_a_seed_every_answer_is_drawn_anew(
    vocabulary: Model, random: np.random.Generator
) -> None:
    logits = next(noise(vocabulary, random))
    free = Sampling(2.0, min_p=0)
    assert len({tuple(drawn(vocabulary, free, logits, 8)) for _ in range(4)}) > 1


def test_tokens_come_as_often_as_they_are_likely(vocabulary: Model) -> None:
    logits = only(vocabulary, {5: 0.6, 9: 0.3, 70: 0.1})
    found = Counter(drawn(vocabulary, WARM, logits, 300))
    assert found[5] == pytest.approx(180, abs=35)
    assert found[9] == pytest.approx(90, abs=35)
    assert found[70] == pytest.approx(30, abs=25)


@pytest.mark.parametrize(
    ("sampling", "possible"),
    [
        (Sampling(1, top_p=0.5, min_p=0, seed=1), {5}),
        (Sampling(1, top_p=0.8, min_p=0, seed=1), {5, 9}),
        (Sampling(1, top_p=1, min_p=0.4, seed=1), {5, 9}),
        (Sampling(1, top_p=1, min_p=0.1, seed=1), {5, 9, 70}),
        (Sampling(0.05, top_p=1, min_p=0, seed=1), {5}),
    ],
)
def test_unlikely_tokens_are_left_out_as_asked(
    vocabulary: Model, sampling: Sampling, possible: set[int]
) -> None:
    logits = only(vocabulary, {5: 0.6, 9: 0.3, 70: 0.1})
    assert set(drawn(vocabulary, sampling, logits, 60)) == possible


def test_what_was_said_in_the_last_tokens_is_less_likely_to_be_said_again(
    vocabulary: Model,
) -> None:
    logits = only(vocabulary, {})
    logits[[5, 9, 70]] = [4, 3.9, 3]
    strict = Sampling(repeat_penalty=2)
    # 5 and 9 are halved by their first use, to 2 and 1.95; 70 to 1.5. A second use changes nothing.
    assert drawn(vocabulary, strict, logits, 6) == [5, 9, 70, 5, 5, 5]
    with closing(Sampler(vocabulary, strict)) as sampler:
        assert sampler.sample(logits) == 5
        for token in range(100, 100 + PENALTY_WINDOW):
            assert sampler.sample(only(vocabulary, {token: 1})) == token
        assert sampler.sample(logits) == 5  # said too long ago


# ---- grammars


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(
    ("grammar", "allowed"),
    [
        ('root ::= "yes" | "no"', {"yes", "no"}),
        ('root ::= "a" [0-9] "中文" "😀"', {f"a{n}中文😀" for n in range(10)}),
        ('root ::= ""', {""}),
    ],
)
def test_only_what_the_grammar_allows_is_written_and_it_ends_with_it(
    vocabulary: Model,
    random: np.random.Generator,
    grammar: str,
    allowed: set[str],
    temperature: float,
) -> None:
    for _ in range(3):
        sampling = Sampling(temperature, seed=1, grammar=grammar)
        assert written(vocabulary, sampling, noise(vocabulary, random)) in allowed


def test_a_grammar_does_not_change_what_it_allows(
    vocabulary: Model, random: np.random.Generator
) -> None:
    logits = list(zip(noise(vocabulary, random), range(8), strict=False))
    free = [int(one.argmax()) for one, _ in logits]
    with closing(Sampler(vocabulary, Sampling(grammar="root ::= [^\\x00]*"))) as sampler:
        assert [sampler.sample(one) for one, _ in logits] == free


@pytest.mark.parametrize(
    "grammar",
    [
        'other ::= "a"',
        "root ::= root",
        'root ::= root "a" | "b"',
        "root ::= unknown",
        'root ::= "a',
        "root ::= [a",
        'root ::= "a"{1000000}',
        'root ::= "a\0b"',
        'root := "a"',
        "\0",
        "no grammar at all",
    ],
)
def test_a_grammar_that_cannot_be_read_is_refused_in_a_line(
    vocabulary: Model, grammar: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelError, match="the grammar cannot be read") as caught:
        Sampler(vocabulary, Sampling(grammar=grammar))
    assert "\n" not in str(caught.value)
    capfd.readouterr()  # llama.cpp writes its own line to stderr


def test_half_a_surrogate_pair_in_a_grammar_is_replaced(
    vocabulary: Model, random: np.random.Generator
) -> None:
    sampling = Sampling(grammar='root ::= "\ud83d"')
    assert written(vocabulary, sampling, noise(vocabulary, random)) == "?"


def test_a_grammar_that_leads_nowhere_is_an_error(
    vocabulary: Model, random: np.random.Generator
) -> None:
    for grammar in ('root ::= "a" [^\\x00-\\U0010FFFF]', "root ::= [^\\x00-\\U0010FFFF]"):
        for temperature in (0.0, 1.0):
            with pytest.raises(ModelError, match="allows no token"):
                written(
                    vocabulary, Sampling(temperature, grammar=grammar), noise(vocabulary, random)
                )


DEEP = """
import sys
from models.bundled import bundled_chat_model
from models.engine.model import Model
from models.engine.sampler import DEEPEST, MOST_RULES, Sampler
from models.engine.sampling import Sampling
from models.errors import ModelError
model = Model(bundled_chat_model())
def nested(depth):
    return "root ::= " + "(" * depth + '"a"' + ")" * depth
def chained(rules):
    names = [f"r{n} ::= r{n + 1}" for n in range(rules - 2)]
    return "\\n".join(["root ::= r0", *names, f'r{rules - 2} ::= "a"'])
for grammar in (nested(DEEPEST), chained(MOST_RULES), nested(10**6), chained(10**6)):
    try:
        Sampler(model, Sampling(grammar=grammar)).close()
        print("read")
    except ModelError as error:
        print(error)
"""


def test_a_grammar_of_any_size_does_not_end_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEEP], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[:2] == ["read", "read"]
    assert [line[:24] for line in lines[2:]] == ["the grammar is too large"] * 2
    assert bundled_chat_model().name not in done.stderr
