"""What goes wrong with lessons, in one line each (the tree is in models.errors)."""

from models.errors import KvasirError


class LessonError(KvasirError):
    """A file of questions and answers that cannot be read, or that teaches nothing."""
