"""
Fills a store with the content: the very bytes that the use cases would write, without deciding each act.

`check` takes one model of each kind through the use cases themselves, and compares.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from itertools import groupby
from random import Random
from typing import Any
from uuid import UUID

from api.settings import Settings
from api.stores.event_store.mapper import RegisterMapper
from api.wiring import Register, open_register, set_up
from bench.content import EVENTS_IN_A_BLOCK, FIRST_DAY, MODELS_IN_A_BLOCK, Step, steps
from bench.content import fact as new_fact
from domain.actors import Actor
from domain.claims import LIST_NUMBERS, Claimed
from domain.envelope import SYSTEM
from domain.ids import Stream, lineage_claim
from domain.law.provisions import Law
from domain.list_entry import EntryFact
from domain.listing import order_for
from domain.model_case.identity import ModelCaseOpened
from domain.record import Act, Event, Fact, LawVersions
from domain.registry import Command
from projections.store import microseconds

CREATED = datetime.combine(FIRST_DAY, time(0), tzinfo=UTC)
ACTIONS = {"ListEntryPublished": "PUBLISHED", "ListEntryUpdated": "UPDATED"}
Planned = tuple[Stream, Actor, Fact]


def fill(database_url: str, models: int, *, long: bool = False) -> int:
    """Create a register with the content; return how many events it has."""
    set_up(database_url)
    register = open_register(Settings(database_url=database_url))
    try:
        register.create(CREATED, demonstration=True)
        write(register, steps(models, long=long))
        return register.recorder.head()
    finally:
        register.close()


def write(register: Register, content: Iterable[Step]) -> None:
    """Append the content, in one transaction for each instant."""
    mapper, writer = RegisterMapper(), Writer(register.registry.law(CREATED))
    for at, together in groupby(content, key=lambda step: step.at):
        stored = [mapper.to_stored_event(event) for step in together for event in writer.events(step)]
        register.recorder.insert_events(stored, recorded_at=microseconds(at))


class Writer:
    """Lays out the events of each act: its own, and those that the use cases add."""

    def __init__(self, law: Law) -> None:
        self._law = law
        self._versions: dict[Stream, int] = {LIST_NUMBERS: 0}
        self._numbers: dict[str, str] = {}
        self._random = Random(0)

    def events(self, step: Step) -> Iterator[Event[Any]]:
        law, correlation, cause = LawVersions(1, 1, self._law.calendar_version), self._new_id(), None
        for stream, actor, fact in self._planned(step):
            version = self._versions[stream] = self._versions.get(stream, 0) + 1
            event = Event(self._new_id(), stream, version, step.at, actor.ref, actor.role, correlation, cause, law, self._law.settings.version, fact)
            cause = cause or event.event_id
            yield event

    def _planned(self, step: Step) -> list[Planned]:
        if isinstance(step.fact, EntryFact):
            return self._listing(step, step.fact)
        claims = [(lineage_claim(step.fact.lineage_key), SYSTEM, Claimed())] if isinstance(step.fact, ModelCaseOpened) else []
        return [(step.stream, step.actor, step.fact), *claims]

    def _listing(self, step: Step, fact: EntryFact) -> list[Planned]:
        key, first = step.stream.key, fact.TOPIC == "ListEntryPublished"
        if first:
            self._numbers[key] = str(self._versions[LIST_NUMBERS] + 1)
        number = self._numbers[key]
        fact = fact.model_copy(update={"list_id": number})
        order = order_for(fact, Act(step.actor, step.at, self._law), self._new_id())
        executed = new_fact("PublicationExecuted", order_id=order.order_id, list_id=number)
        marker = new_fact("ListingRecorded", list_id=number, action=ACTIONS[fact.TOPIC])
        desk = Stream("publication", key)
        planned: list[Planned] = [(Stream("entry", number), step.actor, fact), (desk, step.actor, order), (desk, SYSTEM, executed)]
        return [*planned, (Stream("case", key), SYSTEM, marker), *([(LIST_NUMBERS, SYSTEM, Claimed())] if first else [])]

    def _new_id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


# -- Is it what the register itself would have written? ------------------------------

CHANCE = ("event_id", "correlation", "cause")


def check() -> int:
    """Record one block of models through the use cases and compare every event; return how many were compared."""
    content = list(steps(MODELS_IN_A_BLOCK, long=True))
    decided, laid_out = _in_memory(), _in_memory()
    for step in content:
        decided.registry.record(Command(step.stream, step.actor, step.fact, step.at))
    write(laid_out, content)
    pairs = list(zip(_plain(decided), _plain(laid_out), strict=True))
    for mine, theirs in pairs:
        if mine != theirs:
            raise AssertionError(f"the content is not what the use cases record:\n{mine}\n{theirs}")
    block = EVENTS_IN_A_BLOCK[True]
    assert len([event for event, _ in pairs if event["recorded_at"] > CREATED]) == block, "a block has another number of events"
    return len(pairs)


def _in_memory() -> Register:
    register = open_register(Settings(database_url="sqlite://"))
    register.create(CREATED, demonstration=True)
    return register


def _plain(register: Register) -> list[dict[str, Any]]:
    decoder = RegisterMapper().decoder
    events = [decoder.event(topic, state) for _, topic, state in register.recorder.raw_events(0, 10_000)]
    found = [{name: getattr(event, name) for name in Event.__slots__ if name not in CHANCE} for event in events]
    for event in found:
        event["fact"] = {name: value for name, value in event["fact"].model_dump(mode="json").items() if name != "order_id"}
    return found
