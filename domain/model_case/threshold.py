"""When the condition of Article 51(1)(a) is met, or known to be met: Articles 51(1) to (3); Guidelines 2.3.2 and 3.2."""

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from domain.actors import Role
from domain.errors import Malformed, require
from domain.law.provisions import CHAPTER_V, Law
from domain.law.rules import R01
from domain.model_case.case import OFFICER, Arriving, CaseFact, Filed, ModelCase
from domain.record import Act, Event, Facts, decides, recorded
from domain.types import CaseId, Component, Day, EventId, Flop, HearingId, Int, Ref, Sha256, plain

ONE_THIRD_OF_THRESHOLD = Decimal(10**25)
"""Stands for the original's compute where that is unknown and the original has systemic risk (Guidelines 3.2)."""


class ThresholdExpectedToBeMet(Arriving):
    """It became known that the condition will be met: the two weeks start (Article 52(1))."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER
    AHEAD: ClassVar[frozenset[str]] = frozenset({"expected_on"})

    provider_ref: Ref | None = None
    became_known_on: Day
    expected_on: Day | None = None
    estimate_flop: Flop | None = None
    basis: Literal["ALLOCATION_PLAN", "ESTIMATE", "OJ_PUBLICATION"]


class ThresholdMet(Arriving):
    """The condition was met. The model is classified from that day by law, whoever knows it (Article 51(1)(a))."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    compute_flop: Flop
    threshold_version: Int
    source: Literal["PROVIDER", "COMMISSION"]
    kind: Literal["COMPUTE", "DOWNSTREAM_MODIFICATION", "BENCHMARK_OR_INDICATOR"]
    modification_flop: Flop | None = None
    original_flop: Flop | None = None
    original_case_id: CaseId | None = None
    indicator_version: Int | None = None


class ComputeEstimateRevised(Filed):
    """The estimate of the training compute was revised. No effect by itself; it may call for another fact."""

    previous_flop: Flop
    new_flop: Flop
    reason_hash: Sha256
    components: tuple[Component, ...] = ()


class ConditionDateEstablished(CaseFact):
    """On evidence, and after hearing the provider, the condition was met, or became known, on another day than recorded."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    provider_ref: Ref | None = None
    target_event_id: EventId
    condition_met_on: Day | None = None
    became_known_on: Day | None = None
    hearing_id: HearingId | None = None
    evidence_hash: Sha256


class ThresholdFoundNeverMet(CaseFact):
    """The condition was never met: a revised figure, or a training abandoned before. The presumption never existed."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    found_on: Day
    compute_flop: Flop | None = None
    finding: Literal["REVISED_FIGURE", "TRAINING_ABANDONED"]
    evidence_hash: Sha256


# -- Questions ---------------------------------------------------------------------

Met = tuple[date, Event[ThresholdMet]]
Expected = tuple[date, Event[ThresholdExpectedToBeMet]]
Trigger = Met | Expected
"""A day from which the duty to notify runs, with its event."""


def conditions(case: ModelCase) -> list[Met]:
    """Return the days on which the condition was met, as last established, without what was found never met."""
    moved = {e.fact.target_event_id: e.fact.condition_met_on for e in case.of(ConditionDateEstablished) if e.fact.condition_met_on}
    return [(moved.get(e.event_id, e.fact.on), e) for e in case.of(ThresholdMet) if e.version > found_never_met(case)]


def expectations(case: ModelCase) -> list[Expected]:
    """Return the days on which it became known that the condition will be met, likewise."""
    moved = {e.fact.target_event_id: e.fact.became_known_on for e in case.of(ConditionDateEstablished) if e.fact.became_known_on}
    standing = [e for e in case.of(ThresholdExpectedToBeMet) if e.version > found_never_met(case)]
    return [(moved.get(e.event_id, e.fact.became_known_on), e) for e in standing]


def found_never_met(case: ModelCase) -> int:
    """Return the version of the last finding that the condition was never met; 0 while there is none."""
    last = case.last(ThresholdFoundNeverMet)
    return last.version if last else 0


def first_trigger(case: ModelCase, law: Law) -> Trigger | None:
    """
    Return the earlier of the day the condition was met and the day it became known that it will be, with its event (Article 52(1)).

    Publication of a lowered threshold makes it known, whether or not that was recorded, unless the switch LOWERED_THRESHOLD_D1 waits for application.
    """
    known = [(day, event) for day, event in expectations(case) if not (event.fact.basis == "OJ_PUBLICATION" and _waits(law, day))]
    met = [(day if expectations(case) else _known_from(law, day, event.fact), event) for day, event in conditions(case)]
    found: list[Trigger] = [*met, *known]
    return min(found, key=lambda trigger: (trigger[0], trigger[1].version), default=None)


def _known_from(law: Law, day: date, fact: ThresholdMet) -> date:
    """Return the day on which it was known that a condition would be met: for what a lowered threshold met, that of its publication (10.11)."""
    version, before = law.threshold_on(day), law.threshold_on(day - timedelta(days=1))
    if version is None or before is None or fact.kind != "COMPUTE" or version.applies_from != day or fact.compute_flop > before.value_flop:
        return day
    return day if _waits(law, version.published_on) else min(day, version.published_on)


def _waits(law: Law, published_on: date) -> bool:
    return law.settings.on(published_on)["LOWERED_THRESHOLD_D1"] == "application"


# -- Decisions ---------------------------------------------------------------------


@decides(ThresholdExpectedToBeMet)
def expect_threshold(case: ModelCase, act: Act, fact: ThresholdExpectedToBeMet) -> Facts:
    """
    Record that the condition will be met.

    Law: Article 52(1); recital 112. Refuses: R01 an estimate that is not greater than the threshold applying on the day expected.
    """
    if fact.estimate_flop is not None:
        _must_exceed(act, fact.estimate_flop, max(fact.expected_on or fact.became_known_on, CHAPTER_V))
    return recorded(case, act, fact)


@decides(ThresholdMet)
def meet_threshold(case: ModelCase, act: Act, fact: ThresholdMet) -> Facts:
    """
    Record that the condition was met, in exact arithmetic and strictly above the threshold in force on that day.

    Law: Article 51(1)(a), 51(2); Guidelines 3.2.2 for a modification by another provider.
    Refuses: R01. Raises: Malformed for another version than the one in force, or a modification without its compute.
    """
    day = max(fact.on, CHAPTER_V)
    if fact.kind == "COMPUTE":
        _must_exceed(act, fact.compute_flop, day)
    if fact.kind == "DOWNSTREAM_MODIFICATION":
        _must_exceed_one_third(fact)
    in_force = act.law.threshold_on(day)
    if in_force and fact.threshold_version != in_force.version:
        raise Malformed("threshold_version", f"must be {in_force.version}, the version in force on {day}")
    return recorded(case, act, fact)


def _must_exceed(act: Act, flop: Decimal, day: date) -> None:
    threshold = act.law.threshold_on(day)
    require(
        threshold and flop > threshold.value_flop,
        R01,
        f"{plain(flop)} FLOP against {plain(threshold.value_flop) if threshold else 'no threshold'} on {day}.",
    )


def _must_exceed_one_third(fact: ThresholdMet) -> None:
    """Compare three times the modification with the original's compute, so that no division rounds (Guidelines 3.2)."""
    if fact.modification_flop is None:
        raise Malformed("modification_flop", "must state the compute of the modification")
    original = fact.original_flop if fact.original_flop is not None else ONE_THIRD_OF_THRESHOLD
    require(
        3 * fact.modification_flop > original,
        R01,
        f"Three times {plain(fact.modification_flop)} FLOP is not greater than {plain(original)}: the modifier is not the provider of a new model.",
    )
