"""The list in numbers: how many came and went on each day, by country, by ground, and for how long (Article 52(6))."""

from collections import Counter
from datetime import date
from typing import TypeVar, cast

from sqlalchemy import Connection, case, func, not_, select

from projections.public.page_questions import Figures
from projections.public.questions import PublicGround, When
from projections.public.statements import rectangles_at, told_by, values_of
from projections.public.tables import changes, entries

N = TypeVar("N", bound=str)


def figures_at(rows: Connection, when: When) -> Figures:
    """Count the entries at a pair of times, and the list events that belong to it; no entry is read."""
    at, values = rectangles_at(when), values_of(when)
    country, grounds, listed, removed = entries.c.country, entries.c.grounds, entries.c.listed_on, entries.c.valid_from
    how_many = func.count()
    standing = select(country, grounds, listed, how_many).where(at, entries.c.on_list).group_by(country, grounds, listed)
    gone = select(listed, removed, how_many).where(at, not_(entries.c.on_list)).group_by(listed, removed).order_by(listed, removed)
    by_country, by_ground, by_day = Counter[str](), Counter[PublicGround](), Counter[int]()
    for code, named, day, number in rows.execute(standing, values):
        by_country[code] += number
        by_day[day] += number
        by_ground.update({cast("PublicGround", ground): number for ground in named.split()})
    return Figures(
        days=_days(rows, when),
        countries=_most_first(by_country),
        grounds=_most_first(by_ground),
        standing=tuple((date.fromordinal(day), number) for day, number in sorted(by_day.items())),
        gone=tuple((date.fromordinal(came), date.fromordinal(went), number) for came, went, number in rows.execute(gone, values)),
    )


def _most_first(counted: Counter[N]) -> tuple[tuple[N, int], ...]:
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _days(rows: Connection, when: When) -> tuple[tuple[date, int, int], ...]:
    added, removed = (func.sum(case((changes.c.kind == kind, 1), else_=0)) for kind in ("PUBLISHED", "REMOVED"))
    moving = changes.c.kind.in_(("PUBLISHED", "REMOVED"))
    query = select(changes.c.on_day, added, removed).where(moving, *told_by(when)).group_by(changes.c.on_day).order_by(changes.c.on_day)
    return tuple((date.fromordinal(day), int(more), int(fewer)) for day, more, fewer in rows.execute(query, values_of(when)))
