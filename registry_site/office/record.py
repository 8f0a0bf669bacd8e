"""
Recording in the browser, in three steps: fill in, check your answers, record. One flow for every event, made from its definition.

The version seen is carried along, so that nobody decides on what they have not seen; the key made when the answers were checked records once,
however often it is sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

from starlette.responses import RedirectResponse, Response

from api.recording.commands import hash_of, recorded_once
from api.stores.documents import AccessClass
from domain.actors import Actor, Role
from domain.errors import AlreadyInRegister, KeyReused, Malformed, NotInRegister, Refused, Stale, TooBusy
from domain.ids import STREAMS, Stream
from domain.law.rules import R33
from domain.record import Event, Fact
from domain.registry import Command, Recorded
from registry_site.office.acts import says
from registry_site.office.attached import refused_files, stored_in_case, takes_documents, with_documents
from registry_site.office.consequences import consequences_of
from registry_site.office.desk import HEADERS, Desk, NotThere, Visit, classes_of
from registry_site.office.fields import Field, fields_of
from registry_site.office.file_kinds import KINDS
from registry_site.office.filled import PREFIX, Wrong, data_of, parts_in, read_form, wrongs
from registry_site.office.forms import FormRefused
from registry_site.office.places import Place, place_of, version_at
from registry_site.office.prefilled import options_of, prefilled
from registry_site.office.uploads import CLASS, FILE

SECOND = Actor(uuid5(STREAMS, "office:second officer"), Role.DECISION_OFFICER)
"""Stands for whoever adopts a draft, in the dry run that its author sees."""
DRAFTER = "drafted_by_ref"
_NUMBER = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
NOT_NOW = (Refused, NotInRegister, AlreadyInRegister, KeyReused, TooBusy)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as somebody sent it: what they wrote, and the version that they had seen."""

    place: Place
    written: Mapping[str, str]
    seen: int
    act: str
    key: str = ""


def show_form(desk: Desk, visit: Visit) -> Response:
    """Show the form of an event: empty, or with what was written before a session ended; or what was recorded with it."""
    place, now = place_of(visit), desk.clock()
    if "recorded" in visit.request.query_params:
        return _recorded_page(desk, visit, place)
    seen = version_at(desk, place, visit.session.actor)
    kept = desk.door.kept.find(visit.session.account, place.path)
    if kept is None:
        return form_page(desk, visit, Filled(place, prefilled(desk, place, now), seen, ""))
    return form_page(desk, visit, Filled(place, _facts(kept), _number(kept.get("seen", str(seen))), ""), kept=True)


def take_form(desk: Desk, visit: Visit) -> Response:
    """
    Take a form one step further.

    Raises: FormRefused for one that no page of ours made.
    """
    place, actor = place_of(visit), visit.session.actor
    desk.door.kept.forget(visit.session.account, place.path)
    present = version_at(desk, place, actor)
    sent = visit.fields
    written = with_documents(fields_of(place.kind), _facts(sent), sent, visit.files)
    filled = Filled(place, written, _number(sent.get("seen", "")), sent.get("act", "check"), sent.get("key", ""))
    refused = refused_files(fields_of(place.kind), written, visit.files)
    if filled.act == "again":
        return form_page(desk, visit, Filled(place, filled.written, present, ""))
    if filled.act.startswith(("edit", "add:")):
        return form_page(desk, visit, Filled(place, _with_one_more(filled), filled.seen, ""), status=422 if refused else 200, bad=refused)
    fact, bad = read_form(place.kind, _signed(filled, actor))
    if fact is None or refused:
        bad = [*refused, *(each for each in bad if f"{FILE}{each.field}" not in visit.files.refused)]
        return form_page(desk, visit, filled, status=422, bad=bad)
    return _tried(desk, visit, filled, fact)


def _facts(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in fields.items() if name.startswith(PREFIX)}


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise FormRefused
    return int(text)


def _with_one_more(filled: Filled) -> dict[str, str]:
    """Return what was written with one more group of a field that may be repeated, if that was asked for."""
    act, _, name = filled.act.partition(":")
    if act != "add":
        return dict(filled.written)
    return {**filled.written, f"{PREFIX}{name}-count": str(parts_in(filled.written, f"{PREFIX}{name}") + 1)}


def _signed(filled: Filled, actor: Actor) -> dict[str, str]:
    """Return what was written, a draft under the name of whoever drafts it and nobody else's."""
    return {**filled.written, f"{PREFIX}{DRAFTER}": str(actor.ref)} if filled.place.is_drafted else dict(filled.written)


# -- Trying, freezing, recording ---------------------------------------------------------


def _tried(desk: Desk, visit: Visit, filled: Filled, fact: Fact) -> Response:
    """Put an act to the very decision that will be asked, and go on or say why not."""
    try:
        if filled.act == "record" and not filled.place.is_drafted:
            return _record(desk, visit, filled, fact)
        recorded = dry_run(desk, filled.place.stream, visit.session.actor, fact, filled)
        if filled.act == "freeze" and filled.place.is_drafted:
            return _freeze(desk, visit, filled, fact)
        return _check_page(desk, visit, filled, fact, recorded)
    except Malformed as bad:
        return form_page(desk, visit, filled, status=422, bad=list(wrongs(filled.place.kind, {bad.field: bad.sentence})))
    except Stale as stale:
        return stale_page(desk, visit, filled, fact, stale)
    except NOT_NOW as refused:
        return form_page(desk, visit, filled, status=status_of(refused), refused=refused)


def dry_run(desk: Desk, stream: Stream, actor: Actor, fact: Fact, filled: Filled) -> Recorded:
    """Return what would be recorded; of a draft, what would be once a second officer adopts it."""
    by = SECOND if filled.place.is_drafted else actor
    return recorded_once(desk.register.registry, Command(stream, by, fact, desk.clock(), filled.seen), dry_run=True)


def _record(desk: Desk, visit: Visit, filled: Filled, fact: Fact) -> Response:
    if not _KEY.fullmatch(filled.key):
        raise FormRefused
    place = filled.place
    asked = hash_of(place.stream, place.kind.TOPIC, data_of(fact))
    command = Command(place.stream, visit.session.actor, fact, desk.clock(), filled.seen, f"form-{filled.key}", asked)
    recorded = recorded_once(desk.register.registry, command, dry_run=False)
    wait_for(desk, recorded)
    first = next(event for event in recorded.events if event.topic == place.kind.TOPIC)
    return RedirectResponse(f"{place.path}?recorded={first.version}", 303, HEADERS)


def wait_for(desk: Desk, recorded: Recorded) -> bool:
    """Wait a bounded time until the read models have seen what was recorded."""
    head = recorded.position or desk.register.follower.source.head()
    return desk.register.follower.wait_for(head, desk.settings.wait_seconds)


def _freeze(desk: Desk, visit: Visit, filled: Filled, fact: Fact) -> Response:
    place, by = filled.place, visit.session.actor.ref
    draft = desk.door.drafts.freeze(place.stream, place.kind.TOPIC, data_of(fact), seen=filled.seen, by=by)
    return RedirectResponse(f"/workbench/drafts/{draft.draft_id}", 303, HEADERS)


def status_of(refused: Exception) -> int:
    """Return the status that says why an act came to nothing."""
    if isinstance(refused, Refused):
        return 403 if refused.rule is R33 else 409
    return {KeyReused: 422, TooBusy: 503}.get(type(refused), 409)


# -- Pages -------------------------------------------------------------------------------


def form_page(
    desk: Desk, visit: Visit, filled: Filled, *, status: int = 200, bad: list[Wrong] | None = None, refused: Exception | None = None,
    kept: bool = False,
) -> Response:  # fmt: skip
    """Show a form with what was written, what is wrong with it, or why it came to nothing."""
    place = filled.place
    options = options_of(desk, place, visit.session.actor, desk.clock())
    if options:
        desk.note_read(visit, [str(place.stream)])
    return desk.page(
        "record.html", visit.request, visit.session, status=status, place=place, fields=shown_fields(place), written=filled.written, seen=filled.seen,
        bad=bad or [], errors={each.field: each.text for each in bad or []}, refused=refused, kept=kept, options=options, meaning=says(place.kind),
        parts_in=parts_in, takes_documents=takes_documents(fields_of(place.kind)), stored=stored_in_case(desk, visit, place), kinds=KINDS,
        classes=sorted(classes_of(visit.session.actor.role)), chosen_class=visit.fields.get(CLASS, AccessClass.CASE_TEAM),
        most_bytes=desk.settings.document_bytes,
    )  # fmt: skip


def shown_fields(place: Place) -> tuple[Field, ...]:
    """Return the fields that somebody fills in: who drafts a decision is known."""
    return tuple(field for field in fields_of(place.kind) if not (place.is_drafted and field.name == DRAFTER))


def _check_page(desk: Desk, visit: Visit, filled: Filled, fact: Fact, recorded: Recorded) -> Response:
    place = filled.place
    found = consequences_of(desk.register, place.stream, visit.session.actor, recorded, desk.clock())
    desk.note_read(visit, [str(place.stream)])
    return desk.page(
        "check.html", visit.request, visit.session, place=place, fields=shown_fields(place), said=data_of(fact), written=filled.written,
        seen=filled.seen, key=uuid4().hex, found=found, meaning=says(place.kind),
    )  # fmt: skip


def stale_page(desk: Desk, visit: Visit, filled: Filled, fact: Fact, stale: Stale) -> Response:
    """Show what somebody recorded meanwhile, beside what was written; nothing of either is lost."""
    meanwhile = events_after(desk, filled.place.stream, stale.seen)
    desk.note_read(visit, [str(filled.place.stream)])
    return desk.page(
        "stale.html", visit.request, visit.session, status=412, place=filled.place, fields=shown_fields(filled.place), said=data_of(fact),
        written=filled.written, seen=stale.last, meanwhile=meanwhile, said_of=data_of, fields_of=fields_of,
    )  # fmt: skip


def events_after(desk: Desk, stream: Stream, version: int) -> list[Event[Any]]:
    """Return the events of a record after a version, from the event store itself: the read models may be behind."""
    addressed = desk.register.registry.records(UUID(stream.key)).entry.stream if stream.kind == "entry" else stream
    found: list[Any] = list(desk.register.registry.events.get(addressed.id, gt=version))
    return found


def _recorded_page(desk: Desk, visit: Visit, place: Place) -> Response:
    """Say what was recorded, with the rulings that went with it: to whoever recorded it."""
    try:
        version = _number(visit.request.query_params["recorded"])
    except FormRefused:
        raise NotThere from None
    events = events_after(desk, place.stream, version - 1) if version else []
    mine = [event for event in events if event.correlation == events[0].correlation]
    if not mine or mine[0].actor_ref != visit.session.actor.ref or mine[0].topic != place.kind.TOPIC:
        raise NotThere
    return desk.page("recorded.html", visit.request, visit.session, place=place, events=mine)
