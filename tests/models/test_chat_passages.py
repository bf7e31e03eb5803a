"""The chat model's reading of marked passages: weights, posteriors, what is taken over."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

sys.path.insert(0, str(Path(__file__).parent))

from questions import ASKED, MILL, PASSAGES, ROUNDING, asking, prompt_of

from models.bundled import CHAT_MODEL
from models.chat_model import KvasirChat
from models.engine.engine import Engine
from models.engine.stream import Prefill, Waiting
from models.errors import ModelError
from models.loaded import shared_store

# ---- passages


def test_fused_passages_are_weighed_and_the_one_that_answers_weighs_most(chat: KvasirChat) -> None:
    answer = chat.invoke(MILL)
    metadata, prompt = answer.response_metadata, prompt_of(chat, MILL)
    assert len(metadata["weights"]) == len(metadata["log_likelihoods"]) == 3
    assert sum(metadata["weights"]) == pytest.approx(1)
    assert np.argmax(metadata["weights"]) == np.argmax(metadata["log_likelihoods"]) == 0
    assert metadata["log_probability"] < 0
    assert answer.usage_metadata["input_tokens"] == prompt.fused_cells


def test_posteriors_cover_the_answers_characters_and_each_sums_to_one(chat: KvasirChat) -> None:
    # Priors that make up for what the question says: no passage is dropped at the first token.
    weighed = chat.invoke(MILL, max_tokens=1).response_metadata["log_likelihoods"]
    even = [-value for value in weighed]
    for kwargs in ({}, {"priors": even}, {"priors": even, "stop": ["built!", "179"]}):
        answer = chat.invoke(MILL, **kwargs)
        posteriors = answer.response_metadata["posteriors"]
        assert sum(length for length, *_ in posteriors) == len(answer.text)
        for _, *shares in posteriors:
            assert len(shares) == 3
            assert sum(shares) == pytest.approx(1, abs=1e-6)
    assert max(posteriors[0][1:]) < 0.99


def test_chunks_that_are_added_up_tell_what_invoke_tells(chat: KvasirChat) -> None:
    chunks = list(chat.stream(MILL))
    whole = functools.reduce(lambda one, other: one + other, chunks)
    answer = chat.invoke(MILL)
    assert whole.text == answer.text
    assert whole.response_metadata.keys() == answer.response_metadata.keys()
    assert whole.response_metadata["posteriors"] == [
        row for chunk in chunks for row in chunk.response_metadata.get("posteriors", [])
    ]
    assert len(whole.response_metadata["weights"]) == 3
    assert whole.usage_metadata["output_tokens"] == answer.usage_metadata["output_tokens"]
    assert whole.chunk_position == "last"


@pytest.mark.parametrize("reuse", ["exact", "spliced", "off"])
def test_joint_passages_are_one_prompt_without_weights(chat: KvasirChat, reuse: str) -> None:
    answer = chat.invoke(MILL, passages="joint", kv_reuse=reuse)
    assert answer.text
    assert answer.usage_metadata["input_tokens"] == len(prompt_of(chat, MILL).tokens)
    assert not {"weights", "posteriors", "log_likelihoods"} & answer.response_metadata.keys()


def test_how_passages_are_read_is_chosen_by_field_binding_call_and_setting(
    chat: KvasirChat, setting: Callable[..., None]
) -> None:
    joint = len(prompt_of(chat, MILL).tokens)
    setting(PASSAGES="joint", KV_REUSE="spliced")
    by_setting = KvasirChat(model=CHAT_MODEL)
    assert (by_setting.passages, by_setting.kv_reuse) == ("joint", "spliced")
    for model in (
        by_setting,
        chat.model_copy(update={"passages": "joint"}),
        chat.bind(passages="joint"),
    ):
        assert model.invoke(MILL, max_tokens=1).usage_metadata["input_tokens"] == joint
    assert chat.invoke(MILL, max_tokens=1).response_metadata["weights"]


def test_passages_that_were_read_once_are_taken_over(chat: KvasirChat) -> None:
    prompt = prompt_of(chat, MILL)
    chat.invoke(MILL, max_tokens=1)
    for question in ("When was the mill built?", "What does lead do?"):
        again = chat.invoke(asking(question), max_tokens=1)
        reused = again.usage_metadata["input_token_details"]["cache_read"]
        assert reused >= len(prompt.prefix) + sum(map(len, prompt.passages)) - len(prompt.passages)
    off = chat.invoke(MILL, max_tokens=1, kv_reuse="off")
    assert off.usage_metadata["input_token_details"]["cache_read"] == 0


def test_priors_move_the_weights(chat: KvasirChat) -> None:
    plain = chat.invoke(MILL, max_tokens=1).response_metadata
    priors = [0.0, 40.0, 0.0]
    moved = chat.invoke(MILL, max_tokens=1, priors=priors).response_metadata
    assert moved["log_likelihoods"] == pytest.approx(plain["log_likelihoods"], abs=ROUNDING)
    assert np.argmax(moved["weights"]) == 1
    logits = np.add(moved["log_likelihoods"], priors)
    expected = np.exp(logits - np.logaddexp.reduce(logits))
    assert moved["weights"] == pytest.approx(expected.tolist())


def test_an_answer_that_is_given_is_scored_and_not_made(chat: KvasirChat) -> None:
    likely, unlikely = "It was built in 1792.", "Bananas are yellow."
    for passages in (PASSAGES, PASSAGES[:1]):
        messages = asking(ASKED, passages)
        scores = []
        for text in (likely, unlikely):
            answer = chat.invoke(messages, forced=text, max_tokens=1)
            assert answer.text == text
            assert answer.usage_metadata["output_tokens"] == len(chat.get_token_ids(text))
            scores.append(answer.response_metadata["log_probability"])
        assert scores[1] < scores[0] < 0


def test_a_given_answers_probability_is_its_likelihood_as_the_last_message(
    chat: KvasirChat,
) -> None:
    messages = asking(ASKED, PASSAGES[:1])
    given = chat.invoke(messages, forced="In 1792.").response_metadata["log_probability"]
    scored = chat.likelihood([*messages, AIMessage("In 1792.")])
    assert scored.total == pytest.approx(given, abs=ROUNDING)


def test_the_likelihood_of_a_question_is_told_for_each_passage(chat: KvasirChat) -> None:
    seen: list[Waiting | Prefill] = []
    scored = chat.likelihood(MILL, on_progress=seen.append)
    assert np.argmax(scored.totals) == 0
    assert len(scored.totals) == 3
    assert scored.tokens == len(chat.get_token_ids(ASKED))
    assert any(isinstance(event, Prefill) for event in seen)
    weighed = chat.invoke(MILL, max_tokens=1).response_metadata["log_likelihoods"]
    assert weighed == pytest.approx(list(scored.totals), abs=ROUNDING)


def test_the_likelihood_of_a_text_depends_on_what_stands_before_it(chat: KvasirChat) -> None:
    question = HumanMessage("Who wrote Faust?")
    near = chat.likelihood([SystemMessage("Goethe wrote Faust in 1808."), question])
    far = chat.likelihood([SystemMessage("Bananas are yellow fruits."), question])
    assert near.tokens == far.tokens == len(chat.get_token_ids(question.text))
    assert far.total < near.total < 0


@pytest.mark.parametrize("messages", [[], [HumanMessage("")], asking("")])
def test_without_a_text_there_is_no_likelihood(
    chat: KvasirChat, messages: list[BaseMessage]
) -> None:
    with pytest.raises(ModelError, match="a likelihood needs tokens of the text"):
        chat.likelihood(messages)


def test_a_template_that_leaves_out_the_last_message_cannot_score_it(
    chat: KvasirChat, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.model, "chat_template", "{{ messages[0].content }}")
    with pytest.raises(ModelError, match="a likelihood needs tokens of the text"):
        chat.likelihood([HumanMessage("Why?"), AIMessage("Because.")])


def test_passages_are_warmed_once(chat: KvasirChat) -> None:
    passages = ["Goethe wrote Faust in Weimar, over sixty years of his life.\n" * 2, PASSAGES[1]]
    messages = asking("Who wrote Faust?", passages)
    warmed = [chat.warm(messages) for _ in range(2)]
    assert [(each.computed, each.reused) for each in warmed] == [(2, 0), (0, 2)]
    prompt = prompt_of(chat, messages)
    usage = chat.invoke(messages, max_tokens=1).usage_metadata
    held = len(prompt.prefix) + sum(map(len, prompt.passages))
    assert usage["input_token_details"]["cache_read"] >= held - len(passages)


def test_an_empty_passage_is_a_passage_that_says_nothing(chat: KvasirChat) -> None:
    messages = asking(ASKED, ["", *PASSAGES[:2]])
    for kwargs in ({}, {"passages": "joint"}, {"passages": "joint", "kv_reuse": "spliced"}):
        assert chat.invoke(messages, max_tokens=2, **kwargs).text
    assert np.argmax(chat.likelihood(messages).totals) == 1
    chat.warm(messages)
    assert chat.warm(messages).computed == 0


# ---- blobs


def test_what_one_engine_has_computed_another_restores(
    chat: KvasirChat, request: pytest.FixtureRequest
) -> None:
    computed = chat.invoke(MILL, max_tokens=1, kv_reuse="off").response_metadata
    chat.warm(MILL)
    assert shared_store(chat.blobs).flush(30)
    assert list(chat.blobs.glob("*.kv"))
    request.getfixturevalue("short")
    restored = chat.invoke(MILL, max_tokens=1)
    assert restored.response_metadata["restore_s"] > 0
    assert restored.usage_metadata["input_token_details"]["cache_read"] > 0
    weights = restored.response_metadata["log_likelihoods"]
    assert weights == pytest.approx(computed["log_likelihoods"], abs=ROUNDING)


@pytest.mark.parametrize("place", ["file/kv", "file"])
@pytest.mark.parametrize("secret", ["cache", "file"])
def test_a_folder_that_cannot_be_written_costs_no_answer(
    chat: KvasirChat, folder: Path, setting: Callable[..., None], place: str, secret: str
) -> None:
    (folder / "file").write_text("no folder")
    setting(CACHE=folder / secret)
    elsewhere = chat.model_copy(update={"blobs": folder / place})
    assert elsewhere.invoke(MILL, max_tokens=1).text
    elsewhere.warm(MILL)
    assert elsewhere.warm(MILL).computed == 0
    assert (folder / "file").read_text() == "no folder"


def test_without_a_budget_nothing_is_written(
    chat: KvasirChat, setting: Callable[..., None]
) -> None:
    setting(KV_BUDGET=0)
    chat.invoke(MILL, max_tokens=1, blobs=chat.blobs / "none")
    assert not chat.blobs.exists()


def test_words_of_a_refusal_are_weighed_by_the_passage_least_inclined_to_them(
    chat: KvasirChat,
) -> None:
    even = [-value for value in chat.invoke(MILL).response_metadata["log_likelihoods"]]
    likely = {"forced": "1792", "priors": even}
    averaged = chat.invoke(MILL, **likely).response_metadata["log_probability"]
    least = chat.invoke(MILL, **likely, refusal="1792").response_metadata["log_probability"]
    assert least < averaged - 1
