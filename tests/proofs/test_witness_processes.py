"""The log with a witness across processes: killed between signing, cosignature and publication; and two at once."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from api.stores.log_store import LogStore
from api.stores.log_tables import cosignatures
from projections.transparency.leaves import public_leaf
from projections.transparency.notes import open_checkpoint
from projections.transparency.policy import Policy
from projections.transparency.verification import again, verify_log
from projections.transparency.witness_verification import verify_witnesses
from tests.proofs.logs import ORIGIN, SIGNER, Opened, record, record_as_next
from tests.proofs.test_log_processes import POINT, WAIT, MortalCopy, MortalStore, assert_consistent, start
from tests.proofs.witness import OwnWitness, lines, serving, witnessed

pytestmark = pytest.mark.slow


class MortalCosigned(MortalStore):
    """Dies between signing and cosignature too: before it is kept, when it is written and not committed, and after."""

    def keep_cosignature(self, *given: Any) -> None:
        self._mortal("cosignature", lambda: LogStore.keep_cosignature(self, *given) is None)


POINTS = ["after signing", "before cosignature", "within cosignature", "after cosignature", "before publication", "within publication"]


def follow_and_die(url: str, policy: str, point: str) -> None:
    os.environ[POINT] = point
    with witnessed(url, Policy.parse(policy.encode()), store_type=MortalCosigned, copy_type=MortalCopy) as found:
        found.catch_up()


def killed(url: str, policy: Policy, point: str) -> None:
    process = start(follow_and_die, url, policy.text, point)
    process.join(WAIT)
    assert process.exitcode == -signal.SIGKILL, f"{point} was never reached"


def assert_whole(found: Opened, policy: Policy, size: int) -> None:
    """Everything is what the events give, every checkpoint continues the one before, and each has one cosignature at most."""
    assert list(verify_log(found.store, found.events, again(public_leaf), [SIGNER.verifier], found.answers)) == []
    assert list(verify_witnesses(found.store, policy, found.answers)) == []
    assert found.answers.size() == found.store.size() == size
    assert_consistent(found, found.trees())
    with found.store.engine.connect() as rows:
        query = select(cosignatures.c.size, func.count()).group_by(cosignatures.c.size)
        assert {many for _, many in rows.execute(query)} == {1}


@pytest.mark.parametrize("point", POINTS)
def test_whoever_is_killed_loses_no_cosignature_and_keeps_none_twice(tmp_path: Path, point: str) -> None:
    url, witness = f"sqlite:///{tmp_path}", OwnWitness()
    with serving(witness) as policy:
        with witnessed(url, policy) as found:
            found.record(1, 2)
            record(found.events, 3)
        killed(url, policy, point)
        # What the public sees meanwhile is the checkpoint before, cosigned and whole.
        with witnessed(url, policy) as found:
            note = found.get("checkpoint")
            assert open_checkpoint(note, [SIGNER.verifier]).size == 2
            assert lines(note) == [ORIGIN, witness.signer.name]
            assert policy.cosigned(note) == {"w1"}
            record(found.events, 4)
        killed(url, policy, point)
        with witnessed(url, policy) as found:
            found.catch_up()
            assert lines(found.get("checkpoint")) == [ORIGIN, witness.signer.name]
            assert found.answers.witnesses().is_reached
            assert_whole(found, policy, 4)


# -- Two at once -----------------------------------------------------------------------------

EACH = 20


def write_and_follow(url: str, policy: str, name: str, entries: int) -> None:
    with witnessed(url, Policy.parse(policy.encode())) as found:
        record_as_next(found.events, name, EACH)
        while found.answers.size() < entries:
            found.log.step(found.events, 7)


def test_two_processes_with_one_witness_agree(empty_url: str) -> None:
    witness, entries = OwnWitness(), 1 + 2 * EACH
    with serving(witness) as policy:
        with witnessed(empty_url, policy) as found:
            found.record(1)
        processes = [start(write_and_follow, empty_url, policy.text, name, entries) for name in ("one", "two")]
        for process in processes:
            process.join(WAIT)
            assert process.exitcode == 0, "a process failed or hung"
        with witnessed(empty_url, policy) as found:
            found.catch_up()
            assert policy.cosigned(found.get("checkpoint")) == {"w1"}
            assert witness.size == entries
            assert_whole(found, policy, entries)
