"""JSON schemas as grammars: what is written is JSON of the schema, and odd ones are errors."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from models.engine.grammar import schema_grammar
from models.engine.model import Model
from models.engine.sampler import Sampler
from models.engine.sampling import Sampling
from models.errors import ModelError

SCHEMAS: list[tuple[dict[str, Any], type]] = [
    ({"type": "boolean"}, bool),
    ({"type": "null"}, type(None)),
    ({"enum": ["red", "green", 3]}, object),
    ({"enum": ['a "b"', "a\\b", "a\nb", "a\t'b", "\u2028", "\ud83d", "\x7f", "😀"]}, str),
    ({"const": {'"': "\\"}}, dict),
    ({"const": {"a": [1, 2]}}, dict),
    ({"type": "string", "maxLength": 4}, str),
    ({"type": "string", "pattern": "^[a-c]{2}-(x|yz)$"}, str),
    ({"type": ["integer", "null"]}, object),
    ({"anyOf": [{"type": "boolean"}, {"const": "neither"}]}, object),
    ({"type": "array", "items": {"enum": [1, 2]}, "minItems": 1, "maxItems": 3}, list),
    (
        {
            "type": "object",
            "properties": {
                "名前": {"enum": ["一", "二"]},
                "with \"quotes\"": {"$ref": "#/$defs/flag"},
            },
            "required": ["名前", "with \"quotes\""],
            "$defs": {"flag": {"type": "boolean"}},
        },
        dict,
    ),
]  # fmt: skip


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "boolean"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


ODD: list[Any] = [
    {"type": "nothing"},
    {"type": {}},
    {"type": ["string", "nothing"]},
    {"$ref": "#"},
    {"$ref": 5},
    {"$ref": "#/nowhere"},
    {"$ref": "https://localhost:1/schema.json"},
    {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
    {"type": "string", "pattern": "unanchored"},
    {"type": "string", "pattern": "^[a-$"},
    {"type": "string", "pattern": "^*$"},
    {"type": "string", "pattern": "^a{1,2,3}$"},
    {"type": "string", "pattern": "^" + "(" * 3000 + "a" + ")" * 3000 + "$"},
    {"type": "string", "pattern": 5},
    {"type": "array", "items": 5},
    {"type": "array", "items": {"type": "string"}, "minItems": "x"},
    {"properties": []},
    {"properties": None},
    {"properties": {"a": 5}, "required": 5},
    {"allOf": [5]},
    {"not": {}},
    {"enum": 5},
    {"const": object()},
    deep(5000),
    [],
    "text",
    None,
]


def noise() -> Iterator[np.ndarray]:
    random = np.random.default_rng(0)
    while True:
        yield random.normal(0, 3, 49152).astype(np.float32)


@pytest.mark.parametrize(("schema", "kind"), SCHEMAS)
def test_what_is_written_is_json_of_the_schema(
    vocabulary: Model, schema: dict[str, Any], kind: type
) -> None:
    text = b""
    with closing(Sampler(vocabulary, Sampling(grammar=schema_grammar(schema)))) as sampler:
        for logits, _ in zip(noise(), range(200), strict=False):
            logits = logits[: vocabulary.vocabulary_size]
            token = sampler.sample(logits)
            if vocabulary.ends(token):
                break
            text += vocabulary.piece(token)
        else:
            pytest.fail("it does not end")
    value = json.loads(text)
    assert isinstance(value, kind)
    assert value == schema.get("const", value)
    if "enum" in schema:
        assert value in schema["enum"]
    if "properties" in schema:
        assert list(value) == list(schema["properties"])


@pytest.mark.parametrize("schema", ODD, ids=map(str, range(len(ODD))))
def test_a_schema_that_cannot_be_followed_is_refused_in_a_line(schema: Any) -> None:
    with pytest.raises(ModelError, match="the JSON schema cannot be used") as caught:
        schema_grammar(schema)
    assert "\n" not in str(caught.value)


def test_a_schema_with_no_end_of_items_is_refused_before_it_ends_the_process(
    vocabulary: Model,
) -> None:
    schema = {"type": "array", "items": {"type": "boolean"}, "maxItems": 100_000}
    with pytest.raises(ModelError, match="too large"):
        Sampler(vocabulary, Sampling(grammar=schema_grammar(schema)))
