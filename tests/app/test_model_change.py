"""Changing the model that answers: on the bundled model and copies of it."""

import os
from pathlib import Path

import pytest

from app.conversation import Answer
from app.gate import Gate
from app.model_change import Choice, ModelChange, chosen
from app.reply import Reply
from chains import RagChain, rag_chain
from ingest import Library
from models.bundled import CHAT_MODEL, bundled_chat_model
from models.chat_model import KvasirChat
from models.engine.engine import Engine
from models.loaded import close_engine, shared_engine
from models.settings import get_settings


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {"MODEL": CHAT_MODEL, "ADAPTER": "", "CONTEXT": "512", "THREADS": "1"}
    for name, value in {**values, "CACHE": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(f"KVASIR_{name}", value)
    get_settings.cache_clear()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.gguf"
    path.write_bytes(bundled_chat_model().read_bytes())
    return path


@pytest.fixture
def local(library: Library) -> RagChain:
    return rag_chain(library)


def engine(chain: RagChain) -> Engine:
    assert isinstance(chain.llm, KvasirChat)
    return chain.llm.engine


def finish(change: ModelChange) -> ModelChange:
    change.start()
    seen = -1
    while not change.finished:
        seen = change.wait(seen, 1.0)
    change.check()
    return change


def test_the_next_answer_comes_from_the_new_model_and_the_old_one_is_freed(
    local: RagChain, other: Path
) -> None:
    before = engine(local)
    change = finish(ModelChange(local, Gate(), Choice(str(other))))
    assert (change.state, change.error) == ("done", "")
    assert before.closed
    assert engine(local).path == other
    assert chosen() == Choice(str(other))
    assert get_settings().model == os.environ["KVASIR_MODEL"] == str(other)
    close_engine(other)


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(local: RagChain, tmp_path: Path) -> None:
    before = engine(local)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(bundled_chat_model().read_bytes()[:1000])
    change = finish(ModelChange(local, Gate(), Choice(str(broken))))
    assert change.state == "failed"
    assert change.error
    assert engine(local) is before
    assert not before.closed
    assert chosen() == Choice(CHAT_MODEL)


def test_a_model_that_fails_only_here_leaves_the_old_one_to_be_loaded_again(
    local: RagChain, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.model_change.rehearse", lambda path, adapter: other.write_bytes(b"?"))
    engine(local)
    change = finish(ModelChange(local, Gate(), Choice(str(other))))
    assert change.state == "failed"
    assert "no GGUF file" in change.error
    assert chosen() == Choice(CHAT_MODEL)
    assert engine(local).path == bundled_chat_model()
    assert not engine(local).closed


@pytest.mark.parametrize("adapter", ["nowhere", str(bundled_chat_model())])
def test_an_adapter_that_cannot_be_used_changes_nothing(local: RagChain, adapter: str) -> None:
    before = local.llm
    change = finish(ModelChange(local, Gate(), Choice(CHAT_MODEL, adapter)))
    assert change.state == "failed"
    assert "adapter" in change.error
    assert local.llm is before
    assert chosen() == Choice(CHAT_MODEL)


def test_a_change_waits_for_answers_and_can_be_called_off(
    local: RagChain, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.model_change.rehearse", lambda path, adapter: 0.0)
    gate, before = Gate(), local.llm
    with gate.passing():
        change = ModelChange(local, gate, Choice(str(other)))
        change.start()
        seen = -1
        while change.state != "waiting":
            seen = change.wait(seen, 1.0)
        assert change.waits_for == 1
        change.stop()
        while not change.finished:
            seen = change.wait(seen, 1.0)
    assert change.state == "stopped"
    assert local.llm is before
    assert chosen() == Choice(CHAT_MODEL)


def test_a_question_put_during_a_change_says_so_and_is_answered_after_it(chain: RagChain) -> None:
    gate, answer = Gate(), Answer()
    reply = Reply(chain, "What is a group of cats called?", list, answer, gate=gate)
    with gate.alone():
        reply.start()
        seen = -1
        while answer.state != "changing":
            seen = reply.wait(seen, 1.0)
    while not reply.finished:
        seen = reply.wait(seen, 1.0)
    reply.check()
    assert answer.state == "done"
    assert gate.inside == 0


def test_the_engine_of_before_is_the_one_that_is_shared_again(local: RagChain, other: Path) -> None:
    finish(ModelChange(local, Gate(), Choice(str(other))))
    finish(ModelChange(local, Gate(), Choice(CHAT_MODEL)))
    assert engine(local) is shared_engine(bundled_chat_model())
