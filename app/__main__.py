"""`python app` and `python -m app`: the chat in the browser."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a folder, Python puts app/ itself first: its modules would shadow others.
    if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
        sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from app.cli import main

    sys.exit(main())
