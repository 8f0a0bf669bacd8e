"""Acts that undo, convert or correct earlier ones, each on both sides: Guidelines 2.3.3; Article 52(5); T-53/10."""

from datetime import date
from typing import Any

import pytest

from domain.errors import Malformed, NotInRegister
from domain.law.rules import R04, R06, R12, R18, R20, R21, R22, Rule
from domain.model_case.case import decision_of
from domain.record import Fact
from tests.rules.test_after_an_acceptance import ACCEPTED, again, converted
from tests.rules.test_order_of_acts import Outcome, unless
from tests.rules.test_rare_sides_of_a_case import ANOTHER, DECEMBER_1, DESIGNATED, MARCH_2, SECOND
from tests.rules.test_unknown_and_contradictory import failed
from tests.scenario import PROVIDER, argued, brussels, decided, document, fact, given, informed, named, opened, provider


def of_second(name: str) -> Fact:
    return converted(name).model_copy(update={"target_decision_id": named("second acceptance")})


def of_designation() -> Fact:
    return converted().model_copy(update={"target_decision_id": named("designation")})


def undoing(target: str) -> list[Fact]:
    """A decision was withdrawn."""
    reasons = {"reasonable_time_hash": document("time"), "expectations_hash": document("expectations")}
    return [decided("DecisionWithdrawn", "withdrawal", "2026-06-01", target_decision_id=named(target), **reasons), informed("withdrawal", DECEMBER_1)]


def revoked(name: str = "revocation", **more: Any) -> Fact:
    return decided("DesignationRevoked", name, "2026-06-01", **{"target_decision_id": named("designation"), "basis": "52(4)", **more})


def slip(fields: list[str], name: str = "designation", **texts: str) -> Fact:
    return fact(
        "DecisionRectified", decision_id=named(name), corrected_on="2026-06-01", commission_ref="C(2026) 1", corrected_fields=fields,
        corrigendum_hash=document("corrigendum"), **texts,
    )  # fmt: skip


def by_post(name: str) -> Fact:
    return fact("DecisionNotified", decision_id=named(name), addressee=PROVIDER, at=MARCH_2, means="POST", proof_hash=document("proof"))


RENOTIFIED = [again(brussels("2026-05-04"), arguments=True), argued(brussels("2026-05-04"), "again")]
REJECTING = decided("ArgumentsRejected", "rejection", "2026-07-01", submission_id=named("again"))
REACHING_BACK = {"effective_from": brussels("2026-06-01"), "change": "SUBSTANTIAL_CHANGE_OCCURRED"}
ACTS: dict[str, tuple[list[Fact], Fact, Outcome]] = {
    # Guidelines 2.3.3
    "an acceptance in force is not overruled by a rejection": ([*ACCEPTED, *RENOTIFIED], REJECTING, R04),
    "nor one of two": ([*ACCEPTED, *SECOND, *undoing("second acceptance"), *RENOTIFIED], REJECTING, R04),
    "other arguments are rejected beside an acceptance": (
        [*ACCEPTED, *SECOND[:2]], decided("ArgumentsRejected", "rejection", "2026-07-01", submission_id=named("second notice")), None,
    ),
    "arguments again, when the acceptance was withdrawn": ([*ACCEPTED, *RENOTIFIED, *undoing("acceptance")], REJECTING, None),
    "a conversion has its form": (ACCEPTED, converted(reasons_hash=None), R06),
    "a conversion is of an acceptance": ([*ACCEPTED, *DESIGNATED], of_designation(), R22),
    "a conversion": (ACCEPTED, converted(), None),
    "one conversion at a time": ([*ACCEPTED, converted()], converted("another"), R22),
    "unless it replaces the other": ([*ACCEPTED, converted()], converted("another", replaces=named("conversion")), None),
    "nor a replaced one": (
        [*ACCEPTED, converted(), converted("another", replaces=named("conversion"))], converted("third", replaces=named("another")), None,
    ),
    "two acceptances, two conversions": (
        [*ACCEPTED, *SECOND, of_second("own")], converted(), None,
    ),
    "a conversion from its day of adoption": (ACCEPTED, converted(**REACHING_BACK), None),
    "a conversion from before it": (ACCEPTED, converted(**{**REACHING_BACK, "effective_from": brussels("2026-05-31")}), R21),
    "a conversion before the condition is recorded": (
        [each for each in ACCEPTED if each.TOPIC != "ThresholdMet"], converted(**REACHING_BACK), unless(Malformed, "^effective_from: cannot be set"),
    ),
    # Undoing
    "a revocation is recorded once": ([opened(), provider(), *DESIGNATED, revoked()], revoked("again"), R12),
    "unless it replaces the other revocation": ([opened(), provider(), *DESIGNATED, revoked()], revoked("again", replaces=named("revocation")), None),
    "a revocation of one leaves the other": (
        [opened(), provider(), *DESIGNATED, *ANOTHER, revoked("other", target_decision_id=named("another"))], revoked(), None,
    ),
    "a withdrawal is no revocation": ([opened(), provider(), *DESIGNATED, undoing("designation")[0]], revoked(), None),
    # T-53/10: slips of the text
    "a slip is of the text": ([opened(), provider(), *DESIGNATED], slip(["origin"]), R20),
    "a slip is somewhere": ([opened(), provider(), *DESIGNATED], slip([]), R20),
    "a slip is in a decision": ([opened(), provider(), *DESIGNATED], slip(["TEXT"], "none"), unless(NotInRegister, "names no decision")),
    "a slip in a decision nobody was told of": ([opened(), provider(), *DESIGNATED[:1]], slip(["TEXT"]), R18),
    "a slip in the text": ([opened(), provider(), *DESIGNATED, *ANOTHER], slip(["TEXT"]), None),
    "a slip in the day": ([opened(), provider(), *DESIGNATED], slip(["adopted_on"]), unless(Malformed, "^adopted_on: must say")),
    "a slip in the number": ([opened(), provider(), *DESIGNATED], slip(["commission_ref"]), unless(Malformed, "^corrected_commission_ref: must say")),
    "a slip in the language": ([opened(), provider(), *DESIGNATED], slip(["authentic_language"]), unless(Malformed, "^corrected_language: must say")),
    # Article 297(2) TFEU
    "service of another decision failed": ([opened(), provider(), *DESIGNATED[:1], *ANOTHER[:1], failed("another")], by_post("designation"), None),
}  # fmt: skip


@pytest.mark.parametrize(("past", "what", "outcome"), ACTS.values(), ids=ACTS)
def test_acts_that_few_files_have(past: list[Fact], what: Fact, outcome: Outcome) -> None:
    attempt = given(DECEMBER_1, *past).when(brussels("2026-12-02"), what)
    if outcome is None:
        attempt.then(what.TOPIC)
    elif isinstance(outcome, Rule):
        attempt.then_refused(outcome)
    else:
        attempt.then_fails(outcome[0], match=outcome[1])


def test_a_corrigendum_corrects_its_own_decision_from_the_start() -> None:
    fields = ["TEXT", "adopted_on", "commission_ref", "authentic_language"]
    texts = {"adopted_on": "2026-03-01", "corrected_commission_ref": "C(2026) 9", "corrected_language": "de"}
    case = given(DECEMBER_1, opened(), provider(), *DESIGNATED, *ANOTHER, slip(fields, "another", **texts)).case()
    first, second = (decision_of(case, named(name)) for name in ("designation", "another"))
    assert first
    assert second
    assert (first.fact.commission_ref, first.fact.authentic_language, first.fact.adopted_on) == ("C(2026) designation", "fr", date(2026, 3, 2))
    assert (second.fact.commission_ref, second.fact.authentic_language, second.fact.adopted_on) == ("C(2026) 9", "de", date(2026, 3, 1))
