"""The questions of the public side, answered from a few list events in memory: honest enough to test pages with, and nothing more."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from domain.law.periods import BRUSSELS, legal_day
from projections.public.estimates import Estimates
from projections.public.page_questions import Figures
from projections.public.questions import (
    Change,
    FieldChange,
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

ENTRY = Listed(
    list_id="SR-0001",
    listed_on=date(2026, 3, 2),
    updated_on=None,
    removed_on=None,
    public_reason=None,
    marketed_names=("Aurelia 3",),
    provider_name="Borealis Compute SE",
    provider_name_digest=None,
    provider_country="DE",
    representative_name=None,
    public_grounds=("51(1)(a)",),
    decision_ref=None,
    decision_date=None,
    note=None,
    note_ref=None,
    note_on=None,
    changed_on=date(2026, 3, 2),
)
THRESHOLD = Threshold(1, Decimal(10) ** 25, "Regulation (EU) 2024/1689, Article 51(2)", date(2024, 7, 12), date(2025, 8, 2))
CALENDAR = HolidayCalendar(1, 2026, (date(2026, 1, 1), date(2026, 4, 2), date(2026, 5, 1)), (date(2026, 4, 2),), "derived")


@dataclass(frozen=True)
class Happened:
    """One list event: what the entry said afterwards. `known_on` differs from `on` where it was recorded later."""

    kind: Kind
    on: date
    entry: Listed
    fields: tuple[FieldChange, ...] = ()
    known_on: date | None = None


def added(list_id: str, on: date, **fields: Any) -> Happened:
    """Put an entry on the list."""
    return Happened("PUBLISHED", on, replace(ENTRY, list_id=list_id, listed_on=on, changed_on=on, **fields))


@dataclass
class PublishedInMemory:
    """Answers from events in the order of their recording."""

    events: tuple[Happened, ...] = ()
    thresholds: tuple[Threshold, ...] = (THRESHOLD,)
    calendars: tuple[HolidayCalendar, ...] = (CALENDAR,)
    demonstration: bool = True
    imported: Estimates | None = None

    def state(self) -> PublicState:
        return PublicState(len(self.events) + 3, max((each.on for each in self.events), default=None), self.demonstration)

    def _known(self, when: When) -> Iterator[tuple[int, Happened]]:
        for number, each in enumerate(self.events, 1):
            at = datetime.combine(each.known_on or each.on, time(10), tzinfo=BRUSSELS)
            if (when.known_at is None or at <= when.known_at) and (when.valid_at is None or each.on <= when.valid_at):
                yield number, each

    def list_at(self, when: When, filters: Filters, *, first: int = 100, offset: int = 0, after: Place | None = None) -> Listing:
        assert after is None, "pages are counted here"
        entries = {each.entry.list_id: each.entry for _, each in self._known(when)}
        on_list = [entry for entry in entries.values() if entry.removed_on is None]
        found = [entry for entry in (entries.values() if filters.include_removed else on_list) if _matches(entry, filters)]
        found.sort(key=lambda entry: _sort_key(entry, filters), reverse=filters.descending)
        return Listing(tuple(found[offset : offset + first]), len(found), len(on_list))

    def entry(self, list_id: str, when: When) -> Listed | None:
        return {each.entry.list_id: each.entry for _, each in self._known(when)}.get(list_id)

    def entries(self, list_ids: Sequence[str], when: When) -> dict[str, Listed]:
        found = {list_id: self.entry(list_id, when) for list_id in list_ids}
        return {list_id: entry for list_id, entry in found.items() if entry}

    def figures(self, when: When) -> Figures:
        entries = {each.entry.list_id: each.entry for _, each in self._known(when)}.values()
        on_list = [entry for entry in entries if entry.removed_on is None]
        kinds = Counter((each.on, each.kind) for _, each in self._known(when))
        days = sorted({day for day, kind in kinds if kind in ("PUBLISHED", "REMOVED")})
        return Figures(
            days=tuple((day, kinds[day, "PUBLISHED"], kinds[day, "REMOVED"]) for day in days),
            countries=tuple(Counter(entry.provider_country for entry in on_list).most_common()),
            grounds=tuple(Counter(ground for entry in on_list for ground in entry.public_grounds).most_common()),
            standing=tuple(Counter(entry.listed_on for entry in on_list).items()),
            gone=tuple((entry.listed_on, entry.removed_on, 1) for entry in entries if entry.removed_on),
        )

    def webhook_keys(self) -> tuple[str, ...]:
        return ()

    def estimates(self) -> Estimates | None:
        return self.imported

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        return self.histories((list_id,), when)[list_id]

    def histories(self, list_ids: Sequence[str], when: When) -> dict[str, tuple[Change, ...]]:
        told = tuple(_changes(self._known(when)))
        return {list_id: tuple(change for change in told if change.list_id == list_id) for list_id in list_ids}

    def changes(self, since: date | None, until: date | None, *, first: int = 100, after: int = 0, newest_first: bool = False) -> tuple[Change, ...]:
        inside = [change for change in _changes(self._known(When())) if (since or date.min) <= change.on <= (until or date.max)]
        found = [change for change in inside if change.number > after]
        return tuple(reversed(found) if newest_first else found)[:first]

    def count_changes(self, since: date | None, until: date | None) -> dict[Kind, int]:
        return dict(Counter(change.kind for change in self.changes(since, until, first=1_000_000)))

    def countries(self) -> tuple[str, ...]:
        return tuple(sorted({each.entry.provider_country for each in self.events}))

    def law(self, on: date) -> LawInForce:
        threshold = max((each for each in self.thresholds if each.applies_from <= on), key=lambda each: each.version, default=None)
        return LawInForce(on, threshold, 1 if on >= legal_day(datetime(2025, 8, 2, tzinfo=BRUSSELS)) else None, self.calendars)


def _changes(events: Iterable[tuple[int, Happened]]) -> Iterator[Change]:
    for number, each in events:
        entry = each.entry
        yield Change(
            number, each.kind, each.on, entry.list_id, entry.marketed_names, entry.provider_name, each.fields, entry.public_reason, number - 1
        )


def _matches(entry: Listed, filters: Filters) -> bool:
    words = " ".join((*entry.marketed_names, entry.provider_name or "")).casefold()
    return (
        filters.search.casefold() in words
        and (filters.ground is None or filters.ground in entry.public_grounds)
        and (filters.country is None or filters.country == entry.provider_country)
    )


def _sort_key(entry: Listed, filters: Filters) -> tuple[object, str]:
    keys = {"name": entry.marketed_names[0], "provider": entry.provider_name or "", "listed": entry.listed_on, "changed": entry.changed_on}
    return keys[filters.sort], entry.list_id
