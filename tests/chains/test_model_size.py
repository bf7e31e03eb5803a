"""Which models are small."""

import pytest
from langchain_core.language_models import FakeListChatModel

from chains import model_size
from chains.model_size import is_small
from models.chat_model import KvasirChat


def test_the_bundled_model_is_small_and_other_peoples_are_not() -> None:
    assert is_small(KvasirChat())
    assert not is_small(FakeListChatModel(responses=["x"]))


def test_parameters_decide_for_models_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_size, "SMALL", KvasirChat().parameters)
    assert not is_small(KvasirChat())
