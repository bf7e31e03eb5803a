import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tiny_gguf

from models.bundled import BUNDLED_ADAPTER, CHAT_MODEL, bundled_adapter, bundled_chat_model
from models.errors import ModelError
from models.listing import Entry, models_at_hand, quantized_folder
from models.requantized import folder as tuned_folder
from models.tuning import Tuning, record

FIGURES = [field.name for field in fields(Tuning) if field.name not in ("weights", "kind")]


@pytest.fixture
def cache(folder: Path, setting: Callable[..., None]) -> Path:
    """The cache's folder, with nothing in it yet."""
    setting(CACHE=folder / "cache")
    for name in ("quantized", "tuned", "adapters"):
        (folder / "cache" / name).mkdir(parents=True)
    return folder / "cache"


def write_adapter(path: Path) -> Path:
    return tiny_gguf.write_gguf(path, {"general.type": "adapter"})


def listed() -> dict[str, Entry]:
    return {entry.name: entry for entry in models_at_hand()}


def test_without_anything_else_the_bundled_model_is_in_use(cache: Path) -> None:
    model, adapter = models_at_hand()
    assert model == Entry(CHAT_MODEL, "bundled", bundled_chat_model(), in_use=True)
    assert model.bytes == bundled_chat_model().stat().st_size
    assert adapter == Entry(BUNDLED_ADAPTER, "adapter", bundled_adapter(), in_use=True)


@pytest.mark.parametrize(
    ("adapter", "in_use"),
    [("none", False), (BUNDLED_ADAPTER, True), (str(bundled_adapter()), True)],
)
def test_the_models_own_adapter_is_in_use_unless_none_is_wanted(
    cache: Path, setting: Callable[..., None], adapter: str, in_use: bool
) -> None:
    setting(ADAPTER=adapter)
    assert len(listed()) == 2
    assert listed()[BUNDLED_ADAPTER].in_use == in_use


def test_another_model_has_no_adapter_of_its_own(cache: Path, setting: Callable[..., None]) -> None:
    setting(MODEL=tiny_gguf.write_gguf(cache / "mine.gguf"))
    assert BUNDLED_ADAPTER not in listed()


def test_what_the_cache_holds_is_listed_by_its_kind(cache: Path) -> None:
    tiny_gguf.write_gguf(quantized_folder() / "one-Q4_0.gguf")
    tiny_gguf.write_gguf(tuned_folder() / "two-Q8_0.gguf")
    write_adapter(cache / "adapters" / "short.gguf")
    (cache / "quantized" / "notes.txt").write_text("not a model")
    kinds = {name: (entry.kind, entry.in_use, entry.problem) for name, entry in listed().items()}
    assert kinds == {
        CHAT_MODEL: ("bundled", True, ""),
        BUNDLED_ADAPTER: ("adapter", True, ""),
        "one-Q4_0": ("quantized", False, ""),
        "two-Q8_0": ("tuned", False, ""),
        "short": ("adapter", False, ""),
    }


def test_a_requantized_model_in_use_is_listed_once(
    cache: Path, setting: Callable[..., None]
) -> None:
    path = tiny_gguf.write_gguf(quantized_folder() / "one-Q4_0.gguf")
    setting(MODEL=path)
    entries = list(models_at_hand())
    assert [(entry.name, entry.in_use) for entry in entries] == [
        (CHAT_MODEL, False),
        ("one-Q4_0", True),
    ]


def test_a_tuned_copy_says_what_it_runs_for(cache: Path) -> None:
    copy = tiny_gguf.write_gguf(tuned_folder() / "copy-Q8_0.gguf")
    figures: dict[str, Any] = dict.fromkeys(FIGURES, 1)
    record(bundled_chat_model(), Tuning(weights=copy, kind="Q8_0", **figures))
    assert listed()["copy-Q8_0"].runs_for == CHAT_MODEL
    assert listed()[CHAT_MODEL].in_use


def test_a_damaged_file_is_listed_with_what_is_wrong(cache: Path) -> None:
    (quantized_folder() / "cut.gguf").write_bytes(bundled_chat_model().read_bytes()[:1000])
    assert "is damaged: it ends after 1,000 bytes" in listed()["cut"].problem


def test_a_cache_that_cannot_be_read_comes_after_the_bundled_model(
    folder: Path, setting: Callable[..., None]
) -> None:
    (folder / "file").touch()
    setting(CACHE=folder / "file")
    entries = models_at_hand()
    assert next(entries).name == CHAT_MODEL
    with pytest.raises(ModelError, match=r"cannot be read: .*\. Set KVASIR_CACHE"):
        next(entries)


def test_a_link_that_leads_nowhere_is_listed_with_what_is_wrong(cache: Path) -> None:
    (quantized_folder() / "link.gguf").symlink_to(cache / "absent")
    entry = listed()["link"]
    assert "No such file" in entry.problem
    assert entry.as_json()["bytes"] is None


def test_models_and_adapters_are_not_taken_for_each_other(cache: Path) -> None:
    tiny_gguf.write_gguf(cache / "adapters" / "model.gguf")
    write_adapter(quantized_folder() / "adapter.gguf")
    found = listed()
    assert "holds no adapter: its general.type is 'model'" in found["model"].problem
    assert "holds no model: its general.type is 'adapter'" in found["adapter"].problem


def test_an_adapter_in_use_is_marked_by_its_name_or_its_path(
    cache: Path, folder: Path, setting: Callable[..., None]
) -> None:
    path = write_adapter(cache / "adapters" / "short.gguf")
    for name in ("short", path):
        setting(ADAPTER=name)
        assert [entry.name for entry in models_at_hand() if entry.in_use] == [CHAT_MODEL, "short"]
    elsewhere = write_adapter(folder / "mine.gguf")
    setting(ADAPTER=elsewhere)
    last = list(models_at_hand())[-1]
    assert (last.name, last.path, last.in_use) == (str(elsewhere), elsewhere, True)


@pytest.mark.parametrize(
    ("name", "there"),
    [("MODEL", [CHAT_MODEL, "one"]), ("ADAPTER", [CHAT_MODEL, "one", BUNDLED_ADAPTER])],
)
@pytest.mark.parametrize("path", ["/nowhere/absent.gguf", "~nobody-of-this-name/absent.gguf"])
def test_what_is_missing_comes_after_all_that_is_at_hand(
    cache: Path, setting: Callable[..., None], name: str, there: list[str], path: str
) -> None:
    tiny_gguf.write_gguf(quantized_folder() / "one.gguf")
    setting(**{name: path})
    entries = models_at_hand()
    assert [next(entries).name for _ in there] == there
    with pytest.raises(ModelError, match=f"there is no .*{path}"):
        next(entries)


@pytest.mark.parametrize(
    ("name", "kind"), [("openai:gpt-x", "provider"), ("nobody/nothing:m.gguf", "hub")]
)
def test_what_is_not_here_is_listed_without_a_file(
    cache: Path, setting: Callable[..., None], name: str, kind: str
) -> None:
    setting(MODEL=name)
    entry = listed()[name]
    assert (entry.kind, entry.path, entry.bytes, entry.in_use) == (kind, None, None, True)
