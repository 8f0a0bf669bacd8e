"""
Every byte of a small store is altered in turn: the verification notices, or the byte is one of those that carry no meaning, which are named here.

The store is real, in memory: a law, a case and a seal, with both logs and what is published. A number counts as one byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Integer, MetaData, Table, text

from api.logs import CaseShelf
from api.stores.event_store.factory import Recorder, recorder_at
from api.stores.event_store.mapper import to_bytes
from api.stores.event_store.verification import EventVerification
from api.stores.keys import KeyFolder
from api.stores.log_store import CASES, PUBLIC, LogStore
from api.stores.log_tables import METADATA
from api.stores.seal_store import SealsKept
from api.verification import log_differences
from domain.envelope import SYSTEM, in_envelopes
from domain.events import EVENTS
from domain.ids import LAW, REGISTER, Stream
from domain.law.provisions import Law
from domain.record import Act, Fact, History
from domain.types import instant
from projections.store import ReadStore, microseconds, open_store
from projections.transparency.case_leaves import CaseLeaves
from projections.transparency.leaves import public_leaf
from projections.transparency.log import Log, one_by_one
from projections.transparency.publication import PublicCopy
from projections.transparency.seals import Seals
from projections.transparency.tables import log_tables

pytestmark = pytest.mark.slow
AT = instant("2026-03-10T09:00:00+01:00")
NO_MEANING = {
    "checkpoints.serial": "in which order checkpoints of one size were signed",
    "checkpoints.signed_at": "when the register signed, by its own clock: nothing attests it",
    "log_keys.number": "which of the keys is shown first",
    "log_checkpoint.name": "the name of the only row",
    "log_policy.name": "the name of the only row",
}
"""Bytes that no promise depends on."""


@dataclass
class Small:
    """A small store, open."""

    recorder: Recorder
    public: LogStore
    cases: LogStore
    shown: ReadStore
    keys: KeyFolder

    def differences(self) -> Iterator[str]:
        yield from EventVerification().differences(self.recorder, lambda what: None)
        yield from self.in_log(self.public)
        yield from self.in_log(self.cases)

    def in_log(self, log: LogStore) -> Iterator[str]:
        yield from log_differences(log, self.recorder, self.keys, self.shown)


def recorded(recorder: Recorder, number: int, stream: Stream, version: int, fact: Fact) -> None:
    state = History(stream, version - 1)
    ids = iter(UUID(int=1000 * number + n) for n in range(10))
    (event,) = in_envelopes(Act(SYSTEM, AT, Law()), [(stream, state, SYSTEM, (fact,))], UUID(int=2), lambda: next(ids))
    recorder.insert_events([StoredEvent(stream.id, version, event.topic, to_bytes(event))], recorded_at=microseconds(AT))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with pytest.MonkeyPatch.context() as patched:
        # A day tree of 4,096 leaves would be made again for every byte.
        patched.setattr("projections.transparency.seals.PLACES", 16)
        patched.setattr("projections.transparency.seal_verification.PLACES", 16)
        yield from opened(KeyFolder(tmp_path_factory.mktemp("keys")))


def opened(keys: KeyFolder) -> Iterator[Small]:
    recorder = recorder_at("sqlite://")
    recorder.migrate()
    public, cases = LogStore("sqlite://", PUBLIC), LogStore("sqlite://", CASES)
    metadata = MetaData()
    log_tables(metadata)
    shown = open_store("sqlite://", "public", metadata)
    shown.create()
    for log in (public, cases):
        log.create()
        log.choose_origin(f"register.example.eu/{log.name}")
    copy = PublicCopy(shown, [keys.init(PUBLIC, "register.example.eu/public").verifier])
    followed = [
        Log(public, one_by_one(public_leaf), keys.signer(PUBLIC), copy),
        Log(cases, CaseLeaves(cases), keys.init(CASES, "register.example.eu/case"), CaseShelf(cases, keys)),
    ]

    def step() -> None:
        for log in followed:
            log.step(recorder)

    law = {"indicator_version": 1, "name": "Reach", "oj_ref": "OJ L 1", "published_on": date(2026, 1, 1), "applies_from": date(2026, 1, 2)}
    recorded(recorder, 1, LAW, 1, EVENTS["BenchmarkOrIndicatorAdded"].model_validate(law))
    step()
    recorded(recorder, 2, Stream("case", str(UUID(int=7))), 1, EVENTS["ModelCaseOpened"].model_validate({"lineage_key": "a", "internal_name": "A"}))
    step()
    seal = Seals(cases, SealsKept(cases)).prepare(date(2026, 3, 10))
    fields = {"day": seal.day, "commitment_hash": seal.commitment_hash, "day_tree_root_hash": seal.day_tree_root_hash}
    recorded(recorder, 3, REGISTER, 1, EVENTS["SealPublished"].model_validate(fields))
    step()
    yield Small(recorder, public, cases, shown, keys)
    for store in (recorder, public, cases, shown):
        store.close()


def changes(value: Any) -> Iterator[Any]:
    """Yield a value with each of its bytes altered in turn."""
    if isinstance(value, int):
        yield value + 1_000  # what another row has would be refused as taken
    elif isinstance(value, bytes):
        for at in range(len(value)):
            yield value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    elif isinstance(value, str):
        for at in range(len(value)):
            yield value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]


def tables(small: Small) -> Iterator[tuple[LogStore, Any, Table]]:
    """Yield every table of the logs and of what is published: the log that it belongs to, and the engine it is reached by."""
    for log in (small.public, small.cases):
        for table in METADATA.sorted_tables:
            yield log, log.engine, table
    for table in small.shown.kept():
        yield small.public, small.shown.engine, table


def without_guards(engine: Any) -> None:
    with engine.begin() as rows:
        for name in rows.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            rows.execute(text(f'DROP TRIGGER "{name}"'))


def unnoticed_in(small: Small, log: LogStore, engine: Any, table: Table) -> Iterator[str]:
    """Alter every byte of a table; yield the columns in which that goes unnoticed."""
    with engine.connect() as rows:
        kept = [dict(row._mapping) for row in rows.execute(text(f'SELECT rowid AS "_row", * FROM {table.name}'))]
    # A single whole number that is the primary key is SQLite's own number of the row, and moves with it.
    own = next((column.name for column in table.primary_key if len(table.primary_key) == 1 and isinstance(column.type, Integer)), None)
    for row in kept:
        for column in [column.name for column in table.columns]:
            for altered in changes(row[column]):
                written(engine, table, column, row["_row"], altered)
                if not any(True for _ in small.in_log(log)):
                    yield f"{table.name}.{column}"
                written(engine, table, column, altered if column == own else row["_row"], row[column])
        assert list(small.in_log(log)) == [], "nothing stays altered"


def written(engine: Any, table: Table, column: str, row: int, value: Any) -> None:
    with engine.begin() as rows:
        done = rows.execute(text(f'UPDATE {table.name} SET "{column}" = :value WHERE rowid = :row'), {"value": value, "row": row})
        assert done.rowcount == 1


def noticed(small: Small) -> bool:
    return any(True for _ in small.differences())


def test_the_store_is_whole_and_small(small: Small) -> None:
    assert list(small.differences()) == []
    assert (small.public.size(), small.cases.size()) == (2, 3)


def test_every_byte_of_the_logs_and_of_what_is_published_is_noticed(small: Small) -> None:
    unnoticed: set[str] = set()
    for log, engine, table in tables(small):
        without_guards(engine)
        unnoticed |= set(unnoticed_in(small, log, engine, table))
    assert unnoticed == set(NO_MEANING)
    assert list(small.differences()) == []


class Altered:
    """The event store with one value of one row altered."""

    def __init__(self, recorder: Recorder, position: int, column: str, value: Any) -> None:
        self._recorder, self._position, self._change = recorder, position, {column: value}

    def stored_rows(self, after: int, limit: int) -> list[Any]:
        return [row._replace(**self._change) if row.position == self._position else row for row in self._recorder.stored_rows(after, limit)]

    def raw_events(self, after: int, limit: int) -> list[Any]:
        return [(row.position, row.topic, row.state) for row in self.stored_rows(after, limit)]


@pytest.mark.parametrize("column", ["stream_id", "version", "topic", "state", "recorded_at"])
def test_every_byte_of_the_stored_events_is_noticed(small: Small, column: str) -> None:
    rows = small.recorder.stored_rows(0, 10)
    assert len(rows) == 3
    for row in rows:
        value = getattr(row, column)
        values = [UUID(bytes=changed) for changed in changes(value.bytes)] if column == "stream_id" else list(changes(value))
        for altered in values:
            found = Small(Altered(small.recorder, row.position, column, altered), small.public, small.cases, small.shown, small.keys)  # type: ignore[arg-type]
            assert noticed(found), (row.position, column, altered)
