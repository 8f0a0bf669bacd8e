"""Assessments: structures that add up, are documents, and become the events that record them (procedure 5.11)."""

import json
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import pytest
from pydantic import ValidationError

from api.schemas import ASSESSMENTS, DIALECT, assessment_schema
from domain.actors import Role
from domain.assessment.documents import Evidence
from domain.assessment.filings import Admissibility, ProviderArguments, ReassessmentReasons, explain_admissibility
from domain.assessment.findings import FACTORS, AnnexXIIISheet, EvaluationFactors, Factor, TechnicalAssessment
from domain.assessment.outcome import EXEMPTED, OpenSourceRelease, OutcomeReport, lacking
from domain.assessment.threshold import ThresholdAssessmentReport, assess_threshold
from domain.errors import NotInRegister
from domain.law.provisions import Law
from domain.model_case.arguments import ArgumentsReceived
from domain.model_case.follow_up import (
    AnnexXIIIAssessmentRecorded,
    EvaluationFactorRecorded,
    OpenSourceReleaseRecorded,
    OutcomeReportFiled,
    TechnicalAssessmentRecorded,
    ThresholdAssessmentRecorded,
)
from domain.model_case.reassessment import ReassessmentRequestReceived
from domain.record import Act
from domain.types import ALL_POINTS, Component, exact
from tests.scenario import PROVIDER, actor, brussels, decided, document, fact, given, informed, named, opened, provider, threshold_amended

EVIDENCE = {"title": "A study", "document": document("study")}
IN_2026 = brussels("2026-09-01")


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# -- Every structure is a document ---------------------------------------------------


def test_a_document_is_canonical_and_its_hash_is_of_its_bytes() -> None:
    found = technical(method="Ünusual\r\nmethod")
    assert b"null" not in assessed("2026-03-01", "1e25").document + outcome().document
    assert found.document.startswith(b'{"assessed_by":"THIRD_PARTY","evidence":[{"document":')
    assert json.loads(found.document)["schema_version"] == 1
    assert json.loads(found.document)["method"] == "Ünusual\nmethod"
    assert found.digest == sha256(found.document).hexdigest()
    assert TechnicalAssessment.model_validate_json(found.document) == found


@pytest.mark.parametrize("text", ["", " x", "x\n", "a\x0bb", "a\u2028b", "x" * 20_001, 7, None, ["x"]])
def test_what_is_no_prose(text: object) -> None:
    with pytest.raises(ValidationError, match="method"):
        technical(method=text)


@pytest.mark.parametrize("length", [1, 20_000])
def test_prose_is_one_letter_or_a_report(length: int) -> None:
    assert technical(method="x" * length).method == "x" * length


@pytest.mark.parametrize("name", ASSESSMENTS)
def test_every_structure_has_a_schema_of_its_version(name: str) -> None:
    schema = assessment_schema(name)
    assert (schema["$schema"], schema["$id"]) == (DIALECT, f"/schemas/{name}.json")
    assert schema["properties"]["schema_version"]["const"] == 1
    assert schema["additionalProperties"] is False
    with pytest.raises(ValidationError, match="schema_version"):
        ASSESSMENTS[name].model_validate({"schema_version": 2})


# -- B2: the threshold ---------------------------------------------------------------


def component(kind: str, flop: str, *, counted: bool = True) -> Component:
    return Component.model_validate({"kind": kind, "flop": flop, "counted": counted})


def law_of(*facts: Any) -> Law:
    scenario = given(brussels("2026-01-05"), *facts)  # kept: its store closes with it
    return scenario.registry.law(IN_2026)


def assessed(on: str, *flops: str, law: Law | None = None) -> ThresholdAssessmentReport:
    parts = tuple(component("PRETRAINING", each) for each in flops)
    return assess_threshold(date.fromisoformat(on), "HARDWARE", parts, law or law_of(), evidence=(Evidence.model_validate(EVIDENCE),))


@pytest.mark.parametrize(("flops", "above"), [(("1e25",), False), (("1e25", "1"), True), (("9.9e24", "1e23"), False)])
def test_a_report_is_held_against_the_threshold_strictly(flops: tuple[str, ...], above: bool) -> None:
    assert assessed("2026-03-01", *flops).above_threshold is above


def test_the_threshold_in_force_on_the_day_decides() -> None:
    law = law_of(threshold_amended(2, "1e26", "2026-07-01"))
    before, after, long_before = (assessed(day, "2e25", law=law) for day in ("2026-06-30", "2026-07-01", "2024-01-01"))
    assert (before.threshold_version, before.above_threshold) == (1, True)
    assert (after.threshold_version, after.above_threshold) == (2, False)
    assert (long_before.threshold_version, long_before.threshold_flop) == (1, exact("1e25"))


def test_without_a_threshold_there_is_no_report() -> None:
    with pytest.raises(NotInRegister, match="no threshold"):
        assessed("2026-03-01", "1e25", law=Law())


def test_a_report_that_does_not_add_up_is_refused() -> None:
    plain = assessed("2026-03-01", "1e25", "1").model_dump(mode="json")
    with pytest.raises(ValidationError, match="sum of the counted components"):
        ThresholdAssessmentReport.model_validate({**plain, "result_flop": "1e25"})
    with pytest.raises(ValidationError, match="strictly greater"):
        ThresholdAssessmentReport.model_validate({**plain, "above_threshold": False})


def test_what_does_not_count_is_listed_and_not_added() -> None:
    parts = (component("PRETRAINING", "1.1e25"), component("EVALUATION_OR_RED_TEAMING", "9e24", counted=False))
    report = assess_threshold(date(2026, 3, 1), "OTHER", parts, law_of())
    assert report.result_flop == exact("1.1e25")
    (event,) = report.to_events()
    assert isinstance(event, ThresholdAssessmentRecorded)
    assert (event.components, event.method, event.result_flop, event.threshold_version) == (parts, "OTHER", exact("1.1e25"), 1)
    assert event.documents == (report.digest,)


# -- B3: Annex XIII ------------------------------------------------------------------


def sheet(points: str = "abcdefg", *, unknown: str = "", users: int | None = None) -> AnnexXIIISheet:
    found = [{"point": each, "available": each not in unknown, "finding": "What was found.", "evidence": [EVIDENCE]} for each in points]
    return AnnexXIIISheet.model_validate({"annex_xiii_version": 1, "points": found, "registered_business_users_in_union": users})


@pytest.mark.parametrize(("users", "presumed"), [(None, False), (0, False), (9_999, False), (10_000, True), (10_001, True)])
def test_reach_is_presumed_from_ten_thousand_registered_business_users(users: int | None, presumed: bool) -> None:
    assert sheet(users=users).presumes_reach is presumed


def test_all_seven_points_or_what_is_missing() -> None:
    assert sheet(unknown="g").points_missing == ()
    assert sheet(unknown="g").points_not_available == ("g",)
    assert sheet("abdefg").points_missing == ("c",)


def test_a_point_stands_once_and_does_not_contradict_the_figure() -> None:
    with pytest.raises(ValidationError, match="once"):
        sheet("aab")
    with pytest.raises(ValidationError, match=r"\(f\) cannot be marked as not available"):
        sheet(unknown="f", users=12)


def test_reach_without_a_figure_may_be_unknown() -> None:
    assert sheet(unknown="f").points_not_available == ("f",)
    assert sheet(users=12).points_not_available == ()


def test_a_sheet_is_the_finding_of_its_event() -> None:
    found = sheet(unknown="eg", users=14_200)
    (event,) = found.to_events()
    assert isinstance(event, AnnexXIIIAssessmentRecorded)
    assert (event.points_considered, event.points_not_available) == (ALL_POINTS, ("e", "g"))
    assert (event.findings_hash, event.registered_business_users_in_union) == (found.digest, 14_200)
    assert event.documents == (document("study"),)
    assert found.to_store() == {found.digest: found.document}


# -- B4 and B5: factors, technical assessments ----------------------------------------


def test_every_factor_is_an_event_with_its_own_finding() -> None:
    one = {"finding": "Found.", "figures": [{"what": "parameters", "value": "7.3e10"}], "evidence": [EVIDENCE]}
    found = EvaluationFactors.model_validate({"findings": [{**one, "factor": factor} for factor in FACTORS]})
    events = found.to_events()
    assert [event.factor for event in events if isinstance(event, EvaluationFactorRecorded)] == list(FACTORS)
    for event, finding in zip(events, found.findings, strict=True):
        assert isinstance(event, EvaluationFactorRecorded)
        assert event.finding_hash == finding.digest
        assert event.documents == (found.digest, document("study"))
        assert found.to_store()[finding.digest] == finding.document
    assert set(FACTORS) == set(Factor.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [0, 1])
def test_an_evaluation_may_look_at_one_factor_and_not_at_none(number: int) -> None:
    findings = [{"factor": "TOOLS", "finding": "Found."}] * number
    if number:
        assert len(EvaluationFactors.model_validate({"findings": findings}).to_events()) == 1
    else:
        with pytest.raises(ValidationError, match="findings"):
            EvaluationFactors.model_validate({"findings": findings})


def technical(**changed: Any) -> TechnicalAssessment:
    stated = {"kind": "ADVERSARIAL", "assessed_by": "THIRD_PARTY", "method": "Two teams.", "outcome": "Three findings.", "evidence": [EVIDENCE]}
    return TechnicalAssessment.model_validate({**stated, **changed})


def test_method_and_outcome_are_documents_of_their_own() -> None:
    found = technical()
    (event,) = found.to_events()
    assert isinstance(event, TechnicalAssessmentRecorded)
    assert (event.kind, event.assessed_by) == ("ADVERSARIAL", "THIRD_PARTY")
    assert (event.method_hash, event.outcome_hash) == (digest("Two teams."), digest("Three findings."))
    assert event.documents == (found.digest, document("study"))
    assert set(found.to_store()) == {found.digest, event.method_hash, event.outcome_hash}


# -- B8: arguments -------------------------------------------------------------------


def arguments(*, mitigations: bool = False, evidence: tuple[Any, ...] = (EVIDENCE,)) -> ProviderArguments:
    claim = {"claim": "NO_HIGH_IMPACT_CAPABILITIES", "text": "It plays chess.", "evidence": evidence}
    return ProviderArguments.model_validate({"claims": [claim, claim], "capabilities": "ACHIEVED", "relies_on_mitigations": mitigations})


def test_mitigations_are_warned_of_and_not_refused() -> None:
    assert arguments().warnings == ()
    (warning,) = arguments(mitigations=True).warnings
    assert "not suitable grounds" in warning
    assert "Guidelines 2.3.3" in warning


def test_a_claim_without_evidence_is_pointed_out() -> None:
    assert [words.split(" names")[0] for words in arguments(evidence=()).warnings] == ["Claim 1", "Claim 2"]


def test_arguments_are_recorded_item_by_item() -> None:
    found = arguments()
    (event,) = found.to_events(submission_id=named("notice"), received_at=IN_2026)
    assert isinstance(event, ArgumentsReceived)
    assert event.claims == ("NO_HIGH_IMPACT_CAPABILITIES",)
    assert [(item.text_hash, item.documents) for item in event.claim_items] == [(digest("It plays chess."), (document("study"),))] * 2
    assert (event.capabilities, event.relies_on_mitigations, event.documents) == ("ACHIEVED", False, (found.digest,))
    assert set(found.to_store()) == {found.digest, digest("It plays chess.")}


# -- B9: reasons for a reassessment ---------------------------------------------------


def reasons(*days: str) -> ReassessmentReasons:
    stated = [{"text": f"Since {day}.", "arose_on": day, "point": "c", "evidence": [EVIDENCE]} for day in days]
    return ReassessmentReasons.model_validate({"reasons": stated})


def explained(received_at: datetime, *days: str, target: str = "designation") -> Admissibility:
    """Explain a request after a designation that was adopted on 31 August 2026 and notified on 5 September."""
    designation = decided("ModelDesignatedUnder52_4", "designation", "2026-08-31")
    scenario = given(brussels("2026-09-05", 9), opened(), provider(), designation, informed("designation", brussels("2026-09-05", 9)))
    filing = {
        "request_id": named("request"), "target_decision_id": named(target), "received_at": received_at, "provider_ref": PROVIDER,
        "filer_ref": PROVIDER, "filer_role": "PROVIDER", "channel": "EU_SEND",
    }  # fmt: skip
    (request,) = reasons(*days).to_events(**filing)
    assert isinstance(request, ReassessmentRequestReceived)
    act = Act(actor(Role.CASE_OFFICER), received_at, scenario.registry.law(received_at))
    return explain_admissibility(scenario.case(), act, request)


def test_a_request_one_day_early_is_explained_with_its_arithmetic() -> None:
    found = explained(brussels("2027-02-28", 23, 59), "2026-12-01")
    assert found.rule is not None
    assert found.rule.code == "R14"
    assert found.first_admissible_on == date(2027, 3, 1)
    assert any("D4" in words and "28 February 2027" in words for words in found.sentences)
    assert "first admissible day is Monday 1 March 2027, so it is too early" in found.sentences[1]
    assert "would be ruled inadmissible" in found.sentences[-1]
    assert "R14" in found.sentences[-1]


def test_a_request_on_the_first_admissible_day_is_admissible() -> None:
    found = explained(brussels("2027-03-01", 0), "2026-12-01")
    assert found.admissible
    assert "so it is not too early" in found.sentences[1]
    assert "it has arisen since" in found.sentences[2]
    assert "may decide to reassess" in found.sentences[-1]


@pytest.mark.parametrize(("arose_on", "code"), [("2026-08-31", "R15"), ("2026-09-01", None), ("2027-03-01", None), ("2027-03-02", "R15")])
def test_a_reason_must_have_arisen_since_the_designation_and_before_the_request(arose_on: str, code: str | None) -> None:
    found = explained(brussels("2027-03-01"), arose_on)
    assert (found.rule.code if found.rule else None) == code


def test_each_reason_is_explained_and_one_new_one_is_enough() -> None:
    found = explained(brussels("2027-03-01"), "2026-08-31", "2026-09-01")
    assert found.admissible
    assert [words.split(" arose")[0] for words in found.sentences if words.startswith("Reason")] == ["Reason 1", "Reason 2"]
    assert found.sentences[2].endswith("it has not arisen since.")


def test_a_reason_after_the_receipt_is_explained_as_that() -> None:
    (_, _, reason, _) = explained(brussels("2027-03-01"), "2027-03-02").sentences
    assert reason.startswith("Reason 1 arose on Tuesday 2 March 2027: it lies after the receipt of the request")


def test_a_request_without_reasons_or_without_a_designation() -> None:
    empty, stranger = explained(brussels("2027-03-01")), explained(brussels("2027-03-01"), "2026-12-01", target="another")
    assert empty.rule is not None
    assert empty.rule.code == "R15"
    assert "The request gives no reason." in empty.sentences
    assert stranger.rule is not None
    assert stranger.rule.code == "R13"
    assert "The request names no designation under Article 52(4)." in stranger.sentences


# -- B10: outcome reports -------------------------------------------------------------


def outcome(**changed: Any) -> OutcomeReport:
    evidence = [{**EVIDENCE, "assessment": "Convincing."}, {"title": "Others' secret", "document": document("secret"), "open_to_provider": False}]
    stated = {"decision_id": named("decision"), "commission_ref": "C(2026) 1", "rationale": "Why.", "analysis": "How.", "evidence": evidence}
    return OutcomeReport.model_validate({**stated, **changed})


def test_the_provider_sees_what_is_not_others() -> None:
    shown = outcome(follow_up="A report each year.").for_provider
    assert [each.title for each in shown.evidence] == ["A study"]
    assert shown.evidence_withheld == 1
    assert document("secret").encode() not in shown.document
    assert str(named("decision")).encode() not in shown.document


def test_there_is_a_public_version_only_where_it_was_cleared() -> None:
    assert outcome(public_summary="In short.").for_public is None
    public = outcome(public_summary="In short.", cleared_for_publication=True).for_public
    assert public is not None
    assert json.loads(public.document) == {"schema_version": 1, "commission_ref": "C(2026) 1", "summary": "In short."}
    with pytest.raises(ValidationError, match="no public_summary"):
        outcome(cleared_for_publication=True)


def test_a_report_is_filed_with_its_versions() -> None:
    report = outcome(follow_up="Next.", public_summary="In short.", cleared_for_publication=True)
    (event,) = report.to_events()
    assert isinstance(event, OutcomeReportFiled)
    assert (event.rationale_hash, event.follow_up_hash) == (digest("Why."), digest("Next."))
    assert event.documents == (report.digest, report.for_provider.digest, document("study"), document("secret"))
    assert report.for_public is not None
    assert event.public_version_hash == report.for_public.digest
    hashes = {report.digest, report.for_provider.digest, event.public_version_hash, event.rationale_hash, event.follow_up_hash}
    assert set(report.to_store()) == hashes
    (plain,) = outcome().to_events()
    assert isinstance(plain, OutcomeReportFiled)
    assert (plain.follow_up_hash, plain.public_version_hash) == (None, None)
    assert set(outcome().to_store()) == {outcome().digest, outcome().for_provider.digest, digest("Why.")}


# -- B12: open source -----------------------------------------------------------------

FREE = ["ACCESS", "USAGE", "MODIFICATION", "DISTRIBUTION"]


def release(**changed: Any) -> OpenSourceRelease:
    public = {"weights_public": True, "architecture_public": True, "usage_public": True, "monetised": False}
    return OpenSourceRelease.model_validate({"licence": "EUPL-1.2", "permits": FREE, **public, "on": "2026-05-05", **changed})


def test_exemptions_fall_away_on_classification() -> None:
    assert release().exempts_from(classified=False) == EXEMPTED == ("53(1)(a)", "53(1)(b)", "54")
    assert release().exempts_from(classified=True) == ()


@pytest.mark.parametrize("changed", [{"weights_public": False}, {"architecture_public": False}, {"usage_public": False}, {"monetised": True}])
def test_a_release_that_keeps_something_back_exempts_from_nothing(changed: dict[str, bool]) -> None:
    assert release(**changed).exempts_from(classified=False) == ()
    assert len(lacking(release(**changed))) == 1


@pytest.mark.parametrize("barred", FREE)
def test_a_licence_that_bars_something_is_not_free(barred: str) -> None:
    with pytest.raises(ValidationError, match=f"does not allow {barred.lower()}"):
        release(permits=[each for each in FREE if each != barred])


def test_a_release_is_recorded() -> None:
    (event,) = release().to_events()
    assert event == fact(
        "OpenSourceReleaseRecorded", licence="EUPL-1.2", weights_public=True, architecture_public=True, usage_public=True, monetised=False,
        on="2026-05-05",
    )  # fmt: skip
    assert isinstance(event, OpenSourceReleaseRecorded)
