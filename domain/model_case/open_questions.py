"""How long arguments and requests for reassessment have been open, clock D7: Charter, Article 41(1); Article 265 TFEU."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.clocks import Clock, Start, deciding
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.model_case import arguments, reassessment
from domain.model_case.case import CommissionDecision, ModelCase
from domain.model_case.decision import informed_at, is_undone
from domain.model_case.designation import is_designated_by
from domain.record import Event


def open_questions(case: ModelCase, law: Law, at: datetime) -> list[Clock]:
    """Return clock D7 of all admissible arguments and requests received by a moment; what fell away undecided has none."""
    found = [*_arguments(case, law, at), *_requests(case, law, at)]
    return sorted(found, key=lambda clock: clock.started_by.on)


def _arguments(case: ModelCase, law: Law, at: datetime) -> Iterator[Clock]:
    stand = arguments.have_object(case, law, at)
    for event in case.of(arguments.ArgumentsReceived):
        filing = event.fact.submission_id
        if event.fact.received_at <= at and arguments.are_admissible(case, filing, law):
            clock = _open(case, event, event.fact.received_at, arguments.deciding(case, filing, law), at, filing)
            if stand or clock.satisfied_by:
                yield clock


def _requests(case: ModelCase, law: Law, at: datetime) -> Iterator[Clock]:
    for event in case.of(reassessment.ReassessmentRequestReceived):
        request = event.fact
        if request.received_at <= at and reassessment.is_maintained(case, request.request_id):
            decided = [e for e in reassessment.outcomes(case, request.request_id) if not is_undone(case, e.fact.decision_id, law)]
            clock = _open(case, event, request.received_at, decided, at, request.request_id)
            if clock.satisfied_by or is_designated_by(case, request.target_decision_id, at, law):
                yield clock


def _open(
    case: ModelCase, filed: Event[Any], received_at: datetime, decided: Iterable[Event[CommissionDecision]], at: datetime, about: UUID
) -> Clock:
    """Return clock D7 of a filing; a decision answers it once its addressee is informed (Article 297(2) TFEU)."""
    informed = [(moment, e) for e in decided if (moment := informed_at(case, e.fact.decision_id)) and moment <= at]
    first = min(informed, key=lambda pair: pair[0], default=None)
    answer = Start(first[1].event_id, first[1].topic, legal_day(first[0])) if first else None
    return deciding(Start(filed.event_id, filed.topic, legal_day(received_at)), answer, today=legal_day(at), about=about)
