"""Renotification after an acceptance, and information that the Commission asks for: Guidelines 2.3.3; Articles 53(3) and 91."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from domain.actors import Role
from domain.clocks import Clock, Start, information
from domain.errors import AlreadyInRegister, NotInRegister, require
from domain.law.periods import legal_day
from domain.law.provisions import CHAPTER_IX
from domain.law.rules import R26, R30, R34, Rule
from domain.model_case.arguments import ArgumentsAccepted, acceptance_in_force
from domain.model_case.case import OFFICER, CommissionStep, Filed, ModelCase, must_be_open
from domain.model_case.notification import RenotificationReceived, must_be_new
from domain.model_case.provider import is_mandated
from domain.record import Act, Event, Facts, decides
from domain.rulings import SubmissionRuledInadmissible, ruled
from domain.types import Day, InformationRequestId, Instant, Sha256, SubmissionId


class SupplementaryInformationRequested(CommissionStep):
    """The Commission asked for information, on a legal basis, for a purpose, by a day (Article 91(4))."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER
    AHEAD: ClassVar[frozenset[str]] = frozenset({"supply_by"})

    information_request_id: InformationRequestId
    request_basis: Literal["53(3)", "91"]
    submission_id: SubmissionId | None = None
    purpose_hash: Sha256
    supply_by: Day


class SupplementaryInformationReceived(Filed):
    """The provider answered. It substantiates arguments already filed; new claims in it have no effect."""

    information_request_id: InformationRequestId
    received_at: Instant
    documents: tuple[Sha256, ...] = ()


# -- Questions ---------------------------------------------------------------------


def information_clocks(case: ModelCase, today: date) -> list[Clock]:
    """Return clock D8 of every request for information."""
    return [_clock(case, e, today) for e in case.of(SupplementaryInformationRequested)]


def _clock(case: ModelCase, request: Event[SupplementaryInformationRequested], today: date) -> Clock:
    answers = [e for e in case.of(SupplementaryInformationReceived) if e.fact.information_request_id == request.fact.information_request_id]
    received = [Start(e.event_id, e.topic, legal_day(e.fact.received_at)) for e in answers if legal_day(e.fact.received_at) <= today]
    start = Start(request.event_id, request.topic, legal_day(request.recorded_at))
    return information(start, request.fact.supply_by, received[0] if received else None, today=today, about=request.fact.information_request_id)


def _request_of(case: ModelCase, request_id: UUID) -> Event[SupplementaryInformationRequested] | None:
    return next((e for e in case.of(SupplementaryInformationRequested) if e.fact.information_request_id == request_id), None)


# -- Decisions ---------------------------------------------------------------------


@decides(RenotificationReceived)
def receive_renotification(case: ModelCase, act: Act, fact: RenotificationReceived) -> Facts:
    """
    Record a renotification; with arguments it opens the question again, while the first acceptance stands.

    Law: Guidelines 2.3.3. Rules: R30 no mandate; R34 no acceptance in force.
    """
    must_be_new(case, fact.submission_id)
    bar = _bar_to_renotification(case, act, fact)
    return (fact,) if bar is None else (fact, SubmissionRuledInadmissible(submission_id=fact.submission_id, **ruled(bar)))


def _bar_to_renotification(case: ModelCase, act: Act, fact: RenotificationReceived) -> Rule | None:
    then = Act(act.actor, fact.received_at, act.law)
    accepted = any(e.fact.decision_id == fact.target_decision_id for e in case.of(ArgumentsAccepted))
    if not is_mandated(case, fact):
        return R30
    return None if accepted and acceptance_in_force(case, fact.target_decision_id, then) else R34


@decides(SupplementaryInformationRequested)
def request_information(case: ModelCase, act: Act, fact: SupplementaryInformationRequested) -> Facts:
    """
    Record a request for information.

    Law: Articles 53(3), 91, 113. Refuses: R26 a request under Article 91 before it applied.
    """
    must_be_open(case)
    require(fact.request_basis != "91" or act.day >= CHAPTER_IX, R26)
    if _request_of(case, fact.information_request_id):
        raise AlreadyInRegister("This information_request_id belongs to a request already recorded.")
    return (fact,)


@decides(SupplementaryInformationReceived)
def receive_information(case: ModelCase, act: Act, fact: SupplementaryInformationReceived) -> Facts:
    """Record an answer. Raises: NotInRegister for an unknown request."""
    if _request_of(case, fact.information_request_id) is None:
        raise NotInRegister("information_request_id names no request of this case")
    return (fact,)
