"""What the public asked for, in the terms of `projections.public.questions`."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import strawberry

from api.graphql.common.connections import Page, Placed, place_of
from api.graphql.common.errors import bad_input
from projections.public.questions import Filters, Listed, PublicQuestions, When

LONGEST_SEARCH = 200
LIST_ID = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
EVERYTHING = 100_000


@dataclass(frozen=True, slots=True)
class PublicContext:
    """What the resolvers of the public schema may know."""

    questions: PublicQuestions
    today: Callable[[], date]


Info = strawberry.Info[PublicContext, None]


@dataclass(frozen=True, slots=True)
class ListedAsKnown(Listed):
    """An entry as it was known at an earlier instant, so that its history is that of the same instant."""

    known_at: datetime | None = None


def known_at_of(entry: Any) -> datetime | None:
    """Return the instant at which an entry was asked for; None means now."""
    return entry.known_at if isinstance(entry, ListedAsKnown) else None


def as_known(entry: Listed, when: When) -> Listed:
    """Let an entry remember the instant it was asked for."""
    if when.known_at is None:
        return entry
    return ListedAsKnown(**{field.name: getattr(entry, field.name) for field in fields(Listed)}, known_at=when.known_at)


def searched(text: str | None) -> str:
    """
    Return the words to search for.

    Raises: GraphQLError for more than two hundred characters, and for characters that no name has.
    """
    words = text or ""
    if len(words) > LONGEST_SEARCH or not words.isprintable():
        raise bad_input(f"search: write up to {LONGEST_SEARCH} characters, without line breaks and control characters.")
    return words


def country_asked(text: str | None) -> str | None:
    """
    Return the country asked for.

    Raises: GraphQLError for what is no code of a country.
    """
    if text and not COUNTRY.fullmatch(text):
        raise bad_input(f"country: {text!r} must be two capital letters (ISO 3166), for example FR.")
    return text or None


# -- Pages of the list --------------------------------------------------------------
# The list is paged in the order of listing. A cursor holds the number of entries before it, and the day and number of the entry itself: as long as
# nothing moved, the first is enough; when something did, the other two still tell what was seen.


def list_page(questions: PublicQuestions, when: When, filters: Filters, size: int, after: str | None) -> Page[Listed]:
    """Return a page of the list after a cursor, without gap or repetition even if the list changed meanwhile."""
    skipped, seen = _read(after)
    begin = max(skipped - 1, 0)
    listing = questions.list_at(when, filters, first=size + 1 + (skipped - begin), offset=begin)
    found = list(listing.entries)
    if seen is not None and not (found and _order(found[0]) == seen):
        begin, found = 0, list(questions.list_at(when, filters, first=EVERYTHING).entries)
    following = [(begin + n, entry) for n, entry in enumerate(found, 1) if seen is None or _order(entry) > seen]
    edges = [Placed(as_known(entry, when), ("entry", n, *_order(entry))) for n, entry in following[:size]]
    return Page(edges, len(following) > size, after is not None, listing.total)


def _order(entry: Listed) -> tuple[date, int]:
    return (entry.listed_on, int(entry.list_id))


def _read(after: str | None) -> tuple[int, tuple[date, int] | None]:
    if after is None:
        return 0, None
    skipped, day, number = place_of(after, "entry", 3)
    try:
        return min(max(int(skipped), 0), EVERYTHING), (date.fromisoformat(day), int(number))
    except ValueError:
        raise bad_input(f"after: {after!r} is no cursor of this list. Take endCursor of the page before, as it is.") from None
