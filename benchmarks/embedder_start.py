"""How soon a new process has its first question's vector, with sentence-transformers and without.

The bundled embedder through models.bert_encoder, which is what the product does, and the same
folder through sentence-transformers; each in processes of its own, in turn, after one of each that
does not count. Prints a table with the median of the pairs' ratios, writes
benchmarks/results/embedder_start.json.
"""

import argparse
import statistics
import subprocess
import sys
import time

from engine_setup import ROOT, print_table, save_results

from models.bundled import EMBEDDER, bundled_embedder
from models.embeddings import bundled_folder

CODE = """
import resource, sys
from models.embeddings import KvasirEmbeddings
KvasirEmbeddings(sys.argv[1]).embed_query("How long do cats sleep?")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def start(model: str) -> tuple[float, float]:
    """Seconds until a process is through with its first question, and its memory's peak in MB."""
    began = time.monotonic()
    command = [sys.executable, "-c", CODE, model]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return time.monotonic() - began, int(done.stdout) / 1024


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    ways = {
        "torch alone": EMBEDDER,
        "sentence-transformers": str(bundled_folder(bundled_embedder())),
    }
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(options.pairs + 1):
        for way, model in ways.items():
            found[way].append(start(model))
    seconds = {way: [each for each, _ in runs[1:]] for way, runs in found.items()}
    memory = {way: statistics.median(each for _, each in runs[1:]) for way, runs in found.items()}
    ours, theirs = seconds.values()
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    rows = [
        [way, f"{statistics.median(seconds[way]):.1f} s", f"{memory[way]:.0f} MB"] for way in ways
    ]
    print_table("the first question's vector in a new process", ["way", "after", "peak"], rows)
    print(f"sentence-transformers takes {ratio:.2f} times as long")
    save_results("embedder_start", {"seconds": seconds, "peak_mb": memory, "ratio": ratio})
    return 0


if __name__ == "__main__":
    sys.exit(main())
