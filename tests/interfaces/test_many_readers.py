"""
Two thousand readers at once, of a service in a process of its own that keeps little: each is answered.

That what is kept has an end is held by test_prepared_pages.py; the memory that it takes is measured in the bench.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from api.cli.main import main
from tests.interfaces.test_export_live import DOCKETS, record
from tests.running import serving

READERS = 2_000
PREPARED = ("/", "/list.json", "/changes", "/de/data", "/feed.atom")
KEPT_MB = 4
"""Memory for prepared answers; those of one wave of readers would take many times as much."""
LENGTH = re.compile(rb"content-length: (\d+)")

Asked = Callable[[int], str]
pytestmark = pytest.mark.slow


@contextmanager
def room_for_many() -> Iterator[None]:
    """Let this process, and those that it starts, hold a connection for each reader."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 2 * READERS, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """Readers of a running service."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, asked: Asked, *, times: int = 1, keep: bool = True) -> Counter[int]:
        """Let every reader ask, over one connection each or over a new one each time; count the statuses."""
        return asyncio.run(self._all(asked, times, keep=keep))

    async def _all(self, asked: Asked, times: int, *, keep: bool) -> Counter[int]:
        found = await asyncio.gather(*(self._reader(asked(number), times, keep=keep) for number in range(READERS)))
        return Counter(status for statuses in found for status in statuses)

    async def _reader(self, address: str, times: int, *, keep: bool) -> list[int]:
        per_connection = times if keep else 1
        return [status for _ in range(times // per_connection) for status in await self._connection(address, per_connection)]

    async def _connection(self, address: str, times: int) -> list[int]:
        reading, writing = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            return [await _answer(reading, writing, address) for _ in range(times)]
        finally:
            writing.close()


async def _answer(reading: asyncio.StreamReader, writing: asyncio.StreamWriter, address: str) -> int:
    """Ask and read the whole answer; a connection that breaks is an error."""
    writing.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = await reading.readuntil(b"\r\n\r\n")
    found = LENGTH.search(head)
    assert found, head
    await reading.readexactly(int(found[1]))
    return int(head[9:12])


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """A public side with an entry that was corrected, which keeps little."""
    folder = tmp_path_factory.mktemp("crowd")
    with pytest.MonkeyPatch.context() as patch, room_for_many():
        patch.setenv("DATABASE_URL", f"sqlite:///{folder / 'store'}")
        patch.setenv("PREPARED_BYTES", str(KEPT_MB * 1024 * 1024))
        assert main(["migrate"]) == 0
        record(os.environ["DATABASE_URL"], folder, (DOCKETS / "listing-correction.yaml").read_text())
        with serving({}, "--public") as server:
            yield Crowd(server.port)


@pytest.mark.parametrize("keep", [True, False])
def test_prepared_answers_reach_everybody_over_kept_and_over_new_connections(crowd: Crowd, keep: bool) -> None:
    assert crowd.ask(lambda number: PREPARED[number % len(PREPARED)], times=2, keep=keep) == {200: 2 * READERS}


def test_what_nobody_asked_before_is_answered_too(crowd: Crowd) -> None:
    assert crowd.ask(lambda number: f"/?search={number}") == {200: READERS}


def test_bad_questions_of_many_are_refused_and_not_kept(crowd: Crowd) -> None:
    assert crowd.ask(lambda number: f"/list.json?valid_at=2026-02-30&known_at={number}") == {400: READERS}
