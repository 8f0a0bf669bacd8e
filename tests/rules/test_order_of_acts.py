"""What must be there before an act, and what is there only once: each guard on both sides, in the order in which a file would meet them."""

from typing import Any

import pytest

from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.ids import Stream
from domain.law.rules import R06, R31, R41, Rule
from domain.record import Fact
from tests.scenario import ALPHA, MINUTE, PROVIDER, Scenario, brussels, decided, document, fact, informed, named, opened, provider, publication

MARCH_2 = brussels("2026-03-02")
SEPTEMBER_1 = brussels("2026-09-01")
DAY = "2026-03-02"
Outcome = Rule | tuple[type[Exception], str] | None
Steps = list[tuple[Fact, Outcome]]
ALERT = Stream("alert", str(named("alert")))
CHALLENGE = Stream("challenge", str(named("challenge")))
FILE = publication()
BEGUN = [opened(), provider()]


def unless(error: type[Exception], *words: str) -> Outcome:
    return error, " ".join(words)


def erased(scope: str) -> Fact:
    return fact("PersonalDataErased", person_ref=named("person"), on=DAY, legal_ground="Article 19(1)(a)", scope=scope)


def corrected(field: str, old: str, new: str) -> Fact:
    target = named(f"{ALPHA} 2")
    return fact("RecordCorrected", target_event_id=target, field=field, old_value=old, new_value=new, authentic_doc_hash=document("letter"))


def action(name: str, **more: Any) -> Fact:
    return fact(
        "FailureToActActionLodged", action_id=named(name), case_no="T-1/26", called_upon_on="2026-01-02", lodged_on=DAY, about="LISTING", **more
    )


def draft(name: str) -> Fact:
    return fact(
        "DraftDecisionCommunicated", hearing_id=named(name), draft_act="DECLINING", provider_ref=PROVIDER, draft_hash=document("draft"),
        received_by_provider_at=MARCH_2, comment_until="2026-04-01",
    )  # fmt: skip


def heard(name: str) -> Fact:
    return fact("ProviderHeard", hearing_id=named(name), at=MARCH_2, form="WRITTEN", document_hash=document("answer"))


def access(name: str) -> Fact:
    return fact("FileAccessGranted", hearing_id=named(name), at=MARCH_2, scope_hash=document("scope"))


def review(name: str, *, over: bool = False) -> Fact:
    return fact(
        "OwnMotionReviewClosed" if over else "OwnMotionReviewOpened", review_id=named(name), on=DAY, **({"outcome": "REVOCATION"} if over else {})
    )


def measure(name: str, *, over: bool = False) -> Fact:
    how = {} if over else {"measure_hash": document("measure")}
    return fact("FollowUpMeasureClosed" if over else "FollowUpMeasureSet", measure_id=named(name), on=DAY, **how)


def proceeding(name: str, *, over: bool = False) -> Fact:
    if over:
        return fact("DesignationProceedingClosed", proceeding_id=named(name), on=DAY, outcome="NOTHING_FURTHER")
    return fact("DesignationProceedingOpened", proceeding_id=named(name), on=DAY, basis="52(4)", origin="EX_OFFICIO")


def report(name: str) -> Fact:
    return fact("OutcomeReportFiled", decision_id=named(name), rationale_hash=document("rationale"))


def appointed(name: str) -> Fact:
    return fact(
        "AuthorisedRepresentativeAppointed", representative_ref=named(name), provider_ref=named("a provider in a third country"),
        representative_kind="LEGAL_PERSON", legal_name="Rep", mandate_scope=["ALL"], mandate_hash=document("mandate"), from_on=DAY,
    )  # fmt: skip


def terminated(name: str) -> Fact:
    return fact("MandateTerminated", representative_ref=named(name), on=DAY, reasons_hash=document("reasons"))


def proposed(**more: Any) -> Fact:
    content = {
        "case_id": FILE.key,
        "marketed_names": ["Alpha"],
        "provider_name": "Alpha AI",
        "provider_country": "FR",
        "public_grounds": ["52(4)"],
        **more,
    }
    return fact("PublicationContentProposed", proposed_at=MARCH_2, **content)


def claimed(name: str, *fields: str) -> Fact:
    return fact(
        "ConfidentialityClaimLodged", claim_id=named(name), received_at=MARCH_2, filer_ref=PROVIDER, claimed_fields=list(fields),
        reasons_hash=document("reasons"),
    )  # fmt: skip


def ruled(name: str, *granted: str, refused: tuple[str, ...] = ()) -> Fact:
    return fact(
        "ConfidentialityClaimDecided", claim_id=named(name), notified_at=MARCH_2, granted_fields=list(granted), refused_fields=list(refused),
        reasons_hash=document("reasons"),
    )  # fmt: skip


def alert(submission: str = "submission", number: str = ALERT.key) -> Fact:
    return fact(
        "QualifiedAlertReceived", alert_id=number, submission_id=named(submission), received_at=SEPTEMBER_1, ground="90(1)(a)", members=10,
        votes_for=6, provider_contact_given=True, facts_hash=document("facts"), complete=True,
    )  # fmt: skip


def challenge(topic: str, ref: str = CHALLENGE.key, **more: Any) -> Fact:
    return fact(topic, challenge_ref=ref, on=DAY, **more)


RECEIVED = challenge("ChallengeReceived", list_id="1", field="provider_country")
ANSWERED, CLOSED = challenge("ChallengeAnswered", outcome="NOT_CORRECTED"), challenge("ChallengeClosed")
STRANGE = challenge("ChallengeReceived", str(named("another")), list_id="1", field="provider_country")
DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", "2026-02-20"), informed("designation", MARCH_2)]
LODGED = fact(
    "AnnulmentActionLodged", action_id=named("action"), decision_id=named("designation"), court="GENERAL_COURT", case_no="T-1/26", lodged_on=DAY,
    applicant="PROVIDER",
)  # fmt: skip
PLACED = fact("ModelPlacedOnUnionMarket", on=DAY, manner="API", marketed_names=["Alpha"])
LEFT = fact("ModelWithdrawnFromUnionMarket", on=DAY, requested_by_commission=False, copies_remain_in_use=False)
RETURNED = fact("ModelReturnedToUnionMarket", on=DAY)
REQUEST = fact(
    "ReassessmentRequestReceived", request_id=named("request"), received_at=SEPTEMBER_1, provider_ref=PROVIDER, filer_ref=PROVIDER,
    filer_role="PROVIDER", channel="EU_SEND", target_decision_id=named("designation"),
    reasons=[{"text_hash": document("reason"), "arose_on": "2026-08-01"}],
)  # fmt: skip
ASKED = fact("ReassessmentRequestRuledAdmissible", request_id=named("request"))
REOPENED, OVER = fact("CaseReopened", on=DAY), fact("CaseClosed", on=DAY, closing_reason="NEVER_CLASSIFIED")
EMPTY = unless(NotInRegister, "the case has no events yet")


def modified(**more: Any) -> Fact:
    return fact("ThresholdMet", on=DAY, compute_flop="1.1e25", threshold_version="1", source="PROVIDER", kind="DOWNSTREAM_MODIFICATION", **more)


def declined(**more: Any) -> Fact:
    return decided("ReassessmentDeclined", "declining", "2026-09-01", **more)


WITH_IT = {"ReassessmentRequestReceived": ("ReassessmentRequestRuledAdmissible",), "ModelCaseOpened": ("Claimed",)}
"""What is recorded with a fact in the same save."""
NO_CASE: list[Fact] = []
GUARDS: dict[str, tuple[Stream, list[Fact], Steps]] = {
    # Procedure 5.12
    "a challenge stands under its own reference": (
        CHALLENGE, [], [(STRANGE, unless(Malformed, "^challenge_ref: must be the challenge")), (RECEIVED, None)],
    ),
    "a closed challenge is not answered": (
        CHALLENGE, [RECEIVED], [(ANSWERED, None), (CLOSED, None), (ANSWERED, unless(AlreadyInRegister, "is closed"))],
    ),
    # Procedure sections 4 and 5.10
    "of an open file only contact data are erased": (
        ALPHA, BEGUN, [(erased("ALL"), unless(Malformed, "^scope: must be CONTACT")), (erased("CONTACT"), None), (OVER, None), (erased("ALL"), None)],
    ),
    "a correction says what stands now": (
        ALPHA, BEGUN, [
            (corrected("legal_name", "Beta", "Alpha"), unless(Malformed, "^old_value: must be what the record says now: Alpha AI")),
            (corrected("legal_name", "Alpha AI", "Alpha"), None),
            (corrected("legal_name", "Alpha AI", "Alpha Ltd"), unless(Malformed, "^old_value: .* now: Alpha$")),
            (corrected("legal_name", "Alpha", "Alpha Ltd"), None),
        ],
    ),
    "a correction is of a field that the event has": (ALPHA, BEGUN, [(corrected("court", "Alpha AI", "Alpha"), R41)]),
    # Article 51(1); Guidelines 3.2
    "a modification by another provider states its compute": (
        ALPHA, BEGUN, [(modified(), unless(Malformed, "^modification_flop: must state")), (modified(modification_flop="5e24"), None)],
    ),
    # Articles 52(3) to (5)
    "the number of a decision is given once": (
        ALPHA, [*BEGUN, *DESIGNATED, REQUEST, ASKED], [
            (declined(decision_id=named("designation")), unless(Malformed, "^decision_id: belongs to a decision")), (declined(), None),
        ],
    ),
    "a hearing is on a draft": (
        ALPHA, BEGUN, [
            (heard("hearing"), unless(NotInRegister, "hearing_id")), (access("hearing"), unless(NotInRegister, "hearing_id")),
            (draft("hearing"), None), (access("hearing"), None), (heard("hearing"), None), (heard("another"), unless(NotInRegister, "hearing_id")),
        ],
    ),
    "a proceeding is closed once that was opened": (
        ALPHA, BEGUN, [
            (proceeding("proceeding", over=True), unless(NotInRegister, "proceeding_id names no proceeding")), (proceeding("proceeding"), None),
            (proceeding("another"), None), (proceeding("stranger", over=True), unless(NotInRegister, "proceeding_id names no proceeding")),
            (proceeding("proceeding", over=True), None), (proceeding("proceeding", over=True), unless(AlreadyInRegister, "closed already")),
            (proceeding("another", over=True), None),
        ],
    ),
    "the number of a request is given once": (
        ALPHA, [*BEGUN, *DESIGNATED], [(REQUEST, None), (REQUEST, unless(AlreadyInRegister, "request_id"))],
    ),
    "a refusal to reassess states its reasons, its remedies, and another drafter": (
        ALPHA, [*BEGUN, *DESIGNATED, REQUEST, ASKED], [
            (declined(reasons_hash=None), R06), (declined(remedies_stated=False), R06), (declined(drafted_by_ref=named("DECISION_OFFICER")), R31),
            (declined(), None),
        ],
    ),
    # Procedure 5.11
    "a review is opened once and closed once": (
        ALPHA, BEGUN, [
            (review("review", over=True), unless(NotInRegister, "^review_id names")), (review("review"), None),
            (review("review"), unless(AlreadyInRegister, "This review_id is in use")), (review("another"), None), (review("review", over=True), None),
            (review("review", over=True), unless(AlreadyInRegister, "closed already")),
        ],
    ),
    "a measure is set once and closed once": (
        ALPHA, BEGUN, [
            (measure("measure", over=True), unless(NotInRegister, "^measure_id names")), (measure("measure"), None),
            (measure("measure"), unless(AlreadyInRegister, "This measure_id is in use")), (measure("another"), None),
            (measure("measure", over=True), None), (measure("measure", over=True), unless(AlreadyInRegister, "closed already")),
        ],
    ),
    "a report is on a decision": (
        ALPHA, [*BEGUN, *DESIGNATED], [(report("another"), unless(NotInRegister, "decision_id")), (report("designation"), None)],
    ),
    # A case begins with its opening
    "only a case that was opened is reopened": (ALPHA, NO_CASE, [(REOPENED, EMPTY), (opened(), None), (OVER, None), (REOPENED, None)]),
    "an action is brought in a case": (ALPHA, NO_CASE, [(action("action"), EMPTY), (LODGED, EMPTY), (opened(), None), (action("action"), None)]),
    # Articles 3(9), 3(10) and 54
    "a model leaves the market on which it was placed": (
        ALPHA, BEGUN, [
            (LEFT, unless(NotInRegister, "never placed")), (RETURNED, unless(NotInRegister, "never placed")), (PLACED, None), (LEFT, None),
        ],
    ),
    "a model comes back that had left": (
        ALPHA, [*BEGUN, PLACED], [(RETURNED, unless(AlreadyInRegister, "is on the Union market")), (LEFT, None), (RETURNED, None)],
    ),
    "a mandate ends that was given": (
        ALPHA, BEGUN, [
            (terminated("rep"), unless(NotInRegister, "representative_ref")), (appointed("rep"), None), (appointed("another"), None),
            (terminated("stranger"), unless(NotInRegister, "representative_ref")), (terminated("rep"), None), (terminated("another"), None),
        ],
    ),
    # Articles 52(6) and 78
    "proposed content names its own case, the model and its grounds, each once": (
        FILE, BEGUN, [
            (proposed(case_id=named("beta")), unless(Malformed, "^case_id: must be the case")),
            (proposed(marketed_names=[]), unless(Malformed, "^marketed_names: must not be empty")),
            (proposed(public_grounds=[]), unless(Malformed, "^public_grounds: must not be empty")),
            (proposed(marketed_names=["Alpha", "Alpha"]), unless(Malformed, "^marketed_names: must not say the same twice")), (proposed(), None),
        ],
    ),
    "a claim is lodged once and decided once": (
        FILE, [*BEGUN, proposed()], [
            (claimed("claim", "provider_name"), None), (claimed("claim", "provider_country"), unless(AlreadyInRegister, "claim_id")),
            (ruled("another", "provider_name"), unless(NotInRegister, "claim_id")),
            (ruled("claim", "provider_country"), unless(Malformed, "^granted_fields: and refused_fields must together")),
            (ruled("claim", "provider_name"), None),
            (ruled("claim", refused=("provider_name",)), unless(AlreadyInRegister, "decided already")),
        ],
    ),
    "a claim is about fields of the list": (
        FILE, [*BEGUN, proposed()], [
            (claimed("claim"), unless(Malformed, "^claimed_fields: must name fields of the list")),
            (claimed("claim", "provider_name", "weights"), unless(Malformed, "^claimed_fields: must name fields of the list")),
            (claimed("claim", "provider_name", "decision_ref"), None),
        ],
    ),
    # Article 90
    "an alert is received once, under its own number": (
        ALERT, [], [
            (alert(number=str(named("another"))), unless(Malformed, "^alert_id: must be the alert")), (alert(), None),
            (alert("later"), unless(AlreadyInRegister, "This alert is recorded already")),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "past", "steps"), GUARDS.values(), ids=GUARDS)
def test_what_must_be_there_and_what_is_there_only_once(stream: Stream, past: list[Fact], steps: Steps) -> None:
    scenario = Scenario().given(MARCH_2, *past, on=stream)
    for n, (what, outcome) in enumerate(steps):
        attempt = scenario.when(SEPTEMBER_1 + n * MINUTE, what, on=stream)
        if outcome is None:
            attempt.then(what.TOPIC, *WITH_IT.get(what.TOPIC, ()))
        elif isinstance(outcome, Rule):
            attempt.then_refused(outcome)
        else:
            attempt.then_fails(outcome[0], match=outcome[1])
