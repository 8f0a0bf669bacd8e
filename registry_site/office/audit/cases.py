"""The cases for auditors, in the order of opening, each with its status at a pair of times."""

from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from domain.status import Status
from projections.office.questions import CaseFilter, CaseRow
from registry_site.office.asked import choice, number_asked, parameters, search_words
from registry_site.office.audit.asked import times_asked
from registry_site.office.audit.sources import Sources
from registry_site.office.desk import AUDIT, HEADERS, Desk, Visit
from registry_site.office.times import TIMES

CASES = f"{AUDIT}cases/"
PER_PAGE = 50
KNOWN = (*TIMES, "search", "status", "after")


class Shown(NamedTuple):
    """A case with its status at the pair of times asked for."""

    row: CaseRow
    status: Status


def to_cases(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """Send on to the list of cases."""
    return RedirectResponse(CASES, 303, HEADERS)


def audited_cases(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """
    Show a page of the cases; that they were read is noted, each by its number.

    Raises: BadQuestion.
    """
    given = parameters(visit.request.url.query, KNOWN)
    times, search, status = times_asked(desk, given), search_words(given), choice(given, "status", ("", *Status), "")
    wanted = CaseFilter(times.valid_at, status or None, search=search, known_at=times.known_at)
    found = desk.office.cases(wanted, first=PER_PAGE + 1, after=number_asked(given, "after") or 0)
    shown = [Shown(row, Status(desk.office.status(UUID(row.case_id), times.valid_at, times.known_at).status)) for _, row in found[:PER_PAGE]]
    further = f"{CASES}?{urlencode({**given, 'after': str(found[PER_PAGE - 1][0])})}" if len(found) > PER_PAGE else None
    desk.note_read(visit, (f"case/{each.row.case_id}" for each in shown))
    return desk.page(
        "audit_cases.html", visit.request, visit.session, shown=shown, times=times, search=search, chosen=status, statuses=list(Status),
        further=further, begun="after" in given,
    )  # fmt: skip
