"""
Delivery: the changes of the list go to every subscriber in their order, at least once, each with the identifier that it always has.

One process at a time delivers. What was taken is recorded after the receiver has said so: whoever is killed in between sends it once more, and
nobody skips one. Only the public read store is read (Article 78).
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from api.stores.faults import PASSING
from api.stores.keys import KeyFolder, KeyRefused
from api.stores.turns import Turn, turn_to_deliver
from api.stores.webhooks import Attempt, NoSuchSubscription, State, Subscription, WebhookStore
from api.webhooks.messages import Message, message_after, question
from api.webhooks.schedule import after_failure, after_success, told
from api.webhooks.sending import Answer, Sender
from api.webhooks.signing import KEY, headers
from projections.public.questions import When
from registry_site.public.data.room import Room

LOG = logging.getLogger("register.webhooks")
LOOK_EVERY = 1.0
"""Seconds between looks for changes and for what is due again."""
AT_ONCE = 16
"""Receivers that are sent to at the same time."""
CHALLENGE_BYTES = 32
ANSWER_BYTES = 256
"""What is read of an answer to a challenge, which is shorter."""


class TurnLost(Exception):
    """The connection that held the turn is gone, so another process may deliver; the turn is taken again when it is free."""


WAITED_FOR: tuple[type[Exception], ...] = (TurnLost, KeyRefused, *PASSING)
"""What does not end deliveries: they are tried again."""


class Deliveries:
    """Sends what subscribers wait for."""

    def __init__(
        self, store: WebhookStore, room: Room, keys: KeyFolder, sender: Sender, clock: Callable[[], datetime], jitter: Callable[[], float]
    ) -> None:
        self.store = store
        self.room = room
        self.keys = keys
        self.sender = sender
        self.clock = clock
        self._jitter = jitter
        self._running: dict[str, asyncio.Task[None]] = {}
        self._fault = ""
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Deliver for ever, whenever it is this process's turn; a database that is away is waited for."""
        while True:
            try:
                await self._deliver_in_turn()
                self._fault = ""
            except* WAITED_FOR as errors:
                self._say(str(errors.exceptions[0]))
            await asyncio.sleep(LOOK_EVERY)

    def _say(self, fault: str) -> None:
        """Say once what deliveries wait for."""
        if fault != self._fault:
            LOG.error("Webhooks are not delivered: %s", fault)
        self._fault = fault

    async def _deliver_in_turn(self) -> None:
        if not await asyncio.to_thread(self.store.due, self.clock()):
            return
        if (turn := await asyncio.to_thread(turn_to_deliver, self.store.database_url)) is None:
            return
        try:
            async with asyncio.TaskGroup() as group:
                await self._look_again_and_again(turn, group)
        finally:
            self._running.clear()
            await asyncio.to_thread(turn.give_up)

    async def _look_again_and_again(self, turn: Turn, group: asyncio.TaskGroup) -> None:
        while True:
            if not await asyncio.to_thread(turn.is_held):
                raise TurnLost(TurnLost.__doc__)
            self._running = {name: task for name, task in self._running.items() if not task.done()}
            for subscription in await asyncio.to_thread(self.waiting):
                if subscription.name not in self._running:
                    self._running[subscription.name] = group.create_task(self.bring_up(subscription.name))
            await asyncio.sleep(LOOK_EVERY)

    def last_change(self) -> int:
        """Return the number of the last change that may be sent, 0 before the first."""
        return self.room.snapshots.known(When(), self.room.published()).changes

    def waiting(self) -> list[Subscription]:
        """Return the subscriptions that are due and have not got every change; one look at the list serves them all."""
        due = self.store.due(self.clock())
        last = self.last_change() if due else 0
        return [each for each in due if each.delivered < last]

    async def bring_up(self, name: str) -> None:
        """Send a subscriber one change after the other, until one is not taken or none is left."""
        with suppress(NoSuchSubscription):
            async with self._places:
                while await self._deliver_next(name):
                    pass

    async def _deliver_next(self, name: str) -> bool:
        """Send the next change; tell whether there may be another one to send."""
        seen = await asyncio.to_thread(self.store.find, name)
        if seen.state is not State.ACTIVE or seen.due_at > self.clock():
            return False
        message = await asyncio.to_thread(message_after, self.room, seen.delivered)
        if message is None:
            return False
        at = self.clock()
        answer = await self._send(seen, message, at)
        after = after_success(seen, message.change, at) if answer.is_success else after_failure(seen, answer, self.clock(), self._jitter())
        if after.state is State.DEAD:
            LOG.warning("The webhook %s is given up: %s. `registry webhook resume %s` goes on where it stopped.", name, after.why, name)
        await asyncio.to_thread(self.store.change, seen, after, _attempt(at, message, answer))
        return answer.is_success

    # -- The question whether a receiver wants it ------------------------------------------

    async def confirm(self, name: str) -> Subscription:
        """
        Ask a receiver whether it wants the changes, and make the subscription active when it says so.

        Raises: NoSuchSubscription.
        """
        seen, at = await asyncio.to_thread(self.store.find, name), self.clock()
        challenge = secrets.token_urlsafe(CHALLENGE_BYTES)
        message = question(seen.name, seen.url, challenge, at)
        answer = _judged(await self._send(seen, message, at, ANSWER_BYTES), challenge)
        after = replace(seen, state=State.ACTIVE, failures=0, due_at=at, why="") if answer.is_success else replace(seen, why=told(answer))
        await asyncio.to_thread(self.store.change, seen, after, _attempt(at, message, answer))
        return await asyncio.to_thread(self.store.find, name)

    async def _send(self, seen: Subscription, message: Message, at: datetime, most_bytes: int = 0) -> Answer:
        key = await asyncio.to_thread(self.keys.signer, KEY)
        signed = headers(key, seen.salt, message.id, at, message.body)
        return await self.sender.post(seen.url, signed, message.body, most_bytes=most_bytes)


def _judged(answer: Answer, challenge: str) -> Answer:
    """Let an answer count only when it is the challenge and nothing else: what gives back all that it was sent has agreed to nothing."""
    if answer.is_success and answer.body.strip() != challenge.encode():
        return replace(answer, status=None, fault=f"answered {answer.status}, but not with the challenge alone")
    return answer


def _attempt(at: datetime, message: Message, answer: Answer) -> Attempt:
    return Attempt(at, message.change, message.id, answer.status, answer.fault, answer.milliseconds)
