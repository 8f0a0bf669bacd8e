"""Webhooks: every change, once and in order, signed, and only to who asked for it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from api.stores.webhooks import State, SubscriptionUnfit
from tests.interfaces.webhook_house import ALL, House, opened
from tests.interfaces.webhook_receiver import Received, Receiver

DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before an Ed25519 key in DER (RFC 8410)."""


# -- Every change, once, in order -------------------------------------------------------------


def test_every_change_arrives_in_its_order_as_json_feed_has_it(either: House, receiver: Receiver) -> None:
    assert either.subscribe("observatory", receiver.url()).state is State.ACTIVE
    either.bring_up("observatory")
    challenge, *messages = receiver.received
    with either.stack.client() as client:
        items = client.get("/feed.json").json()["items"]
    assert [each.message["data"] for each in messages] == items[::-1]
    assert challenge.message["type"] == "subscription.challenge"
    assert [each.message["type"] for each in messages] == [
        "entry.published",
        "entry.published",
        "entry.updated",
        "entry.corrected",
        "entry.published",
        "entry.removed",
    ]
    assert [each.message["timestamp"] for each in messages] == [item["date_published"] for item in items[::-1]]
    assert all(each.message["data"]["_register"]["receipt"].startswith("/log/receipt/") for each in messages)
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1 + len(ALL)
    assert either.stands("observatory") == (State.ACTIVE, ALL[-1], 0)
    assert either.log("observatory") == [(0, 200), *((number, 200) for number in ALL)]
    either.bring_up("observatory")
    assert receiver.changes == ALL


def test_what_the_published_log_does_not_cover_waits(empty_url: str, receiver: Receiver) -> None:
    with opened(empty_url, followed=False) as house:
        house.subscribe("observatory", receiver.url())
        house.bring_up("observatory")
        house.stack.fold()
        house.bring_up("observatory")
        assert receiver.changes == []
        house.stack.publish(3)
        house.bring_up("observatory")
        assert receiver.changes == [1, 2, 3]
        house.stack.publish()
        house.bring_up("observatory")
        assert receiver.changes == ALL


def test_a_subscription_begins_where_it_was_told_to(house: House, receiver: Receiver) -> None:
    house.subscribe("late", receiver.url(), delivered=4)
    house.bring_up("late")
    assert receiver.changes == [5, 6]


# -- Signatures --------------------------------------------------------------------------------


def verified_by_openssl(received: Received, key: str, folder: Path) -> bool:
    """Put together what was signed by plain string work, and let openssl decide."""
    by_key = next(each for each in received.headers["webhook-signature"].split() if each.startswith("v1a,"))
    (folder / "key.der").write_bytes(DER + b64decode(key.removeprefix("whpk_")))
    signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    (folder / "signed").write_bytes(signed)
    (folder / "signature").write_bytes(b64decode(by_key.removeprefix("v1a,")))
    command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in signed -sigfile signature"
    return subprocess.run(command.split(), cwd=folder, capture_output=True, check=False).returncode == 0


def test_programs_that_nobody_here_wrote_verify_what_is_sent(house: House, receiver: Receiver, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not here")
    house.subscribe("observatory", receiver.url())
    house.bring_up("observatory")
    theirs = Webhook(house.secret("observatory"))
    for received in receiver.received:
        assert theirs.verify(received.body, received.headers) == received.message
        assert verified_by_openssl(received, house.public_key, tmp_path)
    changed = replace(receiver.received[1], body=receiver.received[1].body.replace(b"Aurelia", b"aurelia"))
    assert changed.body != receiver.received[1].body
    assert not verified_by_openssl(changed, house.public_key, tmp_path)
    with pytest.raises(WebhookVerificationError):
        theirs.verify(changed.body, changed.headers)


def test_the_secret_of_one_subscriber_verifies_nothing_of_another(house: House, receiver: Receiver) -> None:
    house.subscribe("one", receiver.url(), delivered=ALL[-1])
    house.subscribe("two", receiver.url(), delivered=ALL[-1])
    of_one, of_two = receiver.received
    assert Webhook(house.secret("one")).verify(of_one.body, of_one.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(house.secret("one")).verify(of_two.body, of_two.headers)


def test_the_key_is_published_and_its_next_one_beside_it(house: House, receiver: Receiver, tmp_path: Path) -> None:
    first = house.public_key
    with house.stack.client() as client:
        answer = client.get("/data/webhook-keys.txt")
        assert (answer.text, answer.headers["content-type"]) == (f"{first}\n", "text/plain; charset=utf-8")
        assert 'href="/data/webhook-keys.txt"' in client.get("/data").text
        house.make_key()
        assert client.get("/data/webhook-keys.txt").text == f"{house.public_key}\n{first}\n"
    assert house.public_key != first
    house.subscribe("observatory", receiver.url())
    assert verified_by_openssl(receiver.received[0], house.public_key, tmp_path)
    assert not verified_by_openssl(receiver.received[0], first, tmp_path)


def test_without_webhooks_there_is_no_key_and_no_link(house: House) -> None:
    house.stack.side.public.note("webhook_keys", "")
    with house.stack.client() as client:
        assert client.get("/data/webhook-keys.txt").status_code == 404
        assert "webhook-keys.txt" not in client.get("/data").text
        assert client.get("/data/webhook-keys.txt?x=1").status_code == 400


# -- Nobody is sent what they did not ask for --------------------------------------------------

ANSWERS = {
    "nothing": lambda received: (200, {}, b"\n"),
    "thanks": lambda received: (200, {}, b"ok"),
    "all that it was sent": lambda received: (200, {}, received.body),
    "the challenge, and more": lambda received: (200, {}, received.message["data"]["challenge"].encode() + b" ok"),
    "the challenge, as a failure": lambda received: (404, {}, received.message["data"]["challenge"].encode()),
    "too much": lambda received: (200, {}, received.message["data"]["challenge"].encode() + b"\n" * 300),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whoever_does_not_answer_the_challenge_is_sent_nothing(house: House, receiver: Receiver, answer: object) -> None:
    receiver.behave = answer  # type: ignore[assignment]
    assert house.subscribe("victim", receiver.url()).state is State.WAITING
    house.bring_up("victim")
    assert len(receiver.received) == 1
    assert house.deliveries.waiting() == []
    [attempt] = house.attempts("victim")
    assert attempt.change == 0
    assert attempt.status != 200
    assert house.store.find("victim").why


def test_a_challenge_may_end_with_a_line_break_and_is_never_the_same(house: House, receiver: Receiver) -> None:
    receiver.behave = lambda received: (200, {}, received.message["data"].get("challenge", "").encode() + b"\r\n")
    assert house.subscribe("observatory", receiver.url()).state is State.ACTIVE
    asyncio.run(house.deliveries.confirm("observatory"))
    first, second = (each.message["data"] for each in receiver.received)
    assert first["challenge"] != second["challenge"]
    assert first["url"] == receiver.url()
    assert first["subscription"] == "observatory"


@pytest.mark.parametrize("name", ["", "-a", "A", "a b", "ä", "a" * 51, "a/b", "a\n"])
def test_a_name_that_is_refused_leaves_no_trace(house: House, name: str) -> None:
    with pytest.raises(SubscriptionUnfit):
        house.store.add(name, "https://receiver.example/", 0, house.now)
    assert house.store.all() == []


def test_a_name_is_taken_once(either: House) -> None:
    first = either.store.add("a" * 50, "https://receiver.example/", 0, either.now)
    with pytest.raises(SubscriptionUnfit, match="already"):
        either.store.add("a" * 50, "https://other.example/", 0, either.now)
    assert either.store.all() == [first]
