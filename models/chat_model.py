"""The chat model: LangChain's BaseChatModel over the engine.

It knows messages and tokens, not documents or prompts.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from models.chat_template import Turn, last_turn_tokens, prompt_tokens
from models.engine.engine import Engine
from models.engine.sampling import Sampling
from models.engine.stream import Finish, Likelihood, Prefill, Text, Waiting
from models.errors import ModelError, first_line
from models.loaded import shared_engine
from models.settings import get_settings
from models.weights import find_weights, is_provider

OnProgress = Callable[[Waiting | Prefill], None]


class KvasirChat(BaseChatModel):
    """A GGUF model on this machine, run by llama.cpp in this process.

    All instances with the same `model` share one engine; it is loaded at the first question.
    `stream` and `invoke` take `on_progress`, called in the caller's thread with the place in the
    queue and the progress of the prefill, and any of the fields below for one call.
    """

    model: str = Field(default_factory=lambda: get_settings().model)
    temperature: float = Field(default_factory=lambda: get_settings().temperature)
    max_tokens: int = Field(default_factory=lambda: get_settings().max_tokens)
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int | None = None
    stop: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "kvasir"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "temperature": self.temperature, "seed": self.seed}

    @property
    def engine(self) -> Engine:
        """The engine behind this model. Loads it at the first use; raises ModelError."""
        return shared_engine(find_weights(self.model))

    @property
    def context_size(self) -> int:
        """Tokens of prompt and answer together, at most."""
        return self.engine.context_size

    def get_token_ids(self, text: str) -> list[int]:
        """The text's token ids in this model's vocabulary."""
        return self.engine.vocabulary.tokenize(text)

    def prompt_length(self, messages: list[BaseMessage]) -> int:
        """Tokens of the whole prompt that these messages make."""
        return len(prompt_tokens(self.engine.vocabulary, _turns(messages)))

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return self.engine.vocabulary.parameters

    def likelihood(
        self, messages: list[BaseMessage], on_progress: OnProgress | None = None
    ) -> Likelihood:
        """How likely the last message's text is after all before it."""
        prefix, text = last_turn_tokens(self.engine.vocabulary, _turns(messages))
        with closing(self.engine.likelihood(prefix, text)) as events:
            for event in events:
                if isinstance(event, Likelihood):
                    return event
                if on_progress and isinstance(event, Waiting | Prefill):
                    on_progress(event)
        raise ModelError("the engine was closed before the likelihood was known")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        on_progress: OnProgress | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        name = kwargs.get("model", self.model)
        engine = shared_engine(find_weights(name))
        tokens = prompt_tokens(engine.vocabulary, _turns(messages))
        with closing(engine.generate(tokens, self._sampling(stop, kwargs))) as events:
            for event in events:
                if isinstance(event, Text):
                    chunk = ChatGenerationChunk(message=AIMessageChunk(content=event.text))
                elif isinstance(event, Finish):
                    chunk = ChatGenerationChunk(message=self._last(event, name))
                else:
                    if on_progress and isinstance(event, Waiting | Prefill):
                        on_progress(event)
                    continue
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    def _sampling(self, stop: list[str] | None, overrides: dict[str, Any]) -> Sampling:
        names = ("temperature", "top_p", "min_p", "repeat_penalty", "seed", "max_tokens")
        values = {name: overrides.get(name, getattr(self, name)) for name in names}
        return Sampling(stop=tuple(self.stop if stop is None else stop), **values)

    def _last(self, finish: Finish, model: str) -> AIMessageChunk:
        spent = finish.total_s - finish.first_token_s
        speed = (finish.completion_tokens - 1) / spent if spent > 0 else 0.0
        return AIMessageChunk(
            content="",
            usage_metadata=UsageMetadata(
                input_tokens=finish.prompt_tokens,
                output_tokens=finish.completion_tokens,
                total_tokens=finish.prompt_tokens + finish.completion_tokens,
                input_token_details=InputTokenDetails(cache_read=finish.reused_tokens),
            ),
            response_metadata={
                "model_name": model,
                "model_provider": "kvasir",
                "finish_reason": finish.reason,
                "first_token_s": finish.first_token_s,
                "tokens_per_s": speed,
            },
            chunk_position="last",
        )


def chat_model() -> BaseChatModel:
    """The chat model of the settings: the engine's, or a provider's by its LangChain name.

    Nothing is loaded yet. Raises ModelError if there is no such model.
    """
    name = get_settings().model
    if not is_provider(name):
        find_weights(name)
        return KvasirChat(model=name)
    from langchain.chat_models import init_chat_model

    try:
        return init_chat_model(name)
    except (ValueError, ImportError) as error:
        raise ModelError(f"KVASIR_MODEL={name} cannot be used: {first_line(error)}") from error


def _turns(messages: list[BaseMessage]) -> list[Turn]:
    """Messages as the template's turns; neighbours of one role become one turn."""
    turns: list[Turn] = []
    for message in messages:
        turn = Turn(_role(message), str(message.text))
        if turns and turns[-1].role == turn.role and turn.role != "system":
            turns[-1] = Turn(turn.role, f"{turns[-1].content}\n\n{turn.content}")
        else:
            turns.append(turn)
    return turns


def _role(message: BaseMessage) -> str:
    if isinstance(message, SystemMessage):
        return "system"
    if isinstance(message, AIMessage):
        return "assistant"
    if isinstance(message, HumanMessage | ToolMessage):
        return "user"
    if isinstance(message, ChatMessage):
        return message.role
    raise ModelError(f"a message of the type {message.type} cannot be put to this model")
