"""The pages of the office."""

from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from api.problems import problem
from api.recording.views import FILING_ROLES, READERS
from api.recording.views import READ_ONLY as READS_CASES
from api.stores.access_log import AccessAct
from domain.events import EVENTS
from domain.law.periods import legal_day
from registry_site.office.calendar import FEED, change_calendar, deadlines, show_calendar
from registry_site.office.case import case, case_row_of
from registry_site.office.cases import ALERTS, CASES, own_cases, show_alerts, show_cases
from registry_site.office.challenges import show_challenges
from registry_site.office.desk import HEADERS, INTAKE, WORKBENCH, Desk, NotThere, Visit, nowhere, route
from registry_site.office.documents import admits_classing, class_document, show_classing, show_documents
from registry_site.office.drafts import DRAFTS, READS_DRAFTS, decide_on_draft, show_draft, show_drafts
from registry_site.office.files import show_file
from registry_site.office.inbox import SHOWN, answer, question_of, readable
from registry_site.office.intake import TAKES_IN, show_intake, take_in
from registry_site.office.letters.pages import letter_pages
from registry_site.office.places import place_of
from registry_site.office.record import show_form, take_form
from registry_site.office.sign_in import sign_in_routes, stay_signed_in

GUARDED = ("/sign-in", "/sign-out", "/workbench", "/audit")
"""Addresses to which no page of another origin may send anything, signed in or not."""
FILES = ("/workbench/{collection}/{key}", "/workbench/law", "/workbench/register")
RECORDED_AT = ("/workbench/{collection}/{key}/record/{event}", "/workbench/{collection}/record/{event}")
CLASSING = "/workbench/cases/{case_id}/documents/{hash}"
TAKING_IN = f"/workbench/cases/{{case_id}}{INTAKE}"
OPENED_BY = {"cases": "model-case-opened", "alerts": "qualified-alert-received"}
"""Collections to which the office adds, with the event that opens a record."""
OPENS = EVENTS["ModelCaseOpened"].RECORDED_BY
PROGRAMS = ("/api/", "/staff/")
OTHER_ORIGIN = "A page of another website made the browser send this, so nothing was done. Send it from the register's own pages, or with a token."


def office_pages(desk: Desk) -> list[BaseRoute]:
    """Give the routes of the office; an address that no page has is answered only to those who are signed in."""
    return [
        *sign_in_routes(desk),
        route(desk, WORKBENCH, workbench),
        route(desk, "/workbench/session", stay_signed_in, methods=("POST",)),
        route(desk, CASES, show_cases, roles=READS_CASES),
        route(desk, ALERTS, show_alerts, roles=READERS["alert"]),
        route(desk, "/workbench/{collection}/new", new_record),
        route(desk, "/workbench/cases/{case_id}", case, roles=READS_CASES),
        route(desk, "/workbench/cases/{case_id}/documents", show_documents, roles=READS_CASES),
        route(desk, CLASSING, show_classing),
        route(desk, CLASSING, class_document, methods=("POST",), admits=admits_classing),
        route(desk, TAKING_IN, show_intake, roles=TAKES_IN),
        route(desk, TAKING_IN, take_in, methods=("POST",), roles=TAKES_IN, admits=case_row_of),
        route(desk, "/workbench/challenges", show_challenges),
        *(each for path in RECORDED_AT for each in _form(desk, path)),
        *letter_pages(desk),
        route(desk, DRAFTS, show_drafts, roles=READS_DRAFTS),
        route(desk, DRAFTS + "/{draft_id}", show_draft, roles=READS_DRAFTS),
        route(desk, DRAFTS + "/{draft_id}", decide_on_draft, methods=("POST",), roles=READS_DRAFTS),
        route(desk, "/workbench/calendar", show_calendar, roles=READS_CASES),
        route(desk, "/workbench/calendar", change_calendar, methods=("POST",), roles=READS_CASES),
        Route(FEED, deadlines(desk), methods=["GET"]),
        *(route(desk, path, show_file) for path in FILES),
        route(desk, "/workbench{path:path}", nowhere, methods=("GET", "POST")),
    ]


def _form(desk: Desk, path: str) -> list[Route]:
    return [route(desk, path, show_form), route(desk, path, take_form, methods=("POST",), admits=lambda _, visit: place_of(visit))]


def new_record(desk: Desk, visit: Visit) -> Response:
    """Begin a record under a random identifier: with the event that opens it."""
    collection = visit.request.path_params["collection"]
    if collection not in OPENED_BY:
        raise NotThere
    return RedirectResponse(f"{WORKBENCH}{collection}/{uuid4()}/record/{OPENED_BY[collection]}", 303, HEADERS)


def workbench(desk: Desk, visit: Visit) -> Response:
    """
    Show what waits, most urgent first, as far as the role reads it.

    Raises: BadQuestion.
    """
    now = desk.clock()
    question = question_of(visit.request.url.query)
    found = answer(question, readable(desk.inbox.waiting(now), visit.session.actor.role), legal_day(now))
    desk.note_read(visit, (f"case/{each.case_id}" for each in found.items if each.case_id))
    role = visit.session.actor.role
    own = own_cases(desk, visit.session.actor, now) if role in FILING_ROLES else None
    desk.note_read(visit, (f"case/{each.case_id}" for each in own or ()))
    reads, drafts = role in READS_CASES, len(desk.door.drafts.waiting()) if role in READS_DRAFTS else None
    return desk.page(
        "workbench.html", visit.request, visit.session, found=found, today=legal_day(now), shown=SHOWN, reads=reads, drafts=drafts,
        opens=role in OPENS, own=own,
    )  # fmt: skip


def other_origin(desk: Desk, request: Request) -> Response:
    """Refuse what a page of another origin made a browser send: to people by a page, to programs by a problem document."""
    desk.door.note_stranger(request, AccessAct.REFUSED, "CROSS_ORIGIN", by="browser")
    if request.url.path.startswith(PROGRAMS):
        return problem(403, OTHER_ORIGIN)
    return desk.page("refused.html", request, status=403, reason="CROSS_ORIGIN")
