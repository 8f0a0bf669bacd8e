"""Putting facts into envelopes: who, when, under which law, in which order (the envelope of every event)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

from domain.actors import Actor, Role
from domain.ids import STREAMS, Stream
from domain.model_case.identity import ModelCaseOpened
from domain.record import Act, Event, Fact, Facts, History, LawVersions

SYSTEM = Actor(uuid5(STREAMS, "actor:register"), Role.SYSTEM)
"""The register itself: rulings, markers, slots."""
Plan = list[tuple[Stream, History, Actor, Facts]]
"""What a use case appends: for each stream its state, under whose name, and the facts."""


def in_envelopes(act: Act, plan: Plan, correlation: UUID, new_id: Callable[[], UUID]) -> list[Event[Any]]:
    """Return the events of an act, stream by stream; the first is the cause of the others."""
    versions: dict[Stream, int] = {}
    law, cause = _versions(act), None
    events: list[Event[Any]] = []
    for stream, state, actor, facts in plan:
        for fact in facts:
            versions[stream] = versions.get(stream, state.version) + 1
            event = Event(
                new_id(), stream, versions[stream], act.at, actor.ref, _role(actor, fact), correlation, cause, law, act.law.settings.version, fact
            )
            if not (isinstance(fact, ModelCaseOpened) and actor == SYSTEM):  # opened for what follows, which is the cause of the rest
                cause = cause or event.event_id
            events.append(event)
    return events


def _versions(act: Act) -> LawVersions:
    threshold, annex = act.law.threshold_on(act.day), act.law.annex_on(act.day)
    return LawVersions(threshold.version if threshold else 0, annex.version if annex else 0, act.law.calendar_version)


def version_of(events: list[Event[Any]], addressed: Stream) -> int:
    """Return the version that an act leaves the record addressed at; an entry is addressed by its case and stored under its number."""
    return max(event.version for event in events if event.stream == addressed or event.stream.kind == addressed.kind == "entry")


def _role(actor: Actor, fact: Fact) -> Role:
    """Return in which role an event is recorded: what follows from a filer's act is the register's own; the actor is the same."""
    return actor.role if actor.role in fact.RECORDED_BY else Role.SYSTEM
