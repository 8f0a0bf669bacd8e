"""
The types of the public schema: they describe the plain answers of `projections.public.questions`, which are handed on as they are.

Fields are named as in the events of the list, in camel case.
"""

from datetime import date
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.common.connections import Connection, Page, number_of, page, page_size
from api.graphql.common.fields import answered
from api.graphql.common.limits import PAGE
from api.graphql.common.scalars import Position
from api.graphql.public.asked import Info, when_of
from domain.types import plain
from projections.public import questions as answers

First = Annotated[int | None, strawberry.argument(description="How many items, from 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Leave out everything up to this cursor.")]

# -- Words of the list ---------------------------------------------------------------


@strawberry.enum(name="PublicGround", description="Why a model is on the list, as the list says it.")
class PublicGround(Enum):
    ARTICLE_51_1_A = strawberry.enum_value(
        "51(1)(a)", description="Article 51(1)(a): the model has high-impact capabilities, as presumed above the compute threshold of Article 51(2)."
    )
    ARTICLE_52_4 = strawberry.enum_value(
        "52(4)", description="Article 51(1)(b) with Article 52(4): the Commission designated the model on the criteria of Annex XIII."
    )
    ARTICLE_52_1 = strawberry.enum_value(
        "52(1)", description="Article 52(1), second sentence: the Commission designated a model that was not notified. Shown only by a setting."
    )


@strawberry.enum(description="What goes with an entry.")
class Note(Enum):
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="A court suspended the operation of the decision.")
    OFF_MARKET = strawberry.enum_value("OFF_MARKET", description="The model is no longer made available on the Union market.")
    MAINTAINED = strawberry.enum_value("MAINTAINED", description="The designation was maintained after a reassessment (Article 52(5)).")


@strawberry.enum(description="Why an entry left the list, in neutral words.")
class PublicReason(Enum):
    NO_LONGER_CLASSIFIED = strawberry.enum_value("NO_LONGER_CLASSIFIED", description="No ground is active any more.")
    ANNULLED = strawberry.enum_value("ANNULLED", description="A court annulled the decision.")
    ENTERED_IN_ERROR = strawberry.enum_value("ENTERED_IN_ERROR", description="The entry should never have stood on the list.")


@strawberry.enum(description="What happened to an entry.")
class ChangeKind(Enum):
    PUBLISHED = strawberry.enum_value("PUBLISHED", description="It was put on the list.")
    UPDATED = strawberry.enum_value("UPDATED", description="It was brought up to date.")
    REMOVED = strawberry.enum_value("REMOVED", description="It was taken off the list.")
    CORRECTED = strawberry.enum_value("CORRECTED", description="A misprint was corrected: the field should never have said otherwise.")


# -- What changed --------------------------------------------------------------------


@strawberry.type(description="One field of an entry before and after.")
class FieldChange:
    field: str = strawberry.field(description="Name of the field, as in the event.")
    before: str | None = strawberry.field(description="What it said before; several values with a semicolon between them.")
    after: str | None = strawberry.field(description="What it says since.")


@strawberry.type(description="One public event of the list.")
class Change:
    number: Position = strawberry.field(description="Its number among all events of the list, from 1 without gaps.")
    kind: ChangeKind = strawberry.field(description="What happened.")
    on: date = strawberry.field(description="The day of listing on which it happened (Brussels).")
    list_id: strawberry.ID = strawberry.field(description="Number of the entry.")
    marketed_names: list[str] = strawberry.field(description="Names of the model as marketed, after the event.")
    provider_name: str | None = strawberry.field(description="Legal name of the provider, after the event.")
    fields: list[FieldChange] = strawberry.field(description="The fields that changed.")
    public_reason: PublicReason | None = strawberry.field(description="Why the entry left the list.")


@strawberry.type(description="Events of the list, in their order.")
class ChangeConnection(Connection[Change]):
    pass


# -- The list, Article 52(6) -----------------------------------------------------------


def change_place(change: answers.Change) -> tuple[object, ...]:
    """Return the place of a change: its public number."""
    return ("change", change.number)


def history(entry: strawberry.Parent[answers.Listed], info: Info, first: First = PAGE, after: After = None) -> Page[answers.Change]:
    """Return the events of an entry, as known at the pair of times at which the entry was asked for."""
    size, last = page_size(first), number_of(after, "change")
    found = info.context.histories.of(entry.list_id, when_of(entry))
    following = [change for change in found if change.number > last] if last else found
    return page(following, change_place, size, after)


def receipt(entry: strawberry.Parent[answers.Listed], info: Info) -> str | None:
    """Return the proof that the log holds the last event of an entry, as known at the pair of times at which the entry was asked for."""
    told = info.context.histories.of(entry.list_id, when_of(entry))
    return info.context.logged(f"receipt/{told[-1].leaf}.tlog-proof") if told else None


@strawberry.type(description="A general-purpose AI model with systemic risk on the list (Article 52(6)), as it stood at the pair of times asked for.")
class Entry:
    list_id: strawberry.ID = strawberry.field(description="Number in the list's own sequence.")
    listed_on: date = strawberry.field(description="Day of publication on the list (Brussels), whenever the model came to be classified.")
    updated_on: date | None = strawberry.field(description="Day of the last update.")
    removed_on: date | None = strawberry.field(description="Day of removal; set only where removed entries were asked for.")
    public_reason: PublicReason | None = strawberry.field(description="Why it was removed.")
    marketed_names: list[str] = strawberry.field(description="Names of the model as marketed.")
    provider_name: str | None = strawberry.field(description="Legal name of the provider; natural persons are not named.")
    provider_name_digest: str | None = strawberry.field(description="Salted SHA-256 in place of the name of a natural person.")
    provider_country: str = strawberry.field(description="Country of the provider (ISO 3166).")
    representative_name: str | None = strawberry.field(description="Legal name of the authorised representative (Article 54).")
    public_grounds: list[PublicGround] = strawberry.field(description="Why the model is on the list.")
    decision_ref: str | None = strawberry.field(description="Reference of the Commission's decision, where Article 52(4) is a ground.")
    decision_date: date | None = strawberry.field(description="Day of that decision.")
    note: Note | None = strawberry.field(description="What goes with the entry.")
    note_ref: str | None = strawberry.field(description="Reference of the note, such as a case number of the Court.")
    note_on: date | None = strawberry.field(description="Day of the note.")
    changed_on: date = strawberry.field(description="Day of the last event about this entry.")

    history: ChangeConnection = answered(history, "Its public events, the first one first, as far as they were known at the time asked for.")
    receipt: str | None = answered(
        receipt, "Proof that the public log holds the last of these events (C2SP tlog-proof); null until the next checkpoint covers it."
    )


@strawberry.type(description="Entries of the list, in the order of their listing.")
class EntryConnection(Connection[Entry]):
    total_count: int = strawberry.field(description="How many entries match on all pages.")


# -- The public log --------------------------------------------------------------------


@strawberry.type(description="What the public log committed to last (C2SP tlog-checkpoint).")
class Checkpoint:
    origin: str = strawberry.field(description="Name of the log.")
    size: Position = strawberry.field(description="How many entries it holds.")
    root: str = strawberry.field(description="Root of its Merkle tree (RFC 6962, SHA-256), in base64.")
    note: str = strawberry.field(description="The signed note that says so, as at /log/checkpoint: check its signature, not the fields above.")


# -- The law as dated data -------------------------------------------------------------


def value_flop(threshold: strawberry.Parent[answers.Threshold]) -> str:
    """Return the threshold in plain digits."""
    return plain(threshold.value_flop)


@strawberry.type(description="A version of the compute threshold above which high-impact capabilities are presumed (Article 51(2), (3)).")
class Threshold:
    version: int = strawberry.field(description="Number of the version.")
    oj_ref: str = strawberry.field(description="Where it is published.")
    published_on: date = strawberry.field(description="Day of publication.")
    applies_from: date = strawberry.field(description="First day on which it applies.")
    value_flop: str = answered(value_flop, "Floating-point operations, exact, in plain digits. A text, because numbers of JSON are rounded.")


@strawberry.type(description="The Commission's holidays of one year, by which periods are counted (Regulation 1182/71).")
class Calendar:
    version: int = strawberry.field(description="Number of the version.")
    year: int = strawberry.field(description="Its year.")
    days: list[date] = strawberry.field(description="The holidays.")
    unverified_days: list[date] = strawberry.field(description="Days not checked against the published list: what hangs on them is provisional.")
    source: str = strawberry.field(description="Where the days come from.")


@strawberry.type(description="The law that applies on a day, as far as it is dated data.")
class LawInForce:
    on: date = strawberry.field(description="The day.")
    threshold: Threshold | None = strawberry.field(description="The compute threshold of Article 51(2).")
    annex_xiii_version: int | None = strawberry.field(description="Version of Annex XIII, whose criteria Article 52(4) refers to.")
    calendars: list[Calendar] = strawberry.field(description="The holidays of every year known.")
