"""
The follower: pulls events in order, folds them in batches, exactly once.

The same code follows, recovers after a crash and rebuilds. A projection that fails stops the follower; it never skips, and readiness says so.
A database that is away for a while is waited for.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.exc import OperationalError

from projections.store import Decoder, Projection, ReadStore, Seen

LOG = logging.getLogger("register.follower")
BATCH = 5_000
"""Events folded in one transaction."""
POLL = 0.005
"""Seconds between looks at the store when nobody in this process wakes the follower."""
AGAIN = 0.2
"""Seconds until a database that is away is tried again."""


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


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Let the garbage collector rest while events are folded: it would look again and again through states that live on, and double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass
class Track:
    """One read store with the projections that fill it and the decoder that decides what it may see."""

    store: ReadStore
    projections: Sequence[Projection]
    decode: Decoder
    left_at: int | None = None
    """Position at which this worker left the store; what projections keep between batches holds only from there on."""

    def step(self, source: Source, limit: int = BATCH) -> int:
        """Fold one batch; return how many events were read."""
        seen = self.store.position()
        raw = source.raw_events(seen, limit)
        if not raw:
            return 0
        if seen != self.left_at:
            self.forget()  # another worker, or a rebuild, has folded meanwhile
        batch = [event for row in raw if (event := self.decode(*row))]
        self.left_at = None  # until the rows are written
        with self.store.engine.begin() as rows:
            # Commit point: rows and position together, and only if no other worker was faster.
            moved = self.store.move(rows, seen, raw[-1][0])
            if moved:
                self.fold(batch, rows)
        self.left_at = raw[-1][0] if moved else None
        return len(raw)

    def position(self) -> int:
        """Return the store position up to which the rows are folded."""
        return self.store.position()

    def close(self) -> None:
        """Close every connection."""
        self.store.close()

    def fold(self, batch: Sequence[Seen], rows: object) -> None:
        """Let every projection fold a batch."""
        for projection in self.projections:
            projection.apply(batch, rows)  # type: ignore[arg-type]

    def forget(self) -> None:
        """Let every projection forget what it kept for rows that were not written."""
        for projection in self.projections:
            projection.forget()


class Followed(Protocol):
    """What a follower drives: a read store with its projections, or the log."""

    def step(self, source: Source) -> int:
        """Fold one batch; return how many events were read."""
        ...

    def position(self) -> int:
        """Return the store position up to which readers see it."""
        ...

    def forget(self) -> None:
        """Forget what is kept between batches."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


@dataclass
class Follower:
    """Keeps read stores up to date, in a thread of its own or step by step."""

    source: Source
    tracks: Sequence[Followed]
    after_step: Callable[[], None] = lambda: None
    passing: tuple[type[Exception], ...] = (OperationalError,)
    """Faults that pass: a database that is away, or locked for longer than its timeout."""
    waits_for: Exception | None = None
    """What the follower waits to pass, while it cannot follow."""
    _wake: threading.Event = field(default_factory=threading.Event)
    _moved: threading.Condition = field(default_factory=threading.Condition)
    _stopping: bool = False
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "follower"))
    _following: Future[None] | None = None

    @property
    def failed(self) -> BaseException | None:
        """Return what stopped the follower: a bug, or an event of a later version; it stands still and loses nothing."""
        return self._following.exception() if self._following is not None and self._following.done() else None

    @property
    def is_well(self) -> bool:
        """Tell whether it follows, or is about to: neither stopped by a fault nor waiting for one to pass."""
        return self.failed is None and self.waits_for is None

    def catch_up(self, progress: Callable[[int], None] = lambda position: None) -> None:
        """Fold until nothing is left."""
        with collector_at_rest():
            for track in self.tracks:
                self._catch_up(track, progress)
        self.after_step()

    def _catch_up(self, track: Followed, progress: Callable[[int], None]) -> None:
        batches = 0
        while track.step(self.source):
            batches += 1
            progress(track.position())
        if batches > 1:
            track.forget()  # after a long way the states kept are many, and few of them will be needed soon

    def position(self) -> int:
        """Return the position that every read store has reached."""
        return min(track.position() for track in self.tracks)

    def wake(self) -> None:
        """Say that something was recorded in this process."""
        self._wake.set()

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until a position is folded everywhere; False when it took longer, or the follower cannot follow."""
        self.wake()
        with self._moved:
            return self._moved.wait_for(lambda: not self.is_well or self.position() >= position, timeout) and self.is_well

    def start(self) -> None:
        """Follow in a thread."""
        self._following = self._thread.submit(self._run)
        self._following.add_done_callback(lambda _: self._ended())

    def stop(self) -> None:
        """Stop following, after the batch at hand."""
        self._stopping = True
        self.wake()
        self._thread.shutdown()

    def _run(self) -> None:
        version = -1
        while not self._stopping:
            try:
                version = self._once(version)
            except self.passing as fault:
                version = -1
                self._wait_out(fault)

    def _wait_out(self, fault: Exception) -> None:
        """Wait a little, and begin again from what the stores hold."""
        if self.waits_for is None:
            LOG.error("The follower waits, and tries again: %s", fault)
        self.waits_for = fault
        for track in self.tracks:
            track.forget()
        self._tell()
        time.sleep(AGAIN)

    def _once(self, version: int) -> int:
        if not self._wake.wait(POLL) and self.source.data_version() == version:
            return version
        self._wake.clear()
        version = self.source.data_version()
        self.catch_up()
        self.waits_for = None
        self._tell()
        return version

    def _ended(self) -> None:
        if self.failed is not None:
            LOG.critical("The follower stopped at position %s: %s", self.position(), self.failed, exc_info=self.failed)
        self._tell()

    def _tell(self) -> None:
        """Let those who wait look again."""
        with self._moved:
            self._moved.notify_all()
