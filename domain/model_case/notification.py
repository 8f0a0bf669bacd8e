"""The provider's notification and what becomes of it: Article 52(1); Guidelines 2.3.2."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.actors import Role
from domain.clocks import Clock, Start, notify
from domain.errors import AlreadyInRegister, NotInRegister, require
from domain.law.periods import legal_day
from domain.law.provisions import CHAPTER_V, Law
from domain.law.rules import R30, R32, R35, R37, Rule
from domain.model_case.case import OFFICER, CaseFact, Filed, ModelCase, Submission, decisions
from domain.model_case.identity import is_legacy
from domain.model_case.provider import day_of_filing, is_known_provider, is_mandated, lines_of_providers
from domain.model_case.threshold import first_trigger
from domain.record import Act, Event, Facts, decides, recorded
from domain.rulings import SubmissionRuledInadmissible, ruled
from domain.types import Bool, Day, DecimalText, DecisionId, Flop, Instant, Ref, Sha256, SubmissionId, Text

Missing = Literal["ESTIMATE", "METHOD", "TRIGGER", "OTHER"]


class Carrier(Submission):
    """A filing with which arguments can be presented (Article 52(2))."""

    arguments_included: Bool


class Notice(Carrier):
    """What every notification says (Article 52(1), second sentence)."""

    AHEAD: ClassVar[frozenset[str]] = frozenset({"trigger_on"})

    trigger: Literal["MET", "WILL_BE_MET", "DOWNSTREAM_MODIFICATION"]
    trigger_on: Day
    estimate_flop: Flop | None = None
    estimate_reported: Text | None = None
    estimate_method: Literal["HARDWARE", "ARCHITECTURE", "OTHER"] | None = None
    method_description_hash: Sha256 | None = None
    error_margin_pct: DecimalText | None = None


class NotificationReceived(Notice):
    """The provider notified the model. No effect on grounds: classification is by law."""


class NotificationReplaced(Notice):
    """The provider replaced its notification by a new, full one, while its time still runs."""

    target_submission_id: SubmissionId


Change = Literal["SUBSTANTIAL_CHANGE_OCCURRED", "SUBSTANTIAL_CHANGE_EXPECTED", "INFORMATION_INCOMPLETE", "INFORMATION_INCORRECT_OR_MISLEADING"]
"""Why an acceptance no longer holds (Guidelines 2.3.3)."""


class RenotificationReceived(Carrier):
    """The provider notified again, because what the acceptance rested on changed or was wrong."""

    target_decision_id: DecisionId
    change: Change
    fact: Text
    became_known_on: Day
    estimate_flop: Flop | None = None


class NotificationFoundIncomplete(CaseFact):
    """Information necessary to demonstrate the condition is missing; the provider was asked to supply it by a day."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER
    AHEAD: ClassVar[frozenset[str]] = frozenset({"supply_by"})

    submission_id: SubmissionId
    missing: tuple[Missing, ...]
    supply_by: Day


class NotificationCompleted(Filed):
    """The provider supplied what was missing."""

    submission_id: SubmissionId
    received_at: Instant
    estimate_flop: Flop | None = None
    method_description_hash: Sha256 | None = None
    documents: tuple[Sha256, ...] = ()


class NotificationWithdrawn(Filed):
    """The provider took its notification back. What was received cannot be un-received: the duty stays fulfilled."""

    submission_id: SubmissionId
    received_at: Instant
    filer_ref: Ref
    reason_hash: Sha256 | None = None


# -- Questions ---------------------------------------------------------------------


def notices(case: ModelCase) -> tuple[Event[Notice], ...]:
    """Return every notification of the case, admissible or not."""
    return case.all(Notice)


def notice_of(case: ModelCase, submission_id: UUID) -> Event[Notice] | None:
    """Return a notification by its number."""
    return next((e for e in notices(case) if e.fact.submission_id == submission_id), None)


def carrier_of(case: ModelCase, submission_id: UUID) -> Event[Carrier] | None:
    """Return a notification, replacement or renotification by its number."""
    return next((e for e in case.all(Carrier) if e.fact.submission_id == submission_id), None)


def carrier_counts(case: ModelCase, carrier: Event[Carrier], law: Law) -> bool:
    """Tell whether a filing counts, so that arguments in it do."""
    notice = notice_of(case, carrier.fact.submission_id)
    return counts_from(case, notice, law) is not None if notice else ruling_on(case, carrier.fact.submission_id) is None


def ruling_on(case: ModelCase, submission_id: UUID) -> str | None:
    """Return the rule by which a filing was ruled inadmissible."""
    return next((e.fact.cause_code for e in case.of(SubmissionRuledInadmissible) if e.fact.submission_id == submission_id), None)


def withdrawn_at(case: ModelCase, submission_id: UUID) -> datetime | None:
    """Return when a notification was withdrawn."""
    return min((e.fact.received_at for e in case.of(NotificationWithdrawn) if e.fact.submission_id == submission_id), default=None)


def counts_from(case: ModelCase, notice: Event[Notice], law: Law) -> datetime | None:
    """
    Return the instant at which a notification counts as received, or None while it does not.

    One found incomplete and completed within the time set counts from its first receipt; completed later, from its completion.
    """
    fact = notice.fact
    if not is_known_provider(case, fact.provider_ref):
        return None
    ruling = ruling_on(case, fact.submission_id)
    demanded = [e.fact.supply_by for e in case.of(NotificationFoundIncomplete) if e.fact.submission_id == fact.submission_id]
    if ruling not in (None, R32.code) or _is_undone_by_withdrawal(case, fact, law):
        return None
    if not demanded and ruling is None:
        return fact.received_at
    completed = completed_at(case, fact)
    if completed is None:
        return None
    in_time = (
        any(legal_day(completed) <= day for day in demanded) and law.settings.on(legal_day(fact.received_at))["INCOMPLETE_NOTICE"] == "cured_in_time"
    )
    return fact.received_at if in_time else completed


def _is_undone_by_withdrawal(case: ModelCase, fact: Notice, law: Law) -> bool:
    """Tell whether a withdrawal makes a notification one that never was: only by the switch, as it stood on the day of the withdrawal."""
    withdrawn = withdrawn_at(case, fact.submission_id)
    return withdrawn is not None and law.settings.on(legal_day(withdrawn))["NOTIFICATION_WITHDRAWAL"] == "as_if_never"


def completed_at(case: ModelCase, notice: Notice) -> datetime | None:
    """Return when a notification had both a compute figure and a method (Guidelines 2.3.2), counting what was supplied later."""
    figure, method = notice.estimate_flop is not None, has_method(notice)
    for completion in (e.fact for e in case.of(NotificationCompleted) if e.fact.submission_id == notice.submission_id):
        figure = figure or completion.estimate_flop is not None
        method = method or completion.method_description_hash is not None
        if figure and method:
            return completion.received_at
    return None


def has_method(notice: Notice) -> bool:
    """Tell whether a notification says how its figure was estimated."""
    return notice.estimate_method is not None or notice.method_description_hash is not None


def first_notified(case: ModelCase, law: Law, line: Collection[UUID] | None = None) -> tuple[datetime, Event[Notice]] | None:
    """Return the first notification that counts, by anybody or by one line of providers, and from when."""
    by_them = [e for e in notices(case) if (line is None or e.fact.provider_ref in line) and not is_voluntary(e.fact, law)]
    counting = [(at, e.version, e) for e in by_them if (at := counts_from(case, e, law))]
    return (min(counting)[0], min(counting)[2]) if counting else None


def is_voluntary(notice: Notice, law: Law) -> bool:
    """Tell whether a notice states a compute that is not above the threshold: nothing obliged to it, and it fulfils nothing (procedure 8)."""
    threshold = law.threshold_on(max(notice.trigger_on, CHAPTER_V))
    stated = notice.estimate_flop if notice.trigger == "MET" else None
    return stated is not None and threshold is not None and stated <= threshold.value_flop


def superseded(case: ModelCase) -> frozenset[UUID]:
    """Return the notifications that an admissible one has replaced."""
    replacements = (e.fact for e in case.of(NotificationReplaced) if ruling_on(case, e.fact.submission_id) is None)
    return frozenset(fact.target_submission_id for fact in replacements)


def duties_to_notify(case: ModelCase, law: Law, today: date) -> list[Clock]:
    """Return clock D1, or D1-L for a legacy model, of each provider, once something started it (Articles 52(1), 111(3); procedure 7.4)."""
    trigger = first_trigger(case, law)
    if trigger is None:
        return []
    start = Start(trigger[1].event_id, trigger[1].topic, trigger[0])
    lines = lines_of_providers(case)
    if len(lines) < 2:
        return [duty_from(case, law, today, start)]
    return [replace(duty_from(case, law, today, start, line), about=line[-1]) for line in lines]


def duty_from(case: ModelCase, law: Law, today: date, start: Start, line: Collection[UUID] | None = None) -> Clock:
    """Return clock D1 as started by a given event, for the model or for one line of providers."""
    first = first_notified(case, law, line)
    received = None
    if first and legal_day(first[0]) <= today:
        received = Start(first[1].event_id, first[1].topic, day_of_filing(case, first[1].fact.provider_ref, first[0], law))
    return notify(start, received, legacy=is_legacy(case), calendars=law.under(start.on).calendars, today=today)


# -- Decisions ---------------------------------------------------------------------


@decides(NotificationReceived)
def receive_notification(case: ModelCase, act: Act, fact: NotificationReceived) -> Facts:
    """
    Record a notification, never refused for being late, and rule on it where it lacks what makes it one.

    Law: Article 52(1); Article 54(3). Rules: R30 no mandate; R32 no figure or no method. Refuses: R37 a trigger already met that lies ahead.
    """
    return receive_notice(case, act, fact, bar_to_notice(case, fact))


@decides(NotificationReplaced)
def replace_notification(case: ModelCase, act: Act, fact: NotificationReplaced) -> Facts:
    """
    Record a replacement; it is admissible while D1 has not certainly expired and no decision is adopted.

    Law: Article 52(1), (2). Rules: R30, R32, R35. Raises: NotInRegister for an unknown notification.
    """
    if notice_of(case, fact.target_submission_id) is None:
        raise NotInRegister("target_submission_id names no notification of this case")
    return receive_notice(case, act, fact, bar_to_notice(case, fact) or bar_to_replacement(case, act, fact.received_at))


def receive_notice(case: ModelCase, act: Act, fact: Notice, bar: Rule | None) -> Facts:
    """Record a notification of any kind with the ruling it calls for."""
    if fact.trigger != "WILL_BE_MET":
        require(fact.trigger_on <= act.day, R37, f"trigger_on is {fact.trigger_on}.")
    must_be_new(case, fact.submission_id)
    received = recorded(case, act, fact)
    return received if bar is None else (*received, SubmissionRuledInadmissible(submission_id=fact.submission_id, **ruled(bar)))


def bar_to_notice(case: ModelCase, fact: Notice) -> Rule | None:
    """Return why a notification does not count, if so."""
    if not is_mandated(case, fact):
        return R30
    return R32 if fact.estimate_flop is None or not has_method(fact) else None


def bar_to_replacement(case: ModelCase, act: Act, received_at: datetime) -> Rule | None:
    """Return why a notification can no longer be replaced at a moment, if so."""
    day = legal_day(received_at)
    decided = any(e.fact.adopted_on is None or e.fact.adopted_on <= day for e in decisions(case))
    expired = any(duty.due is not None and day > duty.due and not duty.provisional for duty in duties_to_notify(case, act.law, day))
    return R35 if expired or decided or act.law.settings["NOTIFICATION_REPLACEMENT"] == "never" else None


def must_be_new(case: ModelCase, submission_id: UUID) -> None:
    """Keep the numbers of filings apart."""
    if carrier_of(case, submission_id):
        raise AlreadyInRegister("A filing with this submission_id is recorded already.")


@decides(NotificationFoundIncomplete, NotificationCompleted, NotificationWithdrawn)
def follow_notification(case: ModelCase, act: Act, fact: NotificationFoundIncomplete | NotificationCompleted | NotificationWithdrawn) -> Facts:
    """
    Record what becomes of a notification.

    Law: Article 52(1), second sentence. Raises: NotInRegister for an unknown notification.
    """
    if notice_of(case, fact.submission_id) is None:
        raise NotInRegister("submission_id names no notification of this case")
    return recorded(case, act, fact)
