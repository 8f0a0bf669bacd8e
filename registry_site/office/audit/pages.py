"""The addresses under `/audit/`: for auditors alone, and nothing there can be sent but questions."""

from collections.abc import Callable
from functools import wraps

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.actors import Role
from registry_site.office.audit.access import ACCESS, access, access_lines
from registry_site.office.audit.case import audited_case, case_bundle, case_lines
from registry_site.office.audit.cases import CASES, audited_cases, to_cases
from registry_site.office.audit.event import audited_event
from registry_site.office.audit.sources import Sources
from registry_site.office.desk import AUDIT, Desk, Page, Visit, nowhere, route

AUDITORS = frozenset({Role.AUDITOR})
CASE = CASES + "{case_id}"
Audited = Callable[[Desk, Visit, Sources], Response]

PAGES: dict[str, Audited] = {
    AUDIT.rstrip("/"): to_cases,
    AUDIT: to_cases,
    CASES.rstrip("/"): to_cases,
    CASES: audited_cases,
    f"{CASE}/events.ndjson": case_lines,
    f"{CASE}/bundle.zip": case_bundle,
    f"{CASE}/events/{{number}}": audited_event,
    CASE: audited_case,
    f"{ACCESS}.ndjson": access_lines,
    ACCESS: access,
}


def audit_pages(desk: Desk, sources: Sources) -> list[BaseRoute]:
    """Give the routes of the audit; the size of the log of the cases tells how busy the office is, so only auditors see it (Article 78(1))."""
    made: list[BaseRoute] = [route(desk, path, _with(sources, page), roles=AUDITORS) for path, page in PAGES.items()]
    return [*made, route(desk, "/audit{path:path}", nowhere, methods=("GET", "POST"), roles=AUDITORS)]


def _with(sources: Sources, page: Audited) -> Page:
    @wraps(page)
    def answered(desk: Desk, visit: Visit) -> Response:
        return page(desk, visit, sources)

    return answered
