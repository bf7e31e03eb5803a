import asyncio
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

sys.path.insert(0, str(Path(__file__).parent))

from questions import MILL, QUESTION, prompt_of

from models.bundled import CHAT_MODEL, bundled_chat_model
from models.chat_model import KvasirChat, chat_model
from models.engine.engine import Engine
from models.engine.stream import Prefill, Waiting
from models.errors import ModelError

# ---- answering


def test_stream_and_invoke_say_the_same(chat: KvasirChat) -> None:
    assert "".join(chunk.text for chunk in chat.stream(QUESTION)) == chat.invoke(QUESTION).text


def test_the_last_chunk_tells_what_it_took(chat: KvasirChat) -> None:
    messages = [SystemMessage("Answer briefly."), HumanMessage("Who are you?")]
    message = chat.invoke(messages)
    usage, metadata = message.usage_metadata, message.response_metadata
    assert usage["input_tokens"] == len(prompt_of(chat, messages).tokens)
    assert usage["output_tokens"] <= chat.max_tokens
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert metadata["finish_reason"] in ("stop", "length")
    assert metadata["model_name"] == CHAT_MODEL
    assert metadata["first_token_s"] > 0
    assert (metadata["dropped_turns"], metadata["dropped_passages"]) == (0, 0)


def test_a_follow_up_takes_over_what_the_conversation_has_computed(chat: KvasirChat) -> None:
    first = chat.invoke(QUESTION)
    second = chat.invoke([*QUESTION, ("ai", first.text), ("human", "And the bridge?")])
    reused = second.usage_metadata["input_token_details"]["cache_read"]
    assert reused >= first.usage_metadata["input_tokens"] - 1


def test_stop_strings_of_the_model_and_of_the_call_end_the_text(chat: KvasirChat) -> None:
    whole = chat.invoke(QUESTION).text
    stop = whole[5:7]
    expected = whole[: whole.index(stop)]
    assert chat.invoke(QUESTION, stop=[stop]).text == expected
    assert chat.bind(stop=[stop]).invoke(QUESTION).text == expected
    assert chat.model_copy(update={"stop": [stop]}).invoke(QUESTION).text == expected


def test_progress_is_reported_to_the_caller(chat: KvasirChat) -> None:
    seen: list[Waiting | Prefill] = []
    chat.invoke(QUESTION, on_progress=seen.append)
    last = [event for event in seen if isinstance(event, Prefill)][-1]
    assert last.done == last.total


def test_a_reader_who_leaves_frees_the_engine(chat: KvasirChat) -> None:
    expected = chat.invoke(QUESTION).text
    stream = chat.stream("Tell me a very long story.", max_tokens=1500)
    next(stream)
    stream.close()
    assert chat.invoke(QUESTION).text == expected


async def test_an_asynchronous_reader_who_leaves_frees_the_engine(chat: KvasirChat) -> None:
    expected = chat.invoke(QUESTION).text
    async for _ in chat.astream("Tell me a very long story.", max_tokens=1500):
        break
    answer = await asyncio.wait_for(chat.ainvoke(QUESTION), timeout=60)
    assert answer.text == expected


@pytest.mark.parametrize("question", ["Tell me a very long story.", "Why? How? " * 200])
async def test_an_answer_whose_awaiting_is_cancelled_is_given_up(
    chat: KvasirChat, question: str
) -> None:
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()
    scheduler = chat.engine._scheduler  # nothing outside it tells what the engine works on
    asked = chat.ainvoke(
        question,
        max_tokens=1500,
        on_progress=lambda event: loop.call_soon_threadsafe(reached.set),
    )
    task = asyncio.create_task(asked)
    await asyncio.wait_for(reached.wait(), timeout=60)
    assert scheduler._running
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):  # one decode call, on a busy machine
        while scheduler._running:
            await asyncio.sleep(0.05)


async def test_an_asynchronous_stream_says_what_invoke_says(chat: KvasirChat) -> None:
    pieces = [chunk.text async for chunk in chat.astream(QUESTION)]
    assert "".join(pieces) == chat.invoke(QUESTION).text


def test_two_threads_stream_at_once(chat: KvasirChat) -> None:
    order: list[int] = []
    texts = ["", ""]

    def read(reader: int) -> None:
        for chunk in chat.stream(f"Count to {reader + 7}.", max_tokens=30):
            order.append(reader)
            texts[reader] += chunk.text

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, range(2)))
    assert all(texts)
    first_end = min(len(order) - 1 - order[::-1].index(reader) for reader in (0, 1))
    assert {0, 1} <= set(order[:first_end])


def test_roles_become_turns(chat: KvasirChat) -> None:
    joined = [HumanMessage("one\n\ntwo"), AIMessage("three"), HumanMessage("four")]
    apart = [HumanMessage("one"), HumanMessage("two"), AIMessage("three"), HumanMessage("four")]
    usages = [chat.invoke(messages, max_tokens=1).usage_metadata for messages in (joined, apart)]
    assert usages[0]["input_tokens"] == usages[1]["input_tokens"]


# ---- what one call may change


def test_fields_can_be_set_for_one_call(chat: KvasirChat) -> None:
    message = chat.invoke(QUESTION, max_tokens=3)
    assert message.usage_metadata["output_tokens"] == 3
    assert message.response_metadata["finish_reason"] == "length"
    assert chat.max_tokens == 12


@pytest.mark.parametrize(
    "kwargs",
    [
        {"temperature": "hot"},
        {"temperature": float("nan")},
        {"temperature": -1},
        {"max_tokens": 0},
        {"top_p": 2},
        {"min_p": -1},
        {"repeat_penalty": 0},
        {"seed": "x"},
        {"stop": "a string"},
        {"passages": "both"},
        {"kv_reuse": "on"},
        {"priors": ["x"]},
        {"priors": [float("nan")]},
        {"priors": [float("-inf")]},
        {"contrast": "much"},
        {"model": "no-such-model"},
        {"adapter": "no-such-adapter"},
        {"grammar": "bogus"},
        {"grammar": 'other ::= "a"'},
        {"json_schema": {"type": "nonsense"}},
        {"json_schema": {"type": "object", "properties": 3}},
    ],
)
def test_a_value_that_cannot_be_used_is_a_model_error_in_one_line(
    chat: KvasirChat, kwargs: dict[str, Any]
) -> None:
    with pytest.raises(ModelError) as caught:
        chat.invoke(QUESTION, **kwargs)
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError):
        chat.bind(**kwargs).invoke(QUESTION)


def test_seeds_give_different_answers(chat: KvasirChat) -> None:
    said = {chat.invoke(QUESTION, temperature=2, seed=seed, max_tokens=6).text for seed in range(4)}
    assert len(said) > 1


def test_a_grammar_is_all_that_is_written(chat: KvasirChat) -> None:
    grammar = 'root ::= "yes" | "no"'
    assert chat.invoke(QUESTION, grammar=grammar).text in ("yes", "no")
    assert chat.bind(grammar=grammar).invoke(MILL).text in ("yes", "no")
    assert chat.invoke(QUESTION).text not in ("yes", "no")


def test_a_json_schema_is_all_that_is_written(chat: KvasirChat) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    answer = json.loads(chat.invoke(QUESTION, json_schema=schema, max_tokens=60).text)
    assert list(answer) == ["n"]
    assert isinstance(answer["n"], int)


def test_langchains_cache_of_answers_tells_calls_apart(chat: KvasirChat) -> None:
    cached = chat.model_copy(update={"cache": InMemoryCache()})
    first = cached.invoke(QUESTION)
    assert cached.invoke(QUESTION).id == first.id
    for name, value in {"max_tokens": 2, "repeat_penalty": 1.5, "grammar": 'root ::= "a"'}.items():
        other = cached.model_copy(update={name: value})
        assert other.invoke(QUESTION).id != first.id, name


# ---- the model


def test_token_ids_are_the_models_own(chat: KvasirChat, engine: Engine) -> None:
    assert chat.get_token_ids("注意力") == engine.model.tokenize("注意力")
    assert chat.get_num_tokens("") == 0
    assert chat.context_size == engine.context_size
    assert chat.parameters == engine.model.parameters


def test_the_settings_choose_the_model(setting: Callable[..., None]) -> None:
    file = str(bundled_chat_model())
    setting(MODEL=file, TEMPERATURE=0.5, MAX_TOKENS=9)
    model = chat_model()
    assert isinstance(model, KvasirChat)
    assert (model.model, model.temperature, model.max_tokens) == (file, 0.5, 9)
    setting(MODEL="some/file.gguf")
    with pytest.raises(ModelError, match="there is no model some"):
        chat_model()


@pytest.mark.parametrize("name", ["nobody:model", "cohere:command"])
def test_a_provider_that_cannot_be_had_is_a_model_error(
    setting: Callable[..., None], name: str
) -> None:
    setting(MODEL=name)
    with pytest.raises(ModelError, match=f"KVASIR_MODEL={name} cannot be used: ") as caught:
        chat_model()
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_a_model_error_at_the_first_question(
    folder: Path, setting: Callable[..., None]
) -> None:
    (folder / "damaged.gguf").write_bytes(b"GGUF\x03\0\0\0")
    setting(MODEL="damaged.gguf")
    with pytest.raises(ModelError, match=r"llama.cpp cannot load damaged.gguf") as caught:
        chat_model().invoke("hello")
    assert "\n" not in str(caught.value)
