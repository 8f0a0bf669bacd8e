"""The access log: rows without a gap, each chained to the one before; what was altered is named, and what could be personal is not taken."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.stores.access_database import AccessDatabase
from api.stores.access_log import BEGINNING, AccessAct, AccessFilter, AccessLog
from domain.actors import Actor, Role
from tests.conftest import POSTGRES, new_url
from tests.postgres_server import PostgresServer

AUDITOR = Actor(UUID("3f2b8a1e-5c1d-4e7a-9b60-000000000001"), Role.AUDITOR)
OFFICER = Actor(UUID("3f2b8a1e-5c1d-4e7a-9b60-000000000002"), Role.CASE_OFFICER)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(params=["file", "memory", POSTGRES])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_url(request.param, tmp_path, request)


@pytest.fixture
def database(url: str) -> Iterator[AccessDatabase]:
    database = AccessDatabase(url)
    assert not database.has("access_log")
    database.create()
    database.create()
    assert database.has("access_log")
    yield database
    database.close()


@pytest.fixture
def log(database: AccessDatabase) -> AccessLog:
    return AccessLog(database)


def test_the_last_rows_come_first_and_go_on_before_a_number(log: AccessLog) -> None:
    three(log)
    one, two, last = log.rows()
    assert log.last_rows() == (last, two, one)
    assert log.last_rows(most=2) == (last, two)
    assert log.last_rows(last.number) == (two, one)
    assert log.last_rows(one.number) == ()
    assert log.last_rows(last.number, wanted=AccessFilter(actor=AUDITOR.ref, act=AccessAct.READ)) == (two,)


def three(log: AccessLog) -> None:
    log.note(AccessAct.SIGNED_IN, by="session:abc", actor=AUDITOR)
    log.note(AccessAct.READ, by="session:abc", actor=AUDITOR, subjects=["case/b", "case/a", "case/a"])
    log.note(AccessAct.REFUSED, "UNKNOWN_TOKEN", by="token", subjects=["/api/v1"])


def test_what_was_noted_is_told_in_order(log: AccessLog) -> None:
    assert (log.head(), log.rows()) == ((0, BEGINNING), ())
    three(log)
    one, two, last = log.rows()
    assert [row.number for row in (one, two, last)] == [1, 2, 3]
    assert (one.act, one.outcome, one.actor, one.role, one.by, one.subjects) == (
        AccessAct.SIGNED_IN, "DONE", AUDITOR.ref, Role.AUDITOR, "session:abc", ()
    )  # fmt: skip
    assert two.subjects == ("case/a", "case/b")
    assert (last.actor, last.role, last.outcome) == (None, None, "UNKNOWN_TOKEN")
    assert log.head() == (3, last.hash)
    assert [log.hash_of(number) for number in (1, 3, 4)] == [one.hash, last.hash, None]


def test_the_chain_is_what_anybody_computes(log: AccessLog) -> None:
    """Written down once with nothing of ours: canonical JSON of plain texts is sorted JSON without spaces."""
    three(log)
    before = b"\0" * 32
    for row in log.rows():
        said = {
            "number": row.number, "at": row.at.isoformat().replace("+00:00", "Z"), "act": row.act.value, "outcome": row.outcome,
            "actor": str(row.actor) if row.actor else None, "role": row.role.value if row.role else None, "by": row.by,
            "subjects": list(row.subjects),
        }  # fmt: skip
        before = hashlib.sha256(before + json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).digest()
        assert row.hash == before


def test_rows_are_found_by_actor_act_subject_and_time(database: AccessDatabase) -> None:
    times = iter([NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2)])
    log = AccessLog(database, lambda: next(times))
    three(log)

    def found(**wanted: object) -> list[int]:
        return [row.number for row in log.rows(wanted=AccessFilter(**wanted))]  # type: ignore[arg-type]

    assert found() == [1, 2, 3]
    assert found(actor=AUDITOR.ref) == [1, 2]
    assert found(actor=OFFICER.ref) == []
    assert found(act=AccessAct.REFUSED) == [3]
    assert found(subject="case/a") == [2]
    assert found(subject="case") == []
    assert found(since=NOON + timedelta(hours=1)) == [2, 3]
    assert found(since=NOON + timedelta(hours=1, microseconds=1)) == [3]
    assert found(until=NOON + timedelta(hours=1)) == [1, 2]
    assert found(actor=AUDITOR.ref, subject="case/b", until=NOON) == []
    assert [row.number for row in log.rows(after=1, first=1)] == [2]


def test_a_clock_that_runs_backwards_does_not_turn_the_order_round(database: AccessDatabase) -> None:
    times = iter([NOON, NOON - timedelta(hours=1), NOON + timedelta(seconds=1)])
    log = AccessLog(database, lambda: next(times))
    three(log)
    assert [row.at for row in log.rows()] == [NOON, NOON, NOON + timedelta(seconds=1)]
    assert list(log.verify()) == []


@pytest.mark.parametrize(
    "subject", ["", "words that were looked for", "jane@example.eu", "case/1?search=x", "Ü", "a" * 201, "two\nlines", "case/1\n"]
)
def test_what_could_hold_words_or_persons_is_not_taken(log: AccessLog, subject: str) -> None:
    with pytest.raises(ValueError, match="does not belong"):
        log.note(AccessAct.READ, by="token", subjects=["case/a", subject])
    with pytest.raises(ValueError, match="does not belong"):
        log.note(AccessAct.READ, subject or "no such outcome", by="token")
    with pytest.raises(ValueError, match="does not belong"):
        log.note(AccessAct.READ, by=subject)
    assert log.head() == (0, BEGINNING)
    assert log.note(AccessAct.READ, by="token", subjects=["a" * 200]) == 1


def test_many_who_note_at_once_leave_no_gap(url: str, log: AccessLog) -> None:
    others = [AccessLog(AccessDatabase(url)) for _ in range(2)] if url != "sqlite://" else [log, log]

    def noting(number: int) -> None:
        others[number % 2].note(AccessAct.READ, by="token", actor=OFFICER, subjects=[f"case/{number}"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(noting, range(40)))
    assert [row.number for row in log.rows()] == list(range(1, 41))
    assert {row.subjects for row in log.rows()} == {(f"case/{number}",) for number in range(40)}
    assert list(log.verify()) == []
    for other in others:
        other.close()


@pytest.mark.parametrize("statement", ["UPDATE {} SET number = 9", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["access_log", "access_subjects"])
def test_the_database_refuses_to_change_or_remove(database: AccessDatabase, log: AccessLog, table: str, statement: str) -> None:
    three(log)
    schema = "access." if database.engine.dialect.name == "postgresql" else ""
    with pytest.raises(DBAPIError, match="never changed or removed"), database.writing() as rows:
        rows.execute(text(statement.format(schema + table)))
    assert len(log.rows()) == 3
    assert list(log.verify()) == []


# -- What was altered by somebody with the file ------------------------------------------


@pytest.fixture
def altered(tmp_path: Path) -> Iterator[tuple[AccessLog, sqlite3.Connection]]:
    """A log, and the file under it without its triggers."""
    database = AccessDatabase(f"sqlite:///{tmp_path}")
    database.create()
    log = AccessLog(database)
    three(log)
    with sqlite3.connect(tmp_path / "access.db", isolation_level=None) as rows:
        for (trigger,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            rows.execute(f'DROP TRIGGER "{trigger}"')
        yield log, rows
    rows.close()
    log.close()


HASH = "Access log, row {}: its hash is not that of its content after the row before."


@pytest.mark.parametrize(
    ("statement", "sentences"),
    [
        ("UPDATE access_log SET act = 'SIGNED_OUT' WHERE number = 2", [HASH.format(2)]),
        ("UPDATE access_log SET actor = NULL WHERE number = 2", [HASH.format(2)]),
        ("UPDATE access_log SET outcome = 'DONE' WHERE number = 3", [HASH.format(3)]),
        ("UPDATE access_log SET by = 'token:x' WHERE number = 1", [HASH.format(1)]),
        ("UPDATE access_log SET role = x'00' WHERE number = 1", [HASH.format(1)]),
        ("UPDATE access_log SET hash = zeroblob(32) WHERE number = 2", [HASH.format(2), HASH.format(3)]),
        ("UPDATE access_log SET hash = 'text' WHERE number = 3", [HASH.format(3)]),
        (
            "UPDATE access_log SET at = 'soon' WHERE number = 3",
            ["Access log, row 3: its time is before that of the row that precedes it, or is none.", HASH.format(3)],
        ),
        (
            "UPDATE access_log SET at = 1 WHERE number = 2",
            ["Access log, row 2: its time is before that of the row that precedes it, or is none.", HASH.format(2)],
        ),
        ("UPDATE access_subjects SET subject = 'case/c' WHERE subject = 'case/b'", [HASH.format(2)]),
        ("DELETE FROM access_subjects WHERE subject = 'case/b'", [HASH.format(2)]),
        ("INSERT INTO access_subjects VALUES (1, 'case/z')", [HASH.format(1)]),
        ("INSERT INTO access_subjects VALUES (7, 'case/z')", ["Access log: subjects of a row 7 are there, and no such row."]),
        ("DELETE FROM access_log WHERE number = 1", ["Access log: row 2 follows row 0.", HASH.format(2)]),
    ],
)
def test_what_was_altered_is_named(altered: tuple[AccessLog, sqlite3.Connection], statement: str, sentences: list[str]) -> None:
    log, rows = altered
    assert list(log.verify()) == []
    assert rows.execute(statement).rowcount > 0
    found = list(log.verify())
    assert [sentence for sentence in found if sentence in sentences] == sentences
    assert found[: len(sentences)] == sentences


def test_a_head_kept_elsewhere_shows_a_log_that_was_written_anew(altered: tuple[AccessLog, sqlite3.Connection]) -> None:
    log, rows = altered
    number, kept = log.head()
    rows.execute("DELETE FROM access_log")
    rows.execute("DELETE FROM access_subjects")
    three(log)
    assert list(log.verify()) == []
    assert log.hash_of(number) != kept


# -- On the disk, and by whom on PostgreSQL ------------------------------------------------


def test_a_row_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    database = AccessDatabase(f"sqlite:///{tmp_path / 'new'}")
    database.create()
    with database.reading() as rows:
        assert rows.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()


@pytest.mark.postgres
def test_the_role_of_the_web_processes_may_append_and_nothing_else(postgres_server: PostgresServer) -> None:
    url = postgres_server.new_database()
    with psycopg.connect(url, autocommit=True) as owner:
        if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = 'who serves'").fetchone():
            owner.execute('CREATE ROLE "who serves" LOGIN')
        database = AccessDatabase(url)
        database.create("who serves")
        three(AccessLog(database))
        database.close()
    name = url.removeprefix("postgresql://").partition("?")[0].rpartition("/")[2]
    web = AccessDatabase(postgres_server.url(name, "who serves"))
    three(AccessLog(web))
    assert list(AccessLog(web).verify()) == []
    assert AccessLog(web).head()[0] == 6
    for statement in ("UPDATE access.access_log SET outcome = 'X'", "DELETE FROM access.access_subjects", "TRUNCATE access.access_log"):
        with pytest.raises(DBAPIError, match="permission denied"), web.writing() as rows:
            rows.execute(text(statement))
    web.close()
