"""LoRA adapters by request: each answer gets its own, and nothing of another's KV."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import CLEAR, answer, asked, begin, likelihood, text, warm
from tiny_adapter import LAYERS, write_adapter

from models.bundled import bundled_chat_model
from models.engine.blobs import BlobStore
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.prompt import Prompt
from models.engine.sampling import Sampling
from models.errors import ModelError

WORDS = tuple(range(300, 330))
SCORED = Prompt(WORDS[:20], suffix=WORDS[20:], question=(0, 10))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(tmp_path_factory.mktemp("adapters") / "tuned.gguf", seed=3)


@pytest.fixture(scope="module")
def own_engine() -> Iterator[Engine]:
    engine = Engine(bundled_chat_model(), Placement(context=512, threads=1))
    yield engine
    engine.close()


def test_an_adapter_changes_the_answer_it_is_asked_for_and_no_other(
    own_engine: Engine, tuned: Path
) -> None:
    plain = likelihood(own_engine, SCORED)
    adapted = likelihood(own_engine, SCORED, adapter=tuned)
    assert abs(adapted.total - plain.total) > 1
    assert likelihood(own_engine, SCORED).total == plain.total
    assert likelihood(own_engine, SCORED, adapter=tuned).total == adapted.total


def test_no_kv_of_one_adapter_is_reused_for_another(own_engine: Engine, tuned: Path) -> None:
    tokens = own_engine.model.tokenize("A prompt that nobody has asked before, of some length.")
    assert answer(own_engine, tokens)[1].reused_tokens == 0
    assert answer(own_engine, tokens, adapter=tuned)[1].reused_tokens == 0
    for adapter in (None, tuned):
        assert answer(own_engine, tokens, adapter=adapter)[1].reused_tokens == len(tokens) - 1


def test_no_blob_of_one_adapter_is_reused_for_another(
    own_engine: Engine, tuned: Path, folder: Path
) -> None:
    prompt = asked(
        own_engine.model, "Read.", ["one two three four " * 8, "five six " * 12], "So?", ""
    )
    store = BlobStore(folder, 0)
    assert warm(own_engine, prompt, store).computed == 2
    *_, last = own_engine.warm(prompt, store=store, adapter=tuned)
    assert last.computed == 2  # type: ignore[union-attr]
    own_engine._scheduler.sequences.evict_all()
    _, finish = answer(own_engine, prompt, store=store, adapter=tuned)
    # The last token of each is read with the question behind it, whose likelihood is wanted.
    assert finish.reused_tokens == len(prompt.passages[0]) + len(prompt.passages[1]) - 2


def test_answers_with_and_without_an_adapter_run_at_once_and_each_gets_its_own(
    own_engine: Engine, tuned: Path, folder: Path
) -> None:
    other = write_adapter(folder / "other.gguf", seed=33)
    adapters = [None, tuned, other]
    four = Sampling(max_tokens=4)  # of which each leads by 1 in the logits
    alone = [answer(own_engine, CLEAR[0], four, adapter=adapter)[0] for adapter in adapters]
    assert alone == [" 6, ", " 1, ", " is 1."]
    streams = [begin(own_engine, CLEAR[0], four, adapter=adapter) for adapter in adapters * 2]
    assert [text(stream) for stream in streams] == alone * 2


def test_an_adapter_of_no_weight_changes_nothing(own_engine: Engine, folder: Path) -> None:
    nothing = write_adapter(folder / "nothing.gguf", scale=0)
    plain = likelihood(own_engine, SCORED).total
    assert likelihood(own_engine, SCORED, adapter=nothing).total == pytest.approx(plain, abs=1e-3)


def test_a_file_that_is_removed_or_replaced_later_stops_nobody(
    own_engine: Engine, folder: Path
) -> None:
    path = write_adapter(folder / "gone.gguf", seed=7)
    before = likelihood(own_engine, SCORED, adapter=path).total
    write_adapter(path, seed=8)
    assert likelihood(own_engine, SCORED, adapter=path).total == before
    path.unlink()
    assert likelihood(own_engine, SCORED, adapter=path).total == before


def test_an_adapter_that_many_ask_for_at_once_is_loaded_once(
    own_engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_adapter(folder / "wanted.gguf")
    loaded = []
    load = __import__("llama_cpp").llama_adapter_lora_init
    monkeypatch.setattr(
        "llama_cpp.llama_adapter_lora_init",
        lambda model, name: loaded.append(name) or load(model, name),
    )
    threads = [threading.Thread(target=own_engine.model.adapter, args=[path]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == [os.fsencode(path)]


def test_a_file_that_is_no_adapter_for_this_model_is_refused_in_a_line(
    own_engine: Engine, folder: Path
) -> None:
    whole = write_adapter(folder / "whole.gguf").read_bytes()
    (folder / "half.gguf").write_bytes(whole[: len(whole) // 2])
    (folder / "head.gguf").write_bytes(whole[:100])
    (folder / "text.gguf").write_text("no adapter")
    write_adapter(folder / "wide.gguf", width=640)
    write_adapter(folder / "tall.gguf", layer=LAYERS)
    write_adapter(folder / "kind.gguf", kind="model")
    names = ["half", "head", "text", "wide", "tall", "kind", "none"]
    expected, _ = answer(own_engine, CLEAR[1])
    for path in [*(folder / f"{name}.gguf" for name in names), folder, bundled_chat_model()]:
        with pytest.raises(
            ModelError, match=r"no LoRA adapter|no GGUF file|cannot be read|is damaged"
        ) as caught:
            begin(own_engine, CLEAR[1], adapter=path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)
    assert answer(own_engine, CLEAR[1])[0] == expected
