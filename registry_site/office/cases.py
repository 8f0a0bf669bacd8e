"""Where cases and alerts are found: every one by those who read them, and by those who file the cases that are theirs."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from api.recording.views import stands
from domain.actors import Actor
from domain.clocks import Clock
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.model_case.case import ModelCase
from domain.next_steps import NextStep
from domain.qualified_alert import processing_clock, received
from domain.status import Status
from projections.office.questions import CaseFilter, CaseRow
from registry_site.office.asked import number_asked, parameters, search_words
from registry_site.office.case import marketed_names
from registry_site.office.desk import WORKBENCH, Desk, Visit

CASES = f"{WORKBENCH}cases"
ALERTS = f"{WORKBENCH}alerts"
PER_PAGE = 50
KNOWN = ("search", "after")


class Shown(NamedTuple):
    """A case with its status now."""

    row: CaseRow
    status: Status


def show_cases(desk: Desk, visit: Visit) -> Response:
    """
    Show a page of the cases, whether anything waits in them or not; that they were read is noted, each by its number.

    Raises: BadQuestion.
    """
    given, now = parameters(visit.request.url.query, KNOWN), desk.clock()
    search = search_words(given)
    found = desk.office.cases(CaseFilter(now, search=search), first=PER_PAGE + 1, after=number_asked(given, "after") or 0)
    shown = [Shown(row, Status(desk.office.status(UUID(row.case_id), now).status)) for _, row in found[:PER_PAGE]]
    further = f"{CASES}?{urlencode({**given, 'after': str(found[PER_PAGE - 1][0])})}" if len(found) > PER_PAGE else None
    desk.note_read(visit, (f"case/{each.row.case_id}" for each in shown))
    return desk.page("cases.html", visit.request, visit.session, shown=shown, search=search, further=further, begun="after" in given)


def show_alerts(desk: Desk, visit: Visit) -> Response:
    """Show the qualified alerts with clock D2; that they were read is noted (Article 90)."""
    now = desk.clock()
    law = desk.office.law(now)
    found = [(record, received(record), processing_clock(record, law, legal_day(now))) for record in desk.office.alerts(now)]
    desk.note_read(visit, (str(record.stream) for record, _, _ in found))
    return desk.page("alerts.html", visit.request, visit.session, found=found)


# -- One's own cases -------------------------------------------------------------------


class OwnCase(NamedTuple):
    """A case as its provider or representative sees it: under its marketed names, since the working name is the office's."""

    case_id: UUID
    names: list[str]
    status: Status
    clocks: tuple[Clock, ...]
    steps: list[NextStep]


def own_cases(desk: Desk, actor: Actor, at: datetime) -> list[OwnCase]:
    """
    Return the cases that somebody may read because they are theirs, each with what they may file now.

    Law: Charter, Article 41(2)(b).
    """
    files = (stream for stream in desk.office.files_naming(actor.ref) if stream.kind == "case")
    return [own for stream in files if (own := _own_case(desk, stream, actor, at))]


def _own_case(desk: Desk, stream: Stream, actor: Actor, at: datetime) -> OwnCase | None:
    found = stands(desk.register, stream, actor, at)
    if found is None:
        return None
    case_id = UUID(stream.key)
    state: ModelCase = desk.office.records(case_id, at).case
    steps = [step for step in desk.office.next_steps(case_id, at) if step.possible and actor.role in step.recorded_by]
    return OwnCase(case_id, marketed_names(state), found.standing.status, found.clocks, steps)
