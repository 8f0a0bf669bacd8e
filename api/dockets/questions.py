"""What a docket may ask, answered from the read models like everybody else."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.clocks import Clock
from domain.errors import Malformed
from domain.ids import Stream
from domain.law.periods import BRUSSELS, legal_day, meant_by
from domain.law.provisions import FOREVER
from domain.types import instant
from projections.office.questions import Office
from projections.public.questions import Filters, Listed, PublicQuestions, When

CLOCKS = ("D1", "D1-L", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9")
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Ask:
    """A question at a pair of times, in the store's identifiers."""

    question: str
    stream: Stream | None
    valid_at: datetime
    known_at: datetime
    step: dict[str, Any]


def moment(value: Any, field: str, reading: str = "end") -> datetime:
    """
    Read a time of a question: an instant with offset, or a day, which means its end in Brussels unless a switch says its start.

    Raises: Malformed.
    """
    try:
        if isinstance(value, str) and len(value) == 10:
            return meant_by(date.fromisoformat(value), reading)
        return instant(value)
    except (ValueError, OverflowError) as error:
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
            "next": self._next,
        }

    def answer(self, ask: Ask) -> Any:
        """
        Return the answer in plain values.

        Raises: Malformed for an unknown question.
        """
        if ask.question not in self.kinds:
            raise Malformed("ask", f"must be one of {', '.join(self.kinds)}")
        return self.kinds[ask.question](ask)

    def _status(self, ask: Ask) -> Any:
        case_id = _case(ask)
        row = self.office.status(case_id, ask.valid_at, ask.known_at)
        standing = self.office.standing(case_id, ask.valid_at, ask.known_at)
        return {
            "status": row.status,
            "grounds": [{name: value for name, value in ground.items() if value is not None} for ground in row.grounds],
            **{name: _plain(value) for name, value in asdict(standing.flags).items()},
            "alert_open": self.office.alert_open(case_id, ask.known_at),
            "spans": {
                ground: [{"from": begin.isoformat(), **({} if end >= FOREVER else {"to": end.isoformat()})} for begin, end in spans]
                for ground, spans in standing.spans.items()
                if spans
            },
        }

    def _found(self, ask: Ask) -> list[Clock]:
        if ask.stream and ask.stream.kind == "alert":
            return list(self.office.alert_clocks(UUID(ask.stream.key), ask.valid_at, ask.known_at))
        return list(self.office.clocks(_case(ask), ask.valid_at, ask.known_at))

    def _clock(self, ask: Ask) -> Any:
        wanted = ask.step.get("clock")
        if wanted not in CLOCKS:
            raise Malformed("clock", f"must be one of {', '.join(CLOCKS)}")
        found = [clock for clock in self._found(ask) if clock.clock == wanted]
        # Of several hearings or designations the last is meant; of the duties of several providers the first.
        return as_answer(found[0] if wanted.startswith("D1") else found[-1]) if found else None

    def _clocks(self, ask: Ask) -> Any:
        return [as_answer(clock) for clock in self._found(ask)]

    def _published(self, ask: Ask) -> Any:
        listing = self.public.list_at(When(legal_day(ask.valid_at), ask.known_at), Filters(sort="listed", descending=False), first=MOST)
        return [as_entry(entry) for entry in listing.entries]

    def _next(self, ask: Ask) -> Any:
        steps = self.office.next_steps(_case(ask), ask.known_at)
        return {
            "possible": [step.event for step in steps if step.possible],
            "ruled_inadmissible": [{"event": s.event, "code": s.code, "article": s.article} for s in steps if s.possible and s.code],
            "refused": [{"event": s.event, "code": s.code, "article": s.article, "message": s.message} for s in steps if not s.possible],
        }

    def _history(self, ask: Ask) -> Any:
        if ask.stream is None:
            raise Malformed("stream", "must name the record that is asked about, for example case/alpha")
        if ask.stream.kind in ("case", "publication", "entry"):
            rows = self.office.history(_case(ask), ask.known_at)
            return [row.event.topic for row in rows if row.event.stream.kind == ask.stream.kind]
        return [event.topic for event in self.office.stream(ask.stream, ask.known_at)]


def _case(ask: Ask) -> UUID:
    if ask.stream is None or ask.stream.kind not in ("case", "publication", "entry"):
        raise Malformed("stream", "must name the case that is asked about, for example case/alpha")
    return UUID(ask.stream.key)


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
