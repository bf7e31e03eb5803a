"""Which way of computing the embedder is quickest on this machine, and keeps its quality.

The library embeds through sentence-transformers, on torch. Beside that, on the same model and the
same passages, in turns: other number formats, ONNX Runtime and OpenVINO, each in batches of
passages of like length as the library makes them. Quality is the cosine to float32's vectors, and
how often the right paragraph of XQuAD is the nearest to a question. ONNX needs the packages onnx
and onnxscript for its export, OpenVINO openvino; where they are missing it is said. Prints a
table; writes benchmarks/results/embedders.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from squad import QA, read_squad  # noqa: E402

from models.bundled import bundled_embedder  # noqa: E402
from models.embeddings import BATCH, bundled_folder  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "embedders.json"
TIMED = 64  # passages
TURNS = 3
ASKED = 300  # questions of each language
FIRST = "torch float32"

Compute = Callable[[dict[str, torch.Tensor]], np.ndarray]
"""Token ids and mask to the last hidden states, float32, shape (texts, tokens, dimensions)."""


class Ways:
    """The same model, made ready to be computed in several ways."""

    def __init__(self, folder: Path, work: Path) -> None:
        self.folder, self.work = folder, work
        self.model = self._loaded(torch.float32)  # its file holds float16

    def _loaded(self, dtype: torch.dtype) -> Any:
        from sentence_transformers import SentenceTransformer

        kwargs = {"dtype": dtype}
        return SentenceTransformer(str(self.folder), local_files_only=True, model_kwargs=kwargs)

    def torch_as(self, dtype: torch.dtype) -> Compute:
        """On torch, as the library does it."""
        return _torch(self._loaded(dtype)[0].auto_model)

    def torch_int8(self) -> Compute:
        """On torch, linear layers in 8 bits, quantized as they are computed."""
        from torch.ao.quantization import quantize_dynamic

        model = self.model[0].auto_model
        return _torch(quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8))

    def onnx_file(self) -> Path:
        """The model exported, once."""
        path = self.work / "model.onnx"
        if not path.exists():
            model: Any = self.model[0].auto_model
            model.eval()
            example = self.model.tokenize(["passage: one text", "passage: and another text"])
            names = ["input_ids", "attention_mask"]
            batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=512)
            program: Any = torch.onnx.export(
                _Plain(model),
                tuple(example[name] for name in names),
                input_names=names,
                output_names=["states"],
                dynamic_shapes=({0: batch, 1: length}, {0: batch, 1: length}),
                dynamo=True,
                verbose=False,
            )
            program.save(str(path))
        return path

    def onnx(self, *, int8: bool) -> Compute:
        """On ONNX Runtime."""
        import onnxruntime

        path = self.onnx_file()
        if int8:
            from onnxruntime.quantization import QuantType, quantize_dynamic

            path, source = self.work / "int8.onnx", path
            quantize_dynamic(source, path, per_channel=True, weight_type=QuantType.QInt8)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return lambda batch: session.run(None, _arrays(batch))[0]

    def openvino(self, *, bfloat16: bool) -> Compute:
        """On OpenVINO, from the ONNX file."""
        import openvino

        settings = {"INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32"}
        compiled = openvino.compile_model(str(self.onnx_file()), "CPU", settings)
        return lambda batch: compiled(_arrays(batch))[0]


class _Plain(torch.nn.Module):
    """The transformer with positional inputs and one output, as an export wants it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        found = self.model(input_ids=input_ids, attention_mask=attention_mask)
        states: torch.Tensor = found.last_hidden_state
        return states


def _torch(model: Any) -> Compute:
    model.eval()

    def compute(batch: dict[str, torch.Tensor]) -> np.ndarray:
        with torch.inference_mode():
            states = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
        found: np.ndarray = states.last_hidden_state.float().numpy()
        return found

    return compute


def _arrays(batch: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: batch[name].numpy() for name in ("input_ids", "attention_mask")}


def embed(model: Any, compute: Compute, texts: Sequence[str]) -> np.ndarray:
    """Unit vectors: the mean over the tokens' states, in the library's batches."""
    vectors = np.zeros((len(texts), model.get_embedding_dimension()), np.float32)
    order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
    for first in range(0, len(order), BATCH):
        rows = order[first : first + BATCH]
        batch = model.tokenize([texts[row] for row in rows])
        mask = batch["attention_mask"].numpy()[:, :, None]
        vectors[rows] = (compute(batch) * mask).sum(axis=1) / mask.sum(axis=1)
    found: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


def missing(*packages: str) -> str:
    """Which of the packages are not there, as a sentence; "" where all are."""
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return f"not measured: no package {', '.join(absent)}" if absent else ""


def made(ways: Ways) -> tuple[dict[str, Compute], dict[str, str]]:
    """The ways that can be measured here, and why the others can't."""
    found = {
        FIRST: ways.torch_as(torch.float32),
        "torch bfloat16": ways.torch_as(torch.bfloat16),
        "torch int8": ways.torch_int8(),
    }
    why: dict[str, str] = {}
    export = missing("onnx", "onnxscript")
    for name, make, lacking in (
        ("ONNX float32", lambda: ways.onnx(int8=False), export),
        ("ONNX int8", lambda: ways.onnx(int8=True), export),
        ("OpenVINO float32", lambda: ways.openvino(bfloat16=False), export or missing("openvino")),
        ("OpenVINO bfloat16", lambda: ways.openvino(bfloat16=True), export or missing("openvino")),
    ):
        if lacking:
            why[name] = lacking
        else:
            found[name] = make()
    return found, why


def quality(model: Any, compute: Compute) -> dict[str, float]:
    """How often the nearest paragraph is the right one, by language."""
    hits = {}
    for language in ("en", "zh"):
        paragraphs, questions = read_squad(QA / f"xquad.{language}.dev.json")
        asked = questions[:: max(1, len(questions) // ASKED)]
        there = embed(model, compute, [f"passage: {text}" for text in paragraphs])
        wanted = embed(model, compute, [f"query: {question.text}" for question in asked])
        nearest = (wanted @ there.T).argmax(axis=1)
        right = [int(place) == q.paragraph for place, q in zip(nearest, asked, strict=True)]
        hits[language] = float(np.mean(right))
    return hits


def measure(ways: Ways) -> list[dict[str, Any]]:
    """Every way's speed, in turns, and its quality."""
    paragraphs = [p for lang in ("en", "zh") for p in read_squad(QA / f"xquad.{lang}.dev.json")[0]]
    texts = [f"passage: {text}" for text in paragraphs[:: len(paragraphs) // TIMED][:TIMED]]
    found, why = made(ways)
    times: dict[str, list[float]] = {name: [] for name in found}
    vectors = {name: embed(ways.model, compute, texts) for name, compute in found.items()}
    for _ in range(TURNS):
        for name, compute in found.items():
            began = time.perf_counter()
            embed(ways.model, compute, texts)
            times[name].append(time.perf_counter() - began)
    rows: list[dict[str, Any]] = []
    for name, compute in found.items():
        cosine = float((vectors[name] * vectors[FIRST]).sum(axis=1).mean())
        ratios = [a / b for a, b in zip(times[FIRST], times[name], strict=True)]
        row = {"way": name, "passages_per_s": TIMED / min(times[name])}
        row |= {"ratio": float(np.median(ratios)), "cosine": cosine, **quality(ways.model, compute)}
        rows.append(row)
        sys.stderr.write(f"{name}: done\n")
    return rows + [{"way": name, "why": reason} for name, reason in why.items()]


def main() -> int:
    """Measure, print the table, write the results."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    if not QA.is_dir():
        sys.exit(f"there are no questions in {QA}")
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as work:
        rows = measure(Ways(bundled_folder(bundled_embedder()), Path(work)))
    print("| way | passages/s | to torch float32 | cosine | nearest right, en | zh |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        if "why" in row:
            print(f"| {row['way']} | {row['why']} | | | | |")
            continue
        cells = f"{row['passages_per_s']:.1f} | ×{row['ratio']:.2f} | {row['cosine']:.4f}"
        print(f"| {row['way']} | {cells} | {row['en']:.3f} | {row['zh']:.3f} |")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"threads": torch.get_num_threads(), "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
