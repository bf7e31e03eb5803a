"""The side of the worker that draws pages of PDFs, in a process of its own as parsers are.

Run as `python -m ingest.load.image_child BYTES`; see `ingest.load.child`.
"""

from functools import partial
from pathlib import Path
from typing import IO, Any

from ingest.load.child import Done, Request, serve
from ingest.load.drawn import PageImage
from ingest.load.frame import write_bytes, write_message
from ingest.load.pdf_image import draw


def _work(request: Request, _: IO[bytes]) -> Done:
    spans = [(int(start), int(end)) for start, end in request["spans"]]
    image = draw(Path(request["path"]), request["page"], request["text"], spans)
    return partial(_write, image)


def _write(image: PageImage, answers: IO[bytes]) -> None:
    facts: dict[str, Any] = {
        "width": image.width,
        "height": image.height,
        "pages": image.pages,
        "boxes": image.boxes,
    }
    write_message(answers, facts)
    write_bytes(answers, image.data)


if __name__ == "__main__":
    serve(_work)
