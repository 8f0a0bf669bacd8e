"""
Personal tokens: who may send requests, in which role. A primary store, backed up with the events and never rebuilt.

Only the SHA-256 of a token is kept, so that nobody can sign in with what the store says. Tokens are random and long: no slow hash is needed, and no
answer is kept in memory, so that a revocation works at once.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    create_engine,
    event,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateSchema

from domain.actors import Actor, Role
from projections.store import microseconds, moment_of

PREFIX = "srr_"
"""Begins every token, so that scanners find one that leaked."""
RANDOM_BYTES = 32
LONGEST_NAME = 100
SCHEMA = "access"
FILE_NAME = "access.db"

METADATA = MetaData()
TOKENS = Table(
    "tokens",
    METADATA,
    Column("sha256", LargeBinary, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("actor_ref", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)


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


class TokenStore:
    """Issues, recognises and revokes tokens: in `access.db`, in the schema `access`, or in memory for `sqlite://`."""

    def __init__(self, database_url: str) -> None:
        self._schema = SCHEMA if database_url.startswith("postgresql") else None
        engine = _open(database_url)
        self._engine = engine.execution_options(schema_translate_map={None: SCHEMA}) if self._schema else engine

    def create(self, role: str | None = None) -> None:
        """Create file, schema and table unless they are there; on PostgreSQL let a database role read them and nothing else."""
        if isinstance(file := self._engine.url.database, str) and self._schema is None:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        with self._engine.begin() as rows:
            if self._schema:
                rows.execute(CreateSchema(self._schema, if_not_exists=True))
            METADATA.create_all(rows)
            if self._schema and role is not None:
                quoted = rows.dialect.identifier_preparer.quote(role)
                rows.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}"))
                rows.execute(text(f"GRANT SELECT ON {SCHEMA}.tokens TO {quoted}"))

    def is_created(self) -> bool:
        """Tell whether the table is there; a missing file is not created."""
        file = self._engine.url.database
        if self._schema is None and file and not Path(file).exists():
            return False
        with self._reading() as rows:
            return inspect(rows).has_table("tokens", schema=self._schema)

    def issue(self, role: Role, name: str, actor_ref: UUID | None = None) -> str:
        """
        Issue a token; this is the only time anybody sees it.

        A name keeps its actor from token to token and from role to role: otherwise a new token would make two officers of one (rule R31).
        Raises: NameUnfit for an empty, long or unprintable name, and for one that is in use in this role; ValueError for the register's own role.
        """
        if role is Role.SYSTEM:
            raise ValueError("the register itself signs in nowhere")
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise NameUnfit(f"a name has 1 to {LONGEST_NAME} printable characters")
        token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        with self._engine.begin() as rows:
            before = rows.execute(select(TOKENS).where(TOKENS.c.name == name).order_by(TOKENS.c.created_at.desc())).all()
            if any(row.role == role and row.revoked_at is None for row in before):
                raise NameUnfit(f"there is a token of {name!r} as {role}; revoke it first, or choose another name")
            ref = str(actor_ref or (before[0].actor_ref if before else uuid4()))
            values = {"sha256": _hash(token), "name": name, "role": str(role), "actor_ref": ref, "created_at": _now()}
            rows.execute(TOKENS.insert().values(values))
        return token

    def actor_of(self, token: str) -> Actor | None:
        """Return whose token this is; None when nobody's, or revoked. Whatever is given costs one hash and one look."""
        with self._reading() as rows:
            row = rows.execute(select(TOKENS).where(TOKENS.c.sha256 == _hash(token), TOKENS.c.revoked_at.is_(None))).first()
        return Actor(UUID(row.actor_ref), Role(row.role)) if row else None

    def revoke(self, name: str) -> int:
        """Revoke every token of a name, at once and for ever; return how many there were."""
        revoking = update(TOKENS).where(TOKENS.c.name == name, TOKENS.c.revoked_at.is_(None))
        with self._engine.begin() as rows:
            return rows.execute(revoking.values(revoked_at=_now())).rowcount

    def names(self) -> tuple[Token, ...]:
        """Return what was issued, in order, revoked ones included."""
        with self._reading() as rows:
            return tuple(map(_token, rows.execute(select(TOKENS).order_by(TOKENS.c.created_at, TOKENS.c.name)).all()))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as rows:
            yield rows


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _now() -> int:
    return microseconds(datetime.now(UTC))


def _token(row: Row[Any]) -> Token:
    revoked_at = None if row.revoked_at is None else moment_of(row.revoked_at)
    return Token(row.name, Role(row.role), UUID(row.actor_ref), moment_of(row.created_at), revoked_at)


def _open(database_url: str) -> Engine:
    if database_url == "sqlite://":
        # One connection, lent to one thread at a time: another one would be another store.
        return create_engine(database_url, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False})
    if database_url.startswith("postgresql"):
        return create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True)
    engine = create_engine(f"sqlite:///{Path(database_url.removeprefix('sqlite:///')) / FILE_NAME}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def _settle(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    # FULL: a revocation that was acknowledged survives power loss.
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
