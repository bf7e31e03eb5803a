"""JSON schemas as grammars that the sampler understands."""

import json
from typing import Any

from llama_cpp.llama_grammar import SchemaConverter

from models.errors import ModelError, first_line

# llama-cpp-python's rule lets raw line breaks into strings, which no JSON may have (RFC 8259, 7).
_ANY, _PRINTABLE = r'char ::= [^"\\] |', r'char ::= [^"\\\x00-\x1F\x7F] |'


class _Converter(SchemaConverter):
    """llama-cpp-python's, which leaves the backslashes of a text to GBNF's reader."""

    def __init__(self) -> None:
        super().__init__(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)

    def _format_literal(self, literal: str) -> str:
        return str(super()._format_literal(literal.replace("\\", "\\\\")))


def schema_grammar(schema: dict[str, Any]) -> str:
    """The GBNF of a JSON schema. Raises ModelError for one that cannot be expressed."""
    try:
        converter = _Converter()
        converter.visit(converter.resolve_refs(json.loads(json.dumps(schema)), "schema"), "")
        return str(converter.format_grammar()).replace(_ANY, _PRINTABLE)
    except (
        AssertionError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelError(f"the JSON schema cannot be used: {first_line(error)}") from error
