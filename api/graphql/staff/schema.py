"""The questions of the staff schema."""

from datetime import date
from functools import cache
from typing import Annotated
from uuid import UUID

import strawberry

from api.graphql.common.connections import Page, Placed, number_of, page, page_size
from api.graphql.common.errors import FORBIDDEN, bad_input, refusal
from api.graphql.common.fields import answered
from api.graphql.common.limits import PAGE
from api.graphql.common.scalars import Moment, beginning_of, config, end_of
from api.graphql.staff.asked import AUDITORS, CASE_FILES, STATUS, Info, read_by
from api.graphql.staff.case import After, Case, CaseConnection, First, KnownAt, ValidAt, events_page
from api.graphql.staff.types import Access, AccessConnection, EventConnection, StoredEvent
from api.stores.access_log import ITSELF, AccessAct, AccessFilter
from domain.errors import NotInRegister
from domain.events import event_type
from domain.status import Status
from projections.office.questions import CaseFilter

CaseId = Annotated[strawberry.ID, strawberry.argument(description="Identifier of the case.")]
OfStatus = Annotated[Status | None, strawberry.argument(description="Only cases with this status at the pair of times.")]
DueBefore = Annotated[date | None, strawberry.argument(description="Only cases with an open clock that ends before this day.")]
Search = Annotated[str | None, strawberry.argument(description="Words of a name, or of the reference of a decision.")]
Types = Annotated[list[str] | None, strawberry.argument(description="Only events of these types.")]
ByActor = Annotated[strawberry.ID | None, strawberry.argument(description="Only events that this actor recorded.")]
From = Annotated[Moment | None, strawberry.argument(name="from", description="Recorded at this instant or later.")]
WhoActed = Annotated[strawberry.ID | None, strawberry.argument(description="Only accesses of this actor.")]
OfAct = Annotated[AccessAct | None, strawberry.argument(description="Only what was done in this way.")]
About = Annotated[str | None, strawberry.argument(description="Only accesses to this stream, document (by hash) or address.")]
To = Annotated[Moment | None, strawberry.argument(description="Recorded at this instant or earlier.")]


def case(info: Info, id: CaseId) -> Case | None:
    """Return one case."""
    case_id = _uuid(id)
    row = info.context.office.case_row(case_id) if case_id else None
    if row is None:
        return None
    info.context.touched.add(f"case/{row.case_id}")
    return Case.of(row)


def cases(
    info: Info,
    status: OfStatus = None,
    clock_due_before: DueBefore = None,
    search: Search = None,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    first: First = PAGE,
    after: After = None,
) -> Page[Case]:
    """Return a page of cases."""
    if clock_due_before and info.context.actor.role not in CASE_FILES:
        info.context.refused = True
        raise refusal(FORBIDDEN, f"Clocks are read by {', '.join(sorted(CASE_FILES))}.")
    wanted = CaseFilter(info.context.at(valid_at), status, clock_due_before, _words(search), info.context.at(known_at) if known_at else None)
    size = page_size(first)
    found = info.context.office.cases(wanted, first=size + 1, after=number_of(after, "case"))
    info.context.touched.update(f"case/{row.case_id}" for _, row in found[:size])
    return Page([Placed(Case.of(row), ("case", number)) for number, row in found[:size]], len(found) > size, after is not None)


def events(
    info: Info, after: After = None, first: First = PAGE, types: Types = None, actor: ByActor = None, since: From = None, to: To = None
) -> Page[StoredEvent]:
    """Return a page of the events of the whole register."""
    size = page_size(first)
    found = info.context.office.events(
        first=size + 1,
        after=number_of(after, "event"),
        types=_known_types(types),
        actor=_actor(actor),
        since=beginning_of(since),
        until=end_of(to),
    )
    info.context.touched.update(str(row.event.stream) for row in found[:size])
    return events_page(found, size, after)


def access_log(
    info: Info,
    after: After = None,
    first: First = PAGE,
    actor: WhoActed = None,
    act: OfAct = None,
    subject: About = None,
    since: From = None,
    to: To = None,
) -> Page[Access]:
    """Return a page of the access log. That it was read is noted too."""
    size, last = page_size(first), number_of(after, "access")
    wanted = AccessFilter(_uuid(_actor(actor) or ""), act, subject, beginning_of(since), end_of(to))
    found = [Access.of(row) for row in info.context.log.rows(last, size + 1, wanted)]
    info.context.touched.add(ITSELF)
    return page(found, lambda access: ("access", access.number), size, after)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _actor(text: str | None) -> str | None:
    if text and _uuid(text) is None:
        raise bad_input(f"actor: {text!r} is no reference of an actor.")
    return str(_uuid(text)) if text else None


def _words(text: str | None) -> str:
    if text and not text.isprintable():
        raise bad_input("search: write words without line breaks and control characters.")
    return text or ""


def _known_types(types: list[str] | None) -> list[str]:
    try:
        return [event_type(topic).TOPIC for topic in types or ()]
    except NotInRegister as error:
        raise bad_input(f"types: {error}.") from None


@strawberry.type(description="Cases and events of the register, for those whose role reads them.")
class Query:
    case: Case | None = answered(case, "One case; null when there is none.", only=read_by(STATUS))
    cases: CaseConnection = answered(cases, "Cases in the order of opening.", only=read_by(STATUS))
    events: EventConnection = answered(events, "Events of the whole register in the order of recording.", only=read_by(CASE_FILES))
    access_log: AccessConnection = answered(access_log, "Who came in, was refused, and read what is confidential.", only=read_by(AUDITORS))


@cache
def staff_schema() -> strawberry.Schema:
    """Return the staff schema, made when it is first asked for."""
    return strawberry.Schema(Query, config=config())
