"""The server's settings."""

import tomllib

from app.server import CONFIG, _flat


def test_the_configuration_becomes_streamlits_flags() -> None:
    assert _flat({"a": {"b": 1, "c": {"d": "x"}}}) == {"a_b": 1, "a_c_d": "x"}


def test_the_chat_is_on_this_machine_alone_and_tells_nobody() -> None:
    flags = _flat(tomllib.loads(CONFIG.read_text("utf-8")))
    assert flags["server_address"] == "127.0.0.1"
    assert flags["browser_gatherUsageStats"] is False
    assert flags["server_showEmailPrompt"] is False
    assert flags["server_port"] == 8501


def test_streamlit_knows_every_setting() -> None:
    from streamlit import config

    known = config.get_config_options()
    for flag in _flat(tomllib.loads(CONFIG.read_text("utf-8"))):
        assert flag.replace("_", ".") in known, flag
