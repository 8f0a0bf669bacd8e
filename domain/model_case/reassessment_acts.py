"""Ruling and deciding on a request for reassessment: Article 52(5)."""

from uuid import UUID

from domain.errors import AlreadyInRegister, NotInRegister, require
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.law.rules import R12, R13, R14, R15, R16, R17, R18, R30, Rule
from domain.model_case.case import CommissionDecision, ModelCase, refuse_formal_defects
from domain.model_case.decision import informed_at, is_undone, pending_decision, refuse_unheard
from domain.model_case.designation import designation_of, is_designated_by, refuse_incomplete_assessment
from domain.model_case.provider import day_of_filing, is_mandated, is_provider
from domain.model_case.reassessment import (
    DesignationLifted,
    DesignationMaintained,
    OnReassessment,
    ReassessmentDeclined,
    ReassessmentOpened,
    ReassessmentRequestReceived,
    ReassessmentRequestRuledAdmissible,
    ReassessmentRequestRuledInadmissible,
    ReassessmentRequestWithdrawn,
    first_admissible_day,
    is_admissible,
    outcomes,
    pending_request,
    request_of,
)
from domain.record import Act, Facts, decides, recorded
from domain.rulings import ruled

# -- Admissibility -----------------------------------------------------------------


def bar_to_reassessment(case: ModelCase, act: Act, fact: ReassessmentRequestReceived) -> Rule | None:
    """Return why a request is inadmissible, if so (Article 52(5); Article 54)."""
    day = legal_day(fact.received_at)
    first = first_admissible_day(case, fact.target_decision_id, act.law, fact.received_at)
    if not is_mandated(case, fact):
        return R30
    if not is_designated_by(case, fact.target_decision_id, fact.received_at, act.law):
        return R13
    if not is_provider(case, fact.provider_ref, day) or pending_request(case, act):
        return R16
    if first is not None and day_of_filing(case, fact.provider_ref, fact.received_at, act.law) < first:
        return R14
    return None if has_new_reason(case, fact, act.law) else R15


def has_new_reason(case: ModelCase, fact: ReassessmentRequestReceived, law: Law) -> bool:
    """Tell whether a request gives a reason that arose since the designation and was not examined before."""
    designation = designation_of(case, fact.target_decision_id)
    examined = {
        reason.text_hash
        for e in case.of(ReassessmentRequestReceived)
        if any(not is_undone(case, d.fact.decision_id, law) for d in outcomes(case, e.fact.request_id))
        for reason in e.fact.reasons
    }
    adopted_on = designation.fact.adopted_on if designation else None
    day = legal_day(fact.received_at)
    return adopted_on is not None and any(adopted_on < r.arose_on <= day and r.text_hash not in examined for r in fact.reasons)


# -- Decisions ---------------------------------------------------------------------


@decides(ReassessmentRequestReceived)
def receive_request(case: ModelCase, act: Act, fact: ReassessmentRequestReceived) -> Facts:
    """
    Record a request and rule on it in the same act.

    Law: Article 52(5). Rules: R30, R13, R16, R14, R15.
    """
    if request_of(case, fact.request_id):
        raise AlreadyInRegister("This request_id belongs to a request already recorded.")
    received = recorded(case, act, fact)
    bar = bar_to_reassessment(case, act, fact)
    if bar is None:
        return (*received, ReassessmentRequestRuledAdmissible(request_id=fact.request_id))
    first = first_admissible_day(case, fact.target_decision_id, act.law, fact.received_at) if bar is R14 else None
    return (*received, ReassessmentRequestRuledInadmissible(request_id=fact.request_id, first_admissible_on=first, **ruled(bar)))


@decides(ReassessmentRequestWithdrawn)
def withdraw_request(case: ModelCase, act: Act, fact: ReassessmentRequestWithdrawn) -> Facts:
    """
    Record that a request was withdrawn before a decision.

    Refuses: R12 when it is decided. Raises: NotInRegister for an unknown request.
    """
    _must_be_received(case, fact.request_id)
    require(not outcomes(case, fact.request_id), R12, "The request is decided already.")
    return recorded(case, act, fact)


@decides(ReassessmentRequestRuledAdmissible, ReassessmentRequestRuledInadmissible)
def rule_anew(case: ModelCase, act: Act, fact: ReassessmentRequestRuledAdmissible | ReassessmentRequestRuledInadmissible) -> Facts:
    """Record an officer's own ruling on a request. Raises: NotInRegister for an unknown request."""
    _must_be_received(case, fact.request_id)
    return recorded(case, act, fact)


@decides(ReassessmentOpened)
def open_reassessment(case: ModelCase, act: Act, fact: ReassessmentOpened) -> Facts:
    """
    Record that the Commission decided to reassess.

    Law: Article 52(5), "may decide to reassess". Refuses: R17 without an admissible request that waits.
    """
    _must_be_received(case, fact.request_id)
    require(pending_request(case, act) == fact.request_id, R17, "The request is not admissible, or no longer waits for a decision.")
    if _is_opened(case, fact.request_id):
        raise AlreadyInRegister("The reassessment is open already.")
    return recorded(case, act, fact)


@decides(ReassessmentDeclined)
def decline_reassessment(case: ModelCase, act: Act, fact: ReassessmentDeclined) -> Facts:
    """
    Record a decision not to reassess.

    Law: Article 52(5). Refuses: R06, R31 formal defects; R12 decided already; R17 not admissible, or opened; R05 before the hearing is over.
    """
    refuse_formal_defects(case, act, fact)
    _must_be_received(case, fact.request_id)
    _refuse_second(case, act, fact, fact.request_id)
    require(is_admissible(case, fact.request_id), R17, "The request is not admissible.")
    require(not _is_opened(case, fact.request_id), R17, "The reassessment is open: it ends by maintaining or lifting the designation.")
    require(_can_be_decided(case, act, fact.request_id), R17, "The request no longer waits for a decision.")
    _refuse_unheard(case, act, fact, "DECLINING")
    return recorded(case, act, fact)


@decides(DesignationMaintained, DesignationLifted)
def end_reassessment(case: ModelCase, act: Act, fact: OnReassessment) -> Facts:
    """
    Record that a designation is maintained, or lifted, following a reassessment.

    Law: Article 52(5). Refuses: R06, R31 formal defects; R18 an un-notified designation; R12 decided already; R17 not opened; R10 an incomplete
    assessment; R05 maintaining before the hearing is over (lifting is favourable).
    """
    refuse_formal_defects(case, act, fact)
    _refuse_unbuilt(case, act, fact)
    _refuse_second(case, act, fact, fact.request_id)
    require(_is_opened(case, fact.request_id) and _can_be_decided(case, act, fact.request_id), R17)
    refuse_incomplete_assessment(act, fact)
    if isinstance(fact, DesignationMaintained):
        _refuse_unheard(case, act, fact, "MAINTAINING")
    return recorded(case, act, fact)


def _refuse_unbuilt(case: ModelCase, act: Act, fact: OnReassessment) -> None:
    """Refuse to build on a designation that has no effect (R18, R17)."""
    designation = designation_of(case, fact.target_decision_id)
    require(designation, R17, "target_decision_id names no designation under Article 52(4) of this case.")
    require(informed_at(case, fact.target_decision_id), R18)
    request = request_of(case, fact.request_id)
    require(request and request.fact.target_decision_id == fact.target_decision_id, R17, "The request is not about this designation.")


def _refuse_second(case: ModelCase, act: Act, fact: CommissionDecision, request_id: UUID) -> None:
    standing = [e for e in outcomes(case, request_id) if not is_undone(case, e.fact.decision_id, act.law)]
    require(not standing or pending_decision(case, standing) == fact.replaces is not None, R12)


def _can_be_decided(case: ModelCase, act: Act, request_id: UUID) -> bool:
    """Tell whether a request waits for a decision, or for one that replaces an un-notified decision."""
    request = request_of(case, request_id)
    withdrawn = any(e.fact.request_id == request_id for e in case.of(ReassessmentRequestWithdrawn))
    return request is not None and not withdrawn and is_designated_by(case, request.fact.target_decision_id, act.at, act.law)


def _is_opened(case: ModelCase, request_id: UUID) -> bool:
    return any(e.fact.request_id == request_id for e in case.of(ReassessmentOpened))


def _refuse_unheard(case: ModelCase, act: Act, fact: CommissionDecision, draft_act: str) -> None:
    if act.law.settings["HEARING_FOR_52_5_AND_UNDOING"] == "yes":
        refuse_unheard(case, act, fact, draft_act)  # type: ignore[arg-type]


def _must_be_received(case: ModelCase, request_id: UUID) -> None:
    if request_of(case, request_id) is None:
        raise NotInRegister("request_id names no request of this case")
