"""The page of a case: where it stands, its clocks, its history."""

from uuid import UUID

from starlette.responses import Response

from domain.actors import READS_EVERYTHING
from domain.law.provisions import FOREVER
from registry_site.office.desk import Desk, NotThere, Visit


def case(desk: Desk, visit: Visit) -> Response:
    """
    Show a case as it stands now; that it was read is noted.

    Of the clocks, a publication officer sees the one that publication waits for, and of the history nothing.
    Law: Article 78(1).
    """
    try:
        case_id = UUID(visit.request.path_params["case_id"])
    except ValueError:
        raise NotThere from None
    row, now = desk.office.case_row(case_id), desk.clock()
    if row is None:
        raise NotThere
    whole = visit.session.actor.role in READS_EVERYTHING
    standing = desk.office.standing(case_id, now, now)
    clocks = [clock for clock in desk.office.clocks(case_id, now) if whole or clock.clock == "D9"]
    history = desk.office.history(case_id, now) if whole else ()
    desk.note_read(visit, [f"case/{case_id}"])
    return desk.page(
        "case.html", visit.request, visit.session, case=row, standing=standing, clocks=clocks, history=history, whole=whole, forever=FOREVER
    )  # fmt: skip
