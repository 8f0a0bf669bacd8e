"""Changes of the list in the order people want them: what changed since a day, and the newest first."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from projections.public.questions import Change, Kind, PublicQuestions, When

PER_PAGE = 100
MOST_COUNTED = 1_000
MOST_TOLD = 10

KINDS: tuple[Kind, ...] = ("PUBLISHED", "UPDATED", "CORRECTED", "REMOVED")

DayGroup = tuple[date, tuple[Change, ...]]


@dataclass(frozen=True, slots=True)
class Since:
    """What changed after a day: how much of each kind, the latest in full, and whether there was more than was counted."""

    day: date
    counts: tuple[tuple[Kind, int], ...]
    told: tuple[Change, ...]
    total: int
    more: bool


def changes_since(questions: PublicQuestions, day: date) -> Since:
    """Count what changed after a day, up to a thousand changes, and tell the latest."""
    found: list[Change] = []
    while len(found) < MOST_COUNTED:
        page = questions.changes(day + timedelta(days=1), None, first=PER_PAGE, after=found[-1].number if found else 0)
        found += page
        if len(page) < PER_PAGE:
            break
    return _summed_up(day, found)


def entry_changes_since(questions: PublicQuestions, list_id: str, day: date) -> Since:
    """Tell what changed about one entry after a day."""
    return _summed_up(day, [change for change in questions.history(list_id, When()) if change.on > day])


def _summed_up(day: date, found: list[Change]) -> Since:
    counts = Counter(change.kind for change in found)
    told = tuple(reversed(found[-MOST_TOLD:]))
    return Since(day, tuple((kind, counts[kind]) for kind in KINDS if counts[kind]), told, len(found), len(found) >= MOST_COUNTED)


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
    first = questions.changes(since, until, first=1)
    if not first:
        return Window((), page, 1)
    lowest, highest = first[0].number - 1, _last_number(questions, since, until, first[0].number)
    upper = highest - (page - 1) * PER_PAGE
    after = max(lowest, upper - PER_PAGE)
    found = questions.changes(since, until, first=PER_PAGE, after=after) if upper > lowest else ()
    return Window(tuple(change for change in reversed(found) if change.number <= upper), page, -(-(highest - lowest) // PER_PAGE))


def _last_number(questions: PublicQuestions, since: date | None, until: date | None, known: int) -> int:
    """Find the number of the last change of these days, by halving: each question asks for one row."""
    above = max(known + 1, questions.state().position + 1)
    while above - known > 1:
        middle = (known + above) // 2
        found = questions.changes(since, until, first=1, after=middle - 1)
        known, above = (found[0].number, above) if found else (known, middle)
        above = max(above, known + 1)
    return known


def by_day(changes: Iterable[Change]) -> tuple[DayGroup, ...]:
    """Group neighbours of one day."""
    return tuple((day, tuple(group)) for day, group in groupby(changes, key=lambda change: change.on))
