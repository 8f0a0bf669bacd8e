"""Durable writes: one decided command beside one row inserted, and beside the library's own save; each is on the disk when it returns."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from threading import Lock
from time import perf_counter, process_time
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from api.settings import Settings
from api.wiring import Register, open_register
from bench.content import OFFICER
from bench.content import fact as new_fact
from bench.measure import ROUNDS, Line, Section, in_turns, number, ratio
from domain.ids import Stream
from domain.record import Fact
from domain.registry import EPOCH, Command
from domain.types import Day
from projections.office.questions import CaseFilter

ONE_CLIENT, THREADS = 200, 16
Write = Callable[[], object]


class Letters(Aggregate):
    """The smallest record that the library keeps."""

    @event("Opened")
    def __init__(self) -> None:
        self.last = ""

    @event("Received")
    def receive(self, text: str) -> None:
        self.last = text


def measure(database_url: str, folder: Path) -> Section:
    register = open_register(Settings(database_url=database_url))
    try:
        register.follower.catch_up()  # the cases are asked of a read model; nothing follows while writes are measured
        ours, raw, library = decided(register), raw_insert(folder), library_save(folder)
        return Section(f"Durable writes on this disk, a second (one client; {THREADS} threads)", _lines(ours, raw, library))
    finally:
        register.close()


def _lines(ours: Write, raw: Write, library: Write) -> list[Line]:
    for write in (ours, raw, library):
        one_after_another(write, 50)  # not counted
    mine, rows, saved = in_turns(*(lambda w=w: one_after_another(w, ONE_CLIENT) for w in (ours, raw, library)), rounds=ROUNDS)
    many, many_rows = in_turns(lambda: from_threads(ours), lambda: from_threads(raw), rounds=ROUNDS)
    cpu = [median(_cpu_us(write) for _ in range(3)) for write in (ours, raw, library)]
    return [
        Line("one command decided and recorded", number(median(mine)), f"{number(median(rows))} (one INSERT a commit)", ratio(mine, rows)),
        Line("the same", number(median(mine)), f"{number(median(saved))} (load, change, save of the library)", ratio(mine, saved)),
        Line(f"{THREADS} threads", number(median(many)), f"{number(median(many_rows))} (INSERTs under one lock)", ratio(many, many_rows)),
        Line("  processor time of a command", number(cpu[0], "us"), f"{number(cpu[1], 'us')} (INSERT)", cpu[0] / cpu[1]),
        Line("  the same", number(cpu[0], "us"), f"{number(cpu[2], 'us')} (library)", cpu[0] / cpu[2]),
    ]


def one_after_another(write: Write, times: int) -> float:
    began = perf_counter()
    for _ in range(times):
        write()
    return times / (perf_counter() - began)


def from_threads(write: Write) -> float:
    each = ONE_CLIENT // THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        began = perf_counter()
        for done in [pool.submit(one_after_another, write, each) for _ in range(THREADS)]:
            done.result()
        return each * THREADS / (perf_counter() - began)


def _cpu_us(write: Write) -> float:
    began = process_time()
    one_after_another(write, ONE_CLIENT)
    return 1e6 * (process_time() - began) / ONE_CLIENT


# -- What writes -----------------------------------------------------------------------


def decided(register: Register) -> Write:
    """Record a notification of the provider on one case after another, with all that the use case holds against it."""
    cases = register.office.cases(CaseFilter(datetime.now(UTC)), first=2_000)
    last = register.recorder.last_recorded_at() or 0
    at = max(datetime.now(UTC), EPOCH + timedelta(microseconds=last))
    numbers = count()

    def write() -> object:
        case_id = cases[next(numbers) % len(cases)][1].case_id
        return register.registry.record(Command(Stream("case", case_id), OFFICER, _notification(at), at))

    return write


def _notification(at: datetime) -> Fact:
    provider = uuid4()
    day: Day = at.date() - timedelta(days=1)
    return new_fact(
        "NotificationReceived", received_at=at, provider_ref=provider, filer_ref=provider, filer_role="PROVIDER", channel="EU_SEND",
        submission_id=uuid4(), trigger="MET", trigger_on=day, estimate_flop="1.1e25", estimate_method="HARDWARE", arguments_included=False,
    )  # fmt: skip


def raw_insert(folder: Path) -> Write:
    """Insert one row of the same size in a transaction of its own, by the driver alone."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS stored (position INTEGER PRIMARY KEY, stream TEXT, version INTEGER, topic TEXT, state BLOB)")
    state, turn = b"x" * 800, Lock()

    def write() -> object:
        with turn:
            return connection.execute("INSERT INTO stored VALUES (NULL, ?, 1, 'NotificationReceived', ?)", (uuid4().hex, state))

    return write


def library_save(folder: Path) -> Write:
    """Load, change and save the smallest record by the library as it comes, one record after another."""
    application: Application[UUID] = Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "library.db")})
    records = list(_letters(application, 200))
    numbers = count()

    def write() -> object:
        letters: Letters = application.repository.get(records[next(numbers) % len(records)])
        letters.receive("x" * 300)
        return application.save(letters)

    return write


def _letters(application: Application[UUID], how_many: int) -> Iterator[UUID]:
    for _ in range(how_many):
        letters = Letters()
        application.save(letters)
        yield letters.id
