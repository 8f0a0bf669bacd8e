"""An event as auditors read it: its stored bytes, its leaf and proof, what led to it, and what it brought about."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from api.recording.views import Stands
from domain.law.provisions import FOREVER, Span
from domain.record import Event
from domain.status import Ground
from projections.office.questions import CaseRow
from registry_site.office.asked import parameters
from registry_site.office.audit.asked import times_asked
from registry_site.office.audit.examination import Examined, Row, examined
from registry_site.office.audit.sources import Sources
from registry_site.office.case import case_row_of
from registry_site.office.consequences import Moved, moved
from registry_site.office.desk import Desk, NotThere, Visit
from registry_site.office.times import TIMES, Times

LEAST = timedelta(microseconds=1)
"""Between what was known before an instant and what is known at it."""


@dataclass(frozen=True, slots=True)
class Change:
    """How the case stood just before an instant of recording and at it: status, periods of each ground that differ, clocks that moved."""

    before: Stands
    after: Stands
    grounds: list[tuple[Ground, list[Span], list[Span]]]
    clocks: list[Moved]

    @property
    def is_any(self) -> bool:
        """Tell whether anything changed."""
        return bool(self.before.standing.status is not self.after.standing.status or self.grounds or self.clocks)


def audited_event(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """
    Show an event of a case with its proof; that the case was read is noted.

    Raises: NotThere, BadQuestion.
    """
    case, times = case_row_of(desk, visit), times_asked(desk, parameters(visit.request.url.query, TIMES))
    found = examined(desk, sources, UUID(case.case_id), times.known_at)
    row = _row(found, visit.request.path_params["number"])
    event: Event[Any] = row.line.event
    desk.note_read(visit, [f"case/{case.case_id}"])
    return desk.page(
        "audit_event.html", visit.request, visit.session, case=case, times=times, found=found, row=row,
        cause=next((each.line for each in found.rows if each.line.event.event_id == event.cause), None),
        led_to=[each.line for each in found.rows if each.line.event.cause == event.event_id],
        same_act=[each.line for each in found.rows if each.line.event.correlation == event.correlation and each is not row],
        change=_change(desk, case, times, event), forever=FOREVER,
    )  # fmt: skip


def _row(found: Examined, number: str) -> Row:
    row = next((row for row in found.rows if str(row.line.number) == number), None)
    if row is None:
        raise NotThere
    return row


def _change(desk: Desk, case: CaseRow, times: Times, event: Event[Any]) -> Change:
    """Ask the questions of the page of a case twice: with what was known just before the recording, and with what was known then."""
    valid_at = times.valid_at if "valid_at" in times.given else event.recorded_at
    case_id = UUID(case.case_id)
    before, after = (
        Stands(desk.office.standing(case_id, valid_at, known), desk.office.clocks(case_id, valid_at, known))
        for known in (event.recorded_at - LEAST, event.recorded_at)
    )
    old, new = before.standing.spans, after.standing.spans
    grounds = [(ground, old.get(ground, []), new.get(ground, [])) for ground in Ground if old.get(ground, []) != new.get(ground, [])]
    return Change(before, after, grounds, list(moved(before, after)))
