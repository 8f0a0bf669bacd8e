"""What names something that the file does not have, has already, or contradicts itself: each fails with a sentence, and its neighbour is recorded."""

from typing import Any

import pytest

from domain.errors import AlreadyInRegister, Malformed, NotInRegister, Refused
from domain.events import EVENTS
from domain.law.rules import R01, R04, R05, R06, R10, R18, R31, R39, Rule
from domain.model_case.case import Filing
from domain.record import Fact
from domain.registry import Command
from tests.rules.test_order_of_acts import Outcome, unless
from tests.rules.test_roles import NOW, stored_fact
from tests.scenario import (
    ALPHA,
    MINUTE,
    PROVIDER,
    Scenario,
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
    threshold_amended,
    threshold_met,
    withdrawn,
)

MARCH_2, SEPTEMBER_1 = brussels("2026-03-02"), brussels("2026-09-01")
DAY = "2026-03-02"
MET = threshold_met("2026-03-01")
OTHER = named("other-ai")
NOTICE = notified(MARCH_2, arguments=True)
ARGUED = [NOTICE, argued(MARCH_2)]
DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", DAY), informed("designation", MARCH_2)]
DECLARED = [MET, decided("ModelDesignatedUnder52_1", "designation", DAY, condition_met_on="2026-03-01"), informed("designation", MARCH_2)]
REJECTED = [decided("ArgumentsRejected", "rejection", DAY), informed("rejection", MARCH_2)]
EMPTY_CASE = [topic for topic, kind in EVENTS.items() if "case" in kind.STREAMS and topic != "ModelCaseOpened" and not issubclass(kind, Filing)]


@pytest.mark.parametrize("topic", EMPTY_CASE)
def test_only_what_arrives_is_recorded_in_a_case_that_was_never_opened(topic: str) -> None:
    scenario, what = Scenario(), stored_fact(topic)
    before = scenario.stored()
    with pytest.raises((NotInRegister, Malformed, Refused)):
        scenario.registry.record(Command(ALPHA, actor(sorted(what.RECORDED_BY)[0]), what, NOW))
    assert scenario.stored() == before


# -- The facts -----------------------------------------------------------------------


def lodged(name: str = "action", of: str = "designation") -> Fact:
    return fact(
        "AnnulmentActionLodged", action_id=named(name), decision_id=named(of), court="GENERAL_COURT", case_no="T-1/26", lodged_on=DAY,
        applicant="PROVIDER",
    )  # fmt: skip


def called(on: str) -> Fact:
    return fact("FailureToActActionLodged", action_id=named("failure"), case_no="T-2/26", called_upon_on=on, lodged_on=DAY, about="LISTING")


def annulled(of: str = "designation", action: str = "action", **more: Any) -> Fact:
    data = {
        "action_id": named(action), "decision_id": named(of), "judgment_id": named("judgment"), "court": "GENERAL_COURT", "case_no": "T-1/26",
        "judgment_on": "2026-03-10", "operative_part_hash": document("judgment"), "extent": "FULL", "ground_falls": True, "effects_maintained": False,
    }  # fmt: skip
    return fact("DecisionAnnulled", **{**data, **more})


def draft(name: str) -> Fact:
    return fact(
        "DraftDecisionCommunicated", hearing_id=named(name), draft_act="DECLINING", provider_ref=PROVIDER, draft_hash=document("draft"),
        received_by_provider_at=MARCH_2, comment_until="2026-04-01",
    )  # fmt: skip


def heard(day: str, form: str) -> Fact:
    return fact("ProviderHeard", hearing_id=named("hearing"), at=brussels(day), form=form, document_hash=document("answer"))


def failed(name: str, addressee: Any = PROVIDER) -> Fact:
    return fact("DecisionServiceFailed", decision_id=named(name), addressee=addressee, attempted_at=MARCH_2, means="POST", obstacle="UNKNOWN_ADDRESS")


def established(target: int = 3, **days: str) -> Fact:
    return fact("ConditionDateEstablished", target_event_id=named(f"{ALPHA} {target}"), evidence_hash=document("evidence"), **days)


def never(**more: str) -> Fact:
    return fact("ThresholdFoundNeverMet", found_on=DAY, finding="REVISED_FIGURE", evidence_hash=document("evidence"), **more)


def expected(**more: str) -> Fact:
    return fact("ThresholdExpectedToBeMet", became_known_on=DAY, basis="ESTIMATE", **more)


def person(kind: str, **who: Any) -> Fact:
    return fact("ProviderIdentified", provider_ref=OTHER, provider_kind=kind, country="US", in_union=False, from_on=DAY, **who)


def mandate(kind: str = "LEGAL_PERSON", of: Any = OTHER, **who: Any) -> Fact:
    return fact(
        "AuthorisedRepresentativeAppointed", representative_ref=named("rep"), provider_ref=of, representative_kind=kind, mandate_scope=["ALL"],
        mandate_hash=document("mandate"), from_on=DAY, **who,
    )  # fmt: skip


def succeeded(day: str, by: Any = OTHER, of: Any = PROVIDER) -> Fact:
    return fact("ProviderSucceeded", from_provider_ref=of, provider_ref=by, effective_on=day, evidence_hash=document("merger"))


def replaced(target: str, number: str = "replacement") -> Fact:
    data = {name: value for name, value in notified(MARCH_2).model_dump(mode="json").items() if name != "submission_id" and value is not None}
    return fact("NotificationReplaced", submission_id=named(number), target_submission_id=named(target), **data)


def renotified(number: str) -> Fact:
    return fact(
        "RenotificationReceived", submission_id=named(number), received_at=MARCH_2, provider_ref=PROVIDER, filer_ref=PROVIDER, filer_role="PROVIDER",
        channel="EU_SEND", target_decision_id=named("acceptance"), change="SUBSTANTIAL_CHANGE_OCCURRED", fact="context length",
        became_known_on=DAY, arguments_included=False,
    )  # fmt: skip


def asked(name: str) -> Fact:
    return fact(
        "SupplementaryInformationRequested", information_request_id=named(name), request_basis="53(3)", purpose_hash=document("purpose"),
        supply_by="2026-10-01",
    )  # fmt: skip


def answered(name: str) -> Fact:
    return fact("SupplementaryInformationReceived", information_request_id=named(name), received_at=MARCH_2, filer_ref=PROVIDER)


def withdrawal() -> Fact:
    return fact("ArgumentsWithdrawn", submission_id=named("notice"), received_at=MARCH_2, filer_ref=PROVIDER)


def linked(name: str) -> Fact:
    return fact("RelatedCaseLinked", related_case_id=named(name), link="MERGED_FROM", on=DAY)


def undone(topic: str, target: str = "designation", **more: Any) -> Fact:
    return decided(topic, "undoing", "2026-03-10", target_decision_id=named(target), **more)


WITHDRAWN = {"reasonable_time_hash": document("time"), "expectations_hash": document("expectations")}
CLOSED = fact("CaseClosed", on=DAY, closing_reason="NEVER_CLASSIFIED")
REVOKED = {"basis": "52(4)"}
DISMISSED = fact("ActionDismissed", action_id=named("action"), judgment_id=named("judgment"), judgment_on="2026-03-10")
NOTHING = unless(NotInRegister, "names no decision of this case")
TWICE = unless(AlreadyInRegister, "already")

ATTEMPTS: dict[str, tuple[list[Fact], Fact, Outcome]] = {
    "a case is opened once": ([], opened(), unless(AlreadyInRegister, "This case is open already")),
    # Article 52(2), (3)
    "arguments of a filing are recorded once": (ARGUED, argued(MARCH_2), unless(AlreadyInRegister, "recorded already")),
    "arguments never filed are not withdrawn": ([NOTICE], withdrawal(), unless(NotInRegister, "names no arguments")),
    "arguments are withdrawn": (ARGUED, withdrawal(), None),
    "arguments decided upon are not withdrawn": ([MET, *ARGUED, *REJECTED], withdrawal(), R04),
    "a rejection has its form": ([MET, *ARGUED], decided("ArgumentsRejected", "rejection", DAY, reasons_hash=None), R06),
    "a rejection": ([MET, *ARGUED], REJECTED[0], None),
    # Article 296 TFEU
    "a decision is addressed to somebody": (
        [MET, *ARGUED], decided("ArgumentsRejected", "rejection", DAY, addressees=[]), unless(Malformed, "^addressees: must name"),
    ),
    # Charter, Article 41
    "a case is closed once": ([CLOSED], CLOSED, unless(AlreadyInRegister, "closed already")),
    "a case with arguments pending stays open": (ARGUED, CLOSED, R39),
    "a case with an open hearing stays open": ([draft("hearing")], CLOSED, R39),
    "a case before the Court stays open": ([*DESIGNATED[:1], lodged()], CLOSED, R39),
    "a case with a decision nobody was told of stays open": (DESIGNATED[:1], CLOSED, R39),
    "a case with nothing pending is closed": ([NOTICE], CLOSED, None),
    "a case is not linked with itself": ([], linked("alpha"), unless(Malformed, "^related_case_id: must be another case")),
    "a case is linked with another": ([], linked("beta"), None),
    "a draft begins a hearing of its own": ([draft("hearing")], draft("hearing"), unless(AlreadyInRegister, "a new draft begins a new hearing")),
    "silence is recorded when the time is over": ([draft("hearing")], heard("2026-04-01", "SILENCE"), R05),
    "silence after the time": ([draft("hearing")], heard("2026-04-02", "SILENCE"), None),
    "an answer before the time": ([draft("hearing")], heard("2026-03-05", "WRITTEN"), None),
    # Articles 263 to 266 TFEU
    "an action has a number of its own": ([*DESIGNATED, lodged()], lodged(), unless(AlreadyInRegister, "action_id belongs")),
    "an action is about a decision": (DESIGNATED, lodged(of="another"), NOTHING),
    "an action comes after the call to act": ([], called(DAY), unless(Malformed, "^lodged_on: must lie after")),
    "an action a day after the call to act": ([], called("2026-03-01"), None),
    "what is dismissed was brought": ([], DISMISSED, unless(NotInRegister, "action_id names no action")),
    "what was brought is dismissed": ([*DESIGNATED, lodged()], DISMISSED, None),
    "an annulment is of the decision attacked": (
        [*DESIGNATED, *REJECTED, lodged()], annulled("rejection"), unless(NotInRegister, "the action is not about this decision"),
    ),
    "an annulment on no decision's action": ([*DESIGNATED, called("2026-03-01")], annulled(action="failure"), unless(NotInRegister, "not about")),
    "by a full annulment the ground falls": ([*DESIGNATED, lodged()], annulled(ground_falls=False), unless(Malformed, "^ground_falls: must be true")),
    "by a partial annulment it may stand": ([*DESIGNATED, lodged()], annulled(ground_falls=False, extent="PARTIAL"), None),
    "effects end that were maintained": (
        [*DESIGNATED, lodged()], annulled(effects_until="2026-12-01"), unless(Malformed, "^effects_until: can be stated only"),
    ),
    "effects are maintained to a day": ([*DESIGNATED, lodged()], annulled(effects_until="2026-12-01", effects_maintained=True), None),
    # Article 297(2) TFEU
    "a decision is notified that was adopted": ([], informed("designation", MARCH_2), unless(NotInRegister, "names no adopted decision")),
    "service failed of a decision": ([], failed("designation"), unless(NotInRegister, "name no decision")),
    "service failed on its addressee": (DESIGNATED[:1], failed("designation", OTHER), unless(NotInRegister, "name no decision")),
    "service failed": (DESIGNATED[:1], failed("designation"), None),
    # Article 51(1) and 52(1)
    "a day is established for a condition": ([opened("x")], established(), unless(NotInRegister, "target_event_id names no ThresholdMet")),
    "a day is established for this condition": ([MET], established(4, condition_met_on=DAY), unless(NotInRegister, "target_event_id")),
    "of a condition met the day it was met": ([MET], established(became_known_on=DAY), unless(Malformed, "^condition_met_on: must state")),
    "of a condition expected the day it became known": (
        [expected()], established(condition_met_on=DAY), unless(Malformed, "^became_known_on: must state"),
    ),
    "the day a condition was met": ([MET], established(condition_met_on="2026-02-20"), None),
    "the day an expectation became known": ([expected()], established(became_known_on="2026-02-20"), None),
    "only what was found is found never met": ([], never(), unless(NotInRegister, "nothing says")),
    "a figure above the threshold was met": ([MET], never(compute_flop="10000000000000000000000001"), unless(Malformed, "^compute_flop: is greater")),
    "also before Chapter V applied": (
        [threshold_met("2025-07-01")], never(compute_flop="2e25"), unless(Malformed, "^compute_flop: is greater .* on 2025-08-02"),
    ),
    "a figure at the threshold was not": ([MET], never(compute_flop="1e25"), None),
    "the threshold of the day of the condition counts": (
        [threshold_met("2026-02-01"), threshold_amended(2, "1e26", "2026-03-01")], never(compute_flop="2e25"), unless(Malformed, "^compute_flop"),
    ),
    "an estimate exceeds the threshold": ([], expected(estimate_flop="1e25"), R01),
    "an estimate is above it": ([], expected(estimate_flop="10000000000000000000000001"), None),
    "an expectation needs no estimate": ([], expected(), None),
    "the version of the threshold is that of the day": (
        [], threshold_met("2026-03-01", version="2"), unless(Malformed, "^threshold_version: must be 1, the version in force"),
    ),
    "the number of a filing is given once": ([NOTICE], NOTICE, unless(AlreadyInRegister, "submission_id is recorded already")),
    "also of a renotification": ([NOTICE], renotified("notice"), unless(AlreadyInRegister, "submission_id is recorded already")),
    "what is replaced was received": ([], replaced("notice"), unless(NotInRegister, "target_submission_id names no notification")),
    "what is withdrawn was received": ([], withdrawn(MARCH_2), unless(NotInRegister, "submission_id names no notification")),
    # Articles 3(3) and 54
    "a legal person has a name": ([], person("LEGAL_PERSON"), unless(Malformed, "^legal_name: must name")),
    "a natural person has none": ([], person("NATURAL_PERSON", legal_name="A", person_ref=named("p")), unless(Malformed, "^legal_name: must be")),
    "a natural person has a reference": ([], person("NATURAL_PERSON"), unless(Malformed, "^legal_name: must be left out")),
    "a natural person": ([], person("NATURAL_PERSON", person_ref=named("p")), None),
    "a representative has its name": ([], mandate(), unless(Malformed, "^legal_name: must name")),
    "a provider in the Union has no representative": ([], mandate(of=PROVIDER, legal_name="Rep"), unless(Malformed, "^provider_ref: is established")),
    "another provider may have one": ([], mandate(legal_name="Rep"), None),
    "whoever is succeeded was the provider": ([], succeeded(DAY, of=OTHER), unless(NotInRegister, "from_provider_ref is no provider")),
    "successions follow each other": (
        [succeeded(DAY)], succeeded("2026-03-01", by=named("third"), of=PROVIDER), unless(Malformed, "^effective_on: must not lie before .* 2026"),
    ),
    "a second succession on the same day": ([succeeded(DAY)], succeeded(DAY, by=named("third"), of=OTHER), None),
    # Articles 53(3) and 91
    "a request for information is made once": ([asked("info")], asked("info"), unless(AlreadyInRegister, "information_request_id belongs")),
    "an answer is to a request": ([asked("info")], answered("another"), unless(NotInRegister, "information_request_id names no request")),
    "an answer": ([asked("info")], answered("info"), None),
    # Undoing
    "what is undone was decided": ([], undone("DecisionWithdrawn", **WITHDRAWN), unless(NotInRegister, "target_decision_id names no decision")),
    "a revocation has its form": (DESIGNATED, undone("DesignationRevoked", **REVOKED, reasons_hash=None), R06),
    "a revocation by another officer": (DESIGNATED, undone("DesignationRevoked", **REVOKED, drafted_by_ref=named("DECISION_OFFICER")), R31),
    "a designation is revoked": (DESIGNATED, undone("DesignationRevoked", **REVOKED), None),
    "a designation is revoked on its own basis": (DESIGNATED, undone("DesignationRevoked", basis="52(1)"), unless(Malformed, "^basis: must be")),
    "a designation of the other kind too": (DECLARED, undone("DesignationRevoked", **REVOKED), unless(Malformed, "^basis: must be")),
    "a rejection is no designation": (
        [MET, *ARGUED, *REJECTED], undone("DesignationRevoked", "rejection", **REVOKED), unless(Malformed, "^target_decision_id: must name a desig"),
    ),
    "a rejection is revoked": ([MET, *ARGUED, *REJECTED], undone("DecisionRevoked", "rejection"), None),
    "its revocation has its form": ([MET, *ARGUED, *REJECTED], undone("DecisionRevoked", "rejection", remedies_stated=False), R06),
    "what nobody was told of is not revoked": ([MET, *ARGUED, *REJECTED[:1]], undone("DecisionRevoked", "rejection"), R18),
    "what nobody was told of is not withdrawn": ([MET, *ARGUED, *REJECTED[:1]], undone("DecisionWithdrawn", "rejection", **WITHDRAWN), R18),
    "a withdrawal has its form": (DESIGNATED, undone("DecisionWithdrawn", **WITHDRAWN, reasons_hash=None), R06),
    "a withdrawal": (DESIGNATED, undone("DecisionWithdrawn", **WITHDRAWN), None),
    # Article 52(4); Annex XIII
    "the Annex XIII in force is applied": ([], decided("ModelDesignatedUnder52_4", "designation", DAY, annex_xiii_version=2), R10),
}  # fmt: skip
WITH_IT = {"ModelCaseOpened": ("Claimed",)}


@pytest.mark.parametrize(("past", "what", "outcome"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_the_file_does_not_have_or_has_already(past: list[Fact], what: Fact, outcome: Outcome) -> None:
    attempt = given(MARCH_2, opened(), provider(), *past).when(SEPTEMBER_1 + MINUTE, what)
    if outcome is None:
        attempt.then(what.TOPIC)
    elif isinstance(outcome, Rule):
        attempt.then_refused(outcome)
    else:
        attempt.then_fails(outcome[0], match=outcome[1])


def test_what_a_decision_lacks_is_named() -> None:
    """Law: Article 296 TFEU; Charter, Article 41(2)(c)."""
    lacking = dict.fromkeys(["legal_basis", "adopted_on", "reasons_hash", "remedies_stated"])
    rejection = decided("ArgumentsRejected", "rejection", DAY).model_copy(update=lacking)
    scenario = given(MARCH_2, opened(), provider(), MET, *ARGUED)
    with pytest.raises(Refused, match=r"R06 .*Missing: legal_basis, adopted_on, reasons_hash, remedies_stated\.$"):
        scenario.registry.record(Command(ALPHA, actor(sorted(rejection.RECORDED_BY)[0]), rejection, SEPTEMBER_1))
