"""Reading a record's version before recording on it; of a case also its status and clocks. Everything else is asked by GraphQL."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from api.deps import Register, TheAccessLog, TheCaller, TheClock, TheRegister, TheSettings
from api.recording.commands import version_of
from api.recording.views import EVERYBODY, READERS, View, view
from api.rest.answers import json_answer
from api.rest.places import record_at
from api.stores.access_log import AccessAct
from domain.actors import Actor
from domain.errors import require
from domain.ids import Stream
from domain.law.rules import R33


def read_record(
    request: Request, caller: TheCaller, register: TheRegister, clock: TheClock, settings: TheSettings, log: TheAccessLog
) -> Response:  # fmt: skip
    """
    Return the version of a record, and of a case how it stands. That something confidential was read is noted.

    Raises: NotInRegister, WrongMethod. Refuses: R33.
    """
    actor = caller.actor
    stream = record_at("/".join(request.path_params.values()))
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


def _view(register: Register, stream: Stream, actor: Actor, at: datetime, patience: float) -> View:
    current = register.follower.wait_for(register.follower.source.head(), patience)
    return view(register, stream, actor, at) if current else View("behind")
