"""Files to pages: one parser per family of formats, behind one function."""

from ingest.load.document import load
from ingest.load.formats import SUFFIXES
from ingest.load.loaded import Loaded
from ingest.load.worker import load_in_worker

__all__ = ["SUFFIXES", "Loaded", "load", "load_in_worker"]
