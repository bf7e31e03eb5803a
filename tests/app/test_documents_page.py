"""The documents page: the list, adding, finding, removing."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.desk import KEY, Desk
from app.document_row import matches
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE
from ingest import Library, add_upload

Share = Callable[[Library], None]


def script() -> None:
    from app.documents_page import documents_page

    documents_page()


def page() -> AppTest:
    return AppTest.from_function(script, default_timeout=60).run()


def names(test: AppTest) -> list[str]:
    return [
        html.body.split('kv-name" dir="auto">')[1].split("</div>")[0]
        for html in test.html
        if "kv-name" in html.body
    ]


def test_an_empty_library_says_what_to_do(empty_library: Library, share: Share) -> None:
    share(empty_library)
    test = page()
    assert any(ENGLISH.no_documents in html.body for html in test.html)
    assert test.button(key="add-samples").label == ENGLISH.add_samples


def test_every_document_is_listed_with_its_counts(library: Library, share: Share) -> None:
    share(library)
    test = page()
    assert sorted(names(test)) == ["cats", "tower"]
    assert any("2 pages" in html.body for html in test.html)


def test_a_failed_document_is_listed_with_its_reason(library: Library, share: Share) -> None:
    add_upload(library, "tower.pdf", b"<b>no pdf")
    share(library)
    test = page()
    assert any("is in no format that Kvasir reads" in html.body for html in test.html)
    test.toggle(key="only-failed").set_value(True).run()
    assert names(test) == ["tower.pdf"]


def test_the_search_narrows_the_list_and_says_when_nothing_is_left(
    library: Library, share: Share
) -> None:
    share(library)
    test = page()
    test.text_input(key="find").set_value("TOW").run()
    assert names(test) == ["tower"]
    test.text_input(key="find").set_value("zebra").run()
    assert names(test) == []
    assert any(ENGLISH.no_match in html.body for html in test.html)


def test_removing_asks_first_and_can_be_called_off(library: Library, share: Share) -> None:
    share(library)
    test = page()
    cats = next(d for d in library.documents() if d.title == "cats")
    test.button(key=f"remove-{cats.id}").click().run()
    test.button(key="keep").click().run()
    assert len(library.documents()) == 2
    test.button(key=f"remove-{cats.id}").click().run()
    test.button(key="remove").click().run()
    assert names(test) == ["tower"]
    assert test.toast[0].value == ENGLISH.removed.format(title="cats")
    assert [d.source for d in library.documents()] == ["upload:tower.txt"]


def test_uploaded_files_go_in_and_failures_say_why(library: Library, share: Share) -> None:
    share(library)
    test = page()
    test.file_uploader[0].upload("whales.txt", b"Whales are heavy.")
    test.run()
    assert not test.exception
    assert "whales" in names(test)
    test.file_uploader[0].upload("x.pdf", b"no")
    test.run()
    assert any("no format" in mark.value for mark in test.markdown)


def test_a_folder_keeps_its_names_and_leaves_out_what_is_no_document(
    library: Library, share: Share
) -> None:
    share(library)
    test = page()
    test.segmented_control(key="by-folder").set_value(True).run()
    assert not test.exception
    for name in ("r/a/cats.txt", "r/b/cats.txt", "r/.git/x.txt", "r/prog.exe"):
        test.file_uploader[0].upload(name, f"What {name} says.".encode())
    test.run()
    assert not test.exception
    assert {d.source for d in library.documents()} >= {"upload:r/a/cats.txt", "upload:r/b/cats.txt"}
    assert len(library.documents()) == 4
    told = " ".join(mark.value for mark in test.markdown)
    assert ENGLISH.passed_over.format(count=2) in told
    assert ENGLISH.files_done.format(good=2, total=2) in told
    assert any(f"{ENGLISH.from_chat} · r/a/cats.txt" in html.body for html in test.html)


def test_where_nothing_of_a_folder_is_a_document_that_is_said(
    library: Library, share: Share
) -> None:
    share(library)
    test = page()
    test.file_uploader[0].upload("r/prog.exe", b"MZ")
    test.run()
    assert not test.exception
    assert len(library.documents()) == 2
    assert test.session_state[KEY].notice == ENGLISH.passed_over.format(count=1)


def test_of_many_files_only_those_that_failed_are_named(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.upload_view.EACH", 2)
    monkeypatch.setattr("app.upload_view.TROUBLES", 1)
    share(library)
    test = page()
    for name in ("a.txt", "b.txt", "x.bad", "y.bad"):
        test.file_uploader[0].upload(name, name.encode())
    test.run()
    assert not test.exception
    told = "\n".join(mark.value for mark in test.markdown)
    assert ENGLISH.files_done.format(good=2, total=4) in told
    assert told.count("no format") == 1
    assert "x\\.bad" in told
    assert "a\\.txt" not in told
    assert "+ 1" in told


def test_a_long_list_is_shown_in_parts(empty_library: Library, share: Share) -> None:
    for number in range(23):
        add_upload(empty_library, f"n{number}.txt", f"Number {number}.".encode())
    share(empty_library)
    test = page()
    assert len(names(test)) == 20
    test.button(key="more").click().run()
    assert len(names(test)) == 23


def test_the_page_speaks_chinese_too(library: Library, share: Share) -> None:
    share(library)
    test = AppTest.from_function(script, default_timeout=60)
    test.session_state[KEY] = Desk(tongue="zh")
    test.run()
    assert not test.exception
    assert any(CHINESE.documents_lead in html.body for html in test.html)


def test_every_word_of_a_search_must_match(library: Library) -> None:
    cats = next(d for d in library.documents() if d.title == "cats")
    assert matches(cats, "CATS txt")
    assert matches(cats, "")
    assert not matches(cats, "cats dogs")
