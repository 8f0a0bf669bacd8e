"""`registry webhook`: what an operator types, and what is said back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.cli.main import main
from api.stores.webhooks import State
from tests.interfaces.webhook_house import ALL, House, opened
from tests.interfaces.webhook_receiver import Receiver, make_certificates, receiving


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def house(tmp_path: Path, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    url = f"sqlite:///{tmp_path / 'store'}"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("WEBHOOK_LOOPBACK", "true")
    monkeypatch.setenv("PUBLIC_ADDRESS", "https://register.example.eu")
    with opened(url, key=False) as found:
        yield found


@pytest.fixture
def receiver(certificates: Path) -> Iterator[Receiver]:
    with receiving(Receiver(), certificates) as found:
        yield found


def bring_up(house: House) -> None:
    """Deliver what the operator has just asked for."""
    house.now = datetime.now(UTC)
    house.bring_up("observatory")


def test_a_subscription_from_beginning_to_end(house: House, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["webhook", "add", "observatory", receiver.url(), "--from", "3"]) == 0
    assert f"Public key: {house.public_key}\nThe receiver wants it. What is sent begins with change 3.\n" == capsys.readouterr().out
    bring_up(house)
    assert receiver.changes == [3, 4, 5, 6]
    assert main(["webhook", "list"]) == 0
    assert capsys.readouterr().out == f"observatory\tACTIVE\tdelivered up to 6\t{receiver.url()}\n"
    assert main(["webhook", "pause", "observatory"]) == 0
    assert house.stands("observatory") == (State.PAUSED, 6, 0)
    assert main(["webhook", "resume", "observatory"]) == 0
    assert "begins with change 7" in capsys.readouterr().out
    assert main(["webhook", "replay", "observatory", "--from", "6"]) == 0
    bring_up(house)
    assert receiver.changes == [3, 4, 5, 6, 6]
    capsys.readouterr()
    assert main(["webhook", "deliveries", "observatory"]) == 0
    told = [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()]
    assert told == ["challenge", "change 3", "change 4", "change 5", "change 6", "challenge", "change 6"]
    assert main(["webhook", "deliveries", "observatory", "--most", "1", "--json"]) == 0
    [last] = json.loads(capsys.readouterr().out)
    assert (last["change"], last["status"], last["fault"]) == (6, 200, "")
    assert last["message_id"] == receiver.received[-1].headers["webhook-id"]
    assert main(["webhook", "remove", "observatory"]) == 0
    assert main(["webhook", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_is_sent_begins_with_the_next_change(house: House, receiver: Receiver) -> None:
    assert main(["webhook", "add", "observatory", receiver.url()]) == 0
    assert house.stands("observatory") == (State.ACTIVE, ALL[-1], 0)


def test_the_secret_is_shown_when_it_is_asked_for_and_never_else(house: House, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    main(["webhook", "add", "observatory", receiver.url()])
    main(["webhook", "show", "observatory"])
    main(["webhook", "list", "--json"])
    shown = capsys.readouterr()
    assert "whsec_" not in shown.out + shown.err
    assert house.public_key in shown.out
    assert "https://register.example.eu/data/webhook-keys.txt" in shown.out
    main(["webhook", "show", "observatory", "--secret"])
    assert house.secret("observatory") in capsys.readouterr().out.splitlines()


def test_a_receiver_that_does_not_agree_waits_until_it_does(house: House, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    receiver.behave = lambda received: (200, {}, b"ok")
    assert main(["webhook", "add", "observatory", receiver.url()]) == 1
    assert "answered 200, but not with the challenge alone" in capsys.readouterr().err
    assert main(["webhook", "replay", "observatory", "--from", "1"]) == 0
    assert house.stands("observatory") == (State.WAITING, 0, 0)
    bring_up(house)
    assert receiver.changes == []
    receiver.behave = None
    assert main(["webhook", "resume", "observatory"]) == 0
    bring_up(house)
    assert receiver.changes == ALL


def test_pausing_makes_nothing_of_what_was_not_active(house: House, receiver: Receiver) -> None:
    receiver.behave = lambda received: (500, {}, b"")
    main(["webhook", "add", "observatory", receiver.url()])
    assert main(["webhook", "pause", "observatory"]) == 0
    assert house.stands("observatory")[0] is State.WAITING


REFUSED = {
    "plain http": (["add", "observatory", "http://receiver.example/"], "only https"),
    "a port": (["add", "observatory", "https://receiver.example:22/"], "only these ports are used: 443"),
    "a machine of ours": (["add", "observatory", "https://10.0.0.1/"], "10.0.0.1 is no public address"),
    "where clouds tell secrets": (["add", "observatory", "https://169.254.169.254/latest/meta-data"], "no public address"),
    "a name": (["add", "Observatory", "https://127.0.0.1/"], "small letters"),
}


@pytest.mark.parametrize(("words", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_leaves_no_trace(house: House, capsys: pytest.CaptureFixture[str], words: list[str], why: str) -> None:
    assert main(["webhook", *words]) == 2
    assert why in capsys.readouterr().err
    assert house.store.all() == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1/", "only https"),
        ("https://127.0.0.1/", "127.0.0.1 is no public address"),
        ("https://localhost/", "is no public address"),
    ],
)
def test_this_machine_is_reached_by_demonstrations_alone(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, why: str
) -> None:
    monkeypatch.delenv("WEBHOOK_LOOPBACK")
    assert main(["webhook", "add", "observatory", url]) == 2
    assert why in capsys.readouterr().err
    assert house.store.all() == []


@pytest.mark.parametrize("number", ["0", "-1", "x", "1" * 10, "²"])
def test_a_number_of_a_change_is_checked(house: House, capsys: pytest.CaptureFixture[str], number: str) -> None:
    with pytest.raises(SystemExit):
        main(["webhook", "replay", "observatory", "--from", number])
    assert "--from" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["show"], ["pause"], ["resume"], ["remove"], ["deliveries"], ["replay", "--from", "1"]])
def test_nobody_is_subscribed_under_that_name(house: House, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["webhook", words[0], "nobody", *words[1:]]) == 1
    assert "nobody is subscribed as nobody" in capsys.readouterr().err


def test_the_next_key_signs_from_the_next_delivery_on(house: House, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    main(["webhook", "add", "observatory", receiver.url()])
    first, secret = house.public_key, house.secret("observatory")
    assert main(["webhook", "rotate"]) == 0
    assert house.public_key in capsys.readouterr().out
    assert house.public_key != first
    assert house.secret("observatory") != secret
    assert house.stack.side.public.webhook_keys() == (house.public_key, first)


def test_a_lost_key_is_not_replaced_by_itself(house: House, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    main(["webhook", "add", "observatory", receiver.url()])
    (house.keys.folder / "webhooks.key").unlink()
    for words in (["resume", "observatory"], ["add", "another", receiver.url()]):
        capsys.readouterr()
        assert main(["webhook", *words]) == 1
        assert "registry webhook rotate" in capsys.readouterr().err
    assert [each.name for each in house.store.all()] == ["observatory"]
    assert main(["webhook", "rotate"]) == 0
    assert main(["webhook", "resume", "observatory"]) == 0


def test_a_store_in_memory_keeps_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    assert main(["webhook", "list"]) == 2
    assert "DATABASE_URL" in capsys.readouterr().err


def test_a_store_that_was_never_set_up_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none'}")
    assert main(["webhook", "list"]) == 2
    assert "registry migrate" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
