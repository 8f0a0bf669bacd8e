"""
Whoever stores a document may be killed at any moment: a document is there whole, or it is not there.

A process of its own is killed by SIGKILL before each single line of the rooms that write, in turn, from the first to the last.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

import pytest

from api.stores import documents as documents_room
from api.stores import primary, shelf
from api.stores.documents import Classification, DocumentStore
from api.stores.shelf import FolderShelf

pytestmark = pytest.mark.slow
ROOMS = {room.__file__ for room in (documents_room, primary, shelf)}
CONTENT = b"a document that matters\n" * 2_000
DIGEST = sha256(CONTENT).hexdigest()
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
MOST_LINES = 500


def opened(folder: Path) -> DocumentStore:
    return DocumentStore(f"sqlite:///{folder}", FolderShelf(folder / "documents"))


def store_it(folder: Path) -> None:
    store = opened(folder)
    with store.uploading("text/plain", len(CONTENT)) as arriving:
        for start in range(0, len(CONTENT), 10_000):
            arriving.write(CONTENT[start : start + 10_000])
        stored = arriving.keep()
    store.add(stored, UUID(int=1), AT, Classification())
    store.close()


def die_before_line(number: int) -> None:
    """Kill this process before a line of the rooms that write; lines are counted as they run."""
    lines = count(1)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in ROOMS:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def killed_before(number: int, folder: Path) -> bool:
    """Store the document in a process that is killed before a line; False when it ended before it came to that line."""
    process = os.fork()
    if process == 0:
        die_before_line(number)
        store_it(folder)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def states(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what somebody would find after each kill, and what the next start leaves of it."""
    store = opened(folder)
    store.create()
    store.close()
    for number in range(1, MOST_LINES):
        if not killed_before(number, folder):
            return
        yield found_in(folder), swept(folder)


def found_in(folder: Path) -> str:
    store = opened(folder)
    known, whole = store.find(DIGEST), list(store.shelf.digests()) == [DIGEST] and store.shelf.size(DIGEST) == len(CONTENT)
    wrong = [file.name for file in (folder / "documents").glob("??/??/*") if sha256(file.read_bytes()).hexdigest() != file.name]
    store.close()
    assert wrong == [], "half a document"
    assert whole or not known, "known, and not there"
    return "known" if known else "whole" if whole else "nothing"


def swept(folder: Path) -> str:
    """Start anew: sweep, and take away what was stored, for the next kill."""
    store = opened(folder)
    count = store.shelf.sweep()
    arriving = folder / "documents" / "arriving"
    left = [file.name for file in arriving.iterdir()] if arriving.exists() else []
    assert left in ([], [".lock"])
    for file in (folder / "documents").glob("??/??/*"):
        file.unlink()
    with store._database.writing() as rows:
        for table in ("documents", "classings", "uploads"):
            rows.exec_driver_sql(f"DELETE FROM {table}")
    store.close()
    return f"{count} swept"


def collect(folder: Path, results: Any) -> None:
    """Run in a process without threads, so that it may fork."""
    results.put(list(states(folder)))


def test_a_document_is_whole_or_not_there_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    processes = get_context("spawn")
    results = processes.SimpleQueue()
    worker = processes.Process(target=collect, args=(tmp_path, results))
    worker.start()
    worker.join(300)
    assert worker.exitcode == 0
    found = results.get()
    order = [state for state, _ in found]
    assert 30 < len(found) < MOST_LINES - 1
    assert order == sorted(order, key=["nothing", "whole", "known"].index), "first nothing, then the bytes, then the document"
    assert set(order) == {"nothing", "whole", "known"}
    assert {left for _, left in found} == {"0 swept", "1 swept"}
    store_it(tmp_path)
    store = opened(tmp_path)
    assert list(store.verify()) == []
    assert store.find(DIGEST)
    store.close()
