"""
Answers that leave the register as data: each says from how much of the public log it follows, and everything it says follows from that.

List and log are folded by two followers, and either may be ahead. What the published log does not cover yet is left out, as if it were not known.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from projections.public.answers import read_change, read_listed
from projections.public.questions import EntrySnapshot, Known, Snapshot, When
from projections.public.statements import LENGTH, entries_at, history_at, rectangles_at, values_of
from projections.public.tables import changes, entries
from projections.store import ReadStore, microseconds, moment_of


class Snapshots:
    """Answers `projections.public.questions.SnapshotQuestions`."""

    def __init__(self, store: ReadStore) -> None:
        self.store = store
        self._days: tuple[int, tuple[date, ...]] = (0, ())
        """The days on which the list changed, for one length of the public sequence: they are many, and asked for with every other day."""

    def known(self, when: When, published: int | None) -> Known:
        """Return from how much of the log an answer at a pair of times follows."""
        with self._standing_still() as rows:
            return _known(rows, when, published)[1]

    def snapshot(self, when: When, published: int | None, *, include_removed: bool = False) -> Snapshot:
        """Return the whole list at a pair of times."""
        with self._standing_still() as rows:
            then, known = _known(rows, when, published)
            wanted = rectangles_at(then) if include_removed else and_(rectangles_at(then), entries.c.on_list)
            query = select(entries.c.body).where(wanted).order_by(entries.c.listed_on, entries.c.number)
            return Snapshot(tuple(map(read_listed, rows.execute(query, values_of(then)).scalars())), known)

    def entry_snapshot(self, list_id: str, when: When, published: int | None) -> EntrySnapshot:
        """Return one entry at a pair of times."""
        with self._standing_still() as rows:
            then, known = _known(rows, when, published)
            values = {"list_id": list_id, **values_of(then)}
            history = tuple(map(read_change, rows.execute(history_at(then), values).scalars()))
            body = rows.execute(entries_at(then), values).scalar()
            return EntrySnapshot(read_listed(body) if body else None, history, known)

    def change_days(self, list_id: str | None = None) -> tuple[date, ...]:
        """Return the days on which the list changed, or one entry of it, in order."""
        query = select(changes.c.on_day).distinct().order_by(changes.c.on_day)
        with self._standing_still() as rows:
            if list_id is not None:
                return tuple(map(date.fromordinal, rows.execute(query.where(changes.c.list_id == list_id)).scalars()))
            length = int(rows.execute(LENGTH).scalar() or 0)
            if (found := self._days)[0] != length:
                self._days = found = (length, tuple(map(date.fromordinal, rows.execute(query).scalars())))
            return found[1]

    @contextmanager
    def _standing_still(self) -> Iterator[Connection]:
        """Open a connection all of whose questions are answered from one state; on SQLite every transaction is so."""
        with self.store.reading() as rows:
            if rows.dialect.name == "postgresql":
                rows = rows.execution_options(isolation_level="REPEATABLE READ")
            yield rows


def _known(rows: Connection, when: When, published: int | None) -> tuple[When, Known]:
    """Return the pair of times that the published log covers, and how much of the log that is."""
    length = int(rows.execute(LENGTH).scalar() or 0)
    size = length if published is None else min(published, length)
    then = when if size == length else _covered(rows, when, size)
    last = _last_change(rows, then)
    changed_on = date.fromordinal(last.on_day) if last else None
    caught_up = size == length == (size if published is None else published)
    position, number = (read_change(last.body).leaf + 1, last.number) if last else (0, 0)
    return then, Known(size, position, number, changed_on, caught_up)


def _last_change(rows: Connection, when: When) -> Row[Any, Any, Any] | None:
    query = select(changes.c.number, changes.c.on_day, changes.c.body).order_by(changes.c.number.desc()).limit(1)
    return rows.execute(query.where(changes.c.known_at <= microseconds(when.known_at)) if when.known_at else query).first()


def _covered(rows: Connection, when: When, size: int) -> When:
    """Put the known time before the first change that the published log does not cover."""
    first = _first_beyond(rows, size)
    if first is None:
        return when
    before = moment_of(first - 1)
    return replace(when, known_at=min(when.known_at, before) if when.known_at else before)


def _first_beyond(rows: Connection, size: int) -> int | None:
    """Find by halving when the first change was known that stands in the log behind its first entries: numbers and places rise together."""
    low, high = 1, int(rows.execute(select(func.coalesce(func.max(changes.c.number), 0))).scalar_one()) + 1
    found = None
    while low < high:
        middle = (low + high) // 2
        row = rows.execute(select(changes.c.known_at, changes.c.body).where(changes.c.number == middle)).one()
        if read_change(row.body).leaf >= size:
            high, found = middle, row.known_at
        else:
            low = middle + 1
    return None if found is None else int(found)
