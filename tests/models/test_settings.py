from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import SettingsError
from models.settings import FILE, PREFIX, Settings, get_settings, settings_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even those that the other tests run with."""
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    get_settings.cache_clear()


def test_without_variables_and_files_every_setting_has_its_default() -> None:
    settings = get_settings()
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    defaults["library"] = Path("~/kvasir-library").expanduser()
    assert {name: getattr(settings, name) for name in Settings.model_fields} == defaults


def test_a_variable_wins_over_the_file_here_and_that_over_the_users_own(
    folder: Path, setting: Callable[..., None]
) -> None:
    own = folder / "config" / "kvasir"
    own.mkdir(parents=True)
    (own / FILE).write_text("context = 1000\nretrieve = 1\nthreads = 1\n")
    (folder / FILE).write_text("context = 2000\nretrieve = 2\n")
    setting(CONTEXT=3000)
    settings = get_settings()
    assert (settings.context, settings.retrieve, settings.threads) == (3000, 2, 1)


def test_a_key_in_the_file_that_is_no_setting_is_named(folder: Path) -> None:
    (folder / FILE).write_text('modle = "x"\n')
    with pytest.raises(SettingsError, match=r"kvasir.toml sets modle, which is no setting. Run: "):
        get_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONTEXT", "many"),
        ("CONTEXT", "8"),
        ("CONTEXT", ""),
        ("TEMPERATURE", "-1"),
        ("TEMPERATURE", "nan"),
        ("RETRIEVE", "0"),
        ("RETRIEVE", "21"),
        ("GPU_LAYERS", "-2"),
        ("MAX_TOKENS", "1.5"),
        ("THREADS", "-1"),
        ("BATCH", "-1"),
        ("BATCH", "5000"),
        ("FLASH_ATTENTION", "perhaps"),
        ("FLASH_ATTENTION", ""),
        ("KV_TYPE", "q5_1"),
        ("PASSAGES", "3"),
        ("KV_REUSE", "sometimes"),
        ("ANSWERS", "sung"),
        ("OCR", "perhaps"),
        ("KV_BUDGET", ""),
        ("KV_BUDGET", "-1"),
        ("KV_BUDGET", "-1GiB"),
        ("KV_BUDGET", "4 parsecs"),
        ("KV_BUDGET", "nan"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_variable(
    setting: Callable[..., None], name: str, value: str
) -> None:
    setting(**{name: value})
    with pytest.raises(SettingsError) as caught:
        get_settings()
    message = str(caught.value)
    assert f"KVASIR_{name} = {value!r} cannot be used: " in message
    assert "Run: python models settings --markdown" in message
    assert "\n" not in message


def test_a_wrong_value_in_the_file_is_named(folder: Path) -> None:
    (folder / FILE).write_text("context = 'long'\n")
    with pytest.raises(SettingsError, match="KVASIR_CONTEXT = 'long' cannot be used"):
        get_settings()


def test_a_budget_that_is_less_than_none_is_refused_in_the_file_too(folder: Path) -> None:
    (folder / FILE).write_text("kv_budget = -1\n")
    with pytest.raises(SettingsError, match="KVASIR_KV_BUDGET = -1 cannot be used"):
        get_settings()


@pytest.mark.parametrize(
    ("value", "count"),
    [("4GiB", 4 * 2**30), ("0", 0), ("1.5 MB", 1_500_000), ("1000", 1000), ("512kib", 2**19)],
)
def test_the_budget_is_given_in_bytes_or_in_units(
    setting: Callable[..., None], value: str, count: int
) -> None:
    setting(KV_BUDGET=value)
    assert get_settings().kv_budget == count


@pytest.mark.parametrize(("value", "chosen"), [("true", True), ("0", False), ("no", False)])
def test_flash_attention_can_be_forced_and_forbidden(
    setting: Callable[..., None], value: str, chosen: bool
) -> None:
    setting(FLASH_ATTENTION=value)
    assert get_settings().flash_attention is chosen


def test_folders_may_lie_in_the_home_folder(
    folder: Path, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    setting(CACHE="~/cache", LIBRARY="~/library")
    assert (get_settings().cache, get_settings().library) == (folder / "cache", folder / "library")


def test_the_home_folder_of_nobody_is_a_folder_like_any_other(
    setting: Callable[..., None],
) -> None:
    setting(CACHE="~no-such-user/cache")
    assert get_settings().cache == Path("~no-such-user/cache")


@pytest.mark.parametrize("content", [b"context: 8192", b"= 1", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_a_settings_error(folder: Path, content: bytes) -> None:
    (folder / FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=r"kvasir.toml cannot be read: "):
        get_settings()


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_page_of_settings_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page == settings_table(), "write it anew: python models settings --markdown"
