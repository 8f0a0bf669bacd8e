"""Folding events into read stores as the follower does, in batches of any size, and looking at every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import delete, select

from api.published import published
from api.read_models import tracks, views
from api.stores.event_store.factory import Recorder
from api.stores.event_store.mapper import EventDecoder, RegisterMapper, to_bytes
from domain.record import Event
from projections.follower import Follower, Source
from projections.office.questions import Office
from projections.public.answers import PublicList
from projections.store import ReadStore, microseconds

Raw = tuple[int, str, bytes]


@dataclass
class Told:
    """Events in order, handed out in portions of given sizes, the last one for ever."""

    events: Sequence[Raw]
    sizes: Sequence[int] = (1_000_000,)
    _turn: int = field(default=0)

    @classmethod
    def of(cls, events: Iterable[Event[Any]], sizes: Sequence[int] = (1_000_000,)) -> Told:
        """Give events positions from 1."""
        return cls([(n, event.topic, to_bytes(event)) for n, event in enumerate(events, start=1)], sizes)

    def raw_events(self, after: int, limit: int) -> Sequence[Raw]:
        size = self.sizes[min(self._turn, len(self.sizes) - 1)]
        self._turn += 1
        return [raw for raw in self.events if raw[0] > after][: min(size, limit)]

    def head(self) -> int:
        return self.events[-1][0] if self.events else 0

    def data_version(self) -> int:
        return self.head()


def record(recorder: Recorder, events: Iterable[Event[Any]]) -> int:
    """Store events, those of one instant in one act; return the last position."""
    mapper = RegisterMapper()
    for at, act in groupby(events, key=lambda event: event.recorded_at):
        recorder.insert_events([mapper.to_stored_event(event) for event in act], recorded_at=microseconds(at))
    return recorder.head()


class ReadSide:
    """Both read stores of an address, with what answers from them."""

    def __init__(self, url: str) -> None:
        self.stores: tuple[ReadStore, ReadStore] = (views(url), published(url))
        for store in self.stores:
            store.create()
        self.decoder = EventDecoder()
        self.office = Office(self.stores[0], self.decoder.event)
        self.public = PublicList(self.stores[1])

    def follower(self, source: Source) -> Follower:
        """Return a new worker that has kept nothing."""
        return Follower(source, tracks(*self.stores, self.decoder))

    def fold(self, source: Source) -> ReadSide:
        """Fold everything from where the stores stand."""
        self.follower(source).catch_up()
        return self

    def emptied(self) -> ReadSide:
        """Forget everything."""
        for store in self.stores:
            with store.engine.begin() as rows:
                for table in store.projected():
                    rows.execute(delete(table))
                rows.execute(store.positions.update().values(position=0))
        self.public = PublicList(self.stores[1])  # what it has kept was about another history
        return self

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table, in an order of their own."""
        return {table: rows for store in self.stores for table, rows in rows_of(store)}

    def close(self) -> None:
        for store in self.stores:
            store.close()


def rows_of(store: ReadStore) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Return every row of a store's tables, and where it stands."""
    with store.reading() as rows:
        for table in store.projected():
            yield table.name, sorted((tuple(row) for row in rows.execute(select(table))), key=repr)
    yield f"position of {store.metadata.sorted_tables[0].name}", [(store.position(),)]


@dataclass
class Portions:
    """An event store that hands out a few events at a time, so that a short history takes many batches."""

    recorder: Recorder
    size: int = 3

    def raw_events(self, after: int, limit: int) -> Sequence[Raw]:
        return self.recorder.raw_events(after, min(limit, self.size))

    def head(self) -> int:
        return self.recorder.head()

    def data_version(self) -> int:
        return self.recorder.data_version()
