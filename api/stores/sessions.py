"""
Sessions of browsers: rows on the server, so that a role can be withdrawn at once.

A browser holds 256 random bits and the store their SHA-256: nobody can take a session from what the store says. A session ends half an hour after its
last use, eight hours after signing in, when it is ended, and when its account is disabled, signed out or given another password.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from api.stores.access_database import AccessDatabase
from api.stores.access_log import server_time
from api.stores.access_tables import accounts, openid_sessions, sessions
from api.stores.accounts import Account
from api.stores.tokens import TOLD_DIGITS
from domain.actors import Actor, Role
from projections.store import microseconds, moment_of

RANDOM_BYTES = 32
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
REMEMBERED = timedelta(days=1)
"""For so long after its end it is known whose a session was, so that a form sent too late is kept for its author."""
NOTED_EVERY = timedelta(minutes=1)
"""Uses closer to each other than this are not written down one by one; a session may end so much earlier."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    actor: Actor
    account: str
    signed_in_at: datetime
    used_at: datetime
    reference: str
    """How the access log names it."""
    by_openid: bool = False
    """Whether a provider vouched for them, which then does so again before an act that binds."""

    @property
    def lasts_until(self) -> datetime:
        """When it ends if it is not used again."""
        return min(self.used_at + IDLE, self.signed_in_at + ABSOLUTE)

    def seconds_left(self, now: datetime) -> int:
        """Return how many whole seconds it lasts from now if it is not used again."""
        return max(0, int((self.lasts_until - now).total_seconds()))

    @property
    def is_final(self) -> bool:
        """Tell whether using it makes it last no longer."""
        return self.used_at + IDLE >= self.signed_in_at + ABSOLUTE


class Sessions:
    """Begins, recognises and ends sessions."""

    def __init__(self, database: AccessDatabase, clock: Callable[[], datetime] = server_time) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """Return the time by which sessions end."""
        return self._clock()

    def begin(self, account: Account, *, by_openid: bool = False) -> tuple[str, Session]:
        """Begin a session; return its identifier, which nobody sees again, with it."""
        identifier, now = secrets.token_urlsafe(RANDOM_BYTES), self._clock()
        digest, at = _hash(identifier), microseconds(now)
        with self._database.writing() as rows:
            rows.execute(delete(sessions).where(sessions.c.signed_in_at < microseconds(now - ABSOLUTE - REMEMBERED)))
            rows.execute(delete(openid_sessions).where(openid_sessions.c.sha256.not_in(select(sessions.c.sha256))))
            rows.execute(insert(sessions).values(sha256=digest, account=account.name, signed_in_at=at, used_at=at))
            if by_openid:
                rows.execute(insert(openid_sessions).values(sha256=digest))
        return identifier, Session(account.actor, account.name, now, now, _reference(digest), by_openid)

    def find(self, identifier: str) -> Session | None:
        """Return the session of an identifier, and note its use; None when it ended or never began."""
        now = self._clock()
        query = select(sessions, accounts.c.role, accounts.c.actor_ref, openid_sessions.c.sha256.label("by_openid"))
        query = query.join(accounts, accounts.c.name == sessions.c.account).outerjoin(openid_sessions, openid_sessions.c.sha256 == sessions.c.sha256)
        standing = (accounts.c.disabled_at.is_(None), accounts.c.sessions_from <= sessions.c.signed_in_at)
        with self._database.reading() as rows:
            row = rows.execute(query.where(sessions.c.sha256 == _hash(identifier), *standing)).first()
        session = _session(row) if row else None
        if session is None or now >= session.lasts_until:
            return None
        if now - session.used_at < NOTED_EVERY:
            return session
        return self._noted(session, row, now)

    def account_of(self, identifier: str) -> str | None:
        """Return whose session an identifier is or was, also when it ended for want of use; whoever asks is not signed in by that."""
        query = select(sessions.c.account).where(sessions.c.sha256 == _hash(identifier))
        with self._database.reading() as rows:
            account: str | None = rows.execute(query).scalar()
        return account

    def _noted(self, session: Session, row: Any, now: datetime) -> Session:
        with self._database.writing() as rows:
            rows.execute(update(sessions).where(sessions.c.sha256 == row.sha256).values(used_at=microseconds(now)))
        return replace(session, used_at=now)

    def end(self, identifier: str) -> Session | None:
        """End a session, at once and for ever; return it, None when it had ended already."""
        session = self.find(identifier)
        with self._database.writing() as rows:
            rows.execute(delete(sessions).where(sessions.c.sha256 == _hash(identifier)))
        return session


def _hash(identifier: str) -> bytes:
    return sha256(identifier.encode("utf-8", "surrogatepass")).digest()


def _reference(digest: bytes) -> str:
    return f"session:{digest.hex()[:TOLD_DIGITS]}"


def _session(row: Any) -> Session:
    actor = Actor(UUID(row.actor_ref), Role(row.role))
    by_openid = row.by_openid is not None
    return Session(actor, row.account, moment_of(row.signed_in_at), moment_of(row.used_at), _reference(bytes(row.sha256)), by_openid)
