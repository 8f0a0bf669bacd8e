"""
The second pair of eyes: another decision officer reads exactly the frozen draft, says once more who they are, and adopts it or says why not.

Rule R31. The draft lies outside the record: nothing of it is an event until it is adopted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from api.auth import SignInRefused
from api.recording.addresses import COLLECTIONS, Address
from api.recording.commands import recorded_once
from api.stores.begun_sign_ins import Begun
from api.stores.drafts import Draft, DraftClosed, Outcome
from api.stores.identities import Identity
from domain.actors import READS_EVERYTHING, Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister, Refused, Stale, TooBusy, require
from domain.events import event_type, read
from domain.law.rules import R31
from domain.record import Fact
from domain.registry import Command, Recorded
from registry_site.office.acts import says
from registry_site.office.consequences import Consequences, consequences_of
from registry_site.office.desk import HEADERS, Desk, NotForRole, NotThere, Visit
from registry_site.office.fields import fields_of
from registry_site.office.filled import data_of, written_of
from registry_site.office.places import DRAFTERS, Place
from registry_site.office.record import SECOND, events_after, status_of, wait_for

DRAFTS = "/workbench/drafts"
READS_DRAFTS = READS_EVERYTHING
LONGEST_REASON = 500
NOT_NOW = (Refused, NotInRegister, AlreadyInRegister, Malformed, Stale, TooBusy)
COLLECTION_OF = {kind: collection for collection, kind in COLLECTIONS.items()}


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft with the fact that it says, and what its adoption would bring about, or why it cannot be adopted."""

    draft: Draft
    place: Place
    fact: Fact
    found: Consequences | None = None
    refused: Exception | None = None


def show_drafts(desk: Desk, visit: Visit) -> Response:
    """Show the drafts that wait for a second officer."""
    waiting = desk.door.drafts.waiting()
    names = {draft.stream.key: row.internal_name for draft in waiting if (row := desk.office.case_row(UUID(draft.stream.key)))}
    desk.note_read(visit, (str(draft.stream) for draft in waiting))
    return desk.page("drafts.html", visit.request, visit.session, drafts=waiting, names=names)


def show_draft(desk: Desk, visit: Visit) -> Response:
    """Show a draft as it was frozen, with its fingerprint. Raises: NotThere."""
    return _page(desk, visit, _opened(desk, visit, visit.request.path_params["draft_id"]))


def decide_on_draft(desk: Desk, visit: Visit) -> Response:
    """
    Adopt exactly the draft that was read, or reject it with a reason.

    Raises: NotThere; NotForRole for anybody but a decision officer.
    """
    opened = _to_decide(desk, visit, visit.request.path_params["draft_id"])
    if answer := _closed_or_changed(desk, visit, opened, visit.fields.get("fingerprint")):
        return answer
    if visit.fields.get("act") == "reject":
        return _reject(desk, visit, opened)
    return _adopt(desk, visit, opened, lambda: desk.door.confirm(visit.request, visit.session, visit.fields.get("password", "")), "PASSWORD")


def adopt_by_openid(desk: Desk, visit: Visit, begun: Begun, identity: Identity) -> Response:
    """
    Adopt exactly the draft for which somebody went to sign in again, once the provider says that it is they who came back.

    Raises: NotThere; NotForRole for anybody but a decision officer.
    """
    opened = _to_decide(desk, visit, begun.way_back.removeprefix(f"{DRAFTS}/"))
    if answer := _closed_or_changed(desk, visit, opened, begun.fingerprint):
        return answer
    return _adopt(desk, visit, opened, lambda: desk.door.confirm_by_openid(visit.session, identity), "OTHER_PERSON")


def _to_decide(desk: Desk, visit: Visit, draft_id: str) -> Opened:
    if visit.session.actor.role is not Role.DECISION_OFFICER:
        raise NotForRole
    return _opened(desk, visit, draft_id)


def _closed_or_changed(desk: Desk, visit: Visit, opened: Opened, fingerprint: str | None) -> Response | None:
    """Answer whoever decides on what is closed, or on another text than they read; None when the draft is the one and open."""
    same = fingerprint == opened.draft.fingerprint
    if same and (opened.draft.outcome, opened.draft.closed_by) == (Outcome.ADOPTED, visit.session.actor.ref):
        return _gone_on(opened, recorded_once(desk.register.registry, _command(desk, visit, opened), dry_run=False))  # a second click
    if not same or opened.draft.outcome:
        return _page(desk, visit, opened, status=409, problem="CHANGED")
    return None


def _opened(desk: Desk, visit: Visit, draft_id: str) -> Opened:
    try:
        draft = desk.door.drafts.find(UUID(draft_id))
    except ValueError:
        raise NotThere from None
    if draft is None:
        raise NotThere
    kind = event_type(draft.topic)
    place = Place(COLLECTION_OF[draft.stream.kind], Address(draft.stream, kind))
    fact = read(kind, draft.data)
    if draft.outcome:
        return Opened(draft, place, fact)
    try:
        _refuse_own(desk, visit, draft)
        by = visit.session.actor if visit.session.actor.role is Role.DECISION_OFFICER else SECOND
        recorded = recorded_once(desk.register.registry, Command(draft.stream, by, fact, desk.clock(), draft.seen), dry_run=True)
    except NOT_NOW as refused:
        return Opened(draft, place, fact, refused=refused)
    return Opened(draft, place, fact, consequences_of(desk.register, draft.stream, visit.session.actor, recorded, desk.clock()))


def _refuse_own(desk: Desk, visit: Visit, draft: Draft) -> None:
    """Refuse the drafter as the second pair of eyes, unless the switch FOUR_EYES asks for none (R31)."""
    needed = desk.office.law(desk.clock()).settings["FOUR_EYES"] != "none"
    second = visit.session.actor.role is Role.DECISION_OFFICER
    require(not (second and needed and draft.drafted_by == visit.session.actor.ref), R31)


def _adopt(desk: Desk, visit: Visit, opened: Opened, confirm: Callable[[], None], unconfirmed: str) -> Response:
    if opened.refused is not None and not isinstance(opened.refused, Stale):
        return _page(desk, visit, opened, status=status_of(opened.refused))
    try:
        confirm()
    except SignInRefused as wrong:
        return _page(desk, visit, opened, status=429 if wrong.until else 422, problem="TOO_MANY" if wrong.until else unconfirmed)
    try:
        # Recorded under the draft's own key: whoever was killed before the draft was closed adopts it again and records nothing twice.
        recorded = recorded_once(desk.register.registry, _command(desk, visit, opened), dry_run=False)
    except NOT_NOW as refused:
        status = 412 if isinstance(refused, Stale) else status_of(refused)
        return _page(desk, visit, Opened(opened.draft, opened.place, opened.fact, refused=refused), status=status)
    desk.door.drafts.close(opened.draft.draft_id, Outcome.ADOPTED, visit.session.actor.ref)
    wait_for(desk, recorded)
    return _gone_on(opened, recorded)


def _command(desk: Desk, visit: Visit, opened: Opened) -> Command:
    draft = opened.draft
    return Command(draft.stream, visit.session.actor, opened.fact, desk.clock(), draft.seen, f"draft-{draft.draft_id}", draft.fingerprint)


def _gone_on(opened: Opened, recorded: Recorded) -> Response:
    version = next(event.version for event in recorded.events if event.topic == opened.draft.topic)
    return RedirectResponse(f"{opened.place.path}?recorded={version}", 303, HEADERS)


def _reject(desk: Desk, visit: Visit, opened: Opened) -> Response:
    reason = visit.fields.get("reason", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        return _page(desk, visit, opened, status=422, problem="REASON", reason=reason)
    try:
        desk.door.drafts.close(opened.draft.draft_id, Outcome.REJECTED, visit.session.actor.ref, reason)
    except DraftClosed:
        return _page(desk, visit, opened, status=409, problem="CHANGED")
    return RedirectResponse(f"{DRAFTS}/{opened.draft.draft_id}", 303, HEADERS)


def _page(desk: Desk, visit: Visit, opened: Opened, *, status: int = 200, problem: str = "", **more: Any) -> Response:
    desk.note_read(visit, [str(opened.draft.stream)])
    mine = opened.draft.drafted_by == visit.session.actor.ref
    decides = visit.session.actor.role is Role.DECISION_OFFICER and not opened.draft.outcome
    stale = opened.refused if isinstance(opened.refused, Stale) else None
    meanwhile = events_after(desk, opened.draft.stream, stale.seen) if stale else []
    return desk.page(
        "draft.html", visit.request, visit.session, status=status, draft=opened.draft, place=opened.place, fields=fields_of(opened.place.kind),
        said=opened.draft.data, found=opened.found, refused=opened.refused, problem=problem, mine=mine, decides=decides,
        stale=stale, meanwhile=meanwhile, written=written_of(fields_of(opened.place.kind), opened.draft.data), said_of=data_of, fields_of=fields_of,
        drafts_anew=visit.session.actor.role in DRAFTERS, meaning=says(opened.place.kind), **more,
    )  # fmt: skip
