"""The chat model: LangChain's BaseChatModel over the engine.

It knows messages and tokens, not documents or the words of prompts.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from models.adapters import find_adapter
from models.answer_metadata import last_chunk, text_chunk
from models.call import has_room, reading_of, refusal_of, refusals
from models.chat_template import Remembered, Turn, to_prompt
from models.engine.blobs import BlobStore
from models.engine.engine import Engine
from models.engine.grammar import schema_grammar
from models.engine.prompt import KVReuse, PassageReading, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Event, Finish, Likelihood, Prefill, Stream, Text, Waiting, Warmed
from models.errors import ModelError, first_line
from models.fit import fit
from models.loaded import shared_engine, shared_store
from models.settings import get_settings
from models.structured import Schema, binding, parser, raw_and_parsed
from models.turns import to_turns
from models.weights import find_weights, is_provider

OnProgress = Callable[[Waiting | Prefill], None]

_SAMPLED = ("temperature", "top_p", "min_p", "repeat_penalty", "seed", "max_tokens", "lookup")
_READ = ("contrast", "bayes", "priors")


class KvasirChat(BaseChatModel):
    """A GGUF model on this machine, run by llama.cpp in this process.

    All instances with the same `model` share one engine; it is loaded at the first question.
    Text blocks marked `cache_control` are passages: they are read as `passages` and `kv_reuse`
    say, and their KV is kept in the folder `blobs`.

    `stream` and `invoke` take any of the fields for one call, and `on_progress`, called in the
    caller's thread with the place in the queue and the prefill's progress; `priors`, a log prior
    for each passage; `refusal`, what the model has learnt to say where a passage does not hold the
    answer; `forced`, an answer whose log-probability is to be found.

    `response_metadata` tells what was done: `dropped_turns` and `dropped_passages` where the
    conversation is longer than the context, the passages' `weights` and `log_likelihoods`, and
    in `posteriors`, for each piece of text, its length and each passage's part in it.
    """

    model: str = Field(default_factory=lambda: get_settings().model)
    adapter: str = Field(default_factory=lambda: get_settings().adapter)
    temperature: float = Field(
        default_factory=lambda: get_settings().temperature, ge=0, allow_inf_nan=False
    )
    max_tokens: int = Field(default_factory=lambda: get_settings().max_tokens, ge=1)
    top_p: float = Field(0.95, ge=0, le=1)
    min_p: float = Field(0.05, ge=0, le=1)
    repeat_penalty: float = Field(1.0, gt=0, allow_inf_nan=False)
    seed: int | None = None
    stop: list[str] = Field(default_factory=list)
    grammar: str = ""
    json_schema: dict[str, Any] | None = None
    lookup: bool | Literal["exact"] = "exact"
    passages: PassageReading = Field(default_factory=lambda: get_settings().passages)
    kv_reuse: KVReuse = Field(default_factory=lambda: get_settings().kv_reuse)
    blobs: Path = Field(default_factory=lambda: get_settings().cache / "kv")

    @property
    def _llm_type(self) -> str:
        return "kvasir"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        # LangChain's cache of answers goes by these: whatever changes an answer must be in.
        own = [name for name in KvasirChat.model_fields if name not in BaseChatModel.model_fields]
        return {name: getattr(self, name) for name in own}

    @property
    def engine(self) -> Engine:
        """The engine behind this model. Loads it at the first use; raises ModelError."""
        return shared_engine(find_weights(self.model))

    @property
    def context_size(self) -> int:
        """Tokens of prompt and answer together, at most."""
        return self.engine.context_size

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return self.engine.model.parameters

    def get_token_ids(self, text: str) -> list[int]:
        """The text's token ids in this model's vocabulary."""
        return self.engine.model.tokenize(text)

    # ---- besides answering

    def likelihood(
        self, messages: Sequence[BaseMessage], on_progress: OnProgress | None = None
    ) -> Likelihood:
        """log P(last message's text | what is before it), with each of the passages in turn.

        Raises ModelError where the prompt cannot be made, or is too long.
        """
        prompt = to_prompt(self.engine.model, to_turns(messages))
        stream = self.engine.likelihood(
            prompt, self._reading({}), store=self._store, adapter=find_adapter(self.adapter)
        )
        last = _last_event(stream, on_progress)
        if isinstance(last, Likelihood):
            return last
        raise ModelError("the engine was closed before the likelihood was known")

    def warm(self, messages: Sequence[BaseMessage]) -> Warmed:
        """Have the KV of the messages' passages in the store, computed if it is not there."""
        prompt = to_prompt(self.engine.model, to_turns(messages))
        stream = self.engine.warm(prompt, store=self._store, adapter=find_adapter(self.adapter))
        last = _last_event(stream, None)
        if isinstance(last, Warmed):
            return last
        raise ModelError("the engine was closed before the passages were computed")

    def with_structured_output(
        self, schema: Schema, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """A runnable whose answers are objects of the schema, by grammar and not by asking."""
        answer = self.bind(**binding(schema, kwargs))
        return answer | (raw_and_parsed(schema) if include_raw else parser(schema))

    # ---- answering

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        # Piece by piece: an answer whose awaiting is cancelled is not written to its end.
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        on_progress: OnProgress | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._overridden(kwargs if stop is None else {**kwargs, "stop": stop})
        engine = call.engine
        forced = engine.model.tokenize(kwargs.get("forced") or "")
        refusal = refusal_of(engine.model, kwargs.get("refusal") or "")
        reading = replace(call._reading(kwargs), refusal=refusal)
        answer = len(forced) or call.max_tokens
        model, size = Remembered(engine.model), engine.context_size

        def fits(turns: Sequence[Turn]) -> bool:
            return has_room(to_prompt(model, turns), reading, answer, size)

        fitted = fit(to_turns(messages), fits)
        stream = engine.generate(
            to_prompt(model, fitted.turns),
            call._sampling(),
            reading,
            store=call._store,
            adapter=find_adapter(call.adapter),
            forced=forced,
        )
        with closing(stream) as events:
            for event in events:
                if isinstance(event, Text):
                    message = text_chunk(event)
                elif isinstance(event, Finish):
                    message = last_chunk(event, call.model, fitted)
                else:
                    if on_progress and isinstance(event, Waiting | Prefill):
                        on_progress(event)
                    continue
                chunk = ChatGenerationChunk(message=message)
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        on_progress: OnProgress | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        left = False

        def progress(event: Waiting | Prefill) -> None:
            if left:  # the thread that reads the prompt's progress learns of it here
                raise ModelError("nobody waits for the answer any more")
            if on_progress:
                on_progress(event)

        kwargs["on_progress"] = progress
        try:
            async for chunk in super()._astream(messages, stop, run_manager, **kwargs):
                yield chunk
        finally:
            left = True

    def _overridden(self, kwargs: dict[str, Any]) -> "KvasirChat":
        """This model with the fields that one call gives."""
        fields = {name: kwargs[name] for name in kwargs if name in type(self).model_fields}
        with refusals():
            return type(self).model_validate({**dict(self), **fields}) if fields else self

    def _reading(self, kwargs: dict[str, Any]) -> Reading:
        given = {name: kwargs[name] for name in _READ if name in kwargs}
        return reading_of({"passages": self.passages, "reuse": self.kv_reuse, **given})

    def _sampling(self) -> Sampling:
        grammar = schema_grammar(self.json_schema) if self.json_schema else self.grammar
        values = {name: getattr(self, name) for name in _SAMPLED}
        return Sampling(stop=tuple(self.stop), grammar=grammar, **values)

    @property
    def _store(self) -> BlobStore:
        return shared_store(self.blobs)


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


def _last_event(stream: Stream, on_progress: OnProgress | None) -> Event | None:
    last = None
    with closing(stream) as events:
        for event in events:
            if on_progress and isinstance(event, Waiting | Prefill):
                on_progress(event)
            last = event
    return last
