"""A case of the staff schema: who, what, since when, and why the register says so."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.graphql.common.connections import Connection, Page, number_of, page, page_size
from api.graphql.common.fields import answered
from api.graphql.common.limits import PAGE
from api.graphql.common.scalars import Moment
from api.graphql.staff import origins
from api.graphql.staff.asked import CASE_FILES, STATUS, Info, read_by
from api.graphql.staff.types import (
    BoundProvider,
    CaseStatus,
    Clock,
    DocumentReference,
    EventConnection,
    Flags,
    GroundSpans,
    Market,
    NextStep,
    Obligation,
    Origin,
    Provider,
    Span,
    StoredEvent,
)
from domain import clocks as domain_clocks
from domain import next_steps as domain_next
from domain.law.periods import legal_day
from domain.model_case import effects, identity, provider
from domain.model_case.case import ModelCase
from projections.office.questions import CaseRow, EventRow

ValidAt = Annotated[Moment | None, strawberry.argument(description="The moment asked about; now by default.")]
KnownAt = Annotated[Moment | None, strawberry.argument(description="What the register knew at this instant; now by default.")]
First = Annotated[int | None, strawberry.argument(description="How many items, from 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Leave out everything up to this cursor.")]
OfField = Annotated[str, strawberry.argument(description="Name of the field.")]
TheCase = strawberry.Parent["Case"]

# -- Status, providers, market -------------------------------------------------------


def status(case: TheCase, info: Info, valid_at: ValidAt = None, known_at: KnownAt = None) -> CaseStatus:
    """Return the status from its rectangles."""
    return CaseStatus.of(info.context.office.status(case.key, info.context.at(valid_at), info.context.at(known_at)))


def providers(case: TheCase, info: Info, valid_at: ValidAt = None, known_at: KnownAt = None) -> list[Provider]:
    """Return who is a provider on a day, with what was last recorded of each."""
    state, day = info.context.case(case.key, info.context.at(known_at)), legal_day(info.context.at(valid_at))
    facts = {event.fact.provider_ref: event.fact for event in state.of(provider.ProviderIdentified)}
    names = ("provider_kind", "legal_name", "legal_form", "country", "in_union", "from_on")
    refs = sorted(provider.providers_on(state, day))
    return [Provider(provider_ref=ref, **{name: getattr(facts.get(ref), name, None) for name in names}) for ref in refs]


def market(case: TheCase, info: Info, valid_at: ValidAt = None, known_at: KnownAt = None) -> Market:
    """Return how the model stands on the market on a day."""
    state, day = info.context.case(case.key, info.context.at(known_at)), legal_day(info.context.at(valid_at))
    announced = (event.fact.on for event in state.of(identity.ModelPubliclyAnnounced))
    return Market(
        placed_on=identity.placed_on(state),
        announced_on=min(announced, default=None),
        off_market_since=identity.off_market_since(state, day),
        marketed_names=_marketed_names(state),
    )


def _marketed_names(case: ModelCase) -> list[str]:
    placed = case.among(identity.ModelPlacedOnUnionMarket, identity.ModelPubliclyAnnounced)
    names = [name for event in placed for name in event.fact.marketed_names]
    return list(dict.fromkeys([*names, *(event.fact.marketed_name for event in case.of(identity.MarketedNameAdded))]))


# -- The case file --------------------------------------------------------------------


def grounds(case: TheCase, info: Info, valid_at: ValidAt = None, known_at: KnownAt = None) -> list[GroundSpans]:
    """Return every ground with all its stretches."""
    found = info.context.office.standing(case.key, info.context.at(valid_at), info.context.at(known_at)).spans
    return [GroundSpans(ground=ground, spans=[Span.of(span) for span in spans]) for ground, spans in found.items() if spans]


def flags(case: TheCase, info: Info, valid_at: ValidAt = None, known_at: KnownAt = None) -> effects.Flags:
    """Return what goes with the status."""
    return info.context.office.flags(case.key, info.context.at(valid_at), info.context.at(known_at))


def clocks(case: TheCase, info: Info, valid_at: ValidAt = None, known_at: KnownAt = None) -> tuple[domain_clocks.Clock, ...]:
    """Return the clocks as they stand at a moment."""
    return info.context.office.clocks(case.key, info.context.at(valid_at), info.context.at(known_at))


def history(case: TheCase, info: Info, known_at: KnownAt = None, first: First = PAGE, after: After = None) -> Page[StoredEvent]:
    """Return a page of the events of the case."""
    size, last = page_size(first), number_of(after, "event")
    rows = info.context.history(case.key, info.context.at(known_at))
    return events_page([row for row in rows if row.position > last], size, after)


def next_steps(case: TheCase, info: Info) -> list[domain_next.NextStep]:
    """Return what may be recorded now, and the refusal that everything else would meet."""
    return info.context.office.next_steps(case.key, info.context.at(None))


def obligations(case: TheCase, info: Info, valid_at: ValidAt = None, known_at: KnownAt = None) -> list[BoundProvider]:
    """Return which provisions bind each provider."""
    found = info.context.office.obligations(case.key, legal_day(info.context.at(valid_at)), info.context.at(known_at))
    return [BoundProvider(provider_ref=ref, obligations=[Obligation.of(one) for one in bound]) for ref, bound in found.items()]


def documents(case: TheCase, info: Info, known_at: KnownAt = None) -> list[DocumentReference]:
    """Return every reference to a document."""
    return origins.documents(info.context.history(case.key, info.context.at(known_at)), info.context.documents)


def provenance(case: TheCase, info: Info, field: OfField, known_at: KnownAt = None) -> list[Origin]:
    """Return which events set a field."""
    return list(origins.origins(info.context.history(case.key, info.context.at(known_at)), field))


def events_page(rows: list[EventRow] | tuple[EventRow, ...], size: int, after: str | None) -> Page[StoredEvent]:
    """Return a page of events; the place of each is its position in the store."""
    events = [StoredEvent.of(row) for row in rows[: size + 1]]
    return page(events, lambda event: ("event", event.row.position), size, after)


# -- The types ------------------------------------------------------------------------


@strawberry.type(description="The case of one model lineage. Nothing of it is public (Article 78).")
class Case:
    row: strawberry.Private[CaseRow]
    case_id: strawberry.ID = strawberry.field(description="Its identifier.")
    internal_name: str = strawberry.field(description="Name of the model in the register.")
    version: int = strawberry.field(description="Number of its last event.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    list_id: strawberry.ID | None = strawberry.field(description="Number of its entry on the public list.")
    status: CaseStatus = answered(status, "Where the model stands, or stood, at a pair of times.", only=read_by(STATUS))
    providers: list[Provider] = answered(providers, "Providers of the model on a day.", only=read_by(STATUS))
    market: Market = answered(market, "The model on the Union market.", only=read_by(STATUS))
    grounds: list[GroundSpans] | None = answered(grounds, "Every ground with all its stretches.", only=read_by(CASE_FILES))
    flags: Flags | None = answered(flags, "What goes with the status.", only=read_by(CASE_FILES))
    clocks: list[Clock] | None = answered(clocks, "The statutory clocks, each with its arithmetic.", only=read_by(CASE_FILES))
    history: EventConnection | None = answered(
        history, "Its events, those of its publication file and list entry included.", only=read_by(CASE_FILES)
    )
    documents: list[DocumentReference] | None = answered(
        documents, "Every document its events refer to, by hash, and what is stored of it.", only=read_by(CASE_FILES)
    )
    next: list[NextStep] | None = answered(
        next_steps, "What may be recorded now, and the refusal that every other act would meet, by the same guards.", only=read_by(CASE_FILES)
    )
    obligations: list[BoundProvider] | None = answered(
        obligations, "Which Articles bind each provider on a day, since when, and because of which ground.", only=read_by(CASE_FILES)
    )
    provenance: list[Origin] | None = answered(
        provenance,
        "Which events set a field, the last one being in force. Write its name (legal_name), or its event too (ThresholdMet.on).",
        only=read_by(CASE_FILES),
    )

    @property
    def key(self) -> UUID:
        """The identifier, for questions."""
        return UUID(self.row.case_id)

    @classmethod
    def of(cls, row: CaseRow) -> "Case":
        """Return a case as it is answered."""
        list_id = strawberry.ID(row.list_id) if row.list_id else None
        case_id = strawberry.ID(row.case_id)
        return cls(row=row, case_id=case_id, internal_name=row.internal_name, version=row.version, opened_at=row.opened_at, list_id=list_id)


@strawberry.type(description="Cases in the order of opening.")
class CaseConnection(Connection[Case]):
    pass
