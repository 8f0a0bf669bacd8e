"""The courts: actions, interim orders, judgments, appeals: Articles 263 to 266, 278 and 279 TFEU (procedure section 4)."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.law.provisions import FOREVER, Span
from domain.model_case.case import OFFICER, Arriving, ModelCase, decision_of, must_be_open
from domain.record import Act, Event, Facts, decides
from domain.status import Annulment
from domain.types import ActionId, Bool, Day, DecisionId, Instant, JudgmentId, Sha256, Text

Court = Literal["GENERAL_COURT", "COURT_OF_JUSTICE"]


class FromCourt(Arriving):
    """What comes from, or goes before, a court. Lodging anything suspends nothing (Article 278 TFEU)."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER


class AnnulmentActionLodged(FromCourt):
    """An action for annulment of a decision was brought."""

    action_id: ActionId
    decision_id: DecisionId
    court: Court
    case_no: Text
    lodged_on: Day
    applicant: Literal["PROVIDER", "THIRD_PARTY", "MEMBER_STATE", "INSTITUTION"]


class FailureToActActionLodged(FromCourt):
    """An action for failure to act was brought, after a call to act (Article 265 TFEU)."""

    action_id: ActionId
    case_no: Text
    called_upon_on: Day
    lodged_on: Day
    about: Literal["ARGUMENTS", "REASSESSMENT", "DESIGNATION", "LISTING", "OTHER"]


class OnAction(FromCourt):
    """What becomes of an action."""

    action_id: ActionId


class FailureToActFound(OnAction):
    """The Court found a failure to act. It obliges to decide and decides nothing itself (Article 266 TFEU)."""

    judgment_id: JudgmentId
    judgment_on: Day
    operative_part_hash: Sha256


class ActionDismissed(OnAction):
    """The action was dismissed."""

    judgment_id: JudgmentId
    judgment_on: Day


class ActionDiscontinued(OnAction):
    """The action was discontinued."""

    on: Day


class InterimSuspensionOrdered(OnAction):
    """The Court suspended the operation of a decision (Articles 278 and 279 TFEU)."""

    decision_id: DecisionId
    ordered_at: Instant
    order_hash: Sha256


class InterimSuspensionEnded(OnAction):
    """The suspension ended."""

    decision_id: DecisionId
    ended_at: Instant


class DecisionAnnulled(OnAction):
    """A decision was annulled, in whole or in part; whether the ground falls is read from the operative part."""

    AHEAD: ClassVar[frozenset[str]] = frozenset({"effects_until"})

    decision_id: DecisionId
    judgment_id: JudgmentId
    court: Court
    case_no: Text
    judgment_on: Day
    operative_part_hash: Sha256
    extent: Literal["FULL", "PARTIAL"]
    ground_falls: Bool
    effects_maintained: Bool
    effects_until: Day | None = None


class AppealLodged(FromCourt):
    """An appeal was brought; the judgment works meanwhile."""

    judgment_id: JudgmentId
    case_no: Text
    lodged_on: Day


class AppealDecided(FromCourt):
    """An appeal was decided. Set aside: the act stands as if never annulled."""

    judgment_id: JudgmentId
    case_no: Text
    decided_on: Day
    outcome: Literal["DISMISSED", "SET_ASIDE", "SET_ASIDE_AND_REFERRED_BACK"]


# -- Questions ---------------------------------------------------------------------


def annulment_of(case: ModelCase, decision_id: UUID) -> Annulment | None:
    """Return the annulment by which the ground of a decision falls, unless it was set aside on appeal."""
    set_aside = {e.fact.judgment_id for e in case.of(AppealDecided) if e.fact.outcome != "DISMISSED"}
    standing = [
        e.fact for e in case.of(DecisionAnnulled) if e.fact.decision_id == decision_id and e.fact.ground_falls and e.fact.judgment_id not in set_aside
    ]
    if not standing:
        return None
    last = standing[-1]
    return Annulment((last.effects_until or last.judgment_on) if last.effects_maintained else None)


def suspensions_of(case: ModelCase, decision_id: UUID) -> tuple[Span, ...]:
    """Return when the operation of a decision is suspended by the Court."""
    ends = sorted(e.fact.ended_at for e in case.of(InterimSuspensionEnded) if e.fact.decision_id == decision_id)
    orders = [e.fact.ordered_at for e in case.of(InterimSuspensionOrdered) if e.fact.decision_id == decision_id]
    return tuple((begin, next((end for end in ends if end >= begin), FOREVER)) for begin in orders)


def is_suspended(case: ModelCase, decision_id: UUID, at: datetime) -> bool:
    """Tell whether a decision is suspended at a moment."""
    return any(begin <= at < end for begin, end in suspensions_of(case, decision_id))


def open_actions(case: ModelCase) -> list[UUID]:
    """Return the actions before a court that nothing has ended; an action referred back is open again."""
    lodged = [e.fact.action_id for e in case.among(AnnulmentActionLodged, FailureToActActionLodged)]
    return [action for action in lodged if not _is_ended(case, action)]


def _is_ended(case: ModelCase, action: UUID) -> bool:
    endings = [e.fact for e in case.among(ActionDismissed, ActionDiscontinued, DecisionAnnulled, FailureToActFound) if e.fact.action_id == action]
    judgments = {getattr(fact, "judgment_id", None) for fact in endings}
    referred = {e.fact.judgment_id for e in case.of(AppealDecided) if e.fact.outcome == "SET_ASIDE_AND_REFERRED_BACK"}
    appealed = {e.fact.judgment_id for e in case.of(AppealLodged)} - {e.fact.judgment_id for e in case.of(AppealDecided)}
    return bool(endings) and not judgments & (referred | appealed)


# -- Decisions ---------------------------------------------------------------------


@decides(AnnulmentActionLodged, FailureToActActionLodged)
def lodge_action(case: ModelCase, act: Act, fact: AnnulmentActionLodged | FailureToActActionLodged) -> Facts:
    """Record an action. Raises: AlreadyInRegister for a number in use, NotInRegister for an unknown decision, Malformed for days out of order."""
    must_be_open(case)
    if _lodged(case, fact.action_id):
        raise AlreadyInRegister("This action_id belongs to an action already recorded.")
    if isinstance(fact, AnnulmentActionLodged) and decision_of(case, fact.decision_id) is None:
        raise NotInRegister("decision_id names no decision of this case")
    if isinstance(fact, FailureToActActionLodged) and fact.lodged_on <= fact.called_upon_on:
        raise Malformed("lodged_on", "must lie after the call to act (Article 265 TFEU)")
    return (fact,)


def _lodged(case: ModelCase, action_id: UUID) -> Event[AnnulmentActionLodged] | Event[FailureToActActionLodged] | None:
    return next((e for e in case.among(AnnulmentActionLodged, FailureToActActionLodged) if e.fact.action_id == action_id), None)


@decides(FailureToActFound, ActionDismissed, ActionDiscontinued, InterimSuspensionOrdered, InterimSuspensionEnded, DecisionAnnulled)
def follow_action(case: ModelCase, act: Act, fact: OnAction) -> Facts:
    """
    Record what becomes of an action.

    Law: Articles 264, 266, 278 and 279 TFEU. Raises: NotInRegister for an unknown action, or a decision that it is not about; Malformed for a full
    annulment by which no ground falls, or effects kept to a day without being maintained.
    """
    action = _lodged(case, fact.action_id)
    if action is None:
        raise NotInRegister("action_id names no action of this case")
    decision_id = getattr(fact, "decision_id", None)
    if decision_id is not None and decision_id != getattr(action.fact, "decision_id", None):
        raise NotInRegister("the action is not about this decision")
    if isinstance(fact, DecisionAnnulled):
        _refuse_contradictions(fact)
    return (fact,)


def _refuse_contradictions(fact: DecisionAnnulled) -> None:
    if fact.extent == "FULL" and not fact.ground_falls:
        raise Malformed("ground_falls", "must be true when the decision is annulled in full")
    if fact.effects_until is not None and not fact.effects_maintained:
        raise Malformed("effects_until", "can be stated only when the Court maintained the effects")


@decides(AppealLodged, AppealDecided)
def follow_appeal(case: ModelCase, act: Act, fact: AppealLodged | AppealDecided) -> Facts:
    """Record an appeal, or what became of it. Raises: NotInRegister for an unknown judgment."""
    judgments = {e.fact.judgment_id for e in case.among(DecisionAnnulled, ActionDismissed, FailureToActFound)}
    if fact.judgment_id not in judgments:
        raise NotInRegister("judgment_id names no judgment of this case")
    return (fact,)
