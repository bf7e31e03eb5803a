"""The chat model: LangChain's BaseChatModel over the engine.

It knows messages and tokens, not documents or the words of prompts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from models.adapters import find_adapter
from models.answer_metadata import last_chunk
from models.chat_template import Turn, to_prompt
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
from models.structured import Schema, json_schema, parser, raw_and_parsed
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
    for each passage; `forced`, an answer whose log-probability is to be found.

    `response_metadata` tells what was done: `dropped_turns` and `dropped_passages` where the
    conversation is longer than the context, the passages' `weights` and `log_likelihoods`, and
    in `posteriors`, for each piece of text, its length and each passage's part in it.
    """

    model: str = Field(default_factory=lambda: get_settings().model)
    adapter: str = Field(default_factory=lambda: get_settings().adapter)
    temperature: float = Field(default_factory=lambda: get_settings().temperature)
    max_tokens: int = Field(default_factory=lambda: get_settings().max_tokens)
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int | None = None
    stop: list[str] = Field(default_factory=list)
    grammar: str = ""
    json_schema: dict[str, Any] | None = None
    lookup: bool = True
    passages: PassageReading = Field(default_factory=lambda: get_settings().passages)
    kv_reuse: KVReuse = Field(default_factory=lambda: get_settings().kv_reuse)
    blobs: Path = Field(default_factory=lambda: get_settings().cache / "kv")

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
        answer = self.bind(json_schema=json_schema(schema), **kwargs)
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

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        on_progress: OnProgress | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._overridden(kwargs)
        engine = call.engine
        reading = call._reading(kwargs)
        fitted = fit(to_turns(messages), lambda turns: call._fits(turns, reading))
        stream = engine.generate(
            to_prompt(engine.model, fitted.turns),
            call._sampling(stop),
            reading,
            store=call._store,
            adapter=find_adapter(call.adapter),
            forced=engine.model.tokenize(kwargs.get("forced", "")),
        )
        with closing(stream) as events:
            for event in events:
                if isinstance(event, Text):
                    chunk = _chunk(event)
                elif isinstance(event, Finish):
                    last = last_chunk(event, call.model, fitted)
                    chunk = ChatGenerationChunk(message=last)
                else:
                    if on_progress and isinstance(event, Waiting | Prefill):
                        on_progress(event)
                    continue
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    def _overridden(self, kwargs: dict[str, Any]) -> "KvasirChat":
        """This model with the fields that one call gives."""
        fields = {name: kwargs[name] for name in kwargs if name in type(self).model_fields}
        return self.model_copy(update=fields) if fields else self

    def _fits(self, turns: Sequence[Turn], reading: Reading) -> bool:
        prompt = to_prompt(self.engine.model, turns)
        fused = reading.passages == "fused" and len(prompt.passages) > 1
        streams = len(prompt.passages) if fused else 1
        cells = prompt.fused_cells if fused else len(prompt.tokens)
        # A prompt never leaves less than half of the context for itself, whatever the answer may.
        answer = min(self.max_tokens, self.context_size // 2)
        return cells + streams * answer <= self.context_size

    def _reading(self, kwargs: dict[str, Any]) -> Reading:
        given = {name: kwargs[name] for name in _READ if name in kwargs}
        return Reading(self.passages, self.kv_reuse, **given)

    def _sampling(self, stop: list[str] | None) -> Sampling:
        grammar = schema_grammar(self.json_schema) if self.json_schema else self.grammar
        stops = tuple(self.stop if stop is None else stop)
        values = {name: getattr(self, name) for name in _SAMPLED}
        return Sampling(stop=stops, grammar=grammar, **values)

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


def _chunk(piece: Text) -> ChatGenerationChunk:
    metadata: dict[str, Any] = {}
    if piece.posterior:
        metadata["posteriors"] = [[len(piece.text), *piece.posterior]]
    message = AIMessageChunk(content=piece.text, response_metadata=metadata)
    return ChatGenerationChunk(message=message)


def _last_event(stream: Stream, on_progress: OnProgress | None) -> Event | None:
    last = None
    with closing(stream) as events:
        for event in events:
            if on_progress and isinstance(event, Waiting | Prefill):
                on_progress(event)
            last = event
    return last
