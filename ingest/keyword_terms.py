"""What the keyword index keeps of a chunk, and what is asked of it: Tantivy's schema and queries.

It does not know files or the database.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tantivy

from ingest import segment
from ingest.document import Passage
from ingest.filter import Filter, Traits, prefixes_of

BUILD = f"4 segment {segment.VERSION}"
"""Whatever changes the terms in the index changes this, and so has it rebuilt."""

MAX_TERMS = 128
"""Terms of a question that are looked up: of a longer one, the rarest."""

FEW = 4
"""So many values of a filter are looked up one by one; with more, a set of them is faster."""

_RAW = ("source", "folder", "format", "origin", "language", "mark")
_MARK = "seq"
_LARGEST = 2**63 - 1


def schema() -> tantivy.Schema:
    """Chunks by id and text, with what filters ask for; and one row that says the state."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_text_field("text", tokenizer_name="kvasir", index_option="freq")
    for name in _RAW:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("added", "modified", "seq"):
        builder.add_integer_field(name, fast=True)
    return builder.build()


def analyzer() -> tantivy.TextAnalyzer:
    """Segmented text into stemmed terms."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return builder.filter(tantivy.Filter.stemmer("english")).build()


def row_of(passage: Passage, traits: Traits) -> tantivy.Document:
    """A chunk as the index keeps it."""
    row = tantivy.Document()
    row.add_unsigned("id", passage.chunk_id)
    headings = [title for title in passage.headings if title not in passage.text]
    text = "\n".join([*headings, passage.text])
    row.add_text("text", " ".join([*segment.segment(text), *segment.han_pairs(text)]))
    row.add_text("source", traits.source)
    row.add_text("format", traits.format)
    row.add_text("origin", traits.origin)
    row.add_text("language", traits.language)
    for prefix in prefixes_of(traits.source):
        row.add_text("folder", prefix)
    row.add_integer("added", traits.added)
    row.add_integer("modified", traits.modified)
    return row


def mark_of(seq: int) -> tantivy.Document:
    """The row that says which change the index stands for, so that it is committed with it."""
    row = tantivy.Document()
    row.add_text("mark", _MARK)
    row.add_integer("seq", seq)
    return row


def marks(schema: tantivy.Schema) -> tantivy.Query:
    """The rows that `mark_of` makes."""
    return tantivy.Query.term_query(schema, "mark", _MARK, "basic")


def chunks_among(schema: tantivy.Schema, ids: Sequence[int]) -> tantivy.Query:
    """The rows of some chunks."""
    # Not by term: that takes a number as signed, and so finds nothing in "id".
    return tantivy.Query.term_set_query(schema, "id", list(ids))


def chunks_between(schema: tantivy.Schema, after: int, until: int | None) -> tantivy.Query:
    """The rows of chunks after an id and up to another, or of all after it."""
    last = _LARGEST if until is None else until
    unsigned = tantivy.FieldType.Unsigned
    return tantivy.Query.range_query(schema, "id", unsigned, after + 1, last)


def question_query(
    schema: tantivy.Schema,
    searcher: tantivy.Searcher,
    analyzer: tantivy.TextAnalyzer,
    question: str,
) -> tantivy.Query:
    """Any of the question's terms."""
    terms = _terms(analyzer, question)
    if len(terms) > MAX_TERMS:
        terms = sorted(terms, key=lambda term: searcher.doc_freq("text", term))
        known = [term for term in terms if searcher.doc_freq("text", term)]
        terms = known[:MAX_TERMS]
    wanted = [
        (tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", term, "freq"))
        for term in terms
    ]
    return tantivy.Query.boolean_query(wanted) if wanted else tantivy.Query.empty_query()


def phrase_query(
    schema: tantivy.Schema, analyzer: tantivy.TextAnalyzer, phrase: str
) -> tantivy.Query:
    """All of a phrase's terms, of Chinese its pairs: how jieba cuts it depends on what is around.

    Nothing for a phrase without any.
    """
    words = (term for term in segment.segment(phrase) if not segment.is_han(term))
    terms = analyzer.analyze(" ".join([*words, *segment.han_pairs(phrase)]))
    wanted = [
        (tantivy.Occur.Must, tantivy.Query.term_query(schema, "text", term, "freq"))
        for term in list(dict.fromkeys(terms))[:MAX_TERMS]
    ]
    return tantivy.Query.boolean_query(wanted) if wanted else tantivy.Query.empty_query()


def weight(searcher: tantivy.Searcher, analyzer: tantivy.TextAnalyzer, question: str) -> float:
    """The sum of the inverse document frequencies of a question's terms, as BM25 has them."""
    rows = searcher.num_docs
    counts = (searcher.doc_freq("text", term) for term in _terms(analyzer, question))
    return sum(math.log(1 + (rows - count + 0.5) / (count + 0.5)) for count in counts)


def _terms(analyzer: tantivy.TextAnalyzer, text: str) -> list[str]:
    """The index's terms of a text, each once, in the text's order."""
    terms = [*segment.segment(text), *segment.han_pairs(text)]
    return list(dict.fromkeys(analyzer.analyze(" ".join(terms))))


def filtered(schema: tantivy.Schema, query: tantivy.Query, filter: Filter) -> tantivy.Query:
    """A query for chunks of documents that a filter lets through; the scores stay."""
    asked = {
        "source": filter.sources,
        "folder": filter.prefixes,
        "format": filter.formats,
        "origin": filter.origins,
        "language": filter.languages,
    }
    queries = [_any_of(schema, name, values) for name, values in asked.items() if values]
    for name, bounds in (("added", filter.added), ("modified", filter.modified)):
        if bounds is not None:
            first, last = bounds
            queries.append(
                tantivy.Query.range_query(
                    schema,
                    name,
                    tantivy.FieldType.Integer,
                    first,
                    last,
                    include_upper=last is None,
                )
            )
    conditions = [
        (tantivy.Occur.Must, tantivy.Query.const_score_query(each, 0.0)) for each in queries
    ]
    return tantivy.Query.boolean_query([*conditions, (tantivy.Occur.Must, query)])


def _any_of(schema: tantivy.Schema, name: str, values: Sequence[str]) -> tantivy.Query:
    if len(values) > FEW:
        return tantivy.Query.term_set_query(schema, name, list(values))
    either = [
        (tantivy.Occur.Should, tantivy.Query.term_query(schema, name, value, "basic"))
        for value in values
    ]
    return tantivy.Query.boolean_query(either)
