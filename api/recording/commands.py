"""Carrying out what somebody asks to record: once under one key, on the version that they have seen."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from api.deps import Register
from api.recording.addresses import OF_A_CASE
from api.recording.views import may_read
from api.stores.event_store.mapper import EventTooLarge, to_bytes
from domain.actors import Actor
from domain.challenge import ChallengeReceived
from domain.errors import Malformed, NotInRegister, Stale
from domain.ids import Stream
from domain.model_case.follow_up import list_id_of
from domain.model_case.identity import ModelCaseOpened
from domain.qualified_alert import QualifiedAlertReceived
from domain.registry import Command, Recorded, Registry

OPENED = ("case", "alert", "challenge")
"""Kinds of record that are there once they were opened; the others are there with their case, or always."""
OPENINGS = (ModelCaseOpened, QualifiedAlertReceived, ChallengeReceived)


def hash_of(stream: Stream, topic: str, data: Mapping[str, Any]) -> str:
    """Return the hash by which a repeated request is known. Read strictly before, the data hold nothing that JSON writes in two ways."""
    return sha256(json.dumps([str(stream), topic, data], sort_keys=True).encode()).hexdigest()


def recorded_once(registry: Registry, command: Command, *, dry_run: bool) -> Recorded:
    """
    Record, or return what the first request under the same key recorded.

    Raises: NotInRegister for an act on a record that was never opened, whatever version was seen; Malformed for an event too large for the archive.
    """
    try:
        return _recorded(registry, command, dry_run=dry_run)
    except Stale as stale:
        if stale.last == 0 and command.stream.kind in OPENED and not isinstance(command.fact, OPENINGS):
            raise NotInRegister(f"there is no {command.stream}") from None
        raise
    except EventTooLarge as large:
        raise Malformed("body", str(large)) from None


def _recorded(registry: Registry, command: Command, *, dry_run: bool) -> Recorded:
    recorded = registry.record(command, dry_run=dry_run)
    for event in recorded.events if dry_run else ():
        to_bytes(event)  # what the archive would not take is refused in a dry run too
    return recorded


def version_of(register: Register, stream: Stream, actor: Actor, at: datetime) -> int:
    """
    Return the version of a record: 0 for one that a case could have and has not.

    Raises: NotInRegister, also for somebody else's file.
    """
    if stream.kind in OF_A_CASE:
        case = register.registry.case(Stream("case", stream.key))
        if not case or not may_read(actor, case, at):
            raise NotInRegister(f"there is no case {stream.key}")
        if stream.kind == "entry":
            number = list_id_of(case)
            return _last_version(register, Stream("entry", number)) if number else 0
    version = _last_version(register, stream)
    if version == 0 and stream.kind in ("alert", "challenge"):
        raise NotInRegister(f"there is no {stream}")
    return version


def _last_version(register: Register, stream: Stream) -> int:
    return max((event.originator_version for event in register.registry.events.get(stream.id, desc=True, limit=1)), default=0)
