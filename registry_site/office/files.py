"""
The pages of records that are no cases: alerts, challenges, the law, the register, and the publication desk of a case.

Each shows its events and the forms that the reader's role may fill in.
"""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from api.recording.addresses import OF_A_CASE, events_of, kebab, stream_at
from api.recording.views import EVERYBODY, READERS
from domain.actors import READS_EVERYTHING, Role
from domain.challenge import ChallengeAnswered, ChallengeReceived
from domain.errors import NotInRegister
from domain.events import EVENTS
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.law.settings import SWITCHES
from domain.list_entry import content_of, is_listed
from domain.listing import holds
from domain.public import CONTENT_FIELDS
from domain.publication import ConfidentialityClaimLodged, PublicationContentProposed, claim_clock, decision_on, open_orders
from domain.record import Act, Event
from projections.office.questions import SOMEBODY
from registry_site.office.acts import says
from registry_site.office.desk import Desk, NotForRole, NotThere, Visit
from registry_site.office.fields import Field, fields_of
from registry_site.office.filled import data_of
from registry_site.office.places import fillers, home

ANSWERS = ChallengeAnswered.RECORDED_BY
DESK = READS_EVERYTHING | {Role.PUBLICATION_OFFICER}


def show_file(desk: Desk, visit: Visit) -> Response:
    """
    Show a record with its events; that something confidential was read is noted.

    Raises: NotThere, NotForRole.
    """
    collection = visit.request.path_params.get("collection") or visit.request.url.path.rpartition("/")[2]
    stream = _stream(collection, visit.request.path_params.get("key", ""))
    role, now = visit.session.actor.role, desk.clock()
    if role not in (DESK if stream.kind in OF_A_CASE else READERS[stream.kind]):
        raise NotForRole
    events = list(desk.office.stream(stream, now))
    answer = _publication(desk, stream) if stream.kind == "publication" else {}
    readings = desk.office.law(now).settings if stream.kind == "register" else None
    if not events and not answer and stream.kind not in ("law", "register"):
        raise NotThere
    if READERS[stream.kind] is not EVERYBODY:
        desk.note_read(visit, [str(stream)])
    forms = [(kebab(kind.TOPIC), kind.TOPIC, says(kind)) for kind in events_of(stream.kind).values() if role in fillers(kind)]
    back = home(collection, stream.key)
    return desk.page(
        "file.html", visit.request, visit.session, stream=stream, events=events, forms=forms, back=back, said_of=data_of,
        fields_of=fields_of, received=_received(events, role), readings=readings, switches=SWITCHES, **answer,
    )  # fmt: skip


def _received(events: list[Event[Any]], role: Role) -> str | None:
    """Return the document that a visitor wrote, for whoever answers."""
    texts = [event.fact.document_hash for event in events if isinstance(event.fact, ChallengeReceived)]
    return texts[0] if texts and role in ANSWERS else None


def _stream(collection: str, key: str) -> Stream:
    try:
        stream = stream_at(collection, key)
    except NotInRegister:
        raise NotThere from None
    if stream.kind == "case":
        raise NotThere  # a case has a page of its own
    return Stream("publication", stream.key) if stream.kind == "entry" else stream


# -- The publication desk, procedure section 9 ---------------------------------------------


def _publication(desk: Desk, stream: Stream) -> dict[str, Any]:
    """Return what is proposed, claimed, held, ordered and published about a case."""
    now, case_id = desk.clock(), UUID(stream.key)
    row = desk.office.case_row(case_id)
    if row is None:
        raise NotThere
    records, law = desk.office.records(case_id, now), desk.office.law(now)
    proposed = records.publication.last(PublicationContentProposed)
    claims = [(event, decision_on(records.publication, event.fact.claim_id)) for event in records.publication.of(ConfidentialityClaimLodged)]
    return {
        "case": row,
        "content": CONTENT,
        "proposed": _said(proposed),
        "published": _plain(content_of(records.entry)) if is_listed(records.entry) else None,
        "claims": claims,
        "clock": claim_clock(records.publication, law, legal_day(now)),
        "held": holds(records, Act(SOMEBODY, now, law)),
        "orders": open_orders(records.publication),
    }


CONTENT: tuple[Field, ...] = tuple(field for field in fields_of(EVENTS["PublicationContentProposed"]) if field.name in CONTENT_FIELDS)
"""The fields of an entry, as they are shown."""


def _said(proposed: Event[PublicationContentProposed] | None) -> dict[str, Any] | None:
    return {name: value for name, value in data_of(proposed.fact).items() if name in CONTENT_FIELDS} if proposed else None


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry says in plain values, as events say it."""
    return {name: list(value) if isinstance(value, tuple) else str(value) for name, value in content.items() if value is not None}
