"""Verifying the stored events: each reads, and writes again, to the same bytes, and what its columns say is what its bytes say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from api.stores.event_store import StoredRow
from api.stores.event_store.mapper import EventDecoder, UnknownEvent, to_bytes
from domain.record import Event
from projections.store import microseconds

BATCH = 5_000


class Rows(Protocol):
    """The event store, as far as verification reads it."""

    def stored_rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return up to `limit` events after the position, in order, with every column."""
        ...


@dataclass
class EventVerification:
    """Reads stored events in order; `unreadable` then tells the first position that nobody can read."""

    after: int = 0
    """The position up to which an earlier verification went."""
    unreadable: int | None = None
    decoder: EventDecoder = field(default_factory=EventDecoder)
    _versions: dict[str, int] = field(default_factory=dict)
    _last: int = 0

    def differences(self, recorder: Rows, show: Callable[[str], None]) -> Iterator[str]:
        """Yield a sentence for each difference."""
        reached = self.after
        while rows := recorder.stored_rows(reached, BATCH):
            show(f"events after position {reached}")
            for row in rows:
                for fault in self._faults(row):
                    yield f"Event {row.position} ({row.topic}): {fault}."
            reached = rows[-1].position

    def _faults(self, row: StoredRow) -> Iterator[str]:
        try:
            event = self.decoder.event(row.topic, row.state)
            written = to_bytes(event)
        except (UnknownEvent, ValueError, KeyError, TypeError) as error:
            self.unreadable = self.unreadable or row.position
            yield f"it cannot be read: {type(error).__name__}: {str(error).splitlines()[0]}"
            return
        if written != row.state:
            yield "its bytes are not the canonical form of what they say"
        yield from self._columns(row, event)

    def _columns(self, row: StoredRow, event: Event[Any]) -> Iterator[str]:
        stream = str(event.stream)
        if event.stream.id != row.stream_id:
            yield f"it is stored under another stream than {stream}, which it names"
        if event.version != row.version:
            yield f"it is stored as version {row.version}, and says that it is version {event.version}"
        if microseconds(event.recorded_at) != row.recorded_at:
            yield "it is stored under another time than the one it says"
        # Where an earlier verification ended, the first version of a stream that comes along is the next one.
        before = self._versions.get(stream, event.version - 1 if self.after else 0)
        if event.version != before + 1:
            yield f"version {event.version} of {stream} follows version {before}"
        if row.recorded_at < self._last:
            yield "it was recorded before the event that precedes it"
        self._versions[stream], self._last = event.version, row.recorded_at
