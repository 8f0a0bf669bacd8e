"""Sessions end when they should and not before; attempts are counted in all processes together."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from api.stores.access_database import AccessDatabase
from api.stores.accounts import Account, Accounts
from api.stores.attempts import WINDOW, Attempts, Limit
from api.stores.sessions import ABSOLUTE, IDLE, NOTED_EVERY, REMEMBERED, Session, Sessions
from domain.actors import Role
from tests.conftest import POSTGRES, new_url

MOMENT = timedelta(microseconds=1)
GOOD = "four words are enough"


@dataclass
class Hand:
    """A clock that is moved by hand."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """Accounts, sessions and attempts over one store, and their clock."""

    url: str
    database: AccessDatabase
    clock: Hand

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.database, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.database, self.clock)

    @property
    def attempts(self) -> Attempts:
        return Attempts(self.database, self.clock)

    def account(self, name: str = "intake", role: Role = Role.CASE_OFFICER) -> Account:
        account = self.accounts.add(name, role, GOOD)
        self.clock.now = datetime.now(UTC)  # accounts are made by the server's own clock
        return account


@pytest.fixture(params=["file", "memory", POSTGRES])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    url = new_url(request.param, tmp_path, request)
    database = AccessDatabase(url)
    database.create()
    yield House(url, database, Hand(datetime.now(UTC)))
    database.close()


def test_a_session_is_known_by_its_identifier_alone(house: House) -> None:
    account = house.account()
    identifier, session = house.sessions.begin(account)
    assert len(identifier) == 43
    assert house.sessions.find(identifier) == session
    assert (session.actor, session.account) == (account.actor, "intake")
    for other in ("", identifier[:-1], identifier.swapcase(), identifier + "A", "é" * 9000):
        assert house.sessions.find(other) is None
    assert house.sessions.begin(account)[0] != identifier


def test_no_byte_of_the_store_holds_the_identifier(tmp_path: Path) -> None:
    database = AccessDatabase(f"sqlite:///{tmp_path}")
    database.create()
    identifier, session = Sessions(database).begin(Accounts(database).add("intake", Role.CASE_OFFICER, GOOD))
    database.close()
    assert not any(identifier.encode() in file.read_bytes() for file in tmp_path.iterdir())
    assert session.reference.removeprefix("session:") not in identifier


def test_a_session_ends_half_an_hour_after_its_last_use(house: House) -> None:
    identifier, session = house.sessions.begin(house.account())
    assert session.lasts_until == house.clock.now + IDLE
    house.clock.now += IDLE - MOMENT
    again = house.sessions.find(identifier)
    assert again
    assert again.lasts_until == house.clock.now + IDLE
    house.clock.now += IDLE - MOMENT
    assert house.sessions.find(identifier)
    house.clock.now += IDLE
    assert house.sessions.find(identifier) is None


def test_uses_close_to_each_other_are_written_once(house: House) -> None:
    identifier, begun = house.sessions.begin(house.account())
    house.clock.now += NOTED_EVERY - MOMENT
    assert house.sessions.find(identifier) == begun
    house.clock.now += MOMENT
    noted = house.sessions.find(identifier)
    assert noted
    assert noted.used_at == begun.used_at + NOTED_EVERY


def test_a_session_ends_eight_hours_after_signing_in_however_much_it_is_used(house: House) -> None:
    identifier, session = house.sessions.begin(house.account())
    end = session.signed_in_at + ABSOLUTE
    last: Session | None = session
    while house.clock.now + IDLE / 2 < end:
        house.clock.now += IDLE / 2
        last = house.sessions.find(identifier)
        assert last, house.clock.now
    assert last
    assert last.lasts_until == end
    house.clock.now = end - MOMENT
    assert house.sessions.find(identifier)
    house.clock.now = end
    assert house.sessions.find(identifier) is None


def test_an_ended_session_is_nobodys_at_once_and_for_ever(house: House) -> None:
    account = house.account()
    (one, begun), (other, _) = house.sessions.begin(account), house.sessions.begin(account)
    assert house.sessions.end(one) == begun
    assert house.sessions.find(one) is None
    assert house.sessions.end(one) is None
    assert house.sessions.find(other)


@pytest.mark.parametrize("change", ["disable", "sign_out", "set_password"])
def test_what_is_done_to_an_account_ends_its_sessions_in_every_process(house: House, change: str) -> None:
    identifier, _ = house.sessions.begin(house.account())
    kept, _ = house.sessions.begin(house.account("other"))
    there = AccessDatabase(house.url) if house.url != "sqlite://" else house.database
    elsewhere = Sessions(there, house.clock)
    assert elsewhere.find(identifier)
    getattr(house.accounts, change)("intake", *(["another four words"] if change == "set_password" else []))
    assert elsewhere.find(identifier) is None
    assert elsewhere.find(kept)
    if change != "disable":
        house.clock.now = datetime.now(UTC)
        account = house.accounts.find("intake")
        assert account
        assert elsewhere.find(house.sessions.begin(account)[0])
    if there is not house.database:
        there.close()


def test_for_a_day_after_its_end_it_is_known_whose_a_session_was_and_no_longer(house: House) -> None:
    account = house.account()
    identifier, _ = house.sessions.begin(account)
    house.clock.now += ABSOLUTE + REMEMBERED
    house.sessions.begin(account)
    assert (house.sessions.find(identifier), house.sessions.account_of(identifier)) == (None, account.name)
    house.clock.now += MOMENT
    house.sessions.begin(account)
    assert house.sessions.account_of(identifier) is None


def test_a_session_says_how_long_it_lasts_and_whether_using_it_makes_it_longer(house: House) -> None:
    _, session = house.sessions.begin(house.account())
    assert (session.seconds_left(house.clock.now), session.is_final) == (IDLE.total_seconds(), False)
    assert session.seconds_left(house.clock.now + IDLE + MOMENT) == 0
    turn = session.signed_in_at + ABSOLUTE - IDLE
    assert [replace(session, used_at=at).is_final for at in (turn - MOMENT, turn)] == [False, True]


# -- Attempts ------------------------------------------------------------------------------


def test_one_attempt_too_many_waits_until_the_first_is_forgotten(house: House) -> None:
    limit, start = Limit("name intake", 3), house.clock.now
    for _ in range(3):
        assert house.attempts.count(limit) is None
        house.clock.now += timedelta(minutes=1)
    refused = house.attempts.count(limit)
    assert refused
    assert (refused.first, house.attempts.count(Limit("name other", 3))) == (True, None)
    again = house.attempts.count(limit)
    assert again
    assert (again.first, again.until) == (False, refused.until)
    assert refused.until == start + timedelta(minutes=1) + WINDOW
    house.clock.now = refused.until - MOMENT
    assert house.attempts.count(limit)


def test_whoever_waits_as_long_as_told_may_try_again(house: House) -> None:
    limit = Limit("name intake", 3)
    for _ in range(3):
        house.attempts.count(limit)
        house.clock.now += timedelta(minutes=1)
    refused = house.attempts.count(limit)
    assert refused
    house.clock.now = refused.until
    assert house.attempts.count(limit) is None


def test_whoever_is_refused_for_one_reason_is_not_counted_for_another(house: House) -> None:
    narrow, wide = Limit("narrow", 1), Limit("wide", 3)
    assert house.attempts.count(narrow, wide) is None
    for _ in range(9):
        assert house.attempts.count(narrow, wide)
    assert house.attempts.count(wide) is None
    assert house.attempts.count(wide) is None
    assert house.attempts.count(wide)


def test_success_forgets_what_was_counted(house: House) -> None:
    limit, other = Limit("name intake", 1), Limit("name other", 1)
    house.attempts.count(limit, other)
    house.attempts.forget(limit)
    assert house.attempts.count(limit) is None
    assert house.attempts.count(other)


def test_many_attempts_at_once_are_not_let_through_together(house: House) -> None:
    limit = Limit("name intake", 5)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: house.attempts.count(limit), range(24)))
    assert found.count(None) == 5
    assert sum(refused.first for refused in found if refused) == 1
