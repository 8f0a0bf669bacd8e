"""One attempt against real receivers: the checked address and no other, the name's certificate, no redirect, and bounds of time and size."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from api.webhooks.addresses import Reach
from api.webhooks.sending import ANSWER_WITHIN, Answer, Sender
from tests.interfaces.webhook_receiver import NAME, Receiver, make_certificates, receiving

BODY = b'{"data":{}}'
HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def receiver(certificates: Path) -> Iterator[Receiver]:
    with receiving(Receiver(), certificates) as found:
        yield found


def sender(receiver: Receiver, certificates: Path, *addresses: str, within: float = ANSWER_WITHIN) -> Sender:
    """A sender for which every name has these addresses, and which reaches the receiver's port."""

    async def known(host: str, port: int) -> Sequence[str]:
        return addresses or [HERE]

    tls = ssl.create_default_context(cafile=certificates / "ca.pem")
    return Sender(Reach(ports=(receiver.port,), loopback=True, addresses_of=known), tls, within)


def post(sender: Sender, url: str, most_bytes: int = 0) -> Answer:
    return asyncio.run(sender.post(url, {"webhook-id": "msg_1"}, BODY, most_bytes=most_bytes))


def test_a_message_arrives_byte_for_byte_under_the_name_of_its_receiver(receiver: Receiver, certificates: Path) -> None:
    # The name exists nowhere: what is connected to can only be the address that was checked.
    answer = post(sender(receiver, certificates), receiver.url(NAME))
    assert answer.status == 200
    assert answer.is_success
    [received] = receiver.received
    assert received.body == BODY
    assert received.path == "/hook?from=register"
    assert {name: received.headers[name] for name in ("webhook-id", "host", "content-type")} == {
        "webhook-id": "msg_1",
        "host": f"{NAME}:{receiver.port}",
        "content-type": "application/json",
    }


def test_a_name_is_looked_up_once_for_each_attempt_and_checked_each_time(receiver: Receiver, certificates: Path) -> None:
    turns = [[HERE], ["10.0.0.1"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return turns.pop(0)

    found = sender(receiver, certificates)
    rebound = Sender(Reach((receiver.port,), loopback=True, addresses_of=rebinding), found._tls)
    assert post(rebound, receiver.url(NAME)).status == 200
    assert len(turns) == 1
    assert post(rebound, receiver.url(NAME)).fault == "10.0.0.1 is no public address"
    assert len(receiver.received) == 1


def test_the_next_address_is_tried_when_nobody_listens_at_the_first(receiver: Receiver, certificates: Path) -> None:
    assert post(sender(receiver, certificates, "127.0.0.9", HERE), receiver.url(NAME)).status == 200
    assert len(receiver.received) == 1


def test_nobody_listens(receiver: Receiver, certificates: Path) -> None:
    answer = post(sender(receiver, certificates, "127.0.0.9"), receiver.url(NAME))
    assert answer.status is None
    assert not answer.is_success
    assert "connect" in answer.fault.lower()


@pytest.mark.parametrize("host", ["other.example", "127.0.0.2"])
def test_a_certificate_of_another_name_is_refused(receiver: Receiver, certificates: Path, host: str) -> None:
    answer = post(sender(receiver, certificates), receiver.url(host))
    assert answer.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in answer.fault
    assert receiver.received == []


def test_a_certificate_of_an_unknown_authority_is_refused(receiver: Receiver) -> None:
    answer = post(Sender(Reach(loopback=True)), receiver.url("localhost"))
    assert "CERTIFICATE_VERIFY_FAILED" in answer.fault
    assert receiver.received == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_leads_nowhere(receiver: Receiver, certificates: Path, status: int) -> None:
    receiver.behave = lambda received: (status, {"location": f"http://{HERE}:{receiver.port}/inside"}, b"")
    answer = post(sender(receiver, certificates), receiver.url(NAME))
    assert answer.status == status
    assert not answer.is_success
    assert len(receiver.received) == 1


@pytest.mark.parametrize(("status", "success"), [(199 + 1, True), (204, True), (299, True), (300, False), (404, False), (500, False)])
def test_only_2xx_is_success(receiver: Receiver, certificates: Path, status: int, success: bool) -> None:
    receiver.behave = lambda received: (status, {}, b"")
    assert post(sender(receiver, certificates), receiver.url(NAME)).is_success is success


def test_a_silent_receiver_costs_a_bounded_time(receiver: Receiver, certificates: Path) -> None:
    receiver.behave = lambda received: (200, {}, b"") if receiver.pause.wait(30) else None
    answer = post(sender(receiver, certificates, within=0.3), receiver.url(NAME))
    assert (answer.status, answer.fault) == (None, "no answer within 0.3 seconds")
    assert answer.milliseconds >= 300


def test_a_receiver_that_drips_costs_no_more(receiver: Receiver, certificates: Path) -> None:
    receiver.drips = True
    receiver.behave = lambda received: (200, {}, b"x" * 200)
    answer = post(sender(receiver, certificates, within=0.5), receiver.url(NAME), most_bytes=1000)
    assert answer.fault == "no answer within 0.5 seconds"


def test_an_answer_is_read_up_to_its_bound_and_not_at_all_without_one(receiver: Receiver, certificates: Path) -> None:
    found = sender(receiver, certificates)
    receiver.behave = lambda received: (200, {}, b"x" * 100)
    assert post(found, receiver.url(NAME), most_bytes=100).body == b"x" * 100
    refused = post(found, receiver.url(NAME), most_bytes=99)
    assert (refused.status, refused.fault, refused.body) == (None, "an answer of more than 99 bytes", b"")
    assert post(found, receiver.url(NAME)).body == b""
    # Whatever it says of its length: nothing is read.
    receiver.behave = lambda received: (200, {"content-length": str(10**12)}, b"x")
    assert post(found, receiver.url(NAME)).status == 200


@pytest.mark.parametrize(("said", "seconds"), [("120", 120), ("0", 0), ("-5", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("9" * 9, 0), ("²", 0)])
def test_how_long_a_receiver_asks_to_be_left_alone(receiver: Receiver, certificates: Path, said: str, seconds: int) -> None:
    receiver.behave = lambda received: (503, {"retry-after": said}, b"")
    assert post(sender(receiver, certificates), receiver.url(NAME)).retry_after == seconds


def test_what_answers_is_no_http() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()
        writer.close()

    async def rude() -> Answer:
        server = await asyncio.start_server(greet, HERE, 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await Sender(Reach(loopback=True)).post(f"http://{HERE}:{port}/", {}, BODY)

    answer = asyncio.run(rude())
    assert answer.status is None
    assert answer.fault.isprintable()
    assert answer.fault


def test_a_proxy_in_the_environment_is_not_used(receiver: Receiver, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.9:9")
    assert post(sender(receiver, certificates), receiver.url(NAME)).status == 200
