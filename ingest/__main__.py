"""`python ingest` and `python -m ingest`."""

import gc
import sys
from pathlib import Path

if __package__ in (None, ""):
    # `python ingest` puts the folder ingest/ first on the path; what is wanted is its parent.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from ingest.cli import main

if __name__ == "__main__":
    code = main()
    gc.freeze()  # else Python looks for seconds through all that the embedder's library made
    sys.exit(code)
