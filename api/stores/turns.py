"""One at a time: several processes that set up one database take turns."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

KEY = 520_600
"""Key of the advisory lock on PostgreSQL."""


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
