"""Every word of the interface, once per language: the words are in texts_en and texts_zh.

It does not know Streamlit. A field in braces is filled in with `str.format`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Tongue = Literal["en", "zh"]
TONGUES: tuple[Tongue, ...] = get_args(Tongue)
NAMES: dict[Tongue, str] = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The interface in one language. Each language fills in every field."""

    # the frame
    tagline: str
    chat: str
    documents: str
    engine: str
    quality: str
    language: str
    new_chat: str
    library_counts: str
    library_empty: str

    # signing in
    sign_in: str
    sign_in_with: str
    sign_in_help: str
    sign_out: str

    # an empty chat
    hello: str
    hello_library: str
    hello_empty: str
    try_one: str
    suggestions: tuple[str, ...]
    add_samples: str
    add_samples_help: str

    # asking and answering
    ask: str
    searching: str
    changing_model: str
    waiting: str
    starting: str
    reading: str
    reading_reused: str
    writing: str
    stop: str
    stopped: str
    stopped_silent: str
    evidence: str
    no_words: str

    # which documents may be used
    all_documents: str
    some_documents: str
    none_left: str
    choice_help: str
    choose_documents: str
    folder_holds: str
    is_gone: str
    use_all: str
    limited_to: str

    # below an answer
    nothing_cited: str
    nearest: str
    grounded: str
    quoted: str
    unsupported: str
    flag_nowhere: str
    flag_elsewhere: str
    flag_instead: str
    flag_contrary: str
    unsupported_legend: str
    open_passage: str
    reused: str
    first_word: str
    speed: str

    # a passage
    page: str
    in_section: str
    cited_here: str
    whole_page: str
    changed: str
    close_source: str
    source_view: str
    as_page: str
    as_text: str
    page_before: str
    page_after: str
    page_of: str
    drawing_page: str
    closer: str
    closer_help: str
    no_boxes: str
    file_gone: str
    file_changed: str
    no_picture: str

    # files
    uploading: str
    upload: str
    upload_help: str
    choose: str
    choose_folder: str
    by_file: str
    by_folder: str
    drop: str
    passed_over: str
    files_ended: str
    queued: str
    reading_file: str
    embedding_file: str
    indexing_file: str
    waiting_library: str
    added: str
    updated: str
    unchanged: str
    failed: str
    not_read: str
    files_done: str

    # the documents page
    documents_lead: str
    search_documents: str
    only_failed: str
    no_documents: str
    no_match: str
    shown: str
    more: str
    pages_one: str
    pages_many: str
    chunks_one: str
    chunks_many: str
    added_on: str
    from_chat: str
    remove: str
    remove_question: str
    remove_explained: str
    remove_confirm: str
    cancel: str
    removed: str
    status_documents: str
    status_failed: str
    status_pages: str
    status_chunks: str
    status_size: str
    status_details: str

    # the conversations that are kept
    find_chat: str
    no_chats: str
    no_chat_found: str
    today: str
    yesterday: str
    this_week: str
    earlier: str
    chat_menu: str
    rename: str
    export: str
    save_as: str
    export_sources: str
    export_files: str
    delete_chat: str
    deleted_chat: str
    undo: str
    chat_gone: str
    not_kept: str

    # what can be done with an answer
    answer_again: str
    edit_question: str
    edit_replaces: str
    ask_edited: str
    edit_cancel: str
    feedback_why: str
    ask_next: str


def texts_for(tongue: Tongue) -> Texts:
    """The words of a language."""
    from app.texts_en import ENGLISH
    from app.texts_zh import CHINESE

    return CHINESE if tongue == "zh" else ENGLISH


def tongue_of(locale: str | None) -> Tongue:
    """The interface's language for a browser's locale such as "zh-CN"; English when unknown."""
    return "zh" if (locale or "").lower().replace("_", "-").split("-")[0] == "zh" else "en"
