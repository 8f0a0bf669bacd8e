"""The whole service over a small register, visited as a browser without scripts would visit it."""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path
from shutil import copytree, rmtree
from sqlite3 import connect
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

import psycopg
from argon2 import PasswordHasher
from httpx2 import Response
from starlette.testclient import TestClient

from api.auth import Door
from api.clocks import server_clock
from api.dockets.files import read_docket
from api.logs import open_logs
from api.main import service
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessAct, AccessLog, AccessRow
from api.stores.accounts import Accounts
from api.wiring import Register, demonstration_clock, open_documents, open_register, set_up
from domain.actors import Role
from domain.types import instant
from tests.interfaces.graphql_stack import DOCKETS

PASSWORD = "four words are enough"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OFFICERS = [role for role in Role if role not in (Role.SYSTEM, Role.PUBLIC)]


def name_of(role: Role) -> str:
    return role.lower().replace("_", "-")


@dataclass
class House:
    """A served register with an account for each role."""

    url: str
    client: TestClient
    database: AccessDatabase
    accounts: Accounts
    log: AccessLog
    cases: dict[str, str] = field(default_factory=dict)

    def browser(self, base: str = "http://127.0.0.1", address: str = "127.0.0.1") -> Browser:
        return Browser(self, TestClient(self.client.app, base_url=base, follow_redirects=False, client=(address, 50_000)))

    def recorded(self) -> int:
        """How many events there are but for seals, which the register publishes by itself."""
        count = "SELECT count(*) FROM {} WHERE topic NOT LIKE '%Seal%'"
        if self.url.startswith("postgresql"):
            with psycopg.connect(self.url) as events:
                return int(events.execute(count.format("events.stored_events")).fetchone()[0])  # type: ignore[index]
        with closing(connect(Path(self.url.removeprefix("sqlite:///")) / "events.db")) as opened:
            return int(opened.execute(count.format("stored_events")).fetchone()[0])

    def documents(self) -> list[str]:
        """The hash of every document there is, whole on the shelf and known to the table; and nothing half-written beside them."""
        folder = Path(self.database.engine.url.database or "").parent
        store = open_documents(Settings(database_url=f"sqlite:///{folder}"))
        assert list(store.verify()) == []
        store.close()
        assert [file.name for file in (folder / "documents" / "arriving").glob("*") if file.name != ".lock"] == []
        return list(store.shelf.digests())

    def noted(self, after: int) -> list[AccessRow]:
        return list(self.log.rows(after=after))


@dataclass
class Browser:
    """Keeps cookies, follows nothing by itself, and sends forms as they were written."""

    house: House
    client: TestClient

    def get(self, address: str, **headers: str) -> Response:
        return self.client.get(address, headers=headers)

    def post(self, address: str, fields: dict[str, str], **headers: str) -> Response:
        return self.client.post(address, data=fields, headers=headers)

    def token(self, address: str = "/sign-in") -> str:
        found = re.search(r'name="form_token" value="([^"]*)"', self.get(address).text)
        assert found
        return unescape(found[1])

    def sign_in(self, role: Role = Role.CASE_OFFICER, **more: str) -> Response:
        fields = {"name": name_of(role), "password": PASSWORD, "form_token": self.token(), **more}
        return self.post("/sign-in", fields)

    def signed_in(self, role: Role = Role.CASE_OFFICER) -> Browser:
        answer = self.sign_in(role)
        assert answer.status_code == 303, answer.text
        return self

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self.client.cookies)

    def copy_of(self, cookies: dict[str, str]) -> Browser:
        """A thief's browser, with the cookies of another."""
        thief = self.house.browser()
        thief.client.cookies.update(cookies)
        return thief


def words(answer: Response) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def title(answer: Response) -> str:
    found = re.search(r"<title>(.*?) –", answer.text, re.DOTALL)
    assert found, answer.text
    return unescape(found[1]).strip()


def way(answer: Response) -> str:
    """Where an answer sends a browser."""
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@contextmanager
def served(folder: Path, *dockets: str, url: str = "", **settings: Any) -> Iterator[House]:
    url, cases = (url, _replayed(url, dockets, settings)) if url else (f"sqlite:///{folder}", _copied(folder, dockets, settings))
    with TestClient(service(Settings(database_url=url, **settings))) as client, closing(AccessDatabase(url)) as database:
        yield House(url, client, database, Accounts(database, QUICK), AccessLog(database), cases)


def _copied(folder: Path, dockets: tuple[str, ...], settings: dict[str, Any]) -> dict[str, str]:
    """Put a register with these dockets into a folder; it is replayed and sealed once in a run of tests."""
    if not dockets:
        return _replayed(f"sqlite:///{folder}", dockets, settings)
    made, cases = _made(dockets, tuple(sorted(settings.items())))
    copytree(made, folder, dirs_exist_ok=True)
    return cases


@cache
def _made(dockets: tuple[str, ...], settings: tuple[tuple[str, Any], ...]) -> tuple[Path, dict[str, str]]:
    folder = Path(mkdtemp())
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder / "store", _replayed(f"sqlite:///{folder / 'store'}", dockets, dict(settings))


def _replayed(url: str, dockets: tuple[str, ...], settings: dict[str, Any]) -> dict[str, str]:
    """Record dockets, add accounts, and seal every day since, so that what is published stands still while a test looks at it."""
    set_up(url)
    with closing(AccessDatabase(url)) as database:
        for role in OFFICERS:
            Accounts(database, QUICK).add(name_of(role), role, PASSWORD)
        AccessLog(database).note(AccessAct.GRANTED, by="operator")
    with_url = Settings(database_url=url, **settings)
    register = open_register(with_url)
    cases: dict[str, str] = {}
    for name in dockets:
        with (DOCKETS / name).open(encoding="utf-8") as opened:
            steps: list[Any] = list(read_docket(DOCKETS / name, opened).steps)
        if not register.registry.is_created:
            register.create(instant(next(step.body["at"] for step in steps if "at" in step.body)), demonstration=True)
        runner = register.runner(name)
        assert [result for result in runner.run(steps) if not result.as_expected] == []
        streams = {step.body["stream"] for step in steps if step.body.get("stream", "").startswith("case/")}
        cases |= {stream.removeprefix("case/"): str(runner.names.identifier("case", stream.removeprefix("case/"))) for stream in streams}
    if dockets:
        with closing(open_logs(with_url, register)) as logs:
            logs.publish_seals(demonstration_clock(register))
            logs.follower.catch_up()
    register.follower.catch_up()
    register.close()
    return cases


def opened_today(folder: Path) -> Register:
    """A real register that was created just now, so that no day is sealed while a test looks at it. To be closed before it is served."""
    settings = Settings(database_url=f"sqlite:///{folder}")
    set_up(settings.database_url)
    register = open_register(settings)
    register.create(server_clock(), demonstration=False)
    return register


def door_of(house: House) -> Door:
    app: Any = house.client.app
    return app.state.door  # type: ignore[no-any-return]
