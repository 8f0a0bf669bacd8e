"""
Persons: names, e-mail addresses and telephone numbers, kept in the vault alone. Events carry the reference that is answered here.

Every reading is in the access log before its answer goes out. Erasing is done on the command line (`registry person erase`), by whoever owns the
stores.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar, cast
from uuid import UUID

from fastapi import Depends
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Caller
from api.deps import TheAccessLog, TheCaller, TheClock
from api.errors import VaultClosed
from api.persons import Persons
from api.rest.answers import json_answer
from api.rest.requests import content_of, data_of, refuse_strange
from api.stores.access_log import AccessAct
from api.stores.documents import READ_BY, AccessClass
from api.stores.keys import KeyRefused
from api.stores.vault import PersonalData
from domain.actors import Role
from domain.errors import Malformed, NotInRegister, require
from domain.law.rules import R33
from domain.registry import Recorded
from domain.types import Payload, Text, utc_text

P = TypeVar("P", bound=Payload)
READERS = READ_BY[AccessClass.PII]


async def the_persons(request: Request) -> Persons:
    """Return the persons."""
    return cast("Persons", request.app.state.persons)


ThePersons = Annotated[Persons, Depends(the_persons)]


class Rectification(PersonalData):
    """The data of a person as they should be, and on which ground they are rectified."""

    legal_ground: Text = "Regulation (EU) 2018/1725, Article 18"


class Restriction(Payload):
    """On which ground the data of a person are restricted."""

    legal_ground: Text = "Regulation (EU) 2018/1725, Article 20(1)"


async def add_person(request: Request, caller: TheCaller, persons: ThePersons, clock: TheClock) -> Response:
    """
    Keep the data of a person, and answer the reference for events.

    Raises: Malformed, VaultClosed. Refuses: R33 another role.
    """
    data = await _asked(request, caller, PersonalData)
    with _answerable():
        ref = await asyncio.to_thread(persons.vault.add, data, clock())
    answer = json_answer({"person_ref": str(ref)}, status=201)
    answer.headers["Location"] = f"/api/v1/persons/{ref}"
    return answer


def read_person(request: Request, caller: TheCaller, persons: ThePersons, log: TheAccessLog) -> Response:
    """
    Return the data of a person; while they are restricted, only that they are.

    Raises: NotInRegister, VaultClosed. Refuses: R33 another role.
    """
    require(caller.actor.role in READERS, R33, f"The data of persons are read by {' and '.join(sorted(READERS))}.")
    refuse_strange(request.query_params.keys(), ())
    ref = _ref(request)
    with _answerable():
        person = persons.vault.find(ref)
    if person is None:
        raise NotInRegister(f"the vault has no person {ref}")
    log.note(AccessAct.READ, by=caller.by, actor=caller.actor, subjects=[f"person/{ref}"])
    data = person.data.model_dump(mode="json") if person.data else {}
    restricted_at = utc_text(person.restricted_at) if person.restricted_at else None
    return json_answer({"person_ref": str(ref), "restricted_at": restricted_at, "changed_at": utc_text(person.changed_at), **data})


async def rectify_person(request: Request, caller: TheCaller, persons: ThePersons, clock: TheClock) -> Response:
    """
    Replace the data of a person, and record on every file that names them that this was done (Article 18).

    Raises: NotInRegister, Malformed, VaultClosed. Refuses: R33 another role.
    """
    asked = await _asked(request, caller, Rectification)
    data = PersonalData(**asked.model_dump(exclude={"legal_ground"}))
    with _answerable():
        recorded = await asyncio.to_thread(persons.rectify, _ref(request), data, caller.actor, clock(), asked.legal_ground)
    return _done(recorded)


async def restrict_person(request: Request, caller: TheCaller, persons: ThePersons, clock: TheClock) -> Response:
    """
    Restrict the data of a person, and record it on every file that names them (Article 20).

    Raises: NotInRegister, Malformed. Refuses: R33 another role.
    """
    asked = await _asked(request, caller, Restriction)
    recorded = await asyncio.to_thread(persons.restrict, _ref(request), caller.actor, clock(), asked.legal_ground)
    return _done(recorded)


def lift_restriction(request: Request, caller: TheCaller, persons: ThePersons, log: TheAccessLog) -> Response:
    """
    Lift the restriction; the person is informed before (Article 20(3)).

    Raises: NotInRegister. Refuses: R33 another role.
    """
    _must_be_officer(caller)
    ref = _ref(request)
    if not persons.vault.restrict(ref, None):
        raise NotInRegister(f"the vault has no person {ref}")
    log.note(AccessAct.READ, by=caller.by, actor=caller.actor, subjects=[f"person/{ref}"])
    return json_answer({"events": []})


async def _asked(request: Request, caller: Caller, kind: type[P]) -> P:
    _must_be_officer(caller)
    refuse_strange(request.query_params.keys(), ())
    try:
        return kind.model_validate(data_of(await content_of(request)))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]  # nothing that was sent is repeated
        raise Malformed(".".join(map(str, problem["loc"])), problem["msg"].removeprefix("Value error, ")) from None


def _must_be_officer(caller: Caller) -> None:
    require(caller.actor.role is Role.CASE_OFFICER, R33, "The data of persons are kept by a CASE_OFFICER.")


def _ref(request: Request) -> UUID:
    given = request.path_params["ref"]
    try:
        ref = UUID(given)
    except ValueError:
        raise NotInRegister("a person is named by the reference that was answered when they were added") from None
    if str(ref) != given:
        raise NotInRegister("a person is named by the reference that was answered when they were added")
    return ref


def _done(recorded: Recorded | None) -> Response:
    events = [{"stream": str(event.stream), "version": event.version, "topic": event.topic} for event in recorded.events] if recorded else []
    return json_answer({"events": events})


@contextmanager
def _answerable() -> Iterator[None]:
    try:
        yield
    except KeyRefused:
        raise VaultClosed("The vault cannot be opened; `registry verify` says why.") from None
