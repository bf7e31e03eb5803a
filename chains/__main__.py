"""`python chains "question"`: the answer in a terminal."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a folder, Python puts chains/ itself first: its modules would shadow others.
    if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
        sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from chains.cli import main

    sys.exit(main())
