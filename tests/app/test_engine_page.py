"""The engine's page: the card, the figures, the doctor, and changing the model."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))

import tiny_gguf

from app.desk import KEY, Desk
from app.engine_texts_en import ENGLISH
from app.engine_texts_zh import CHINESE
from app.model_change import Choice, chosen
from app.resources import shared_engine_room, shared_talks
from app.texts_en import ENGLISH as COMMON
from ingest import Library
from models.adapters import NONE
from models.bundled import CHAT_MODEL, bundled_chat_model
from models.doctor import Finding
from models.machine import Gpu, Machine
from models.settings import get_settings

Share = Callable[[Library], None]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is loaded: what the pages do with it is what is tested."""
    for name, value in {
        "MODEL": CHAT_MODEL,
        "ADAPTER": "",
        "CONTEXT": "512",
        "CACHE": str(tmp_path),
    }.items():
        monkeypatch.setenv(f"KVASIR_{name}", value)
    get_settings.cache_clear()
    findings = [
        Finding(True, "llama.cpp", "0.3-abc, for the processor alone: AVX"),
        Finding(False, "GPU", "<b>big</b> is idle: this build of llama.cpp cannot use it", "make"),
    ]
    monkeypatch.setattr("app.examination.examine", lambda loading: findings)
    monkeypatch.setattr("app.model_change.rehearse", lambda path, adapter: 0.0)


def script() -> None:
    from app.engine_page import engine_page

    engine_page()


def page(desk: Desk | None = None) -> AppTest:
    test = AppTest.from_function(script, default_timeout=60)
    test.session_state[KEY] = desk or Desk()
    test.run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    return "\n".join(html.body for html in test.html)


def quantized(folder: Path, name: str = "other") -> Path:
    path = folder / "quantized" / f"{name}.gguf"
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(bundled_chat_model(), path)
    return path


def test_the_card_and_the_plan_of_the_model_in_use_are_shown(
    library: Library, share: Share
) -> None:
    share(library)
    shown = words(page())
    for told in (CHAT_MODEL, "134.5M", "Q4_1", "9 heads over 3 KV heads", ENGLISH.asleep):
        assert told in shown
    assert "it fits" in shown


def test_a_gpus_share_of_the_model_is_shown_by_its_name_as_text(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Machine(64 << 30, 32 << 30, (Gpu("<b>GPU</b>", 20 << 30, 24 << 30),))
    monkeypatch.setattr("app.memory_view.this_machine", lambda: there)
    share(library)
    shown = words(page())
    assert "&lt;b&gt;GPU&lt;/b&gt;" in shown
    assert "/ 24 GiB" in shown


def test_too_much_for_the_machine_is_said(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.memory_view.this_machine", lambda: Machine(1 << 29, 1 << 20))
    monkeypatch.setattr("app.memory_view.held_here", lambda: 0)
    share(library)
    assert "too much for this machine" in words(page())


def test_the_doctors_findings_are_shown_as_text_what_is_wrong_first(
    library: Library, share: Share
) -> None:
    share(library)
    shown = words(page())
    assert "&lt;b&gt;big&lt;/b&gt; is idle" in shown
    assert "<b>big</b>" not in shown
    assert shown.index("is idle") < shown.index("for the processor alone")
    assert ENGLISH.found_one in shown


def test_what_the_latest_answers_took_is_shown(library: Library, share: Share) -> None:
    share(library)
    assert ENGLISH.no_answers in words(page())
    talk = shared_talks().begin()
    turn = talk.ask("What is a group of cats called?")
    turn.answer.timings = {
        "prompt_tokens": 400, "reused_tokens": 300, "first_token_s": 1.25, "tokens_per_s": 31.0
    }  # fmt: skip
    turn.answer.state = "done"
    talk._keep(turn)
    shown = words(page())
    assert "<b>1.2 s</b>" in shown
    assert "<b>31</b>" in shown
    assert ENGLISH.reused_of.format(reused="300", prompt="400") in shown


def test_another_model_is_put_in_for_everybody(
    library: Library, share: Share, tmp_path: Path
) -> None:
    path = quantized(tmp_path)
    share(library)
    test = page()
    assert chosen() == Choice(CHAT_MODEL)
    test.button(key="use-model-1").click().run()
    assert not test.exception
    assert chosen() == Choice(str(path))
    assert ENGLISH.changed.format(model="other") in words(test)
    assert "KVASIR_MODEL=" in test.code[0].value
    test.button(key="understood").click().run()
    assert ENGLISH.changed.format(model="other") not in words(test)
    test.button(key="use-model-0").click().run()
    assert chosen() == Choice(CHAT_MODEL)
    assert not test.code


def test_a_model_that_does_not_load_is_a_notice_and_the_old_one_stays(
    library: Library, share: Share, tmp_path: Path
) -> None:
    quantized(tmp_path)
    share(library)
    test = page()
    (tmp_path / "quantized" / "other.gguf").unlink()
    test.button(key="use-model-1").click().run()
    assert chosen() == Choice(CHAT_MODEL)
    assert "still answers" in words(test)


def test_an_adapter_is_put_on_by_its_name_and_taken_off(
    library: Library, share: Share, tmp_path: Path
) -> None:
    (tmp_path / "adapters").mkdir()
    tiny_gguf.write_gguf(tmp_path / "adapters" / "law.gguf", {"general.type": "adapter"})
    share(library)
    test = page()
    test.button(key="use-adapter-1").click().run()
    assert chosen() == Choice(CHAT_MODEL, "law")
    assert "KVASIR_ADAPTER=law" in test.code[0].value
    assert test.button(key="use-adapter-1").label == ENGLISH.take_off
    test.button(key="use-adapter-1").click().run()
    assert chosen() == Choice(CHAT_MODEL)


def test_the_models_own_adapter_is_on_until_it_is_taken_off(library: Library, share: Share) -> None:
    share(library)
    test = page()
    assert test.button(key="use-adapter-0").label == ENGLISH.take_off
    test.button(key="use-adapter-0").click().run()
    assert chosen() == Choice(CHAT_MODEL, NONE)
    assert "KVASIR_ADAPTER=none" in test.code[0].value
    assert "with none" not in words(test)
    assert test.button(key="use-adapter-0").label == ENGLISH.use
    test.button(key="use-adapter-0").click().run()
    assert chosen() == Choice(CHAT_MODEL)
    assert not test.code


def test_a_file_by_its_path_can_be_used_and_what_is_none_is_said(
    library: Library, share: Share, tmp_path: Path
) -> None:
    share(library)
    test = page()
    desk: Desk = test.session_state[KEY]
    for path in ("nowhere.gguf", __file__, "a\0.gguf", "owner/repository:file.gguf"):
        test.text_input(key="model-path").set_value(path)
        next(b for b in test.button if b.label == ENGLISH.use and b.form_id).click().run()
        assert not test.exception
        assert chosen() == Choice(CHAT_MODEL)
        assert path in desk.notice
    path = str(quantized(tmp_path))
    test.text_input(key="model-path").set_value(path)
    next(b for b in test.button if b.label == ENGLISH.use and b.form_id).click().run()
    assert chosen() == Choice(path)


def test_among_people_who_sign_in_no_paths_can_be_tried(library: Library, share: Share) -> None:
    share(library)
    assert not page(Desk(person="ada@example.org")).text_input


def test_only_one_change_goes_on_at_a_time(
    library: Library, share: Share, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    from app.model_list import use

    go_on = Event()
    monkeypatch.setattr("app.model_change.rehearse", lambda path, adapter: go_on.wait(60))
    path = quantized(tmp_path)
    share(library)
    room, desk = shared_engine_room(), Desk()
    use(desk, room, Choice(str(path)))
    assert desk.notice == ""
    use(desk, room, Choice(CHAT_MODEL))
    assert desk.notice == ENGLISH.busy
    go_on.set()
    seen = -1
    while room.change and not room.change.finished:
        seen = room.change.wait(seen, 1.0)
    assert chosen() == Choice(str(path))


def test_a_file_that_is_no_model_is_listed_with_the_reason_and_cannot_be_chosen(
    library: Library, share: Share, tmp_path: Path
) -> None:
    (tmp_path / "quantized").mkdir()
    (tmp_path / "quantized" / "<i>.gguf").write_bytes(b"no")
    share(library)
    test = page()
    assert "&lt;i&gt;" in words(test)
    assert "<i>.gguf" not in words(test)
    assert test.button(key="use-model-1").disabled


def test_a_model_that_is_missing_is_a_notice_and_the_list_is_there(
    library: Library, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(library)
    shared_engine_room()
    os.environ["KVASIR_MODEL"] = "/nowhere/model.gguf"
    get_settings.cache_clear()
    test = page()
    assert any("there is no model" in error.value for error in test.error)
    assert not test.button(key="use-model-0").disabled


def test_a_model_elsewhere_has_no_card_here(library: Library, share: Share) -> None:
    os.environ["KVASIR_MODEL"] = "openai:gpt-x"
    get_settings.cache_clear()
    share(library)
    assert ENGLISH.runs_elsewhere.format(model="openai:gpt-x") in words(page())


def test_the_page_speaks_chinese_too(library: Library, share: Share) -> None:
    share(library)
    shown = words(page(Desk(tongue="zh")))
    assert CHINESE.lead in shown
    assert "仅用处理器" in shown
    assert COMMON.engine not in shown
