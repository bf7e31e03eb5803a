import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from models.bundled import CHAT_MODEL, bundled_chat_model
from models.chat_model import KvasirChat, chat_model
from models.engine.engine import Engine, PromptTooLong
from models.engine.stream import Prefill, Waiting
from models.errors import ModelError


class TestUnit(ChatModelUnitTests):
    """LangChain's own laws for chat models; tools, structured output and images are not offered."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return KvasirChat

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": CHAT_MODEL}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        # Settings are read once in a process: these tests read them anew before each test.
        return {"KVASIR_MAX_TOKENS": "77"}, {"model": CHAT_MODEL}, {"max_tokens": 77}


@pytest.mark.usefixtures("engine")
class TestIntegration(ChatModelIntegrationTests):
    """The same on the bundled model; what it says is not judged."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return KvasirChat

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": CHAT_MODEL}

    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        return {"temperature": 0, "max_tokens": 8}

    @property
    def supported_usage_metadata_details(self) -> dict[str, list[str]]:
        return {"invoke": ["cache_read_input"], "stream": ["cache_read_input"]}

    @property
    def model_override_value(self) -> str:
        return str(bundled_chat_model())  # the same file under another name

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        model = KvasirChat(**self.chat_model_params, **self.standard_chat_model_params)
        model.invoke("The passage says that the tower is high. How high?")
        again = "The passage says that the tower is high. Who says so?"
        if not stream:
            return model.invoke(again)
        return functools.reduce(lambda whole, chunk: whole + chunk, model.stream(again))


QUESTION = [("system", "Answer briefly."), ("human", "What is the capital of France?")]


def test_stream_and_invoke_say_the_same(chat: KvasirChat) -> None:
    assert "".join(chunk.text for chunk in chat.stream(QUESTION)) == chat.invoke(QUESTION).text


def test_the_last_chunk_tells_what_it_took(chat: KvasirChat) -> None:
    message = chat.invoke(QUESTION)
    usage, metadata = message.usage_metadata, message.response_metadata
    assert usage["input_tokens"] == chat.prompt_length(
        [SystemMessage("Answer briefly."), HumanMessage("What is the capital of France?")]
    )
    assert usage["output_tokens"] <= chat.max_tokens
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert metadata["finish_reason"] in ("stop", "length")
    assert metadata["model_name"] == CHAT_MODEL
    assert metadata["first_token_s"] > 0


def test_a_follow_up_takes_over_what_the_conversation_has_computed(chat: KvasirChat) -> None:
    first = chat.invoke(QUESTION)
    second = chat.invoke([*QUESTION, ("ai", first.text), ("human", "And of Italy?")])
    reused = second.usage_metadata["input_token_details"]["cache_read"]
    assert reused >= first.usage_metadata["input_tokens"] - 1


def test_fields_can_be_set_for_one_call(chat: KvasirChat) -> None:
    message = chat.invoke(QUESTION, max_tokens=3)
    assert message.usage_metadata["output_tokens"] == 3
    assert message.response_metadata["finish_reason"] == "length"


def test_stop_strings_of_the_model_and_of_the_call_end_the_text(chat: KvasirChat) -> None:
    whole = chat.invoke(QUESTION).text
    stop = whole[5:7]
    expected = whole[: whole.index(stop)]
    assert chat.invoke(QUESTION, stop=[stop]).text == expected
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


def test_a_question_of_a_hundred_thousand_characters_is_refused(chat: KvasirChat) -> None:
    with pytest.raises(PromptTooLong, match="Ask something shorter, or set KVASIR_CONTEXT"):
        chat.invoke("why? " * 20_000)


def test_roles_become_turns_and_neighbours_of_one_role_become_one(
    chat: KvasirChat, engine: Engine
) -> None:
    apart = [
        HumanMessage("one"),
        HumanMessage([{"type": "text", "text": "two"}]),
        AIMessage("three"),
        ToolMessage("four", tool_call_id="1"),
        ChatMessage(role="assistant", content="five"),
    ]
    joined = [
        HumanMessage("one\n\ntwo"),
        AIMessage("three"),
        HumanMessage("four"),
        AIMessage("five"),
    ]
    assert chat.prompt_length(apart) == chat.prompt_length(joined)


def test_a_message_of_another_kind_is_refused_by_its_type(chat: KvasirChat) -> None:
    with pytest.raises(ModelError, match="a message of the type remove cannot be put"):
        chat.prompt_length([RemoveMessage(id="1")])


def test_token_ids_are_the_models_own(chat: KvasirChat, engine: Engine) -> None:
    assert chat.get_token_ids("注意力") == engine.vocabulary.tokenize("注意力")
    assert chat.get_num_tokens("") == 0
    assert chat.context_size == engine.context_size


def test_the_settings_choose_the_model(setting: Callable[..., None]) -> None:
    file = str(bundled_chat_model())
    setting(MODEL=file, TEMPERATURE=0.5, MAX_TOKENS=9)
    model = chat_model()
    assert isinstance(model, KvasirChat)
    assert (model.model, model.temperature, model.max_tokens) == (file, 0.5, 9)
    setting(MODEL="some/file.gguf")
    with pytest.raises(ModelError, match="there is no model some"):
        chat_model()


def test_the_likelihood_of_a_text_depends_on_what_stands_before_it(chat: KvasirChat) -> None:
    question = HumanMessage("Who wrote Faust?")
    near = chat.likelihood([SystemMessage("Goethe wrote Faust in 1808."), question])
    far = chat.likelihood([SystemMessage("Bananas are yellow fruits."), question])
    assert near.tokens == far.tokens == len(chat.get_token_ids(question.text))
    assert far.total < near.total < 0


@pytest.mark.parametrize("name", ["nobody:model", "cohere:command"])
def test_a_provider_that_cannot_be_had_is_a_model_error(
    setting: Callable[..., None], name: str
) -> None:
    setting(MODEL=name)
    with pytest.raises(ModelError, match=f"KVASIR_MODEL={name} cannot be used: ") as caught:
        chat_model()
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_a_model_error_at_the_first_question(
    folder, setting: Callable[..., None]
) -> None:
    (folder / "damaged.gguf").write_bytes(b"GGUF\x03\0\0\0")
    setting(MODEL="damaged.gguf")
    with pytest.raises(ModelError, match=r"llama.cpp cannot load damaged.gguf") as caught:
        chat_model().invoke("hello")
    assert "\n" not in str(caught.value)
