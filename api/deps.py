"""What routes are given: the open register, who is signed in, the time of recording, the settings. `main` puts them into the application's state."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Protocol, cast

from fastapi import Depends
from starlette.requests import Request

from api.auth import actor_of
from api.settings import Settings
from api.stores.tokens import TokenStore
from domain.actors import Actor
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


def signed_in(request: Request) -> Actor:
    """
    Return who signed the request. Not `async`: it asks the store, in a thread of its own.

    Raises: NotSignedIn.
    """
    return actor_of(request.headers.getlist("authorization"), cast("TokenStore", request.app.state.tokens))


TheRegister = Annotated[Register, Depends(the_register)]
TheSettings = Annotated[Settings, Depends(the_settings)]
TheClock = Annotated[Clock, Depends(the_clock)]
SignedIn = Annotated[Actor, Depends(signed_in)]
