"""The answers to what the public may ask, from the public read store alone."""

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import Connection, Select, select

from domain import public
from projections.public.changes import CHANGE, counted
from projections.public.estimates import Estimates, number_shown, shown_in
from projections.public.figures import figures_at
from projections.public.page_questions import Figures
from projections.public.published_list import LISTED
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
from projections.public.statements import (
    COUNTRIES,
    DEMONSTRATION,
    LENGTH,
    STATE,
    Values,
    changes_of,
    counts_told,
    entries_at,
    history_at,
    length_of_list,
    page_of_list,
    values_of,
    values_of_list,
)
from projections.public.tables import about, law
from projections.store import ReadStore, upsert, words_of

# Rows are read back from the JSON they carry; the same bytes are the same frozen answer, whichever day or page asks for them.
read_listed = lru_cache(maxsize=4_096)(LISTED.validate_json)
read_change = lru_cache(maxsize=4_096)(CHANGE.validate_json)
MOST_KEPT = 2_048
"""Counts kept in memory; a few dozen bytes each."""
T = TypeVar("T")


class PublicList:
    """Answers `projections.public.page_questions.PageQuestions`, and with them every `PublicQuestions`."""

    def __init__(self, store: ReadStore) -> None:
        self.store = store
        self._kept: dict[Hashable, object] = {}

    def state(self) -> PublicState:
        """Return where the public sequence stands."""
        with self.store.reading() as rows:
            row = rows.execute(STATE).first()
            demonstration = rows.execute(DEMONSTRATION).scalar() == "yes"
            imported = number_shown(rows)
        return PublicState(row.length if row else 0, date.fromordinal(row.day) if row else None, demonstration, imported)

    def estimates(self) -> Estimates | None:
        """Return the published estimates of others, as they were imported last."""
        with self.store.reading() as rows:
            return shown_in(rows)

    def list_at(self, when: When, filters: Filters, *, first: int = 100, offset: int = 0, after: Place | None = None) -> Listing:
        """Return the list at a pair of times."""
        values = {**values_of_list(when, filters, after), "first": first, "offset": offset}
        with self.store.reading() as rows:
            listed = tuple(map(read_listed, rows.execute(page_of_list(when, filters, after), values).scalars().all()))
            told = counted(rows, counts_told(when.valid_at is not None, when.known_at is not None), values)
            total = standing = told["PUBLISHED"] - told["REMOVED"]
            if any(asked := (*words_of(filters.search), filters.ground, filters.country, filters.include_removed)):
                total = self._once(_length(rows), (when, asked), lambda: int(rows.execute(length_of_list(when, filters), values).scalar_one()))
        return Listing(listed, total, standing)

    def entry(self, list_id: str, when: When) -> Listed | None:
        """Return one entry at a pair of times."""
        with self.store.reading() as rows:
            body = rows.execute(entries_at(when), {"list_id": list_id, **values_of(when)}).scalar()
        return read_listed(body) if body else None

    def entries(self, list_ids: Sequence[str], when: When) -> dict[str, Listed]:
        """Return several entries at a pair of times, in one question to the store."""
        with self.store.reading() as rows:
            found = rows.execute(entries_at(when, several=True), {"list_ids": list_ids, **values_of(when)}).scalars().all()
        return {listed.list_id: listed for listed in map(read_listed, found)}

    def figures(self, when: When) -> Figures:
        """Return the list in numbers at a pair of times."""
        with self.store.reading() as rows:
            return self._once(_length(rows), (when, "figures"), lambda: figures_at(rows, when))

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        """Return an entry's public events in order."""
        return self._changes(history_at(when), {"list_id": list_id, **values_of(when)})

    def histories(self, list_ids: Sequence[str], when: When) -> dict[str, tuple[Change, ...]]:
        """Return the histories of several entries, in one question to the store."""
        found: dict[str, list[Change]] = {list_id: [] for list_id in list_ids}
        for change in self._changes(history_at(when, several=True), {"list_ids": [*found], **values_of(when)}):
            found[change.list_id].append(change)
        return {list_id: tuple(history) for list_id, history in found.items()}

    def changes(self, since: date | None, until: date | None, *, first: int = 100, after: int = 0, newest_first: bool = False) -> tuple[Change, ...]:
        """Return list events of some days, in order or newest first."""
        days = {"since": since.toordinal() if since else None, "day": until.toordinal() if until else None}
        query = changes_of(since is not None, until is not None, after > 0, newest_first)
        return self._changes(query, {**days, "after": after, "first": first})

    def count_changes(self, since: date | None, until: date | None) -> dict[Kind, int]:
        """Return how many list events of each kind fell on some days."""
        with self.store.reading() as rows:
            found = counted(rows, counts_told(until is not None, known=False), {"day": until.toordinal() if until else None})
            if since:
                found -= counted(rows, counts_told(valid=True, known=False), {"day": since.toordinal() - 1})
        return dict(+found)

    def _changes(self, query: Select[Any], values: Values) -> tuple[Change, ...]:
        with self.store.reading() as rows:
            return tuple(map(read_change, rows.execute(query, values).scalars().all()))

    def countries(self) -> tuple[str, ...]:
        """Return the provider countries that ever stood on the list."""
        with self.store.reading() as rows:
            return self._once(_length(rows), "countries", lambda: tuple(rows.execute(COUNTRIES).scalars()))

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


def _length(rows: Connection) -> int:
    return int(rows.execute(LENGTH).scalar() or 0)


def _threshold(body: dict[str, Any]) -> Threshold:
    fact = public.ThresholdAmended.model_validate(body)
    return Threshold(fact.threshold_version, fact.value_flop, fact.oj_ref, fact.published_on, fact.applies_from)


def _calendar(body: dict[str, Any]) -> HolidayCalendar:
    fact = public.HolidayCalendarPublished.model_validate(body)
    return HolidayCalendar(fact.calendar_version, fact.year, fact.days, fact.unverified_days, fact.source)
