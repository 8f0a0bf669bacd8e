"""When a designation, or a decision on a request to reassess it, is refused, each guard on both sides: Article 52(1), (4) and (5)."""

from datetime import datetime
from typing import Any

import pytest

from domain.clocks import State
from domain.errors import AlreadyInRegister, NotInRegister
from domain.law.provisions import Law
from domain.law.rules import R06, R08, R09, R12, R14, R17, R31, Rule
from domain.law.settings import Settings
from domain.model_case.reassessment import bars, reassessment_clocks, waiting_periods
from domain.record import Fact
from tests.scenario import MINUTE, PROVIDER, brussels, decided, document, fact, given, informed, named, notified, opened, provider, threshold_met

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
BEGUN = [opened(), provider()]
MET = threshold_met("2026-03-01")
NEVER = fact("ThresholdFoundNeverMet", found_on="2026-02-20", finding="REVISED_FIGURE", evidence_hash=document("evidence"))
EARLIER = decided("ModelDesignatedUnder52_1", "earlier", "2026-03-20", condition_met_on="2026-03-01")
ANNULLED = [
    informed("earlier", brussels("2026-03-21")),
    fact("AnnulmentActionLodged", action_id=named("action"), decision_id=named("earlier"), court="GENERAL_COURT", case_no="T-1/26",
         lodged_on="2026-03-25", applicant="PROVIDER"),
    fact("DecisionAnnulled", action_id=named("action"), decision_id=named("earlier"), judgment_id=named("judgment"), court="GENERAL_COURT",
         case_no="T-1/26", judgment_on="2026-04-10", operative_part_hash=document("judgment"), extent="FULL", ground_falls=True,
         effects_maintained=False),
]  # fmt: skip
EARLY = {"before_deadline_reason_hash": document("reason")}


def designated(adopted_on: str = "2026-04-20", met_on: str = "2026-03-01", **more: object) -> Fact:
    return decided("ModelDesignatedUnder52_1", "designation", adopted_on, condition_met_on=met_on, **more)


@pytest.mark.parametrize(
    ("past", "designation", "refused"),
    [
        ([MET], designated(), None),
        ([MET], designated(reasons_hash=None), R06),
        ([MET], designated(drafted_by_ref=named("DECISION_OFFICER")), R31),
        ([MET], designated("2026-03-01", "2026-03-01", **EARLY), None),
        ([MET], designated("2026-03-01", "2026-03-02", **EARLY), R09),
        ([MET, NEVER], designated(), R09),
        ([MET, EARLIER], designated(), R12),
        ([MET, EARLIER, *ANNULLED], designated(), None),
        ([NEVER, MET], designated(), None),
        ([MET, notified(brussels("2026-04-20"))], designated(), R08),
        ([MET, notified(brussels("2026-04-21"))], designated(), None),
    ],
)
def test_a_designation_for_want_of_notification(past: list[Fact], designation: Fact, refused: Rule | None) -> None:
    outcome = given(MARCH_2, *BEGUN, *past).when(DECEMBER_1, designation)
    outcome.then_refused(refused) if refused else outcome.then("ModelDesignatedUnder52_1")


# -- Article 52(5) -------------------------------------------------------------------------------

DESIGNATED = [*BEGUN, decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", brussels("2026-03-10"))]


def asked(day: str) -> Fact:
    return fact(
        "ReassessmentRequestReceived", request_id=named("request"), received_at=brussels(day), provider_ref=PROVIDER, filer_ref=PROVIDER,
        filer_role="PROVIDER", channel="EU_SEND", target_decision_id=named("designation"),
        reasons=[{"text_hash": document("reason"), "arose_on": "2026-08-01"}],
    )  # fmt: skip


STATED: dict[str, dict[str, Any]] = {
    "ReassessmentRequestWithdrawn": {"received_at": DECEMBER_1, "filer_ref": PROVIDER}, "ReassessmentOpened": {"on": "2026-12-01"},
}  # fmt: skip


def about(topic: str, name: str = "request") -> Fact:
    more = (
        {"received_at": DECEMBER_1, "filer_ref": PROVIDER}
        if topic.endswith("Withdrawn")
        else {"on": "2026-12-01"}
        if topic.endswith("Opened")
        else {}
    )
    return fact(topic, request_id=named(name), **more)


ASKED = [*DESIGNATED, asked("2026-11-02"), about("ReassessmentRequestRuledAdmissible")]


@pytest.mark.parametrize("topic", ["ReassessmentRequestWithdrawn", "ReassessmentRequestRuledAdmissible", "ReassessmentOpened"])
def test_what_becomes_of_a_request_is_recorded_of_one_that_was_received(topic: str) -> None:
    scenario = given(MARCH_2, *ASKED)
    scenario.when(DECEMBER_1, about(topic, "another")).then_fails(NotInRegister, match="request_id names no request")
    scenario.when(DECEMBER_1, about(topic)).then(topic)


def test_a_reassessment_is_opened_once() -> None:
    scenario = given(MARCH_2, *ASKED).when(DECEMBER_1, about("ReassessmentOpened")).then("ReassessmentOpened")
    scenario.when(DECEMBER_1 + MINUTE, about("ReassessmentOpened")).then_fails(AlreadyInRegister, match="open already")


def test_a_decided_request_is_not_withdrawn() -> None:
    declined = decided("ReassessmentDeclined", "declining", "2026-11-20")
    given(MARCH_2, *ASKED, declined).when(DECEMBER_1, about("ReassessmentRequestWithdrawn")).then_refused(R12)


DECLINED = decided("ReassessmentDeclined", "declining", "2026-11-20")


@pytest.mark.parametrize(
    ("past", "more", "outcome"),
    [
        ([], {}, None),
        ([], {"request_id": named("stranger")}, NotInRegister),
        ([DECLINED], {}, R12),
        ([DECLINED], {"replaces": named("declining")}, None),
        ([DECLINED, informed("declining", brussels("2026-11-21"))], {"replaces": named("declining")}, R12),
    ],
)
def test_a_request_is_declined_once_and_only_one_that_was_received(
    past: list[Fact], more: dict[str, Any], outcome: Rule | type[Exception] | None
) -> None:
    attempt = given(MARCH_2, *ASKED, *past).when(DECEMBER_1, decided("ReassessmentDeclined", "second", "2026-11-30", **more))
    if outcome is None:
        attempt.then("ReassessmentDeclined")
    elif isinstance(outcome, Rule):
        attempt.then_refused(outcome)
    else:
        attempt.then_fails(outcome, match="request_id names no request")


LIFTED = [
    decided("DesignationLifted", "lifting", "2026-10-01", target_decision_id=named("designation")), informed("lifting", brussels("2026-10-01")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("past", "reading", "states"),
    [
        (DESIGNATED, "adopted_on", [State.OPEN]),
        ([*DESIGNATED, *LIFTED], "adopted_on", [State.CLOSED]),
        (DESIGNATED[:-1], "adopted_on", [State.OPEN]),
        (DESIGNATED[:-1], "notified_at", []),
    ],
)
def test_a_waiting_period_ends_with_its_designation(past: list[Fact], reading: str, states: list[State]) -> None:
    law = Law(settings=Settings(1, {"REASSESSMENT_CLOCK_FROM": reading}))
    assert [clock.state for clock in waiting_periods(given(MARCH_2, *past).case(), named("designation"), law, DECEMBER_1)] == states


@pytest.mark.parametrize(
    ("past", "day", "code", "first"),
    [(DESIGNATED, "2026-09-02", R14.code, "2026-09-03"), (BEGUN, "2026-09-02", "R13", None), (DESIGNATED, "2026-09-03", None, None)],
)
def test_a_request_that_came_too_early_is_told_the_first_day(past: list[Fact], day: str, code: str | None, first: str | None) -> None:
    ruling = "ReassessmentRequestRuledInadmissible" if code else "ReassessmentRequestRuledAdmissible"
    scenario = given(MARCH_2, *past).when(DECEMBER_1, asked(day)).then("ReassessmentRequestReceived", ruling)
    found = [e.fact for e in scenario.case().by_topic.get("ReassessmentRequestRuledInadmissible", ())]
    assert [(each.cause_code, str(each.first_admissible_on) if each.first_admissible_on else None) for each in found] == (
        [(code, first)] if code else []
    )


@pytest.mark.parametrize(
    ("at", "opposed"), [(brussels("2026-03-10") - MINUTE, False), (brussels("2026-03-10"), True), (brussels("2026-03-10") + MINUTE, True)]
)
def test_a_bar_is_opposed_from_the_instant_of_notification(at: datetime, opposed: bool) -> None:
    case = given(MARCH_2, *DESIGNATED).case()
    assert bool(list(bars(case, named("designation"), Law(), at))) is opposed


REVOKED = [
    decided("DesignationRevoked", "revocation", "2026-11-10", target_decision_id=named("designation"), basis="52(4)"),
    informed("revocation", brussels("2026-11-10")),
]  # fmt: skip
GIVEN_UP = [about("ReassessmentRequestWithdrawn")]


@pytest.mark.parametrize(("past", "refused"), [([], None), (GIVEN_UP, R17), (REVOKED, R17)])
def test_only_a_request_that_waits_is_declined(past: list[Fact], refused: Rule | None) -> None:
    outcome = given(MARCH_2, *ASKED, *past).when(DECEMBER_1, DECLINED)
    outcome.then_refused(refused) if refused else outcome.then("ReassessmentDeclined")


@pytest.mark.parametrize(
    ("more", "refused"),
    [({}, None), ({"reasons_hash": None}, R06), ({"remedies_stated": False}, R06), ({"drafted_by_ref": named("DECISION_OFFICER")}, R31)],
)
@pytest.mark.parametrize("topic", ["DesignationLifted", "DesignationMaintained"])
def test_a_decision_on_a_reassessment_has_the_form_of_every_decision(topic: str, more: dict[str, Any], refused: Rule | None) -> None:
    ending = decided(topic, "ending", "2026-11-20", target_decision_id=named("designation"), **more)
    outcome = given(MARCH_2, *ASKED, about("ReassessmentOpened")).when(DECEMBER_1, ending)
    outcome.then_refused(refused) if refused else outcome.then(topic)


def test_a_designation_that_was_replaced_has_no_waiting_period() -> None:
    second = decided("ModelDesignatedUnder52_4", "second", "2026-03-04", replaces=named("designation"))
    clocks = reassessment_clocks(given(MARCH_2, *DESIGNATED[:-1], second).case(), Law(), DECEMBER_1)
    assert [clock.about for clock in clocks] == [named("second")]
