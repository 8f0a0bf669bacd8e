"""Changes of the list in the order people want them: what changed since a day, and the newest first."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from projections.public.questions import Change, Kind, PublicQuestions, When

PER_PAGE = 100
MOST_TOLD = 10

KINDS: tuple[Kind, ...] = ("PUBLISHED", "UPDATED", "CORRECTED", "REMOVED")

DayGroup = tuple[date, tuple[Change, ...]]


@dataclass(frozen=True, slots=True)
class Since:
    """What changed after a day: how much of each kind, and the latest in full."""

    day: date
    counts: tuple[tuple[Kind, int], ...]
    told: tuple[Change, ...]
    total: int


def changes_since(questions: PublicQuestions, day: date) -> Since:
    """Count what changed after a day, and tell the latest."""
    following = day + timedelta(days=1)
    told = questions.changes(following, None, first=MOST_TOLD, newest_first=True)
    return _summed_up(day, questions.count_changes(following, None), told)


def entry_changes_since(questions: PublicQuestions, list_id: str, day: date) -> Since:
    """Tell what changed about one entry after a day."""
    found = [change for change in questions.history(list_id, When()) if change.on > day]
    return _summed_up(day, Counter(change.kind for change in found), tuple(reversed(found[-MOST_TOLD:])))


def _summed_up(day: date, counts: Mapping[Kind, int], told: tuple[Change, ...]) -> Since:
    return Since(day, tuple((kind, counts[kind]) for kind in KINDS if counts.get(kind)), told, sum(counts.values()))


@dataclass(frozen=True, slots=True)
class Window:
    """One page of changes, newest first, by the numbers of the changes it may hold."""

    changes: tuple[Change, ...]
    page: int
    last_page: int


def newest_first(questions: PublicQuestions, since: date | None, until: date | None, page: int) -> Window:
    """
    Give a page of changes, newest first.

    The questions answer oldest first, by dense numbers: the first and the last are found, and a page is a span of numbers between.
    """
    first, last = questions.changes(since, until, first=1), questions.changes(since, until, first=1, newest_first=True)
    if not first:
        return Window((), page, 1)
    lowest, highest = first[0].number - 1, last[0].number
    upper = highest - (page - 1) * PER_PAGE
    after = max(lowest, upper - PER_PAGE)
    found = questions.changes(since, until, first=PER_PAGE, after=after) if upper > lowest else ()
    return Window(tuple(change for change in reversed(found) if change.number <= upper), page, -(-(highest - lowest) // PER_PAGE))


def by_day(changes: Iterable[Change]) -> tuple[DayGroup, ...]:
    """Group neighbours of one day."""
    return tuple((day, tuple(group)) for day, group in groupby(changes, key=lambda change: change.on))
