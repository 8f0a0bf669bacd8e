"""Arguments that a model exceptionally presents no systemic risk, and the decisions on them: Article 52(2) and (3); Guidelines 2.3.3."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.errors import AlreadyInRegister, Malformed, NotInRegister, require
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.law.rules import R03, R04, R07, R18, R21, R22, R32, R36, Rule
from domain.model_case.case import CommissionDecision, Filed, ModelCase, refuse_formal_defects
from domain.model_case.decision import informed_at, is_in_force, is_standing, is_undone, pending_decision, refuse_unheard
from domain.model_case.designation import declared_by
from domain.model_case.notification import (
    Carrier,
    Change,
    Notice,
    NotificationReceived,
    RenotificationReceived,
    bar_to_replacement,
    carrier_counts,
    carrier_of,
    counts_from,
    is_voluntary,
    notices,
    ruling_on,
    superseded,
    withdrawn_at,
)
from domain.model_case.provider import may_argue
from domain.model_case.threshold import conditions, first_trigger, found_never_met
from domain.record import Act, Event, Facts, decides, recorded
from domain.rulings import Inadmissible, ruled
from domain.status import ConditionMet, Outcome, presumption
from domain.types import Bool, DecisionId, Instant, Int, Payload, Ref, Sha256, SubmissionId, Text

Claim = Literal["NO_HIGH_IMPACT_CAPABILITIES", "OTHER_CHARACTERISTIC"]


class ClaimItem(Payload):
    """One claim with its text and evidence."""

    claim: Claim
    text_hash: Sha256
    documents: tuple[Sha256, ...] = ()


class ArgumentsReceived(Filed):
    """The provider argued, with its notification. Nothing is suspended: the model stays classified meanwhile."""

    submission_id: SubmissionId
    received_at: Instant
    claims: tuple[Claim, ...] = ()
    claim_items: tuple[ClaimItem, ...] = ()
    capabilities: Literal["ACHIEVED", "FORECAST"] | None = None
    relies_on_mitigations: Bool
    documents: tuple[Sha256, ...] = ()


class ArgumentsRuledInadmissible(Inadmissible):
    """Arguments were ruled to have no effect (Article 52(2))."""

    submission_id: SubmissionId


class ArgumentsWithdrawn(Filed):
    """The provider withdrew its arguments before a decision. Nothing is decided; they cannot be filed again."""

    submission_id: SubmissionId
    received_at: Instant
    filer_ref: Ref


class ArgumentsRejected(CommissionDecision):
    """The Commission rejected the arguments: the classification is confirmed, with no date of its own."""

    OUTCOME: ClassVar[Outcome] = "REJECTION"

    submission_id: SubmissionId
    not_substantiated: Bool
    not_demonstrated: Bool


class ArgumentsAccepted(CommissionDecision):
    """The Commission accepted the arguments: the presumption ends when the provider is informed, not before."""

    OUTCOME: ClassVar[Outcome] = "ACCEPTANCE"

    submission_id: SubmissionId
    facts_relied_on: tuple[Text, ...] | None = None
    renotification_clause: Bool | None = None
    renotification_days: Int | None = None


class AcceptanceConverted(CommissionDecision):
    """The Commission turned an acceptance into a rejection, because its facts changed or were wrong."""

    OUTCOME: ClassVar[Outcome] = "CONVERSION"
    AHEAD: ClassVar[frozenset[str]] = frozenset({"effective_from"})
    ACTS: ClassVar[frozenset[str]] = frozenset({"adopted_on", "effective_from"})

    target_decision_id: DecisionId
    change: Change
    effective_from: Instant | None = None


# -- Questions ---------------------------------------------------------------------


def arguments_of(case: ModelCase, submission_id: UUID) -> Event[ArgumentsReceived] | None:
    """Return the arguments filed with a notification."""
    return next((e for e in case.of(ArgumentsReceived) if e.fact.submission_id == submission_id), None)


def are_admissible(case: ModelCase, submission_id: UUID, law: Law) -> bool:
    """Tell whether arguments were filed that have effect: not ruled out, withdrawn or superseded, and with a filing that counts."""
    carrier, filed = carrier_of(case, submission_id), arguments_of(case, submission_id)
    out = {e.fact.submission_id for e in case.among(ArgumentsRuledInadmissible, ArgumentsWithdrawn)}
    return (
        carrier is not None
        and filed is not None
        and filed.version > found_never_met(case)
        and submission_id not in out
        and submission_id not in superseded(case)
        and withdrawn_at(case, submission_id) is None
        and carrier_counts(case, carrier, law)
    )


def have_object(case: ModelCase, law: Law, at: datetime) -> bool:
    """Tell whether there is still a presumption to rebut: arguments lapse when a raised threshold has ended it (procedure 10.11)."""
    met = conditions(case)
    spans = presumption(tuple(ConditionMet(day, e.fact.compute_flop if e.fact.kind == "COMPUTE" else None) for day, e in met), law)
    return not met or any(end > at for _, end in spans)


def decisions_on(case: ModelCase, submission_id: UUID) -> list[Event[CommissionDecision]]:
    """Return the standing decisions on some arguments: adopted, not replaced, not undone."""
    found = case.among(ArgumentsRejected, ArgumentsAccepted)
    return [e for e in found if e.fact.submission_id == submission_id and is_standing(case, e.fact.decision_id)]


def pending(case: ModelCase, law: Law, at: datetime) -> list[UUID]:
    """Return the arguments that wait for a decision to be notified, or that wait again because it was annulled or revoked."""
    filed = [e.fact.submission_id for e in case.of(ArgumentsReceived)]
    return [s for s in filed if are_admissible(case, s, law) and not _is_decided(case, s, law)] if have_object(case, law, at) else []


def _is_decided(case: ModelCase, submission_id: UUID, law: Law) -> bool:
    return bool(deciding(case, submission_id, law))


def deciding(case: ModelCase, submission_id: UUID, law: Law) -> list[Event[CommissionDecision]]:
    """Return the decisions on some arguments that have effect; an adopted one that nobody was informed of has none."""
    carrier = carrier_of(case, submission_id)
    decided: list[Event[CommissionDecision]] = list(decisions_on(case, submission_id))
    if carrier and isinstance(carrier.fact, RenotificationReceived):  # a conversion decides its arguments too
        decided += [e for e in case.of(AcceptanceConverted) if e.fact.target_decision_id == carrier.fact.target_decision_id]
    return [e for e in decided if informed_at(case, e.fact.decision_id) and not is_undone(case, e.fact.decision_id, law)]


def acceptance_in_force(case: ModelCase, decision_id: UUID, act: Act) -> bool:
    """Tell whether an acceptance is in force and not converted."""
    return is_in_force(case, decision_id, act) and not any(
        e.fact.target_decision_id == decision_id and is_in_force(case, e.fact.decision_id, act) for e in case.of(AcceptanceConverted)
    )


# -- Decisions ---------------------------------------------------------------------


@decides(ArgumentsReceived)
def receive_arguments(case: ModelCase, act: Act, fact: ArgumentsReceived) -> Facts:
    """
    Record arguments, and rule them inadmissible unless they came with the notification itself.

    Law: Article 52(2). Rules: R03.
    """
    if arguments_of(case, fact.submission_id):
        raise AlreadyInRegister("Arguments of this submission are recorded already.")
    bar = bar_to_arguments(case, act, fact)
    received = recorded(case, act, fact)
    return received if bar is None else (*received, ArgumentsRuledInadmissible(submission_id=fact.submission_id, **ruled(bar)))


def bar_to_arguments(case: ModelCase, act: Act, fact: ArgumentsReceived) -> Rule | None:
    """Return why arguments have no effect, if so."""
    carrier = carrier_of(case, fact.submission_id)
    if carrier is None or not carrier.fact.arguments_included or carrier.fact.received_at != fact.received_at:
        return R03
    without_effect = ruling_on(case, fact.submission_id) not in (None, R32.code)
    declared = act.law.settings["ARGUMENTS_AFTER_52_1_DESIGNATION"] == "inadmissible" and declared_by(case, fact.received_at, act.law)
    stranger = not may_argue(case, carrier.fact.provider_ref, legal_day(fact.received_at))
    return R03 if without_effect or declared or stranger or _has_no_object(case, act, carrier) or _comes_again(case, act, carrier) else None


def _has_no_object(case: ModelCase, act: Act, carrier: Event[Carrier]) -> bool:
    """Tell whether a notification was voluntary, and nothing else brings the model under Article 51(1), point (a)."""
    return isinstance(carrier.fact, Notice) and is_voluntary(carrier.fact, act.law) and first_trigger(case, act.law) is None


def _comes_again(case: ModelCase, act: Act, carrier: Event[Carrier]) -> bool:
    """
    Tell whether a provider notifies once more when it could no longer replace its notification: with that, arguments come too late.

    Law: Article 52(2); procedure 10.5. A renotification is a notification of its own; a replacement was ruled upon itself.
    """
    again = isinstance(carrier.fact, NotificationReceived) and any(
        found_never_met(case) < e.version < carrier.version
        and e.fact.provider_ref == carrier.fact.provider_ref
        and not is_voluntary(e.fact, act.law)
        and counts_from(case, e, act.law)
        for e in notices(case)
    )
    return again and bar_to_replacement(case, act, carrier.fact.received_at) is not None


@decides(ArgumentsWithdrawn)
def withdraw_arguments(case: ModelCase, act: Act, fact: ArgumentsWithdrawn) -> Facts:
    """
    Record that arguments were withdrawn before a decision on them.

    Refuses: R04 when they are decided. Raises: NotInRegister for unknown arguments.
    """
    _must_be_filed(case, fact.submission_id)
    require(not decisions_on(case, fact.submission_id), R04, "They are decided already.")
    return recorded(case, act, fact)


@decides(ArgumentsRejected)
def reject_arguments(case: ModelCase, act: Act, fact: ArgumentsRejected) -> Facts:
    """
    Record a rejection.

    Law: Article 52(3). Refuses: R06, R31 formal defects; R36 without both findings; R04 nothing pending; R05 before the hearing is over.
    """
    refuse_formal_defects(case, act, fact)
    require(fact.not_substantiated and fact.not_demonstrated, R36)
    _must_be_pending(case, act, fact.submission_id, fact.replaces)
    carrier = carrier_of(case, fact.submission_id)
    again = carrier is not None and isinstance(carrier.fact, RenotificationReceived)
    cleared = any(acceptance_in_force(case, e.fact.decision_id, act) for e in case.of(ArgumentsAccepted))
    require(not (again and cleared), R04, "An acceptance is in force; it is converted, not overruled by a rejection.")
    refuse_unheard(case, act, fact, "REJECTION")
    return recorded(case, act, fact)


@decides(ArgumentsAccepted)
def accept_arguments(case: ModelCase, act: Act, fact: ArgumentsAccepted) -> Facts:
    """
    Record an acceptance. Favourable: no hearing is needed.

    Law: Article 52(2); Guidelines 2.3.3. Refuses: R06, R31 formal defects; R07 without facts and clause; R04 nothing pending.
    """
    refuse_formal_defects(case, act, fact)
    require(fact.facts_relied_on and fact.renotification_clause, R07)
    _must_be_pending(case, act, fact.submission_id, fact.replaces)
    return recorded(case, act, fact)


def _must_be_filed(case: ModelCase, submission_id: UUID) -> None:
    if arguments_of(case, submission_id) is None:
        raise NotInRegister("submission_id names no arguments of this case")


def _must_be_pending(case: ModelCase, act: Act, submission_id: UUID, replaces: UUID | None) -> None:
    open_question = are_admissible(case, submission_id, act.law) and have_object(case, act.law, act.at)
    require(open_question and not _is_decided(case, submission_id, act.law), R04)
    standing = decisions_on(case, submission_id)
    open_again = all(is_undone(case, d.fact.decision_id, act.law) for d in standing)
    waiting = pending_decision(case, standing)
    require(open_again or waiting == replaces, R04, "A decision on them is adopted and stands.")


@decides(AcceptanceConverted)
def convert_acceptance(case: ModelCase, act: Act, fact: AcceptanceConverted) -> Facts:
    """
    Record that an acceptance was turned into a rejection.

    Law: Guidelines 2.3.3. Refuses: R06, R31 formal defects; R18 an un-notified acceptance; R22 none in force; R21 an earlier effect than the law
    allows; R05 before the hearing is over.
    """
    refuse_formal_defects(case, act, fact)
    accepted = next((e for e in case.of(ArgumentsAccepted) if e.fact.decision_id == fact.target_decision_id), None)
    require(accepted, R22)
    require(informed_at(case, fact.target_decision_id), R18)
    converting = [e for e in case.of(AcceptanceConverted) if e.fact.target_decision_id == fact.target_decision_id]
    open_one = pending_decision(case, [e for e in converting if is_standing(case, e.fact.decision_id)])
    require(acceptance_in_force(case, fact.target_decision_id, act) and open_one in (None, fact.replaces), R22)
    _refuse_early_effect(case, fact)
    refuse_unheard(case, act, fact, "CONVERSION")
    return recorded(case, act, fact)


def _refuse_early_effect(case: ModelCase, fact: AcceptanceConverted) -> None:
    """Let a conversion reach back only for incorrect or misleading information, and not beyond the day the condition was met (R21)."""
    if fact.effective_from is None:
        return
    day = legal_day(fact.effective_from)
    require(fact.change == "INFORMATION_INCORRECT_OR_MISLEADING" or (fact.adopted_on and day >= fact.adopted_on), R21)
    met_on = min((day for day, _ in conditions(case)), default=None)
    if met_on is None:
        raise Malformed("effective_from", "cannot be set before the condition is recorded as met")
    require(day >= met_on, R21, f"The condition was met on {met_on}.")
