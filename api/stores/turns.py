"""One at a time: several processes that set up one database take turns, and one of those that serve it delivers."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

KEY = 520_600
"""Key of the advisory lock on PostgreSQL."""
DELIVERING = 520_601


@contextmanager
def one_at_a_time(database_url: str) -> Iterator[None]:
    """Hold others back while a database is set up; in memory there are none."""
    if database_url.startswith("postgresql"):
        with psycopg.connect(database_url, autocommit=True) as session:
            session.execute("SELECT pg_advisory_lock(%s)", [KEY])  # given back with the session
            yield
    elif database_url.startswith("sqlite:///"):
        folder = Path(database_url.removeprefix("sqlite:///"))
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".setting-up").open("w", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
    else:
        yield


# -- A turn that is taken or left to others ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that this process has until it gives it up or ends, however it ends."""

    is_held: Callable[[], bool]
    """Tell whether it still has it: the connection to PostgreSQL may be lost, and the turn with it."""
    give_up: Callable[[], None]


def turn_to_deliver(database_url: str) -> Turn | None:
    """Take the turn to deliver; None while another process has it."""
    return _turn_on_postgres(database_url) if database_url.startswith("postgresql") else _turn_in_folder(database_url)


def _turn_on_postgres(database_url: str) -> Turn | None:
    session = psycopg.connect(database_url, autocommit=True)

    def is_held() -> bool:
        with suppress(psycopg.OperationalError):
            return session.execute("SELECT 1").fetchone() is not None
        return False

    found = session.execute("SELECT pg_try_advisory_lock(%s)", [DELIVERING]).fetchone()
    if found == (True,):
        return Turn(is_held, session.close)
    session.close()
    return None


def _turn_in_folder(database_url: str) -> Turn | None:
    held = (Path(database_url.removeprefix("sqlite:///")) / ".delivering").open("w", encoding="utf-8")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        return None
    return Turn(lambda: True, held.close)
