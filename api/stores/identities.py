"""
Who may come in by OpenID Connect: which account belongs to whom a provider vouches for. A primary store, backed up with the events and never rebuilt.

An identity is what a provider says of somebody in one claim. Only its SHA-256 is kept, so that no name of a person gets in; the provider alone knows
who it is. One identity has one account, and one account one identity: a role is given here, by an operator, and by nothing that a provider says.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import rfc8785
from sqlalchemy import delete, insert, select, update

from api.stores.access_database import AccessDatabase
from api.stores.access_tables import accounts, identities
from api.stores.accounts import Account, AccountUnfit, account_of
from projections.store import microseconds

LONGEST = 255
"""Characters of a subject, as OpenID Connect has them (Core 1.0, section 2)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as a provider knows them: by the value of a claim."""

    issuer: str
    claim: str
    value: str

    @property
    def is_fit(self) -> bool:
        """Tell whether this can be anybody's."""
        return bool(self.issuer and self.claim and self.value.strip()) and len(self.value) <= LONGEST and self.value.isprintable()

    @property
    def digest(self) -> bytes:
        """Return by what the store knows it: the SHA-256 of the RFC 8785 form of the three."""
        return sha256(rfc8785.dumps([self.issuer, self.claim, self.value])).digest()


class Identities:
    """Links, finds and unlinks."""

    def __init__(self, database: AccessDatabase) -> None:
        self._database = database

    def link(self, name: str, identity: Identity) -> Account:
        """
        Let somebody sign in under an account.

        Raises: AccountUnfit for an account that is unknown, disabled or linked already, an identity that has an account, or one that nobody can have.
        """
        if not identity.is_fit:
            raise AccountUnfit(f"an identity is an issuer, a claim and 1 to {LONGEST} printable characters; set OPENID_ISSUER or name --issuer")
        with self._database.writing() as rows:
            account = rows.execute(select(accounts).where(accounts.c.name == name, accounts.c.disabled_at.is_(None))).first()
            if account is None:
                raise AccountUnfit(f"there is no account {name!r} in use")
            if rows.execute(select(identities.c.account).where(identities.c.account == name)).first():
                raise AccountUnfit(f"the account {name!r} is linked already; unlink it first")
            if other := rows.execute(select(identities.c.account).where(identities.c.sha256 == identity.digest)).scalar():
                raise AccountUnfit(f"whoever this is has the account {other!r}; one person signs in under one account")
            rows.execute(insert(identities).values(sha256=identity.digest, account=name, linked_at=_now()))
        return account_of(account)

    def unlink(self, name: str) -> Account:
        """
        Let nobody sign in under an account by OpenID Connect any more; its sessions end.

        Raises: AccountUnfit for an account that is not linked.
        """
        with self._database.writing() as rows:
            if rows.execute(delete(identities).where(identities.c.account == name)).rowcount != 1:
                raise AccountUnfit(f"the account {name!r} is not linked")
            rows.execute(update(accounts).where(accounts.c.name == name).values(sessions_from=_now()))
            return account_of(rows.execute(select(accounts).where(accounts.c.name == name)).one())

    def account_of(self, identity: Identity) -> Account | None:
        """Return the account of somebody, disabled or not; None when they have none."""
        query = select(accounts).join(identities, identities.c.account == accounts.c.name).where(identities.c.sha256 == identity.digest)
        with self._database.reading() as rows:
            row = rows.execute(query).first()
        return account_of(row) if row else None

    def linked(self) -> frozenset[str]:
        """Return the names of the accounts that are linked."""
        with self._database.reading() as rows:
            return frozenset(rows.execute(select(identities.c.account)).scalars())


def _now() -> int:
    return microseconds(datetime.now(UTC))
