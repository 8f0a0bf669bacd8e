"""Assessment and follow-up: none of these changes a status; all may be sources of a designation or reassessment (procedure 5.11)."""

from typing import ClassVar, Literal

from domain.actors import Role
from domain.errors import AlreadyInRegister, NotInRegister
from domain.model_case.case import OFFICER, CaseFact, ModelCase, Submission, decision_of, must_be_open
from domain.record import Act, Facts, decides
from domain.types import (
    Bool,
    Component,
    Day,
    DecisionId,
    Flop,
    Int,
    ListId,
    MeasureId,
    Point,
    ReviewId,
    Sha256,
    Text,
)


class ListingRecorded(CaseFact):
    """Marker, in the same save as the entry, by which a change of the list cannot race a change of the case."""

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.SYSTEM})

    list_id: ListId
    action: Literal["PUBLISHED", "UPDATED", "REMOVED", "CORRECTED"]


def list_id_of(case: ModelCase) -> str | None:
    """Return the number under which the model stands, or stood, on the list."""
    last = case.last(ListingRecorded)
    return last.fact.list_id if last else None


# -- Assessments -------------------------------------------------------------------


class Assessment(CaseFact):
    """A finding of the officer."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER


class ThresholdAssessmentRecorded(Assessment):
    """The training compute was assessed, component by component (Guidelines, annex)."""

    components: tuple[Component, ...] = ()
    method: Literal["HARDWARE", "ARCHITECTURE", "OTHER"]
    result_flop: Flop
    threshold_version: Int
    documents: tuple[Sha256, ...] = ()


class AnnexXIIIAssessmentRecorded(Assessment):
    """The criteria of Annex XIII were assessed; 10 000 registered business users presume reach under point (f), nothing more."""

    annex_xiii_version: Int
    points_considered: tuple[Point, ...] = ()
    points_not_available: tuple[Point, ...] = ()
    findings_hash: Sha256
    registered_business_users_in_union: Int | None = None
    documents: tuple[Sha256, ...] = ()


class TechnicalAssessmentRecorded(Assessment):
    """A technical assessment was recorded: by whom, how, with what outcome."""

    kind: Literal["PERFORMANCE", "ADVERSARIAL", "ROBUSTNESS", "OTHER"]
    assessed_by: Literal["PROVIDER", "COMMISSION", "THIRD_PARTY"]
    method_hash: Sha256
    outcome_hash: Sha256
    documents: tuple[Sha256, ...] = ()


class EvaluationFactorRecorded(Assessment):
    """One factor of the evaluation was recorded."""

    factor: Literal["DATA_AND_PARAMETERS", "COMPUTATION_AND_MODALITIES", "AUTONOMY_AND_SCALABILITY", "REACH_AND_MARKET_IMPACT", "TOOLS"]
    point: Point | None = None
    finding_hash: Sha256
    documents: tuple[Sha256, ...] = ()


class RiskFindingRecorded(Assessment):
    """A finding on systemic risk was recorded, in the words of a version of the taxonomy."""

    taxonomy_version: Int
    risk_types: tuple[Text, ...] = ()
    nature: tuple[Text, ...] = ()
    risk_sources: tuple[Text, ...] = ()
    documents: tuple[Sha256, ...] = ()


class OpenSourceReleaseRecorded(Assessment):
    """The facts of an open-source release; its exemptions fall away on classification (Articles 53(2), 54(6))."""

    licence: Text
    weights_public: Bool
    architecture_public: Bool
    usage_public: Bool
    monetised: Bool
    on: Day


# -- Filings after classification ----------------------------------------------------


class SeriousIncidentReported(Submission):
    """The provider reported a serious incident (Article 55(1), point (c))."""

    occurred_on: Day
    became_known_on: Day
    summary_hash: Sha256
    corrective_measures_hash: Sha256 | None = None


class EvaluationReportReceived(Submission):
    """The provider sent an evaluation report."""


class PeriodicUpdateReceived(Submission):
    """The provider sent a periodic update."""


class ComplaintReceived(Submission):
    """A downstream provider complained (Article 89(2))."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER


# -- Measures, reviews, reports --------------------------------------------------------


class FollowUpMeasureSet(Assessment):
    """A follow-up measure was set."""

    AHEAD: ClassVar[frozenset[str]] = frozenset({"due_on"})

    measure_id: MeasureId
    on: Day
    due_on: Day | None = None
    measure_hash: Sha256


class FollowUpMeasureClosed(Assessment):
    """A follow-up measure was closed."""

    measure_id: MeasureId
    on: Day
    outcome_hash: Sha256 | None = None


class OwnMotionReviewOpened(Assessment):
    """The Commission began a review of its own motion."""

    review_id: ReviewId
    on: Day
    target_decision_id: DecisionId | None = None


class OwnMotionReviewClosed(Assessment):
    """A review of its own motion ended."""

    review_id: ReviewId
    on: Day
    outcome: Literal["NOTHING_FURTHER", "REVOCATION", "DESIGNATION"]


class OutcomeReportFiled(Assessment):
    """The report on a decision: rationale, evidence, analysis, follow-up; a public version where cleared."""

    decision_id: DecisionId
    rationale_hash: Sha256
    documents: tuple[Sha256, ...] = ()
    follow_up_hash: Sha256 | None = None
    public_version_hash: Sha256 | None = None


@decides(FollowUpMeasureSet, FollowUpMeasureClosed)
def follow_up(case: ModelCase, act: Act, fact: FollowUpMeasureSet | FollowUpMeasureClosed) -> Facts:
    """Record a measure, or its end. Raises: AlreadyInRegister for a number in use or a measure closed, NotInRegister for an unknown one."""
    must_be_open(case)
    known = any(e.fact.measure_id == fact.measure_id for e in case.of(FollowUpMeasureSet))
    closed = any(e.fact.measure_id == fact.measure_id for e in case.of(FollowUpMeasureClosed))
    _must_fit(known, closed, opening=isinstance(fact, FollowUpMeasureSet), name="measure_id")
    return (fact,)


@decides(OwnMotionReviewOpened, OwnMotionReviewClosed)
def review(case: ModelCase, act: Act, fact: OwnMotionReviewOpened | OwnMotionReviewClosed) -> Facts:
    """Record a review, or its end. Raises: AlreadyInRegister for a number in use or a review closed, NotInRegister for an unknown one."""
    must_be_open(case)
    known = any(e.fact.review_id == fact.review_id for e in case.of(OwnMotionReviewOpened))
    closed = any(e.fact.review_id == fact.review_id for e in case.of(OwnMotionReviewClosed))
    _must_fit(known, closed, opening=isinstance(fact, OwnMotionReviewOpened), name="review_id")
    return (fact,)


def _must_fit(known: bool, closed: bool, *, opening: bool, name: str) -> None:
    if opening and known:
        raise AlreadyInRegister(f"This {name} is in use.")
    if not opening and not known:
        raise NotInRegister(f"{name} names nothing that is open in this case")
    if closed:
        raise AlreadyInRegister("It is closed already.")


@decides(OutcomeReportFiled)
def file_report(case: ModelCase, act: Act, fact: OutcomeReportFiled) -> Facts:
    """Record the report on a decision. Raises: NotInRegister for an unknown decision."""
    if decision_of(case, fact.decision_id) is None:
        raise NotInRegister("decision_id names no decision of this case")
    return (fact,)
