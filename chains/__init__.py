"""Retrieve, answer, cite: the public Python API."""

from chains.errors import QuestionError
from chains.rag import RagChain, rag_chain
from chains.retriever import LibraryRetriever

__all__ = ["LibraryRetriever", "QuestionError", "RagChain", "rag_chain"]
