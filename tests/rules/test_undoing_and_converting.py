"""Acts that undo, convert or correct earlier ones, each on both sides: Guidelines 2.3.3; Article 52(5); T-53/10."""

from datetime import date
from typing import Any

import pytest

from domain.actors import Role
from domain.errors import Malformed, NotInRegister, Refused
from domain.ids import REGISTER
from domain.law.rules import R04, R05, R06, R12, R18, R20, R21, R22, R23, R39, Rule
from domain.model_case.case import decision_of
from domain.model_case.notification import duties_to_notify
from domain.record import Fact
from domain.registry import Command
from tests.rules.test_after_an_acceptance import ACCEPTED, again, converted
from tests.rules.test_order_of_acts import Outcome, unless
from tests.rules.test_rare_sides_of_a_case import ANOTHER, DECEMBER_1, DESIGNATED, MARCH_2, SECOND
from tests.rules.test_unknown_and_contradictory import failed, never, replaced
from tests.scenario import (
    ALPHA,
    MINUTE,
    PROVIDER,
    actor,
    argued,
    brussels,
    decided,
    document,
    fact,
    given,
    informed,
    named,
    notified,
    opened,
    provider,
    threshold_met,
)  # fmt: skip


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


def replacing(name: str) -> Fact:
    return undoing("designation")[0].model_copy(update={"replaces": named(name)})


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
    "a revocation replaced by a withdrawal stands in nobody's way": (
        [opened(), provider(), *DESIGNATED, revoked(), replacing("revocation")], revoked("again"), None,
    ),
    "a revocation that was withdrawn is no second one": (
        [opened(), provider(), *DESIGNATED, revoked(), informed("revocation", DECEMBER_1), *undoing("revocation")], revoked("again"), None,
    ),
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


def test_the_hearing_before_a_lifting_is_revoked_is_a_reading() -> None:
    lifted = [decided("DesignationLifted", "lifting", "2026-06-01", target_decision_id=named("designation")), informed("lifting", DECEMBER_1)]
    revoking = decided("DecisionRevoked", "revocation", "2026-06-02", target_decision_id=named("lifting"), hearing_omitted_reason=None)
    given(DECEMBER_1, opened(), provider(), *DESIGNATED, *lifted).when(brussels("2026-12-02"), revoking).then_refused(R05)
    setting = fact("JudgementSettingChanged", settings_version=2, switch="HEARING_FOR_52_5_AND_UNDOING", old_value="yes", new_value="no",
                   applies_from="2026-01-01", reasons_hash=document("reasons"))  # fmt: skip
    scenario = given(DECEMBER_1, opened(), provider(), *DESIGNATED, *lifted).given(DECEMBER_1 + 9 * MINUTE, setting, on=REGISTER)
    scenario.when(brussels("2026-12-02"), revoking).then("DecisionRevoked")


def test_a_finding_waits_for_no_decision_that_was_replaced() -> None:
    rejected = decided("ArgumentsRejected", "rejection", "2026-04-01")
    met = [opened(), provider(), threshold_met("2026-03-01"), rejected]
    given(DECEMBER_1, *met).when(brussels("2026-12-02"), never()).then_refused(R23)
    accepted = decided("ArgumentsAccepted", "acceptance", "2026-04-01", replaces=named("rejection"))
    given(DECEMBER_1, *met, accepted).when(brussels("2026-12-02"), never()).then("ThresholdFoundNeverMet")


def test_a_case_waits_for_no_decision_that_was_replaced() -> None:
    closed = fact("CaseClosed", on="2026-12-02", closing_reason="OTHER")
    second = decided("ModelDesignatedUnder52_4", "second", "2026-03-02", replaces=named("designation"))
    past = [opened(), provider(), DESIGNATED[0], second, informed("second", MARCH_2), revoked(target_decision_id=named("second"))]
    given(DECEMBER_1, *past).when(brussels("2026-12-02"), closed).then_refused(R39)
    given(DECEMBER_1, *past, informed("revocation", DECEMBER_1)).when(brussels("2026-12-02"), closed).then("CaseClosed")
    pending = given(MARCH_2, opened(), provider(), notified(MARCH_2, arguments=True), argued(MARCH_2))
    with pytest.raises(Refused, match=r"Pending: arguments\.$"):
        pending.registry.record(Command(ALPHA, actor(Role.CASE_OFFICER), closed, brussels("2026-12-02")))


# -- Article 52(1): replacing a notification -----------------------------------------------------------


def replacement(day: str, **more: Any) -> Fact:
    return replaced("notice").model_copy(update={"received_at": brussels(day), **more})


REJECTED = decided("ArgumentsRejected", "rejection", "2026-03-10")


@pytest.mark.parametrize(
    ("past", "what", "ruling"),
    [
        ([threshold_met("2026-03-01")], replacement("2026-03-16"), None),
        ([threshold_met("2026-03-01")], replacement("2026-03-17"), "R35"),
        ([threshold_met("2026-03-01"), REJECTED], replacement("2026-03-09"), None),
        ([threshold_met("2026-03-01"), REJECTED], replacement("2026-03-10"), "R35"),
        ([], replacement("2026-06-01"), None),
        ([threshold_met("2026-03-01")], replacement("2026-03-16", estimate_flop=None), "R32"),
        ([threshold_met("2026-03-01")], replacement("2026-03-16", filer_role="AUTHORISED_REPRESENTATIVE"), "R30"),
    ],
)
def test_a_notification_is_replaced_while_its_time_runs_and_nothing_is_decided(past: list[Fact], what: Fact, ruling: str | None) -> None:
    scenario = given(MARCH_2, opened(), provider(), *past, notified(MARCH_2))
    recorded = scenario.registry.record(Command(ALPHA, actor(Role.CASE_OFFICER), what, DECEMBER_1)).events
    assert [event.fact.cause_code for event in recorded[1:]] == ([ruling] if ruling else [])


def test_a_notification_fulfils_the_duty_from_its_own_day() -> None:
    scenario = given(MARCH_2, opened(), provider(), threshold_met("2026-03-01"), notified(brussels("2026-03-05")))
    law = scenario.registry.law(DECEMBER_1)
    assert [bool(duty.satisfied_by) for day in (4, 5) for duty in duties_to_notify(scenario.case(), law, date(2026, 3, day))] == [False, True]


@pytest.mark.parametrize(("more", "ruling"), [({}, None), ({"filer_role": "AUTHORISED_REPRESENTATIVE"}, "R30")])
def test_a_renotification_is_about_one_of_the_acceptances_and_under_a_mandate(more: dict[str, Any], ruling: str | None) -> None:
    scenario = given(brussels("2026-05-01"), *ACCEPTED, *SECOND)
    what = again(DECEMBER_1).model_copy(update=more)
    recorded = scenario.registry.record(Command(ALPHA, actor(Role.CASE_OFFICER), what, DECEMBER_1)).events
    assert [event.fact.cause_code for event in recorded[1:]] == ([ruling] if ruling else [])
