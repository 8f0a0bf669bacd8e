"""
Webhooks: who subscribed to the changes of the list, how far each has got, and what came of every attempt. A primary store, never rebuilt.

In `webhooks.db` (SQLite) or in the schema `webhooks` (PostgreSQL). No secret stands here, and nothing of what receivers answered but the status.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Row, String, Table, delete, func, insert, select, update

from api.stores.primary import PrimaryDatabase
from projections.store import microseconds, moment_of

STORE = "webhooks"
ATTEMPTS_KEPT = timedelta(days=90)
SALT_BYTES = 16
METADATA = MetaData()
subscriptions = Table(
    "subscriptions",
    METADATA,
    Column("name", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("state", String, nullable=False),
    Column("why", String, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
attempts = Table(
    "attempts",
    METADATA,
    Column("subscription", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("change", Integer, nullable=False),
    Column("message_id", String, nullable=False),
    Column("status", Integer),
    Column("fault", String, nullable=False),
    Column("milliseconds", Integer, nullable=False),
)
MOVING = ("state", "why", "delivered", "failures", "due_at")
RIGHTS = {"subscriptions": f"SELECT, UPDATE ({', '.join(MOVING)})", "attempts": "SELECT, INSERT, DELETE"}
"""Web processes move subscriptions on; who subscribes, and where to, is the operator's."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}", re.ASCII)


class State(StrEnum):
    """Where a subscription stands: nothing is sent but to an active one."""

    WAITING = "WAITING"
    """Its receiver has not yet answered the challenge."""
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DEAD = "DEAD"
    """Nobody answered to the end of the schedule, or the receiver said that it is gone."""


class NoSuchSubscription(Exception):
    """Nobody subscribed under this name."""


class SubscriptionUnfit(ValueError):
    """A name under which nothing can be subscribed; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription. `delivered` is the number of the last change that was taken, `failures` how often the next one was not."""

    name: str
    url: str
    salt: str
    state: State
    why: str
    delivered: int
    failures: int
    due_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt: `change` is 0 for the challenge, `status` None where no answer came."""

    at: datetime
    change: int
    message_id: str
    status: int | None
    fault: str
    milliseconds: int


class WebhookStore:
    """Keeps subscriptions and the log of their deliveries."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self._database = PrimaryDatabase(database_url, STORE, METADATA, RIGHTS)

    def create(self, role: str | None = None) -> None:
        """Create the store unless it is there; on PostgreSQL let a database role use it."""
        self._database.create(role)

    def is_created(self) -> bool:
        """Tell whether the tables are there."""
        return self._database.is_created()

    def add(self, name: str, url: str, delivered: int, at: datetime) -> Subscription:
        """
        Keep a subscription that waits for its receiver, from the change after `delivered` on.

        Raises: SubscriptionUnfit.
        """
        if not _NAME.fullmatch(name):
            raise SubscriptionUnfit("a name has 1 to 50 small letters, digits and hyphens, and begins with a letter or digit")
        found = Subscription(name, url, secrets.token_hex(SALT_BYTES), State.WAITING, "", delivered, 0, at, at)
        with self._database.writing() as rows:
            if rows.execute(select(subscriptions.c.name).where(subscriptions.c.name == name)).first():
                raise SubscriptionUnfit(f"there is a subscription {name} already; choose another name, or remove it first")
            rows.execute(insert(subscriptions).values(_row(found)))
        return found

    def find(self, name: str) -> Subscription:
        """
        Return a subscription.

        Raises: NoSuchSubscription.
        """
        with self._database.reading() as rows:
            row = rows.execute(select(subscriptions).where(subscriptions.c.name == name)).first()
        if row is None:
            raise NoSuchSubscription(name)
        return _subscription(row)

    def all(self) -> Sequence[Subscription]:
        """Return every subscription, by name."""
        with self._database.reading() as rows:
            return [_subscription(row) for row in rows.execute(select(subscriptions).order_by(subscriptions.c.name))]

    def due(self, at: datetime) -> Sequence[Subscription]:
        """Return the active subscriptions to which something may be sent at a time."""
        wanted = select(subscriptions).where(subscriptions.c.state == State.ACTIVE, subscriptions.c.due_at <= microseconds(at))
        with self._database.reading() as rows:
            return [_subscription(row) for row in rows.execute(wanted.order_by(subscriptions.c.name))]

    def change(self, seen: Subscription, after: Subscription, attempt: Attempt | None = None) -> bool:
        """
        Move a subscription on, with the attempt that moved it; False, and the attempt alone is kept, when somebody else moved it meanwhile.

        Raises: NoSuchSubscription when somebody removed it; then nothing is kept.
        """
        before, moved = _row(seen), _row(after)
        was = [getattr(subscriptions.c, name) == before[name] for name in ("salt", *MOVING)]
        with self._database.writing() as rows:
            if not rows.execute(select(subscriptions.c.salt).where(subscriptions.c.salt == seen.salt)).first():
                raise NoSuchSubscription(seen.name)
            if attempt:
                self._note(rows, seen.name, attempt)
            # Commit point: from here on the next change is sent, and this one is not sent again.
            return rows.execute(update(subscriptions).where(*was).values({name: moved[name] for name in MOVING})).rowcount > 0

    @staticmethod
    def _note(rows: Any, name: str, attempt: Attempt) -> None:
        rows.execute(delete(attempts).where(attempts.c.subscription == name, attempts.c.at < microseconds(attempt.at - ATTEMPTS_KEPT)))
        last = rows.execute(select(func.coalesce(func.max(attempts.c.number), 0)).where(attempts.c.subscription == name)).scalar_one()
        kept = asdict(attempt) | {"at": microseconds(attempt.at)}
        rows.execute(insert(attempts).values(subscription=name, number=last + 1, **kept))

    def remove(self, name: str) -> None:
        """
        Forget a subscription and its deliveries.

        Raises: NoSuchSubscription.
        """
        with self._database.writing() as rows:
            rows.execute(delete(attempts).where(attempts.c.subscription == name))
            if not rows.execute(delete(subscriptions).where(subscriptions.c.name == name)).rowcount:
                raise NoSuchSubscription(name)

    def attempts(self, name: str, most: int) -> Sequence[Attempt]:
        """Return the last attempts, oldest first."""
        wanted = select(attempts).where(attempts.c.subscription == name).order_by(attempts.c.number.desc()).limit(most)
        with self._database.reading() as rows:
            found = rows.execute(wanted).all()
        return [Attempt(moment_of(row.at), row.change, row.message_id, row.status, row.fault, row.milliseconds) for row in reversed(found)]

    def close(self) -> None:
        """Close every connection."""
        self._database.close()


def _row(subscription: Subscription) -> dict[str, Any]:
    row = {each.name: getattr(subscription, each.name) for each in fields(subscription)}
    return row | {"state": str(subscription.state), "due_at": microseconds(subscription.due_at), "created_at": microseconds(subscription.created_at)}


def _subscription(row: Row[Any]) -> Subscription:
    found = dict(row._mapping)
    return Subscription(**(found | {"state": State(row.state), "due_at": moment_of(row.due_at), "created_at": moment_of(row.created_at)}))
