"""
The access log: who came in, was refused, read or took away what is confidential. Nothing of it is ever changed or removed.

Rows are numbered without a gap, and each is chained to the one before: its hash is SHA-256(hash of the row before || RFC 8785 of the row), that
before the first row being 32 zero bytes. So whoever alters a row must alter all that follow, and whoever knows a later `head` sees it.

There is no personal data in it: actors are random references, and what an access was about is a stream, the hash of a document or an address, never
words that somebody looked for.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import ColumnElement, Connection, Select, insert, select

from api.stores.access_database import AccessDatabase
from api.stores.access_tables import access_log, access_subjects
from domain.actors import Actor, Role
from domain.types import utc_text
from projections.store import microseconds, moment_of

BEGINNING = bytes(32)
"""Stands for the hash of the row before the first."""
DONE = "DONE"
"""The outcome of what was not refused."""
ITSELF = "access-log"
"""The access log as its own rows name it."""
BATCH = 1_000

# Neither a search text nor a name nor an e-mail address is written like this.
_SUBJECT = re.compile(r"[A-Za-z0-9/._:-]{1,200}", re.ASCII)
_OUTCOME = re.compile(r"[A-Z0-9_]{1,40}", re.ASCII)
_BY = re.compile(r"[a-z]{1,20}(:[a-z0-9-]{1,64})?", re.ASCII)


class AccessAct(StrEnum):
    """What was done."""

    SIGNED_IN = "SIGNED_IN"
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED"
    SIGNED_OUT = "SIGNED_OUT"
    GRANTED = "GRANTED"
    WITHDRAWN = "WITHDRAWN"
    READ = "READ"
    DOWNLOADED = "DOWNLOADED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class AccessRow:
    """
    One access.

    `by` names the token or session by the beginning of its hash, or says that it was the operator. `subjects` is what the access was about: streams,
    document hashes, addresses.
    """

    number: int
    at: datetime
    act: AccessAct
    outcome: str
    actor: UUID | None
    role: Role | None
    by: str
    subjects: tuple[str, ...]
    hash: bytes


@dataclass(frozen=True, slots=True)
class AccessFilter:
    """Which rows are asked for; empty means all. Both ends of the time are included."""

    actor: UUID | None = None
    act: AccessAct | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def server_time() -> datetime:
    """Return the time of the server; a demonstration's clock may run ahead, an access happens when it happens."""
    return datetime.now(UTC)


class AccessLog:
    """Notes accesses, tells them, and verifies its chain."""

    def __init__(self, database: AccessDatabase, clock: Callable[[], datetime] = server_time) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """Return the time by which accesses are noted."""
        return self._clock()

    def is_created(self) -> bool:
        """Tell whether the log is there."""
        return self._database.has("access_log")

    def note(self, act: AccessAct, outcome: str = DONE, *, by: str, actor: Actor | None = None, subjects: Iterable[str] = ()) -> int:
        """
        Note an access and return its number; it is on the disk before this returns. Call it before the answer goes out.

        A time before the last row's becomes that time: the order of rows is the order of accesses.
        Raises: ValueError for an outcome, a `by` or a subject that could hold words or personal data.
        """
        about = tuple(sorted(set(subjects)))
        _require_plain(outcome, by, about)
        with self._database.writing() as rows:
            # Writers take turns, so nobody takes this number between the look and the insert; the primary key holds it even against a bug.
            number, before, last = _head(rows)
            row = {
                "number": number + 1, "at": max(microseconds(self._clock()), last), "act": str(act), "outcome": outcome,
                "actor": str(actor.ref) if actor else None, "role": str(actor.role) if actor else None, "by": by,
            }  # fmt: skip
            rows.execute(insert(access_log).values(**row, hash=chained(before, row, about)))
            if about:
                rows.execute(insert(access_subjects), [{"number": number + 1, "subject": subject} for subject in about])
        return number + 1

    def head(self) -> tuple[int, bytes]:
        """Return number and hash of the last row; 0 and 32 zero bytes before the first. Keep it elsewhere: it vouches for all rows up to it."""
        with self._database.reading() as rows:
            number, last, _ = _head(rows)
        return number, last

    def hash_of(self, number: int) -> bytes | None:
        """Return the hash of a row, to compare with a head kept elsewhere; None when there is no such row."""
        with self._database.reading() as rows:
            found = rows.execute(select(access_log.c.hash).where(access_log.c.number == number)).scalar()
        return None if found is None else bytes(found)

    def rows(self, after: int = 0, first: int = 100, wanted: AccessFilter | None = None) -> tuple[AccessRow, ...]:
        """Return at most `first` rows after a number, in order."""
        conditions = [access_log.c.number > after, *_conditions(wanted or AccessFilter())]
        return self._found(select(access_log).where(*conditions).order_by(access_log.c.number).limit(first))

    def last_rows(self, before: int | None = None, most: int = 100, wanted: AccessFilter | None = None) -> tuple[AccessRow, ...]:
        """Return at most so many rows before a number, or of all, the last first."""
        conditions = [*([access_log.c.number < before] if before is not None else []), *_conditions(wanted or AccessFilter())]
        return self._found(select(access_log).where(*conditions).order_by(access_log.c.number.desc()).limit(most))

    def _found(self, query: Select[Any]) -> tuple[AccessRow, ...]:
        with self._database.reading() as rows:
            found = rows.execute(query).all()
            about = _subjects(rows, [row.number for row in found])
        return tuple(_row(row, about.get(row.number, ())) for row in found)

    def close(self) -> None:
        """Close every connection of the access store."""
        self._database.close()

    # -- Verifying -------------------------------------------------------------------

    def verify(self) -> Iterator[str]:
        """Yield a sentence for each row that is missing, was altered, or stands in the wrong order."""
        number, before, last = 0, BEGINNING, 0
        while batch := self._after(number):
            for row, about in batch:
                yield from _faults(row, about, number, before, last)
                number, before = row["number"], row["hash"] if isinstance(row["hash"], bytes) else BEGINNING
                last = row["at"] if isinstance(row["at"], int) else last
        with self._database.reading() as rows:
            known = select(access_log.c.number)
            for stray in rows.execute(select(access_subjects.c.number).where(access_subjects.c.number.not_in(known)).distinct()).scalars():
                yield f"Access log: subjects of a row {stray} are there, and no such row."

    def _after(self, number: int) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
        with self._database.reading() as rows:
            query = select(access_log).where(access_log.c.number > number).order_by(access_log.c.number).limit(BATCH)
            found = [dict(row) for row in rows.execute(query).mappings()]
            about = _subjects(rows, [row["number"] for row in found])
        return [(row, about.get(row["number"], ())) for row in found]


def chained(before: bytes, row: dict[str, Any], subjects: Sequence[str]) -> bytes:
    """
    Return the hash of a row.

    Raises: ValueError for values that no row has.
    """
    names = ("number", "act", "outcome", "actor", "role", "by")
    said = {name: row[name] for name in names} | {"at": utc_text(moment_of(row["at"])), "subjects": list(subjects)}
    return sha256(before + rfc8785.dumps(said)).digest()


def _faults(row: dict[str, Any], about: Sequence[str], number: int, before: bytes, last: int) -> Iterator[str]:
    if row["number"] != number + 1:
        yield f"Access log: row {row['number']} follows row {number}."
    if not isinstance(row["at"], int) or row["at"] < last:
        yield f"Access log, row {row['number']}: its time is before that of the row that precedes it, or is none."
    try:
        told = chained(before, row, about)
    except (ValueError, TypeError, OverflowError):
        told = None
    if told != row["hash"]:
        yield f"Access log, row {row['number']}: its hash is not that of its content after the row before."


def _head(rows: Connection) -> tuple[int, bytes, int]:
    query = select(access_log.c.number, access_log.c.hash, access_log.c.at).order_by(access_log.c.number.desc()).limit(1)
    found = rows.execute(query).first()
    return (found.number, bytes(found.hash), found.at) if found else (0, BEGINNING, 0)


def _conditions(wanted: AccessFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.actor:
        yield access_log.c.actor == str(wanted.actor)
    if wanted.act:
        yield access_log.c.act == str(wanted.act)
    if wanted.subject:
        yield access_log.c.number.in_(select(access_subjects.c.number).where(access_subjects.c.subject == wanted.subject))
    if wanted.since:
        yield access_log.c.at >= microseconds(wanted.since)
    if wanted.until:
        yield access_log.c.at <= microseconds(wanted.until)


def _subjects(rows: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    if not numbers:
        return {}
    query = select(access_subjects).where(access_subjects.c.number.in_(numbers))
    about: dict[int, list[str]] = {}
    for row in rows.execute(query):
        about.setdefault(row.number, []).append(row.subject)
    return {number: tuple(sorted(found)) for number, found in about.items()}  # by code point: databases sort as their locale does


def _row(row: Any, about: tuple[str, ...]) -> AccessRow:
    actor, role = UUID(row.actor) if row.actor else None, Role(row.role) if row.role else None
    return AccessRow(row.number, moment_of(row.at), AccessAct(row.act), row.outcome, actor, role, row.by, about, bytes(row.hash))


def _require_plain(outcome: str, by: str, about: Sequence[str]) -> None:
    for text, form in ((outcome, _OUTCOME), (by, _BY), *((subject, _SUBJECT) for subject in about)):
        if not form.fullmatch(text):
            raise ValueError(f"{text!r} does not belong into the access log: it could hold words or personal data")
