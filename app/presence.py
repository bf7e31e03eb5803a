"""Whether a tab is still there when its script is told to stop."""

from __future__ import annotations

import time

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

PATIENCE_S = 0.5


def still_there() -> bool:
    """Whether the tab of this run is connected.

    Streamlit tells a script to stop a moment before it forgets a tab that was closed or reloaded.
    """
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return True
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if not runtime.get_instance().is_active_session(context.session_id):
            return False
        time.sleep(0.02)
    return True
