"""Which route a question takes, if any. No model is asked; nothing is read for most questions."""

from chains.routes import compare, mentions, stock, summary, tabular
from chains.routes.route import Route
from chains.routes.shelf import Shelf

_LONGEST = 300  # characters: a longer question is no request of these kinds
_KINDS = (
    stock.route_of,
    tabular.route_of,
    mentions.route_of,
    compare.route_of,
    summary.route_of,
)


def route_of(question: str, shelf: Shelf) -> Route | None:
    """The route of a question about the documents on a shelf; None for an ordinary one.

    Where there are no documents, only what is asked of the library itself has one.
    """
    if len(question) > _LONGEST:
        return None
    route = next((found for found in (kind(question, shelf) for kind in _KINDS) if found), None)
    return route if route and (shelf.documents or route.name == stock.NAME) else None
