"""The table of what proves which row of the law is up to date, claims nothing that is not there, and names what is missing."""

import runpy
from typing import Any

import pytest
import yaml

from domain.errors import NotInRegister
from domain.events import EVENTS
from domain.law.rules import RULES
from tests.rules.replaying import ROOT
from tests.scenario import ALPHA, CREATED, Scenario, brussels, decided, fact, given, informed, named, notified, opened, provider, threshold_met

MODULE = runpy.run_path(str(ROOT / "docs" / "coverage.py"), run_name="coverage")
COVERAGE: Any = MODULE["Coverage"]()
NOT_YET: set[str] = set()
"""Rows that nothing proves yet. A row leaves this list with its proof, in the same change."""


def test_the_table_is_up_to_date() -> None:
    written = (ROOT / "docs" / "law-coverage.md").read_text(encoding="utf-8")
    assert written == MODULE["document"](COVERAGE), "run `python docs/coverage.py`"


def test_every_row_has_a_proof_or_stands_in_the_list() -> None:
    assert set(COVERAGE.unproven()) == NOT_YET


def test_no_proof_is_claimed_that_is_not_there() -> None:
    assert list(COVERAGE.false_claims()) == []


def test_what_is_missing_is_said() -> None:
    written = (ROOT / "docs" / "law-coverage.md").read_text(encoding="utf-8")
    assert written.count(f"**{MODULE['NOT_YET']}**") == len(NOT_YET)


# -- The rows are those of the law ----------------------------------------------------------


def test_the_rows_are_complete() -> None:
    rows = COVERAGE.rows
    assert {row["event"] for row in COVERAGE.events} == set(EVENTS)
    assert list(RULES) == [f"R{n:02}" for n in range(1, 42)]
    assert [row["id"] for row in rows["clocks"]] == ["D1", "D1-L", *(f"D{n}" for n in range(2, 10))]
    assert list(rows["tricky"]) == [f"10.{n}" for n in range(1, 26)]
    assert len(rows["effects"]) == 15
    assert len(rows["switches"]) == 27


def test_every_cell_of_the_transition_table_is_filled() -> None:
    cells = list(COVERAGE.cells())
    by_axis = {axis: sum(1 for cell in cells if cell[0] == axis) for axis in ("arguments", "52(1)", "52(4)")}
    assert by_axis == {"arguments": 9 * 3, "52(1)": 4 * 2, "52(4)": 6 * 5}
    assert {says for _, _, _, _, says, _ in cells} == {"✓", "✗", "◐"}
    assert all(proofs for *_, proofs in cells)


def another() -> Any:
    """Return the rows afresh, over the dockets that are read already."""
    coverage = MODULE["Coverage"]()
    coverage.dockets = COVERAGE.dockets
    return coverage


def test_a_false_claim_would_be_found() -> None:
    claims = another()
    claims.rows["effects"][0]["proofs"] = [["flow-will-be-met", "DesignationLifted"], ["no-such-docket", "ThresholdMet"]]
    claims.rows["transitions"][0]["rows"][0]["Rejected"] = ["✓", ["argument-axis-rejection", "rejection-1", "R04"], "tests/none.py::test_none"]
    claims.rows["refusals"]["R28"] = ["tests/rules/test_refusals.py::test_that_is_not_there"]
    assert len(list(claims.false_claims())) == 5


def test_an_unproven_row_would_be_found() -> None:
    rows = another()
    rows.rows["tricky"]["10.26"] = "Nobody thought of it"
    rows.events.append({"event": "ModelForgotten", "stream": "case", "section": "5.13", "by": []})
    assert set(rows.unproven()) - NOT_YET == {"tricky case 10.26", "event ModelForgotten on case"}


@pytest.mark.parametrize(
    ("comment", "number", "cited"),
    [
        ("Procedure 10.1: Article 52(1)", "10.1", True),
        ("Procedure 10.12, R19", "10.1", False),
        ("1.1x10^25 FLOP, and 10.10:", "10.10", True),
        ("2010.7 or 110.7", "10.7", False),
        ("T14, procedure 6.3", "T14", True),
        ("T14, procedure 6.3", "T1", False),
        ("D1-L and D4", "D4", True),
    ],
)
def test_a_citation_is_read_as_a_whole(tmp_path: Any, comment: str, number: str, cited: bool) -> None:
    path = tmp_path / "docket.yaml"
    path.write_text(f"# {comment}\ntitle: none\nsteps: []\n", encoding="utf-8")
    assert MODULE["Docket"](path).cites(number) is cited


# -- Cells of the transition table that no refusal answers, because there is nothing to act on -----


def never_notified() -> Scenario:
    return given(CREATED, opened(), provider()).given(brussels("2026-03-05"), threshold_met("2026-03-01"))


def not_met() -> Scenario:
    return given(CREATED, opened(), provider())


def notified_before() -> Scenario:
    return never_notified().given(brussels("2026-03-06"), notified(brussels("2026-03-06", 11)))


def cleared() -> Scenario:
    accepted = decided("ArgumentsAccepted", "acceptance", "2026-03-20")
    return notified_before().given(brussels("2026-03-20"), accepted, informed("acceptance", brussels("2026-03-20", 11)))


@pytest.mark.parametrize("scenario", [never_notified, not_met, notified_before, cleared])
@pytest.mark.parametrize("basis", ["52(1)", "52(4)"])
def test_what_does_not_exist_is_neither_revoked_nor_declined(scenario: Any, basis: str) -> None:
    """Law: procedure 6.5, rows without a designation. Nothing can be built on a decision or request that the case does not have."""
    declined = decided("ReassessmentDeclined", "declining", "2026-04-01")
    common = declined.model_dump(mode="json", exclude={"request_id"}, exclude_none=True)
    revoked = fact("DesignationRevoked", **common, target_decision_id=named("no designation"), basis=basis)
    for what in (revoked, declined):
        scenario().when(brussels("2026-04-01"), what, on=ALPHA).then_fails(NotInRegister)


def test_the_data_are_written_once() -> None:
    """No key stands twice in the table, which YAML would forgive."""
    text = (ROOT / "tests" / "data" / "coverage.yaml").read_text(encoding="utf-8")
    keys = [line.partition(":")[0] for line in text.splitlines() if line[:1].isalpha()]
    assert len(set(keys)) == len(keys) == len(yaml.safe_load(text))
