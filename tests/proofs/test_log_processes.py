"""The log across processes: killed at every step, and two at once on one store."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, event

from api.stores.log_store import LogStore
from projections.transparency.leaves import public_leaf
from projections.transparency.log import DurableLog, SignedTree
from projections.transparency.merkle import consistency_path, verify_consistency
from projections.transparency.notes import open_checkpoint
from projections.transparency.proofs import Receipt
from projections.transparency.publication import PublicCopy
from projections.transparency.tiles import node_reader
from projections.transparency.verification import again, verify_log
from tests.proofs.foreign import verified_by_sigstore
from tests.proofs.logs import SIGNER, Opened, opened, record, record_as_next

PROCESSES = get_context("spawn")
WAIT = 120
POINT = "KILLED_AT"


def start(work: Callable[..., None], *arguments: Any) -> SpawnProcess:
    process = PROCESSES.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def assert_whole(found: Opened, entries: int) -> None:
    """No entry lost or twice, everything is what the events give, and every checkpoint continues the one before."""
    assert found.store.size() == entries
    positions = found.store.positions(0, entries)
    public = [position for position, topic, _ in found.events.raw_events(0, 100_000) if topic == "ThresholdAmended"]
    assert positions == public
    assert list(verify_log(found.store, found.events, again(public_leaf), [SIGNER.verifier], found.answers)) == []
    assert found.answers.size() == entries == found.trees()[-1].size
    assert_consistent(found, found.trees())
    assert_accepted_elsewhere(found, entries)


def assert_accepted_elsewhere(found: Opened, size: int) -> None:
    """A verifier that nobody here wrote accepts the first entry, the last, and one between."""
    for index in {0, size // 2, size - 1}:
        verified_by_sigstore(Receipt.parse(found.get(f"receipt/{index}.tlog-proof")))


def assert_consistent(found: Opened, trees: list[SignedTree]) -> None:
    node = node_reader(found.store.tile)
    for old, new in pairwise(trees):
        assert old.size < new.size
        assert verify_consistency(old.size, new.size, old.root, new.root, consistency_path(old.size, new.size, node))


# -- Killed at every step --------------------------------------------------------------


def die_at(point: str) -> None:
    if os.environ.get(POINT) == point:
        os.kill(os.getpid(), signal.SIGKILL)


class MortalStore(LogStore):
    """Dies before, within and after each of its transactions: `within` is when everything is written and nothing committed."""

    step = ""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        event.listen(self.engine, "commit", self._die_within)

    def _die_within(self, rows: Connection) -> None:
        if self.step:
            die_at(f"within {self.step}")

    def _mortal(self, step: str, act: Callable[[], bool]) -> bool:
        die_at(f"before {step}")
        self.step = step
        done = act()
        self.step = ""
        die_at(f"after {step}")
        return done

    def sequence(self, *given: Any) -> bool:
        return self._mortal("sequencing", lambda: LogStore.sequence(self, *given))

    def write_tiles(self, *given: Any) -> bool:
        return self._mortal("tiles", lambda: LogStore.write_tiles(self, *given))

    def sign(self, *given: Any) -> bool:
        return self._mortal("signing", lambda: LogStore.sign(self, *given))


class MortalCopy(PublicCopy):
    """Dies before, within and after publication."""

    def publish(self, seen: int, tree: SignedTree, log: DurableLog) -> bool:
        event.listen(self.store.engine, "commit", lambda rows: die_at("within publication"))
        die_at("before publication")
        done = super().publish(seen, tree, log)
        die_at("after publication")
        return done

    def _copy_tiles(self, *given: Any) -> None:
        die_at("between entries and tiles of publication")
        super()._copy_tiles(*given)


POINTS = [
    *(f"{when} {step}" for step in ("sequencing", "tiles", "signing", "publication") for when in ("before", "within", "after")),
    "between entries and tiles of publication",
]


def follow_and_die(url: str, point: str) -> None:
    os.environ[POINT] = point
    with opened(url, store_type=MortalStore, copy_type=MortalCopy) as found:
        found.catch_up()


def killed(url: str, point: str) -> None:
    process = start(follow_and_die, url, point)
    process.join(WAIT)
    assert process.exitcode == -signal.SIGKILL, f"{point} was never reached"


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_whoever_is_killed_at_any_step_loses_nothing_and_repeats_nothing(tmp_path: Path, point: str) -> None:
    url = f"sqlite:///{tmp_path}"
    with opened(url) as found:
        found.record(*range(1, 254))
        record_more(found, 254, 260)
    killed(url, point)
    with opened(url) as found:
        # What the public sees meanwhile is whole: the old checkpoint or the new one, with the tiles it covers.
        size = open_checkpoint(found.get("checkpoint"), [SIGNER.verifier]).size
        assert size in (253, 259)
        assert len(found.get(f"tile/0/000.p/{min(size, 255)}")) == 32 * min(size, 255)
        assert_accepted_elsewhere(found, size)
        record_more(found, 260, 263)
    killed(url, point)
    with opened(url) as found:
        found.catch_up()
        assert_whole(found, 262)
        assert found.log.position() == found.events.head()


def record_more(found: Opened, first: int, end: int) -> None:
    record(found.events, *range(first, end))
    record(found.events, *range(first, end), confidential=True)


# -- Two at once -----------------------------------------------------------------------

EACH = 60


def write_events(url: str, name: str, together: Barrier) -> None:
    with opened(url) as found:
        together.wait(WAIT)
        record_as_next(found.events, name, EACH)


def follow(url: str, together: Barrier, answered: Path, entries: int) -> None:
    """Follow until everything is published; keep every checkpoint seen."""
    with opened(url) as found, open(answered, "wb") as seen:
        together.wait(WAIT)
        deadline = time.monotonic() + WAIT
        while found.answers.size() < entries and time.monotonic() < deadline:
            found.log.step(found.events, 7)
            note = found.answers.answer("checkpoint").body
            seen.write(orjson.dumps(note.decode()) + b"\n")


@pytest.mark.slow
def test_two_processes_that_follow_one_store_never_sign_two_trees_of_one_size(empty_url: str, tmp_path: Path) -> None:
    with opened(empty_url) as found:
        found.record(1)
    together = PROCESSES.Barrier(4)
    entries = 1 + 2 * EACH
    answers = [tmp_path / f"seen-{name}" for name in range(2)]
    processes = [start(follow, empty_url, together, answer, entries) for answer in answers]
    processes += [start(write_events, empty_url, name, together) for name in ("one", "two")]
    for process in processes:
        process.join(WAIT)
        assert process.exitcode == 0, "a process failed or hung"
    with opened(empty_url) as found:
        assert_whole(found, entries)
        promised = {tree.size: tree.root for tree in found.trees()}
        assert {size: root for size, root in seen_roots(answers) if promised[size] != root} == {}


def seen_roots(answers: list[Path]) -> Iterator[tuple[int, bytes]]:
    """Yield what was published at any moment."""
    for answer in answers:
        sizes = []
        for line in set(answer.read_bytes().splitlines()):
            checkpoint = open_checkpoint(orjson.loads(line).encode(), [SIGNER.verifier])
            sizes.append(checkpoint.size)
            yield checkpoint.size, checkpoint.root
        assert sizes
