"""Findings about the condition: established on another day, or never met (procedure 5.2)."""

from domain.errors import Malformed, NotInRegister, require
from domain.law.provisions import CHAPTER_V
from domain.law.rules import R23
from domain.model_case.case import CommissionDecision, ModelCase, decisions
from domain.model_case.decision import is_standing, is_undone
from domain.model_case.threshold import (
    ConditionDateEstablished,
    ThresholdExpectedToBeMet,
    ThresholdFoundNeverMet,
    ThresholdMet,
    conditions,
    expectations,
)
from domain.record import Act, Event, Facts, decides
from domain.types import plain


@decides(ConditionDateEstablished)
def establish_condition_date(case: ModelCase, act: Act, fact: ConditionDateEstablished) -> Facts:
    """
    Record the day as established; grounds, D1 and lateness are worked out anew.

    Raises: NotInRegister for a target that is no such fact; Malformed without a day, or with one that the target does not have.
    """
    target = next((e for e in case.among(ThresholdMet, ThresholdExpectedToBeMet) if e.event_id == fact.target_event_id), None)
    if target is None:
        raise NotInRegister("target_event_id names no ThresholdMet or ThresholdExpectedToBeMet of this case")
    wanted = "condition_met_on" if isinstance(target.fact, ThresholdMet) else "became_known_on"
    if getattr(fact, wanted) is None:
        raise Malformed(wanted, f"must state the day established for a {target.topic}")
    return (fact,)


@decides(ThresholdFoundNeverMet)
def find_never_met(case: ModelCase, act: Act, fact: ThresholdFoundNeverMet) -> Facts:
    """
    Record that the condition was never met.

    Law: Article 51(1)(a), 51(2). Refuses: R23 while a decision stands that rests on the condition. Raises: NotInRegister when nothing of the
    kind is recorded; Malformed for a figure above the threshold.
    """
    if not conditions(case) and not expectations(case):
        raise NotInRegister("nothing says that the condition is, or will be, met")
    require(not resting_decisions(case, act), R23)
    met = conditions(case)
    day = max(met[0][0] if met else fact.found_on, CHAPTER_V)
    threshold = act.law.threshold_on(day)
    if fact.compute_flop is not None and threshold and fact.compute_flop > threshold.value_flop:
        raise Malformed("compute_flop", f"is greater than {plain(threshold.value_flop)}, the threshold on {day}: the condition was met")
    return (fact,)


def resting_decisions(case: ModelCase, act: Act) -> list[Event[CommissionDecision]]:
    """Return the decisions that stand and rest on the condition: rejections, conversions, designations under Article 52(1)."""
    resting = [e for e in decisions(case) if e.fact.OUTCOME in ("REJECTION", "CONVERSION", "DESIGNATION_52_1")]
    return [e for e in resting if is_standing(case, e.fact.decision_id) and not is_undone(case, e.fact.decision_id, act.law)]
