"""Reading a record's version before recording on it; of a case also its status and clocks. Everything else is asked by GraphQL."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from api.deps import Register, TheAccessLog, TheCaller, TheClock, TheRegister, TheSettings
from api.rest.addresses import OF_A_CASE, stream_at
from api.rest.answers import FILING_ROLES, READ_ONLY, View, json_answer, may_read, view
from api.stores.access_log import AccessAct
from domain.actors import READS_EVERYTHING, Actor, Role
from domain.errors import NotInRegister, require
from domain.ids import Kind, Stream
from domain.law.rules import R33
from domain.model_case.follow_up import list_id_of

EVERYBODY = frozenset(Role)
READERS: dict[Kind, frozenset[Role]] = {
    "case": READ_ONLY.union(FILING_ROLES),
    "publication": READ_ONLY.union(FILING_ROLES),
    "entry": READ_ONLY,
    "alert": READS_EVERYTHING | {Role.PANEL},
    "challenge": EVERYBODY,
    "law": EVERYBODY,
    "register": EVERYBODY,
}
"""Which roles learn the version of a record; of the filing roles only those whose own file it is."""


def read_record(
    request: Request, caller: TheCaller, register: TheRegister, clock: TheClock, settings: TheSettings, log: TheAccessLog
) -> Response:  # fmt: skip
    """
    Return the version of a record, and of a case how it stands. That something confidential was read is noted.

    Raises: NotInRegister. Refuses: R33.
    """
    actor = caller.actor
    stream = stream_at(request.path_params["collection"], request.path_params.get("key", ""))
    require(actor.role in READERS[stream.kind], R33, "This role does not read records of this kind.")
    at = clock()
    version = version_of(register, stream, actor, at)
    body = {"stream": str(stream), "version": version}
    if stream.kind == "case":
        after = _view(register, stream, actor, at, settings.wait_seconds)
        body |= {"status": after.status, "clocks": after.clocks, "read_model": after.read_model}
    if READERS[stream.kind] is not EVERYBODY:
        log.note(AccessAct.READ, by=caller.by, actor=actor, subjects=[str(stream)])
    return json_answer(body, version=version)


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


def _view(register: Register, stream: Stream, actor: Actor, at: datetime, patience: float) -> View:
    current = register.follower.wait_for(register.follower.source.head(), patience)
    return view(register, stream, actor, at) if current else View("behind")
