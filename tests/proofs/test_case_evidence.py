"""What the log of the cases proves of a case: every leaf, and that there are no more; and what is found when the log was tampered with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from api.cli.main import main
from api.logs import CaseShelf, open_logs
from api.settings import Settings
from api.stores.keys import KeyFolder
from api.stores.log_store import CASES, LogStore
from api.wiring import open_register, set_up
from projections.store import moment_of
from projections.transparency.case_evidence import CaseEvidence, Evidence
from tests.tampering import Change, read, replaced, tampered

DOCKET = Path(__file__).parents[1] / "dockets" / "listing-correction.yaml"
OF_CASES = " WHERE log = 'case'"
LAST = f"{OF_CASES} AND number = (SELECT max(number) FROM leaves{OF_CASES})"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a docket; the days up to its last act are sealed, and the last leaf is the last seal."""
    folder = tmp_path_factory.mktemp("store")
    settings = Settings(database_url=f"sqlite:///{folder}")
    set_up(settings.database_url)
    assert main(["replay", str(DOCKET), "--database", settings.database_url]) == 0
    register = open_register(settings)
    logs = open_logs(settings, register)
    assert logs.publish_seals(moment_of(register.recorder.last_recorded_at() or 0))
    logs.follower.catch_up()
    logs.close()
    register.close()
    return folder


@pytest.fixture(scope="module")
def case(folder: Path) -> str:
    return str(read(folder / "log.db", f"SELECT file FROM heads{OF_CASES} AND file LIKE 'case/%'"))


@pytest.fixture
def evidence(folder: Path) -> Iterator[CaseEvidence]:
    with closing(LogStore(f"sqlite:///{folder}", CASES)) as store:
        yield CaseEvidence(store, CaseShelf(store, KeyFolder(folder / "keys")))


def stored(folder: Path, case: str) -> list[bytes]:
    """The events of the case as the event store has them: its own, those of its publication file and of its entry."""
    key = case.partition("/")[2]
    mine = f"json_extract(CAST(state AS TEXT), '$.stream') IN ('{case}', 'publication/{key}', 'entry/1')"
    listed = read(folder / "events.db", f"SELECT json_group_array(CAST(state AS TEXT)) FROM stored_events WHERE {mine}")
    return [event.encode() for event in orjson.loads(listed)]


def test_every_event_of_a_case_is_proved_with_those_of_its_publication_and_its_entry(folder: Path, evidence: CaseEvidence, case: str) -> None:
    found = evidence.of(case)
    assert found.faults == ()
    assert [proof.leaf.state for proof in found.proofs] == stored(folder, case)
    assert all(proof.holds for proof in found.proofs)
    assert found.expected == len(found.proofs)
    assert found.checkpoint
    assert found.checkpoint.size == read(folder / "log.db", f"SELECT count(*) FROM leaves{OF_CASES}")
    assert found.reached == read(folder / "events.db", "SELECT max(rowid) FROM stored_events")
    assert found.sealed_on


def test_without_seals_the_leaves_are_hashed_from_the_first_on(folder: Path, evidence: CaseEvidence, case: str) -> None:
    whole = evidence.of(case)
    with tampered(folder / "log.db", f"UPDATE heads SET n = 1, last = 0{OF_CASES} AND file = 'register'"):
        found = evidence.of(case)
    assert found.sealed_on is None
    assert (found.proofs, found.expected, found.faults) == (whole.proofs, whole.expected, ())


def test_a_case_that_there_is_not_has_no_leaf(evidence: CaseEvidence) -> None:
    found = evidence.of("case/nobody")
    assert (found.proofs, found.expected, found.faults) == ((), 0, ())


def test_a_log_without_a_checkpoint_proves_nothing(tmp_path: Path) -> None:
    with closing(LogStore(f"sqlite:///{tmp_path}", CASES)) as store:
        store.create()
        store.choose_origin("register.example/audit/log")
        found = CaseEvidence(store, CaseShelf(store, KeyFolder(tmp_path / "keys"))).of("case/x")
    assert found == Evidence(None, None, 0, 0, (), ("The log of the cases has no checkpoint yet.",))


def of_case(number: int) -> str:
    """The condition on the leaf of a number in the file of the case, which has the only one."""
    text = "CAST(entry AS TEXT)"
    return f"{OF_CASES} AND json_extract({text}, '$.n') = {number} AND json_extract({text}, '$.stream') LIKE 'case/%'"


UNDER = " AND file LIKE 'case/%'"
FINDINGS: list[tuple[Change, str]] = [
    (replaced("leaves", "entry", "2026-", "2025-") + of_case(2), r"Leaf \d+ does not lead to the signed root."),
    (f"DELETE FROM leaves{of_case(2)}", r"Leaf \d+ cannot be read."),
    (replaced("leaves", "entry", '"nonce":"', '"nonce":"x') + of_case(2), r"Leaf \d+ cannot be read."),
    (f"UPDATE heads SET n = n - 1{OF_CASES}{UNDER}", r"The heads of the case files are not those that the seal of [0-9-]+ vouches for."),
    (f"UPDATE heads SET n = n - 1{OF_CASES}{UNDER}", r"Leaf \d+ is not number \d+ of case/[0-9a-f-]+: the chain of its leaves is broken."),
    (f"UPDATE heads SET n = n + 1{OF_CASES}{UNDER}", r"Leaf \d+ is not number \d+ of case/[0-9a-f-]+: the chain of its leaves is broken."),
    (f"UPDATE heads SET last = 0{OF_CASES}{UNDER}", "Leaf 0 is not number"),
    (f"DELETE FROM heads{OF_CASES}{UNDER}", r"The heads of the case files are not those that the seal of [0-9-]+ vouches for."),
    (f"DELETE FROM leaves{LAST}", "The leaves of the seals cannot be read."),
    (f"DELETE FROM leaves{LAST}", "The last leaf under the checkpoint names no event."),
    (replaced("leaves", "entry", '"heads":"', '"heads":"0') + LAST, r"The leaves from \d+ on do not lead to the signed root."),
    (replaced("leaves", "entry", '"heads":', '"hoods":') + LAST, "The heads of the case files cannot be worked out from the leaves."),
    (f"UPDATE tiles SET hashes = zeroblob(length(hashes)){OF_CASES}", r"The leaves from \d+ on do not lead to the signed root."),
    (f"DELETE FROM tiles{OF_CASES}", r"The leaves from \d+ on cannot be read."),
    (replaced("checkpoints", "note", "/audit/log", "/audit/lag") + OF_CASES, "The checkpoint of the log of the cases does not hold: "),
]


@pytest.mark.parametrize(("change", "finding"), FINDINGS)
def test_what_was_tampered_with_is_told(folder: Path, evidence: CaseEvidence, case: str, change: Change, finding: str) -> None:
    with tampered(folder / "log.db", change):
        faults = evidence.of(case).faults
    assert any(re.match(finding, fault) for fault in faults), faults
    assert evidence.of(case).faults == ()
