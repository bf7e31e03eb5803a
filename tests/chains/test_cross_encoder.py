"""A cross-encoder in the place of the likelihood: a tiny one, made here."""

from pathlib import Path

import pytest
import torch
from langchain_core.documents import Document
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from chains.cross_encoder import cross_scores
from chains.rerank import rerank
from models.errors import ModelError

FOUND = [
    Document(text, metadata={"source": text, "score": 1 / place, "strength": 0.5, "exact": 0})
    for place, text in enumerate(["tea", "cats sleep", "tea tea", "cats"], 1)
]


def made(folder: Path, labels: int = 1) -> str:
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cats", "sleep", "tea"]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=32,
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def test_its_scores_order_the_passages(tmp_path: Path) -> None:
    name = made(tmp_path / "model")
    scores = cross_scores(name, "cats", FOUND)
    ordered = rerank("cats", FOUND, name, None, tmp_path)
    best_first = sorted(range(len(FOUND)), key=lambda place: -scores[place])
    assert len(set(scores)) > 1
    assert [p.page_content for p in ordered] == [FOUND[place].page_content for place in best_first]
    assert [p.metadata["score"] for p in ordered] == [p.metadata["score"] for p in FOUND]


def test_what_is_no_cross_encoder_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="is no folder"):
        cross_scores(str(tmp_path / "nowhere"), "cats", FOUND)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        cross_scores(str(tmp_path / "empty"), "cats", FOUND)
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="gives classes"):
        cross_scores(made(tmp_path / "classes", labels=3), "cats", FOUND)
