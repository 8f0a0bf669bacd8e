"""What tests run against: real files, real memory, a real PostgreSQL server, the real service in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from api.cli.demo import load
from api.settings import Settings
from api.stores.event_store.factory import migrate
from api.wiring import Register, open_register, set_up
from tests.postgres_server import NoPostgres, PostgresServer
from tests.running import serving

IN_CI = os.environ.get("CI") == "true"
# No property depends on how busy the machine is.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


# -- Under CI a skip is a failure ---------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped under CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped under CI: {report.longrepr}"
    return report


# -- What ran is said ---------------------------------------------------------------


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which witnesses of the log were real, since not every machine can run them all."""
    properties = [pair for report in terminalreporter.getreports("passed") for pair in report.user_properties]
    for said in sorted({value for name, value in properties if name == "witnesses"}):
        terminalreporter.line(f"Witnesses of the log: {said}")


# -- Stores -------------------------------------------------------------------------

POSTGRES = pytest.param("postgresql", marks=pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole session; each test makes its own database in it."""
    try:
        server = PostgresServer()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with server:
        print(server.description)
        yield server


def new_url(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.new_database()
    return "sqlite://" if kind == "memory" else f"sqlite:///{folder / 'store'}"


@pytest.fixture(params=["file", POSTGRES])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that was never migrated and that several processes can open."""
    return new_url(request.param, tmp_path, request)


@pytest.fixture
def shared_url(empty_url: str) -> str:
    """The address of a migrated store that several processes can open."""
    migrate(empty_url)
    return empty_url


@pytest.fixture(params=["file", "memory", POSTGRES])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated store, for one process."""
    url = new_url(request.param, tmp_path, request)
    migrate(url)
    return url


@pytest.fixture
def migrated_postgresql(postgres_server: PostgresServer) -> str:
    """The address of a migrated store on PostgreSQL."""
    url = postgres_server.new_database()
    migrate(url)
    return url


# -- The register --------------------------------------------------------------------


@pytest.fixture
def register_url(empty_url: str) -> str:
    """The address of a store with all of its tables, without events; several processes can open it."""
    set_up(empty_url)
    return empty_url


@pytest.fixture
def opened() -> Iterator[Callable[[str], Register]]:
    """Open registers that are closed after the test."""
    with ExitStack() as closing:

        def open_one(url: str = "sqlite://") -> Register:
            register = open_register(Settings(database_url=url))
            closing.callback(register.close)
            return register

        yield open_one


@pytest.fixture(scope="session")
def demonstration() -> Iterator[Register]:
    """The demonstration, loaded once into memory; tests only ask it."""
    register = open_register(Settings(database_url="sqlite://"))
    assert load(register) == 0
    yield register
    register.close()


@pytest.fixture(scope="session")
def live_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the store that the live service serves."""
    return f"sqlite:///{tmp_path_factory.mktemp('live')}"


@pytest.fixture(scope="session")
def live_server(live_store: str) -> Iterator[str]:
    """The base address of the whole service with the demonstration, as `make run` starts it."""
    for verb in ("migrate", "demo"):
        subprocess.run([sys.executable, "-m", "api.cli.main", verb], env={**os.environ, "DATABASE_URL": live_store}, check=True)
    with serving({"DATABASE_URL": live_store}) as server:
        yield server.base
