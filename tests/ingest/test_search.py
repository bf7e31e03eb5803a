"""A search: what is in quotation marks comes first, what all vectors share does not count."""

from pathlib import Path

import numpy as np
import pytest

from ingest import Filter, Library, sync
from ingest.directions import AXES, LEAST, directions_of

pytestmark = pytest.mark.usefixtures("plain_loader")

FILLING = "It sleeps in the barn and the wind blows over the hills of the north. "


def filled(library: Library, folder: Path, texts: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    assert not sync(library, [folder]).failed


def titles(library: Library, question: str, filter: Filter | None = None) -> list[str]:
    return [hit.metadata["title"] for hit in library.search(question, 5, filter)]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ('Who wrote "the wind of the hills"?', "holder"),
        ("谁说过「天下为公」的话，天下的公民说过吗？", "chinese"),
        ("What limits max_batch_size, a batch, a size or a max?", "setting"),
        ("Which size of a batch is max with 3.11.4 and not 3.11?", "version"),
    ],
)
def test_what_is_asked_for_to_the_letter_is_found_first(
    library: Library, tmp_path: Path, question: str, best: str
) -> None:
    texts = {
        "holder": "Nobody remembers who called it the wind of the hills.",
        "words": "The hills, the wind, the hills of wind: who wrote of the wind and the hills?",
        "chinese": "孙中山常写天下为公四个字。",
        "chinese-words": "天下的公民说过的话：公是为了天下，谁说过天下？",
        "setting": "llama.cpp reads max_batch_size at the start.",
        "setting-words": "A max of a batch, a batch of a size, what limits a size, a max size?",
        "version": "It runs since v3.11.4 on all machines.",
        "version-words": "Which size of a batch is max with 3.11 and not 3.11.5 or 3.11?",
    }
    filled(library, tmp_path / "docs", texts)
    hits = library.search(question, 5)
    assert hits[0].metadata["title"] == best
    scores = [hit.metadata["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("question", ["范廷颂何时出生", "谁是叶卡捷琳娜？", "老舍茶馆有多大？"])
def test_chinese_names_are_found_however_they_are_cut(
    library: Library, tmp_path: Path, question: str
) -> None:
    texts = {
        "范廷颂": "接任总主教职的范廷颂枢机生于何地不详。",
        "叶卡捷琳娜": "女皇叶卡捷琳娜二世在位三十四年。",
        "老舍茶馆": "北京老舍茶馆开业。",
        "others": "叶、卡、捷、琳、娜、老、舍、茶、馆、范、廷、颂。",
    }
    filled(library, tmp_path / "docs", texts)
    [best] = library.store.passages([library.matching(question, 1)[0][0]])
    assert best.title in question


def test_a_phrase_is_found_however_many_chunks_hold_its_words(
    library: Library, tmp_path: Path
) -> None:
    texts = {str(n): f"{n} fox the quick brown. " + FILLING * 2 for n in range(80)}
    texts["holder"] = "A quick brown fox. " + FILLING * 3
    filled(library, tmp_path / "docs", texts)
    assert titles(library, 'the wind and "quick brown fox" in the hills')[0] == "holder"


def test_a_filter_holds_for_phrases_too(library: Library, tmp_path: Path) -> None:
    filled(library, tmp_path / "docs", {"a": "a quick brown fox", "b": "quick and brown"})
    only = Filter(sources=(str(tmp_path / "docs" / "b.txt"),))
    assert titles(library, '"quick brown fox"', only) == ["b"]


def test_a_phrase_that_nobody_holds_changes_nothing(library: Library, tmp_path: Path) -> None:
    filled(library, tmp_path / "docs", {"a": "a quick fox", "b": "a brown bear"})
    assert titles(library, 'the "brown sleepy bear"') == titles(library, "the brown sleepy bear")


def test_a_question_without_the_common_part_keeps_what_is_its_own() -> None:
    rng = np.random.default_rng(0)
    topics = rng.standard_normal((LEAST, 16)).astype(np.float32)
    common, language = rng.standard_normal((2, 16)).astype(np.float32) * 20
    vectors = topics + common + np.outer(rng.choice([-1, 1], LEAST), language)
    found = directions_of(vectors.astype(np.float32))
    assert found is not None
    assert found.axes.shape == (AXES, 16)
    assert np.allclose(found.axes @ found.axes.T, np.eye(AXES), atol=1e-5)
    foreign = topics[7] + common + 2 * language
    aimed = found.without_language(foreign)
    assert np.allclose(found.axes @ aimed, 0, atol=1e-3)
    assert abs(aimed @ language) < 0.01 * abs(foreign @ language)
    assert directions_of(vectors[: LEAST - 1]) is None


def test_the_directions_are_told_again_when_the_library_has_grown(
    library: Library, tmp_path: Path
) -> None:
    filled(library, tmp_path / "some", {str(n): f"fox {n}" for n in range(9)})
    vectors = library._indexes.vectors()
    assert vectors.directions() is None
    filled(library, tmp_path / "more", {str(n): f"bear {n} of {n * n}" for n in range(LEAST)})
    found = library._indexes.vectors().directions()
    assert found is not None
    assert library._indexes.vectors().directions() is found
    assert library.search("bear 7 of 49", 1)[0].page_content == "bear 7 of 49"


def test_words_that_nothing_holds_are_searched_by_meaning_alone(
    library: Library, tmp_path: Path
) -> None:
    filled(library, tmp_path / "docs", {str(n): f"bear {n} of {n * n}" for n in range(LEAST)})
    keywords = library._indexes.keywords()
    assert library.matching("狐狸", 5) == []
    assert keywords.coverage("狐狸", 0.0) == keywords.coverage("", 0.0) == 0
    assert len(library.search("狐狸", 5)) == 5
    assert library.search("狐狸", 5) == library.search("狐狸", 5)
