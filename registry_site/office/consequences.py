"""What an act would bring about, in words, before it is recorded: from the same dry run that programs ask for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from api.deps import Register
from api.recording.views import Stands, stands
from api.stores.event_store.mapper import to_bytes
from domain.actors import Actor
from domain.clocks import Clock
from domain.envelope import SYSTEM
from domain.ids import Stream
from domain.listing import entry_fact
from domain.publication import PublicationOrdered
from domain.record import Act, Event
from domain.registry import Recorded
from domain.rulings import Inadmissible
from domain.status import Status
from projections.transparency.leaves import public_leaf


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock that an act starts, changes or ends; `kind` is one of started, changed, ended."""

    kind: str
    clock: Clock


@dataclass(frozen=True, slots=True)
class Consequences:
    """
    What would be recorded and what would follow.

    `before` and `after` are statuses, None for whoever may not read the case. `public` are the exact bytes that anybody could read.
    """

    events: tuple[Event[Any], ...]
    before: Status | None
    after: Status | None
    moved: list[Moved]
    rulings: list[Inadmissible]
    public: list[str]
    slot_at: datetime | None = None


def consequences_of(register: Register, stream: Stream, actor: Actor, recorded: Recorded, at: datetime) -> Consequences:
    """Work out what follows from the events of a dry run."""
    events = tuple(event for event in recorded.events if event.stream.kind != "claim")
    then = max(at, *(event.recorded_at for event in events))
    before, after = stands(register, stream, actor, then), stands(register, stream, actor, then, imagined=events)
    rulings = [event.fact for event in events if isinstance(event.fact, Inadmissible)]
    slot = next((event.fact.slot_at for event in events if isinstance(event.fact, PublicationOrdered)), None)
    return Consequences(events, _status(before), _status(after), list(moved(before, after)), rulings, list(_public(register, events)), slot)


def _status(found: Stands | None) -> Status | None:
    return found.standing.status if found else None


def moved(before: Stands | None, after: Stands | None) -> Iterator[Moved]:
    """Yield the clocks that differ; one is known by its number and by what it is about."""
    old = {_key(clock): clock for clock in (before.clocks if before else ())}
    new = {_key(clock): clock for clock in (after.clocks if after else ())}
    for key, clock in new.items():
        if key not in old:
            yield Moved("started", clock)
        elif _says(old[key]) != _says(clock):
            yield Moved("changed", clock)
    yield from (Moved("ended", clock) for key, clock in old.items() if key not in new)


def _key(clock: Clock) -> tuple[str, UUID | None]:
    return clock.clock, clock.about


def _says(clock: Clock) -> tuple[Any, ...]:
    return clock.state, clock.due, clock.first_admissible, clock.days_late, clock.provisional


# -- What would become public, byte by byte (Article 78) ----------------------------------


def _public(register: Register, events: tuple[Event[Any], ...]) -> Iterator[str]:
    for event in events:
        leaf = public_leaf(event.topic, to_bytes(event))
        if leaf is not None:
            yield leaf.decode()
        if isinstance(event.fact, PublicationOrdered):
            yield _at_its_slot(register, event, event.fact)


def _at_its_slot(register: Register, event: Event[Any], order: PublicationOrdered) -> str:
    """Return the entry of the log that an order leads to; a new entry is given the next free number, which another may take first."""
    records = register.registry.records(UUID(event.stream.key))
    act = Act(SYSTEM, order.slot_at, register.registry.law(event.recorded_at))
    fact = entry_fact(order, act, records.entry.stream.key)
    leaf = public_leaf(fact.TOPIC, orjson.dumps({"data": fact.model_dump(mode="json", exclude_none=True)}))
    return (leaf or b"").decode()
