"""A database that is away for a while: whoever runs by itself waits for it, says that it does, and goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api import main, public_side
from api.main import service
from api.public_side import public_service
from api.published import published
from api.settings import Settings
from api.wiring import Register, open_register, set_up
from domain.actors import Role
from domain.registry import Command
from projections.follower import Follower
from projections.store import ReadStore
from tests.interfaces.data_stack import HISTORY, events_of
from tests.read_models.folding import ReadSide, Told
from tests.scenario import CREATED, actor, case, named
from tests.scenario import opened as case_opened

WAIT = 20.0


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not met():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


@contextmanager
def cut_off(url: str) -> Iterator[None]:
    """Let nobody reach a database of PostgreSQL, and end whoever is connected."""
    name = url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(url.replace(f"/{name}", "/postgres"), autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')  # type: ignore[call-overload]
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')  # type: ignore[call-overload]


@contextmanager
def without(store: ReadStore, table: str) -> Iterator[None]:
    """Take a table of SQLite away, and bring it back."""
    with store.engine.begin() as rows:
        rows.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        with store.engine.begin() as rows:
            rows.exec_driver_sql(f"ALTER TABLE {table}_away RENAME TO {table}")


@contextmanager
def away(url: str) -> Iterator[None]:
    if url.startswith("postgresql"):
        with cut_off(url):
            yield
        return
    store = published(url)
    with without(store, "positions"):
        yield
    store.close()


def inside(client: TestClient) -> Any:
    """What the service has opened, behind what stands in front of it."""
    app: Any = client.app
    while not hasattr(app, "state"):
        app = app._app
    return app.state


def opened_case(register: Register, name: str) -> int:
    return register.registry.record(Command(case(name), actor(Role.CASE_OFFICER), case_opened(name), CREATED)).position


def test_a_follower_waits_for_its_database_and_goes_on(register_url: str, caplog: pytest.LogCaptureFixture) -> None:
    register = open_register(Settings(database_url=register_url))
    register.create(CREATED, demonstration=True)
    follower: Follower = register.follower
    follower.start()
    assert follower.wait_for(opened_case(register, "one"), WAIT)
    with away(register_url):
        follower.wake()
        until(lambda: follower.waits_for is not None)
        assert not follower.is_well
        assert follower.failed is None
        assert follower.wait_for(0, WAIT) is False, "at once, for whoever waits"
    until(lambda: follower.is_well)
    assert follower.wait_for(opened_case(register, "two"), WAIT)
    assert register.office.case_row(named("two"))
    assert [record.levelname for record in caplog.records if "The follower waits, and tries again" in record.message] == ["ERROR"], "said once"
    register.close()


def test_a_service_is_not_ready_while_its_database_is_away_and_goes_on(register_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "SLOTS_EVERY", 0.05)
    with TestClient(service(Settings(database_url=register_url)), raise_server_exceptions=False) as client:
        register: Register = inside(client).register
        register.create(CREATED, demonstration=True)
        until(lambda: client.get("/readyz").status_code == 200)
        with away(register_url):
            register.follower.wake()
            until(lambda: client.get("/readyz").status_code == 503)
            assert client.get("/healthz").status_code == 200
            time.sleep(0.3)  # the slots are looked for meanwhile
        until(lambda: client.get("/readyz").status_code == 200)
        assert register.follower.wait_for(opened_case(register, "one"), WAIT)


def test_a_bug_in_what_runs_by_itself_ends_readiness_and_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(main, "SLOTS_EVERY", 0.05)
    url = f"sqlite:///{tmp_path}"
    set_up(url)
    with TestClient(service(Settings(database_url=url))) as client:
        assert client.get("/readyz").status_code == 200
        inside(client).clock = None
        until(lambda: client.get("/readyz").status_code == 503)
        assert "What the service does by itself has stopped" in caplog.text


def test_the_public_side_alone_waits_for_its_store_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_side, "LOOK_EVERY", 0.02)
    url = f"sqlite:///{tmp_path}"
    set_up(url)
    side = ReadSide(url)
    with TestClient(public_service(Settings(database_url=url))) as client:
        empty = client.get("/list.json").headers["etag"]
        with without(side.stores[1], "sequence"):
            time.sleep(0.2)
        side.fold(Told.of(events_of(HISTORY)))
        until(lambda: client.get("/list.json").headers["etag"] != empty)
    side.close()
