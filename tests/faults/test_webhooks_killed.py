"""The real service, killed while it delivers: no change is skipped, and what comes twice has the identifier that it had."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.logs import open_logs
from api.published import published
from api.settings import Settings
from api.stores.turns import turn_to_deliver
from api.webhooks.opening import next_key, open_deliveries
from api.wiring import open_register
from projections.public.answers import PublicList
from tests.interfaces.graphql_stack import Stack
from tests.interfaces.webhook_receiver import Received, Receiver, receiving
from tests.running import serving

pytestmark = pytest.mark.slow
PATIENCE = 60


@pytest.fixture
def settings(register_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A register whose list has changed some times, and whose log says so."""
    monkeypatch.chdir(tmp_path)
    found = Settings(database_url=register_url, webhook_loopback=True)
    stack = Stack(open_register(found)).replay("publication-removal.yaml")
    logs = open_logs(found, stack.register)
    logs.follower.catch_up()
    logs.close()
    stack.register.close()
    return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver(), None) as found:
        yield found


def subscribe(settings: Settings, receiver: Receiver) -> int:
    """Subscribe the receiver to everything; return the number of the last change."""
    shown = PublicList(published(settings.database_url))
    deliveries = open_deliveries(settings, shown)
    next_key(settings, deliveries.keys)
    deliveries.store.add("observatory", receiver.url("127.0.0.1", "http"), 0, deliveries.clock())
    asyncio.run(deliveries.confirm("observatory"))
    last = deliveries.last_change()
    deliveries.store.close()
    shown.store.close()
    assert last == 4
    return last


def environment_of(settings: Settings) -> dict[str, str]:
    return {"DATABASE_URL": settings.database_url, "WEBHOOK_LOOPBACK": "true"}


def killed_while(settings: Settings, receiver: Receiver, dies: Callable[[Receiver, Callable[[Received], None]], None]) -> None:
    """Run the service until the receiver has killed it; the receiver is ready for that before anything can come."""
    running: Future[subprocess.Popen[bytes]] = Future()
    dies(receiver, lambda received: running.result(PATIENCE).kill())
    with serving(environment_of(settings)) as server:
        running.set_result(server.process)
        assert server.process.wait(PATIENCE) == -9
    receiver.behave, receiver.afterwards = None, lambda received: None


def before_the_answer(receiver: Receiver, kill: Callable[[Received], None]) -> None:
    receiver.behave = kill  # type: ignore[assignment]


def after_the_answer(receiver: Receiver, kill: Callable[[Received], None]) -> None:
    """One change is taken; what comes after it before the kill finds nobody who answers."""
    taken = threading.Event()

    def take_one(received: Received) -> None:
        if taken.is_set():
            receiver.pause.wait(PATIENCE)
        taken.set()

    receiver.behave, receiver.afterwards = take_one, kill  # type: ignore[assignment]


def wait_for(done: threading.Event) -> None:
    assert done.wait(PATIENCE), f"nothing came within {PATIENCE} seconds"


def test_a_service_that_is_killed_again_and_again_skips_nothing(settings: Settings, receiver: Receiver) -> None:
    last = subscribe(settings, receiver)
    for dies in (before_the_answer, after_the_answer, before_the_answer):
        killed_while(settings, receiver, dies)
    done = threading.Event()
    receiver.afterwards = lambda received: done.set() if received.change == last else None
    with serving(environment_of(settings)):
        wait_for(done)
    first_of_each = list(dict.fromkeys(receiver.changes))
    assert first_of_each == list(range(1, last + 1))
    assert len(receiver.changes) > last, "none was on its way when the service was killed"
    assert sorted(receiver.changes) == receiver.changes, "a change came before one that was not taken"
    messages = {(each.change, each.headers["webhook-id"], each.body) for each in receiver.received if each.change}
    assert len(messages) == last


def sender_of(received: Received) -> str:
    """The address of the service that sent a change; each of ours has its own."""
    return urlsplit(received.message["data"]["url"]).netloc


def test_one_process_delivers_and_another_goes_on_when_it_is_killed(settings: Settings, receiver: Receiver) -> None:
    begun, killed, done = threading.Event(), threading.Event(), threading.Event()

    def hold(received: Received) -> None:
        if received.change and not begun.is_set():
            begun.set()
            killed.wait(PATIENCE)

    receiver.behave = hold
    with ExitStack() as running:
        # Both run before there is anything to deliver, so that nobody waits for the second to start while an answer is due.
        own = {name: {**environment_of(settings), "PUBLIC_ADDRESS": name} for name in ("one.example", "two.example")}
        services = {name: running.enter_context(serving(environment)) for name, environment in own.items()}
        last = subscribe(settings, receiver)
        receiver.afterwards = lambda received: done.set() if received.change == last else None
        wait_for(begun)
        assert turn_to_deliver(settings.database_url) is None
        assert receiver.changes == [1], "both deliver"
        deliverer = sender_of(receiver.received[-1])
        services[deliverer].process.kill()
        services[deliverer].process.wait(PATIENCE)
        killed.set()
        wait_for(done)
    assert receiver.changes == [1, *range(1, last + 1)]
    assert [sender_of(each) == deliverer for each in receiver.received if each.change] == [True] + [False] * last
