import json
from contextlib import closing
from typing import Annotated, Any, Literal, TypedDict

import numpy as np
import pytest
from langchain_core.messages import AIMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field, field_validator
from pydantic.v1 import BaseModel as BaseModelV1

from models.chat_model import KvasirChat
from models.engine.grammar import schema_grammar
from models.engine.model import Model
from models.engine.sampler import Sampler
from models.engine.sampling import Sampling
from models.errors import ModelError
from models.structured import binding, json_schema, parser, raw_and_parsed


class Mill(BaseModel):
    """A mill and what drives it."""

    name: str = Field(max_length=40)
    year: int | None = None
    driven_by: Literal["water", "wind"] = "water"


class MillV1(BaseModelV1):
    """A mill and what drives it."""

    name: str
    year: int


class MillDict(TypedDict):
    """A mill and what drives it."""

    name: Annotated[str, ..., "what it is called"]
    year: int


PLAIN = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


# ---- schemas and their objects


@pytest.mark.parametrize("schema", [Mill, MillV1, MillDict, Mill.model_json_schema(), PLAIN])
def test_whatever_a_schema_is_written_in_it_becomes_a_json_schema(schema: Any) -> None:
    converted = json_schema(schema)
    assert converted["type"] == "object"
    assert converted["properties"]["name"]["type"] == "string"
    assert converted["title"]


def test_a_tool_of_openais_is_its_parameters() -> None:
    assert json_schema(convert_to_openai_tool(Mill)) == json_schema(Mill)


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, int, 3])
def test_what_is_no_schema_is_a_model_error_in_one_line(schema: Any) -> None:
    with pytest.raises(ModelError, match="the schema cannot be used: ") as caught:
        json_schema(schema)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("schema", [Mill, MillV1, MillDict, PLAIN])
def test_an_answer_becomes_an_object_of_its_schema(schema: Any) -> None:
    value = {"name": "Eling", "year": 1785}
    parsed = parser(schema).invoke(AIMessage(json.dumps(value)))
    expected = schema(**value) if isinstance(schema, type) else value
    assert parsed == expected
    assert type(parsed) is type(expected)


@pytest.mark.parametrize("schema", [Mill, MillV1, MillDict, PLAIN])
@pytest.mark.parametrize("text", ["", '{"name": "Eli', "no JSON", '{"name": "a"} and more'])
def test_an_answer_that_was_cut_short_is_a_model_error_with_the_remedy(
    schema: Any, text: str
) -> None:
    with pytest.raises(ModelError, match="Set KVASIR_MAX_TOKENS to more") as caught:
        parser(schema).invoke(AIMessage(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("schema", [Mill, MillV1])
def test_an_answer_with_other_values_than_the_class_allows_is_a_model_error(schema: Any) -> None:
    with pytest.raises(ModelError, match="the answer is no Mill"):
        parser(schema).invoke(AIMessage('{"name": "Eling", "year": "long ago"}'))


def test_a_classs_own_checks_are_made() -> None:
    class Old(Mill):
        @field_validator("year")
        @classmethod
        def long_ago(cls, year: int) -> int:
            if year > 1900:
                raise ValueError("that is not old")
            return year

    assert parser(Old).invoke(AIMessage('{"name": "Eling", "year": 1785}')).year == 1785
    with pytest.raises(ModelError, match="the answer is no Old"):
        parser(Old).invoke(AIMessage('{"name": "Eling", "year": 1985}'))


def test_with_the_raw_message_an_error_is_told_and_not_raised() -> None:
    good, bad = AIMessage('{"name": "Eling"}'), AIMessage('{"name": "Eli')
    assert raw_and_parsed(Mill).invoke(good) == {
        "raw": good,
        "parsed": Mill(name="Eling"),
        "parsing_error": None,
    }
    told = raw_and_parsed(Mill).invoke(bad)
    assert (told["raw"], told["parsed"]) == (bad, None)
    assert isinstance(told["parsing_error"], ModelError)


def test_how_other_models_are_made_to_obey_does_not_reach_the_call() -> None:
    bound = binding(Mill, {"method": "json_mode", "strict": True, "max_tokens": 9})
    assert bound["json_schema"] == json_schema(Mill)
    assert bound["max_tokens"] == 9
    assert not {"method", "strict"} & bound.keys()


# ---- with the model

ASKED = "Describe the tide mill at Eling."


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_the_model_answers_with_objects_by_whatever_method(chat: KvasirChat, method: str) -> None:
    structured = chat.with_structured_output(Mill, method=method, strict=True, max_tokens=90)
    assert isinstance(structured.invoke(ASKED), Mill)


def test_a_nested_schema_is_followed(chat: KvasirChat) -> None:
    class Side(BaseModel):
        bank: Literal["left", "right"]
        metres: int

    class River(BaseModel):
        sides: list[Side] = Field(min_length=1, max_length=2)
        tidal: bool

    # More tokens than the longest River has characters: two sides of sixteen digits each.
    structured = chat.with_structured_output(River, include_raw=True, max_tokens=200)
    told = structured.invoke("Describe the river.")
    assert told["parsing_error"] is None
    assert isinstance(told["parsed"], River)
    assert River.model_validate_json(told["raw"].text) == told["parsed"]


def test_an_answer_without_enough_tokens_says_so(chat: KvasirChat) -> None:
    with pytest.raises(ModelError, match="Set KVASIR_MAX_TOKENS to more"):
        chat.with_structured_output(Mill, max_tokens=3).invoke(ASKED)
    told = chat.with_structured_output(Mill, max_tokens=3, include_raw=True).invoke(ASKED)
    assert told["raw"].response_metadata["finish_reason"] == "length"
    assert told["parsing_error"]


@pytest.mark.parametrize("control", ["\n", "\t", "\r\n"])
def test_however_much_the_model_wants_it_a_string_has_no_raw_control_character(
    vocabulary: Model, control: str
) -> None:
    with closing(Sampler(vocabulary, Sampling(grammar=schema_grammar(PLAIN)))) as sampler:
        for token in vocabulary.tokenize('{"name":"Eling'):
            assert sampler.sample(wanting(vocabulary, token)) == token
        for token in vocabulary.tokenize(control):
            assert sampler.sample(wanting(vocabulary, token)) != token


def wanting(vocabulary: Model, token: int) -> np.ndarray:
    """Logits of a model that is sure of the next token."""
    logits = np.zeros(vocabulary.vocabulary_size, np.float32)
    logits[token] = 50
    return logits


async def test_objects_can_be_asked_for_asynchronously(chat: KvasirChat) -> None:
    structured = chat.with_structured_output(Mill, max_tokens=90)
    parts = [part async for part in structured.astream(ASKED)]
    assert [type(part) for part in parts] == [Mill]
