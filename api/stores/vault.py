"""
The vault: names, e-mail addresses and telephone numbers of persons, and the only place for them. A primary store, never rebuilt.

Events carry a random reference. Each person's data are encrypted under a key of their own (AES-256-GCM), and that key is wrapped by the master key,
which stands outside the database. Erasure destroys wrapped key and row and rewrites what held them, so that no page of the database has them any
more; every event stays as it is.

Law: Regulation (EU) 2018/1725, Articles 18 to 20; procedure section 12.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.errors import InsufficientPrivilege, LockNotAvailable
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, Row, String, Table, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from api.stores.keys import KeyRefused
from api.stores.primary import PrimaryDatabase
from api.stores.vault_key import MasterKey
from domain.types import BLANKS, CONTROLS, Payload, Text
from projections.store import microseconds, moment_of

NAME = "vault"
NONCE_BYTES = 12
PATIENCE = 2_000
"""Milliseconds in which whoever reads the vault may finish, before what held an erased row is rewritten."""
METADATA = MetaData()
PERSONS = Table(
    "persons",
    METADATA,
    Column("person_ref", String, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("restricted_at", BigInteger),
)
REWRITE = (
    f"SET LOCAL lock_timeout = {PATIENCE}",
    f"LOCK TABLE {NAME}.persons IN ACCESS EXCLUSIVE MODE",
    f"CREATE TEMPORARY TABLE staying ON COMMIT DROP AS SELECT * FROM {NAME}.persons",
    f"TRUNCATE {NAME}.persons",
    f"INSERT INTO {NAME}.persons SELECT * FROM staying",
)
"""Gives the table another file, on PostgreSQL."""
NOT_YET: dict[type[Exception], str] = {
    InsufficientPrivilege: "This database role may not rewrite the table, so old rows are still in its file: do the same as its owner.",
    LockNotAvailable: "Somebody else reads the vault, so its table could not be rewritten yet: do the same again.",
}
RIGHTS = {"persons": "SELECT, INSERT, UPDATE, DELETE"}


class StillOnDisk(Exception):
    """The person is gone from the table, but pages that held the row could not be rewritten yet; the text says what to do."""


def _with_at(value: str) -> str:
    name, _, host = value.rpartition("@")
    if not name or "." not in host or " " in value:
        raise ValueError("must be an e-mail address, for example office@example.org")
    return value


_SEEN = f"[^@{BLANKS}{CONTROLS}]"
_WRITTEN = WithJsonSchema({"type": "string", "minLength": 3, "maxLength": 254, "pattern": rf"^{_SEEN}+@{_SEEN}*\.{_SEEN}*$"})
EMail = Annotated[Text, StringConstraints(max_length=254), AfterValidator(_with_at), _WRITTEN]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()/.-]{2,38}[0-9]$")]


class PersonalData(Payload):
    """The data of a person. `statement` is the supplementary statement of somebody whose data are contested (Article 18)."""

    name: Text = Field(repr=False)
    e_mail: EMail | None = Field(None, repr=False)
    telephone: Telephone | None = Field(None, repr=False)
    statement: Text | None = Field(None, repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """A person in the vault. While their data are restricted, `data` is None: they are kept, and used for nothing (Article 20)."""

    person_ref: UUID
    data: PersonalData | None
    changed_at: datetime
    restricted_at: datetime | None


class Vault:
    """The vault, open: in `vault.db`, in the schema `vault`, or in memory for `sqlite://`."""

    def __init__(self, database_url: str, key: MasterKey) -> None:
        self._database = PrimaryDatabase(database_url, NAME, METADATA, RIGHTS)
        self._key = key

    def create(self, role: str | None = None) -> None:
        """Create the table unless it is there; on PostgreSQL let a database role use it."""
        self._database.create(role)

    def is_created(self) -> bool:
        """Tell whether the table is there."""
        return self._database.is_created()

    # -- Keeping ---------------------------------------------------------------------

    def add(self, data: PersonalData, at: datetime) -> UUID:
        """
        Keep the data of a person and return the reference for events. It is random: two entries of one name have nothing in common.

        Raises: KeyRefused.
        """
        ref = uuid4()
        with self._database.writing() as rows:
            master = self._master(rows)
            rows.execute(PERSONS.insert().values(person_ref=str(ref), **_sealed(master, ref, data), changed_at=microseconds(at)))
        return ref

    def find(self, ref: UUID) -> Person | None:
        """
        Return a person; None when the vault never had them, or has them no more.

        Raises: KeyRefused.
        """
        with self._database.reading() as rows:
            row = rows.execute(select(PERSONS).where(PERSONS.c.person_ref == str(ref))).first()
        return self._person(row) if row else None

    def rectify(self, ref: UUID, data: PersonalData, at: datetime) -> bool:
        """
        Replace the data of a person, also while they are restricted; under a new key, so that the old ones are not readable any more.

        Raises: KeyRefused.
        """
        with self._database.writing() as rows:
            values = _sealed(self._master(rows), ref, data)
            return rows.execute(_the(ref).values(**values, changed_at=microseconds(at))).rowcount == 1

    def restrict(self, ref: UUID, at: datetime | None) -> bool:
        """Restrict the data of a person from a moment on, or lift the restriction."""
        with self._database.writing() as rows:
            return rows.execute(_the(ref).values(restricted_at=None if at is None else microseconds(at))).rowcount == 1

    # -- Erasing ---------------------------------------------------------------------

    def forget_contact(self, ref: UUID, at: datetime) -> bool:
        """
        Erase e-mail address and telephone number; the name stays. Old key and old data are destroyed.

        Raises: KeyRefused, StillOnDisk.
        """
        with self._database.reading() as rows:
            row = rows.execute(select(PERSONS).where(PERSONS.c.person_ref == str(ref))).first()
        if row is None:
            return False
        data = _opened(self._key.read(), row)
        self.rectify(ref, data.model_copy(update={"e_mail": None, "telephone": None}), at)
        self._rewrite()
        return True

    def erase(self, ref: UUID) -> bool:
        """
        Destroy key and row of a person. Whoever was interrupted may erase again.

        Raises: StillOnDisk.
        """
        with self._database.writing() as rows:
            # Commit point: from here on nothing in the table opens what may be left anywhere else.
            erased = rows.execute(delete(PERSONS).where(PERSONS.c.person_ref == str(ref))).rowcount
        self._rewrite()
        return erased == 1

    def _rewrite(self) -> None:
        """Rewrite the pages that held what was replaced or removed."""
        if self._database.is_postgresql:
            self._rewrite_table()
        elif self._database.file:
            self._empty_write_ahead_log()

    def _empty_write_ahead_log(self) -> None:
        # Freed cells are overwritten (secure_delete); the write-ahead log still holds the pages as they were before.
        session = self._database.engine.raw_connection()  # outside of any transaction
        session.detach()  # it is closed below, with its patience
        try:
            session.cursor().execute(f"PRAGMA busy_timeout={PATIENCE}")
            busy = session.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            session.close()
        if busy:
            raise StillOnDisk("Somebody else reads the vault, so its write-ahead log could not be emptied yet: do the same again.")

    def _rewrite_table(self) -> None:
        # Not VACUUM FULL, which copies what any older transaction could still see: into a new file goes what stays, and nothing else.
        try:
            with self._database.writing() as rows:
                for statement in REWRITE:
                    rows.execute(text(statement))
        except DBAPIError as error:
            for fault, says in NOT_YET.items():
                if isinstance(error.orig, fault):
                    raise StillOnDisk(says) from None
            raise

    # -- Verifying -------------------------------------------------------------------

    def refs(self) -> frozenset[UUID]:
        """Return the reference of everybody in the vault."""
        with self._database.reading() as rows:
            return frozenset(UUID(ref) for ref in rows.execute(select(PERSONS.c.person_ref)).scalars())

    def verify(self) -> Iterator[str]:
        """Yield a sentence for each person whom the master key does not open."""
        with self._database.reading() as rows:
            found = rows.execute(select(PERSONS).order_by(PERSONS.c.person_ref)).all()
        for row in found:
            try:
                _opened(self._key.read(), row)
            except KeyRefused as refused:
                yield f"Person {row.person_ref}: {refused}"

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def _master(self, rows: Connection) -> bytes:
        """Return the master key; the first person makes it, in turn with everybody else who writes."""
        nobody = not rows.execute(select(func.count()).select_from(PERSONS)).scalar()
        return self._key.init() if nobody and not self._key.exists() else self._key.read()

    def _person(self, row: Row[Any]) -> Person:
        restricted_at = None if row.restricted_at is None else moment_of(row.restricted_at)
        data = _opened(self._key.read(), row) if restricted_at is None else None
        return Person(UUID(row.person_ref), data, moment_of(row.changed_at), restricted_at)


def _the(ref: UUID) -> Any:
    return update(PERSONS).where(PERSONS.c.person_ref == str(ref))


def _sealed(master: bytes, ref: UUID, data: PersonalData) -> dict[str, bytes]:
    """Return the data under a new key, and that key wrapped; both are bound to the reference, so that no row opens as another one."""
    key = AESGCM.generate_key(bit_length=256)
    return {"wrapped_key": _encrypted(master, key, ref), "sealed": _encrypted(key, data.model_dump_json(exclude_none=True).encode(), ref)}


def _opened(master: bytes, row: Row[Any]) -> PersonalData:
    ref = UUID(row.person_ref)
    try:
        key = _decrypted(master, row.wrapped_key, ref)
        return PersonalData.model_validate_json(_decrypted(key, row.sealed, ref))
    except InvalidTag:
        raise KeyRefused("the master key does not open this row: it is another vault's key, or the row was altered.") from None


def _encrypted(key: bytes, plain: bytes, ref: UUID) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, ref.bytes)


def _decrypted(key: bytes, sealed: bytes, ref: UUID) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], ref.bytes)
