"""What goes wrong with questions, in one line each (the tree is in models.errors)."""

from models.errors import KvasirError


class QuestionError(KvasirError):
    """A question that cannot be asked: empty, or longer than can be read."""
