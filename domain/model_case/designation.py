"""Designation for want of notification, and on the criteria of Annex XIII: Article 52(1), last sentence, and Article 52(4)."""

from datetime import date, datetime
from typing import ClassVar, Literal, TypeVar
from uuid import UUID

from domain.actors import Role
from domain.clocks import Start
from domain.errors import AlreadyInRegister, NotInRegister, require
from domain.law.periods import in_words, legal_day
from domain.law.provisions import Law
from domain.law.rules import R08, R09, R10, R11, R12, R40
from domain.model_case.case import OFFICER, CaseFact, CommissionDecision, CommissionStep, ModelCase, refuse_formal_defects
from domain.model_case.decision import decision_facts, informed_at, is_standing, is_undone, pending_decision, refuse_unheard, spans_of_force
from domain.model_case.notification import duty_from, first_notified
from domain.model_case.threshold import conditions, first_trigger, found_never_met
from domain.record import Act, Event, Facts, decides, recorded
from domain.status import CaseFacts, Ground, Outcome, grounds
from domain.types import ALL_POINTS, AlertId, Day, Int, Point, ProceedingId, Sha256

Origin = Literal["EX_OFFICIO", "QUALIFIED_ALERT"]


class DesignationProceedingOpened(CommissionStep):
    """The Commission began to look into a designation."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    proceeding_id: ProceedingId
    on: Day
    basis: Literal["52(1)", "52(4)"]
    origin: Origin
    alert_id: AlertId | None = None
    information_sources: tuple[Sha256, ...] = ()


class DesignationProceedingClosed(CaseFact):
    """A designation proceeding ended."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    proceeding_id: ProceedingId
    on: Day
    outcome: Literal["DESIGNATED", "NOTHING_FURTHER", "NOTIFIED_MEANWHILE"]


class ModelDesignatedUnder52_1(CommissionDecision):
    """The Commission designated a model that it was not notified of; once notified it reaches back to the day the condition was met."""

    OUTCOME: ClassVar[Outcome] = "DESIGNATION_52_1"

    condition_met_on: Day | None = None
    before_deadline_reason_hash: Sha256 | None = None
    evidence: tuple[Sha256, ...] = ()


class OnAnnexXIII(CommissionDecision):
    """A decision taken on the criteria of Annex XIII: every point is considered, some perhaps without data."""

    annex_xiii_version: Int
    points_considered: tuple[Point, ...] | None = None
    points_not_available: tuple[Point, ...] = ()
    findings_hash: Sha256 | None = None


class ModelDesignatedUnder52_4(OnAnnexXIII):
    """The Commission designated the model as presenting systemic risk; effect from when the provider is informed."""

    OUTCOME: ClassVar[Outcome] = "DESIGNATION_52_4"

    origin: Origin
    alert_id: AlertId | None = None


# -- Questions ---------------------------------------------------------------------

D = TypeVar("D", bound=CommissionDecision)


def designation_of(case: ModelCase, decision_id: UUID) -> Event[ModelDesignatedUnder52_4] | None:
    """Return a designation under Article 52(4) by its number."""
    return next((e for e in case.of(ModelDesignatedUnder52_4) if e.fact.decision_id == decision_id), None)


def is_designated_by(case: ModelCase, decision_id: UUID, at: datetime, law: Law) -> bool:
    """Tell whether a designation under Article 52(4) classifies the model at a moment: in force, not lifted."""
    others = tuple(d for d in decision_facts(case) if d.outcome != "DESIGNATION_52_4" or d.id == decision_id)
    found = grounds(CaseFacts(decisions=others), law)
    return any(ground is Ground.DESIGNATED for ground, _ in found.active(at))


def declared_by(case: ModelCase, at: datetime, law: Law) -> bool:
    """Tell whether a designation under Article 52(1) is in force at a moment."""
    return any(_covers(case, e.fact.decision_id, at, law) for e in case.of(ModelDesignatedUnder52_1))


def _covers(case: ModelCase, decision_id: UUID, at: datetime, law: Law) -> bool:
    return any(begin <= at < end for begin, end in spans_of_force(case, decision_id, law))


# -- Decisions ---------------------------------------------------------------------


@decides(DesignationProceedingOpened)
def open_proceeding(case: ModelCase, act: Act, fact: DesignationProceedingOpened) -> Facts:
    """Record that a proceeding was opened. Raises: AlreadyInRegister for a number in use."""
    if any(e.fact.proceeding_id == fact.proceeding_id for e in case.of(DesignationProceedingOpened)):
        raise AlreadyInRegister("This proceeding_id belongs to a proceeding already opened.")
    return recorded(case, act, fact)


@decides(DesignationProceedingClosed)
def close_proceeding(case: ModelCase, act: Act, fact: DesignationProceedingClosed) -> Facts:
    """Record that a proceeding ended. Raises: NotInRegister for an unknown one, AlreadyInRegister for a closed one."""
    if all(e.fact.proceeding_id != fact.proceeding_id for e in case.of(DesignationProceedingOpened)):
        raise NotInRegister("proceeding_id names no proceeding of this case")
    if any(e.fact.proceeding_id == fact.proceeding_id for e in case.of(DesignationProceedingClosed)):
        raise AlreadyInRegister("This proceeding is closed already.")
    return recorded(case, act, fact)


@decides(ModelDesignatedUnder52_1)
def designate_under_52_1(case: ModelCase, act: Act, fact: ModelDesignatedUnder52_1) -> Facts:
    """
    Record the designation of a model that meets the condition and was not notified.

    Law: Article 52(1), last sentence; recital 113; Guidelines 2.3.4.
    Refuses: R06, R31 formal defects; R09 no condition date; R08 notified meanwhile; R12 designated already; R40 before the provider's time expired;
    R05 before the hearing is over.
    """
    refuse_formal_defects(case, act, fact)
    met_on, adopted_on = fact.condition_met_on, fact.adopted_on
    if met_on is None or adopted_on is None or met_on > adopted_on:
        require(False, R09)
        return ()
    require(conditions(case) or not found_never_met(case), R09, "The condition was found never to have been met.")
    first = first_notified(case, act.law)
    require(first is None or legal_day(first[0]) > adopted_on, R08)
    _refuse_second(case, act, fact, case.of(ModelDesignatedUnder52_1))
    if act.law.settings["EARLY_52_1_DESIGNATION"] == "refused" and fact.before_deadline_reason_hash is None:
        _refuse_before_deadline(case, act, met_on, adopted_on)
    refuse_unheard(case, act, fact, "DESIGNATION_52_1")
    return recorded(case, act, fact)


def _refuse_before_deadline(case: ModelCase, act: Act, met_on: date, adopted_on: date) -> None:
    """Refuse the designation unless D1 (D1-L) has expired beyond doubt before its adoption (R40)."""
    trigger = first_trigger(case, act.law)
    since = min(met_on, trigger[0]) if trigger else met_on
    clock = duty_from(case, act.law, adopted_on, Start(trigger[1].event_id if trigger else UUID(int=0), "", since))
    last = clock.due
    expired = last is not None and last < adopted_on and not clock.provisional
    require(expired, R40, f"It runs until {in_words(last)}{' (provisional)' if clock.provisional else ''}." if last else "")


@decides(ModelDesignatedUnder52_4)
def designate_under_52_4(case: ModelCase, act: Act, fact: ModelDesignatedUnder52_4) -> Facts:
    """
    Record the Commission's designation, ex officio or following a qualified alert.

    Law: Article 52(4); Annex XIII. A cleared model, or one already presumed, may be designated too (Article 51(1), "any").
    Refuses: R06, R31 formal defects; R10 an incomplete assessment; R11 an alert that cannot carry it; R12 a second designation; R05 before
    the hearing is over.
    """
    refuse_formal_defects(case, act, fact)
    refuse_incomplete_assessment(act, fact)
    require(fact.origin == "EX_OFFICIO" or fact.alert_id, R11)
    in_force = [e for e in case.of(ModelDesignatedUnder52_4) if not _is_over(case, e.fact.decision_id, act)]
    _refuse_second(case, act, fact, in_force)
    refuse_unheard(case, act, fact, "DESIGNATION_52_4")
    return recorded(case, act, fact)


def _is_over(case: ModelCase, decision_id: UUID, act: Act) -> bool:
    """Tell whether a notified designation no longer classifies: lifted, revoked or void."""
    return informed_at(case, decision_id) is not None and not is_designated_by(case, decision_id, act.at, act.law)


def _refuse_second(case: ModelCase, act: Act, fact: CommissionDecision, earlier: tuple[Event[D], ...] | list[Event[D]]) -> None:
    """Refuse a second designation while one is in force, or adopted and not replaced by this one (R12)."""
    standing = [e for e in earlier if is_standing(case, e.fact.decision_id) and not is_undone(case, e.fact.decision_id, act.law)]
    require(not standing or pending_decision(case, standing) == fact.replaces is not None, R12)


def refuse_incomplete_assessment(act: Act, fact: OnAnnexXIII) -> None:
    """
    Refuse a decision that did not consider all seven points of Annex XIII, in the version in force on its day.

    Law: Article 52(4), (5), "on the basis of the criteria". Refuses: R10.
    """
    missing = sorted(set(ALL_POINTS) - set(fact.points_considered or ()))
    require(not missing, R10, f"Not considered: {', '.join(missing)}.")
    require(fact.findings_hash, R10, "The findings are missing.")
    in_force = act.law.annex_on(fact.adopted_on) if fact.adopted_on else None
    wrong = in_force is not None and fact.annex_xiii_version != in_force.version
    require(not wrong, R10, f"Version {in_force.version if in_force else 1} of Annex XIII is in force on that day.")
