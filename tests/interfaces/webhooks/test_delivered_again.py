"""Webhooks that were not taken: tried again by the schedule, paused, sent again, given up; and what of them is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from api.stores.webhooks import ATTEMPTS_KEPT, NoSuchSubscription, State, attempts, subscriptions
from api.webhooks.addresses import Reach
from api.webhooks.schedule import DELAYS, MOST_JITTER
from api.webhooks.sending import Sender
from tests.interfaces.webhook_house import ALL, House
from tests.interfaces.webhook_receiver import Received, Receiver

LATEST = [delay * (1 + MOST_JITTER) for delay in DELAYS]
DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before an Ed25519 key in DER (RFC 8410)."""


# -- Again and again, and in the end no more ---------------------------------------------------


def test_a_receiver_that_is_down_is_tried_by_the_schedule_and_gets_the_same_message(either: House, receiver: Receiver) -> None:
    either.subscribe("observatory", receiver.url())
    receiver.behave = lambda received: (503, {}, b"")
    for failures, delay in enumerate(DELAYS, start=1):
        either.bring_up("observatory")
        assert either.stands("observatory") == (State.ACTIVE, 0, failures)
        assert delay <= either.store.find("observatory").due_at - either.now <= delay * (1 + MOST_JITTER)
        either.wait(delay - timedelta(microseconds=1))
        either.bring_up("observatory")
        assert receiver.changes == [1] * failures
        either.wait(LATEST[failures - 1] - delay + timedelta(microseconds=1))
    receiver.behave = None
    either.bring_up("observatory")
    assert receiver.changes == [1] * len(DELAYS) + ALL
    assert len({each.headers["webhook-id"] for each in receiver.received if each.change == 1}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.received if each.change == 1}) == len(DELAYS) + 1
    assert either.stands("observatory") == (State.ACTIVE, ALL[-1], 0)


def test_a_receiver_that_stays_down_is_given_up_after_the_last_attempt_and_can_be_resumed(
    house: House, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    house.subscribe("observatory", receiver.url())
    receiver.behave = lambda received: (500, {}, b"")
    for delay in LATEST:
        house.bring_up("observatory")
        house.wait(delay)
    assert house.stands("observatory") == (State.ACTIVE, 0, len(DELAYS))
    house.bring_up("observatory")
    assert house.stands("observatory") == (State.DEAD, 0, len(DELAYS) + 1)
    assert "change 1 failed 10 times, the last time: answered 500" in house.store.find("observatory").why
    assert "registry webhook resume observatory" in caplog.text
    house.wait(timedelta(days=30))
    house.bring_up("observatory")
    assert len(receiver.changes) == 10
    receiver.behave = None
    assert asyncio.run(house.deliveries.confirm("observatory")).state is State.ACTIVE
    house.bring_up("observatory")
    assert receiver.changes[10:] == ALL


def test_no_later_change_overtakes_one_that_was_not_taken(house: House, receiver: Receiver) -> None:
    house.subscribe("observatory", receiver.url())
    receiver.behave = lambda received: (500, {}, b"") if received.change == 3 else None
    house.bring_up("observatory")
    assert receiver.changes == [1, 2, 3]
    house.wait(LATEST[0])
    receiver.behave = None
    house.bring_up("observatory")
    assert receiver.changes == [1, 2, 3, 3, 4, 5, 6]


def test_a_receiver_that_is_gone_is_left_alone_at_once(house: House, receiver: Receiver) -> None:
    house.subscribe("observatory", receiver.url())
    receiver.behave = lambda received: (410, {}, b"")
    house.bring_up("observatory")
    assert house.stands("observatory") == (State.DEAD, 0, 1)
    assert "410" in house.store.find("observatory").why


@pytest.mark.parametrize(("asked", "waited"), [("600", timedelta(minutes=10)), ("1", DELAYS[0]), ("99999999", timedelta(days=1))])
def test_a_receiver_may_ask_for_more_time_up_to_a_day(house: House, receiver: Receiver, asked: str, waited: timedelta) -> None:
    house.subscribe("observatory", receiver.url())
    receiver.behave = lambda received: (429, {"retry-after": asked}, b"")
    house.bring_up("observatory")
    assert waited <= house.store.find("observatory").due_at - house.now <= waited * (1 + MOST_JITTER)


def test_an_address_that_becomes_private_gets_nothing(house: House, receiver: Receiver) -> None:
    house.subscribe("observatory", receiver.url("127.0.0.1"))
    house.deliveries.sender = Sender(Reach(ports=(receiver.port,)))
    house.bring_up("observatory")
    assert receiver.changes == []
    assert house.stands("observatory") == (State.ACTIVE, 0, 1)
    assert house.attempts("observatory")[-1].fault == "127.0.0.1 is no public address"


# -- What the operator does ---------------------------------------------------------------------


def test_what_is_paused_gets_nothing_and_misses_nothing(house: House, receiver: Receiver) -> None:
    seen = house.subscribe("observatory", receiver.url())
    assert house.store.change(seen, replace(seen, state=State.PAUSED))
    house.bring_up("observatory")
    assert receiver.changes == []
    asyncio.run(house.deliveries.confirm("observatory"))
    house.bring_up("observatory")
    assert receiver.changes == ALL


def test_what_is_sent_again_has_the_identifiers_that_it_had(house: House, receiver: Receiver) -> None:
    house.subscribe("observatory", receiver.url())
    house.bring_up("observatory")
    seen = house.store.find("observatory")
    house.store.change(seen, replace(seen, delivered=3))
    house.bring_up("observatory")
    assert receiver.changes == [*ALL, 4, 5, 6]
    ids = [each.headers["webhook-id"] for each in receiver.received[1:]]
    assert ids[3:6] == ids[6:]
    assert [each.body for each in receiver.received[4:7]] == [each.body for each in receiver.received[7:]]


def test_what_is_moved_while_a_message_is_on_its_way_stays_where_it_was_moved(either: House, receiver: Receiver) -> None:
    either.subscribe("observatory", receiver.url(), delivered=4)

    def moved_meanwhile(received: Received) -> None:
        seen = either.store.find("observatory")
        if received.change == 5 and receiver.changes.count(5) == 1:
            assert either.store.change(seen, replace(seen, delivered=1))

    receiver.behave = moved_meanwhile
    either.bring_up("observatory")
    assert receiver.changes == [5, 2, 3, 4, 5, 6]


def test_what_is_removed_while_a_message_is_on_its_way_leaves_nothing(either: House, receiver: Receiver) -> None:
    either.subscribe("observatory", receiver.url())
    receiver.behave = lambda received: either.store.remove("observatory")
    either.bring_up("observatory")
    assert receiver.changes == [1]
    with either.store._database.reading() as rows:
        assert rows.execute(subscriptions.select()).all() == rows.execute(attempts.select()).all() == []
    with pytest.raises(NoSuchSubscription):
        either.store.remove("observatory")


def test_another_one_of_the_same_name_is_not_moved_by_the_first_ones_message(house: House, receiver: Receiver) -> None:
    house.subscribe("observatory", receiver.url())

    def replaced(received: Received) -> None:
        house.store.remove("observatory")
        house.store.add("observatory", "https://other.example/", 0, house.now)

    receiver.behave = replaced
    house.bring_up("observatory")
    assert receiver.changes == [1]
    assert house.stands("observatory") == (State.WAITING, 0, 0)
    assert house.attempts("observatory") == []


def test_attempts_are_kept_for_ninety_days(either: House, receiver: Receiver) -> None:
    either.subscribe("observatory", receiver.url(), delivered=ALL[-1])
    either.wait(ATTEMPTS_KEPT)
    asyncio.run(either.deliveries.confirm("observatory"))
    assert len(either.attempts("observatory")) == 2
    either.wait(timedelta(seconds=1))
    asyncio.run(either.deliveries.confirm("observatory"))
    assert len(either.attempts("observatory")) == 2
    assert either.store.attempts("observatory", 1) == either.attempts("observatory")[-1:]


def test_nothing_of_an_answer_is_kept(house: House, receiver: Receiver) -> None:
    house.subscribe("observatory", receiver.url(), delivered=ALL[-2])
    receiver.behave = lambda received: (500, {"server": "told"}, b"told")
    house.bring_up("observatory")
    with house.store._database.reading() as rows:
        kept = [*rows.execute(subscriptions.select()).all(), *rows.execute(attempts.select()).all()]
    assert "told" not in str(kept)
