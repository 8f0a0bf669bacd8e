"""The seals as the running register publishes them: one a day, caught up after downtime, made once whoever is killed and however many make them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import event, text

from api.logs import Logs, open_logs
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessAct
from api.stores.seal_store import SealsKept
from api.verification import Verification
from api.wiring import open_register
from domain.actors import Actor, Role
from domain.errors import AlreadyInRegister, Malformed, Refused
from domain.events import EVENTS
from domain.ids import REGISTER, Stream
from domain.registry import Command
from projections.transparency.case_history import Histories
from projections.transparency.case_leaves import SEAL, heads_before, heads_root, read_leaf
from projections.transparency.seals import SealSecrets, commitment, sealed_at, verify_act

PROCESSES = get_context("spawn")
WAIT = 120
CREATED = datetime(2026, 3, 10, 9, tzinfo=UTC)
OFFICER = Actor(UUID("3f2b8a1e-5c1d-4e7a-9b60-000000000001"), Role.CASE_OFFICER)
SYSTEM = Actor(UUID("3f2b8a1e-5c1d-4e7a-9b60-000000000002"), Role.SYSTEM)


@contextmanager
def opened(url: str) -> Iterator[Logs]:
    """Open a register with its logs; it is created the first time."""
    settings = Settings(database_url=url)
    register = open_register(settings)
    if not register.registry.is_created:
        register.create(CREATED, demonstration=True)
    logs = open_logs(settings, register)
    try:
        yield logs
    finally:
        logs.close()
        register.close()


@pytest.fixture
def sealing(register_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> str:
    """A store whose keys are its own, wherever its database is."""
    monkeypatch.chdir(tmp_path)
    return register_url


def open_case(logs: Logs, number: int, at: datetime) -> None:
    opening = EVENTS["ModelCaseOpened"](lineage_key=f"model {number}", internal_name=f"Model {number}")
    logs.register.registry.record(Command(Stream("case", str(UUID(int=number))), OFFICER, opening, at))


def published(logs: Logs) -> list[dict[str, Any]]:
    return [orjson.loads(state) for _, topic, state in logs.register.recorder.raw_events(0, 100_000) if topic == SEAL]


def days(first: date, last: date) -> list[str]:
    return [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]


def differences(url: str) -> list[str]:
    return list(Verification(Settings(database_url=url)).differences())


# -- One a day ---------------------------------------------------------------------------


def test_every_day_gets_one_seal_of_one_length_whether_or_not_anything_happened(sealing: str) -> None:
    with opened(sealing) as logs:
        open_case(logs, 1, CREATED)
        assert logs.publish_seals(sealed_at(date(2026, 3, 10)) - timedelta(microseconds=1)) == []
        assert logs.publish_seals(sealed_at(date(2026, 3, 10))) == [date(2026, 3, 10)]
        assert logs.publish_seals(sealed_at(date(2026, 3, 10))) == []
        assert logs.publish_seals(sealed_at(date(2026, 3, 13))) == [date(2026, 3, day) for day in (11, 12, 13)]
        found = published(logs)
        assert [seal["data"]["day"] for seal in found] == days(date(2026, 3, 10), date(2026, 3, 13))
        assert len({len(orjson.dumps(seal["data"])) for seal in found}) == 1
        assert len({seal["data"]["commitment_hash"] for seal in found}) == 4
        logs.follower.catch_up()
        logs.register.follower.catch_up()
    assert differences(sealing) == []


def test_the_seals_open_to_the_acts_of_their_day(sealing: str) -> None:
    with opened(sealing) as logs:
        open_case(logs, 1, CREATED)
        open_case(logs, 2, CREATED + timedelta(days=1))
        logs.publish_seals(sealed_at(date(2026, 3, 11)))
        states = [read_leaf(entry) for entry in logs.cases.store.entries(0, logs.cases.store.size())]
        index = next(i for i, leaf in enumerate(states) if leaf.stream == f"case/{UUID(int=2)}")
        act = logs.seals.open_act(index)
        assert act is not None
        assert act.day == date(2026, 3, 11)
        seals = {seal["data"]["day"]: seal["data"] for seal in published(logs)}
        assert verify_act(act, seals["2026-03-11"]["day_tree_root_hash"])
        assert not verify_act(act, seals["2026-03-10"]["day_tree_root_hash"])
        opening = logs.seals.open_checkpoint(date(2026, 3, 11))
        assert opening is not None
        assert commitment(*opening).hex() == seals["2026-03-11"]["commitment_hash"]


def committed(logs: Logs, day: int) -> int:
    """How many leaves of the log of the cases the seal of a day in March commits to."""
    opening = logs.seals.open_checkpoint(date(2026, 3, day))
    assert opening is not None
    return int(opening[1].split(b"\n")[1])


def test_of_several_missed_days_the_last_covers_the_seals_of_the_others(sealing: str) -> None:
    with opened(sealing) as logs:
        open_case(logs, 1, CREATED)
        assert len(logs.publish_seals(sealed_at(date(2026, 3, 14)))) == 5
        acts = committed(logs, 10)
        assert [committed(logs, day) - acts for day in (11, 12, 13, 14)] == [0, 0, 0, 4]


def test_an_act_between_two_seals_is_followed_before_the_next(sealing: str) -> None:
    with opened(sealing) as logs:
        open_case(logs, 1, CREATED)
        logs.publish_seals(sealed_at(date(2026, 3, 10)))
        before = committed(logs, 10)
        logs.publish_seals(sealed_at(date(2026, 3, 11)))
        assert committed(logs, 11) == before, "nothing but our own seal"
        open_case(logs, 2, sealed_at(date(2026, 3, 11)) + timedelta(hours=1))
        recorded = logs.register.recorder.head()
        logs.publish_seals(sealed_at(date(2026, 3, 12)))
        assert committed(logs, 12) == recorded


def test_the_leaf_of_a_seal_tells_auditors_how_many_events_every_file_has(sealing: str) -> None:
    with opened(sealing) as logs:
        for number in (1, 2, 3):
            open_case(logs, number, CREATED)
        logs.publish_seals(sealed_at(date(2026, 3, 12)))
        logs.follower.catch_up()
        store = logs.cases.store
        entries = store.entries(0, store.size())
        sealing_leaves = [index for index, entry in enumerate(entries) if orjson.loads(entry)["topic"] == SEAL]
        assert len(sealing_leaves) == 3
        for index in sealing_leaves:
            before = heads_before(index, store.size(), logs.shelf.store.heads(), store.entries)
            assert orjson.loads(entries[index])["heads"] == heads_root(before).hex()
            assert sum(head.n for head in before.values()) == index


@pytest.mark.parametrize(("day", "refused"), [("2026-03-12", Malformed), ("2026-03-13", Refused)])
def test_a_day_that_is_not_over_is_not_sealed(opened_in_memory: Any, day: str, refused: type[Exception]) -> None:
    registry, at = opened_in_memory.registry, datetime(2026, 3, 12, 2, tzinfo=UTC)
    before = opened_in_memory.recorder.head()
    with pytest.raises(refused, match=r"the (day|time) of recording"):
        registry.record(Command(REGISTER, SYSTEM, seal_of(day), at))
    assert opened_in_memory.recorder.head() == before


def test_a_day_is_sealed_once_and_no_day_before_it_afterwards(opened_in_memory: Any) -> None:
    registry, at = opened_in_memory.registry, datetime(2026, 3, 13, 2, tzinfo=UTC)
    registry.record(Command(REGISTER, SYSTEM, seal_of("2026-03-11"), at))
    before = opened_in_memory.recorder.head()
    for day in ("2026-03-11", "2026-03-10"):
        with pytest.raises(AlreadyInRegister, match="up to 2026-03-11"):
            registry.record(Command(REGISTER, SYSTEM, seal_of(day), at))
    assert opened_in_memory.recorder.head() == before
    registry.record(Command(REGISTER, SYSTEM, seal_of("2026-03-12"), at))


def seal_of(day: str) -> Any:
    return EVENTS[SEAL].model_validate({"day": day, "commitment_hash": "a" * 64, "day_tree_root_hash": "b" * 64})


@pytest.fixture
def opened_in_memory() -> Iterator[Any]:
    register = open_register(Settings(database_url="sqlite://"))
    register.create(CREATED, demonstration=True)
    yield register
    register.close()


# -- The access log ------------------------------------------------------------------------


def test_nobody_cuts_off_the_end_of_the_access_log_once_it_is_sealed(register_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(register_url) as logs:
        for number in (1, 2, 3):
            logs.access.note(AccessAct.READ, by="token:0000", actor=OFFICER, subjects=[f"case/{UUID(int=number)}"])
        logs.publish_seals(sealed_at(date(2026, 3, 10)))
        logs.follower.catch_up()
        logs.access.note(AccessAct.READ, by="token:0000", actor=OFFICER, subjects=["case/after"])
        logs.register.follower.catch_up()
        sealed = Histories(logs.shelf.store).seals[date(2026, 3, 10)]
        assert sealed.leaf.access == (3, logs.access.hash_of(3))
    assert differences(register_url) == []
    cut_off(register_url, "number = 4")
    assert differences(register_url) == []  # what was noted since the last seal is vouched for by the next one only
    cut_off(register_url, "number = 3")
    assert [sentence for sentence in differences(register_url) if "vouches for" in sentence] != []


def cut_off(url: str, rows: str) -> None:
    """Take rows out as somebody with the database would: guards do not stop them."""
    database = AccessDatabase(url)
    with database.writing() as connection:
        for table in ("access_subjects", "access_log"):
            if url.startswith("postgresql"):
                connection.execute(text(f"ALTER TABLE access.{table} DISABLE TRIGGER USER"))
                connection.execute(text(f"DELETE FROM access.{table} WHERE {rows}"))
            else:
                names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table})
                for name in names.scalars().all():
                    connection.execute(text(f'DROP TRIGGER "{name}"'))
                connection.execute(text(f"DELETE FROM {table} WHERE {rows}"))
    database.close()


# -- Killed, and two at once -----------------------------------------------------------------


class MortalSeals(SealsKept):
    """Dies before, within and after its secrets are kept."""

    point = ""

    def keep_seal(self, kept: SealSecrets) -> bool:
        self._die_at("before")
        event.listen(self.store.engine, "commit", lambda rows: self._die_at("within"))
        done = super().keep_seal(kept)
        self._die_at("after")
        return done

    def _die_at(self, point: str) -> None:
        if self.point == point:
            os.kill(os.getpid(), signal.SIGKILL)


def seal_and_die(url: str, point: str) -> None:
    with opened(url) as logs:
        if point == "recorded":
            logs.register.registry.record = lambda *given: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment, method-assign]
        mortal = MortalSeals(logs.shelf.store)
        mortal.point = point
        logs.seals.store = mortal
        logs.publish_seals(sealed_at(date(2026, 3, 11)))


@pytest.mark.slow
@pytest.mark.parametrize("point", ["before", "within", "after", "recorded"])
def test_whoever_is_killed_while_sealing_leaves_one_seal_to_be_published(sealing: str, point: str) -> None:
    with opened(sealing) as logs:
        open_case(logs, 1, CREATED)
        logs.publish_seals(sealed_at(date(2026, 3, 10)))
    process = PROCESSES.Process(target=seal_and_die, args=(sealing, point), daemon=True)
    process.start()
    process.join(WAIT)
    assert process.exitcode == -signal.SIGKILL, f"{point} was never reached"
    with opened(sealing) as logs:
        kept = SealsKept(logs.shelf.store).seal(date(2026, 3, 11))
        assert (kept is not None) == (point in ("after", "recorded"))
        logs.publish_seals(sealed_at(date(2026, 3, 12)))
        assert [seal["data"]["day"] for seal in published(logs)] == days(date(2026, 3, 10), date(2026, 3, 12))
        assert kept in (None, SealsKept(logs.shelf.store).seal(date(2026, 3, 11)))
        logs.follower.catch_up()
        logs.register.follower.catch_up()
    assert differences(sealing) == []


def seal_many(url: str, together: Barrier) -> None:
    with opened(url) as logs:
        together.wait(WAIT)
        for day in range(11, 31):
            logs.publish_seals(sealed_at(date(2026, 3, day)))


@pytest.mark.slow
def test_processes_that_seal_at_once_publish_one_seal_a_day(sealing: str) -> None:
    with opened(sealing) as logs:
        open_case(logs, 1, CREATED)
        logs.publish_seals(sealed_at(date(2026, 3, 10)))
    together = PROCESSES.Barrier(2)
    processes = [PROCESSES.Process(target=seal_many, args=(sealing, together), daemon=True) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(WAIT)
        assert process.exitcode == 0, "a process failed or hung"
    with opened(sealing) as logs:
        assert [seal["data"]["day"] for seal in published(logs)] == days(date(2026, 3, 10), date(2026, 3, 30))
        kept = [SealsKept(logs.shelf.store).seal(date(2026, 3, day)) for day in range(10, 31)]
        assert all(one and other and one.end == other.first for one, other in pairwise(kept))
        logs.follower.catch_up()
        logs.register.follower.catch_up()
    assert differences(sealing) == []
