"""Accounts: one role each, passwords as slow hashes alone, and no way to learn which there are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.cli.account import DEMONSTRATED, let_in
from api.cli.main import main
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessAct, AccessLog
from api.stores.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD, Accounts, AccountUnfit
from api.stores.begun_sign_ins import MAY_TAKE, BegunSignIns
from api.stores.identities import Identities, Identity
from api.stores.sessions import Sessions
from api.stores.tokens import TokenStore
from domain.actors import Role
from tests.conftest import POSTGRES, new_url
from tests.postgres_server import PostgresServer

GOOD = "four words are enough"


class Counting(PasswordHasher):
    """A hasher with little work to do, that counts how often it is asked to check, and against what."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.checked: list[str | bytes] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.checked.append(hash)
        return super().verify(hash, password)


@pytest.fixture(params=["file", "memory", POSTGRES])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_url(request.param, tmp_path, request)


@pytest.fixture
def database(url: str) -> Iterator[AccessDatabase]:
    database = AccessDatabase(url)
    database.create()
    yield database
    database.close()


@pytest.fixture
def hasher() -> Counting:
    return Counting()


@pytest.fixture
def accounts(database: AccessDatabase, hasher: Counting) -> Accounts:
    return Accounts(database, hasher)


def test_name_and_password_are_recognised_together(accounts: Accounts) -> None:
    added = accounts.add("intake", Role.CASE_OFFICER, GOOD)
    assert accounts.check("intake", GOOD) == added == accounts.find("intake")
    assert (added.name, added.actor.role, added.disabled_at) == ("intake", Role.CASE_OFFICER, None)
    for name, password in (("intake", GOOD + "x"), ("intake", GOOD[:-1]), ("intake", ""), ("nobody", GOOD), ("", ""), ("intake", "x" * 100_000)):
        assert accounts.check(name, password) is None


def test_a_password_is_the_same_on_every_keyboard(accounts: Accounts) -> None:
    accounts.add("intake", Role.CASE_OFFICER, "déjà vu déjà vu")
    assert accounts.check("intake", "de\u0301ja\u0300 vu de\u0301ja\u0300 vu")


def test_whoever_fails_costs_the_same_whatever_is_wrong(accounts: Accounts, hasher: Counting) -> None:
    accounts.add("intake", Role.CASE_OFFICER, GOOD)
    accounts.add("gone", Role.CASE_OFFICER, GOOD)
    accounts.disable("gone")
    for name, password in (("intake", "not the password"), ("nobody", GOOD), ("gone", GOOD)):
        assert accounts.check(name, password) is None
    assert len(hasher.checked) == 3
    own, nobodys, again = (extract_parameters(str(hashed)) for hashed in hasher.checked)
    assert own == nobodys == again
    assert hasher.checked[0] != hasher.checked[1] == hasher.checked[2]


@pytest.mark.parametrize("length", [SHORTEST_PASSWORD, LONGEST_PASSWORD])
def test_passwords_of_a_fit_length_are_taken(accounts: Accounts, length: int) -> None:
    password = ("abc " * 60)[:length]
    accounts.add("intake", Role.CASE_OFFICER, password)
    assert accounts.check("intake", password)


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST_PASSWORD - 1), "x" * (LONGEST_PASSWORD + 1), "I am INTAKE at work"])
def test_unfit_passwords_are_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(AccountUnfit):
        accounts.add("intake", Role.CASE_OFFICER, password)
    assert accounts.names() == ()
    accounts.add("intake", Role.CASE_OFFICER, GOOD)
    with pytest.raises(AccountUnfit):
        accounts.set_password("intake", password)
    assert accounts.check("intake", GOOD)


@pytest.mark.parametrize("name", ["", "Intake", "in take", "-x", "x" * 41, "jane@example.eu", "ä", "x\n"])
def test_unfit_names_are_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountUnfit):
        accounts.add(name, Role.CASE_OFFICER, GOOD)
    assert accounts.add("x" * 40, Role.CASE_OFFICER, GOOD).name == "x" * 40


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.PUBLIC])
def test_the_register_itself_and_the_public_sign_in_nowhere(accounts: Accounts, role: Role) -> None:
    with pytest.raises(AccountUnfit):
        accounts.add("somebody", role, GOOD)


def test_a_name_is_given_once_even_after_it_was_disabled(accounts: Accounts) -> None:
    accounts.add("intake", Role.CASE_OFFICER, GOOD)
    accounts.disable("intake")
    with pytest.raises(AccountUnfit):
        accounts.add("intake", Role.DECISION_OFFICER, GOOD)
    assert [account.actor.role for account in accounts.names()] == [Role.CASE_OFFICER]


def test_a_second_role_of_a_person_is_the_same_actor(accounts: Accounts) -> None:
    """Law: rule R31; whoever drafts does not adopt, under whatever name."""
    drafting = accounts.add("drafts", Role.CASE_OFFICER, GOOD)
    deciding = accounts.add("decides", Role.DECISION_OFFICER, GOOD, same_as="drafts")
    assert drafting.actor.ref == deciding.actor.ref
    assert accounts.add("other", Role.DECISION_OFFICER, GOOD).actor.ref != drafting.actor.ref
    with pytest.raises(AccountUnfit):
        accounts.add("third", Role.AUDITOR, GOOD, same_as="nobody")
    assert len(accounts.names()) == 3


def test_an_account_takes_the_actor_of_a_token_of_its_name_and_gives_it_to_one(tmp_path: Path) -> None:
    tokens = TokenStore(f"sqlite:///{tmp_path}")
    tokens.create()
    database = AccessDatabase(f"sqlite:///{tmp_path}")
    accounts = Accounts(database, Counting())
    drafting = tokens.actor_of(tokens.issue(Role.CASE_OFFICER, "both"))
    assert drafting
    assert accounts.add("both", Role.DECISION_OFFICER, GOOD).actor.ref == drafting.ref
    added = accounts.add("later", Role.CASE_OFFICER, GOOD)
    deciding = tokens.actor_of(tokens.issue(Role.DECISION_OFFICER, "later"))
    assert deciding
    assert deciding.ref == added.actor.ref
    tokens.close()
    database.close()


def test_disabling_and_another_password_work_at_once(accounts: Accounts) -> None:
    accounts.add("intake", Role.CASE_OFFICER, GOOD)
    accounts.set_password("intake", "another four words")
    assert accounts.check("intake", GOOD) is None
    assert accounts.check("intake", "another four words")
    assert accounts.disable("intake").disabled_at
    assert accounts.check("intake", "another four words") is None
    for change in (accounts.disable, accounts.sign_out, lambda name: accounts.set_password(name, GOOD)):
        with pytest.raises(AccountUnfit):
            change("intake")
        with pytest.raises(AccountUnfit):
            change("nobody")


def test_no_byte_of_the_store_holds_a_password(tmp_path: Path) -> None:
    database = AccessDatabase(f"sqlite:///{tmp_path}")
    database.create()
    Accounts(database).add("intake", Role.CASE_OFFICER, GOOD)
    with database.reading() as rows:
        (hashed,) = rows.execute(text("SELECT password FROM accounts")).scalars()
    database.close()
    assert extract_parameters(hashed).memory_cost >= 19 * 1024
    assert hashed.startswith("$argon2id$")
    assert not any(GOOD.encode() in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.postgres
def test_the_role_of_the_web_processes_makes_no_account(postgres_server: PostgresServer) -> None:
    url = postgres_server.new_database()
    with psycopg.connect(url, autocommit=True) as owner:
        if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = 'who serves'").fetchone():
            owner.execute('CREATE ROLE "who serves" LOGIN')
    database = AccessDatabase(url)
    database.create("who serves")
    Accounts(database, Counting()).add("intake", Role.CASE_OFFICER, GOOD)
    database.close()
    web = AccessDatabase(postgres_server.url(url.removeprefix("postgresql://").partition("?")[0].rpartition("/")[2], "who serves"))
    assert Accounts(web, Counting()).check("intake", GOOD)
    state, begun = BegunSignIns(web).begin("browser", "/workbench/")
    assert BegunSignIns(web).take(state, "browser") == begun
    with pytest.raises(DBAPIError, match="permission denied"):
        Identities(web).link("intake", JANE)
    for change in (lambda: Accounts(web, Counting()).disable("intake"), lambda: Accounts(web, Counting()).add("more", Role.AUDITOR, GOOD)):
        with pytest.raises(DBAPIError, match="permission denied"):
            change()
    web.close()


# -- The command -------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AccessDatabase]:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'var'}")
    database = AccessDatabase(f"sqlite:///{tmp_path / 'var'}")
    yield database
    database.close()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = GOOD) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return main(["account", *arguments])


def test_the_command_adds_lists_changes_and_disables(
    store: AccessDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    assert run(monkeypatch, "add", "--name", "intake", "--role", "CASE_OFFICER") == 0
    assert run(monkeypatch, "add", "--name", "decides", "--role", "DECISION_OFFICER", "--same-as", "intake") == 0
    assert GOOD not in "".join(capsys.readouterr())
    assert run(monkeypatch, "list") == 0
    one, two = capsys.readouterr().out.splitlines()
    assert one.startswith("intake\tCASE_OFFICER\t")
    assert one.endswith("in use")
    assert one.split("\t")[2] == two.split("\t")[2]
    assert run(monkeypatch, "password", "--name", "intake", password="another four words") == 0
    assert Accounts(store).check("intake", "another four words")
    assert run(monkeypatch, "sign-out", "--name", "intake") == 0
    assert run(monkeypatch, "disable", "--name", "intake") == 0
    run(monkeypatch, "list")
    assert "disabled" in capsys.readouterr().out


def test_what_the_operator_did_is_in_the_access_log(store: AccessDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "add", "--name", "intake", "--role", "CASE_OFFICER")
    run(monkeypatch, "password", "--name", "intake", password="another four words")
    run(monkeypatch, "disable", "--name", "intake")
    (account,) = Accounts(store).names()
    rows = AccessLog(store).rows()
    assert [row.act for row in rows] == [AccessAct.GRANTED, AccessAct.GRANTED, AccessAct.WITHDRAWN]
    assert {(row.by, row.outcome, row.subjects, row.actor) for row in rows} == {
        ("operator", "CASE_OFFICER", (f"account/{account.actor.ref}",), None)
    }  # fmt: skip


def test_wrong_usage_is_two_and_changes_nothing(store: AccessDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "add", "--name", "intake", "--role", "CASE_OFFICER")
    capsys.readouterr()
    for arguments in (["add", "--name", "x", "--role", "PUBLIC"], ["add", "--name", "x"], ["disable"], []):
        with pytest.raises(SystemExit) as wrong:
            run(monkeypatch, *arguments)
        assert wrong.value.code == 2
    for arguments in (
        ["add", "--name", "intake", "--role", "AUDITOR"],
        ["add", "--name", "x", "--role", "AUDITOR", "--same-as", "nobody"],
        ["disable", "--name", "nobody"],
        ["password", "--name", "nobody"],
        ["sign-out", "--name", "nobody"],
    ):
        assert run(monkeypatch, *arguments) == 2
    assert run(monkeypatch, "add", "--name", "x", "--role", "AUDITOR", password="short") == 2
    assert "12 to 200 characters" in capsys.readouterr().err
    assert [account.name for account in Accounts(store).names()] == ["intake"]
    assert AccessLog(store).head()[0] == 1
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    for arguments in (["list"], ["add", "--name", "x", "--role", "AUDITOR"], ["disable", "--name", "x"]):
        assert run(monkeypatch, *arguments) == 2


# -- Linked to a provider -------------------------------------------------------------------

ISSUER = "https://login.example.eu"
JANE = Identity(ISSUER, "sub", "248289761001")


def test_an_identity_has_one_account_and_an_account_one_identity(accounts: Accounts, database: AccessDatabase) -> None:
    accounts.add("intake", Role.CASE_OFFICER, None)
    accounts.add("decides", Role.DECISION_OFFICER, GOOD)
    identities = Identities(database)
    assert identities.account_of(JANE) is None
    assert identities.link("intake", JANE) == identities.account_of(JANE) == accounts.find("intake")
    for name, identity in (("decides", JANE), ("intake", Identity(ISSUER, "sub", "other")), ("nobody", Identity(ISSUER, "sub", "other"))):
        with pytest.raises(AccountUnfit):
            identities.link(name, identity)
    for other in (Identity("https://elsewhere.eu", "sub", JANE.value), Identity(ISSUER, "email", JANE.value), Identity(ISSUER, "sub", "other")):
        assert identities.account_of(other) is None
    assert identities.linked() == {"intake"}
    assert identities.unlink("intake").name == "intake"
    assert identities.account_of(JANE) is None
    assert identities.link("decides", JANE).name == "decides"
    for name in ("intake", "nobody"):
        with pytest.raises(AccountUnfit):
            identities.unlink(name)


@pytest.mark.parametrize("value", ["", " ", "x" * 256, "a\nb", "a\u202eb"])
def test_what_is_nobody_is_linked_to_nothing(accounts: Accounts, database: AccessDatabase, value: str) -> None:
    accounts.add("intake", Role.CASE_OFFICER, GOOD)
    with pytest.raises(AccountUnfit):
        Identities(database).link("intake", Identity(ISSUER, "sub", value))
    with pytest.raises(AccountUnfit):
        Identities(database).link("intake", Identity("", "sub", "x"))
    assert Identities(database).linked() == frozenset()
    assert Identities(database).link("intake", Identity(ISSUER, "sub", "x" * 255))


def test_an_account_without_a_password_is_entered_by_none(accounts: Accounts, hasher: Counting) -> None:
    accounts.add("intake", Role.CASE_OFFICER, None)
    for password in ("", "None", GOOD):
        assert accounts.check("intake", password) is None
    assert len(hasher.checked) == 3
    accounts.set_password("intake", GOOD)
    assert accounts.check("intake", GOOD)


def test_unlinking_ends_the_sessions_of_the_account(accounts: Accounts, database: AccessDatabase) -> None:
    account = accounts.add("intake", Role.CASE_OFFICER, None)
    Identities(database).link("intake", JANE)
    sessions = Sessions(database)
    identifier, begun = sessions.begin(account, by_openid=True)
    by_password, _ = sessions.begin(account)
    assert sessions.find(identifier) == begun
    assert begun.by_openid
    found = sessions.find(by_password)
    assert found is not None
    assert not found.by_openid
    Identities(database).unlink("intake")
    assert sessions.find(identifier) is None


@pytest.mark.parametrize(("passed", "taken"), [(MAY_TAKE, True), (MAY_TAKE + timedelta(microseconds=1), False)])
def test_whoever_went_to_a_provider_is_taken_once_in_their_browser_and_in_time(database: AccessDatabase, passed: timedelta, taken: bool) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    state, begun = BegunSignIns(database, lambda: now).begin("browser", "/workbench/", "fingerprint")
    later = BegunSignIns(database, lambda: now + passed)
    assert later.take(state, "another browser") is None
    assert later.take(begun.nonce, "browser") is None
    assert later.take(state, "browser") == (begun if taken else None)
    assert later.take(state, "browser") is None


def test_the_command_links_and_unlinks_and_says_so_in_the_access_log(
    store: AccessDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    assert run(monkeypatch, "add", "--name", "intake", "--role", "CASE_OFFICER", "--no-password", password="") == 0
    assert run(monkeypatch, "link", "--name", "intake", "--subject", JANE.value) == 2
    assert "OPENID_ISSUER" in capsys.readouterr().err
    assert run(monkeypatch, "link", "--name", "intake", "--subject", JANE.value, "--issuer", ISSUER) == 0
    account = Identities(store).account_of(JANE)
    assert account
    run(monkeypatch, "list")
    listed = capsys.readouterr().out
    assert listed.endswith("in use\tlinked\n")
    assert JANE.value not in listed
    assert run(monkeypatch, "unlink", "--name", "intake") == 0
    assert run(monkeypatch, "unlink", "--name", "intake") == 2
    monkeypatch.setenv("OPENID_ISSUER", ISSUER)
    monkeypatch.setenv("OPENID_CLAIM", "employee")
    assert run(monkeypatch, "link", "--name", "intake", "--subject", "7") == 0
    assert Identities(store).account_of(Identity(ISSUER, "employee", "7")) == account
    rows = AccessLog(store).rows(after=1)
    assert [row.act for row in rows] == [AccessAct.GRANTED, AccessAct.WITHDRAWN, AccessAct.GRANTED]
    assert {row.subjects for row in rows} == {(f"account/{account.actor.ref}",)}


# -- The demonstration's ------------------------------------------------------------------


def test_a_demonstration_has_one_account_for_each_role_and_a_new_password_each_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    database = AccessDatabase(url)
    database.create()
    names, first = let_in(url)
    accounts = Accounts(database)
    assert [account.actor.role for account in accounts.names()] == list(DEMONSTRATED)
    assert {Role.SYSTEM, Role.PUBLIC} == set(Role) - set(DEMONSTRATED)
    assert len({account.actor.ref for account in accounts.names()} | {UUID(int=0)}) == len(names) + 1
    assert accounts.check("case-officer", first)
    accounts.disable("auditor")
    again, second = let_in(url)
    assert again == names
    assert first != second
    assert accounts.check("case-officer", first) is None
    assert accounts.check("case-officer", second)
    assert accounts.check("auditor", second) is None
    database.close()
