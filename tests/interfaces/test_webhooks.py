"""Changes of the list reach those who subscribed: each one, in order, signed, and only where they are wanted."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from api.stores.turns import turn_to_deliver
from api.stores.webhooks import ATTEMPTS_KEPT, NoSuchSubscription, State, SubscriptionUnfit, attempts, subscriptions
from api.webhooks.addresses import Reach
from api.webhooks.schedule import DELAYS, MOST_JITTER
from api.webhooks.sending import Sender
from api.webhooks.signing import KEY
from tests.interfaces.webhook_house import ALL, House, opened
from tests.interfaces.webhook_receiver import Received, Receiver, make_certificates, receiving

LATEST = [delay * (1 + MOST_JITTER) for delay in DELAYS]
CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 520601"
DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before an Ed25519 key in DER (RFC 8410)."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def _trusted(certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    monkeypatch.chdir(tmp_path)  # keys of a store on PostgreSQL stand in `var`


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(f"sqlite:///{tmp_path / 'store'}") as found:
        yield found


@pytest.fixture
def either(empty_url: str) -> Iterator[House]:
    """On SQLite and on PostgreSQL."""
    with opened(empty_url) as found:
        yield found


@pytest.fixture
def receiver(certificates: Path) -> Iterator[Receiver]:
    with receiving(Receiver(), certificates) as found:
        yield found


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
