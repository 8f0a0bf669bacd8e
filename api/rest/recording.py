"""Recording: one route for every event, because what differs between them stands with the events."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.deps import Clock, Register, SignedIn, TheAccessLog, TheCaller, TheClock, TheRegister, TheSettings
from api.recording.addresses import Address
from api.recording.commands import hash_of, recorded_once
from api.recording.views import View, view
from api.rest.answers import json_answer, shown
from api.rest.places import event_at
from api.rest.requests import asks_dry_run, content_of, data_of, idempotency_key, version_seen
from api.stores.access_log import AccessAct
from domain.actors import Actor
from domain.errors import require
from domain.events import read
from domain.law.rules import R33
from domain.registry import Command, Recorded


async def addressed(request: Request, actor: SignedIn) -> Address:
    """
    Return what is addressed, once it is clear that this role records it: nobody else learns anything about the record.

    Raises: NotInRegister, WrongMethod. Refuses: R33.
    """
    address = event_at(request.path_params["path"])
    require(actor.role in address.kind.RECORDED_BY, R33, f"{address.kind.TOPIC} is recorded by {' or '.join(sorted(address.kind.RECORDED_BY))}.")
    return address


Addressed = Annotated[Address, Depends(addressed)]


async def content(request: Request, address: Addressed) -> bytes:
    """Return the content of a request whose address is good."""
    return await content_of(request)


def record(
    request: Request, caller: TheCaller, address: Addressed, content: Annotated[bytes, Depends(content)], register: TheRegister, clock: TheClock,
    settings: TheSettings, log: TheAccessLog,
) -> Response:  # fmt: skip
    """Record one event with what goes with it, or say what would be recorded; who only asked that has read, which is noted."""
    dry_run = asks_dry_run(request.query_params)
    command = command_of(request, caller.actor, address, content, clock())
    recorded = recorded_once(register.registry, command, dry_run=dry_run)
    after = view_after(register, command, recorded, clock, settings.wait_seconds, dry_run=dry_run)
    if dry_run:
        log.note(AccessAct.READ, by=caller.by, actor=caller.actor, subjects=[str(address.stream)])
    return answer(address, recorded, after, dry_run=dry_run)


def command_of(request: Request, actor: Actor, address: Address, content: bytes, at: datetime) -> Command:
    """
    Return what is asked for.

    Raises: VersionMissing, NotReadable, Malformed. Refuses: R27 a field of the list that is not a public one.
    """
    seen, key = version_seen(request.headers), idempotency_key(request.headers)
    data = data_of(content)
    fact = read(address.kind, data)
    return Command(address.stream, actor, fact, at, seen, key, hash_of(address.stream, address.kind.TOPIC, data))


def view_after(register: Register, command: Command, recorded: Recorded, clock: Clock, patience: float, *, dry_run: bool) -> View:
    """Return how the case stands, once the read models have seen what was recorded; after a bounded wait they are called behind."""
    head = recorded.position or register.follower.source.head()
    if not register.follower.wait_for(head, patience):
        return View("behind")
    at = max(clock(), *(event.recorded_at for event in recorded.events))
    return view(register, command.stream, command.actor, at, imagined=recorded.events if dry_run else ())


def answer(address: Address, recorded: Recorded, after: View, *, dry_run: bool) -> Response:
    """Return the events, the new version of the record addressed, and how its case stands."""
    events = [event for event in recorded.events if event.stream.kind != "claim"]
    version = max(event.version for event in events if event.stream.kind == address.stream.kind)
    body = {
        "events": [shown(event) for event in events],
        "version": version,
        "status": after.status,
        "clocks": after.clocks,
        "read_model": after.read_model,
    }
    return json_answer(body, status=201, version=None if dry_run else version)
