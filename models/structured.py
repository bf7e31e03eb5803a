"""Structured output: a JSON schema as the grammar of an answer, and the answer back as its type."""

import json
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel, ValidationError

from models.errors import ModelError, first_line

Schema = dict[str, Any] | type


def json_schema(schema: Schema) -> dict[str, Any]:
    """A schema as JSON schema: of a dict that is one, a pydantic class or a TypedDict."""
    return convert_to_json_schema(schema)


def parser(schema: Schema) -> RunnableLambda[AIMessage, Any]:
    """Reads an answer as an object of the schema. Raises ModelError for one that is cut short."""

    def parse(message: AIMessage) -> Any:
        try:
            value = json.loads(message.text)
            if isinstance(schema, type) and issubclass(schema, BaseModel):
                return schema.model_validate(value)
        except (json.JSONDecodeError, ValidationError) as error:
            raise ModelError(
                f"the answer is no {json_schema(schema).get('title', 'object')}: "
                f"{first_line(error)}. Set KVASIR_MAX_TOKENS to more if it was cut short."
            ) from error
        return value

    return RunnableLambda(parse)


def raw_and_parsed(schema: Schema) -> RunnableLambda[AIMessage, dict[str, Any]]:
    """LangChain's `include_raw`: the message, the object, and the error instead of raising it."""

    def parse(message: AIMessage) -> dict[str, Any]:
        try:
            return {"raw": message, "parsed": parser(schema).invoke(message), "parsing_error": None}
        except ModelError as error:
            return {"raw": message, "parsed": None, "parsing_error": error}

    return RunnableLambda(parse)
