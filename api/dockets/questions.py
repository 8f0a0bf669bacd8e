"""What a docket may ask, answered from the read models like everybody else."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.clocks import Clock
from domain.errors import Malformed
from domain.law.periods import BRUSSELS, legal_day, start_of
from domain.law.provisions import FOREVER
from domain.types import instant
from projections.office.questions import Office
from projections.public.questions import Filters, Listed, PublicQuestions, When

CLOCKS = ("D1", "D1-L", "D3", "D4", "D5", "D9")
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Ask:
    """A question at a pair of times, in the store's identifiers."""

    question: str
    case_id: UUID | None
    valid_at: datetime
    known_at: datetime
    step: dict[str, Any]


def moment(value: Any, field: str) -> datetime:
    """
    Read a time of a question: an instant with offset, or a day, which means its end in Brussels.

    Raises: Malformed.
    """
    try:
        if isinstance(value, str) and len(value) == 10:
            return start_of(date.fromisoformat(value) + timedelta(days=1)) - timedelta(microseconds=1)
        return instant(value)
    except ValueError as error:
        raise Malformed(field, str(error)) from None


class Answers:
    """Answers the questions of a docket."""

    def __init__(self, office: Office, public: PublicQuestions) -> None:
        self.office = office
        self.public = public
        self.kinds: dict[str, Callable[[Ask], Any]] = {
            "status": self._status,
            "clock": self._clock,
            "clocks": self._clocks,
            "published": self._published,
            "history": self._history,
        }

    def answer(self, ask: Ask) -> Any:
        """
        Return the answer in plain values.

        Raises: Malformed for an unknown question.
        """
        if ask.question not in self.kinds:
            raise Malformed("ask", f"must be one of {', '.join(self.kinds)}")
        if ask.question != "published" and ask.case_id is None:
            raise Malformed("stream", "must name the case that is asked about, for example case/alpha")
        return self.kinds[ask.question](ask)

    def _status(self, ask: Ask) -> Any:
        case_id = _case(ask)
        row = self.office.status(case_id, ask.valid_at, ask.known_at)
        standing = self.office.standing(case_id, ask.valid_at, ask.known_at)
        return {
            "status": row.status,
            "grounds": [{name: value for name, value in ground.items() if value is not None} for ground in row.grounds],
            **{name: _plain(value) for name, value in asdict(standing.flags).items()},
            "spans": {
                ground: [{"from": begin.isoformat(), **({} if end >= FOREVER else {"to": end.isoformat()})} for begin, end in spans]
                for ground, spans in standing.spans.items()
                if spans
            },
        }

    def _found(self, ask: Ask) -> list[Clock]:
        return list(self.office.clocks(_case(ask), ask.valid_at, ask.known_at))

    def _clock(self, ask: Ask) -> Any:
        wanted = ask.step.get("clock")
        if wanted not in CLOCKS:
            raise Malformed("clock", f"must be one of {', '.join(CLOCKS)}")
        found = [clock for clock in self._found(ask) if clock.clock == wanted]
        return as_answer(found[-1]) if found else None

    def _clocks(self, ask: Ask) -> Any:
        return [as_answer(clock) for clock in self._found(ask)]

    def _published(self, ask: Ask) -> Any:
        listing = self.public.list_at(When(legal_day(ask.valid_at), ask.known_at), Filters(sort="listed", descending=False), first=MOST)
        return [as_entry(entry) for entry in listing.entries]

    def _history(self, ask: Ask) -> Any:
        kind = str(ask.step.get("stream", "")).partition("/")[0]
        return [row.event.topic for row in self.office.history(_case(ask), ask.known_at) if row.event.stream.kind == kind]


def _case(ask: Ask) -> UUID:
    if ask.case_id is None:
        raise Malformed("stream", "must name a case")
    return ask.case_id


def as_answer(clock: Clock) -> dict[str, Any]:
    """Return a clock in plain values."""
    return {name: _plain(value) for name, value in asdict(clock).items() if value is not None}


def as_entry(entry: Listed) -> dict[str, Any]:
    """Return an entry in plain values, by the names of its fields."""
    return {name: _plain(value) for name, value in asdict(entry).items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(BRUSSELS).isoformat()
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
