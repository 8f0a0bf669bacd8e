"""Personal tokens: issued once, known by their hash alone, revoked at once."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from api.cli import token as verb
from api.cli.main import main
from api.stores.tokens import LONGEST_NAME, NameUnfit, TokenStore
from domain.actors import Actor, Role
from tests.postgres_server import NoPostgres, PostgresServer

REF = UUID("3f2b8a1e-5c1d-4e7a-9b60-000000000001")


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with server:
        yield server


@pytest.fixture(params=["file", "memory", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.new_database()
    return "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'store'}"


@pytest.fixture
def tokens(url: str) -> Iterator[TokenStore]:
    store = TokenStore(url)
    assert not store.is_created()
    store.create()
    store.create()
    assert store.is_created()
    yield store
    store.close()


def test_a_token_is_recognised(tokens: TokenStore) -> None:
    token = tokens.issue(Role.CASE_OFFICER, "intake", REF)
    assert token.startswith("srr_")
    assert len(token) == 4 + 43
    assert tokens.actor_of(token) == Actor(REF, Role.CASE_OFFICER)


@pytest.mark.parametrize("change", [str.lower, lambda token: token[:-1], lambda token: token + "A", lambda token: "", lambda token: "é" * 9000])
def test_what_is_no_token_is_nobodys(tokens: TokenStore, change: object) -> None:
    assert callable(change)
    assert tokens.actor_of(change(tokens.issue(Role.CASE_OFFICER, "intake"))) is None


def test_tokens_differ_and_so_do_the_actors_of_different_names(tokens: TokenStore) -> None:
    one, other = tokens.issue(Role.CASE_OFFICER, "one"), tokens.issue(Role.CASE_OFFICER, "other")
    assert one != other
    assert tokens.actor_of(one) != tokens.actor_of(other)


def test_a_revoked_token_is_nobodys_at_once_and_for_ever(tokens: TokenStore) -> None:
    token, other = tokens.issue(Role.CASE_OFFICER, "intake"), tokens.issue(Role.AUDITOR, "audit")
    assert tokens.actor_of(token)
    assert tokens.revoke("intake") == 1
    assert tokens.actor_of(token) is None
    assert tokens.actor_of(other)
    assert tokens.revoke("intake") == tokens.revoke("nobody") == 0


def test_a_token_ends_when_its_time_is_over_and_can_be_revoked_before(tokens: TokenStore) -> None:
    ended, lasting = (tokens.issue(Role.AUDITOR, name, lasts=timedelta(days=days)) for name, days in (("ended", 0), ("lasting", 1)))
    assert tokens.actor_of(ended) is None
    assert tokens.actor_of(lasting)
    assert tokens.issue(Role.AUDITOR, "ended"), "its name is free again"
    with pytest.raises(NameUnfit):
        tokens.issue(Role.AUDITOR, "lasting")
    assert tokens.revoke("lasting") == 1
    assert tokens.actor_of(lasting) is None
    assert tokens.revoke("lasting") == 0


def test_another_process_sees_a_revocation(tokens: TokenStore, url: str) -> None:
    if url == "sqlite://":
        return  # nobody else sees a store in memory
    token = tokens.issue(Role.CASE_OFFICER, "intake")
    other = TokenStore(url)
    assert other.actor_of(token)
    tokens.revoke("intake")
    assert other.actor_of(token) is None
    other.close()


def test_a_name_keeps_its_actor_over_tokens_and_roles(tokens: TokenStore) -> None:
    drafting = tokens.actor_of(tokens.issue(Role.CASE_OFFICER, "officer"))
    deciding = tokens.actor_of(tokens.issue(Role.DECISION_OFFICER, "officer"))
    tokens.revoke("officer")
    again = tokens.actor_of(tokens.issue(Role.CASE_OFFICER, "officer"))
    assert drafting == again
    assert drafting
    assert deciding
    assert drafting.ref == deciding.ref


def test_a_name_in_use_in_a_role_is_refused(tokens: TokenStore) -> None:
    tokens.issue(Role.CASE_OFFICER, "intake")
    with pytest.raises(NameUnfit):
        tokens.issue(Role.CASE_OFFICER, "intake")
    assert len(tokens.names()) == 1


@pytest.mark.parametrize("name", ["", " ", "x" * (LONGEST_NAME + 1), "two\nlines", "a\x00b"])
def test_an_unfit_name_is_refused(tokens: TokenStore, name: str) -> None:
    with pytest.raises(NameUnfit):
        tokens.issue(Role.CASE_OFFICER, name)
    assert tokens.issue(Role.CASE_OFFICER, "x" * LONGEST_NAME)


def test_the_register_itself_gets_no_token(tokens: TokenStore) -> None:
    with pytest.raises(ValueError, match="the register itself"):
        tokens.issue(Role.SYSTEM, "register")


def test_the_list_tells_everything_but_the_token(tokens: TokenStore) -> None:
    token = tokens.issue(Role.CASE_OFFICER, "intake", REF)
    tokens.revoke("intake")
    [listed] = tokens.names()
    assert (listed.name, listed.role, listed.actor_ref) == ("intake", Role.CASE_OFFICER, REF)
    assert listed.revoked_at
    assert listed.created_at <= listed.revoked_at
    assert token not in repr(listed)


def test_no_byte_of_the_store_holds_the_token(tmp_path: Path) -> None:
    store = TokenStore(f"sqlite:///{tmp_path}")
    store.create()
    token = store.issue(Role.CASE_OFFICER, "intake")
    store.close()
    assert not any(token.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_revocation_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    store = TokenStore(f"sqlite:///{tmp_path}")
    store.create()
    with store._database.reading() as rows:
        assert rows.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    store.close()


@pytest.mark.postgres
def test_the_role_of_the_web_processes_may_only_read(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute('CREATE ROLE "web processes"')
        store = TokenStore(url)
        store.create("web processes")
        store.close()
        owner.execute('SET ROLE "web processes"')
        owner.execute("SELECT * FROM access.tokens")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute("UPDATE access.tokens SET revoked_at = NULL")


# -- The command -------------------------------------------------------------------


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    verb.add_parser(parser.add_subparsers())
    given = parser.parse_args(["token", *arguments])
    return int(given.func(given))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'var'}")
    return tmp_path / "var"


def test_the_command_prints_the_token_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("create", "--role", "AUDITOR", "--name", "audit") == 0
    printed = capsys.readouterr()
    token = printed.out.removesuffix("\n")
    assert "\n" not in token
    assert token not in printed.err
    store = TokenStore(f"sqlite:///{folder}")
    actor = store.actor_of(token)
    store.close()
    assert actor
    assert actor.role is Role.AUDITOR


@pytest.mark.parametrize(("days", "is_taken"), [("0", False), ("1", True), ("3650", True), ("3651", False), ("x", False)])
def test_the_command_bounds_how_long_a_token_lasts(folder: Path, capsys: pytest.CaptureFixture[str], days: str, is_taken: bool) -> None:
    asked = ["token", "create", "--role", "AUDITOR", "--name", "me", "--days", days]
    if is_taken:
        assert main(asked) == main(["token", "list"]) == 0
        assert "valid until" in capsys.readouterr().out
        return
    with pytest.raises(SystemExit) as refused:
        main(asked)
    assert refused.value.code == 2
    assert "from 1 to 3650 days" in capsys.readouterr().err


def test_the_command_lists_and_revokes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("create", "--role", "AUDITOR", "--name", "audit")
    token = capsys.readouterr().out.strip()
    assert run("list") == 0
    assert "audit\tAUDITOR" in (listed := capsys.readouterr().out)
    assert token not in listed
    assert run("revoke", "--name", "audit") == 0
    assert run("revoke", "--name", "audit") == 1
    run("list")
    assert "revoked" in capsys.readouterr().out


def test_wrong_usage_is_two(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (["create", "--role", "SYSTEM", "--name", "x"], ["create", "--role", "AUDITOR"], []):
        with pytest.raises(SystemExit) as wrong:
            run(*arguments)
        assert wrong.value.code == 2
    assert run("create", "--role", "AUDITOR", "--name", "audit") == 0
    assert run("create", "--role", "AUDITOR", "--name", "audit") == 2
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    for arguments in (["create", "--role", "AUDITOR", "--name", "x"], ["list"], ["revoke", "--name", "x"]):
        assert run(*arguments) == 2
    with sqlite3.connect(folder / "access.db") as rows:
        assert rows.execute("SELECT count(*) FROM tokens").fetchone() == (1,)
    rows.close()
