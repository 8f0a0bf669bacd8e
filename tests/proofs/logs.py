"""Logs over real stores, for the tests of this folder: what is recorded, who signs, where it is published."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import rfc8785
from eventsourcing.persistence import IntegrityError, StoredEvent
from sqlalchemy import MetaData

from api.stores.event_store.factory import Recorder, migrate, open_recorder
from api.stores.log_store import LogStore
from domain.errors import ClockBehind
from projections.store import ReadStore, open_store
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.leaves import public_leaf
from projections.transparency.log import Log, SignedTree, one_by_one
from projections.transparency.notes import Signer
from projections.transparency.publication import PublicCopy
from projections.transparency.tables import log_tables

ORIGIN = "register.example.eu/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
STREAMS = UUID("b5f1c0de-0000-5000-8000-000000000002")
SECRET = "must never be public"


def threshold(n: int) -> dict[str, Any]:
    return {
        "threshold_version": n,
        "value_flop": f"{n}0000000000000000000000000",
        "oj_ref": f"OJ L, 2026/{n}",
        "published_on": "2026-01-01",
        "applies_from": "2026-02-01",
        "presumptions_kept": True,
    }


def state(data: dict[str, Any]) -> bytes:
    """Write what the store keeps of an event, as far as the log reads it: an envelope, and the data."""
    return rfc8785.dumps({"actor_ref": SECRET, "role": SECRET, "stream": SECRET, "data": data})


def open_events(url: str) -> Recorder:
    migrate(url)
    return open_recorder(url)


def record(recorder: Recorder, *numbers: int, confidential: bool = False, stream: str = "law") -> None:
    """Append public events with these numbers, or confidential ones."""
    topic = "ThresholdMet" if confidential else "ThresholdAmended"
    stream_id = uuid5(STREAMS, f"{stream}-{confidential}")
    events = [StoredEvent(stream_id, n, topic, state({"secret": SECRET} if confidential else threshold(n))) for n in numbers]
    at = time.time_ns() // 1000
    while True:
        try:
            recorder.insert_events(events, recorded_at=at)
        except ClockBehind as behind:
            at = behind.last
        else:
            return


def record_as_next(recorder: Recorder, stream: str, many: int) -> None:
    """Append one event after another."""
    for n in count(1):
        try:
            record(recorder, n, stream=stream)
        except IntegrityError:
            continue
        if n >= many:
            return


def open_public(url: str) -> ReadStore:
    metadata = MetaData()
    log_tables(metadata)
    store = open_store(url, "published" if url.startswith("postgresql") else "public", metadata)
    store.create()
    return store


@dataclass
class Opened:
    """A log with everything around it."""

    events: Recorder
    store: LogStore
    public: ReadStore
    log: Log

    @property
    def answers(self) -> LogAnswers:
        return LogAnswers(PublicShelf(self.public))

    def catch_up(self) -> None:
        while self.log.step(self.events):
            pass

    def record(self, *numbers: int, confidential: bool = False) -> None:
        record(self.events, *numbers, confidential=confidential)
        self.catch_up()

    def get(self, path: str) -> bytes:
        answer = self.answers.answer(path)
        assert answer.status == 200, (path, answer)
        return answer.body

    def trees(self) -> list[SignedTree]:
        return self.store.signed()[::-1]


def folder_of(url: str) -> None:
    """Make the folder of a store in files."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).mkdir(parents=True, exist_ok=True)


def assembled(url: str, signer: Signer, store_type: type[LogStore], copy_type: type[PublicCopy]) -> Opened:
    folder_of(url)
    events, store, public = open_events(url), store_type(url), open_public(url)
    store.create()
    store.choose_origin(signer.name)
    copy = copy_type(public, [SIGNER.verifier] if signer == SIGNER else [SIGNER.verifier, signer.verifier])
    return Opened(events, store, public, Log(store, one_by_one(public_leaf), signer, copy))


@contextmanager
def opened(
    url: str = "sqlite://", *, signer: Signer = SIGNER, store_type: type[LogStore] = LogStore, copy_type: type[PublicCopy] = PublicCopy
) -> Iterator[Opened]:
    """Open a log over a database; everything is created unless it is there."""
    found = assembled(url, signer, store_type, copy_type)
    try:
        yield found
    finally:
        found.events.close()
        found.store.close()
        found.public.close()
