"""
Between events and stored bytes.

The bytes are one RFC 8785 object, the envelope with the fact's own fields under `data`, written once and never re-serialised; topics are the names
of events, so that no Python path enters the archive.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
import rfc8785
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.actors import Role
from domain.ids import parse_stream
from domain.record import Event, Fact, LawVersions, fact_types
from domain.types import utc_text

MOST_BYTES = 60 * 1024
"""An event may have this many bytes: a log entry holds 65,535. Larger things are documents."""


class EventTooLarge(ValueError):
    """An event is larger than the archive takes; put the text into a document and record its hash."""


class UnknownEvent(Exception):
    """The store holds an event that this program does not know: it was written by a later version."""


def to_bytes(event: Event[Any]) -> bytes:
    """
    Write an event as canonical JSON.

    Raises: EventTooLarge.
    """
    envelope: dict[str, Any] = {
        "event_id": str(event.event_id),
        "stream": str(event.stream),
        "version": event.version,
        "topic": event.topic,
        "recorded_at": utc_text(event.recorded_at),
        "actor_ref": str(event.actor_ref),
        "role": str(event.role),
        "correlation": str(event.correlation),
        "law": {
            "threshold_version": event.law.threshold_version,
            "annex_xiii_version": event.law.annex_xiii_version,
            "calendar_version": event.law.calendar_version,
        },
        "settings_version": event.settings_version,
    }
    if event.cause:
        envelope["cause"] = str(event.cause)
    if event.fact.FORM > 1:
        envelope["form"] = event.fact.FORM
    written = rfc8785.dumps({**envelope, "data": event.fact.model_dump(mode="json", exclude_none=True)})
    if len(written) > MOST_BYTES:
        raise EventTooLarge(f"{event.topic} has {len(written)} bytes, more than {MOST_BYTES}: put the text into a document and record its hash")
    return written


ENVELOPE = frozenset("event_id stream version topic recorded_at actor_ref role correlation cause law settings_version".split())


# -- Older forms -------------------------------------------------------------------

Data = dict[str, Any]
UPCASTS: dict[tuple[str, int], Callable[[Data], Data]] = {}
"""How the data of an older form become those of the next: by the name of the event and the form that is read. A step is never changed again."""


def upcast(topic: str, form: int, newest: int, data: Data) -> Data:
    """
    Return the data of a stored event in its newest form.

    Raises: UnknownEvent for a form of a later version.
    """
    if form > newest:
        raise UnknownEvent(f"The store holds {topic} in form {form}, later than {newest}: update this program; nothing was lost.")
    for step in range(form, newest):
        data = UPCASTS[(topic, step)](data)
    return data


class EventDecoder:
    """Reads stored bytes back into events."""

    def __init__(self) -> None:
        self._types: dict[str, type[Fact]] = {fact.TOPIC: fact for fact in fact_types()}

    def event(self, topic: str, state: bytes) -> Event[Any]:
        """
        Read a stored event.

        Raises: UnknownEvent for a topic of a later version; nothing is skipped.
        """
        kind = self._types.get(topic)
        if kind is None:
            raise UnknownEvent(f"The store holds an event of the unknown type {topic}: update this program; nothing was lost.")
        plain = orjson.loads(state)  # a number with a point becomes a float here, which the type of every field refuses
        law = plain["law"]
        return Event(
            event_id=UUID(plain["event_id"]),
            stream=parse_stream(plain["stream"]),
            version=plain["version"],
            recorded_at=datetime.fromisoformat(plain["recorded_at"]),
            actor_ref=_known_id(plain["actor_ref"]),
            role=ROLES[plain["role"]],
            correlation=_known_id(plain["correlation"]),
            cause=_known_id(plain["cause"]) if "cause" in plain else None,
            law=_law_versions(law["threshold_version"], law["annex_xiii_version"], law["calendar_version"]),
            settings_version=plain["settings_version"],
            fact=kind.model_validate(upcast(topic, plain.get("form", 1), kind.FORM, plain["data"])),
        )


ROLES = {str(role): role for role in Role}
_known_id = lru_cache(maxsize=4_096)(UUID)
"""Identifiers that come again: who acts, and what the events of one act have in common."""
_law_versions = lru_cache(maxsize=256)(LawVersions)


class RegisterMapper(Mapper[UUID]):
    """The library's mapper, with our bytes."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())
        self.decoder = EventDecoder()

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Return the stored form of an event."""
        event = cast("Event[Any]", domain_event)
        return StoredEvent(event.originator_id, event.version, event.topic, to_bytes(event))

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Return the event of a stored form."""
        return cast("DomainEventProtocol[UUID]", self.decoder.event(stored_event.topic, bytes(stored_event.state)))
