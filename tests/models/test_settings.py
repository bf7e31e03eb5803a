from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import SettingsError
from models.settings import FILE, PREFIX, Settings, get_settings, settings_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    get_settings.cache_clear()


def test_without_variables_and_files_every_setting_has_its_default() -> None:
    settings = get_settings()
    assert {name: getattr(settings, name) for name in Settings.model_fields} == {
        name: field.default for name, field in Settings.model_fields.items()
    }


def test_a_variable_wins_over_the_file_here_and_that_over_the_users_own(
    folder: Path, setting: Callable[..., None]
) -> None:
    own = folder / "config" / "kvasir"
    own.mkdir(parents=True)
    (own / FILE).write_text("context = 1000\npassages = 1\nthreads = 1\n")
    (folder / FILE).write_text("context = 2000\npassages = 2\n")
    setting(CONTEXT=3000)
    settings = get_settings()
    assert (settings.context, settings.passages, settings.threads) == (3000, 2, 1)


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
        ("PASSAGES", "0"),
        ("GPU_LAYERS", "-2"),
        ("MAX_TOKENS", "1.5"),
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
