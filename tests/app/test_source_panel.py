"""The source beside the chat: what a person sees and can do, without a browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from talking_model import TalkingModel
from word_embedder import WordEmbedder

from app.desk import KEY, Desk
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE
from ingest import DocumentError, Library, PageImage, sync
from ingest.page_images import close

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "app" / "samples" / "en" / "position-encodings.pdf"
QUESTION = "What are the slopes of ALiBi with 8 heads?"
ANSWER = "With 8 heads the slopes are 1/2, 1/4, 1/8 and so on down to 1/256."
Share = Callable[[Library], None]


@pytest.fixture(scope="module", autouse=True)
def _ended() -> Iterator[None]:
    yield
    close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "docs" / "a.pdf"
    path.parent.mkdir()
    path.write_bytes(SAMPLE.read_bytes())
    return path


@pytest.fixture
def pdf_library(tmp_path: Path, file: Path, model: TalkingModel) -> Iterator[Library]:
    model.words = (ANSWER,)
    with Library(tmp_path / "library", embedder=WordEmbedder()) as opened:
        assert sync(opened, [file]).added
        yield opened


def asked(tongue: str = "en") -> AppTest:
    test = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    test.query_params["lang"] = tongue
    test.run()
    test.chat_input[0].set_value(QUESTION)
    return test.run()


def desk(test: AppTest) -> Desk:
    found: Desk = test.session_state[KEY]
    return found


def opened(test: AppTest) -> AppTest:
    """A click on what the first answer cites, or else on its first passage."""
    number = desk(test).conversation.entries[0].number
    found = [key for key in sorted(keys(test)) if re.fullmatch(rf"cited-\d-{number}", key)]
    return test.button(key=[*found, f"open-0-{number}"][0]).click().run()


def body(test: AppTest) -> str:
    """The page, as a picture or as text; "" where no source is open."""
    return next(
        (h.body for h in test.html if 'class="kv-page"' in h.body or 'class="kv-sheet"' in h.body),
        "",
    )


def keys(test: AppTest) -> set[str]:
    return {str(button.key) for button in test.button}


def switch(test: AppTest, to: str) -> AppTest:
    return test.segmented_control(key="source-as").set_value(to).run()


def test_a_pdf_opens_as_the_picture_of_its_page_with_the_words_marked(
    pdf_library: Library, share: Share
) -> None:
    share(pdf_library)
    test = opened(asked())
    assert not test.exception
    assert 'src="data:image/jpeg;base64,/9j/' in body(test)
    assert 'class="kv-box cited"' in body(test)
    page = desk(test).source.opened.page
    assert any(f"Page {page} of " in html.body for html in test.html)


def test_the_text_is_one_click_away_and_stays_chosen(pdf_library: Library, share: Share) -> None:
    share(pdf_library)
    test = switch(opened(asked()), "text")
    assert '<mark class="cited' in body(test)
    test.button(key="close-source").click().run()
    assert body(test) == ""
    assert "close-source" not in keys(test)
    assert '<mark class="cited' in body(opened(test))
    assert "kv-sheet" in body(switch(test, "page"))


def test_pages_are_turned_to_both_ends_and_no_further(pdf_library: Library, share: Share) -> None:
    share(pdf_library)
    test = opened(asked())
    last = pdf_library.documents()[0].pages
    while not test.button(key="source-after").disabled:
        test.button(key="source-after").click().run()
        assert "kv-sheet" in body(test)
    assert desk(test).source.number == last
    while not test.button(key="source-before").disabled:
        test.button(key="source-before").click().run()
    assert desk(test).source.number == 1
    assert "kv-box" not in body(test)  # nothing is cited there
    text = body(switch(test, "text"))
    assert "<mark" not in text
    assert pdf_library.page(pdf_library.documents()[0].source, 1).text[:20] in text


def test_the_picture_is_made_once_however_often_the_page_is_drawn(
    pdf_library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(pdf_library)
    made: list[Any] = []
    from app import source

    real = source.page_image
    monkeypatch.setattr(source, "page_image", lambda *asked: made.append(asked) or real(*asked))
    test = opened(asked())
    test.run()
    test.chat_input[0].set_value("And with 16 heads?")
    test.run()
    assert "kv-sheet" in body(test)
    assert len(made) == 1


def test_a_page_whose_words_have_no_known_place_is_shown_and_says_so(
    pdf_library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(pdf_library)
    scan = PageImage(b"\xff\xd8", 600, 800, 5, ((),))
    monkeypatch.setattr("app.source.page_image", lambda *_: scan)
    test = opened(asked())
    assert "aspect-ratio:600/800" in body(test)
    assert "kv-box" not in body(test)
    assert any(ENGLISH.no_boxes in html.body for html in test.html)


@pytest.mark.parametrize(
    ("tongue", "words"), [("en", ENGLISH.file_changed), ("zh", CHINESE.file_changed)]
)
def test_a_file_that_changed_is_shown_as_its_text_and_a_note(
    pdf_library: Library, share: Share, file: Path, tongue: str, words: str
) -> None:
    share(pdf_library)
    test = asked(tongue)
    file.write_bytes(file.read_bytes() + b"\n% more\n")
    opened(test)
    assert [note.value for note in test.info] == [words]
    assert '<mark class="cited' in body(test)


def test_a_file_that_is_gone_or_cannot_be_drawn_is_shown_as_its_text(
    pdf_library: Library, share: Share, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(pdf_library)
    test = asked()

    def refuse(*_: object) -> None:
        raise DocumentError("gave up after 20 s *here*")

    with monkeypatch.context() as patch:
        patch.setattr("app.source.page_image", refuse)
        opened(test)
    assert "gave up after 20 s \\*here\\*" in test.info[0].value
    assert '<mark class="cited' in body(test)
    file.unlink()
    opened(test)
    assert [note.value for note in test.info] == [ENGLISH.file_gone]
    assert '<mark class="cited' in body(test)


def test_a_document_that_was_removed_still_shows_the_passage(
    pdf_library: Library, share: Share
) -> None:
    share(pdf_library)
    test = asked()
    pdf_library.remove(pdf_library.documents()[0].source)
    opened(test)
    assert [note.value for note in test.info] == [ENGLISH.changed]
    assert "<mark" in body(test)
    assert not keys(test) & {"source-before", "source-after"}


def test_a_document_that_became_shorter_is_turned_to_its_last_page(
    pdf_library: Library, share: Share
) -> None:
    share(pdf_library)
    test = opened(asked())
    desk(test).source.turn(99)
    test.run()
    assert not test.exception
    assert desk(test).source.number == pdf_library.documents()[0].pages


def test_text_without_pages_has_no_pages_to_turn(library: Library, share: Share) -> None:
    share(library)
    test = opened(asked())
    assert 'class="kv-page"' in body(test)
    assert not test.segmented_control(key="tongue").disabled
    assert "source-as" not in {control.key for control in test.segmented_control}
    test.button(key="new-chat").click().run()
    assert body(test) == ""


def test_a_bug_while_drawing_keeps_its_traceback_and_the_chat_goes_on(
    pdf_library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(pdf_library)
    test = asked()
    with monkeypatch.context() as patch:
        patch.setattr("app.source.page_image", lambda *_: 1 / 0)
        assert opened(test).exception[0].message == "division by zero"
    assert not opened(test.run()).exception
    assert "kv-sheet" in body(test)
