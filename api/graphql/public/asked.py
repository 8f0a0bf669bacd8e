"""What the public asked for, in the terms of `projections.public.questions`."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Any

import strawberry

from api.graphql.common.connections import Page, page, place_of
from api.graphql.common.errors import bad_input
from projections.public.questions import Change, Filters, Listed, Place, PublicQuestions, When

LONGEST_SEARCH = 200
LIST_ID = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
NOW = When()
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
FIELDS = tuple(field.name for field in fields(Listed))


class Histories:
    """The histories shown in one answer: those of a page of entries are asked for together, as soon as the first of them is."""

    def __init__(self, questions: PublicQuestions) -> None:
        self._questions = questions
        self._pages: dict[When, dict[str, list[str]]] = {}
        self._told: dict[When, dict[str, tuple[Change, ...]]] = {}

    def expect(self, list_ids: list[str], when: When) -> None:
        """Note that entries stand on one page, so that whoever asks for the history of one may ask for all."""
        self._pages.setdefault(when, {}).update(dict.fromkeys(list_ids, list_ids))

    def of(self, list_id: str, when: When) -> tuple[Change, ...]:
        """Return the history of an entry."""
        told = self._told.setdefault(when, {})
        if list_id not in told:
            page = self._pages.get(when, {}).get(list_id, [list_id])
            told.update(self._questions.histories(page, when))
        return told[list_id]


LogFiles = Callable[[str], bytes | None]
"""The files of the public log by their path under `/log/`; None for what is not published."""


def no_log(_path: str) -> None:
    """Stand for the log of a register that keeps none: one in memory."""


class PublicContext:
    """What the resolvers of the public schema may know, for one request."""

    __slots__ = ("_log", "histories", "log_asked", "questions", "today")

    def __init__(self, questions: PublicQuestions, today: Callable[[], date], log: LogFiles = no_log) -> None:
        self.questions = questions
        self.today = today
        self.histories = Histories(questions)
        self._log = log
        self.log_asked = False
        """Whether the answer depends on the log, which goes on while the list stands still."""

    def logged(self, path: str) -> str | None:
        """Return a text of the public log, None while it is not published."""
        self.log_asked = True
        found = self._log(path)
        return None if found is None else found.decode()


Info = strawberry.Info[PublicContext, None]


@dataclass(frozen=True, slots=True)
class ListedThen(Listed):
    """An entry as it stood at another pair of times, so that its history is that of the same pair."""

    when: When = When()


def when_of(entry: Any) -> When:
    """Return the pair of times at which an entry was asked for."""
    return entry.when if isinstance(entry, ListedThen) else NOW


def as_then(entries: tuple[Listed, ...], when: When) -> tuple[Listed, ...]:
    """Let entries remember the pair of times they were asked for."""
    said = attrgetter(*FIELDS)
    return entries if when == NOW else tuple(ListedThen(**dict(zip(FIELDS, said(entry), strict=True)), when=when) for entry in entries)


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
# The list is paged in the order of listing, and a cursor holds the place of its entry there. That never changes, so a page goes on where the last
# one ended even if the list changed meanwhile, and the entry of the cursor with it.


def list_page(context: PublicContext, when: When, filters: Filters, size: int, after: str | None) -> Page[Listed]:
    """Return a page of the list after a cursor, without gap or repetition even if the list changed meanwhile."""
    listing = context.questions.list_at(when, filters, first=size + 1, after=_read(after))
    context.histories.expect([entry.list_id for entry in listing.entries[:size]], when)
    return page(as_then(listing.entries, when), _place, size, after, total=listing.total)


def _place(entry: Listed) -> tuple[object, ...]:
    return ("entry", entry.listed_on, entry.list_id)


def _read(after: str | None) -> Place | None:
    if after is None:
        return None
    day, number = place_of(after, "entry", 2)
    try:
        if LIST_ID.fullmatch(number):
            return date.fromisoformat(day), int(number)
    except ValueError:
        pass
    raise bad_input(f"after: {after!r} is no cursor of this list. Take endCursor of the page before, as it is.")
