"""
From the events of a case to its effects: the plain facts that the fold of the status reads, the clocks, and the flags.

This is the only place that knows both the events and the fold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.clocks import Clock, State
from domain.law.periods import legal_day, start_of
from domain.law.provisions import FOREVER, LEGACY_TERM, Law, Span
from domain.model_case import arguments, courts, identity, reassessment
from domain.model_case.case import ModelCase, decisions
from domain.model_case.decision import DraftDecisionCommunicated, ProviderHeard, action_clocks, decision_facts, hearing_clock
from domain.model_case.designation import is_designated_by
from domain.model_case.information import information_clocks
from domain.model_case.notification import counts_from, duties_to_notify, first_notified, notices, withdrawn_at
from domain.model_case.open_questions import open_questions
from domain.model_case.threshold import ThresholdFoundNeverMet, conditions
from domain.status import CaseFacts, ConditionMet, Ground, Status, grounds, status_at


def case_facts(case: ModelCase, law: Law) -> CaseFacts:
    """Return what the fold of the status needs to know of a case, as far as it is loaded."""
    return CaseFacts(tuple(_conditions(case)), decision_facts(case), tuple(_expected(case, law)))


def _conditions(case: ModelCase) -> Iterator[ConditionMet]:
    for day, event in conditions(case):
        yield ConditionMet(day, event.fact.compute_flop if event.fact.kind == "COMPUTE" else None)


def _expected(case: ModelCase, law: Law) -> Iterator[Span]:
    """Return when a counting notification said that the condition will be met, until it was withdrawn."""
    never = case.last(ThresholdFoundNeverMet)
    for event in notices(case):
        since = counts_from(case, event, law)
        if event.fact.trigger == "WILL_BE_MET" and since:
            found = start_of(never.fact.found_on) if never and never.version > event.version else FOREVER
            yield since, min(found, withdrawn_at(case, event.fact.submission_id) or FOREVER)


MOVES_STATUS = frozenset(
    {
        "ThresholdMet",
        "ThresholdFoundNeverMet",
        "ConditionDateEstablished",
        "RecordCorrected",
        "NotificationReceived",
        "NotificationReplaced",
        "NotificationCompleted",
        "NotificationFoundIncomplete",
        "NotificationWithdrawn",
        "SubmissionRuledInadmissible",
        "ProviderIdentified",
        "ProviderSucceeded",
        "ModelTransferred",
        "DecisionNotified",
        "DecisionRectified",
        "DecisionAnnulled",
        "AppealDecided",
        "InterimSuspensionOrdered",
        "InterimSuspensionEnded",
    }
)
"""Events that can move a status; a decision does so only once it is notified, so its adoption does not."""


# -- Clocks ------------------------------------------------------------------------


def clocks(case: ModelCase, law: Law, at: datetime) -> list[Clock]:
    """Return every clock of a case as it stands at a moment, in the order of their numbers."""
    today = legal_day(at)
    hearings = [hearing_clock(case, draft, law, today) for draft in case.of(DraftDecisionCommunicated)]
    return [
        *duties_to_notify(case, law, today),
        *hearings,
        *reassessment.reassessment_clocks(case, law, at),
        *action_clocks(case, today),
        *open_questions(case, law, at),
        *information_clocks(case, today),
    ]


# -- Flags -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flags:
    """What goes with a status without being one."""

    arguments_pending: bool
    hearing_open: bool
    reassessment_pending: bool
    notification_overdue: bool
    on_union_market: bool
    provisional: bool
    obligations_deferred_until: date | None
    action_pending: bool
    operation_suspended_by_court: bool
    ending_suspended_by_court: bool


OPERATING = ("DESIGNATION_52_1", "DESIGNATION_52_4")
ENDING = ("ACCEPTANCE", "LIFTING")
"""What the Court suspends: a designation stops operating, an act that ended a ground stops ending it (Articles 278 and 279 TFEU)."""


def flags(case: ModelCase, law: Law, at: datetime) -> Flags:
    """Return the flags of a case at a moment (Article 111(3) for the deferral of a legacy model)."""
    today = legal_day(at)
    duties = duties_to_notify(case, law, today)
    suspended = [d.outcome for d in decision_facts(case) if courts.is_suspended(case, d.id, at)]
    placed = identity.placed_on(case)
    return Flags(
        arguments_pending=bool(arguments.pending(case, law, at)),
        hearing_open=bool(open_hearings(case)),
        reassessment_pending=_reassessment_pending(case, law, at),
        notification_overdue=any(duty.state is State.EXPIRED for duty in duties),
        on_union_market=placed is not None and placed <= today and identity.off_market_since(case, today) is None,
        provisional=any(duty.state is State.PROVISIONAL for duty in duties),
        obligations_deferred_until=LEGACY_TERM if identity.is_legacy(case) else None,
        action_pending=bool(courts.open_actions(case)),
        operation_suspended_by_court=any(outcome in OPERATING for outcome in suspended),
        ending_suspended_by_court=any(outcome in ENDING for outcome in suspended),
    )


def _reassessment_pending(case: ModelCase, law: Law, at: datetime) -> bool:
    """Tell whether a request waits; one falls away with the designation it is about (procedure section 4)."""
    requests = [e.fact for e in case.of(reassessment.ReassessmentRequestReceived) if reassessment.is_unanswered(case, e.fact.request_id, law)]
    return any(is_designated_by(case, request.target_decision_id, at, law) for request in requests)


def open_hearings(case: ModelCase) -> list[UUID]:
    """Return the hearings that neither an answer nor a decision closed, in the order of their drafts."""
    return [draft.fact.hearing_id for draft in case.of(DraftDecisionCommunicated) if not _heard(case, draft.fact.hearing_id)]


def _heard(case: ModelCase, hearing_id: UUID) -> bool:
    """Tell whether a hearing is closed: by an answer, by silence recorded, or by the decision that names it."""
    answered = any(e.fact.hearing_id == hearing_id for e in case.of(ProviderHeard))
    return answered or any(e.fact.hearing_id == hearing_id for e in decisions(case))


# -- The whole ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Status, active grounds and all spans of a case at a pair of times."""

    status: Status
    active: tuple[tuple[Ground, Span], ...]
    spans: dict[Ground, list[Span]]
    flags: Flags


def standing(case: ModelCase, law: Law, valid_at: datetime, known_at: datetime) -> Standing:
    """Return how a model stood at `valid_at`, as the register knew it at `known_at`."""
    known, law_known = case.known(known_at), law.known(known_at)
    facts = case_facts(known, law_known)
    status, active = status_at(facts, law_known, valid_at)
    return Standing(status, tuple(active), grounds(facts, law_known).spans, flags(known, law_known, valid_at))


def is_notified(case: ModelCase, law: Law) -> bool:
    """Tell whether a notification that counts was received."""
    return first_notified(case, law) is not None
