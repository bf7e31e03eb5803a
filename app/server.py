"""Streamlit's server for the chat: its port, its settings, its start and end."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path
from typing import Any

from models.errors import SettingsError

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parent / ".streamlit" / "config.toml"
SCRIPT = HERE / "main.py"
ADDRESS = "127.0.0.1"


def check_port(port: int) -> None:
    """Raise SettingsError if somebody listens there, or it may not be had."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server itself: what a closed chat leaves in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise SettingsError(
                f"port {port} cannot be used: {error.strerror}. "
                f"Is the chat open already? Else try: python app --port {min(port + 1, 65535)}"
            ) from error


def serve(port: int) -> None:
    """Run the chat until Ctrl-C; a browser opens by itself where there is a display."""
    from streamlit.web import bootstrap

    flags = {**_flat(tomllib.loads(CONFIG.read_text("utf-8"))), "server_port": port}
    bootstrap.load_config_options(flags)
    bootstrap.run(str(SCRIPT), False, [], flags)


def _flat(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    """The configuration as Streamlit's flags: {"server_port": 8501}."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{above}{name}_")
        else:
            flat[f"{above}{name}"] = value
    return flat
