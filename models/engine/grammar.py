"""JSON schemas as grammars that the sampler understands."""

import json
from typing import Any

from llama_cpp.llama_grammar import json_schema_to_gbnf

from models.errors import ModelError, first_line


def schema_grammar(schema: dict[str, Any]) -> str:
    """The GBNF of a JSON schema. Raises ModelError for one that cannot be expressed."""
    try:
        return str(json_schema_to_gbnf(json.dumps(schema)))
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(f"the JSON schema cannot be used: {first_line(error)}") from error
