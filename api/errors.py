"""
How a request to record can fail, and which problem document says so: one table.

What is not in the table is a bug: nobody catches it here.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.problems import problem
from domain.errors import AlreadyInRegister, KeyReused, Malformed, NotInRegister, Refused, Stale, TooBusy
from domain.law.rules import R33


class NotSignedIn(Exception):
    """Nobody is signed in; said before anything is looked up, so that nobody learns what exists."""

    def __init__(self, *, token_refused: bool = False) -> None:
        super().__init__("This token is unknown, revoked or ended." if token_refused else "Send `Authorization: Bearer` with a personal token.")
        self.challenge = 'Bearer realm="register"' + (', error="invalid_token"' if token_refused else "")


class NotReadable(Exception):
    """A header or the content cannot be read at all."""


class WrongMethod(Exception):
    """The address exists for another method."""

    def __init__(self, allow: str) -> None:
        super().__init__(f"This address takes {allow}.")
        self.allow = allow


class VersionMissing(Exception):
    """The request does not say which version its author has seen."""

    def __init__(self) -> None:
        super().__init__('Send `If-Match: "<version>"` with the version of the record that you have seen; "0" opens a record.')


class ContentTooLarge(Exception):
    """The content is larger than any event could be."""


class WrongMediaType(Exception):
    """The content is not said to be JSON."""


class DocumentGone(Exception):
    """The bytes of a stored document are missing, or are no longer those of its hash: the operator must restore them."""


class VaultClosed(Exception):
    """The vault cannot be opened: its key is missing or another one."""


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def _plain(status: int) -> Callable[[Exception], Response]:
    return lambda error: problem(status, _sentence(error))


def _refused(error: Refused) -> Response:
    return problem(403 if error.rule is R33 else 409, error.detail, code=error.rule.code, article=error.rule.article)


PROBLEMS: dict[type[Exception], Callable[[Any], Response]] = {
    NotReadable: _plain(400),
    ClientDisconnect: lambda error: problem(400, "The content ended early."),
    NotSignedIn: lambda error: problem(401, str(error), headers={"WWW-Authenticate": error.challenge}),
    NotInRegister: _plain(404),
    WrongMethod: lambda error: problem(405, str(error), headers={"Allow": error.allow}),
    Refused: _refused,
    AlreadyInRegister: _plain(409),
    Stale: lambda error: problem(412, str(error), version=error.last),
    ContentTooLarge: _plain(413),
    WrongMediaType: _plain(415),
    Malformed: lambda error: problem(422, str(error), field=error.field),
    KeyReused: _plain(422),
    VersionMissing: _plain(428),
    DocumentGone: _plain(500),
    VaultClosed: _plain(503),
    TooBusy: _plain(503),
}
"""Every expected failure with its answer. An event larger than the archive takes is `Malformed`: the request itself was not too large."""

EXPECTED = tuple(PROBLEMS)


def problem_of(error: Exception) -> Response:
    """Return the problem document of an expected failure."""
    return next(PROBLEMS[kind](error) for kind in type(error).__mro__ if kind in PROBLEMS)
