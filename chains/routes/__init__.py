"""Questions of a kind of their own: summaries, counts and lists, comparisons, the library itself.

`route_of` recognises them by rule and without a model; whatever it does not take goes the chain's
usual way.
"""

from chains.routes.answering import answered
from chains.routes.recognise import route_of
from chains.routes.route import Errand, Outcome, Route
from chains.routes.shelf import Shelf

__all__ = ["Errand", "Outcome", "Route", "Shelf", "answered", "route_of"]
