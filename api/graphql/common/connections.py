"""Pages by the connections of Relay: edges with opaque cursors, from any question that can answer a stretch."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import strawberry

from api.graphql.common.errors import bad_input
from api.graphql.common.limits import MOST_ON_A_PAGE, PAGE

T = TypeVar("T")


@strawberry.type(description="Where a page begins and ends.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows: ask again with `after: endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether something was asked to be left out before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item.")


@strawberry.type(description="An item with its place.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Its place; opaque.")


@strawberry.type(description="A page.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items of the page, each with its place.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


class Placed(NamedTuple, Generic[T]):
    """What stands behind an `Edge`: its cursor is only written when somebody asks for it. A tuple, since an answer has a thousand of them."""

    node: T
    place: tuple[object, ...]

    @property
    def cursor(self) -> str:
        """The place, opaque."""
        return cursor(*self.place)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What stands behind a `Connection`."""

    edges: Sequence[Placed[T]]
    has_next_page: bool
    has_previous_page: bool
    total_count: int = 0

    @property
    def page_info(self) -> "Page[T]":
        """The page itself answers for its `PageInfo`."""
        return self

    @property
    def start_cursor(self) -> str | None:
        """Cursor of the first item."""
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        """Cursor of the last item."""
        return self.edges[-1].cursor if self.edges else None


def page(found: Sequence[T], place: Callable[[T], tuple[object, ...]], first: int, after: object, *, total: int = 0) -> Page[T]:
    """Make a page of what was found; one item more than asked for says that more follows."""
    return Page([Placed(item, place(item)) for item in found[:first]], len(found) > first, after is not None, total)


def page_size(first: int | None) -> int:
    """
    Return how many items are asked for.

    Raises: GraphQLError for none, and for more than a hundred.
    """
    if first is None:
        return PAGE
    if first > MOST_ON_A_PAGE:
        raise bad_input(f"first: {first} is refused: it cannot be higher than {MOST_ON_A_PAGE}. Ask for the next page with after.")
    if first < 1:
        raise bad_input(f"first: {first} is refused: it must be 1 or more.")
    return first


# -- Cursors ------------------------------------------------------------------------


def cursor(*place: object) -> str:
    """Write a place so that nobody is tempted to count with it."""
    return urlsafe_b64encode("/".join(map(str, place)).encode()).decode().rstrip("=")


def place_of(text: str, kind: str, parts: int) -> tuple[str, ...]:
    """
    Read a cursor of a kind.

    Raises: GraphQLError for any other text.
    """
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("/")
    except ValueError:
        found = []
    if len(found) != parts + 1 or found[0] != kind:
        raise bad_input(f"after: {text!r} is no cursor of this list. Take endCursor of the page before, as it is.")
    return tuple(found[1:])


def number_of(text: str | None, kind: str) -> int:
    """
    Read a cursor that is a number; 0 for none.

    Raises: GraphQLError for any other text.
    """
    if text is None:
        return 0
    (number,) = place_of(text, kind, 1)
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise bad_input(f"after: {text!r} is no cursor of this list. Take endCursor of the page before, as it is.")
    return int(number)
