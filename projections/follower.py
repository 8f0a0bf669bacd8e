"""
The follower: pulls events in order, folds them in batches, exactly once.

The same code follows, recovers after a crash and rebuilds. A projection that fails stops the follower; it never skips, and readiness says so.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from projections.store import Decoder, Projection, ReadStore, Seen

BATCH = 5_000
"""Events folded in one transaction."""
POLL = 0.005
"""Seconds between looks at the store when nobody in this process wakes the follower."""


class Source(Protocol):
    """The event store, as far as a follower needs it."""

    def raw_events(self, after: int, limit: int) -> Sequence[tuple[int, str, bytes]]:
        """Return (position, topic, bytes) of the events after a position, in order; none committed later may come before them."""
        ...

    def head(self) -> int:
        """Return the position of the last event."""
        ...

    def data_version(self) -> int:
        """Return a number that changes when another process has recorded."""
        ...


@dataclass
class Track:
    """One read store with the projections that fill it and the decoder that decides what it may see."""

    store: ReadStore
    projections: Sequence[Projection]
    decode: Decoder

    def step(self, source: Source) -> int:
        """Fold one batch; return how many events were read."""
        seen = self.store.position()
        raw = source.raw_events(seen, BATCH)
        if not raw:
            return 0
        batch = [event for row in raw if (event := self.decode(*row))]
        try:
            with self.store.engine.begin() as rows:
                # Commit point: rows and position together, and only if no other worker was faster.
                if self.store.move(rows, seen, raw[-1][0]):
                    self.fold(batch, rows)
                else:
                    self.forget()
        except BaseException:
            self.forget()
            raise
        return len(raw)

    def fold(self, batch: Sequence[Seen], rows: object) -> None:
        """Let every projection fold a batch."""
        for projection in self.projections:
            projection.apply(batch, rows)  # type: ignore[arg-type]

    def forget(self) -> None:
        """Let every projection forget what it kept for rows that were not written."""
        for projection in self.projections:
            projection.forget()


@dataclass
class Follower:
    """Keeps read stores up to date, in a thread of its own or step by step."""

    source: Source
    tracks: Sequence[Track]
    after_step: Callable[[], None] = lambda: None
    failed: BaseException | None = None
    _wake: threading.Event = field(default_factory=threading.Event)
    _moved: threading.Condition = field(default_factory=threading.Condition)
    _stopping: bool = False
    _thread: threading.Thread | None = None

    def catch_up(self, progress: Callable[[int], None] = lambda position: None) -> None:
        """Fold until nothing is left."""
        for track in self.tracks:
            while track.step(self.source):
                progress(track.store.position())
        self.after_step()

    def position(self) -> int:
        """Return the position that every read store has reached."""
        return min(track.store.position() for track in self.tracks)

    def wake(self) -> None:
        """Say that something was recorded in this process."""
        self._wake.set()

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until a position is folded everywhere; False when it took longer, or the follower stopped."""
        self.wake()
        with self._moved:
            return self._moved.wait_for(lambda: self.failed is not None or self.position() >= position, timeout) and self.failed is None

    def start(self) -> None:
        """Follow in a thread."""
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following, after the batch at hand."""
        self._stopping = True
        self.wake()
        if self._thread:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        version = -1
        while not self._stopping:
            try:
                version = self._once(version)
            except BaseException as failure:  # noqa: BLE001 - kept, shown by readiness, and the follower stands still
                self.failed = failure
                with self._moved:
                    self._moved.notify_all()
                return

    def _once(self, version: int) -> int:
        if not self._wake.wait(POLL) and self.source.data_version() == version:
            return version
        self._wake.clear()
        version = self.source.data_version()
        self.catch_up()
        with self._moved:
            self._moved.notify_all()
        return version
