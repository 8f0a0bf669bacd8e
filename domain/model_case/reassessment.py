"""Reassessment of a designation at the provider's request: Article 52(5)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from domain.actors import Role
from domain.clocks import Clock, Start, waiting
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.model_case.case import OFFICER, CaseFact, CommissionDecision, CommissionStep, Filed, Filing, ModelCase
from domain.model_case.decision import informed_at, is_standing, is_undone
from domain.model_case.designation import (
    ModelDesignatedUnder52_4,
    OnAnnexXIII,
    designation_of,
    is_designated_by,
)
from domain.record import Act, Event
from domain.rulings import RULED_BY, Inadmissible
from domain.status import Outcome
from domain.types import Day, DecisionId, Instant, Reason, Ref, RequestId


class ReassessmentRequestReceived(Filing):
    """The provider asked for its designation to be reassessed. Always recorded, then ruled upon."""

    request_id: RequestId
    target_decision_id: DecisionId
    reasons: tuple[Reason, ...] = ()


class ReassessmentRequestRuledInadmissible(Inadmissible):
    """The request has no effect; one that came too early stays inadmissible when the date passes."""

    request_id: RequestId
    first_admissible_on: Day | None = None

    AHEAD: ClassVar[frozenset[str]] = frozenset({"first_admissible_on"})


class ReassessmentRequestRuledAdmissible(CaseFact):
    """The request is to be taken into account (Article 52(5), first sentence)."""

    RECORDED_BY: ClassVar[frozenset[Role]] = RULED_BY

    request_id: RequestId


class ReassessmentRequestWithdrawn(Filed):
    """The provider withdrew its request before a decision; no waiting period starts."""

    request_id: RequestId
    received_at: Instant
    filer_ref: Ref


class ReassessmentOpened(CommissionStep):
    """The Commission decided to reassess."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    request_id: RequestId
    on: Day


class ReassessmentDeclined(CommissionDecision):
    """The Commission decided not to reassess; no new waiting period starts."""

    OUTCOME: ClassVar[Outcome] = "DECLINING"

    request_id: RequestId


class OnReassessment(OnAnnexXIII):
    """A decision following a reassessment."""

    request_id: RequestId
    target_decision_id: DecisionId


class DesignationMaintained(OnReassessment):
    """The designation stays; a new waiting period starts (Article 52(5), fourth sentence)."""

    OUTCOME: ClassVar[Outcome] = "MAINTAINING"


class DesignationLifted(OnReassessment):
    """The designation ends when the provider is informed; other grounds are untouched."""

    OUTCOME: ClassVar[Outcome] = "LIFTING"


# -- Questions ---------------------------------------------------------------------


def request_of(case: ModelCase, request_id: UUID) -> Event[ReassessmentRequestReceived] | None:
    """Return a request by its number."""
    return next((e for e in case.of(ReassessmentRequestReceived) if e.fact.request_id == request_id), None)


def is_admissible(case: ModelCase, request_id: UUID) -> bool:
    """Tell whether the last ruling on a request admitted it."""
    rulings = [
        e.fact for e in case.among(ReassessmentRequestRuledAdmissible, ReassessmentRequestRuledInadmissible) if e.fact.request_id == request_id
    ]
    return bool(rulings) and isinstance(rulings[-1], ReassessmentRequestRuledAdmissible)


def outcomes(case: ModelCase, request_id: UUID) -> list[Event[CommissionDecision]]:
    """Return the standing decisions on a request."""
    found = case.among(ReassessmentDeclined, DesignationMaintained, DesignationLifted)
    return [e for e in found if e.fact.request_id == request_id and is_standing(case, e.fact.decision_id)]


def is_waiting(case: ModelCase, request_id: UUID, law: Law) -> bool:
    """Tell whether an admissible request waits for its decision, or waits again because that was undone."""
    decided = any(not is_undone(case, e.fact.decision_id, law) for e in outcomes(case, request_id))
    return is_maintained(case, request_id) and not decided


def is_unanswered(case: ModelCase, request_id: UUID, law: Law) -> bool:
    """Tell whether an admissible request waits until somebody is informed of its decision: one that is adopted alone changes nothing yet."""
    answered = any(informed_at(case, e.fact.decision_id) and not is_undone(case, e.fact.decision_id, law) for e in outcomes(case, request_id))
    return is_maintained(case, request_id) and not answered


def is_maintained(case: ModelCase, request_id: UUID) -> bool:
    """Tell whether a request was admitted and not withdrawn."""
    return is_admissible(case, request_id) and all(e.fact.request_id != request_id for e in case.of(ReassessmentRequestWithdrawn))


def pending_request(case: ModelCase, act: Act) -> UUID | None:
    """Return the request that waits for a decision while its designation is in force."""
    waiting_ones = (
        e.fact.request_id
        for e in case.of(ReassessmentRequestReceived)
        if is_waiting(case, e.fact.request_id, act.law) and is_designated_by(case, e.fact.target_decision_id, act.at, act.law)
    )
    return next(waiting_ones, None)


# -- Questions: waiting periods, clocks D4 and D5 -----------------------------------


def waiting_base(case: ModelCase, decision: CommissionDecision, law: Law) -> date | None:
    """Return the day from which six months run after a decision: its adoption, by default (Article 52(5))."""
    informed = informed_at(case, decision.decision_id)
    if law.settings["REASSESSMENT_CLOCK_FROM"] == "notified_at":
        return legal_day(informed) if informed else None
    return decision.adopted_on


def bars(case: ModelCase, target: UUID, law: Law, at: datetime) -> Iterator[Clock]:
    """Return the waiting periods of a designation that can be opposed to its provider at a moment: those of decisions notified by then."""
    for clock in waiting_periods(case, target, law, at):
        informed = informed_at(case, clock.about) if clock.about else None
        if informed and informed <= at:
            yield clock


def waiting_periods(case: ModelCase, target: UUID, law: Law, at: datetime) -> Iterator[Clock]:
    """Return clock D4 of a designation and clock D5 of every decision that maintained it, under the readings of the day asked about."""
    law = law.under(legal_day(at))
    designation = designation_of(case, target)
    if designation is None:
        return
    over = informed_at(case, target) is not None and not is_designated_by(case, target, at, law)
    for name, event in [("D4", designation), *(("D5", e) for e in _starting_d5(case, target, law))]:
        base = waiting_base(case, event.fact, law)
        if base:
            start = Start(event.event_id, event.topic, base)
            ended = start if over else None
            yield waiting(name, start, ended=ended, law=law, today=legal_day(at), about=event.fact.decision_id)  # type: ignore[arg-type]


def _starting_d5(case: ModelCase, target: UUID, law: Law) -> Iterator[Event[CommissionDecision]]:
    """Return the decisions that start a new waiting period: those maintaining the designation (a refusal to reassess only by the switch)."""
    for event in case.among(DesignationMaintained, ReassessmentDeclined):
        declined = isinstance(event.fact, ReassessmentDeclined)
        if declined and (event.fact.adopted_on is None or law.settings.on(event.fact.adopted_on)["DECLINED_REASSESSMENT_BAR"] != "six_months"):
            continue
        request = request_of(case, event.fact.request_id)
        undone = is_undone(case, event.fact.decision_id, law) or not is_standing(case, event.fact.decision_id)
        if request and request.fact.target_decision_id == target and not undone:
            yield event


def first_admissible_day(case: ModelCase, target: UUID, law: Law, at: datetime) -> date | None:
    """Return the first day on which a request received now would not be too early."""
    return max((clock.first_admissible for clock in bars(case, target, law, at) if clock.first_admissible), default=None)


def reassessment_clocks(case: ModelCase, law: Law, at: datetime) -> list[Clock]:
    """Return clocks D4 and D5 of every designation, as they stand at a moment."""
    standing = (e for e in case.of(ModelDesignatedUnder52_4) if is_standing(case, e.fact.decision_id))
    return [clock for e in standing for clock in waiting_periods(case, e.fact.decision_id, law, at)]
