"""On PostgreSQL the walls stand in the data: what a role may not do, the server refuses."""

from dataclasses import replace

import psycopg
import pytest

from api.dockets.files import read_docket
from api.published import published
from api.read_models import rebuild
from api.settings import Settings
from api.stores.webhooks import Attempt, State, WebhookStore
from api.wiring import open_register, set_up
from domain.types import instant
from projections.public.answers import PublicList
from projections.public.questions import Filters, When
from tests.postgres_server import PostgresServer
from tests.rules.test_dockets import DOCKETS

pytestmark = pytest.mark.postgres
DOCKET = next(path for path in DOCKETS if path.stem == "flow-arguments-rejected")


@pytest.fixture
def database(postgres_server: PostgresServer) -> tuple[str, str, str]:
    """The addresses of one store for its owner, for a web process, and for a public process."""
    owner = postgres_server.new_database()
    name = owner.removeprefix("postgresql://").partition("?")[0].rpartition("/")[2]
    with psycopg.connect(owner, autocommit=True) as session:
        for role in ("register_web", "register_public"):
            if not session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                session.execute(f"CREATE ROLE {role} LOGIN")
    set_up(owner, role="register_web", public_role="register_public")
    return owner, postgres_server.url(name, "register_web"), postgres_server.url(name, "register_public")


def recorded_by_the_web_role(url: str) -> None:
    register = open_register(Settings(database_url=url))
    try:
        with DOCKET.open(encoding="utf-8") as text:
            docket = read_docket(DOCKET, text)
            steps = list(docket.steps)
            register.create(instant(steps[0].body["at"]), demonstration=True)
            runner = register.runner(docket.name)
            assert [result.plain() for result in runner.run(steps) if not result.as_expected] == []
        register.follower.catch_up()
    finally:
        register.close()


def test_the_web_role_records_and_follows(database: tuple[str, str, str]) -> None:
    _, web, _ = database
    recorded_by_the_web_role(web)
    with psycopg.connect(web) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("INSERT INTO events.stored_events OVERRIDING SYSTEM VALUE SELECT * FROM events.stored_events")


def test_the_public_role_reads_the_list_and_nothing_else(database: tuple[str, str, str]) -> None:
    _, web, public = database
    recorded_by_the_web_role(web)
    shown = PublicList(published(public))
    assert [entry.marketed_names for entry in shown.list_at(When(), Filters()).entries] == [("Alpha",)]
    shown.store.close()
    for hidden in ("published.positions", "views.events", "views.cases", "events.stored_events", "access.tokens"):
        with psycopg.connect(public) as session, pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)):
            session.execute(f"SELECT * FROM {hidden}")
    with psycopg.connect(public) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("DELETE FROM published.entries")


def test_the_web_role_moves_webhooks_on_and_cannot_point_them_elsewhere(database: tuple[str, str, str]) -> None:
    owner, web, public = database
    operators, delivering = WebhookStore(owner), WebhookStore(web)
    at = instant("2026-03-02T10:00:00+01:00")
    seen = operators.add("observatory", "https://receiver.example/", 0, at)
    moved = replace(seen, state=State.ACTIVE, delivered=1)
    assert delivering.change(seen, moved, Attempt(at, 1, "msg_1", 200, "", 5))
    assert delivering.due(at) == [moved]
    assert len(delivering.attempts("observatory", 1)) == 1
    delivering.close()
    for statement in (
        "INSERT INTO webhooks.subscriptions SELECT * FROM webhooks.subscriptions",
        "UPDATE webhooks.subscriptions SET url = 'https://other.example/'",
        "DELETE FROM webhooks.subscriptions",
    ):
        with psycopg.connect(web) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)
    with psycopg.connect(public) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("SELECT * FROM webhooks.subscriptions")
    assert operators.all() == [moved]
    operators.close()


def test_the_rights_outlive_a_rebuild(database: tuple[str, str, str]) -> None:
    owner, web, public = database
    recorded_by_the_web_role(web)
    rebuild(owner)
    shown = PublicList(published(public))
    assert shown.list_at(When(), Filters()).total == 1
    shown.store.close()
    with psycopg.connect(public) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("SELECT * FROM published.positions")
    register = open_register(Settings(database_url=web))
    register.follower.catch_up()
    register.close()
