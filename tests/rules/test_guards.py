"""Guards that a run of mutants found untested, each with the side on which it lets an act through."""

from uuid import UUID

import pytest

from domain.errors import AlreadyInRegister
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.law.rules import R17, R26, R41
from domain.model_case.notification import counts_from, notices
from domain.model_case.provider import providers_on
from domain.qualified_alert import QualifiedAlert, is_open
from domain.record import Fact, evolve
from tests.read_models.cases import events_of
from tests.scenario import ALPHA, MINUTE, PROVIDER, Scenario, brussels, decided, document, fact, given, informed, named, notified, opened, provider

MARCH_2, SEPTEMBER_1 = brussels("2026-03-02"), brussels("2026-09-01")


# -- Numbers are given once ----------------------------------------------------------------


def test_a_proceeding_is_opened_once_under_its_number() -> None:
    def proceeding(number: str) -> Fact:
        return fact("DesignationProceedingOpened", proceeding_id=named(number), on="2026-03-02", basis="52(4)", origin="EX_OFFICIO")

    begun = given(MARCH_2, opened(), provider(), proceeding("proceeding"))
    begun.when(MARCH_2 + 9 * MINUTE, proceeding("proceeding")).then_fails(AlreadyInRegister, match="already opened")
    begun.when(MARCH_2 + 9 * MINUTE, proceeding("another")).then("DesignationProceedingOpened")


def test_only_a_closed_case_is_reopened() -> None:
    reopened = fact("CaseReopened", on="2026-03-02")
    case = given(MARCH_2, opened(), provider())
    case.when(MARCH_2 + 9 * MINUTE, reopened).then_fails(AlreadyInRegister, match="The case is open")
    case.when(MARCH_2 + 9 * MINUTE, fact("CaseClosed", on="2026-03-02", closing_reason="NEVER_CLASSIFIED")).then("CaseClosed")
    case.when(MARCH_2 + 10 * MINUTE, reopened).then("CaseReopened")


# -- Article 90(3); 2025/454, Article 18(1) --------------------------------------------------


@pytest.mark.parametrize(("votes", "counts"), [(10, True), (11, False)])
def test_more_votes_than_members_are_no_majority(votes: int, counts: bool) -> None:
    alert = Stream("alert", str(named("alert")))
    received = fact(
        "QualifiedAlertReceived", alert_id=UUID(alert.key), submission_id=named("submission"), received_at=SEPTEMBER_1, ground="90(1)(a)", members=10,
        votes_for=votes, provider_contact_given=True, facts_hash=document("facts"), complete=True,
    )  # fmt: skip
    ruled = () if counts else ("SubmissionRuledInadmissible",)
    Scenario().when(SEPTEMBER_1, received, on=alert).then("QualifiedAlertReceived", *ruled)


def test_an_alert_is_open_until_it_is_closed() -> None:
    alert = Stream("alert", str(named("alert")))
    received = fact(
        "QualifiedAlertReceived", alert_id=UUID(alert.key), submission_id=named("submission"), received_at=SEPTEMBER_1, ground="90(1)(a)", members=10,
        votes_for=6, provider_contact_given=True, facts_hash=document("facts"), complete=True,
    )  # fmt: skip
    closed = fact("AlertClosed", alert_id=UUID(alert.key), on="2026-09-01", closing_reason="NO_MEASURES")
    before, after = (folded(QualifiedAlert(alert), facts) for facts in ([received], [received, closed]))
    assert (is_open(before), is_open(after)) == (True, False)


def folded(record: QualifiedAlert, facts: list[Fact]) -> QualifiedAlert:
    for event in events_of((SEPTEMBER_1, record.stream, each) for each in facts):
        record = evolve(record, event)
    return record


# -- Articles 91 and 113 -----------------------------------------------------------------------


@pytest.mark.parametrize(("day", "basis", "refused"), [("2026-08-01", "91", True), ("2026-08-02", "91", False), ("2026-08-01", "53(3)", False)])
def test_article_91_applies_from_2_august_2026(day: str, basis: str, refused: bool) -> None:
    asked = fact(
        "SupplementaryInformationRequested", information_request_id=named("request"), request_basis=basis, purpose_hash=document("purpose"),
        supply_by="2026-09-01",
    )  # fmt: skip
    outcome = given(MARCH_2, opened(), provider()).when(brussels(day), asked)
    outcome.then_refused(R26) if refused else outcome.then("SupplementaryInformationRequested")


# -- Article 52(1), second sentence ---------------------------------------------------------------


@pytest.mark.parametrize(("completed", "counts_from_receipt"), [("2026-03-25", True), ("2026-03-26", False)])
def test_a_notice_completed_within_the_time_set_counts_from_its_receipt(completed: str, counts_from_receipt: bool) -> None:
    received, supplied = brussels("2026-03-10"), brussels(completed)
    facts = [
        opened(), provider(), notified(received, "notice"),
        fact("NotificationFoundIncomplete", submission_id=named("notice"), missing=["METHOD"], supply_by="2026-03-25"),
        fact("NotificationCompleted", submission_id=named("notice"), received_at=supplied, method_description_hash=document("method")),
    ]  # fmt: skip
    case = given(received, *facts).case()
    (notice,) = notices(case)
    assert counts_from(case, notice, Law()) == (received if counts_from_receipt else supplied)


# -- Article 3(3) ---------------------------------------------------------------------------


def test_somebody_is_the_provider_from_the_very_day_on() -> None:
    case = given(MARCH_2, opened(), provider(since="2026-03-02")).case()
    assert providers_on(case, legal_day(MARCH_2)) == {PROVIDER}
    assert providers_on(case, legal_day(brussels("2026-03-01"))) == frozenset()


# -- Article 52(5) ----------------------------------------------------------------------------


@pytest.mark.parametrize(("about", "refused"), [("designation", False), ("another designation", True)])
def test_a_decision_on_a_request_is_about_the_designation_that_the_request_was_about(about: str, refused: bool) -> None:
    asked = fact(
        "ReassessmentRequestReceived", request_id=named("request"), received_at=SEPTEMBER_1, provider_ref=PROVIDER, filer_ref=PROVIDER,
        filer_role="PROVIDER", channel="EU_SEND", target_decision_id=named(about),
    )  # fmt: skip
    past = [
        opened(), provider(), decided("ModelDesignatedUnder52_4", "designation", "2026-02-20"), informed("designation", brussels("2026-02-20")),
        decided("ModelDesignatedUnder52_4", "another designation", "2026-02-20"), informed("another designation", brussels("2026-02-20")),
        asked, fact("ReassessmentRequestRuledAdmissible", request_id=named("request")),
        fact("ReassessmentOpened", request_id=named("request"), on="2026-09-01"),
    ]  # fmt: skip
    lifted = decided("DesignationLifted", "lifting", "2026-09-01", target_decision_id=named("designation"))
    outcome = given(SEPTEMBER_1, *past).when(SEPTEMBER_1 + 20 * MINUTE, lifted)
    outcome.then_refused(R17) if refused else outcome.then("DesignationLifted")


# -- Procedure section 4 -----------------------------------------------------------------------


def correction(field: str, old: object, new: object) -> Fact:
    target, letter = named(f"{ALPHA} 2"), document("letter")
    return fact("RecordCorrected", target_event_id=target, field=field, old_value=str(old), new_value=str(new), authentic_doc_hash=letter)


def test_a_correction_touches_no_identifier() -> None:
    case = given(MARCH_2, opened(), provider())
    case.when(MARCH_2 + 9 * MINUTE, correction("provider_ref", PROVIDER, named("beta-ai"))).then_refused(R41)
    case.when(MARCH_2 + 9 * MINUTE, correction("legal_name", "Alpha AI", "Alpha")).then("RecordCorrected")


# -- Challenges ----------------------------------------------------------------------------------


def test_a_challenge_is_received_once() -> None:
    stream = Stream("challenge", str(named("challenge")))
    received = fact("ChallengeReceived", challenge_ref=stream.key, list_id="1", field="provider_country", on="2026-03-02")
    scenario = Scenario().when(MARCH_2, received, on=stream).then("ChallengeReceived")
    scenario.when(MARCH_2 + MINUTE, received, on=stream).then_fails(AlreadyInRegister, match="recorded already")
