"""
The life of a decision: draft, hearing, adoption, notification to its addressees, or service that failed.

Adopted is not notified: a decision binds nobody and changes nothing until its addressee is informed (Article 297(2) TFEU).
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.actors import Role
from domain.clocks import Clock, Start, action, hearing
from domain.errors import AlreadyInRegister, NotInRegister, require
from domain.law.periods import in_words, legal_day
from domain.law.provisions import FOREVER, Law, Span
from domain.law.rules import R05, R19
from domain.model_case.case import OFFICER, CaseFact, CommissionDecision, CommissionStep, ModelCase, decision_of, decisions
from domain.model_case.courts import AnnulmentActionLodged, annulment_of, suspensions_of
from domain.model_case.provider import is_provider
from domain.record import Act, Event, Facts, decides, recorded
from domain.status import CaseFacts, Decision, force_of
from domain.types import Day, DecisionId, HearingId, Instant, Ref, Sha256

DraftAct = Literal["REJECTION", "DESIGNATION_52_1", "DESIGNATION_52_4", "CONVERSION", "MAINTAINING", "DECLINING", "WITHDRAWAL", "REVOCATION"]


class DraftDecisionCommunicated(CommissionStep):
    """The provider received the draft of an adverse act; the hearing begins (Charter, Article 41(2)(a))."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER
    AHEAD: ClassVar[frozenset[str]] = frozenset({"comment_until"})

    hearing_id: HearingId
    draft_act: DraftAct
    target_decision_id: DecisionId | None = None
    provider_ref: Ref
    draft_hash: Sha256
    received_by_provider_at: Instant
    comment_until: Day


class ProviderHeard(CaseFact):
    """The provider answered a draft, or let its time pass in silence."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    hearing_id: HearingId
    at: Instant
    form: Literal["WRITTEN", "ORAL", "SILENCE"]
    document_hash: Sha256 | None = None


class FileAccessGranted(CaseFact):
    """The provider was given access to its file (Charter, Article 41(2)(b))."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    hearing_id: HearingId
    at: Instant
    scope_hash: Sha256
    exclusions_hash: Sha256 | None = None


class DecisionNotified(CaseFact):
    """An addressee was informed of a decision: this is what makes it work (Article 297(2) TFEU)."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER
    ACTS: ClassVar[frozenset[str]] = frozenset({"at"})

    decision_id: DecisionId
    addressee: Ref
    representative_ref: Ref | None = None
    at: Instant
    means: Literal["EU_SEND", "POST", "HAND", "E_MAIL", "OTHER"]
    proof_hash: Sha256


class DecisionServiceFailed(CaseFact):
    """An attempt to serve a decision failed. It has no effect: there is no fiction of service, unless a switch makes one."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    decision_id: DecisionId
    addressee: Ref
    attempted_at: Instant
    means: Literal["EU_SEND", "POST", "HAND", "E_MAIL", "OTHER"]
    obstacle: Literal["UNKNOWN_ADDRESS", "REFUSED", "NO_ACKNOWLEDGEMENT", "OTHER"]


# -- Questions: hearings -----------------------------------------------------------


def draft_of(case: ModelCase, hearing_id: UUID) -> Event[DraftDecisionCommunicated] | None:
    """Return the draft that began a hearing."""
    return next((e for e in case.of(DraftDecisionCommunicated) if e.fact.hearing_id == hearing_id), None)


def answer_in(case: ModelCase, hearing_id: UUID) -> Event[ProviderHeard] | None:
    """Return the provider's own answer in a hearing; silence is none."""
    return next((e for e in case.of(ProviderHeard) if e.fact.hearing_id == hearing_id and e.fact.form != "SILENCE"), None)


def hearing_clock(case: ModelCase, draft: Event[DraftDecisionCommunicated], law: Law, today: date) -> Clock:
    """Return clock D3 of a hearing."""
    answer = answer_in(case, draft.fact.hearing_id)
    answered = Start(answer.event_id, answer.topic, legal_day(answer.fact.at)) if answer and legal_day(answer.fact.at) <= today else None
    start = Start(draft.event_id, draft.topic, legal_day(draft.fact.received_by_provider_at))
    return hearing(start, draft.fact.comment_until, answered, law=law, today=today, about=draft.fact.hearing_id)


def refuse_unheard(case: ModelCase, act: Act, fact: CommissionDecision, draft_act: DraftAct) -> None:
    """
    Refuse an adverse act adopted before its hearing was over.

    Only urgency, with its reasons, lets the hearing follow the act; "favourable" is no reason for an adverse one.

    Law: Charter, Article 41(2)(a); Article 94 with Article 18(3) of Regulation (EU) 2019/1020. Refuses: R05.
    """
    if fact.hearing_omitted_reason == "URGENCY":
        require(fact.hearing_omitted_text_hash, R05, "The urgency that allowed no hearing is not explained.")
        return
    require(fact.hearing_omitted_reason is None, R05, "The act is adverse, so the hearing cannot be left out as favourable.")
    draft = draft_of(case, fact.hearing_id) if fact.hearing_id else None
    require(draft and draft.fact.draft_act == draft_act, R05, "No hearing on a draft of this act is named in hearing_id.")
    if draft is None or fact.adopted_on is None:
        return
    clock = hearing_clock(case, draft, act.law, fact.adopted_on)
    first = clock.first_admissible
    over = clock.satisfied_by is not None or (first is not None and fact.adopted_on >= first)
    require(over, R05, f"It can be adopted from {in_words(first)} on, or once the provider has answered." if first else "")


# -- Questions: what became of a decision -------------------------------------------


def informed_at(case: ModelCase, decision_id: UUID) -> datetime | None:
    """Return when a decision took effect for the model: the first notification to an addressee that was the provider on that day."""
    notified = (e.fact for e in case.of(DecisionNotified) if e.fact.decision_id == decision_id)
    return min((n.at for n in notified if is_provider(case, n.addressee, legal_day(n.at))), default=None)


def all_informed_at(case: ModelCase, decision: CommissionDecision) -> datetime | None:
    """Return when the last addressee was informed of a decision, each as the provider on that day; None while one was not."""
    notified = [e.fact for e in case.of(DecisionNotified) if e.fact.decision_id == decision.decision_id]
    first = [
        min((n.at for n in notified if n.addressee == ref and is_provider(case, ref, legal_day(n.at))), default=None) for ref in decision.addressees
    ]
    return max((at for at in first if at), default=None) if all(first) else None


def is_standing(case: ModelCase, decision_id: UUID) -> bool:
    """Tell whether a decision was not replaced by another before it was notified."""
    return all(e.fact.replaces != decision_id for e in decisions(case))


def pending_decision(case: ModelCase, found: Iterable[Event[CommissionDecision]]) -> UUID | None:
    """Return the one of some decisions that is adopted, stands, and is not notified yet."""
    waiting = (e.fact.decision_id for e in found if is_standing(case, e.fact.decision_id) and informed_at(case, e.fact.decision_id) is None)
    return next(waiting, None)


def decision_facts(case: ModelCase) -> tuple[Decision, ...]:
    """Return what the fold of the status needs to know of every decision."""
    return tuple(_decision_fact(case, event.fact) for event in decisions(case))


def _decision_fact(case: ModelCase, fact: CommissionDecision) -> Decision:
    informed = informed_at(case, fact.decision_id)
    early = getattr(fact, "effective_from", None)
    if early and informed and getattr(fact, "change", None) != "INFORMATION_INCORRECT_OR_MISLEADING":
        early = max(early, informed)
    return Decision(
        id=fact.decision_id,
        outcome=fact.OUTCOME,
        informed_at=informed,
        target=getattr(fact, "target_decision_id", None),
        condition_met_on=getattr(fact, "condition_met_on", None),
        effective_from=early,
        all_informed_at=all_informed_at(case, fact),
        annulled=annulment_of(case, fact.decision_id),
        suspended=suspensions_of(case, fact.decision_id),
    )


def spans_of_force(case: ModelCase, decision_id: UUID, law: Law) -> list[Span]:
    """Return when a decision has effect; empty while un-notified, or when void from the start."""
    return force_of(CaseFacts(decisions=decision_facts(case)), law).get(decision_id, [])


def is_in_force(case: ModelCase, decision_id: UUID, act: Act) -> bool:
    """Tell whether a decision has effect at the time of an act."""
    return any(begin <= act.at < end for begin, end in spans_of_force(case, decision_id, act.law))


def is_undone(case: ModelCase, decision_id: UUID, law: Law) -> bool:
    """Tell whether a notified decision was annulled, withdrawn or revoked, so that its question is open again."""
    if informed_at(case, decision_id) is None:
        return False
    spans = spans_of_force(case, decision_id, law)
    return not spans or spans[-1][1] < FOREVER


def action_clocks(case: ModelCase, today: date) -> list[Clock]:
    """Return clock D6 of every notified decision, for information (Article 263(6) TFEU)."""
    return [clock for e in decisions(case) if (clock := _action_clock(case, e, today))]


def _action_clock(case: ModelCase, decision: Event[CommissionDecision], today: date) -> Clock | None:
    decision_id = decision.fact.decision_id
    notified = next((e for e in case.of(DecisionNotified) if e.fact.decision_id == decision_id), None)
    if notified is None or legal_day(notified.fact.at) > today:
        return None
    lodged = next((e for e in case.of(AnnulmentActionLodged) if e.fact.decision_id == decision_id), None)
    brought = Start(lodged.event_id, lodged.topic, lodged.fact.lodged_on) if lodged and lodged.fact.lodged_on <= today else None
    return action(Start(notified.event_id, notified.topic, legal_day(notified.fact.at)), lodged=brought, today=today, about=decision_id)


# -- Decisions ---------------------------------------------------------------------


@decides(DraftDecisionCommunicated)
def communicate_draft(case: ModelCase, act: Act, fact: DraftDecisionCommunicated) -> Facts:
    """
    Record that the provider received a draft; this mints the hearing.

    Law: Charter, Article 41(2)(a). Raises: AlreadyInRegister for a hearing that exists: a changed case needs a new draft.
    """
    if draft_of(case, fact.hearing_id):
        raise AlreadyInRegister("This hearing_id belongs to a draft already communicated; a new draft begins a new hearing.")
    return recorded(case, act, fact)


@decides(ProviderHeard)
def hear_provider(case: ModelCase, act: Act, fact: ProviderHeard) -> Facts:
    """
    Record the provider's answer, or its silence once the time to comment is over.

    Refuses: R05 silence before that. Raises: NotInRegister for an unknown hearing.
    """
    draft = _draft_or_fail(case, fact.hearing_id)
    last = hearing_clock(case, draft, act.law, legal_day(fact.at)).first_admissible
    silent_too_soon = fact.form == "SILENCE" and last is not None and legal_day(fact.at) < last
    require(not silent_too_soon, R05, f"Silence can be recorded from {in_words(last)} on." if last else "")
    return recorded(case, act, fact)


@decides(FileAccessGranted)
def grant_file_access(case: ModelCase, act: Act, fact: FileAccessGranted) -> Facts:
    """Record access to the file. Raises: NotInRegister for an unknown hearing."""
    _draft_or_fail(case, fact.hearing_id)
    return recorded(case, act, fact)


def _draft_or_fail(case: ModelCase, hearing_id: UUID) -> Event[DraftDecisionCommunicated]:
    draft = draft_of(case, hearing_id)
    if draft is None:
        raise NotInRegister("hearing_id names no draft of this case")
    return draft


@decides(DecisionNotified)
def notify_decision(case: ModelCase, act: Act, fact: DecisionNotified) -> Facts:
    """
    Record that an addressee was informed.

    Law: Article 297(2) TFEU; Article 54(4) for a representative. Refuses: R19 before adoption, to a non-addressee, or of a replaced decision.
    Raises: NotInRegister for an unknown decision.
    """
    decision = decision_of(case, fact.decision_id)
    if decision is None or decision.fact.adopted_on is None:
        raise NotInRegister("decision_id names no adopted decision of this case")
    require(legal_day(fact.at) >= decision.fact.adopted_on, R19, f"It was adopted on {in_words(decision.fact.adopted_on)}.")
    require(fact.addressee in decision.fact.addressees, R19, "The addressee is not named in the decision.")
    require(is_standing(case, fact.decision_id), R19, "The decision was replaced.")
    require(_is_service(case, act, fact), R19, "That attempt failed, and nobody is deemed to be served.")
    return recorded(case, act, fact)


def _is_service(case: ModelCase, act: Act, fact: DecisionNotified) -> bool:
    """Tell whether an addressee was served: a failed attempt serves nobody, but the second may be deemed service (switch SERVICE_FICTION)."""
    failed = [e.fact for e in case.of(DecisionServiceFailed) if (e.fact.decision_id, e.fact.addressee) == (fact.decision_id, fact.addressee)]
    this = [attempt for attempt in failed if (attempt.attempted_at, attempt.means) == (fact.at, fact.means)]
    earlier = [attempt for attempt in failed if attempt.attempted_at < fact.at]
    return not this or (bool(earlier) and act.law.settings["SERVICE_FICTION"] == "after_two_attempts")


@decides(DecisionServiceFailed)
def fail_service(case: ModelCase, act: Act, fact: DecisionServiceFailed) -> Facts:
    """Record a failed attempt. Raises: NotInRegister for an unknown decision or somebody it does not address."""
    decision = decision_of(case, fact.decision_id)
    if decision is None or fact.addressee not in decision.fact.addressees:
        raise NotInRegister("decision_id and addressee name no decision of this case and its addressee")
    return (fact,)
