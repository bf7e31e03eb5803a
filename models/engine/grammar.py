"""JSON schemas as grammars that the sampler understands."""

import json
from typing import Any

from llama_cpp.llama_grammar import json_schema_to_gbnf

from models.errors import ModelError, first_line

# llama-cpp-python's rule lets raw line breaks into strings, which no JSON may have (RFC 8259, 7).
_ANY, _PRINTABLE = r'char ::= [^"\\] |', r'char ::= [^"\\\x00-\x1F\x7F] |'


def schema_grammar(schema: dict[str, Any]) -> str:
    """The GBNF of a JSON schema. Raises ModelError for one that cannot be expressed."""
    try:
        return str(json_schema_to_gbnf(json.dumps(schema))).replace(_ANY, _PRINTABLE)
    except (
        AssertionError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelError(f"the JSON schema cannot be used: {first_line(error)}") from error
