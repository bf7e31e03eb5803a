from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Library, add_upload
from ingest.upload import NAME_CHARACTERS, clean_folders, clean_name

pytestmark = pytest.mark.usefixtures("plain_loader")


def test_an_upload_of_the_same_name_replaces_and_of_the_same_bytes_changes_nothing(
    library: Library,
) -> None:
    assert add_upload(library, "a.txt", b"a fox").added == ["upload:a.txt"]
    assert add_upload(library, "a.txt", b"a fox").unchanged == ["upload:a.txt"]
    assert add_upload(library, "a.txt", b"a wolf").updated == ["upload:a.txt"]
    assert [hit.page_content for hit in library.search("fox wolf")] == ["a wolf"]


def test_an_unreadable_upload_is_reported_by_its_own_name(library: Library) -> None:
    (failure,) = add_upload(library, "../../etc/a.bin", b"\0").failed
    assert (failure.source, failure.reason) == (
        "upload:a.bin",
        "a.bin is in no format that Kvasir reads",
    )


def test_an_upload_can_be_removed_as_it_is_listed(library: Library) -> None:
    add_upload(library, "a.txt", b"a fox")
    (document,) = library.documents()
    assert document.origin == "upload"
    assert library.remove(document.source)
    assert not library.remove(document.source)
    assert library.search("fox") == []


def test_files_of_one_name_in_different_folders_do_not_meet(library: Library) -> None:
    for folder in ("", "reports/2024", "reports\\2025", "../reports/./2025/"):
        add_upload(library, "a.txt", f"of {folder}".encode(), folder=folder)
    assert [(document.source, document.title) for document in library.documents()] == [
        ("upload:a.txt", "a"),
        ("upload:reports/2024/a.txt", "a"),
        ("upload:reports/2025/a.txt", "a"),
    ]
    assert library.remove("upload:reports/2024/a.txt")


@given(st.text(max_size=400))
def test_clean_folders_climb_nowhere(folder: str) -> None:
    for name in clean_folders(folder):
        assert name == clean_name(name)
        assert name.strip(".")
        assert "/" not in name


@given(st.text(max_size=400))
def test_a_clean_name_is_shown_and_never_a_path(name: str) -> None:
    cleaned = clean_name(name)
    assert cleaned
    assert len(cleaned) <= NAME_CHARACTERS
    assert "\\" not in cleaned
    assert Path(cleaned).name == cleaned
    cleaned.encode("utf-8")


def test_a_long_name_keeps_its_suffix() -> None:
    assert clean_name("x" * 500 + ".pdf").endswith("x.pdf")
