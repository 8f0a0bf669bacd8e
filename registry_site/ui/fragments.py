"""Parts of a page that are the same on many: rendered once, and put in as they are."""

from collections.abc import Callable, Hashable

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

MOST_KEPT = 2_048
"""Parts kept in a language, of a few kilobytes each."""


class Fragments(Extension):
    """
    `{% kept key, … %}…{% endkept %}`: what stands between is rendered once for each value of its keys.

    The keys name everything that it depends on beside the language. Nothing about a visitor is ever one.
    """

    tags = {"kept"}  # noqa: RUF012 - as the base class has it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._kept: dict[Hashable, Markup] = {}

    def parse(self, parser: Parser) -> nodes.Node:
        """Read the tag."""
        line = next(parser.stream).lineno
        keys = parser.parse_tuple(with_condexpr=False)
        body = parser.parse_statements(("name:endkept",), drop_needle=True)
        place = nodes.Const(f"{parser.name}:{line}")
        return nodes.CallBlock(self.call_method("_part", [place, keys]), [], [], body).set_lineno(line)

    def _part(self, place: str, keys: Hashable, caller: Callable[[], Markup]) -> Markup:
        key = (place, keys)
        if (found := self._kept.get(key)) is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept = {}  # a new one: other threads may still read the old
            self._kept[key] = found = caller()
        return found
