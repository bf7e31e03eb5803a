"""The Streamlit application: `python app`, or `streamlit run app/main.py` from the checkout."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:  # `streamlit run` puts app/ there, whose modules would shadow others
    sys.path[:] = [
        ROOT,
        *(entry for entry in sys.path if Path(entry or ".").resolve().name != "app"),
    ]

from app.frame import run  # noqa: E402 - the path comes first

run()
