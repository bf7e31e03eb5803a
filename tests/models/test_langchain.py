"""LangChain's own laws for chat models, on the bundled model; what it says is not judged."""

import functools
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from models.bundled import CHAT_MODEL, bundled_chat_model
from models.chat_model import KvasirChat


class TestUnit(ChatModelUnitTests):
    """LangChain's own laws for chat models; tools and images are not offered."""

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
    def structured_output_kwargs(self) -> dict[str, Any]:
        # A joke is longer than the other tests' answers, and this model's go round in circles.
        return {"max_tokens": 250, "repeat_penalty": 1.2}

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
