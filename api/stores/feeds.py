"""Calendar feeds: an address that somebody's calendar may ask for without signing in, until it is given up."""

import secrets
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import delete, insert, select

from api.stores.access_database import AccessDatabase
from api.stores.access_tables import accounts, feeds
from api.stores.accounts import Account, account_of
from api.stores.tokens import TOLD_DIGITS
from projections.store import microseconds

PREFIX = "srf_"
"""Begins every token of a feed, so that scanners find one that leaked."""
RANDOM_BYTES = 32


class Feeds:
    """Gives each account one feed at most; only the hash of its token is kept."""

    def __init__(self, database: AccessDatabase) -> None:
        self._database = database

    def begin(self, account: str) -> str:
        """Give an account a feed, in place of the one it had; return its token, which nobody sees again."""
        token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        row = {"account": account, "sha256": _hash(token), "created_at": microseconds(datetime.now(UTC))}
        with self._database.writing() as rows:
            rows.execute(delete(feeds).where(feeds.c.account == account))
            rows.execute(insert(feeds).values(row))
        return token

    def end(self, account: str) -> bool:
        """Give up the feed of an account, at once and for ever; tell whether it had one."""
        with self._database.writing() as rows:
            return rows.execute(delete(feeds).where(feeds.c.account == account)).rowcount > 0

    def has(self, account: str) -> bool:
        """Tell whether an account has a feed."""
        with self._database.reading() as rows:
            return rows.execute(select(feeds.c.account).where(feeds.c.account == account)).first() is not None

    def account_of(self, token: str) -> Account | None:
        """Return whose feed a token opens; None for nobody's, and when the account is disabled."""
        query = select(accounts).join(feeds, feeds.c.account == accounts.c.name)
        with self._database.reading() as rows:
            row = rows.execute(query.where(feeds.c.sha256 == _hash(token), accounts.c.disabled_at.is_(None))).first()
        return account_of(row) if row else None


def feed_reference(token: str) -> str:
    """Return how the access log names a feed."""
    return f"feed:{_hash(token).hex()[:TOLD_DIGITS]}"


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
