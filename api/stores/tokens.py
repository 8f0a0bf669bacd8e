"""
Personal tokens: who may send requests, in which role. A primary store, backed up with the events and never rebuilt.

Only the SHA-256 of a token is kept, so that nobody can sign in with what the store says. Tokens are random and long: no slow hash is needed, and no
answer is kept in memory, so that a revocation works at once.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, or_, select, update

from api.stores.access_database import AccessDatabase
from api.stores.access_tables import TOKENS, accounts
from domain.actors import Actor, Role
from projections.store import microseconds, moment_of

PREFIX = "srr_"
"""Begins every token, so that scanners find one that leaked."""
RANDOM_BYTES = 32
LONGEST_NAME = 100
TOLD_DIGITS = 12
"""Digits of a token's hash by which the access log names it: enough to find it, and of no use to anybody else."""


class NameUnfit(ValueError):
    """A name under which no token can be issued."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the store knows it: everything but the token."""

    name: str
    role: Role
    actor_ref: UUID
    created_at: datetime
    revoked_at: datetime | None
    """When it was revoked, or when it ends by itself."""
    reference: str
    """How the access log names it."""

    @property
    def is_valid(self) -> bool:
        """Tell whether it may be used now: neither revoked nor at its end."""
        return self.revoked_at is None or self.revoked_at > datetime.now(UTC)

    @property
    def actor(self) -> Actor:
        """Whose it is."""
        return Actor(self.actor_ref, self.role)


class TokenStore:
    """Issues, recognises and revokes tokens: in `access.db`, in the schema `access`, or in memory for `sqlite://`."""

    def __init__(self, database_url: str) -> None:
        self._database = AccessDatabase(database_url)

    def create(self, role: str | None = None) -> None:
        """Create the access store unless it is there; on PostgreSQL let a database role use it as web processes do."""
        self._database.create(role)

    def is_created(self) -> bool:
        """Tell whether the table is there; a missing file is not created."""
        return self._database.has("tokens")

    def issue(self, role: Role, name: str, actor_ref: UUID | None = None, *, lasts: timedelta | None = None) -> str:
        """
        Issue a token, which ends by itself where it is said how long it lasts; this is the only time anybody sees it.

        A name keeps its actor from token to token, from role to role, and from an account of that name: otherwise a new token would make two
        officers of one (rule R31).
        Raises: NameUnfit for an empty, long or unprintable name, and for one that is in use in this role; ValueError for the register's own role.
        """
        if role is Role.SYSTEM:
            raise ValueError("the register itself signs in nowhere")
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise NameUnfit(f"a name has 1 to {LONGEST_NAME} printable characters")
        token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        with self._database.writing() as rows:
            before = rows.execute(select(TOKENS).where(TOKENS.c.name == name).order_by(TOKENS.c.created_at.desc())).all()
            if any(row.role == role and _token(row).is_valid for row in before):
                raise NameUnfit(f"there is a token of {name!r} as {role}; revoke it first, or choose another name")
            ref = str(actor_ref or (before[0].actor_ref if before else _account_ref(rows, name) or uuid4()))
            ends_at = None if lasts is None else microseconds(datetime.now(UTC) + lasts)
            values = {"sha256": _hash(token), "name": name, "role": str(role), "actor_ref": ref, "created_at": _now(), "revoked_at": ends_at}
            rows.execute(TOKENS.insert().values(values))
        return token

    def actor_of(self, token: str) -> Actor | None:
        """Return whose token this is; None when nobody's, revoked, or at its end. Whatever is given costs one hash and one look."""
        found = self.find(token)
        return found.actor if found and found.is_valid else None

    def find(self, token: str) -> Token | None:
        """Return what is known of a token, revoked ones included; None when it was never issued."""
        with self._database.reading() as rows:
            row = rows.execute(select(TOKENS).where(TOKENS.c.sha256 == _hash(token))).first()
        return _token(row) if row else None

    def revoke(self, name: str) -> int:
        """Revoke every token of a name, at once and for ever; return how many there were."""
        revoking = update(TOKENS).where(TOKENS.c.name == name, or_(TOKENS.c.revoked_at.is_(None), TOKENS.c.revoked_at > _now()))
        with self._database.writing() as rows:
            return rows.execute(revoking.values(revoked_at=_now())).rowcount

    def names(self) -> tuple[Token, ...]:
        """Return what was issued, in order, revoked ones included."""
        with self._database.reading() as rows:
            return tuple(map(_token, rows.execute(select(TOKENS).order_by(TOKENS.c.created_at, TOKENS.c.name)).all()))

    def close(self) -> None:
        """Close every connection."""
        self._database.close()


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _account_ref(rows: Connection, name: str) -> str | None:
    return rows.execute(select(accounts.c.actor_ref).where(accounts.c.name == name)).scalar()


def _now() -> int:
    return microseconds(datetime.now(UTC))


def _token(row: Row[Any]) -> Token:
    revoked_at = None if row.revoked_at is None else moment_of(row.revoked_at)
    reference = f"token:{bytes(row.sha256).hex()[:TOLD_DIGITS]}"
    return Token(row.name, Role(row.role), UUID(row.actor_ref), moment_of(row.created_at), revoked_at, reference)
