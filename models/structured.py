"""Structured output: a JSON schema as the grammar of an answer, and the answer back as its type."""

import json
from typing import Any, cast

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_pydantic_v1_subclass
from pydantic import BaseModel

from models.errors import ModelError, first_line

Schema = dict[str, Any] | type

_HOW = ("method", "strict")  # by what means other models are brought to obey; a grammar always does


def json_schema(schema: Schema) -> dict[str, Any]:
    """A schema as JSON schema: of a dict that is one, a pydantic class or a TypedDict.

    Raises ModelError for what is none of these.
    """
    if isinstance(schema, dict) and "properties" in schema:
        schema = {"title": "object", **schema}  # LangChain wants a name
    try:
        return convert_to_json_schema(schema)
    except (TypeError, ValueError) as error:
        raise ModelError(f"the schema cannot be used: {first_line(error)}") from error


def binding(schema: Schema, given: dict[str, Any]) -> dict[str, Any]:
    """What is bound to the chat model, with whatever else was `given` for its calls."""
    wanted = json_schema(schema)
    traced = {"kwargs": {"method": "json_schema"}, "schema": wanted}  # LangChain takes it out again
    rest = {name: value for name, value in given.items() if name not in _HOW}
    return {"json_schema": wanted, "ls_structured_output_format": traced, **rest}


def parser(schema: Schema) -> RunnableLambda[AIMessage, Any]:
    """Reads an answer as an object of the schema. Raises ModelError for one that is cut short."""

    def parse(message: AIMessage) -> Any:
        try:
            return _object(schema, json.loads(message.text))
        except ValueError as error:  # json's and pydantic's errors are its children
            raise ModelError(
                f"the answer is no {json_schema(schema).get('title', 'object')}: "
                f"{first_line(error)}. Set KVASIR_MAX_TOKENS to more if it was cut short."
            ) from error

    return RunnableLambda(parse)


def _object(schema: Schema, value: Any) -> Any:
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema.model_validate(value)
    if isinstance(schema, type) and is_pydantic_v1_subclass(schema):
        return cast(Any, schema).parse_obj(value)
    return value


def raw_and_parsed(schema: Schema) -> RunnableLambda[AIMessage, dict[str, Any]]:
    """LangChain's `include_raw`: the message, the object, and the error instead of raising it."""

    def parse(message: AIMessage) -> dict[str, Any]:
        try:
            return {"raw": message, "parsed": parser(schema).invoke(message), "parsing_error": None}
        except ModelError as error:
            return {"raw": message, "parsed": None, "parsing_error": error}

    return RunnableLambda(parse)
