"""Pictures of text to text: where its lines are, what they say, and which way up they stand.

The models (PP-OCRv6, Chinese and English among fifty languages) lie in the rapidocr package;
nothing is ever fetched. It knows pixels; it does not know files, columns or paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.load.steps import still_at_work
from ingest.load.strips import LONGEST_SIDE, padded, strips
from models.settings import get_settings

if TYPE_CHECKING:
    from ingest.load.strips import Pixels

OFF = "OCR is off: set KVASIR_OCR=auto to have pictures read"

MIN_SCORE = 0.7
"""Of a line that is believed. Lines upside down or sideways score .5 to .84, right ones .95 up
(the scans of the corpus and pages of its PDFs, each in all four directions)."""

_SURE = 0.85  # of the lines looked at: then nothing is tried but the way they stand
_SAMPLE = 6  # lines that decide which way up a picture is
_TALL = 1.5  # times as high as wide: a line that runs up or down, or a column of characters
_MOST_THREADS = 4  # the models are small: more threads wait for one another
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True)
class Piece:
    """A line of text as it was seen: its words, and its box in pixels of the upright picture."""

    text: str
    score: float
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def is_column(self) -> bool:
        """Whether its characters stand one below the other."""
        return self.y1 - self.y0 >= _TALL * (self.x1 - self.x0)


def is_off() -> bool:
    """Whether the settings want no pictures read; whoever has some asks before `read`."""
    return get_settings().ocr == "off"


def read(picture: Pixels) -> list[Piece]:
    """The lines in a picture (height × width × RGB), turned upright where it is not.

    Empty where there is no text, or none that can be believed. Long screenshots are read piece by
    piece; no picture may be larger than `strips.fitting` says.
    """
    found: list[Piece] = []
    for start, strip in strips(picture):
        pieces = _reader().read(strip)
        found += (replace(one, y0=one.y0 + start, y1=one.y1 + start) for one in pieces)
        still_at_work()
    return found


@cache
def _reader() -> _Reader:
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        import cv2
        import rapidocr
        from omegaconf import flag_override

        cv2.setNumThreads(1)  # it cuts out lines, which takes no time
        folder = Path(rapidocr.__file__).parent / "models"
        self._engine: Any = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.max_side_len": LONGEST_SIDE,
                "Rec.rec_batch_num": 1,  # a fifth faster than 6: nothing is padded
                "Global.text_score": 0.0,  # weak lines, too, say which way up a picture is
            }
        )
        # Sessions of our own, for models given are not looked for elsewhere.
        with flag_override(self._engine.cfg, "allow_objects", True):
            self._engine.cfg.Det.session = _session(folder / "PP-OCRv6_det_small.onnx")
            self._engine.cfg.Rec.session = _session(folder / "PP-OCRv6_rec_small.onnx")

    def read(self, picture: Pixels) -> list[Piece]:
        import numpy as np

        picture = padded(picture[:, :, ::-1])  # the models know the colours the other way about
        boxes = self._boxes(picture)
        crops = self._crops(picture, boxes)
        turn, known = self._turn(boxes, crops)
        if turn:
            picture, known = np.ascontiguousarray(np.rot90(picture, turn)), {}
            boxes = self._boxes(picture)
            crops = self._crops(picture, boxes)
        rest = [number for number in range(len(crops)) if number not in known]
        known.update(zip(rest, self._texts([crops[number] for number in rest]), strict=True))
        return [
            Piece(text, score, *box.min(axis=0).tolist(), *box.max(axis=0).tolist())
            for number, box in enumerate(_straightened(boxes))
            for text, score in [known[number]]
            if score >= MIN_SCORE and text.strip()
        ]

    def _boxes(self, picture: Pixels) -> list[Any]:
        with _memory_errors():
            found = self._engine(picture, use_det=True, use_cls=False, use_rec=False)
        return [] if found.boxes is None else list(found.boxes)

    def _crops(self, picture: Pixels, boxes: Sequence[Any]) -> list[Pixels]:
        """The boxes' pixels; those that are tall are laid on their left side."""
        if not boxes:
            return []
        crops = self._engine.crop_text_regions(picture, [box.astype("float32") for box in boxes])
        return list(crops)

    def _texts(self, crops: Sequence[Pixels]) -> list[tuple[str, float]]:
        if not crops:
            return []
        with _memory_errors():
            found = self._engine.recognize_txt(list(crops))
        return list(zip(found.txts, map(float, found.scores), strict=True))

    def _turn(
        self, boxes: Sequence[Any], crops: Sequence[Pixels]
    ) -> tuple[int, dict[int, tuple[str, float]]]:
        """How many quarters to the left the picture must be turned, and what was read over it."""
        import numpy as np

        sizes = [np.ptp(box, axis=0) for box in boxes]
        tall = [height >= _TALL * width for width, height in sizes]
        length = [float(max(size)) for size in sizes]
        sideways = 2 * sum(long for long, up in zip(length, tall, strict=True) if up) > sum(length)
        alike = [number for number in range(len(boxes)) if tall[number] == sideways]
        sample = sorted(alike, key=lambda number: -length[number])[:_SAMPLE]
        as_is = self._texts([crops[number] for number in sample])
        if _quality(as_is) >= _SURE or not sample:
            columns = sideways and self._are_columns([crops[number] for number in sample], as_is)
            return int(sideways and not columns), dict(zip(sample, as_is, strict=True))
        flipped = self._texts([np.rot90(crops[number], 2) for number in sample])
        if _quality(flipped) >= max(_quality(as_is), MIN_SCORE):
            return 3 if sideways else 2, {}
        return 0, dict(zip(sample, as_is, strict=True))

    def _are_columns(self, crops: Sequence[Pixels], texts: Sequence[tuple[str, float]]) -> bool:
        """Whether tall boxes hold characters that stand upright, one below the other.

        Only Chinese, Japanese and Korean are written so. The network reads their lines in both
        positions; so single characters are held up to it in both.
        """
        import numpy as np

        letters = "".join(text for text, _ in texts)
        if 2 * len(_CJK.findall(letters)) < len(letters):
            return False
        cells = [
            crop[:, start : start + crop.shape[0]]
            for crop in crops
            for start in range(0, crop.shape[1] - crop.shape[0], crop.shape[0])
        ][: 2 * _SAMPLE]
        upright = self._texts([np.ascontiguousarray(np.rot90(cell, 3)) for cell in cells])
        return _quality(upright) > _quality(self._texts(cells))


def _quality(texts: Sequence[tuple[str, float]]) -> float:
    """The mean score of the lines' characters, 0 for no text."""
    letters = sum(len(text) for text, _ in texts)
    return sum(score * len(text) for text, score in texts) / letters if letters else 0.0


def _straightened(boxes: Sequence[Any]) -> list[Any]:
    """The boxes of a scan that lies a little askew, turned so that their lines are level."""
    import numpy as np

    along = [box[1] - box[0] for box in boxes if np.ptp(box[:, 0]) > 3 * np.ptp(box[:, 1])]
    if not along:
        return list(boxes)
    angle = np.median([np.arctan2(y, x) for x, y in along])
    sine, cosine = np.sin(angle), np.cos(angle)
    return [box @ np.array([[cosine, -sine], [sine, cosine]]) for box in boxes]


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Where the models find no memory, a MemoryError like everybody else's."""
    import cv2
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

    try:
        yield
    except (ONNXRuntimeError, cv2.error) as error:
        if "alloc" in str(error) or "memory" in str(error):
            raise MemoryError from error
        raise


def _session(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False  # pictures differ in size, and the arena never shrinks
    options.intra_op_num_threads = min(max(1, get_settings().threads), _MOST_THREADS)
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
