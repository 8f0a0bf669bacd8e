"""What every page of the office needs: who is there, the questions, the clock, and the way from an answer to bytes."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.auth import Door
from api.browsers import session_identifier
from api.deps import Register
from api.openid import Provider
from api.settings import Settings
from api.stores.access_log import AccessAct
from api.stores.documents import CLASSED_BY, AccessClass, DocumentStore
from api.stores.drafts import DraftAltered
from api.stores.sessions import Session
from domain.actors import Role
from domain.events import NAME_DOCUMENTS
from projections.office.inbox import Inbox
from projections.office.questions import Office
from projections.public.challenges import PublishedChallenges
from registry_site.office.asked import BadQuestion
from registry_site.office.forms import TOKEN, FormRefused, FormTooLarge, fields_of, form_token, require_token
from registry_site.office.letters.press import Press
from registry_site.office.uploads import Files, Sender, form_with_files, may_carry_files
from registry_site.office.words import WORDS
from registry_site.ui.headers import CONTENT_SECURITY_POLICY
from registry_site.ui.rendering import environment

SIGN_IN = "/sign-in"
WORKBENCH = "/workbench/"
AUDIT = "/audit/"
HEADERS = {
    "cache-control": "no-store",
    # No text becomes a script on these pages, whatever a text of the record says.
    "content-security-policy": f"{CONTENT_SECURITY_POLICY}; require-trusted-types-for 'script'; trusted-types 'none'",
}
RECORDING = "/record/"
"""Part of every address under which an event is recorded."""
INTAKE = "/notification"
"""End of the address under which a notification is taken in."""
OFFICERS = frozenset(Role) - {Role.SYSTEM, Role.PUBLIC}


class NotThere(Exception):
    """There is no such page, or nothing that this role may know of."""


class NotForRole(Exception):
    """The page is for other roles."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is signed in, with the fields and files of the form it may have sent."""

    request: Request
    session: Session
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Files = field(default_factory=Files)


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers the pages of the office; holds nothing that changes."""

    register: Register
    door: Door
    clock: Callable[[], datetime]
    inbox: Inbox
    documents: DocumentStore
    settings: Settings
    challenges: PublishedChallenges
    press: Press
    leaf_of: Callable[[int], int | None] | None = None
    """Finds the leaf of the event at a position in the log of the cases, where the register keeps one."""
    demonstration: bool = False
    openid: Provider | None = None

    @property
    def office(self) -> Office:
        """What the office may ask."""
        return self.register.office

    def page(self, template: str, request: Request, session: Session | None = None, *, status: int = 200, **answer: Any) -> Response:
        """Render a page for whoever is there; with the token that its forms need."""
        identifier = session_identifier(request)
        token = form_token(identifier) if identifier else ""
        seconds = session.seconds_left(self.door.sessions.now()) if session else 0
        openid = self.openid.name if self.openid else None
        known: dict[str, Any] = {
            "openid": openid,
            "path": request.url.path,
            "session": session,
            "session_seconds": seconds,
            "form_token": token,
            "demonstration": self.demonstration,
        }
        return HTMLResponse(templates().get_template(template).render(**known, **answer), status, HEADERS)

    def note_read(self, visit: Visit, subjects: Iterable[str]) -> None:
        """Note what a page tells, before it goes out; a page that tells nothing of anything leaves nothing."""
        if about := set(subjects):
            self.door.log.note(AccessAct.READ, by=visit.session.reference, actor=visit.session.actor, subjects=about)

    def note_refused(self, visit: Visit, outcome: str) -> None:
        """Note that somebody who is signed in was refused."""
        where = AUDIT if visit.request.url.path.startswith(AUDIT) else WORKBENCH
        self.door.log.note(AccessAct.REFUSED, outcome, by=visit.session.reference, actor=visit.session.actor, subjects=[where])


Page = Callable[[Desk, Visit], Response]
Admits = Callable[[Desk, Visit], object]
"""Raises what a page would raise for those whose files it does not take."""


@cache
def templates() -> Environment:
    """Make the environment of the office's pages, once and when first needed."""
    made = environment(PackageLoader("registry_site.office", "templates"))
    made.globals.update(WORDS)
    return made


def route(
    desk: Desk, path: str, page: Page, *, methods: tuple[str, ...] = ("GET",), roles: frozenset[Role] = OFFICERS, admits: Admits | None = None
) -> Route:  # fmt: skip
    """
    Serve a page under a path to those who are signed in, in one of some roles; with files of those whom it admits.

    Whoever is not is asked to sign in first, whether the page exists or not; a form that was sent meanwhile is shown: nothing written is lost.
    """

    async def answer(request: Request) -> Response:
        try:
            fields, files = await _sent(desk, request, roles, admits)
        except (FormRefused, FormTooLarge) as bad:
            return await asyncio.to_thread(refused_form, desk, request, bad)
        return await asyncio.to_thread(answered, desk, page, request, fields, files, roles)

    return Route(path, answer, methods=list(methods), name=page.__name__)


async def _sent(desk: Desk, request: Request, roles: frozenset[Role], admits: Admits | None) -> tuple[dict[str, str], Files]:
    if request.method != "POST":
        return {}, Files()
    if admits is None or not may_carry_files(request):
        return await fields_of(request), Files()
    sender = await asyncio.to_thread(_sender, desk, request, roles, admits)
    return await form_with_files(request, desk.settings.document_bytes, sender)


def _sender(desk: Desk, request: Request, roles: frozenset[Role], admits: Admits) -> Sender | None:
    """Return who sends files; nobody whom the page would turn away, or whose role names no documents."""
    session = desk.door.session_of(request)
    if session is None or session.actor.role not in roles & NAME_DOCUMENTS:
        return None
    try:
        admits(desk, Visit(request, session))
    except (NotThere, NotForRole):
        return None
    return Sender(desk.documents, session_identifier(request), session.actor.ref, desk.clock(), classes_of(session.actor.role))


def classes_of(role: Role) -> frozenset[AccessClass]:
    """Return how a role may class what it sends."""
    return frozenset(AccessClass) if role in CLASSED_BY else frozenset({AccessClass.CASE_TEAM})


def answered(desk: Desk, page: Page, request: Request, fields: dict[str, str], files: Files, roles: frozenset[Role]) -> Response:
    """Answer somebody who is signed in, in one of some roles; a form is taken with the token of its session alone."""
    session = desk.door.session_of(request)
    if session is None:
        return signed_out(desk, request, fields)
    visit = Visit(request, session, fields, files)
    try:
        if session.actor.role not in roles:
            raise NotForRole
        if request.method == "POST":
            require_token(fields, session_identifier(request))
        return page(desk, visit)
    except NotForRole:
        desk.note_refused(visit, "ROLE")
        return desk.page("refused.html", request, session, status=403, reason="ROLE")
    except FormRefused as bad:
        desk.note_refused(visit, "FORM_TOKEN")
        return refused_form(desk, request, bad, fields)
    except BadQuestion as bad:
        return desk.page("refused.html", request, session, status=400, reason="BAD_QUESTION", parameter=bad.parameter)
    except DraftAltered:
        desk.note_refused(visit, "DRAFT_ALTERED")
        return desk.page("refused.html", request, session, status=409, reason="DRAFT_ALTERED")
    except NotThere:
        return desk.page("refused.html", request, session, status=404, reason="NOT_THERE")


def nowhere(desk: Desk, visit: Visit) -> Response:
    """Say that there is no such page."""
    raise NotThere


def signed_out(desk: Desk, request: Request, fields: Mapping[str, str]) -> Response:
    """Ask for signing in: with the way back, or with what was written."""
    if request.method != "POST":
        asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': asked})}", 303, HEADERS)
    if keep_for_later(desk, request, fields):
        return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': request.url.path, 'kept': 'yes'})}", 303, HEADERS)
    return desk.page("refused.html", request, status=403, reason="SIGNED_OUT", written=written(fields))


def keep_for_later(desk: Desk, request: Request, fields: Mapping[str, str]) -> bool:
    """Keep what was written for the account whose session has ended, when the form was made for that very session."""
    identifier = session_identifier(request)
    account = desk.door.sessions.account_of(identifier) if identifier else None
    if account is None or not (RECORDING in request.url.path or request.url.path.endswith(INTAKE)):
        return False
    try:
        require_token(fields, identifier)
    except FormRefused:
        return False
    desk.door.kept.keep(account, request.url.path, written(fields))
    return True


def refused_form(desk: Desk, request: Request, bad: Exception, fields: Mapping[str, str] | None = None) -> Response:
    """Say that a form was not taken, and show what was written."""
    large = isinstance(bad, FormTooLarge)
    reason = "TOO_LARGE" if large else "FORM"
    return desk.page("refused.html", request, status=413 if large else 403, reason=reason, written=written(fields or {}))


def written(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what somebody wrote into a form, without its token and passwords."""
    return {name: text for name, text in fields.items() if text.strip() and name != TOKEN and "password" not in name}
