"""Acts of the Commission about its own acts: revocation, withdrawal, rectification (procedure section 4)."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from domain.actors import Role
from domain.errors import Malformed, NotInRegister, require
from domain.law.rules import R06, R12, R18, R20, R38
from domain.model_case.arguments import ArgumentsAccepted
from domain.model_case.case import CaseFact, CommissionDecision, ModelCase, decision_of, decisions, refuse_formal_defects
from domain.model_case.decision import informed_at, is_in_force, is_standing, is_undone, pending_decision, refuse_unheard, spans_of_force
from domain.model_case.designation import ModelDesignatedUnder52_1, ModelDesignatedUnder52_4, is_designated_by
from domain.model_case.reassessment import DesignationLifted
from domain.record import Act, Event, Facts, History, decides
from domain.status import Outcome
from domain.types import Day, DecisionId, Language, Sha256, Text

DESIGNATIONS = (ModelDesignatedUnder52_1, ModelDesignatedUnder52_4)
RECTIFIABLE = ("adopted_on", "commission_ref", "authentic_language", "TEXT")


class Undoing(CommissionDecision):
    """A decision about an earlier decision."""

    target_decision_id: DecisionId


class DesignationRevoked(Undoing):
    """The Commission ended a designation of its own motion, for the future."""

    OUTCOME: ClassVar[Outcome] = "REVOCATION"

    basis: Literal["52(1)", "52(4)"]


class DecisionRevoked(Undoing):
    """The Commission ended the effect of another lawful act, for the future. An acceptance is only ever converted."""

    OUTCOME: ClassVar[Outcome] = "REVOCATION"


class DecisionWithdrawn(Undoing):
    """The Commission took back an unlawful act, from the start, within a reasonable time and with regard to legitimate expectations."""

    OUTCOME: ClassVar[Outcome] = "WITHDRAWAL"

    reasonable_time_hash: Sha256 | None = None
    expectations_hash: Sha256 | None = None


class DecisionRectified(CaseFact):
    """A slip in the text of a decision was corrected: the text is right from the start, and no date or clock is new."""

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.DECISION_OFFICER})
    ACTS: ClassVar[frozenset[str]] = frozenset({"adopted_on"})

    decision_id: DecisionId
    corrected_on: Day
    commission_ref: Text
    corrected_fields: tuple[Text, ...]
    adopted_on: Day | None = None
    corrected_commission_ref: Text | None = None
    corrected_language: Language | None = None
    corrigendum_hash: Sha256

    def corrects(self, history: History) -> UUID:
        """Return the event of the decision."""
        found = (e for events in history.by_topic.values() for e in events if _is(e, self.decision_id))
        return next((e.event_id for e in found), UUID(int=0))

    def changes(self) -> dict[str, Any]:
        """Return the fields as they should read."""
        texts = {"adopted_on": self.adopted_on, "commission_ref": self.corrected_commission_ref, "authentic_language": self.corrected_language}
        return {name: str(texts[name]) for name in self.corrected_fields if texts.get(name) is not None}


def _is(event: Event[Any], decision_id: UUID) -> bool:
    return isinstance(event.fact, CommissionDecision) and event.fact.decision_id == decision_id


# -- Questions ---------------------------------------------------------------------


def is_favourable(decision: CommissionDecision) -> bool:
    """Tell whether an act favours the provider, so that undoing it is adverse and needs a hearing."""
    return isinstance(decision, ArgumentsAccepted | DesignationLifted | DesignationRevoked)


def _target(case: ModelCase, fact: Undoing) -> CommissionDecision:
    target = decision_of(case, fact.target_decision_id)
    if target is None:
        raise NotInRegister("target_decision_id names no decision of this case")
    return target.fact


# -- Decisions ---------------------------------------------------------------------


@decides(DesignationRevoked)
def revoke_designation(case: ModelCase, act: Act, fact: DesignationRevoked) -> Facts:
    """
    Record that a designation was revoked. Favourable: no hearing is needed.

    Refuses: R06, R31 formal defects; R18 an un-notified designation, or one no longer in force; R12 a second revocation. Raises: Malformed for
    another basis or another act.
    """
    refuse_formal_defects(case, act, fact)
    target = _target(case, fact)
    if not isinstance(target, DESIGNATIONS):
        raise Malformed("target_decision_id", "must name a designation; another act is revoked by DecisionRevoked")
    if fact.basis != ("52(1)" if isinstance(target, ModelDesignatedUnder52_1) else "52(4)"):
        raise Malformed("basis", "must be the basis of the designation")
    lifted = isinstance(target, ModelDesignatedUnder52_4) and not is_designated_by(case, target.decision_id, act.at, act.law)
    _must_have_effect(case, act, fact)
    require(not lifted, R18, "The designation has ended already.")
    return (fact,)


@decides(DecisionRevoked)
def revoke_decision(case: ModelCase, act: Act, fact: DecisionRevoked) -> Facts:
    """
    Record that another act was revoked.

    Refuses: R06, R31 formal defects; R38 an acceptance or a designation; R18 no effect to end; R12 a second revocation; R05 revoking a lifting
    before the hearing is over.
    """
    refuse_formal_defects(case, act, fact)
    target = _target(case, fact)
    require(not isinstance(target, (ArgumentsAccepted, *DESIGNATIONS)), R38)
    _must_have_effect(case, act, fact)
    _refuse_unheard(case, act, fact, target, "REVOCATION")
    return (fact,)


@decides(DecisionWithdrawn)
def withdraw_decision(case: ModelCase, act: Act, fact: DecisionWithdrawn) -> Facts:
    """
    Record that an unlawful act was withdrawn.

    Law: General Court, T-53/10 and the case law on withdrawal. Refuses: R06, R31 formal defects, and no reasons on time and expectations; R18 no
    effect to take back; R12 a second withdrawal; R05 withdrawing a favourable act before the hearing is over.
    """
    refuse_formal_defects(case, act, fact)
    require(fact.reasonable_time_hash and fact.expectations_hash, R06, "Reasons on reasonable time and legitimate expectations are missing.")
    target = _target(case, fact)
    _must_have_effect(case, act, fact, ended_too=True)
    _refuse_unheard(case, act, fact, target, "WITHDRAWAL")
    return (fact,)


def _must_have_effect(case: ModelCase, act: Act, fact: Undoing, *, ended_too: bool = False) -> None:
    """Refuse to undo what has no effect (R18) or is being undone already (R12); a withdrawal reaches also what has ended."""
    require(informed_at(case, fact.target_decision_id), R18)
    earlier = [e for e in case.all(Undoing) if e.fact.target_decision_id == fact.target_decision_id and is_standing(case, e.fact.decision_id)]
    same = [e for e in earlier if type(e.fact) is type(fact) and not is_undone(case, e.fact.decision_id, act.law)]
    require(not same or pending_decision(case, same) == fact.replaces is not None, R12)
    in_force = is_in_force(case, fact.target_decision_id, act)
    require(in_force or (ended_too and not is_void(case, fact.target_decision_id, act)), R18, "The act has no effect any more.")


def is_void(case: ModelCase, decision_id: UUID, act: Act) -> bool:
    """Tell whether a notified decision is void from the start."""
    return not spans_of_force(case, decision_id, act.law)


def _refuse_unheard(case: ModelCase, act: Act, fact: Undoing, target: CommissionDecision, draft_act: Literal["REVOCATION", "WITHDRAWAL"]) -> None:
    if is_favourable(target) and act.law.settings["HEARING_FOR_52_5_AND_UNDOING"] == "yes":
        refuse_unheard(case, act, fact, draft_act)


@decides(DecisionRectified)
def rectify_decision(case: ModelCase, act: Act, fact: DecisionRectified) -> Facts:
    """
    Record a corrigendum.

    Law: "only linguistic errors, errors of transcription and obvious mistakes" (T-53/10). Refuses: R20 anything else; R18 an un-notified decision.
    Raises: Malformed when the corrected text is missing, NotInRegister for an unknown decision.
    """
    strange = sorted(set(fact.corrected_fields) - set(RECTIFIABLE))
    require(not strange and fact.corrected_fields, R20, f"Not a slip of the text: {', '.join(strange)}." if strange else "")
    if all(e.fact.decision_id != fact.decision_id for e in decisions(case)):
        raise NotInRegister("decision_id names no decision of this case")
    require(informed_at(case, fact.decision_id), R18)
    given = {"adopted_on": fact.adopted_on, "commission_ref": fact.corrected_commission_ref, "authentic_language": fact.corrected_language}
    for name in fact.corrected_fields:
        if name != "TEXT" and given[name] is None:
            raise Malformed(name if name == "adopted_on" else f"corrected_{name.removeprefix('authentic_')}", "must say what the text should read")
    return (fact,)
