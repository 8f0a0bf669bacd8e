"""
Local accounts: who may sign in with a password, in which one role. A primary store, backed up with the events and never rebuilt.

Passwords are kept as Argon2id hashes (RFC 9106). Checking one costs the same whether the account exists or not: nobody learns names by asking.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, insert, select, update

from api.stores.access_database import AccessDatabase
from api.stores.access_tables import TOKENS, accounts
from domain.actors import Actor, Role
from projections.store import microseconds, moment_of

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
"""In characters. Length is what counts; nothing else is asked of a password."""
AT_ONCE = 2
"""Passwords hashed at the same time; each takes 64 MiB."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)


class AccountUnfit(ValueError):
    """No account can be made or changed like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the store knows it: everything but the password."""

    name: str
    actor: Actor
    created_at: datetime
    disabled_at: datetime | None


class Accounts:
    """Adds, disables and recognises accounts."""

    def __init__(self, database: AccessDatabase, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._hasher = hasher or PasswordHasher()
        self._turns = BoundedSemaphore(AT_ONCE)

    # -- For the operator --------------------------------------------------------------

    def add(self, name: str, role: Role, password: str | None, same_as: str | None = None) -> Account:
        """
        Add an account; one without a password is for whoever signs in by OpenID Connect.

        An account has one role. Whoever needs two has two accounts of one actor (`same_as`): otherwise one person could draft and adopt (rule R31).
        For the same reason an account takes the actor of a token of its name.
        Raises: AccountUnfit for an unfit or taken name or password, an unknown `same_as`, or the register's own role.
        """
        if role in (Role.SYSTEM, Role.PUBLIC):
            raise AccountUnfit(f"{role} signs in nowhere")
        if not _NAME.fullmatch(name):
            raise AccountUnfit("a name has 1 to 40 small letters, digits, dots, hyphens and underscores; take a function, not a person's name")
        hashed, now = None if password is None else self._hashed(name, password), _now()
        with self._database.writing() as rows:
            if _row(rows, name):
                raise AccountUnfit(f"there is an account {name!r}; disabled accounts keep their names")
            row = {"name": name, "role": str(role), "actor_ref": str(_actor_ref(rows, name, same_as)), "password": hashed}
            rows.execute(insert(accounts).values(**row, created_at=now, sessions_from=now))
            return account_of(_row(rows, name))

    def set_password(self, name: str, password: str) -> Account:
        """
        Give an account another password; its sessions end.

        Raises: AccountUnfit for an unknown name or an unfit password.
        """
        return self._change(name, password=self._hashed(name, password), sessions_from=_now())

    def disable(self, name: str) -> Account:
        """
        Disable an account for ever; its sessions end with it.

        Raises: AccountUnfit for an unknown name, or one that is disabled.
        """
        return self._change(name, disabled_at=_now())

    def sign_out(self, name: str) -> Account:
        """
        End every session of an account.

        Raises: AccountUnfit for an unknown name.
        """
        return self._change(name, sessions_from=_now())

    def _change(self, name: str, **values: Any) -> Account:
        with self._database.writing() as rows:
            changing = update(accounts).where(accounts.c.name == name, accounts.c.disabled_at.is_(None))
            if rows.execute(changing.values(**values)).rowcount != 1:
                raise AccountUnfit(f"there is no account {name!r} in use")
            return account_of(_row(rows, name))

    def names(self) -> tuple[Account, ...]:
        """Return every account in the order of adding, disabled ones included."""
        with self._database.reading() as rows:
            return tuple(map(account_of, rows.execute(select(accounts).order_by(accounts.c.created_at, accounts.c.name)).all()))

    # -- For the door ------------------------------------------------------------------

    def find(self, name: str) -> Account | None:
        """Return an account, disabled or not; None when there is none."""
        with self._database.reading() as rows:
            row = _row(rows, name)
        return account_of(row) if row else None

    def check(self, name: str, password: str) -> Account | None:
        """Return the account whose name and password these are; None for a wrong one and for no account that has one, in the same time."""
        with self._database.reading() as rows:
            row = _row(rows, name)
        usable = row is not None and row.disabled_at is None and row.password is not None
        right = self._verified(row.password if usable else self._nobodys, password)
        return account_of(row) if usable and right else None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(uuid4().hex)

    def _verified(self, hashed: str, password: str) -> bool:
        with self._turns:
            try:
                return self._hasher.verify(hashed, _bytes(_normal(password[: 4 * LONGEST_PASSWORD])))
            except VerificationError:
                return False

    def _hashed(self, name: str, password: str) -> str:
        normal = _normal(password)
        if not SHORTEST_PASSWORD <= len(normal) <= LONGEST_PASSWORD:
            raise AccountUnfit(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; several words make a good one")
        if name in normal.casefold():
            raise AccountUnfit("a password must not contain the name of its account")
        return self._hasher.hash(_bytes(normal))


def _normal(password: str) -> str:
    """Write a password in a form that does not hang on the keyboard it was typed on."""
    return unicodedata.normalize("NFC", password)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _row(rows: Connection, name: str) -> Any:
    return rows.execute(select(accounts).where(accounts.c.name == name)).first()


def _actor_ref(rows: Connection, name: str, same_as: str | None) -> UUID:
    """Return the actor of the account that is somebody's second one, of a token of this name, or a new one."""
    if same_as is not None:
        known = _row(rows, same_as)
        if known is None:
            raise AccountUnfit(f"there is no account {same_as!r}")
        return UUID(known.actor_ref)
    of_token = rows.execute(select(TOKENS.c.actor_ref).where(TOKENS.c.name == name).order_by(TOKENS.c.created_at.desc())).scalar()
    return UUID(of_token) if of_token else uuid4()


def account_of(row: Any) -> Account:
    """Return the account of a row."""
    disabled_at = None if row.disabled_at is None else moment_of(row.disabled_at)
    return Account(row.name, Actor(UUID(row.actor_ref), Role(row.role)), moment_of(row.created_at), disabled_at)


def _now() -> int:
    return microseconds(datetime.now(UTC))
