"""The Python snippets of docs/library.md run one after the other, as written."""

import os
import re
import subprocess
import sys
from pathlib import Path

from models.settings import get_settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "library.md").read_text("utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_snippets_run_in_a_new_home(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("A KV cache keeps keys and values.")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KVASIR_")}
    more = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "KVASIR_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(SNIPPETS)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**kept, **more, "KVASIR_CACHE": str(get_settings().cache)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert len(SNIPPETS) >= 3
    foxes, whales = done.stdout.splitlines()
    assert "狐狸" in foxes
    assert "Whales sing" in whales
    assert "狐狸" not in whales
