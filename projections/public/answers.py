"""The answers to what the public may ask, from the public read store alone."""

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, select, tuple_

from domain import public
from domain.law.periods import legal_day
from projections.public.changes import CHANGE, counts_up_to
from projections.public.estimates import Estimates, number_shown, shown_in
from projections.public.figures import figures_at
from projections.public.page_questions import Figures
from projections.public.published_list import LAST_DAY, LISTED
from projections.public.questions import (
    Change,
    Filters,
    HolidayCalendar,
    Kind,
    LawInForce,
    Listed,
    Listing,
    Place,
    PublicState,
    Threshold,
    When,
)
from projections.public.tables import about, changes, entries, law, sequence
from projections.store import ALWAYS, ReadStore, microseconds, upsert, words_of

# Rows are read back from the JSON they carry; the same bytes are the same frozen answer, whichever day or page asks for them.
read_listed = lru_cache(maxsize=4_096)(LISTED.validate_json)
read_change = lru_cache(maxsize=4_096)(CHANGE.validate_json)
MOST_KEPT = 2_048
"""Counts kept in memory; a few dozen bytes each."""
T = TypeVar("T")
ORDER = {"name": entries.c.name, "provider": entries.c.provider, "listed": entries.c.listed_on, "changed": entries.c.changed_on}


class PublicList:
    """Answers `projections.public.page_questions.PageQuestions`, and with them every `PublicQuestions`."""

    def __init__(self, store: ReadStore) -> None:
        self.store = store
        self._kept: dict[Hashable, object] = {}

    def state(self) -> PublicState:
        """Return where the public sequence stands."""
        with self.store.reading() as rows:
            row = rows.execute(select(sequence)).first()
            demonstration = rows.execute(select(about.c.value).where(about.c.name == "demonstration")).scalar() == "yes"
            imported = number_shown(rows)
        return PublicState(row.length if row else 0, date.fromordinal(row.day) if row else None, demonstration, imported)

    def estimates(self) -> Estimates | None:
        """Return the published estimates of others, as they were imported last."""
        with self.store.reading() as rows:
            return shown_in(rows)

    def list_at(self, when: When, filters: Filters, *, first: int = 100, offset: int = 0, after: Place | None = None) -> Listing:
        """Return the list at a pair of times."""
        wanted = _wanted(when, filters)
        following = [wanted, _follows(after, filters)] if after else [wanted]
        column = ORDER[filters.sort]
        order = (column.desc(), entries.c.number.desc()) if filters.descending else (column, entries.c.number)
        with self.store.reading() as rows:
            found = rows.execute(select(entries.c.body).where(*following).order_by(*order).limit(first).offset(offset)).scalars().all()
            listed = tuple(map(read_listed, found))
            counts = counts_up_to(rows, *_numbers_told(when))
            standing = counts["PUBLISHED"] - counts["REMOVED"]
            total = standing
            if any(asked := (*words_of(filters.search), filters.ground, filters.country, filters.include_removed)):
                total = self._once(_length(rows), (when, asked), lambda: _count(rows, wanted))
        return Listing(listed, total, standing)

    def entry(self, list_id: str, when: When) -> Listed | None:
        """Return one entry at a pair of times."""
        with self.store.reading() as rows:
            body = rows.execute(select(entries.c.body).where(rectangles_at(when), entries.c.list_id == list_id)).scalar()
        return read_listed(body) if body else None

    def entries(self, list_ids: Sequence[str], when: When) -> dict[str, Listed]:
        """Return several entries at a pair of times, in one question to the store."""
        with self.store.reading() as rows:
            found = rows.execute(select(entries.c.body).where(rectangles_at(when), entries.c.list_id.in_(list_ids))).scalars().all()
        return {listed.list_id: listed for listed in map(read_listed, found)}

    def figures(self, when: When) -> Figures:
        """Return the list in numbers at a pair of times."""
        with self.store.reading() as rows:
            return self._once(_length(rows), (when, "figures"), lambda: figures_at(rows, rectangles_at(when), told_by(when)))

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        """Return an entry's public events in order."""
        return self._changes(changes.c.list_id == list_id, *told_by(when))

    def histories(self, list_ids: Sequence[str], when: When) -> dict[str, tuple[Change, ...]]:
        """Return the histories of several entries, in one question to the store."""
        found: dict[str, list[Change]] = {list_id: [] for list_id in list_ids}
        for change in self._changes(changes.c.list_id.in_(found), *told_by(when)):
            found[change.list_id].append(change)
        return {list_id: tuple(history) for list_id, history in found.items()}

    def changes(self, since: date | None, until: date | None, *, first: int = 100, after: int = 0, newest_first: bool = False) -> tuple[Change, ...]:
        """Return list events of some days, in order or newest first."""
        further = [changes.c.number > after] if after else []  # two limits from below would hide the better one from SQLite
        return self._changes(*further, *_numbers_of(since, until), first=first, newest_first=newest_first)

    def count_changes(self, since: date | None, until: date | None) -> dict[Kind, int]:
        """Return how many list events of each kind fell on some days."""
        with self.store.reading() as rows:
            found = counts_up_to(rows, *_numbers_of(None, until))
            if since:
                found -= counts_up_to(rows, *_up_to_day(since.toordinal() - 1))
        return dict(+found)

    def _changes(self, *conditions: ColumnElement[bool], first: int | None = None, newest_first: bool = False) -> tuple[Change, ...]:
        order = changes.c.number.desc() if newest_first else changes.c.number
        query = select(changes.c.body).where(*conditions).order_by(order).limit(first)
        with self.store.reading() as rows:
            return tuple(map(read_change, rows.execute(query).scalars().all()))

    def countries(self) -> tuple[str, ...]:
        """Return the provider countries that ever stood on the list."""
        query = select(entries.c.country).distinct().order_by(entries.c.country)
        with self.store.reading() as rows:
            return self._once(_length(rows), "countries", lambda: tuple(rows.execute(query).scalars()))

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

    def _once(self, length: int, asked: Hashable, answer: Callable[[], T]) -> T:
        """Return an answer that grows dear with the list, worked out once for each length of the public sequence."""
        key = (length, asked)
        if key in (kept := self._kept):
            return cast("T", kept[key])
        if len(kept) >= MOST_KEPT:
            self._kept = {}  # a new one: other threads may still read the old
        self._kept[key] = found = answer()
        return found

    def webhook_keys(self) -> tuple[str, ...]:
        """Return the keys that verify webhooks."""
        with self.store.reading() as rows:
            return tuple((rows.execute(select(about.c.value).where(about.c.name == "webhook_keys")).scalar() or "").split())

    def note(self, name: str, value: str) -> None:
        """Keep what the register says of itself."""
        with self.store.engine.begin() as rows:
            upsert(rows, about, [{"name": name, "value": value}])


def _numbers_of(since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    """Turn days into numbers, by which changes are read without sorting: both rise together, since the list is never dated back or ahead."""
    found: list[ColumnElement[bool]] = []
    if since:
        first = select(changes.c.number).where(changes.c.on_day >= since.toordinal()).order_by(changes.c.on_day, changes.c.number)
        found.append(changes.c.number >= first.limit(1).scalar_subquery())
    if until:
        found += _up_to_day(until.toordinal())
    return found


def _up_to_day(day: int) -> list[ColumnElement[bool]]:
    last = select(changes.c.number).where(changes.c.on_day <= day).order_by(changes.c.on_day.desc(), changes.c.number.desc())
    return [changes.c.number <= last.limit(1).scalar_subquery()]


def _numbers_told(when: When) -> list[ColumnElement[bool]]:
    """Turn a pair of times into numbers, as `_numbers_of` does with days."""
    found = _up_to_day(when.valid_at.toordinal()) if when.valid_at else []
    if when.known_at is not None:
        known = changes.c.known_at
        last = select(changes.c.number).where(known <= microseconds(when.known_at)).order_by(known.desc(), changes.c.number.desc())
        found.append(changes.c.number <= last.limit(1).scalar_subquery())
    return found


def rectangles_at(when: When) -> ColumnElement[bool]:
    """Return the rectangles that hold a pair of times. Now is the last known, and today is every day from the last change on."""
    known, valid, listed_by = entries.c.known_to == ALWAYS, entries.c.valid_to == LAST_DAY, LAST_DAY
    if when.known_at is not None:
        moment, listed_by = microseconds(when.known_at), legal_day(when.known_at).toordinal()
        known = and_(entries.c.known_from <= moment, entries.c.known_to > moment)
    if when.valid_at is not None:
        day = min(when.valid_at.toordinal(), LAST_DAY - 1)
        valid, listed_by = and_(entries.c.valid_from <= day, entries.c.valid_to > day), min(day, listed_by)
    if when == When():
        return and_(known, valid)
    # What stands on a day, or was known by one, was listed by then: it goes without saying, and lets an index begin at the earlier of both.
    return and_(known, valid, entries.c.listed_on <= listed_by)


def _wanted(when: When, filters: Filters) -> ColumnElement[bool]:
    conditions: list[Any] = [rectangles_at(when)]
    if not filters.include_removed:
        conditions.append(entries.c.on_list)
    if filters.ground:
        conditions.append((" " + entries.c.grounds + " ").contains(f" {filters.ground} ", autoescape=True))
    if filters.country:
        conditions.append(entries.c.country == filters.country)
    conditions += [entries.c.words.contains(word, autoescape=True) for word in words_of(filters.search)]
    return and_(*conditions)


def _follows(after: Place, filters: Filters) -> ColumnElement[bool]:
    if filters.sort != "listed":
        raise ValueError(f"a place in the order of listing says nothing in a list sorted by {filters.sort}")
    place, reached = tuple_(entries.c.listed_on, entries.c.number), tuple_(after[0].toordinal(), after[1])
    return place < reached if filters.descending else place > reached


def told_by(when: When) -> list[ColumnElement[bool]]:
    """Return which changes belong to a pair of times: those of the days up to one, as far as known by the other."""
    found: list[ColumnElement[bool]] = []
    if when.known_at is not None:
        found.append(changes.c.known_at <= microseconds(when.known_at))
    if when.valid_at is not None:
        found.append(changes.c.on_day <= when.valid_at.toordinal())
    return found


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
