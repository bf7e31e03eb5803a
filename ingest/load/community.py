"""LangChain's document loaders as sources of pages: the one place that knows langchain-community.

The package is archived upstream and pinned; formats that it reads from disk without further
packages, and that nothing here reads better, come through it.
"""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import DocumentError
from ingest.files import hash_bytes
from ingest.load.characters import clean, one_line, sane_title
from ingest.load.loaded import Loaded
from ingest.page import Page

if TYPE_CHECKING:
    from langchain_core.document_loaders import BaseLoader
    from langchain_core.documents import Document


def load_each(loader: "BaseLoader") -> Iterator[tuple[str, str, Loaded]]:
    """What any LangChain loader loads, by source: the source, a hash of its content, its pages.

    A page for each of its Documents, in order. Page labels come from the Documents' metadata
    ("page_label", else "page", which counts from 0 in LangChain). The loader's own exceptions
    pass.
    """
    by_source: dict[str, list[Document]] = {}
    for document in loader.lazy_load():
        source = str(document.metadata.get("source") or type(loader).__name__)
        by_source.setdefault(source, []).append(document)
    for source, documents in by_source.items():
        loaded = _loaded(documents, loader, source)
        content = "\0".join(
            [loaded.title, *(f"{page.label}\0{page.text}" for page in loaded.pages)]
        )
        yield source, hash_bytes(content.encode("utf-8", "surrogatepass")), loaded


def load_with(loader: "BaseLoader") -> Loaded:
    """All that a loader loads as one document. Raises DocumentError if there is no text."""
    loaded = _loaded(loader.load(), loader, "")
    if not any(page.text.strip() for page in loaded.pages):
        raise DocumentError(f"no text in what {type(loader).__name__} loaded")
    return loaded


def _loaded(documents: Sequence["Document"], loader: "BaseLoader", source: str) -> Loaded:
    pages = [
        Page(number, clean(document.page_content), _label(document.metadata))
        for number, document in enumerate(documents, start=1)
    ]
    titles = (sane_title(str(document.metadata.get("title") or "")) for document in documents)
    title = next(filter(None, titles), "") or one_line(Path(source).name)
    return Loaded(tuple(pages), type(loader).__name__, title)


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
