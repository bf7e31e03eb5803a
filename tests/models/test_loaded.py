from collections.abc import Callable

from models.bundled import bundled_chat_model
from models.engine.engine import Engine
from models.loaded import shared_engine


def test_one_file_and_placement_have_one_engine(engine: Engine) -> None:
    assert shared_engine(bundled_chat_model()) is engine
    assert shared_engine(bundled_chat_model().parent / "." / bundled_chat_model().name) is engine


def test_another_placement_has_another_engine(engine: Engine, setting: Callable[..., None]) -> None:
    setting(CONTEXT=512)
    other = shared_engine(bundled_chat_model())
    assert other is not engine
    assert other.context_size == 512
