import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_child_ends_when_its_parent_closes_the_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ingest.load.child", str(1 << 32)], cwd=ROOT, input=b"", timeout=30
    )
    assert done.returncode == 0


def test_the_child_starts_without_the_heavy_libraries() -> None:
    code = "import sys, ingest.load.child; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "ingest.load.document" in loaded
    assert not loaded & {"torch", "sentence_transformers", "numpy", "pandas", "langchain_core"}
