"""What waits to be done, case by case: running terms, arguments, hearings, requests, alerts, and what is due for the list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.clocks import Clock, State
from domain.errors import Refused
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.list_entry import is_listed
from domain.listing import Records, refuse_listing
from domain.model_case import arguments, identity, reassessment
from domain.model_case.arguments import ArgumentsReceived
from domain.model_case.case import ModelCase, decisions
from domain.model_case.decision import DraftDecisionCommunicated, informed_at, is_undone
from domain.model_case.designation import DesignationProceedingClosed, is_designated_by
from domain.model_case.effects import Standing, clocks, open_hearings, standing
from domain.model_case.reassessment import ReassessmentRequestReceived
from domain.publication import ConfidentialityClaimLodged, PublicationContentProposed, claim_clock, decision_on, open_orders
from domain.qualified_alert import QualifiedAlert, processing_clock, received
from domain.record import Act
from domain.status import Status
from projections.office.questions import SOMEBODY, CaseFilter, CaseRow, Office

EVERY_CASE = 1_000_000


class Step(StrEnum):
    """What has to be done next."""

    NOTIFY = "NOTIFY"
    DECIDE_ON_ARGUMENTS = "DECIDE_ON_ARGUMENTS"
    HEAR = "HEAR"
    ADOPT = "ADOPT"
    DECIDE_ON_REQUEST = "DECIDE_ON_REQUEST"
    INFORM = "INFORM"
    SUPPLY = "SUPPLY"
    PROCESS_ALERT = "PROCESS_ALERT"
    PROPOSE_CONTENT = "PROPOSE_CONTENT"
    CLAIM = "CLAIM"
    DECIDE_ON_CLAIM = "DECIDE_ON_CLAIM"
    PUBLISH = "PUBLISH"
    HELD = "HELD"
    SLOT = "SLOT"
    REMOVE = "REMOVE"


PUBLICATION = frozenset({Step.PROPOSE_CONTENT, Step.CLAIM, Step.DECIDE_ON_CLAIM, Step.PUBLISH, Step.HELD, Step.SLOT, Step.REMOVE})
TERMS = frozenset({Step.NOTIFY, Step.SUPPLY, Step.PROCESS_ALERT})
"""Steps that come late when their day passes; a hearing or a claim that nobody used is simply over."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    Something that waits.

    `since` is the day it began, `due` the last day of its term, where there is one; `clock` has the arithmetic. `because` says why it is held.
    """

    case_id: str
    name: str
    status: Status
    step: Step
    since: date
    due: date | None = None
    clock: Clock | None = None
    slot_at: datetime | None = None
    because: str = ""

    def is_late(self, today: date) -> bool:
        """Tell whether a term passed; a day in doubt makes nobody late."""
        return self.step in TERMS and self.due is not None and self.due < today and not self.is_provisional

    @property
    def is_provisional(self) -> bool:
        """Tell whether the day hangs on days of the calendar that were not checked."""
        return self.clock is not None and self.clock.provisional


class Inbox:
    """
    Tells what waits.

    What was found for a case is kept until an event of the case or of the law comes, or the day moves on: only then can it change.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._kept: dict[str, tuple[tuple[int, int, date], tuple[Waiting, ...]]] = {}

    def waiting(self, at: datetime) -> list[Waiting]:
        """Return everything that waits at a moment, in the order of the cases' opening, alerts last."""
        law, reached, today = self._office.law(at), self._office.reached(at), legal_day(at)
        rows = {row.case_id: row for _, row in self._office.cases(CaseFilter(at, known_at=at), first=EVERY_CASE)}
        found: list[Waiting] = []
        for case_id, row in rows.items():
            key = (reached[case_id], reached[""], today)
            kept = self._kept.get(case_id)
            if kept is None or kept[0] != key:
                kept = self._kept[case_id] = (key, tuple(of_case(row, self._office.records(UUID(case_id), at), law, at)))
            found += kept[1]
        return found + [waiting for alert in self._office.open_alerts(at) for waiting in self._of_alert(alert, rows, law, at)]

    def _of_alert(self, record: QualifiedAlert, rows: dict[str, CaseRow], law: Law, at: datetime) -> Iterator[Waiting]:
        """Yield an open alert once for each case it concerns (Article 90)."""
        arrived, clock = received(record), processing_clock(record, law, legal_day(at))
        if arrived is None or (clock and clock.satisfied_by):
            return
        since, due = legal_day(arrived.fact.received_at), clock.due if clock else None
        for row in filter(None, (rows.get(str(case_id)) for case_id in arrived.fact.case_ids)):
            status = Status(self._office.status(UUID(row.case_id), at).status)
            yield Waiting(row.case_id, row.internal_name, status, Step.PROCESS_ALERT, since, due, clock)
        if not arrived.fact.case_ids:
            yield Waiting("", "", Status.NOT_CLASSIFIED, Step.PROCESS_ALERT, since, due, clock)


# -- One case --------------------------------------------------------------------------


def of_case(row: CaseRow, records: Records, law: Law, at: datetime) -> Iterator[Waiting]:
    """Yield what waits in a case; in a closed one nothing does."""
    if records.case.is_closed:
        return
    stands = standing(records.case, law, at, at)
    for step, since, more in (*_of_clocks(records, law, at), *_of_decisions(records, law, at), *_of_list(records, stands, law, at)):
        yield Waiting(row.case_id, row.internal_name, stands.status, step, since, **more)


Found = Iterator[tuple[Step, date, dict[str, Any]]]


def _of_clocks(records: Records, law: Law, at: datetime) -> Found:
    hearings = open_hearings(records.case)
    for clock in clocks(records.case, law, at):
        running = clock.satisfied_by is None and clock.state in (State.RUNNING, State.EXPIRED, State.PROVISIONAL)
        if running and clock.clock in ("D1", "D1-L", "D8"):
            yield Step.SUPPLY if clock.clock == "D8" else Step.NOTIFY, clock.started_by.on, {"due": clock.due, "clock": clock}
        elif clock.clock == "D3" and clock.about in hearings and clock.first_admissible is not None:
            last = clock.first_admissible - timedelta(days=1)
            yield Step.HEAR if clock.state is State.RUNNING else Step.ADOPT, clock.started_by.on, {"due": last, "clock": clock}
        elif clock.clock == "D3" and clock.satisfied_by is not None and not _is_acted_on(records.case, clock.about):
            yield Step.ADOPT, clock.satisfied_by.on, {}


def _is_acted_on(case: ModelCase, hearing_id: UUID | None) -> bool:
    """Tell whether anything was decided, or the proceeding closed, since a draft was sent: then nobody waits for its adoption."""
    draft = next(event for event in case.of(DraftDecisionCommunicated) if event.fact.hearing_id == hearing_id)
    return any(event.version > draft.version for event in (*decisions(case), *case.of(DesignationProceedingClosed)))


def _of_decisions(records: Records, law: Law, at: datetime) -> Found:
    """Yield what waits for a decision, or for its notification; the Act sets no time limit for either (clock D7)."""
    for decision in decisions(records.case):
        adopted = decision.fact
        if informed_at(records.case, adopted.decision_id) is None and not is_undone(records.case, adopted.decision_id, law):
            yield Step.INFORM, adopted.adopted_on or legal_day(decision.recorded_at), {}
    pending = arguments.pending(records.case, law, at)
    for event in records.case.of(ArgumentsReceived):
        if event.fact.submission_id in pending:
            yield Step.DECIDE_ON_ARGUMENTS, legal_day(event.fact.received_at), {}
    for request in records.case.of(ReassessmentRequestReceived):
        waits = reassessment.is_waiting(records.case, request.fact.request_id, law)
        if waits and is_designated_by(records.case, request.fact.target_decision_id, at, law):
            yield Step.DECIDE_ON_REQUEST, legal_day(request.fact.received_at), {}


# -- The list, procedure section 9 -------------------------------------------------------


def _of_list(records: Records, stands: Standing, law: Law, at: datetime) -> Found:
    for order in open_orders(records.publication):
        yield Step.SLOT, legal_day(order.recorded_at), {"due": legal_day(order.fact.slot_at), "slot_at": order.fact.slot_at}
    listed = is_listed(records.entry)
    if open_orders(records.publication) or listed is (stands.status is Status.CLASSIFIED) or (not listed and not identity.announced(records.case)):
        return
    if listed:
        yield Step.REMOVE, legal_day(at), {}
    else:
        begun = min((span[0] for _, span in stands.active), default=at)
        yield _to_publish(records, legal_day(begun), law, at)


def _to_publish(records: Records, classified_on: date, law: Law, at: datetime) -> tuple[Step, date, dict[str, Any]]:
    proposed, clock = records.publication.last(PublicationContentProposed), claim_clock(records.publication, law, legal_day(at))
    if proposed is None or clock is None:
        return Step.PROPOSE_CONTENT, classified_on, {}
    undecided = [e for e in records.publication.of(ConfidentialityClaimLodged) if decision_on(records.publication, e.fact.claim_id) is None]
    if undecided:
        return Step.DECIDE_ON_CLAIM, legal_day(undecided[0].fact.received_at), {}
    if clock.state in (State.RUNNING, State.PROVISIONAL):
        return Step.CLAIM, clock.started_by.on, {"due": clock.due, "clock": clock}
    since = legal_day(proposed.fact.proposed_at)
    try:
        refuse_listing(records, Act(SOMEBODY, at, law), proposed.fact)
    except Refused as refused:
        return Step.HELD, since, {"because": refused.detail}
    return Step.PUBLISH, since, {}
