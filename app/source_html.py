"""The picture of a page as HTML: the marked words as boxes over it, and how they come into sight.

Nothing here is a document's text; the picture is data. It does not know Streamlit.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from app.markup import escaped
from ingest import PageImage

Box = tuple[float, float, float, float]

# The only script here, and a constant but for a number: brings the first marked words into sight,
# at once and when the page is looked at closer.
_SEEK = """<script>
(() => {
  const look = NUMBER;
  let left = 40;
  const seek = () => {
    const panel = document.querySelector('.st-key-source');
    const room = panel && panel.querySelector('.kv-page, .kv-sheet');
    let marks = room ? [...room.querySelectorAll('.cited')] : [];
    if (room && !marks.length) marks = [...room.querySelectorAll('.passage')];
    if (!marks.length || !marks[0].getClientRects().length) {
      if (left-- > 0) setTimeout(seek, 50);
      return;
    }
    const around = room.getBoundingClientRect(), spot = marks[0].getBoundingClientRect();
    const edge = Math.min(...marks.map((mark) => mark.getBoundingClientRect().left));
    room.scrollTop += spot.top - around.top - room.clientHeight / 3;
    room.scrollLeft += edge - around.left - 24;
    const closer = room.querySelector('.kv-closer');
    if (closer) closer.onchange = seek;
  };
  setTimeout(seek, 100);
})();
</script>"""


def seek(look: int) -> str:
    """The script for one look at a source; the browser runs it once for each number."""
    return _SEEK.replace("NUMBER", str(int(look)))


def paper(image: PageImage, boxes: Iterable[Box], kind: str, name: str, closer: str) -> str:
    """A page with boxes of a class over it, which a click or the space bar enlarges.

    `name` says what the picture shows, `closer` what the click does, to who does not see it.
    """
    data = base64.b64encode(image.data).decode("ascii")
    marks = "".join(f'<span class="kv-box {kind}" style="{_place(box)}"></span>' for box in boxes)
    return (
        '<label class="kv-sheet">'
        f'<input type="checkbox" class="kv-closer" aria-label="{escaped(closer)}">'
        f'<span class="kv-paper" style="aspect-ratio:{int(image.width)}/{int(image.height)}">'
        f'<img alt="{escaped(name)}" src="data:image/jpeg;base64,{data}">{marks}</span></label>'
    )


def _place(box: Box) -> str:
    left, top, right, bottom = (100 * share for share in box)
    return f"left:{left:.3f}%;top:{top:.3f}%;width:{right - left:.3f}%;height:{bottom - top:.3f}%"
