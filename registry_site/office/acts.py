"""Events as people read them: what was done, when it happened, on which provision it rests. Read off the typed definitions, never listed again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.law.periods import legal_day
from domain.record import Event, Fact
from projections.office.questions import EventRow

_PROVISION = re.compile(r"\b(?:Article|Articles|Guidelines|Regulation|Charter|Implementing Regulation|Annex)\b[^;:.]*")
_IN_BRACKETS = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)")


@dataclass(frozen=True, slots=True)
class Line:
    """An event in the table of a case: its number there, with the stored row."""

    number: int
    row: EventRow

    @property
    def event(self) -> Event[Any]:
        """The event itself."""
        return self.row.event

    @property
    def happened_on(self) -> date | None:
        """The day of what the event tells."""
        return happened_on(self.row.event.fact)


def lines_of(rows: tuple[EventRow, ...]) -> list[Line]:
    """Return the events of a case, each with its number in the order of recording."""
    return [Line(number, row) for number, row in enumerate(rows, start=1)]


def act_name(topic: str) -> str:
    """Write the name of an event in words: "Model designated under 52(4)"."""
    numbers = re.sub(r"(\d+)_(\d+)", r"\1(\2)", topic)
    parts = re.findall(r"\d+\(\d+\)|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", numbers)
    plain = " ".join(part if part.isupper() or not part.isalpha() else part.lower() for part in parts)
    return plain[:1].upper() + plain[1:]


def says(kind: type[Fact]) -> str:
    """Return what an event means, in the words of its definition."""
    return (kind.__doc__ or kind.TOPIC).strip().partition("\n")[0]


def provision(fact: Fact) -> str:
    """Return the provision that an event rests on: the one it states, else the one its definition names; empty where neither does."""
    stated = getattr(fact, "article", None) or getattr(fact, "legal_basis", None)
    if stated and stated != "OTHER":
        return f"Article {stated}" if stated[:1].isdigit() else str(stated)
    named = [text for text in _IN_BRACKETS.findall(says(type(fact))) if _PROVISION.match(text)]
    return named[-1] if named else ""


def happened_on(fact: Fact) -> date | None:
    """Return the first date of an event that is no term or expectation, as a day in Brussels."""
    return next(_dates(fact), None)


def _dates(fact: Fact) -> Iterator[date]:
    for name in type(fact).model_fields:
        value = getattr(fact, name)
        if isinstance(value, date) and name not in fact.AHEAD:
            yield legal_day(value) if isinstance(value, datetime) else value
