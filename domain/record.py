"""
What every record has: events with who, when and why; a state that keeps facts; and the way a decision is looked up.

Deciding and evolving are apart. A decision function may refuse; adding an event to a history never does, because it runs again on every load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from domain.actors import Actor, Role
from domain.errors import NotInRegister, require
from domain.ids import Kind, Stream
from domain.law.periods import BRUSSELS, legal_day
from domain.law.provisions import CHAPTER_V, Law
from domain.law.rules import R02, R33, R37
from domain.types import Payload

# -- Events ----------------------------------------------------------------------


class Fact(Payload):
    """
    What an event says: its own fields, flat and named as the law names them.

    `FORM` counts the forms in which the event was ever stored; older ones are read through steps kept beside the mapper.
    `AHEAD` names the dates that may lie after the time of recording because they are terms or expectations; `ACTS` those that date an act of the
    Commission and cannot precede Chapter V.
    """

    TOPIC: ClassVar[str]
    FORM: ClassVar[int] = 1
    STREAMS: ClassVar[tuple[Kind, ...]]
    RECORDED_BY: ClassVar[frozenset[Role]]
    AHEAD: ClassVar[frozenset[str]] = frozenset()
    ACTS: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the event its topic: the name in the table of events, never changed and never reused."""
        super().__init_subclass__(**kwargs)
        cls.TOPIC = cls.__dict__.get("TOPIC", cls.__name__)


F = TypeVar("F", bound=Fact)
C = TypeVar("C", bound=Fact, covariant=True)
Facts = tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class LawVersions:
    """The versions of law an event was recorded under."""

    threshold_version: int
    annex_xiii_version: int
    calendar_version: int


@dataclass(frozen=True, slots=True)
class Event(Generic[C]):
    """A recorded fact in its envelope. Immutable, also in storage (R29)."""

    event_id: UUID
    stream: Stream
    version: int
    recorded_at: datetime
    actor_ref: UUID
    role: Role
    correlation: UUID
    cause: UUID | None
    law: LawVersions
    settings_version: int
    fact: C

    @property
    def originator_id(self) -> UUID:
        """Identifier of the stream, as the event store calls it."""
        return self.stream.id

    @property
    def originator_version(self) -> int:
        """Position in the stream, as the event store calls it."""
        return self.version

    @property
    def topic(self) -> str:
        """Name of the event."""
        return self.fact.TOPIC


@dataclass(frozen=True, slots=True)
class Act:
    """Who records, when, and under which law: handed to every decision, never looked up by it."""

    actor: Actor
    at: datetime
    law: Law

    @property
    def day(self) -> date:
        """The legal day of recording (Brussels)."""
        return legal_day(self.at)


# -- State -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """
    The state of a record: its events by type.

    Effects and status are derived from them, so that a correction or an annulment needs no second path.
    """

    stream: Stream
    version: int = 0
    by_topic: dict[str, tuple[Event[Any], ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether anything was recorded."""
        return self.version > 0

    def of(self, kind: type[F]) -> tuple[Event[F], ...]:
        """Return the events of a type in the order of recording, corrections laid over them."""
        return self._corrected(self.by_topic.get(kind.TOPIC, ()))

    def among(self, *kinds: type[Fact]) -> tuple[Event[Any], ...]:
        """Return the events of several types in the order of recording."""
        found = [event for kind in kinds for event in self.of(kind)]
        return tuple(sorted(found, key=lambda event: event.version))

    def all(self, kind: type[F]) -> tuple[Event[F], ...]:
        """Return the events of a type and of those derived from it, in the order of recording."""
        found = [event for events in self.by_topic.values() for event in events if isinstance(event.fact, kind)]
        return self._corrected(tuple(sorted(found, key=lambda event: event.version)))

    def _corrected(self, found: tuple[Event[F], ...]) -> tuple[Event[F], ...]:
        """Lay what the record says of its own errors over the events it speaks of; the recorded events stay as they are."""
        laid: dict[UUID, dict[str, Any]] = {}
        for topic in CORRECTIONS:
            for event in self.by_topic.get(topic, ()):
                laid.setdefault(event.fact.corrects(self), {}).update(event.fact.changes())
        return tuple(corrected(event, laid[event.event_id]) if event.event_id in laid else event for event in found) if laid else found

    def last(self, kind: type[F]) -> Event[F] | None:
        """Return the last event of a type."""
        found = self.of(kind)
        return found[-1] if found else None

    def known(self, at: datetime) -> Self:
        """Return the record as it was known at an instant."""
        kept = {topic: tuple(e for e in events if e.recorded_at <= at) for topic, events in self.by_topic.items()}
        version = max((e.version for events in kept.values() for e in events[-1:]), default=0)
        return type(self)(self.stream, version, {topic: events for topic, events in kept.items() if events})

    @property
    def is_closed(self) -> bool:
        """Tell whether the record is closed; most kinds never are."""
        return False

    def admit(self, act: Act, fact: Fact) -> None:
        """Refuse what this kind of record does not take at all, whatever the paragraph of the fact says."""

    def follow(self, act: Act, fact: Fact) -> Facts:
        """Return what this kind of record adds to any fact."""
        return ()


CORRECTIONS = ("RecordCorrected", "DecisionRectified")
"""Events that speak of the text of earlier events; they have `corrects` and `changes`."""
H = TypeVar("H", bound=History)


def corrected(event: Event[F], changes: dict[str, Any]) -> Event[F]:
    """Return an event with some of its fields as they should have been recorded."""
    plain = {**event.fact.model_dump(), **changes}
    return replace(event, fact=type(event.fact).model_validate(plain))


def evolve(history: H, event: Event[Any]) -> H:
    """Add an event to a state: no guard, no clock, nothing that could fail on an old record."""
    by_topic = {**history.by_topic, event.topic: (*history.by_topic.get(event.topic, ()), event)}
    return type(history)(history.stream, event.version, by_topic)


# -- Decisions -------------------------------------------------------------------

Decide = Callable[[Any, Act, Any], Facts]
_DECISIONS: dict[type[Fact], Decide] = {}


def decides(*facts: type[Fact]) -> Callable[[Decide], Decide]:
    """Register the function that decides on recording some facts."""

    def register(function: Decide) -> Decide:
        for fact in facts:
            _DECISIONS[fact] = function
        return function

    return register


def decide(history: History, act: Act, fact: Fact) -> Facts:
    """
    Decide on one command: the fact, with the rulings it calls for, or a refusal.

    Refuses: R33 another role; R37 a date after the recording; R02 an act before Chapter V; and what the paragraph of the fact adds.
    """
    require(act.actor.role in fact.RECORDED_BY, R33, f"{fact.TOPIC} is recorded by {' or '.join(sorted(fact.RECORDED_BY))}.")
    refuse_dates_ahead(act, fact)
    history.admit(act, fact)
    return (*_DECISIONS.get(type(fact), recorded)(history, act, fact), *history.follow(act, fact))


def recorded(history: History, act: Act, fact: Fact) -> Facts:
    """Record a fact that nothing forbids, once its record exists."""
    if not history and history.stream.kind in ("case", "alert", "publication"):
        raise NotInRegister(f"{history.stream.kind} has no events yet: open it before recording {fact.TOPIC}")
    return (fact,)


def refuse_dates_ahead(act: Act, fact: Fact) -> None:
    """
    Hold every date of a fact against the time of recording.

    Refuses: R37 a fact dated later; R02 an act of the Commission dated before 2 August 2025 (Article 113(b)).
    """
    for name in type(fact).model_fields:
        value = getattr(fact, name)
        if not isinstance(value, date):
            continue
        day = legal_day(value) if isinstance(value, datetime) else value
        ahead = value > act.at if isinstance(value, datetime) else value > act.day
        given, now = (at.astimezone(BRUSSELS).isoformat() if isinstance(at, datetime) else str(at) for at in (value, act.at))
        require(not ahead or name in fact.AHEAD, R37, f"{name} is {given}, the time of recording {now}.")
        require(name not in fact.ACTS or day >= CHAPTER_V, R02, f"{name} is {day}.")


def fact_types(kind: Kind | None = None) -> tuple[type[Fact], ...]:
    """Return every event type that is built, or those of one kind of stream, by name."""
    found = (fact for fact in _leaves(Fact) if kind is None or kind in fact.STREAMS)
    return tuple(sorted(found, key=lambda fact: fact.TOPIC))


def _leaves(base: type[Fact]) -> Iterable[type[Fact]]:
    children = base.__subclasses__()
    for child in children:
        yield from _leaves(child)
    if not children:
        yield base
