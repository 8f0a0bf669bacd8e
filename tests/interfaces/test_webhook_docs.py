"""The example of docs/webhooks.md, taken out of the page and run against what is really sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from api.cli.main import parser
from api.webhooks.schedule import DELAYS, MOST_JITTER
from api.webhooks.sending import ANSWER_WITHIN
from tests.interfaces.webhook_house import opened
from tests.interfaces.webhook_receiver import Received, Receiver, receiving

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def verify() -> Callable[[str, dict[str, str], bytes], None]:
    [example] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(example.splitlines()) < 15
    found: dict[str, Any] = {}
    exec(example, found)  # what stands in the page is what runs
    return found["verify"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Received]]:
    """The public key, a challenge and two messages."""
    with opened(f"sqlite:///{tmp_path_factory.mktemp('store')}") as house, receiving(Receiver(), None) as receiver:
        house.subscribe("observatory", receiver.url("127.0.0.1", "http"), delivered=4)
        house.bring_up("observatory")
        return house.public_key, receiver.received


def test_the_example_verifies_what_is_sent(verify: Callable[..., None], sent: tuple[str, list[Received]]) -> None:
    key, messages = sent
    assert len(messages) == 3
    for each in messages:
        verify(key, each.headers, each.body)


@pytest.mark.parametrize("changed", ["body", "webhook-id", "webhook-timestamp"])
def test_the_example_refuses_what_was_changed(verify: Callable[..., None], sent: tuple[str, list[Received]], changed: str) -> None:
    key, [_, message, _] = sent
    other = {"webhook-id": "msg_0", "webhook-timestamp": str(int(message.headers["webhook-timestamp"]) + 1)}
    headers = {**message.headers, **{name: value for name, value in other.items() if name == changed}}
    with pytest.raises(InvalidSignature):
        verify(key, headers, message.body + (b" " if changed == "body" else b""))


@pytest.mark.parametrize("seconds", [-400, 400])
def test_the_example_refuses_what_is_old(verify: Callable[..., None], sent: tuple[str, list[Received]], seconds: int) -> None:
    key, [_, message, _] = sent
    headers = {**message.headers, "webhook-timestamp": str(int(message.headers["webhook-timestamp"]) + seconds)}
    with pytest.raises(ValueError, match="too old"):
        verify(key, headers, message.body)


def test_the_page_says_what_the_program_does() -> None:
    assert [each.total_seconds() for each in DELAYS] == [5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))]
    assert "5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours, each drawn out by up to a fifth" in PAGE
    assert MOST_JITTER == 1 / 5
    assert f"within {ANSWER_WITHIN:g} seconds" in PAGE


@pytest.mark.parametrize("command", re.findall(r"^(?:WEBHOOK_LOOPBACK=true )?registry (webhook [^#&\n]+)", PAGE, re.M))
def test_every_command_of_the_page_is_one(command: str) -> None:
    assert parser().parse_args(command.split()).func
