"""Assessing the training compute: Article 51(2); Guidelines, annex."""

from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from domain import compute
from domain.assessment.documents import Evidence, Structure, hashes
from domain.errors import NotInRegister
from domain.law.provisions import CHAPTER_V, Law
from domain.model_case.follow_up import ThresholdAssessmentRecorded
from domain.record import Fact
from domain.types import Bool, Component, Day, DecimalText, Flop, Int

Method = Literal["HARDWARE", "ARCHITECTURE", "OTHER"]


class ThresholdAssessmentReport(Structure):
    """The training compute of a model, component by component, held against the threshold in force on a day (Guidelines, annex)."""

    on: Day
    method: Method
    components: tuple[Component, ...] = Field(min_length=1)
    error_margin_pct: DecimalText | None = None
    result_flop: Flop
    threshold_version: Int
    threshold_flop: Flop
    above_threshold: Bool
    evidence: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.report.estimate != self.result_flop:
            raise ValueError(f"result_flop must be the sum of the counted components, {self.report.estimate:f}")
        if self.report.above_threshold is not self.above_threshold:
            raise ValueError("above_threshold must say whether the unrounded result is strictly greater than the threshold (Article 51(2))")
        return self

    @property
    def report(self) -> compute.Report:
        """The sum with its two significant figures and its warnings."""
        return compute.total(self.components, margin=self.error_margin_pct, threshold=self.threshold_flop)

    def to_events(self) -> tuple[Fact, ...]:
        """Return the event that records the report."""
        return (
            ThresholdAssessmentRecorded(
                components=self.components,
                method=self.method,
                result_flop=self.result_flop,
                threshold_version=self.threshold_version,
                documents=(self.digest, *hashes(self.evidence)),
            ),
        )


def assess_threshold(
    on: date, method: Method, components: tuple[Component, ...], law: Law, *, margin: Decimal | None = None, evidence: tuple[Evidence, ...] = ()
) -> ThresholdAssessmentReport:
    """
    Add up the components and hold the sum against the threshold in force on a day, for earlier days that of 2 August 2025.

    Law: Article 51(2), (3). Raises: NotInRegister when no threshold is recorded for that day.
    """
    threshold = law.threshold_on(max(on, CHAPTER_V))
    if threshold is None:
        raise NotInRegister(f"no threshold is recorded that is in force on {on}")
    found = compute.total(components, margin=margin, threshold=threshold.value_flop)
    return ThresholdAssessmentReport(
        on=on, method=method, components=components, error_margin_pct=margin, result_flop=found.estimate, threshold_version=threshold.version,
        threshold_flop=threshold.value_flop, above_threshold=bool(found.above_threshold), evidence=evidence,
    )  # fmt: skip
