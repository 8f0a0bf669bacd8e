"""The answers to what the public may ask, from the public read store alone."""

from collections.abc import Callable, Hashable
from datetime import date
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, select

from domain import public
from projections.public.changes import CHANGE
from projections.public.published_list import LAST_DAY, LISTED
from projections.public.questions import (
    Change,
    Filters,
    HolidayCalendar,
    LawInForce,
    Listed,
    Listing,
    PublicState,
    Threshold,
    When,
)
from projections.public.tables import about, changes, entries, law, sequence
from projections.store import ALWAYS, ReadStore, microseconds, upsert, words_of

MOST_KEPT = 2_048
"""Counts kept in memory; a few dozen bytes each."""
T = TypeVar("T")
ORDER = {"name": entries.c.name, "provider": entries.c.provider, "listed": entries.c.listed_on, "changed": entries.c.changed_on}


class PublicList:
    """Answers `projections.public.questions.PublicQuestions`."""

    def __init__(self, store: ReadStore) -> None:
        self.store = store
        self._kept: dict[Hashable, object] = {}

    def state(self) -> PublicState:
        """Return where the public sequence stands."""
        with self.store.reading() as rows:
            row = rows.execute(select(sequence)).first()
            demonstration = rows.execute(select(about.c.value).where(about.c.name == "demonstration")).scalar() == "yes"
        return PublicState(row.length if row else 0, date.fromordinal(row.day) if row else None, demonstration)

    def list_at(self, when: When, filters: Filters, *, first: int = 100, offset: int = 0) -> Listing:
        """Return the list at a pair of times."""
        wanted = _wanted(when, filters)
        standing = and_(_at(when), entries.c.on_list)
        column = ORDER[filters.sort]
        order = (column.desc(), entries.c.number.desc()) if filters.descending else (column, entries.c.number)
        with self.store.reading() as rows:
            found = rows.execute(select(entries.c.body).where(wanted).order_by(*order).limit(first).offset(offset)).scalars()
            listed = tuple(LISTED.validate_json(body) for body in found)
            total = self._once(rows, (when, *_narrowing(filters)), lambda: _count(rows, wanted))
            return Listing(listed, total, self._once(rows, (when, *_narrowing(Filters())), lambda: _count(rows, standing)))

    def entry(self, list_id: str, when: When) -> Listed | None:
        """Return one entry at a pair of times."""
        with self.store.reading() as rows:
            body = rows.execute(select(entries.c.body).where(_at(when), entries.c.list_id == list_id)).scalar()
        return LISTED.validate_json(body) if body else None

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        """Return an entry's public events in order."""
        known = [changes.c.known_at <= microseconds(when.known_at)] if when.known_at else []
        return self._changes(changes.c.list_id == list_id, *known)

    def changes(self, since: date | None, until: date | None, *, first: int = 100, after: int = 0) -> tuple[Change, ...]:
        """Return list events of some days, in order."""
        days = [changes.c.on_day >= since.toordinal()] if since else []
        days += [changes.c.on_day <= until.toordinal()] if until else []
        return self._changes(changes.c.number > after, *days, first=first)

    def _changes(self, *conditions: ColumnElement[bool], first: int | None = None) -> tuple[Change, ...]:
        query = select(changes.c.body).where(*conditions).order_by(changes.c.number).limit(first)
        with self.store.reading() as rows:
            return tuple(CHANGE.validate_json(body) for body in rows.execute(query).scalars())

    def countries(self) -> tuple[str, ...]:
        """Return the provider countries that ever stood on the list."""
        query = select(entries.c.country).distinct().order_by(entries.c.country)
        with self.store.reading() as rows:
            return self._once(rows, "countries", lambda: tuple(rows.execute(query).scalars()))

    def law(self, on: date) -> LawInForce:
        """Return the law in force on a day."""
        with self.store.reading() as rows:
            published = [(row.topic, orjson.loads(row.body)) for row in rows.execute(select(law).order_by(law.c.number))]
        thresholds = [_threshold(body) for topic, body in published if topic == "ThresholdAmended"]
        annexes = [public.AnnexXIIIAmended.model_validate(body) for topic, body in published if topic == "AnnexXIIIAmended"]
        calendars = {c.year: c for topic, body in published if topic == "HolidayCalendarPublished" for c in [_calendar(body)]}
        threshold = max((t for t in thresholds if t.applies_from <= on), key=lambda t: (t.applies_from, t.version), default=None)
        annex = max((a.annex_xiii_version for a in annexes if a.applies_from <= on), default=None)
        return LawInForce(on, threshold, annex, tuple(calendars[year] for year in sorted(calendars)))

    def _once(self, rows: Connection, asked: Hashable, answer: Callable[[], T]) -> T:
        """Return an answer that grows dear with the list, worked out once for each length of the public sequence."""
        key = (_length(rows), asked)
        if key in (kept := self._kept):
            return cast("T", kept[key])
        if len(kept) >= MOST_KEPT:
            self._kept = {}  # a new one: other threads may still read the old
        self._kept[key] = found = answer()
        return found

    def note(self, name: str, value: str) -> None:
        """Keep what the register says of itself."""
        with self.store.engine.begin() as rows:
            upsert(rows, about, [{"name": name, "value": value}])


def _at(when: When) -> ColumnElement[bool]:
    """Return the rectangles that hold a pair of times. Now is the last known, and today is every day from the last change on."""
    known = entries.c.known_to == ALWAYS
    if when.known_at is not None:
        moment = microseconds(when.known_at)
        known = and_(entries.c.known_from <= moment, entries.c.known_to > moment)
    valid = entries.c.valid_to == LAST_DAY
    if when.valid_at is not None:
        day = min(when.valid_at.toordinal(), LAST_DAY - 1)
        # What stands on a day was listed by then: this goes without saying, and lets an index begin there.
        valid = and_(entries.c.valid_from <= day, entries.c.valid_to > day, entries.c.listed_on <= day)
    return and_(known, valid)


def _wanted(when: When, filters: Filters) -> ColumnElement[bool]:
    conditions: list[Any] = [_at(when)]
    if not filters.include_removed:
        conditions.append(entries.c.on_list)
    if filters.ground:
        conditions.append((" " + entries.c.grounds + " ").contains(f" {filters.ground} ", autoescape=True))
    if filters.country:
        conditions.append(entries.c.country == filters.country)
    conditions += [entries.c.words.contains(word, autoescape=True) for word in words_of(filters.search)]
    return and_(*conditions)


def _narrowing(filters: Filters) -> tuple[object, ...]:
    return (filters.search, filters.ground, filters.country, filters.include_removed)


def _length(rows: Connection) -> int:
    return int(rows.execute(select(sequence.c.length)).scalar() or 0)


def _count(rows: Connection, condition: ColumnElement[bool]) -> int:
    return int(rows.execute(select(func.count()).select_from(entries).where(condition)).scalar_one())


def _threshold(body: dict[str, Any]) -> Threshold:
    fact = public.ThresholdAmended.model_validate(body)
    return Threshold(fact.threshold_version, fact.value_flop, fact.oj_ref, fact.published_on, fact.applies_from)


def _calendar(body: dict[str, Any]) -> HolidayCalendar:
    fact = public.HolidayCalendarPublished.model_validate(body)
    return HolidayCalendar(fact.calendar_version, fact.year, fact.days, fact.unverified_days, fact.source)
