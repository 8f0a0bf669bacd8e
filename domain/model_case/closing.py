"""Closing and opening again, and cases that belong together (procedure 5.1)."""

from typing import ClassVar, Literal

from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed, require
from domain.law.rules import R39
from domain.model_case.case import OFFICER, CaseFact, CaseReopened, ModelCase, decisions, must_be_open
from domain.model_case.courts import open_actions
from domain.model_case.decision import informed_at, is_standing
from domain.model_case.effects import case_facts, flags
from domain.record import Act, Facts, decides
from domain.status import grounds
from domain.types import CaseId, Day, Sha256


class CaseClosed(CaseFact):
    """The case was closed. What arrives for it opens it again."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    closing_reason: Literal["NEVER_CLASSIFIED", "MERGED", "OPENED_IN_ERROR", "OTHER"]
    note_hash: Sha256 | None = None


class RelatedCaseLinked(CaseFact):
    """Another case belongs to this one. No ground, date or clock changes."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    related_case_id: CaseId
    link: Literal["MODIFICATION_OF", "SAME_WEIGHTS_OTHER_PROVIDER", "MERGED_FROM", "MERGED_INTO", "SPLIT_FROM", "SPLIT_INTO"]
    on: Day
    note_hash: Sha256 | None = None


@decides(CaseClosed)
def close_case(case: ModelCase, act: Act, fact: CaseClosed) -> Facts:
    """
    Record that a case was closed.

    Law: Charter, Article 41. Refuses: R39 with an active ground, anything pending, or an un-notified decision.
    """
    must_be_open(case)
    if case.is_closed:
        raise AlreadyInRegister("The case is closed already.")
    active = [str(ground) for ground, _ in grounds(case_facts(case, act.law), act.law).active(act.at)]
    require(not active, R39, f"Active: {', '.join(active)}.")
    waiting = what_is_pending(case, act)
    require(not waiting, R39, f"Pending: {', '.join(waiting)}.")
    return (fact,)


def what_is_pending(case: ModelCase, act: Act) -> list[str]:
    """Return in words what keeps a case open."""
    now = flags(case, act.law, act.at)
    standing = [e.fact.decision_id for e in decisions(case) if is_standing(case, e.fact.decision_id)]
    found = {
        "arguments": now.arguments_pending,
        "a hearing": now.hearing_open,
        "a reassessment request": now.reassessment_pending,
        "a court action": bool(open_actions(case)),
        "a decision not yet notified": any(informed_at(case, decision_id) is None for decision_id in standing),
    }
    return [words for words, waits in found.items() if waits]


@decides(CaseReopened)
def reopen_case(case: ModelCase, act: Act, fact: CaseReopened) -> Facts:
    """Record that a case was opened again. Raises: AlreadyInRegister for an open one."""
    must_be_open(case)
    if not case.is_closed:
        raise AlreadyInRegister("The case is open.")
    return (fact,)


@decides(RelatedCaseLinked)
def link_case(case: ModelCase, act: Act, fact: RelatedCaseLinked) -> Facts:
    """Record a link. Raises: Malformed for a case linked with itself."""
    must_be_open(case)
    if str(fact.related_case_id) == case.stream.key:
        raise Malformed("related_case_id", "must be another case")
    return (fact,)
