"""Near-duplicates go, crowded documents give way, the order and the best one stay."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from chains.thinning import distinct, varied

TEXT = "The Pharos of Alexandria was completed in 280 BC and stood over a hundred metres tall."


def passage(text: str, source: str = "a", score: float = 1.0) -> Document:
    return Document(text, metadata={"source": source, "score": score})


def unit(rows: list[list[float]]) -> np.ndarray:
    found = np.array(rows, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_of_two_that_say_the_same_the_better_one_stays() -> None:
    found = [passage(TEXT), passage(TEXT + " Really."), passage("Cats sleep all day long.")]
    assert distinct(found, unit([[1, 0], [1, 0.01], [0, 1]])) == [found[0], found[2]]


def test_the_same_meaning_in_other_words_is_no_duplicate() -> None:
    found = [passage(TEXT), passage("公元前280年，亚历山大灯塔落成，高逾百米。")]
    assert distinct(found, unit([[1, 0], [1, 0.01]])) == found


def test_the_same_words_with_other_numbers_in_another_place_are_no_duplicate() -> None:
    found = [passage(TEXT), passage(TEXT)]
    assert distinct(found, unit([[1, 0], [0.5, 1]])) == found


def test_a_document_that_has_its_say_gives_way_to_one_that_is_nearly_as_good() -> None:
    found = [passage("one", "a", 0.5), passage("two", "a", 0.48), passage("three", "b", 0.47)]
    assert varied(found, np.eye(3, dtype=np.float32), 2) == [found[0], found[2]]


def test_a_document_alone_is_not_thinned() -> None:
    found = [passage(str(n), "a", 1 / (n + 1)) for n in range(5)]
    assert varied(found, np.eye(5, dtype=np.float32), 3) == found[:3]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=8),
    st.integers(1, 10),
)
def test_the_best_stays_and_the_order_too(drawn: list[tuple[str, float]], k: int) -> None:
    drawn.sort(key=lambda pair: -pair[1])
    found = [passage(str(n), source, score) for n, (source, score) in enumerate(drawn)]
    rows = unit([[1, n + 1] for n in range(len(found))])
    kept = varied(found, rows, k)
    assert len(kept) == min(k, len(found))
    assert kept[0] == found[0]
    assert [p for p in found if p in kept] == kept


def test_nothing_is_left_of_nothing() -> None:
    empty = np.zeros((0, 2), np.float32)
    assert distinct([], empty) == varied([], empty, 3) == []
