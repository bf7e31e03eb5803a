"""The button above the chat's input that tells which documents may be used, and what it opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from app.choice import ALL, Choice, folder_names, folders_of
from app.desk import Desk
from app.document_row import matches, title_of
from app.markup import label
from app.texts import Texts
from ingest import Document, Library

OFFERED = 500  # documents; of more, a search brings the others


def choice_view(desk: Desk, library: Library) -> None:
    """The button, where there is anything to choose from.

    What it opens is always there: filled only when it opens, it would open where it has no room.
    """
    choice, texts = desk.conversation.choice, desk.texts
    documents = [each for each in library.documents() if each.status == "ok"]
    if not choice and not documents:
        return
    with (
        st.bottom,
        st.popover(
            _told(choice, documents, texts),
            icon=":material/library_books:",
            type="tertiary",
            key="choice",
        ),
    ):
        st.html(f'<div class="kv-meta">{texts.choice_help}</div>')
        _options(desk, choice, documents)
        if choice:
            st.button(
                texts.use_all,
                key="use-all",
                type="tertiary",
                icon=":material/undo:",
                on_click=desk.choose,
                args=(ALL,),
            )


def _told(choice: Choice, documents: Sequence[Document], texts: Texts) -> str:
    if not choice:
        return texts.all_documents
    left = [document for document in documents if choice.allows(document.source)]
    if not left:
        return f":orange[{texts.none_left}]"
    if len(left) == 1:
        title = title_of(left[0])
        return label(title if len(title) <= 40 else f"{title[:39]}…")
    return texts.some_documents.format(count=f"{len(left):,}")


def _options(desk: Desk, choice: Choice, documents: Sequence[Document]) -> None:
    texts, query = desk.texts, ""
    if len(documents) > OFFERED:
        query = st.text_input(
            texts.search_documents,
            key="find-choice",
            icon=":material/search:",
            placeholder=texts.search_documents,
            label_visibility="collapsed",
        )
    names = _names(choice, documents, query or "", texts)
    folders = {*choice.folders, *folders_of(documents)}
    # As it is now, whoever changed it: another tab may have.
    st.session_state["chosen"] = [*choice.folders, *choice.sources]

    def chosen() -> None:
        wanted = st.session_state["chosen"]
        sources = tuple(each for each in wanted if each not in folders)
        desk.choose(Choice(sources, tuple(each for each in wanted if each in folders)))

    st.multiselect(
        texts.choose_documents,
        list(names),
        format_func=lambda key: names.get(key, key),
        key="chosen",
        select_all=False,
        placeholder=texts.choose_documents,
        label_visibility="collapsed",
        on_change=chosen,
    )


def _names(
    choice: Choice, documents: Sequence[Document], query: str, texts: Texts
) -> dict[str, str]:
    """What can be chosen and what it is called, no two alike: folders, documents, what is gone."""
    counts = folders_of(documents)
    called = folder_names(counts)
    names = {
        folder: texts.folder_holds.format(folder=called[folder], count=f"{count:,}")
        for folder, count in counts.items()
    }
    known = {document.source: document for document in documents}
    found = [document for document in documents if matches(document, query)]
    kept = [known[source] for source in choice.sources if source in known]
    titles = {document.source: title_of(document) for document in [*found[:OFFERED], *kept]}
    twice = Counter(titles.values())
    names |= {
        source: f"{title} · {source}" if twice[title] > 1 else title
        for source, title in titles.items()
    }
    for folder in choice.folders:  # one that holds all by now is not offered otherwise
        count = sum(Choice(folders=(folder,)).allows(source) for source in known)
        if folder not in names and count:
            name = Choice(folders=(folder,)).told()
            names[folder] = texts.folder_holds.format(folder=name, count=f"{count:,}")
    for key in (*choice.folders, *choice.sources):
        if key not in names:
            gone = texts.is_gone.format(name=Choice((key,)).told())
            names[key] = texts.is_gone.format(name=key) if gone in names.values() else gone
    return names
