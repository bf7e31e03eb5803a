"""Answers of the bundled model: drafts, stop strings, draws, grammars, whole characters."""

from itertools import pairwise

import pytest
from asking import CLEAR, SHORT, answer, asked, begin, likelihood, text

from models.bundled import bundled_chat_model
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.grammar import schema_grammar
from models.engine.prompt import Prompt
from models.engine.sampling import Sampling
from models.engine.scheduler import OUTPUTS
from models.engine.stream import Finish, Text
from models.errors import ModelError

CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
LIST = "Name: Ada, born 1815\nName: Alan, born 1912\nName: Grace, born 1906\n" * 2
GROUNDED = [
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5,",
    "a, b, c, d, e, f, g, h, i, j, k, l, m, a, b, c, d,",
    "10, 20, 30, 40, 50, 60, 70, 80, 90, 10, 20, 30,",
    "2001, 2002, 2003, 2004, 2005, 2006, 2001, 2002,",
    "100, 101, 102, 103, 104, 105, 100, 101, 102,",
    LIST + "Name: Ada, born",
    "red, green, blue, red, green, blue, red, green,",
    "x = 1; y = 2; z = 3;\n" * 4 + "x =",
    "北京、上海、广州、深圳，" * 4 + "北京、",
    "the wheel turned for four hours after each tide. " * 4 + "the wheel",
]


# ---- drafts


@pytest.mark.usefixtures("eager")
def test_drafts_change_no_answer_and_come_true_where_it_repeats(engine: Engine) -> None:
    drafted = accepted = 0
    for prompt in GROUNDED:
        with_drafts, finish = answer(engine, prompt, Sampling(max_tokens=14, lookup=True))
        plain, without = answer(engine, prompt, Sampling(max_tokens=14, lookup=False))
        assert with_drafts == plain
        assert (finish.reason, finish.completion_tokens) == (without.reason, 14)
        assert without.drafted == 0
        drafted += finish.drafted
        accepted += finish.accepted
    assert accepted > len(GROUNDED) * 5
    assert accepted <= drafted


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("alike", [True, False])
def test_by_default_drafts_are_made_only_where_rows_have_the_same_logits_together_as_alone(
    monkeypatch: pytest.MonkeyPatch, alike: bool
) -> None:
    monkeypatch.setattr("models.engine.engine.rows_alike", lambda context: alike)
    one = Engine(bundled_chat_model(), Placement(context=512, threads=1))
    try:
        _, finish = answer(one, GROUNDED[0], Sampling(max_tokens=14))
    finally:
        one.close()
    assert one.drafts_are_exact == alike
    assert (finish.drafted > 0) == alike


@pytest.mark.usefixtures("eager")
def test_drafts_change_no_draw_either(engine: Engine) -> None:
    accepted = 0
    for seed in range(4):
        draw = Sampling(0.5, seed=seed, max_tokens=16, lookup=True)
        drawn, finish = answer(engine, GROUNDED[seed], draw)
        plain, _ = answer(
            engine, GROUNDED[seed], Sampling(0.5, seed=seed, max_tokens=16, lookup=False)
        )
        assert drawn == plain
        accepted += finish.accepted
    assert accepted > 10


@pytest.mark.usefixtures("eager")
def test_no_draft_goes_beyond_the_last_token_or_a_stop_string(engine: Engine) -> None:
    whole, _ = answer(engine, GROUNDED[0], Sampling(max_tokens=20, lookup=True))
    assert whole == " 6, 7, 8, 9, 10, 11,"
    for most in range(1, 12):
        cut, finish = answer(engine, GROUNDED[0], Sampling(max_tokens=most, lookup=True))
        assert whole.startswith(cut)
        assert finish.completion_tokens == most
    for stop in ("7", ", 8", "9, 1"):
        cut, finish = answer(
            engine, GROUNDED[0], Sampling(max_tokens=20, stop=(stop,), lookup=True)
        )
        assert cut == whole[: whole.index(stop)]
        assert finish.reason == "stop"


# ---- stop strings and characters


def test_a_stop_string_ends_the_answer_and_is_not_shown(engine: Engine) -> None:
    prompt = "Count: 1, 2, 3, 4,"
    whole, _ = answer(engine, prompt, Sampling(max_tokens=20, lookup=True))
    for length in (1, 2, 5):  # the longer ones lie across tokens
        stop = whole[8 : 8 + length]
        cut, finish = answer(engine, prompt, Sampling(max_tokens=20, stop=(stop,), lookup=True))
        assert cut == whole[: whole.index(stop)]
        assert finish.reason == "stop"


@pytest.mark.parametrize(
    "prompt", ["😀😀😀😀😀😀😀😀", "一二三四五六七八九十，一二三四五六七八九十，"]
)
def test_characters_of_several_bytes_arrive_whole(engine: Engine, prompt: str) -> None:
    stream = begin(engine, prompt, Sampling(max_tokens=18))
    parts = [event.text for event in stream if isinstance(event, Text)]
    assert set("".join(parts[:-1])) & set(prompt)
    assert "\ufffd" not in "".join(parts[:-1])  # the last may be cut by max_tokens


# ---- draws


def test_the_same_seed_gives_the_same_text_and_another_seed_another(engine: Engine) -> None:
    def draw(seed: int) -> str:
        sampling = Sampling(temperature=1.5, min_p=0, seed=seed, max_tokens=10, lookup=False)
        return answer(engine, "Once upon a time", sampling)[0]

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(1, 5)}) > 1


def test_a_repeat_penalty_breaks_a_loop(engine: Engine) -> None:
    prompt = "la femme au roi, la femme au roi, la femme au roi,"
    plain, _ = answer(engine, prompt, Sampling(max_tokens=24))
    penalized, _ = answer(engine, prompt, Sampling(max_tokens=24, repeat_penalty=1.5))
    assert plain.count("roi") > max(1, penalized.count("roi"))


# ---- grammars


def test_only_what_the_grammar_allows_is_written(engine: Engine) -> None:
    for word in ("violet", "中文", "😀"):
        written, finish = answer(engine, CLEAR[0], Sampling(grammar=f'root ::= "{word}"'))
        assert (written, finish.reason) == (word, "stop")


def test_a_grammar_a_stop_string_and_passages_side_by_side_go_together(engine: Engine) -> None:
    passages = ["Ada was born in 1815.\n", "Alan was born in 1912.\n"]
    prompt = asked(engine.model, "Read:\n", passages, "When was Ada born?", "\nAnswer:")
    grammar = 'root ::= " In " [0-9]{4} "." " The end."'
    written, finish = answer(engine, prompt, Sampling(grammar=grammar, stop=(" The",)))
    assert written == " In 1815."
    assert finish.reason == "stop"
    assert sum(finish.weights) == pytest.approx(1)


def test_json_of_a_schema_is_written_to_its_end_or_to_max_tokens(engine: Engine) -> None:
    grammar = schema_grammar(
        {"type": "object", "properties": {"n": {"enum": [5, 7]}}, "required": ["n"]}
    )
    written, finish = answer(engine, CLEAR[0], Sampling(grammar=grammar))
    assert (written.replace(" ", ""), finish.reason) in [('{"n":5}', "stop"), ('{"n":7}', "stop")]
    cut, finish = answer(engine, CLEAR[0], Sampling(grammar=grammar, max_tokens=3))
    assert written.startswith(cut)
    assert finish.reason == "length"


def test_a_bad_grammar_is_raised_in_its_reader_and_nobody_elses(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    running = begin(engine, CLEAR[0])
    for grammar in ("root ::= [a", 'root ::= "a" [^\\x00-\\U0010FFFF]'):
        with pytest.raises(ModelError, match="grammar") as caught:
            answer(engine, CLEAR[1], Sampling(grammar=grammar))
        assert "\n" not in str(caught.value)
    assert text(running) == " 6, 7, 8"
    capfd.readouterr()  # llama.cpp writes its own line to stderr


# ---- answers that are given


def test_the_answer_that_greedy_gives_is_the_likeliest_of_its_length(engine: Engine) -> None:
    tokens = engine.model.tokenize(CLEAR[0])
    found = {}
    for words in (" 6, 7", " 7, 8", " banana", " and so"):
        forced = engine.model.tokenize(words)[:4]
        shown, finish = answer(engine, tokens, SHORT, forced=forced)
        assert shown == b"".join(map(engine.model.piece, forced)).decode()
        assert finish.completion_tokens == len(forced)
        assert finish.log_probability is not None
        found[words] = finish.log_probability / len(forced)
    assert max(found, key=lambda words: found[words]) == " 6, 7"


def test_an_answer_that_is_given_is_as_likely_as_the_text_behind_the_prompt(engine: Engine) -> None:
    tokens, forced = engine.model.tokenize(CLEAR[3]), engine.model.tokenize(" h, i, and j")
    _, finish = answer(engine, tokens, SHORT, forced=forced)
    scored = Prompt(tuple(tokens), suffix=tuple(forced), question=(0, len(forced)))
    assert finish.log_probability == pytest.approx(likelihood(engine, scored).total, abs=0.3)


def test_an_answer_that_is_given_goes_on_over_stop_strings_and_ends(engine: Engine) -> None:
    end = engine.model.tokenize("<|im_end|>", special=True)
    forced = [*engine.model.tokenize(" 6, 7"), *end, *engine.model.tokenize(", 8")]
    _, finish = answer(engine, CLEAR[0], Sampling(stop=("6",)), forced=forced)
    _, plain = answer(engine, CLEAR[0], SHORT, forced=forced)
    assert finish.completion_tokens == len(forced)
    assert finish.log_probability == plain.log_probability


def test_an_answer_that_is_given_must_fit(engine: Engine) -> None:
    with pytest.raises(ModelError, match="the context holds"):
        engine.generate([1, 2, 3], SHORT, forced=[5] * engine.context_size)


# ---- likelihoods


def test_likelihoods_multiply_along_a_text(engine: Engine) -> None:
    """log P(ab | p) = log P(a | p) + log P(b | pa), also where the pieces of decoding differ."""
    words = tuple(engine.model.tokenize("The river is long and full of stones. " * 19))
    assert len(words) > OUTPUTS + 40
    ends = [5, 40, len(words)]

    def score(start: int, end: int) -> float:
        prompt = Prompt(words[:start], suffix=words[start:end], question=(0, end - start))
        found = likelihood(engine, prompt)
        assert found.tokens == end - start
        return found.total

    parts = sum(score(start, end) for start, end in pairwise(ends))
    assert score(ends[0], ends[-1]) == pytest.approx(parts, rel=0.02)


def test_only_the_question_is_scored_whatever_stands_around_it(engine: Engine) -> None:
    tokens = tuple(engine.model.tokenize("The capital of France is Paris, and that of Spain is"))
    whole = Prompt(tokens[:3], suffix=tokens[3:], question=(1, 4))
    cut = Prompt(tokens[:4], suffix=tokens[4:7], question=(0, 3))
    assert likelihood(engine, whole).total == pytest.approx(likelihood(engine, cut).total, abs=0.1)


def test_the_likeliest_token_is_the_one_that_greedy_takes(engine: Engine) -> None:
    tokens = tuple(engine.model.tokenize("The capital of France is"))
    taken, finish = answer(engine, tokens, Sampling(max_tokens=1))
    assert isinstance(finish, Finish)
    scores = {}
    for word in (taken, " banana", " seventeen", " and"):
        suffix = tuple(engine.model.tokenize(word))
        scores[word] = likelihood(engine, Prompt(tokens, suffix=suffix, question=(0, 1))).total
    assert max(scores, key=lambda word: scores[word]) == taken
