"""What pydantic says against data from a file, in a few words."""

from pydantic import ValidationError


def first_problem(error: ValidationError) -> str:
    """The first problem: which field, and what is wrong with it."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if not str(part).startswith("function-"))
    message = first["msg"].removeprefix("Value error, ").splitlines()[0]
    return f'"{place}": {message[:1].lower()}{message[1:]}' if place else message
