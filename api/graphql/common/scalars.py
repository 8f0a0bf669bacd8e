"""The scalars that carry the register's own rules: instants with an offset, positions beyond 32 bits, stored data as it is."""

from datetime import date, datetime, timedelta
from typing import Any, NewType
from uuid import UUID

import strawberry
from pydantic import TypeAdapter, ValidationError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from api.graphql.common.errors import bad_input
from domain.law.periods import BRUSSELS, legal_day, start_of
from domain.types import Day, instant

Moment = NewType("Moment", date)
"""A time of a question: an instant with its offset, or a bare day."""
Position = NewType("Position", int)
"""A place in a sequence. GraphQL's own Int ends at 32 bits."""
Json = NewType("Json", object)
"""Stored data, as they are."""
DAY: TypeAdapter[date] = TypeAdapter(Day)


def moment(value: object) -> date:
    """
    Read a time of a question.

    Raises: GraphQLError for a naive or malformed one, with a sentence that says what to write.
    """
    if isinstance(value, str) and len(value) == 10:
        return day(value)
    try:
        return instant(value)
    except ValueError as error:
        raise bad_input(f"{value!r} {error}; a bare day such as 2026-03-10 is possible too.") from None


def day(value: object) -> date:
    """
    Read a day.

    Raises: GraphQLError for anything else.
    """
    try:
        return DAY.validate_python(value)
    except ValidationError as error:
        raise bad_input(f"{value!r} {error.errors()[0]['msg'].removeprefix('Value error, ')}.") from None


def end_of(value: Moment | None) -> datetime | None:
    """Return the instant meant by a time of a question: a bare day means its end in Brussels (procedure section 2)."""
    if value is None or isinstance(value, datetime):
        return value
    return start_of(value + timedelta(days=1)) - timedelta(microseconds=1)


def beginning_of(value: Moment | None) -> datetime | None:
    """Return the instant from which on something is asked: a bare day means its beginning in Brussels."""
    return value if value is None or isinstance(value, datetime) else start_of(value)


def day_of(value: Moment) -> date:
    """Return the Brussels day of a time of a question."""
    return legal_day(value) if isinstance(value, datetime) else value


def _brussels(value: datetime) -> str:
    return value.astimezone(BRUSSELS).isoformat()


DATE: ScalarDefinition = strawberry.scalar(name="Date", description="A civil day in Brussels: YYYY-MM-DD.", serialize=date.isoformat, parse_value=day)
DATE_TIME: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="An instant with its offset from UTC, such as 2026-03-10T09:00:00+01:00; an instant without one is refused. "
    "In an argument a bare day is possible too: it means the end of that day in Brussels, and after `from` its beginning.",
    serialize=_brussels,
    parse_value=moment,
)
POSITION: ScalarDefinition = strawberry.scalar(
    name="Position", description="A place in a sequence: a whole number that may need more than 32 bits.", serialize=int, parse_value=int
)
JSON: ScalarDefinition = strawberry.scalar(name="JSON", description="Stored data, as they are.")

IDENTIFIER: ScalarDefinition = strawberry.scalar(name="UUID", description="A random identifier of the register.", serialize=str, parse_value=UUID)

SCALARS: dict[object, Any] = {Moment: DATE_TIME, datetime: DATE_TIME, date: DATE, UUID: IDENTIFIER, Position: POSITION, Json: JSON}


def config() -> StrawberryConfig:
    """Return the configuration of a schema. Sorting it would copy its types and break them; only what is printed is sorted."""
    return StrawberryConfig(scalar_map=SCALARS)
