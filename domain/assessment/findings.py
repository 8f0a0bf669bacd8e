"""Findings on a model: the criteria of Annex XIII, evaluation factors, technical assessments, systemic risks (Articles 51(1)(b), 52(4), (5))."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from domain.assessment.documents import Evidence, Prose, Structure, document_of, hashes
from domain.law.taxonomy import ASPECTS, USERS_PRESUMING_REACH, Taxonomy
from domain.model_case.follow_up import AnnexXIIIAssessmentRecorded, EvaluationFactorRecorded, RiskFindingRecorded, TechnicalAssessmentRecorded
from domain.record import Fact
from domain.types import ALL_POINTS, Bool, Flop, Int, Payload, Point, Text

# -- The criteria of Annex XIII --------------------------------------------------


class PointFinding(Payload):
    """What was found on one point, or why nothing could be."""

    point: Point
    available: Bool
    finding: Prose
    evidence: tuple[Evidence, ...] = ()


class AnnexXIIISheet(Structure):
    """The assessment of a model on the criteria of Annex XIII, point by point (Article 52(4))."""

    annex_xiii_version: Int
    points: tuple[PointFinding, ...]
    registered_business_users_in_union: Int | None = None

    @model_validator(mode="after")
    def _each_point_once(self) -> Self:
        if len(set(self.points_considered)) < len(self.points):
            raise ValueError("points must name each point of Annex XIII once")
        if self.registered_business_users_in_union is not None and "f" in self.points_not_available:
            raise ValueError("points: (f) cannot be marked as not available when registered_business_users_in_union is given")
        return self

    @property
    def points_considered(self) -> tuple[Point, ...]:
        """The points considered, those without data included."""
        return tuple(each.point for each in self.points)

    @property
    def points_not_available(self) -> tuple[Point, ...]:
        """The points on which there are no data."""
        return tuple(each.point for each in self.points if not each.available)

    @property
    def points_missing(self) -> tuple[Point, ...]:
        """The points not considered; a designation, and a decision after a reassessment, need all seven (R10)."""
        return tuple(point for point in ALL_POINTS if point not in self.points_considered)

    @property
    def presumes_reach(self) -> bool:
        """Whether a high impact due to reach is presumed under point (f): one criterion of seven, and never a classification."""
        users = self.registered_business_users_in_union
        return users is not None and users >= USERS_PRESUMING_REACH

    def to_events(self) -> tuple[Fact, ...]:
        """Return the event that records the sheet; the sheet is its findings."""
        return (
            AnnexXIIIAssessmentRecorded(
                annex_xiii_version=self.annex_xiii_version, points_considered=self.points_considered, points_not_available=self.points_not_available,
                findings_hash=self.digest, registered_business_users_in_union=self.registered_business_users_in_union,
                documents=hashes(evidence for each in self.points for evidence in each.evidence),
            ),
        )  # fmt: skip


# -- Evaluation factors ----------------------------------------------------------

Factor = Literal["DATA_AND_PARAMETERS", "COMPUTATION_AND_MODALITIES", "AUTONOMY_AND_SCALABILITY", "REACH_AND_MARKET_IMPACT", "TOOLS"]
FACTORS: Mapping[Factor, str] = {
    "DATA_AND_PARAMETERS": "Data and parameters",
    "COMPUTATION_AND_MODALITIES": "Computation and modalities",
    "AUTONOMY_AND_SCALABILITY": "Autonomy, adaptability and scalability",
    "REACH_AND_MARKET_IMPACT": "Reach and market impact",
    "TOOLS": "Tools it can use",
}


class Figure(Payload):
    """An exact number with what it measures."""

    what: Text
    value: Flop
    unit: Text | None = None


class FactorFinding(Structure):
    """What was found on one factor, in words and figures."""

    factor: Factor
    point: Point | None = None
    finding: Prose
    figures: tuple[Figure, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class EvaluationFactors(Structure):
    """The factors of an evaluation, each a finding and an event of its own."""

    findings: tuple[FactorFinding, ...] = Field(min_length=1)

    def to_events(self) -> tuple[Fact, ...]:
        """Return one event for each finding."""
        return tuple(
            EvaluationFactorRecorded(factor=each.factor, point=each.point, finding_hash=each.digest, documents=(self.digest, *hashes(each.evidence)))
            for each in self.findings
        )

    def to_store(self) -> dict[str, bytes]:
        return {**super().to_store(), **{each.digest: each.document for each in self.findings}}


# -- Technical assessments, findings on risk -----------------------------


class TechnicalAssessment(Structure):
    """A test of performance, or of robustness, or by adversaries: by whom, how, with what outcome."""

    kind: Literal["PERFORMANCE", "ADVERSARIAL", "ROBUSTNESS", "OTHER"]
    assessed_by: Literal["PROVIDER", "COMMISSION", "THIRD_PARTY"]
    method: Prose
    outcome: Prose
    evidence: tuple[Evidence, ...] = ()

    def to_events(self) -> tuple[Fact, ...]:
        """Return the event that records the assessment."""
        (method, _), (outcome, _) = document_of(self.method), document_of(self.outcome)
        named = (self.digest, *hashes(self.evidence))
        return (TechnicalAssessmentRecorded(kind=self.kind, assessed_by=self.assessed_by, method_hash=method, outcome_hash=outcome, documents=named),)

    def to_store(self) -> dict[str, bytes]:
        return {**super().to_store(), **dict(map(document_of, (self.method, self.outcome)))}


class RiskFinding(Structure):
    """A finding on systemic risk; read it with its taxonomy as the context, because an unknown term is refused."""

    taxonomy_version: Int
    risk_types: tuple[Text, ...] = Field(min_length=1)
    nature: tuple[Text, ...] = ()
    risk_sources: tuple[Text, ...] = ()
    finding: Prose
    evidence: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def _in_words_of_the_taxonomy(self, info: ValidationInfo) -> Self:
        if not isinstance(info.context, Taxonomy) or info.context.version != self.taxonomy_version:
            raise ValueError(f"taxonomy_version: a finding is read with the taxonomy it is written in, version {self.taxonomy_version}")
        for aspect in ASPECTS:
            info.context.refuse_unknown(aspect, getattr(self, aspect))
        return self

    def to_events(self) -> tuple[Fact, ...]:
        """Return the event that records the finding."""
        words: dict[str, Any] = {aspect: getattr(self, aspect) for aspect in ASPECTS}
        return (RiskFindingRecorded(taxonomy_version=self.taxonomy_version, **words, documents=(self.digest, *hashes(self.evidence))),)
