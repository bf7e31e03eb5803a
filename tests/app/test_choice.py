"""Which documents may be used: what is let through, and which folders there are."""

from hypothesis import given
from hypothesis import strategies as some

from app.choice import ALL, Choice, choice_of, folder_names, folders_of
from ingest import Document

SOURCES = some.sampled_from(
    ["/d/a.pdf", "/d/r/b.pdf", "/d/r/s/c.pdf", "/d/rr/d.pdf", "upload:a.pdf", "upload:r/a.pdf"]
)
FOLDERS = some.sampled_from(["/d", "/d/r", "/d/r/s", "/gone", "upload:r", "upload:gone"])
CHOICES = some.builds(
    Choice,
    some.lists(SOURCES, unique=True, max_size=3).map(tuple),
    some.lists(FOLDERS, unique=True, max_size=3).map(tuple),
)


def document(source: str) -> Document:
    origin = "upload" if source.startswith("upload:") else "path"
    return Document(1, source, origin, "pdf", "", "", 0, 0, "ok", "", "")


@given(choice=CHOICES, sources=some.lists(SOURCES, unique=True))
def test_the_filter_lets_through_what_the_choice_allows_and_never_all(
    choice: Choice, sources: list[str]
) -> None:
    narrow = choice.filter([document(source) for source in sources])
    if not choice:
        assert narrow is None
        assert all(map(choice.allows, sources))
        return
    assert narrow is not None
    [(name, values)] = narrow.items()
    assert values
    passed = (
        {source for source in sources if source in values}
        if name == "sources"
        else {source for source in sources for value in values if source.startswith(f"{value}/")}
    )
    assert passed == {source for source in sources if choice.allows(source)}


@given(choice=CHOICES)
def test_a_choice_comes_back_from_plain_data(choice: Choice) -> None:
    assert choice_of(choice.data()) == choice
    assert bool(choice.data()) == bool(choice)


def test_a_folder_is_no_other_that_begins_alike() -> None:
    assert Choice(folders=("/d/r",)).allows("/d/r/s/c.pdf")
    assert not Choice(folders=("/d/r",)).allows("/d/rr/d.pdf")
    assert Choice(folders=("upload:r",)).allows("upload:r/a.pdf")
    assert not Choice(folders=("upload:r",)).allows("/d/r/b.pdf")


def test_folders_are_offered_where_they_part_the_documents() -> None:
    sources = ["/h/d/a.pdf", "/h/d/x/y/b.pdf", "/h/d/x/y/c.pdf", "/h/d/z/d.pdf", "upload:r/a.pdf"]
    folders = folders_of(map(document, sources))
    assert folders == {"/h/d": 4, "/h/d/x/y": 2, "/h/d/z": 1, "upload:r": 1}
    assert folder_names(folders) == {
        "/h/d": "d/",
        "/h/d/x/y": "d/x/y/",
        "/h/d/z": "d/z/",
        "upload:r": "r/",
    }
    assert folders_of(map(document, sources[1:3])) == {}
    assert folders_of([]) == folder_names([]) == {}


def test_what_was_chosen_is_told_by_name() -> None:
    choice = Choice(("upload:a.pdf", "/d/b.txt", "text:1"), ("/d/r", "upload:s/t"))
    assert choice.names == ["r/", "t/", "a.pdf", "b.txt", "text:1"]
    assert choice.told() == "r/, t/, a.pdf + 2"
    assert (ALL.told(), Choice(("/d/b.txt",)).told()) == ("", "b.txt")
