"""
Frozen drafts of decisions, for the second pair of eyes (rule R31). They are no events: nothing is decided until one is adopted.

The content of a draft is the RFC 8785 form of {"stream", "topic", "data"}; its fingerprint is the SHA-256 of these bytes. A draft is never changed:
whoever wants another text freezes another draft. It is closed once, by adoption or with a reason, and what it said is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import orjson
import rfc8785
from sqlalchemy import insert, select, update

from api.stores.access_database import AccessDatabase
from api.stores.access_log import server_time
from api.stores.access_tables import drafts
from domain.ids import Stream, parse_stream
from projections.store import microseconds, moment_of


class Outcome(StrEnum):
    """What became of a draft."""

    ADOPTED = "ADOPTED"
    REJECTED = "REJECTED"


class DraftAltered(Exception):
    """The stored bytes of a draft are not those of its fingerprint."""


class DraftClosed(Exception):
    """Somebody adopted or rejected the draft already."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was frozen: `seen` is the version of the record that its author saw, `content` its canonical bytes."""

    draft_id: UUID
    stream: Stream
    topic: str
    content: bytes
    fingerprint: str
    seen: int
    drafted_by: UUID
    drafted_at: datetime
    outcome: Outcome | None = None
    closed_by: UUID | None = None
    closed_at: datetime | None = None
    reason: str | None = None

    @property
    def data(self) -> dict[str, Any]:
        """
        Return what the draft says.

        Raises: DraftAltered when its bytes are not those of the fingerprint, or say another event than the row.
        """
        said: dict[str, Any] = orjson.loads(self.content) if sha256(self.content).hexdigest() == self.fingerprint else {}
        if (said.get("stream"), said.get("topic")) != (str(self.stream), self.topic):
            raise DraftAltered(f"The bytes of draft {self.draft_id} are not those of its fingerprint.")
        found: dict[str, Any] = said["data"]
        return found


def canonical(stream: Stream, topic: str, data: dict[str, Any]) -> bytes:
    """Return the bytes that are frozen."""
    return rfc8785.dumps({"stream": str(stream), "topic": topic, "data": data})


class Drafts:
    """Freezes, finds and closes drafts."""

    def __init__(self, database: AccessDatabase, clock: Callable[[], datetime] = server_time) -> None:
        self._database = database
        self._clock = clock

    def freeze(self, stream: Stream, topic: str, data: dict[str, Any], *, seen: int, by: UUID) -> Draft:
        """Freeze a draft; the same text of the same author on the same version is the same draft while it is open."""
        content = canonical(stream, topic, data)
        fingerprint = sha256(content).hexdigest()
        known = select(drafts).where(drafts.c.fingerprint == fingerprint, drafts.c.drafted_by == str(by), drafts.c.seen == seen)
        with self._database.writing() as rows:
            row = rows.execute(known.where(drafts.c.outcome.is_(None))).first()
            if row is None:
                made = {
                    "draft_id": str(uuid4()), "stream": str(stream), "topic": topic, "content": content, "fingerprint": fingerprint, "seen": seen,
                    "drafted_by": str(by), "drafted_at": microseconds(self._clock()),
                }  # fmt: skip
                rows.execute(insert(drafts).values(**made))
                row = rows.execute(select(drafts).where(drafts.c.draft_id == made["draft_id"])).one()
        return _draft(row)

    def find(self, draft_id: UUID) -> Draft | None:
        """Return a draft, open or closed."""
        with self._database.reading() as rows:
            row = rows.execute(select(drafts).where(drafts.c.draft_id == str(draft_id))).first()
        return _draft(row) if row else None

    def waiting(self) -> tuple[Draft, ...]:
        """Return the drafts that wait for a second officer, the oldest first."""
        query = select(drafts).where(drafts.c.outcome.is_(None)).order_by(drafts.c.drafted_at, drafts.c.draft_id)
        with self._database.reading() as rows:
            return tuple(map(_draft, rows.execute(query)))

    def close(self, draft_id: UUID, outcome: Outcome, by: UUID, reason: str | None = None) -> None:
        """
        Close a draft, once.

        Raises: DraftClosed.
        """
        values = {"outcome": str(outcome), "closed_by": str(by), "closed_at": microseconds(self._clock()), "reason": reason}
        with self._database.writing() as rows:
            closing = update(drafts).where(drafts.c.draft_id == str(draft_id), drafts.c.outcome.is_(None))
            if rows.execute(closing.values(**values)).rowcount != 1:
                raise DraftClosed(f"Draft {draft_id} is closed.")


def _draft(row: Any) -> Draft:
    closed_at = None if row.closed_at is None else moment_of(row.closed_at)
    outcome, closed_by = Outcome(row.outcome) if row.outcome else None, UUID(row.closed_by) if row.closed_by else None
    return Draft(
        UUID(row.draft_id), parse_stream(row.stream), row.topic, bytes(row.content), row.fingerprint, row.seen, UUID(row.drafted_by),
        moment_of(row.drafted_at), outcome, closed_by, closed_at, row.reason,
    )  # fmt: skip
