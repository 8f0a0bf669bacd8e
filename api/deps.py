"""What routes are given: the open register, who is signed in, the time of recording, the settings. `main` puts them into the application's state."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Protocol, cast

from fastapi import Depends
from starlette.requests import Request

from api.auth import Caller, Door
from api.settings import Settings
from api.stores.access_log import AccessAct, AccessLog
from domain.actors import Actor
from domain.law.rules import R33
from domain.registry import Registry
from projections.follower import Follower
from projections.office.questions import Office


class Register(Protocol):
    """The register as routes know it; wiring opens it."""

    @property
    def registry(self) -> Registry:
        """The use cases."""
        ...

    @property
    def follower(self) -> Follower:
        """What brings the read models up to date."""
        ...

    @property
    def office(self) -> Office:
        """What the office may ask."""
        ...


API = "/api/v1"
"""The address of everything that programs record and read, as the access log names it."""
Clock = Callable[[], datetime]
"""Returns the time of recording: the server's, in a demonstration the later of it and the last recorded."""


async def the_register(request: Request) -> Register:
    """Return the open register."""
    return cast("Register", request.app.state.register)


async def the_settings(request: Request) -> Settings:
    """Return the settings of this installation."""
    return cast("Settings", request.app.state.settings)


async def the_clock(request: Request) -> Clock:
    """Return the clock of this store."""
    return cast("Clock", request.app.state.clock)


async def the_access_log(request: Request) -> AccessLog:
    """Return the access log."""
    return cast("Door", request.app.state.door).log


def caller(request: Request) -> Caller:
    """
    Return who signed the request, and what by. Not `async`: it asks the store, in a thread of its own.

    Raises: NotSignedIn.
    """
    door = cast("Door", request.app.state.door)
    request.state.caller = door.caller_of(request, API)
    return cast("Caller", request.state.caller)


def note_refusal(request: Request) -> None:
    """Note that whoever signed a request asked for what their role may not do."""
    who: Caller = request.state.caller
    door = cast("Door", request.app.state.door)
    door.log.note(AccessAct.REFUSED, R33.code, by=who.by, actor=who.actor, subjects=[API])


TheCaller = Annotated[Caller, Depends(caller)]


async def signed_in(caller: TheCaller) -> Actor:
    """
    Return who signed the request.

    Raises: NotSignedIn.
    """
    return caller.actor


TheRegister = Annotated[Register, Depends(the_register)]
TheSettings = Annotated[Settings, Depends(the_settings)]
TheClock = Annotated[Clock, Depends(the_clock)]
TheAccessLog = Annotated[AccessLog, Depends(the_access_log)]
SignedIn = Annotated[Actor, Depends(signed_in)]
