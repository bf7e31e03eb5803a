"""Filters: SQL, FAISS and Tantivy each let through the documents that the words of a filter say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from word_embedder import WordEmbedder

from ingest import Filter, Library, LibraryError
from ingest.document import Document, FileFacts
from ingest.filter import prefixes_of
from ingest.page import Page
from ingest.split import Chunk

START = datetime(2026, 3, 1, tzinfo=UTC)
SOURCES = [
    "/docs/a.txt",
    "/docs/a/1.pdf",
    "/docs/a/2.txt",
    "/docs/a/deep/er/3.txt",
    "/docs/ab/4.pdf",
    "/docs/漢字/5.html",
    "/other/6.txt",
    "upload:7.txt",
    "https://example.org/8",
]
FORMATS = ["txt", "pdf", "html"]
ORIGINS = ["path", "upload", "loader"]
WORDS = [" and the fox", "狐狸"]  # of two languages


def origin_of(source: str) -> str:
    return "upload" if source.startswith("upload:") else "path" if source[0] == "/" else "loader"


def put(library: Library, source: str, number: int) -> None:
    """A document of two chunks that all questions find."""
    modified = START - timedelta(days=number)
    origin = origin_of(source)
    nanoseconds = int(modified.timestamp()) * 10**9 if origin == "path" else 0
    texts = [f"fox {number}", f"fox number {number}"]
    embedder = WordEmbedder()
    vectors = embedder.embed_array(texts).astype("<f2")
    digests = [f"{source} {i}".encode() for i in range(2)]
    library.store.replace(
        FileFacts(source, origin, "hash", 1, nanoseconds),
        title=source,
        format=FORMATS[number % 3],
        pages=[Page(1, " ".join([*texts, WORDS[number % 2] * 9]))],
        chunks=[
            Chunk(1, 0, len(texts[0]), texts[0]),
            Chunk(1, len(texts[0]) + 1, len(texts[0]) + 1 + len(texts[1]), texts[1]),
        ],
        digests=digests,
        fresh={key: row.tobytes() for key, row in zip(digests, vectors, strict=True)},
    )
    with library.store.transaction() as connection:
        added = (START + timedelta(days=number)).isoformat(timespec="seconds")
        connection.execute("UPDATE documents SET added_at = ? WHERE source = ?", (added, source))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("filters") / "library"
    with Library(folder, embedder=WordEmbedder()) as library:
        library.store.set_embedder("words", 64)
        for number, source in enumerate(SOURCES):
            put(library, source, number)
        with library.writing():
            library.save_indexes()
        put(library, SOURCES[0], 0)  # so that some chunks are not in the file
        yield library


def says(filter: Filter, document: Document) -> bool:
    """The filter's words, one by one."""
    added = datetime.fromisoformat(document.added_at)
    modified = datetime.fromtimestamp(document.mtime_ns / 1e9, UTC) if document.mtime_ns else None
    by_time = filter.modified_after or filter.modified_before
    return (
        (not filter.sources or document.source in filter.sources)
        and (
            not filter.folders
            or any(Path(folder) in Path(document.source).parents for folder in filter.folders)
        )
        and (not filter.formats or document.format in filter.formats)
        and (not filter.origins or document.origin in filter.origins)
        and (not filter.languages or document.language in filter.languages)
        and is_between(added, filter.added_after, filter.added_before)
        and (
            not by_time
            or (
                modified is not None
                and is_between(modified, filter.modified_after, filter.modified_before)
            )
        )
    )


def is_between(moment: datetime, after: date | None, before: date | None) -> bool:
    assert after is None or isinstance(after, datetime)
    assert before is None or isinstance(before, datetime)
    return (after is None or moment >= after) and (before is None or moment < before)


def found_by_each(library: Library, filter: Filter | None) -> list[set[str]]:
    """The sources that SQL, the vectors, the keywords and the search give."""
    ids = library.store.documents_where(filter or Filter())
    by_sql = {d.source for d in library.documents() if d.id in set(ids.tolist())}

    def sources(hits: list[tuple[int, float]]) -> set[str]:
        return {p.source for p in library.store.passages([chunk for chunk, _ in hits])}

    return [
        by_sql,
        sources(library.nearest("fox", 100, filter)),
        sources(library.matching("fox", 100, filter)),
        {hit.metadata["source"] for hit in library.search("fox", 100, filter)},
    ]


moments = st.none() | st.integers(-10, 10).flatmap(
    lambda days: st.sampled_from([0, 0.5]).map(
        lambda seconds: START + timedelta(days=days, seconds=seconds)
    )
)
some = {"max_size": 2, "unique": True}
FILTERS = st.builds(
    Filter,
    sources=st.just(()) | st.lists(st.sampled_from(SOURCES), **some).map(tuple),
    folders=st.just(())
    | st.lists(st.sampled_from(["/", "/docs", "/docs/a", "/docs/漢字", "/nowhere"]), **some).map(
        tuple
    ),
    formats=st.just(()) | st.lists(st.sampled_from(FORMATS), **some).map(tuple),
    origins=st.just(()) | st.lists(st.sampled_from(ORIGINS), **some).map(tuple),
    added_after=moments,
    added_before=moments,
    modified_after=moments,
    modified_before=moments,
    languages=st.just(()) | st.lists(st.sampled_from(["en", "zh", "de"]), **some).map(tuple),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filter=FILTERS)
def test_each_search_lets_through_what_the_filter_says(filled: Library, filter: Filter) -> None:
    expected = {d.source for d in filled.documents() if says(filter, d)}
    assert found_by_each(filled, filter) == [expected] * 4


def test_no_filter_and_one_that_says_nothing_are_the_same(filled: Library) -> None:
    assert found_by_each(filled, None) == found_by_each(filled, Filter()) == [set(SOURCES)] * 4


def test_the_best_within_a_filter_are_found_however_many_others_are_better(
    filled: Library,
) -> None:
    alone = Filter(sources=(SOURCES[4],))
    assert {h.metadata["source"] for h in filled.search("fox number 1", 1, alone)} == {SOURCES[4]}
    assert [s for _, s in filled.matching("fox 4", 2, alone)] == [
        s for c, s in filled.matching("fox 4", 100) if c in dict(filled.matching("fox", 9, alone))
    ]


def test_a_renamed_document_is_found_under_its_new_folder_only(tmp_path: Path) -> None:
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        library.store.set_embedder("words", 64)
        put(library, "/docs/a/1.txt", 0)
        put(library, "/docs/b/2.txt", 1)
        old, new = Filter(folders=("/docs/a",)), Filter(folders=("/docs/b",))
        assert found_by_each(library, old) == [{"/docs/a/1.txt"}] * 4
        facts = FileFacts("/docs/b/1.txt", "path", "hash", 1, 5)
        library.store.rename("/docs/a/1.txt", facts, "1")
        assert found_by_each(library, old) == [set()] * 4
        assert found_by_each(library, new) == [{"/docs/b/1.txt", "/docs/b/2.txt"}] * 4


def test_one_path_may_be_given_without_a_tuple_and_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Filter(folders="docs").folders == (str(tmp_path.resolve() / "docs"),)  # type: ignore[arg-type]
    assert str(tmp_path.resolve() / "a.txt") in Filter(sources=Path("a.txt")).sources  # type: ignore[arg-type]
    assert Filter(formats="PDF").formats == ("pdf",)  # type: ignore[arg-type]
    assert Filter(languages="zh-CN").languages == ("zh",)  # type: ignore[arg-type]
    assert "upload:a" in Filter(sources=("upload:a",)).sources


def test_a_day_begins_at_midnight_here() -> None:
    day = date(2026, 3, 1)
    midnight = datetime(2026, 3, 1).astimezone()
    assert Filter(added_after=day).added == (int(midnight.timestamp()), None)
    assert Filter(added_after=day).added == Filter(added_after=midnight).added


def test_what_is_no_path_is_refused_in_a_line() -> None:
    for path in ("a\0b", "\ud800"):
        with pytest.raises(LibraryError, match="is no path"):
            Filter(sources=(path,))


def test_a_thousand_sources_are_no_trouble(filled: Library) -> None:
    many = Filter(sources=(SOURCES[1], *(f"/nowhere/{n}" for n in range(40_000))))
    assert found_by_each(filled, many) == [{SOURCES[1]}] * 4


def test_prefixes_of_a_source_are_those_of_the_folders_above_it() -> None:
    assert prefixes_of("/docs/a/1.txt") == ["/", "/docs/", "/docs/a/"]
    assert prefixes_of("upload:7.txt") == []
    assert Filter(folders=("/docs/a",)).prefixes == ("/docs/a/",)


def test_ids_of_documents_come_as_numbers_even_if_there_are_none(filled: Library) -> None:
    assert filled.store.documents_where(Filter(formats=("none",))).dtype == np.int64
