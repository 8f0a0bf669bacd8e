"""What the staff schema says of a case: plain values, each from the fold that everybody uses."""

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import strawberry

from api.graphql.common.connections import Connection
from api.graphql.common.fields import answered
from api.graphql.common.scalars import Json, Position
from api.stores.access_log import AccessAct, AccessRow
from api.stores.documents import AccessClass, Document
from domain.actors import Role
from domain.clocks import State
from domain.law.provisions import FOREVER
from domain.law.provisions import Span as Stretch
from domain.obligations import Obligation as Bound
from domain.status import Ground, Status
from projections.office.questions import EventRow, StatusRow

strawberry.enum(Status, name="Status", description="Where a model stands at a moment (Article 51).")
strawberry.enum(Ground, name="Ground", description="Why a model is classified: Articles 51(1)(a) and (2), 52(1), 52(4).")
strawberry.enum(State, name="ClockState", description="How a clock stands at a moment.")
strawberry.enum(Role, name="Role", description="A function in the procedure.")
strawberry.enum(AccessClass, name="AccessClass", description="Who reads a document; all but PUBLIC are confidential (Article 78).")
strawberry.enum(AccessAct, name="AccessAct", description="What was done.")

# -- Status and grounds ------------------------------------------------------------


@strawberry.type(description="A stretch of time, from included, to excluded; no end means that none is known.")
class Span:
    from_: datetime | None = strawberry.field(name="from", description="Its beginning.")
    to: datetime | None = strawberry.field(description="Its end.")

    @classmethod
    def of(cls, span: Stretch) -> Self:
        """Return a stretch as it is answered."""
        return cls(from_=span[0], to=None if span[1] >= FOREVER else span[1])


@strawberry.type(description="A ground that is active at the moment asked for.")
class ActiveGround:
    ground: Ground = strawberry.field(description="Which one.")
    span: Span = strawberry.field(description="The stretch around that moment.")


@strawberry.type(description="A ground with every stretch in which it was, is or will be active, as known at the time asked for.")
class GroundSpans:
    ground: Ground = strawberry.field(description="Which one.")
    spans: list[Span] = strawberry.field(description="The stretches, in order.")


@strawberry.type(description="The status of a model at a pair of times.")
class CaseStatus:
    status: Status = strawberry.field(description="Where the model stands.")
    grounds: list[ActiveGround] = strawberry.field(description="The grounds active then.")
    span: Span = strawberry.field(description="The stretch of the same status around that moment.")

    @classmethod
    def of(cls, row: StatusRow) -> Self:
        """Return a status as it is answered."""
        grounds = [ActiveGround(ground=Ground(g["ground"]), span=Span(from_=_instant(g["from"]), to=_instant(g["to"]))) for g in row.grounds]
        return cls(status=Status(row.status), grounds=grounds, span=Span(from_=row.valid_from, to=row.valid_to))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@strawberry.type(description="What goes with a status without being one.")
class Flags:
    arguments_pending: bool = strawberry.field(description="Arguments of the provider wait for a decision (Article 52(2), (3)).")
    hearing_open: bool = strawberry.field(description="The provider is being heard on a draft.")
    reassessment_pending: bool = strawberry.field(description="A request for reassessment waits for a decision (Article 52(5)).")
    notification_overdue: bool = strawberry.field(description="The outer limit of Article 52(1) has passed without a notification.")
    on_union_market: bool = strawberry.field(description="The model is made available on the Union market.")
    provisional: bool = strawberry.field(description="The limit hangs on days of the calendar that were not checked.")
    obligations_deferred_until: date | None = strawberry.field(description="Day until which a legacy model has time to comply (Article 111(3)).")
    action_pending: bool = strawberry.field(description="An action is before a court.")
    operation_suspended_by_court: bool = strawberry.field(description="The Court suspended the operation of a designation (Articles 278, 279 TFEU).")
    ending_suspended_by_court: bool = strawberry.field(description="The Court suspended an act that ended a ground, which operates meanwhile.")


@strawberry.type(description="An event type with what recording it now would meet. Possible with a code: recorded, and ruled inadmissible.")
class NextStep:
    event: str = strawberry.field(description="Its name.")
    recorded_by: list[str] = strawberry.field(description="The roles that may record it.")
    possible: bool = strawberry.field(description="It would be recorded.")
    code: str | None = strawberry.field(description="The rule it would meet.")
    article: str | None = strawberry.field(description="The provision of that rule.")
    message: str | None = strawberry.field(description="Why not, in a sentence.")


@strawberry.type(description="A provision that binds on the day asked for. A view: it never says whether an obligation is met.")
class Obligation:
    article: str = strawberry.field(description="The Article.")
    text: str = strawberry.field(description="What it asks for, in short.")
    from_day: date = strawberry.field(description="Since when it binds.")
    because: list[str] = strawberry.field(description="The grounds it rests on; none where it binds every provider.")
    reason: str = strawberry.field(description="Why it binds, in a sentence.")
    deferred_until: date | None = strawberry.field(description="Day until which a legacy model has time to comply (Article 111(3)).")
    suspended: bool = strawberry.field(description="The Court suspended the acts it rests on.")

    @classmethod
    def of(cls, found: Bound) -> "Obligation":
        """Return an obligation as it is answered."""
        because = [str(ground) for ground in found.because]
        return cls(
            article=found.article, text=found.text, from_day=found.from_day, because=because, reason=found.reason,
            deferred_until=found.deferred_until, suspended=found.suspended,
        )  # fmt: skip


@strawberry.type(description="A provider with what binds it.")
class BoundProvider:
    provider_ref: UUID = strawberry.field(description="The provider.")
    obligations: list[Obligation] = strawberry.field(description="What binds it.")


# -- Clocks ------------------------------------------------------------------------


@strawberry.type(description="An event that starts or stops a clock.")
class ClockEvent:
    event_id: UUID = strawberry.field(description="The event.")
    event: str = strawberry.field(description="Its type.")
    on: date = strawberry.field(description="The day it speaks of.")


@strawberry.type(description="A statutory clock with its arithmetic. It knows outer limits only: it never says that somebody complied.")
class Clock:
    clock: str = strawberry.field(description="Its number, D1 to D9; D1-L for legacy models.")
    state: State = strawberry.field(description="How it stands.")
    started_by: ClockEvent = strawberry.field(description="What started it.")
    due: date | None = strawberry.field(description="Last day of a term.")
    first_admissible: date | None = strawberry.field(description="First day after a waiting period.")
    satisfied_by: ClockEvent | None = strawberry.field(description="What stopped it.")
    days_late: int | None = strawberry.field(description="Calendar days after the term.")
    days_open: int | None = strawberry.field(description="D7 only, for which the Act sets no term: calendar days since receipt, until decided.")
    provisional: bool = strawberry.field(description="The date hangs on days of the calendar that were not checked.")
    arithmetic: list[str] = strawberry.field(description="How the date was counted, in sentences.")
    about: UUID | None = strawberry.field(description="What it is about: a provider, a hearing, a decision, a filing.")


# -- Provider and market -------------------------------------------------------------


@strawberry.type(description="A provider of the model (Article 3(3)). Natural persons are references; their names stand in the vault.")
class Provider:
    provider_ref: UUID = strawberry.field(description="Reference of the provider.")
    provider_kind: str | None = strawberry.field(description="LEGAL_PERSON or NATURAL_PERSON; null while only the reference is recorded.")
    legal_name: str | None = strawberry.field(description="Name of a legal person.")
    legal_form: str | None = strawberry.field(description="Its legal form.")
    country: str | None = strawberry.field(description="Country (ISO 3166).")
    in_union: bool | None = strawberry.field(description="Whether it is established in the Union.")
    from_on: date | None = strawberry.field(description="Since when it was found to be the provider.")


@strawberry.type(description="The model on the Union market (Article 3(9), (10)).")
class Market:
    placed_on: date | None = strawberry.field(description="Day of the first making available.")
    announced_on: date | None = strawberry.field(description="Day on which the provider itself made the model public.")
    off_market_since: date | None = strawberry.field(description="Since when it is no longer made available.")
    marketed_names: list[str] = strawberry.field(description="Names it is marketed under.")


# -- Events ------------------------------------------------------------------------


@strawberry.type(description="The versions of law an event was recorded under.")
class LawVersions:
    threshold_version: int = strawberry.field(description="Of the compute threshold.")
    annex_xiii_version: int = strawberry.field(description="Of Annex XIII.")
    calendar_version: int = strawberry.field(description="Of the holidays.")


def said(row: EventRow) -> dict[str, Any]:
    """Return the data of an event, what was left out left out."""
    data: dict[str, Any] = row.event.fact.model_dump(mode="json", exclude_none=True)
    return data


def _said(event: strawberry.Parent["StoredEvent"]) -> Json:
    return Json(said(event.row))


def _stored(event: strawberry.Parent["StoredEvent"]) -> str:
    return event.row.state.decode()


@strawberry.type(name="Event", description="A recorded event in its envelope.")
class StoredEvent:
    row: strawberry.Private[EventRow]
    event_id: UUID = strawberry.field(description="Its identifier.")
    stream: str = strawberry.field(description="The record it belongs to.")
    version: int = strawberry.field(description="Its number in that record.")
    topic: str = strawberry.field(description="Its type.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    actor_ref: UUID = strawberry.field(description="Who recorded it.")
    role: Role = strawberry.field(description="In which role.")
    correlation: UUID = strawberry.field(description="The act it was recorded in.")
    cause: UUID | None = strawberry.field(description="The event that led to it.")
    law: LawVersions = strawberry.field(description="The law it was recorded under.")
    settings_version: int = strawberry.field(description="The judgement settings it was recorded under.")

    data: Json = answered(_said, "What it says, by the names of its fields.")
    stored: str = answered(_stored, "Its very bytes as stored: one RFC 8785 object.")

    @classmethod
    def of(cls, row: EventRow) -> Self:
        """Return an event as it is answered."""
        names = ("event_id", "version", "topic", "recorded_at", "actor_ref", "role", "correlation", "cause", "law", "settings_version")
        return cls(row=row, stream=str(row.event.stream), **{name: getattr(row.event, name) for name in names})


@strawberry.type(description="Events in the order of recording.")
class EventConnection(Connection[StoredEvent]):
    pass


@strawberry.type(description="What is stored of a document. The document itself is read at /api/v1/documents/{hash}, by those who may.")
class StoredDocument:
    size: int = strawberry.field(description="How many bytes it has.")
    media_type: str = strawberry.field(description="Its media type, as its first bytes show it.")
    access_class: AccessClass = strawberry.field(description="Who reads it.")
    exception_tags: list[str] = strawberry.field(description="Why parts of it may not be released (Regulation (EC) No 1049/2001, Article 4).")
    third_party: bool = strawberry.field(description="It comes from somebody who is consulted before it is released.")
    public_version: str | None = strawberry.field(description="SHA-256 of its redacted public version.")
    uploaded_at: datetime = strawberry.field(description="When it was first sent.")
    present: bool = strawberry.field(description="Its bytes are there, as far as their number tells; `registry verify` tells whether they are right.")

    @classmethod
    def of(cls, document: Document, *, present: bool) -> Self:
        """Return what is stored as it is answered."""
        classed = document.classed
        return cls(
            size=document.size, media_type=document.media_type, access_class=classed.access_class,
            exception_tags=[str(tag) for tag in classed.exception_tags], third_party=classed.third_party,
            public_version=classed.public_version, uploaded_at=document.uploaded_at, present=present,
        )  # fmt: skip


@strawberry.type(description="A document that an event refers to.")
class DocumentReference:
    hash: str = strawberry.field(description="SHA-256 of the document.")
    stored: StoredDocument | None = strawberry.field(description="What is stored of it; null when nobody ever sent it.")
    field: str = strawberry.field(description="The field of the event, with the place in a list.")
    event_id: UUID = strawberry.field(description="The event.")
    topic: str = strawberry.field(description="Its type.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")


@strawberry.type(description="An event that set a field.")
class Origin:
    field: str = strawberry.field(description="The field by its name in that event.")
    value: Json = strawberry.field(description="What it was set to.")
    event_id: UUID = strawberry.field(description="The event.")
    topic: str = strawberry.field(description="Its type.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")


# -- The access log ------------------------------------------------------------------


@strawberry.type(description="One access. Actors are references; no search text and no personal data is kept.")
class Access:
    number: Position = strawberry.field(description="Its number; numbers have no gap.")
    at: datetime = strawberry.field(description="When it happened, by the clock of the server.")
    act: AccessAct = strawberry.field(description="What was done.")
    outcome: str = strawberry.field(description="DONE, or why it was refused.")
    actor: UUID | None = strawberry.field(description="Who did it; null when nobody was known.")
    role: Role | None = strawberry.field(description="In which role.")
    by: str = strawberry.field(description="What they were known by: a token or a session, named by the beginning of its hash.")
    subjects: list[str] = strawberry.field(description="What it was about: streams, documents by hash, addresses.")
    hash: str = strawberry.field(description="SHA-256 over the hash of the row before and this row as RFC 8785.")

    @classmethod
    def of(cls, row: AccessRow) -> Self:
        """Return an access as it is answered."""
        names = ("at", "act", "outcome", "actor", "role", "by")
        shown = {name: getattr(row, name) for name in names}
        return cls(number=Position(row.number), subjects=list(row.subjects), hash=row.hash.hex(), **shown)


@strawberry.type(description="Accesses in the order in which they happened.")
class AccessConnection(Connection[Access]):
    pass
