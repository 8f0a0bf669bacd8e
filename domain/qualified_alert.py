"""Qualified alerts of the scientific panel: Article 90; Implementing Regulation (EU) 2025/454, Articles 18 and 19."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from domain.actors import Role
from domain.clocks import Clock, Start, alert
from domain.errors import AlreadyInRegister, Malformed, NotInRegister, require
from domain.ids import Kind
from domain.law.periods import legal_day
from domain.law.provisions import CHAPTER_IX, Law
from domain.law.rules import R24, R25
from domain.record import Act, Event, Fact, Facts, History, decides
from domain.rulings import SubmissionRuledInadmissible, ruled
from domain.types import AlertId, Bool, CaseId, Day, Instant, Int, Ref, Sha256, SubmissionId

MOST_MEMBERS = 60
"""The panel has at most sixty members (2025/454, Article 3(2))."""
CONTRIBUTORS = 2
"""A rapporteur and two contributors are appointed for a measure (2025/454, Article 19(4))."""
Ground = Literal["90(1)(a)", "90(1)(b)"]
OFFICER = frozenset({Role.CASE_OFFICER})


@dataclass(frozen=True, slots=True)
class QualifiedAlert(History):
    """One alert; it may concern several cases."""

    @property
    def is_closed(self) -> bool:
        """Tell whether the alert was closed."""
        return "AlertClosed" in self.by_topic


class AlertFact(Fact):
    """An event of an alert. Nothing of it is public (Article 78; 2025/454, Article 12)."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("alert",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.PANEL, Role.CASE_OFFICER})

    alert_id: AlertId


class QualifiedAlertReceived(AlertFact):
    """The panel sent an alert."""

    submission_id: SubmissionId
    received_at: Instant
    case_ids: tuple[CaseId, ...] = ()
    ground: Ground
    members: Int
    votes_for: Int
    provider_contact_given: Bool
    facts_hash: Sha256 | None = None
    documents: tuple[Sha256, ...] = ()
    rapporteur_ref: Ref | None = None
    complete: Bool


class AlertInformationRequested(AlertFact):
    """The panel's member was asked for information: the alert is not complete until it arrives."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    question_hash: Sha256


class AlertChanged(AlertFact):
    """The panel added to, corrected or modified its alert."""

    received_at: Instant
    ground: Ground | None = None
    documents: tuple[Sha256, ...] = ()


class AlertCompleted(AlertChanged):
    """The information asked for arrived: the two weeks start afresh."""


class AlertCorrected(AlertChanged):
    """The panel corrected its alert."""


class AlertModified(AlertChanged):
    """The panel modified its alert."""


class AlertWithdrawn(AlertFact):
    """The panel withdrew its alert."""

    received_at: Instant


class BoardInformed(AlertFact):
    """The Board was informed, which measures presuppose (Article 90(2))."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    document_hash: Sha256


class AlertMeasuresLaunched(AlertFact):
    """Measures under Articles 91 to 93 were launched; a designation is none of them."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    measures: tuple[Literal["91", "92", "93"], ...]
    rapporteur_ref: Ref
    contributor_refs: tuple[Ref, ...]


class AlertClosed(AlertFact):
    """The alert was closed."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    closing_reason: Literal["NO_MEASURES", "WITHDRAWN", "DESIGNATION_DECIDED", "DONE"]


# -- Questions ---------------------------------------------------------------------


def received(record: QualifiedAlert) -> Event[QualifiedAlertReceived] | None:
    """Return the alert as it arrived."""
    return record.last(QualifiedAlertReceived)


def is_admissible(record: QualifiedAlert) -> bool:
    """Tell whether the alert was received and not ruled inadmissible."""
    return received(record) is not None and not record.of(SubmissionRuledInadmissible)


def ground_of(record: QualifiedAlert) -> str | None:
    """Return the ground of the alert, as last corrected or modified."""
    arrived = received(record)
    changed = [e.fact.ground for e in record.all(AlertChanged) if e.fact.ground]
    return changed[-1] if changed else arrived.fact.ground if arrived else None


def complete_since(record: QualifiedAlert) -> Event[QualifiedAlertReceived] | Event[AlertCompleted] | None:
    """Return the event by which the alert is complete; None while information is awaited."""
    arrived, asked, completed = received(record), record.last(AlertInformationRequested), record.last(AlertCompleted)
    if asked and (completed is None or completed.version < asked.version):
        return None
    return completed or (arrived if arrived and arrived.fact.complete else None)


def is_open(record: QualifiedAlert) -> bool:
    """Tell whether the alert is admissible, neither withdrawn nor closed."""
    return is_admissible(record) and not record.of(AlertWithdrawn) and not record.of(AlertClosed)


def can_carry_designation(record: QualifiedAlert, on: date, law: Law) -> bool:
    """
    Tell whether a designation may name the alert as its origin.

    Law: Article 52(4) with Article 90(1), point (a); point (b) only by the switch ALERT_90_1_B_ORIGIN.
    """
    complete = complete_since(record)
    grounds = ("90(1)(a)", "90(1)(b)") if law.settings["ALERT_90_1_B_ORIGIN"] == "QUALIFIED_ALERT" else ("90(1)(a)",)
    in_time = complete is not None and legal_day(complete.fact.received_at) <= on
    return is_admissible(record) and in_time and not record.of(AlertWithdrawn) and ground_of(record) in grounds


def processing_clock(record: QualifiedAlert, law: Law, today: date) -> Clock | None:
    """Return clock D2, which runs while the alert is complete (2025/454, Article 19(2))."""
    complete, arrived = complete_since(record), received(record)
    if complete is None or arrived is None or not is_admissible(record):
        return None
    done = list(record.among(AlertMeasuresLaunched, AlertClosed, AlertWithdrawn))
    days = [(legal_day(e.fact.received_at) if isinstance(e.fact, AlertWithdrawn) else e.fact.on, e) for e in done]
    first = min(((day, e) for day, e in days if day <= today), key=lambda item: (item[0], item[1].version), default=None)
    processed = Start(first[1].event_id, first[1].topic, first[0]) if first else None
    start = Start(complete.event_id, complete.topic, legal_day(complete.fact.received_at))
    return alert(start, processed, calendars=law.under(start.on).calendars, today=today, about=arrived.fact.alert_id)


# -- Decisions ---------------------------------------------------------------------


@decides(QualifiedAlertReceived)
def receive_alert(record: QualifiedAlert, act: Act, fact: QualifiedAlertReceived) -> Facts:
    """
    Record an alert, and rule on it.

    Law: Article 90(1), (3); Article 113; 2025/454, Article 18(1): more than half of the members, not of the votes cast. Rules: R24.
    """
    if record:
        raise AlreadyInRegister("This alert is recorded already; record its completion, correction or modification.")
    _must_be_its_own(record, fact)
    if has_effect(fact):
        return (fact,)
    return (fact, SubmissionRuledInadmissible(submission_id=fact.submission_id, **ruled(R24)))


def has_effect(fact: QualifiedAlertReceived) -> bool:
    """Tell whether an alert has its majority, its contents and its legal basis."""
    majority = 2 * fact.votes_for > fact.members and 0 < fact.members <= MOST_MEMBERS and fact.votes_for <= fact.members
    return majority and fact.provider_contact_given and fact.facts_hash is not None and legal_day(fact.received_at) >= CHAPTER_IX


@decides(AlertInformationRequested, AlertCompleted, AlertCorrected, AlertModified, AlertWithdrawn, BoardInformed, AlertClosed)
def follow_alert(record: QualifiedAlert, act: Act, fact: AlertFact) -> Facts:
    """Record what becomes of an alert. Raises: NotInRegister for one that never arrived, AlreadyInRegister for one closed already."""
    _must_have_arrived(record, fact)
    if isinstance(fact, AlertClosed) and record.of(AlertClosed):
        raise AlreadyInRegister("The alert is closed already.")
    return (fact,)


@decides(AlertMeasuresLaunched)
def launch_measures(record: QualifiedAlert, act: Act, fact: AlertMeasuresLaunched) -> Facts:
    """
    Record that measures were launched.

    Law: Article 90(2); 2025/454, Article 19(3), (4). Refuses: R25 before the Board was informed; R24 on an alert without effect.
    """
    _must_have_arrived(record, fact)
    require(is_admissible(record), R24)
    require(any(e.fact.on <= fact.on for e in record.of(BoardInformed)), R25)
    if len(set(fact.contributor_refs) - {fact.rapporteur_ref}) != CONTRIBUTORS or len(fact.contributor_refs) != CONTRIBUTORS:
        raise Malformed("contributor_refs", "must name two contributors besides the rapporteur (2025/454, Article 19(4))")
    if not fact.measures:
        raise Malformed("measures", "must name at least one Article")
    return (fact,)


def _must_have_arrived(record: QualifiedAlert, fact: AlertFact) -> None:
    if not record:
        raise NotInRegister("the alert has no events yet: record QualifiedAlertReceived first")
    _must_be_its_own(record, fact)


def _must_be_its_own(record: QualifiedAlert, fact: AlertFact) -> None:
    if str(fact.alert_id) != record.stream.key:
        raise Malformed("alert_id", "must be the alert this record belongs to")
