"""The Streamlit application: `python app`, or `streamlit run app/main.py` from the checkout."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Streamlit puts app/ itself first: its modules would shadow others. The list is never changed, only
# replaced: other tabs' threads may be going through it, and would miss the package they look for.
# And it is copied at once: while it is gone through, Streamlit changes it for other tabs, and an
# entry that is missed here would be missing from then on.
path = [entry for entry in tuple(sys.path) if Path(entry or ".").resolve() != HERE]
if str(HERE.parent) not in path:
    path.insert(0, str(HERE.parent))
if path != sys.path:
    sys.path = path

from app.frame import run  # noqa: E402 - the path comes first

run()
