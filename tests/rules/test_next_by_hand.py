"""What may be recorded next, by hand: what the file lets through, what would be ruled inadmissible, and why the rest would be refused."""

from datetime import datetime
from uuid import UUID

import pytest

from domain.actors import Role
from domain.events import event_type
from domain.ids import Stream
from domain.next_steps import MOST_KNOWN, NextStep, identifier_kind, next_steps, recorded_identifiers
from domain.record import Act, Fact
from tests.scenario import (
    ALPHA,
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
    publication,
    threshold_amended,
    threshold_met,
)

MARCH_2, APRIL_20 = brussels("2026-03-02"), brussels("2026-04-20")
MET = threshold_met("2026-03-01")
OTHER = named("other-ai")
NOTICE = [MET, notified(MARCH_2, arguments=True)]
ARGUED = [*NOTICE, argued(MARCH_2)]
CLOSED = fact("CaseClosed", on="2026-03-02", closing_reason="NEVER_CLASSIFIED")
DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)]
MANDATE = fact(
    "AuthorisedRepresentativeAppointed", representative_ref=named("rep"), provider_ref=PROVIDER, representative_kind="LEGAL_PERSON",
    legal_name="Rep", mandate_scope=["ALL"], mandate_hash=document("mandate"), from_on="2026-03-01",
)  # fmt: skip
ACTION = fact(
    "AnnulmentActionLodged", action_id=named("action"), decision_id=named("designation"), court="GENERAL_COURT", case_no="T-1/26",
    lodged_on="2026-03-02", applicant="PROVIDER",
)  # fmt: skip
SUCCESSION = fact("ProviderSucceeded", from_provider_ref=PROVIDER, provider_ref=OTHER, effective_on="2026-03-02", evidence_hash=document("merger"))
PLACED = fact("ModelPlacedOnUnionMarket", on="2026-03-01", manner="API", marketed_names=["Alpha"])
SHOWN = {"marketed_names": ["Alpha"], "provider_name": "Alpha AI", "provider_country": "FR", "public_grounds": ["52(4)"]}
PROPOSED = fact("PublicationContentProposed", case_id=UUID(publication().key), proposed_at=MARCH_2, **SHOWN)
ANNEX = fact(
    "AnnexXIIIAmended", annex_xiii_version=2, oj_ref="OJ L 2", published_on="2025-12-01", applies_from="2026-01-01", text_hash=document("annex")
)
PROCEEDING = fact("DesignationProceedingOpened", proceeding_id=named("proceeding"), on="2026-03-02", basis="52(4)", origin="EX_OFFICIO")
POSSIBLE, REFUSED = True, False


def heard(draft_act: str) -> list[Fact]:
    """The provider was heard on a draft, for long enough."""
    draft = fact(
        "DraftDecisionCommunicated", hearing_id=named("hearing"), draft_act=draft_act, provider_ref=PROVIDER, draft_hash=document("draft"),
        received_by_provider_at=MARCH_2, comment_until="2026-04-15",
    )  # fmt: skip
    return [draft, fact("ProviderHeard", hearing_id=named("hearing"), at=MARCH_2, form="WRITTEN", document_hash=document("answer"))]


def ahead(scenario: Scenario, at: datetime = APRIL_20) -> dict[str, NextStep]:
    """Return what may be recorded on the case at a time, by event."""
    act = Act(actor(Role.CASE_OFFICER), at, scenario.registry.law(at))
    return {step.event: step for step in next_steps(scenario.registry.records(UUID(ALPHA.key)), act)}


CASES: dict[str, tuple[list[Fact], str, bool, str]] = {
    "a case is open": ([], "CaseReopened", REFUSED, "The case is open."),
    "nothing is pending": ([], "ArgumentsAccepted", REFUSED, "R04 52(2), (3): There are no pending"),
    "arguments are pending": (ARGUED, "ArgumentsAccepted", POSSIBLE, ""),
    "arguments come with their notification": (NOTICE, "ArgumentsReceived", POSSIBLE, "R03 52(2)"),
    "a replacing notice comes within the time": (NOTICE, "NotificationReplaced", POSSIBLE, "R35 52(1), (2)"),
    "a notification is withdrawn": (NOTICE, "NotificationWithdrawn", POSSIBLE, ""),
    "a request needs a designation": ([], "ReassessmentRequestReceived", POSSIBLE, "R13 52(5)"),
    "a rejection comes after a hearing": (ARGUED, "ArgumentsRejected", REFUSED, "R05 Charter 41(2)(a); 94:"),
    "the provider was heard on a rejection": ([*ARGUED, *heard("REJECTION")], "ArgumentsRejected", POSSIBLE, ""),
    "the provider was heard on something else": ([*ARGUED, *heard("CONVERSION")], "ArgumentsRejected", REFUSED, "R05 "),
    "a designation under 52(1) after its hearing": ([MET, *heard("DESIGNATION_52_1")], "ModelDesignatedUnder52_1", POSSIBLE, ""),
    "the day of the condition is found with the designation": (heard("DESIGNATION_52_1"), "ModelDesignatedUnder52_1", POSSIBLE, ""),
    "no designation of a notified model": ([*NOTICE, *heard("DESIGNATION_52_1")], "ModelDesignatedUnder52_1", REFUSED, "R08 52(1):"),
    "a designation under 52(4) after its hearing": (heard("DESIGNATION_52_4"), "ModelDesignatedUnder52_4", POSSIBLE, ""),
    "a designation is notified to its addressee": (DESIGNATED[:1], "DecisionNotified", POSSIBLE, ""),
    "it is notified to a former provider": ([*DESIGNATED[:1], SUCCESSION], "DecisionNotified", POSSIBLE, ""),
    "a model is transferred by its provider": ([], "ModelTransferred", POSSIBLE, ""),
    "a provider is succeeded": ([SUCCESSION], "ProviderSucceeded", POSSIBLE, ""),
    "a mandate ends that was given": ([MANDATE], "MandateTerminated", POSSIBLE, ""),
    "a mandate was never given": ([], "MandateTerminated", REFUSED, "representative_ref names no representative"),
    "a provider in the Union needs none": ([], "AuthorisedRepresentativeAppointed", REFUSED, "provider_ref: is established in the Union"),
    "an entry is corrected": ([], "RecordCorrected", POSSIBLE, ""),
    "the threshold was found never met": ([MET], "ThresholdFoundNeverMet", POSSIBLE, ""),
    "nothing was found that is taken back": ([], "ThresholdFoundNeverMet", REFUSED, "nothing says that the condition"),
    "a date is established for a fact": ([MET], "ConditionDateEstablished", POSSIBLE, ""),
    "a decision is challenged in court": (DESIGNATED, "AnnulmentActionLodged", POSSIBLE, ""),
    "an action is dismissed": ([*DESIGNATED, ACTION], "ActionDismissed", POSSIBLE, ""),
    "an action fails to act": ([], "FailureToActActionLodged", POSSIBLE, ""),
    "a designation is rectified": (DESIGNATED, "DecisionRectified", POSSIBLE, ""),
    "a designation under 52(4) is revoked": ([*DESIGNATED, *heard("REVOCATION")], "DesignationRevoked", POSSIBLE, ""),
    "a second proceeding has a number of its own": ([PROCEEDING], "DesignationProceedingOpened", POSSIBLE, ""),
    "a closed case takes no act": ([CLOSED], "ArgumentsAccepted", REFUSED, "R39 Charter 41:"),
    "a closed case is reopened": ([CLOSED], "CaseReopened", POSSIBLE, ""),
    "a closed case takes what arrives": ([*NOTICE, CLOSED], "ReassessmentRequestReceived", POSSIBLE, "R13 52(5)"),
    "a model is classified before it is listed": ([], "ListEntryPublished", REFUSED, "R27 52(6), 78:"),
    "a listed model is updated": ([], "ListEntryUpdated", REFUSED, "the model is not on the list"),
}


@pytest.mark.parametrize(("past", "event", "possible", "why"), CASES.values(), ids=CASES)
def test_what_may_be_recorded_and_what_it_would_meet(past: list[Fact], event: str, possible: bool, why: str) -> None:
    step = ahead(given(MARCH_2, opened(), provider(), *past))[event]
    said = f"{step.code} {step.article}" if step.code else ""
    said = f"{said}: {step.message}".removeprefix(": ") if step.message else said
    assert (step.possible, said[: len(why)]) == (possible, why)
    assert (step.message is None) == step.possible
    assert bool(said) == bool(why)


def test_every_act_is_named_with_those_who_record_it() -> None:
    steps = ahead(given(MARCH_2, opened()))
    assert steps["ModelDesignatedUnder52_4"].recorded_by == (Role.DECISION_OFFICER,)
    assert steps["NotificationReceived"].recorded_by == (Role.AUTHORISED_REPRESENTATIVE, Role.CASE_OFFICER, Role.PROVIDER)
    assert [name for name in steps if name.startswith("ListEntry")] == [
        "ListEntryPublished", "ListEntryUpdated", "ListEntryRemoved", "ListEntryCorrected",
    ]  # fmt: skip


# -- Of several the best --------------------------------------------------------------------


def test_what_meets_no_ruling_counts_before_what_does() -> None:
    """Arguments belong to the one of two notifications that announced them, at the instant of its receipt."""
    scenario = given(MARCH_2, opened(), provider(), notified(APRIL_20, arguments=True), notified(APRIL_20, "another"))
    assert ahead(scenario)["ArgumentsReceived"].code is None
    assert ahead(scenario, brussels("2026-04-21"))["ArgumentsReceived"].code == "R03"


@pytest.mark.parametrize(("later", "tried"), [(MOST_KNOWN - 1, True), (MOST_KNOWN, False)])
def test_the_most_recent_on_the_file_are_tried(later: int, tried: bool) -> None:
    notices = [notified(APRIL_20, "first", arguments=True), *(notified(APRIL_20, f"notice {n}") for n in range(later))]
    assert ahead(given(MARCH_2, opened(), provider(), *notices))["ArgumentsReceived"].code == (None if tried else "R03")


def test_several_identifiers_in_one_field_are_none_that_could_be_chosen() -> None:
    fields = event_type("AlertMeasuresLaunched").model_fields
    assert [identifier_kind(fields[name]) for name in ("alert_id", "rapporteur_ref", "contributor_refs", "on")] == ["alert", "ref", None, None]


def test_a_refusal_with_its_article_says_more_than_a_gap_in_the_record() -> None:
    """Whoever revokes an un-notified designation learns that it has no effect yet, not that it was adopted on another basis."""
    step = ahead(given(MARCH_2, opened(), provider(), *DESIGNATED[:1]))["DesignationRevoked"]
    assert (step.possible, step.code) == (False, "R18")


def test_the_favourable_data_follow_the_law_in_force() -> None:
    """What was possible under the first threshold and the first Annex XIII is possible under the next ones, with their numbers."""
    later = brussels("2027-05-20")
    heard_later = [each.model_copy(update={"comment_until": brussels("2027-04-15").date()}) for each in heard("DESIGNATION_52_4")]
    for law in ([], [threshold_amended(2, "1e26", "2027-01-01", published_on="2026-01-01"), ANNEX]):
        steps = ahead(given(MARCH_2, opened(), provider(), *heard_later, *law), later)
        assert [name for name in FOLLOWING_THE_LAW if not steps[name].possible] == []


FOLLOWING_THE_LAW = ("ThresholdMet", "ThresholdExpectedToBeMet", "ModelDesignatedUnder52_4", "AnnexXIIIAssessmentRecorded")


def test_a_model_is_listed_with_what_its_provider_was_shown() -> None:
    scenario = given(MARCH_2, opened(), provider(), PLACED, *DESIGNATED)
    assert ahead(scenario)["ListEntryPublished"].code == "R27"
    scenario.given(brussels("2026-03-03"), PROPOSED)
    assert ahead(scenario)["ListEntryPublished"] == NextStep(
        "ListEntryPublished", (Role.PUBLICATION_OFFICER, Role.SYSTEM), possible=True
    )  # fmt: skip
    assert ahead(scenario)["ListEntryRemoved"].message == "the model is not on the list"
    listed = fact("ListEntryPublished", list_id="1", listed_on="2026-04-20", **SHOWN)
    scenario.given(APRIL_20, listed, on=Stream("entry", "1")).given(APRIL_20, fact("ListingRecorded", list_id="1", action="PUBLISHED"))
    assert str(ahead(scenario)["ListEntryPublished"].message).startswith("The model is on the list")
    assert ahead(scenario)["ListEntryUpdated"].possible
    assert ahead(scenario)["ListEntryRemoved"].code == "R27"


def test_the_identifiers_of_a_record_are_known_since_they_first_stood_there() -> None:
    case = given(MARCH_2, opened(), provider(), *DESIGNATED, ACTION, MANDATE).case()
    assert recorded_identifiers(case, "decision") == {(3, named("designation"))}
    assert recorded_identifiers(case, "action") == {(5, named("action"))}
    assert recorded_identifiers(case, "event") == {(version, named(f"{ALPHA} {version}")) for version in range(1, 7)}
    assert {(2, PROVIDER), (6, named("rep"))} <= recorded_identifiers(case, "ref")
    assert recorded_identifiers(case, "submission") == set()
