"""The drawer beside the chat that shows a passage on its page, the cited words marked."""

from __future__ import annotations

import streamlit as st

from app.markup import escaped, label, marked
from app.opened import Opened, place_of, view
from app.texts import Texts
from ingest import Library

# The only script here, and a constant: brings the first marked words into sight.
_SCROLL = """<script>
(() => {
  let left = 40;
  const seek = () => {
    const pages = document.querySelectorAll('.kv-page');
    const page = pages[pages.length - 1];
    const mark = page && (page.querySelector('mark.cited') || page.querySelector('mark'));
    if (mark && mark.getClientRects().length) mark.scrollIntoView({block: 'center'});
    else if (left-- > 0) setTimeout(seek, 50);
  };
  setTimeout(seek, 250);
})();
</script>"""


def show_passage(opened: Opened, library: Library, texts: Texts) -> None:
    """Open the drawer. It may be closed at any time, without a run of the page."""

    def body() -> None:
        seen = view(opened, library)
        place = [place_of(opened.label, texts), opened.source]
        lines = [" · ".join(escaped(part) for part in place if part)]
        if opened.headings:
            lines.append(texts.in_section.format(headings=escaped(" › ".join(opened.headings))))
        st.html("".join(f'<div class="kv-meta">{line}</div>' for line in lines))
        if not seen.current:
            st.info(texts.changed, icon=":material/history:")
        spans = [(*seen.passage, "passage"), *((a, b, "cited") for a, b in seen.marks)]
        st.html(f'<div class="kv-page" tabindex="0">{marked(seen.text, spans)}</div>')
        st.html(f'<div class="kv-meta">{texts.cited_here} {texts.whole_page}</div>')
        st.html(_SCROLL, unsafe_allow_javascript=True)

    st.dialog(label(opened.title), width="medium", position="right")(body)()
