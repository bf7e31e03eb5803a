"""The Streamlit application: `python app`, or `streamlit run app/main.py` from the checkout."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Streamlit puts app/ itself first: its modules would shadow others.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

from app.frame import run  # noqa: E402 - the path comes first

run()
