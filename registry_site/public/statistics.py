"""The list in numbers, shaped for charts and tables. Only what entries say is counted, and nothing of any case (Article 52(6))."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from projections.public.page_questions import Figures
from projections.public.questions import PublicGround

LIMITS = (90, 180, 365, 730)
"""Days on the list, up to and including which each group reaches; the last group has no end."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the list: entries added and removed in it, and how many stood at its end."""

    first_day: date
    added: int
    removed: int
    at_end: int


@dataclass(frozen=True, slots=True)
class Span:
    """Entries that have been, or had been, on the list for so many days; `most` is None in the group without an end."""

    least: int
    most: int | None
    standing: int
    gone: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """All that the page shows, at one pair of times."""

    on_list: int
    removed: int
    points: tuple[tuple[date, int], ...]
    months: tuple[Month, ...]
    countries: tuple[tuple[str, int], ...]
    grounds: tuple[tuple[PublicGround, int], ...]
    spans: tuple[Span, ...]
    until: date

    @property
    def most(self) -> tuple[date, int] | None:
        """Give the first day on which the most entries stood on the list, and how many."""
        return max(self.points, key=lambda point: point[1], default=None)


def statistics(figures: Figures, until: date) -> Statistics:
    """Shape the figures of a pair of times whose day is `until`."""
    points = tuple(_running(figures))
    standing = Counter[int]()
    for listed_on, number in figures.standing:
        standing[_group((until - listed_on).days)] += number
    gone = Counter[int]()
    for listed_on, removed_on, number in figures.gone:
        gone[_group((removed_on - listed_on).days)] += number
    limits = zip((0, *(limit + 1 for limit in LIMITS)), (*LIMITS, None), strict=True)
    return Statistics(
        on_list=sum(number for _, number in figures.standing),
        removed=sum(number for _, _, number in figures.gone),
        points=points,
        months=tuple(_months(figures.days, until)),
        countries=figures.countries,
        grounds=figures.grounds,
        spans=tuple(Span(least, most, standing[n], gone[n]) for n, (least, most) in enumerate(limits)),
        until=until,
    )


def _running(figures: Figures) -> Iterator[tuple[date, int]]:
    number = 0
    for day, added, removed in figures.days:
        number += added - removed
        yield day, number


def _group(days: int) -> int:
    return next((n for n, limit in enumerate(LIMITS) if days <= limit), len(LIMITS))


def _months(days: Iterable[tuple[date, int, int]], until: date) -> Iterator[Month]:
    added, removed = Counter[date](), Counter[date]()
    for day, more, fewer in days:
        added[day.replace(day=1)] += more
        removed[day.replace(day=1)] += fewer
    month, number = min(added, default=until), 0
    while added and month <= until:
        number += added[month] - removed[month]
        yield Month(month, added[month], removed[month], number)
        month = (month + timedelta(days=31)).replace(day=1)
