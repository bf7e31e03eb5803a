"""LangChain's document loaders as sources of pages: the one place that knows langchain-community.

The package is archived upstream and pinned; formats that it reads from disk without further
packages, and that nothing here reads better, come through it.
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import DocumentError
from ingest.load.characters import clean, sane_title
from ingest.load.loaded import Loaded
from ingest.page import Page

if TYPE_CHECKING:
    from langchain_core.document_loaders import BaseLoader


def load_with(loader: "BaseLoader") -> Loaded:
    """What any LangChain loader loads, as one document: a page for each of its Documents.

    Page labels come from the Documents' metadata ("page_label", else "page", which counts from 0
    in LangChain). Raises DocumentError if there is no text; the loader's own exceptions pass.
    """
    documents = loader.load()
    pages = [
        Page(number, clean(document.page_content), _label(document.metadata))
        for number, document in enumerate(documents, start=1)
    ]
    if not any(page.text.strip() for page in pages):
        raise DocumentError(f"no text in what {type(loader).__name__} loaded")
    title = next((str(document.metadata.get("title") or "") for document in documents), "")
    return Loaded(tuple(pages), type(loader).__name__, sane_title(title))


def parse_conllu(path: Path) -> tuple[list[Page], str]:
    """One page with the running text of a CoNLL-U treebank."""
    with warnings.catch_warnings():
        # That the package is archived is known, and why it is pinned.
        warnings.filterwarnings("ignore", ".*langchain-community", DeprecationWarning)
        from langchain_community.document_loaders.conllu import CoNLLULoader
    try:
        return list(load_with(CoNLLULoader(path)).pages), ""
    except (UnicodeDecodeError, IndexError) as error:
        raise DocumentError(f"damaged: not readable as CoNLL-U ({error})") from error


def _label(metadata: dict[str, object]) -> str:
    label, page = metadata.get("page_label"), metadata.get("page")
    if label is not None:
        return str(label)
    return str(page + 1) if isinstance(page, int) else ""
