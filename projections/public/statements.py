"""
Questions to the public read store in SQL. What is asked about are their parameters.

Each is built once for its shape, since building one takes longer than asking it.
"""

from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Integer, Select, String, and_, bindparam, func, select, tuple_

from domain.law.periods import legal_day
from projections.public.changes import counts
from projections.public.published_list import LAST_DAY
from projections.public.questions import Filters, Place, Sort, When
from projections.public.tables import about, changes, entries, sequence
from projections.store import ALWAYS, microseconds, words_of

Values = dict[str, Any]
"""What is asked about, by the names of the parameters below."""
Number = BindParameter[int]
DAY: Number = bindparam("day", type_=Integer)
MOMENT: Number = bindparam("moment", type_=BigInteger)
LISTED_BY: Number = bindparam("listed_by", type_=Integer)
SINCE: Number = bindparam("since", type_=Integer)
AFTER_DAY: Number = bindparam("after_day", type_=Integer)
AFTER: Number = bindparam("after", type_=Integer)
FIRST: Number = bindparam("first", type_=Integer)
OFFSET: Number = bindparam("offset", type_=Integer)
LIST_ID: BindParameter[str] = bindparam("list_id", type_=String)
LIST_IDS: BindParameter[str] = bindparam("list_ids", type_=String, expanding=True)
ORDER = {"name": entries.c.name, "provider": entries.c.provider, "listed": entries.c.listed_on, "changed": entries.c.changed_on}

LENGTH = select(sequence.c.length)
STATE = select(sequence.c.length, sequence.c.day)
DEMONSTRATION = select(about.c.value).where(about.c.name == "demonstration")
COUNTRIES = select(entries.c.country).distinct().order_by(entries.c.country)


def values_of(when: When) -> Values:
    """Give the values of a pair of times."""
    found: Values = {}
    listed_by = LAST_DAY
    if when.known_at is not None:
        found["moment"], listed_by = microseconds(when.known_at), legal_day(when.known_at).toordinal()
    if when.valid_at is not None:
        found["day"] = min(when.valid_at.toordinal(), LAST_DAY - 1)
        listed_by = min(found["day"], listed_by)
    return {**found, "listed_by": listed_by} if found else found


# -- Rectangles of the list ------------------------------------------------------------


def rectangles_at(when: When) -> ColumnElement[bool]:
    """Ask for the rectangles that hold a pair of times. Now is the last known, and today is every day from the last change on."""
    return _rectangles(when.valid_at is not None, when.known_at is not None)


@cache
def _rectangles(valid: bool, known: bool) -> ColumnElement[bool]:
    known_then = and_(entries.c.known_from <= MOMENT, entries.c.known_to > MOMENT) if known else entries.c.known_to == ALWAYS
    valid_then = and_(entries.c.valid_from <= DAY, entries.c.valid_to > DAY) if valid else entries.c.valid_to == LAST_DAY
    if not (valid or known):
        return and_(known_then, valid_then)
    # What stands on a day, or was known by one, was listed by then: it goes without saying, and lets an index begin at the earlier of both.
    return and_(known_then, valid_then, entries.c.listed_on <= LISTED_BY)


class _Shape(NamedTuple):
    """What a question about a page of the list gives, whatever it gives."""

    valid: bool
    known: bool
    sort: Sort
    descending: bool
    include_removed: bool
    ground: bool
    country: bool
    words: int
    after: bool


def _shape(when: When, filters: Filters, after: Place | None = None) -> _Shape:
    return _Shape(
        when.valid_at is not None,
        when.known_at is not None,
        filters.sort,
        filters.descending,
        filters.include_removed,
        filters.ground is not None,
        filters.country is not None,
        len(words_of(filters.search)),
        after is not None,
    )


def values_of_list(when: When, filters: Filters, after: Place | None = None) -> Values:
    """Give the values of a question about the list."""
    words = {f"word{n}": _containing(word) for n, word in enumerate(words_of(filters.search))}
    place = {"after_day": after[0].toordinal(), "after": after[1]} if after else {}
    ground = {"ground": _containing(f" {filters.ground} ")} if filters.ground else {}
    return {**values_of(when), **words, **place, **ground, "country": filters.country}


def _containing(text: str) -> str:
    for special in "/%_":
        text = text.replace(special, f"/{special}")
    return f"%{text}%"


def page_of_list(when: When, filters: Filters, after: Place | None) -> Select[Any]:
    """
    Ask for a page of the list.

    Raises: ValueError for a place in the order of listing in a list that is sorted otherwise.
    """
    if after and filters.sort != "listed":
        raise ValueError(f"a place in the order of listing says nothing in a list sorted by {filters.sort}")
    return _page(_shape(when, filters, after))


def length_of_list(when: When, filters: Filters) -> Select[Any]:
    """Ask how many entries a list has on all of its pages."""
    return _length(_shape(when, filters))


@lru_cache(maxsize=512)
def _page(shape: _Shape) -> Select[Any]:
    column, number = ORDER[shape.sort], entries.c.number
    order = (column.desc(), number.desc()) if shape.descending else (column, number)
    query = select(entries.c.body).where(_wanted(shape)).order_by(*order).limit(FIRST).offset(OFFSET)
    if not shape.after:
        return query
    place, reached = tuple_(column, number), tuple_(AFTER_DAY, AFTER)
    return query.where(place < reached if shape.descending else place > reached)


@lru_cache(maxsize=512)
def _length(shape: _Shape) -> Select[Any]:
    return select(func.count()).select_from(entries).where(_wanted(shape))


def _wanted(shape: _Shape) -> ColumnElement[bool]:
    conditions: list[Any] = [_rectangles(shape.valid, shape.known)]
    if not shape.include_removed:
        conditions.append(entries.c.on_list)
    if shape.ground:
        conditions.append((" " + entries.c.grounds + " ").like(bindparam("ground"), escape="/"))
    if shape.country:
        conditions.append(entries.c.country == bindparam("country"))
    conditions += [entries.c.words.like(bindparam(f"word{n}"), escape="/") for n in range(shape.words)]
    return and_(*conditions)


@cache
def _entries(valid: bool, known: bool, several: bool) -> Select[Any]:
    those = entries.c.list_id.in_(LIST_IDS) if several else entries.c.list_id == LIST_ID
    return select(entries.c.body).where(_rectangles(valid, known), those)


def entries_at(when: When, *, several: bool = False) -> Select[Any]:
    """Ask for the entry `list_id` at a pair of times, or for several, `list_ids`."""
    return _entries(when.valid_at is not None, when.known_at is not None, several)


# -- Changes -----------------------------------------------------------------------------


def told_by(when: When) -> tuple[ColumnElement[bool], ...]:
    """Ask for the changes that belong to a pair of times: those of the days up to one, as far as known by the other."""
    return _told(when.valid_at is not None, when.known_at is not None)


@cache
def _told(valid: bool, known: bool) -> tuple[ColumnElement[bool], ...]:
    return (changes.c.known_at <= MOMENT,) * known + (changes.c.on_day <= DAY,) * valid


def history_at(when: When, *, several: bool = False) -> Select[Any]:
    """Ask for the changes of the entry `list_id` that belong to a pair of times, or for those of several, `list_ids`."""
    return _history(when.valid_at is not None, when.known_at is not None, several)


@cache
def _history(valid: bool, known: bool, several: bool) -> Select[Any]:
    those = changes.c.list_id.in_(LIST_IDS) if several else changes.c.list_id == LIST_ID
    return select(changes.c.body).where(those, *_told(valid, known)).order_by(changes.c.number)


@cache
def changes_of(since: bool, until: bool, after: bool, newest_first: bool) -> Select[Any]:
    """Ask for changes of the days from `since` to `day`, those numbered higher than `after`."""
    order = changes.c.number.desc() if newest_first else changes.c.number
    conditions = [changes.c.number > AFTER] if after else []  # two limits from below would hide the better one from SQLite
    if since:
        first = select(changes.c.number).where(changes.c.on_day >= SINCE).order_by(changes.c.on_day, changes.c.number)
        conditions.append(changes.c.number >= first.limit(1).scalar_subquery())
    return select(changes.c.body).where(*conditions, *_numbers(until, known=False)).order_by(order).limit(FIRST)


@cache
def counts_told(valid: bool, known: bool) -> Select[Any]:
    """Ask how many events of each kind the list had by a pair of times."""
    return counts(*_numbers(valid, known))


def _numbers(valid: bool, known: bool) -> list[ColumnElement[bool]]:
    """Turn times into numbers, by which changes are read without sorting: both rise together, since the list is never dated back or ahead."""
    return [_up_to(changes.c.on_day, DAY)] * valid + [_up_to(changes.c.known_at, MOMENT)] * known


def _up_to(time: ColumnElement[Any], given: ColumnElement[Any]) -> ColumnElement[bool]:
    last = select(changes.c.number).where(time <= given).order_by(time.desc(), changes.c.number.desc())
    return changes.c.number <= last.limit(1).scalar_subquery()
