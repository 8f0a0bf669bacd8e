"""A register with six changes of the list, its webhooks, and a clock that is moved on by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from api.settings import Settings
from api.stores.keys import KeyFolder
from api.stores.log_store import LogStore
from api.stores.webhooks import Attempt, State, Subscription, WebhookStore
from api.webhooks.delivering import Deliveries
from api.webhooks.opening import next_key, open_deliveries, publish_keys
from api.webhooks.signing import KEY, told_key, told_secret
from api.wiring import set_up
from projections.transparency.leaves import public_leaf
from projections.transparency.log import Log, one_by_one
from projections.transparency.publication import PublicCopy
from tests.interfaces.data_stack import HISTORY, SIGNER, Stack
from tests.read_models.folding import ReadSide
from tests.read_models.listing import events_of

ALL = list(range(1, len(HISTORY) + 1))
"""The numbers of the changes in the history."""


@dataclass
class House:
    """What a test moves: list and log, the clock, and whoever delivers."""

    settings: Settings
    stack: Stack
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.deliveries: Deliveries = open_deliveries(self.settings, self.stack.side.public, lambda: self.now)

    def make_key(self) -> None:
        next_key(self.settings, self.keys)
        publish_keys(self.keys, self.stack.side.public)

    @property
    def store(self) -> WebhookStore:
        return self.deliveries.store

    @property
    def keys(self) -> KeyFolder:
        return self.deliveries.keys

    @property
    def public_key(self) -> str:
        return told_key(self.keys.signer(KEY).verifier)

    def secret(self, name: str) -> str:
        return told_secret(self.keys.signer(KEY), self.store.find(name).salt)

    def subscribe(self, name: str, url: str, delivered: int = 0) -> Subscription:
        """Subscribe, and ask the receiver."""
        self.store.add(name, url, delivered, self.now)
        return asyncio.run(self.deliveries.confirm(name))

    def bring_up(self, name: str) -> None:
        asyncio.run(self.deliveries.bring_up(name))

    def wait(self, delay: timedelta) -> None:
        self.now += delay

    def stands(self, name: str) -> tuple[State, int, int]:
        found = self.store.find(name)
        return found.state, found.delivered, found.failures

    def log(self, name: str) -> list[tuple[int, int | None]]:
        """What was attempted: the change, and the status of the answer."""
        return [(each.change, each.status) for each in self.attempts(name)]

    def attempts(self, name: str) -> list[Attempt]:
        return list(self.store.attempts(name, 1000))


@contextmanager
def opened(url: str, *, followed: bool = True, key: bool = True) -> Iterator[House]:
    """Open a house over an address where nothing is yet."""
    set_up(url)
    side, log_store = ReadSide(url), LogStore(url)
    log_store.choose_origin(SIGNER.name)
    side.public.note("demonstration", "yes")
    log = Log(log_store, one_by_one(public_leaf), SIGNER, PublicCopy(side.stores[1], [SIGNER.verifier]))
    stack = Stack(side, log, events_of(HISTORY))
    if followed:
        stack.fold()
        stack.publish()
    settings = Settings(database_url=url, public_address="https://register.example.eu", webhook_loopback=True)
    house = House(settings, stack)
    if key:
        house.make_key()
    try:
        yield house
    finally:
        house.store.close()
        log.close()
        side.close()
