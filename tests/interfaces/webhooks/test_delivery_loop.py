"""The loop that delivers webhooks: one process has the turn, and nothing that is slow, lost or in the way stops it for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from api.stores.turns import turn_to_deliver
from api.stores.webhooks import State
from api.webhooks.signing import KEY
from tests.interfaces.webhook_house import ALL, House, opened
from tests.interfaces.webhook_receiver import Received, Receiver, receiving

CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 520601"
DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before an Ed25519 key in DER (RFC 8410)."""


# -- The loop -----------------------------------------------------------------------------------


def running_until(house: House, met: Callable[[], bool]) -> None:
    """Run the loop of the service until something has come about."""

    async def run() -> None:
        loop = asyncio.create_task(house.deliveries.run())
        async with asyncio.timeout(30):
            while not met():
                assert not loop.done(), "the loop ended"
                await asyncio.sleep(0.02)
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop

    asyncio.run(run())


def test_the_loop_delivers_and_one_slow_receiver_holds_nobody_up(house: House, receiver: Receiver, certificates: Path) -> None:
    with receiving(Receiver(), certificates) as slow:
        house.subscribe("slow", slow.url())
        house.subscribe("quick", receiver.url())
        slow.behave = lambda received: (500, {}, b"") if slow.pause.wait(30) else None
        running_until(house, lambda: receiver.changes == ALL)
        assert slow.changes == [1]
    assert house.stands("slow") == (State.ACTIVE, 0, 0)


def test_who_has_not_the_turn_delivers_nothing(either: House, receiver: Receiver) -> None:
    either.subscribe("observatory", receiver.url())
    turn = turn_to_deliver(either.settings.database_url)
    assert turn is not None
    assert turn.is_held()
    assert turn_to_deliver(either.settings.database_url) is None
    looks = iter(range(3))
    running_until(either, lambda: next(looks, None) is None)
    assert receiver.changes == []
    turn.give_up()
    running_until(either, lambda: receiver.changes == ALL)


def test_a_lost_key_is_said_once_and_nothing_is_sent(house: House, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    house.subscribe("observatory", receiver.url())
    file = house.keys.folder / f"{KEY}.key"
    kept = file.read_bytes()
    file.unlink()
    running_until(house, lambda: "Webhooks are not delivered: There is no key" in caplog.text)
    assert receiver.changes == []
    file.write_bytes(kept)
    file.chmod(0o600)
    running_until(house, lambda: receiver.changes == ALL)
    assert caplog.text.count("Webhooks are not delivered") == 1


@pytest.mark.postgres
def test_a_turn_that_is_lost_with_its_connection_is_taken_again(
    migrated_postgresql: str, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    lost = "The connection that held the turn is gone"

    def cut_off(received: Received) -> None:
        if received.change == 2 and receiver.changes.count(2) == 1:
            with psycopg.connect(migrated_postgresql) as session:
                found = session.execute(CUT_OFF).fetchall()
            assert found == [(True,)]
            while lost not in caplog.text and not receiver.pause.wait(0.02):
                pass  # the answer comes too late for whoever asked

    with opened(migrated_postgresql) as house:
        house.subscribe("observatory", receiver.url())
        receiver.behave = cut_off
        running_until(house, lambda: house.stands("observatory") == (State.ACTIVE, ALL[-1], 0))
    assert receiver.changes == [1, 2, *ALL[1:]]
    assert caplog.text.count(lost) == 1
