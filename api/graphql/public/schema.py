"""The questions of the public schema."""

from datetime import date
from functools import cache
from typing import Annotated, cast

import strawberry

from api.graphql.common.connections import Page, number_of, page, page_size
from api.graphql.common.errors import bad_input, refusal
from api.graphql.common.fields import answered
from api.graphql.common.limits import PAGE
from api.graphql.common.scalars import Moment, Position, config, day_of, end_of
from api.graphql.public.asked import LIST_ID, Info, country_asked, list_page, searched
from api.graphql.public.types import (
    After,
    ChangeConnection,
    Checkpoint,
    Entry,
    EntryConnection,
    First,
    LawInForce,
    PublicGround,
    change_place,
)
from projections.public import questions as answers
from projections.public.questions import Filters, When

ValidAt = Annotated[Moment | None, strawberry.argument(description="The list as it stood on the Brussels day of this instant; now by default.")]
KnownAt = Annotated[Moment | None, strawberry.argument(description="The list as known at this instant, without what came later; now by default.")]
Search = Annotated[str | None, strawberry.argument(description="Words of a model's, provider's or representative's name, or #number.")]
OfGround = Annotated[PublicGround | None, strawberry.argument(description="Only entries with this ground.")]
OfCountry = Annotated[str | None, strawberry.argument(description="Only providers of this country (ISO 3166).")]
Removed = Annotated[bool | None, strawberry.argument(description="Also entries that had left the list.")]
From = Annotated[Moment, strawberry.argument(name="from", description="From the Brussels day of this instant on.")]
To = Annotated[Moment, strawberry.argument(description="To the Brussels day of this instant.")]
OfEntry = Annotated[strawberry.ID, strawberry.argument(description="Number of the entry.")]
OnThatDay = Annotated[date | None, strawberry.argument(description="The day; today in Brussels by default.")]


def ground_asked(ground: PublicGround | None) -> answers.PublicGround | None:
    """Return a ground as the list spells it."""
    return cast("answers.PublicGround", ground.value) if ground else None


def published(
    info: Info,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    search: Search = None,
    ground: OfGround = None,
    country: OfCountry = None,
    include_removed: Removed = False,
    first: First = PAGE,
    after: After = None,
) -> Page[answers.Listed]:
    """Return the list at a pair of times."""
    filters = Filters(
        searched(search), ground_asked(ground), country_asked(country), bool(include_removed), sort="listed", descending=False
    )  # fmt: skip
    when = When(day_of(valid_at) if valid_at else None, end_of(known_at))
    return list_page(info.context, when, filters, page_size(first), after)


def entry(info: Info, list_id: OfEntry) -> answers.Listed | None:
    """Return one entry as it stands now."""
    return info.context.questions.entry(list_id, When()) if LIST_ID.fullmatch(list_id) else None


def changes(info: Info, since: From, to: To, first: First = PAGE, after: After = None) -> Page[answers.Change]:
    """Return what happened to the list between two days."""
    begin, end, size = day_of(since), day_of(to), page_size(first)
    if begin > end:
        raise bad_input(f"from: {begin} lies after to: {end}.")
    found = info.context.questions.changes(begin, end, first=size + 1, after=number_of(after, "change"))
    return page(found, change_place, size, after)


def law(info: Info, on: OnThatDay = None) -> answers.LawInForce:
    """Return the law in force on a day."""
    return info.context.questions.law(on or info.context.today())


def checkpoint(info: Info) -> Checkpoint:
    """
    Return the last checkpoint of the public log.

    Raises: GraphQLError while there is none.
    """
    note = info.context.logged("checkpoint")
    if note is None:
        raise refusal("NO_CHECKPOINT", "The public log has no checkpoint yet. Ask again in a minute.")
    origin, size, root, _ = note.split("\n", 3)
    return Checkpoint(origin=origin, size=Position(int(size)), root=root, note=note)


@strawberry.type(description="The public list of general-purpose AI models with systemic risk (Article 52(6) of Regulation (EU) 2024/1689).")
class Query:
    list: EntryConnection = answered(published, "The list at a pair of times, in the order of listing.")
    entry: Entry | None = answered(entry, "One entry as it stands now, also when it has left the list; null when the list never carried it.")
    changes: ChangeConnection = answered(changes, "What happened to the list between two days, both included, the first event first.")
    law: LawInForce = answered(
        law, "The law as dated data: compute threshold (Article 51(2)), Annex XIII, the holidays by which periods are counted."
    )
    checkpoint: Checkpoint = answered(checkpoint, "The last checkpoint of the public log, under which every receipt is written.")


@cache
def public_schema() -> strawberry.Schema:
    """Return the public schema, made when it is first asked for."""
    return strawberry.Schema(Query, config=config())
