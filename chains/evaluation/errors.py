"""What goes wrong with evaluations, in one line each (the tree is in models.errors)."""

from models.errors import KvasirError


class EvaluationError(KvasirError):
    """A file of questions or a stored run that cannot be read or written."""
