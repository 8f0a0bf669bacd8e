"""What a form sends: read strictly, and only with the token that was written into the form for this very session."""

from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl

from itsdangerous import BadSignature, Signer
from starlette.requests import Request

TOKEN = "form_token"
"""Name of the hidden field."""
MOST_BYTES = 256 * 1024
MOST_FIELDS = 500
MEDIA = "application/x-www-form-urlencoded"
_SAID = b"form"


class FormRefused(Exception):
    """What arrived is no form of this session."""


class FormTooLarge(Exception):
    """What arrived is longer than any form."""


def form_token(session_identifier: str) -> str:
    """Return the token for the forms of a session; nobody can make it who does not hold the session's identifier."""
    return _signer(session_identifier).sign(_SAID).decode()


def require_token(fields: Mapping[str, str], session_identifier: str | None) -> None:
    """
    Check that a form was written for this session.

    Raises: FormRefused.
    """
    try:
        _signer(session_identifier or "").unsign(fields.get(TOKEN, "").encode("utf-8", "replace"))
    except BadSignature:
        raise FormRefused from None
    if not session_identifier:
        raise FormRefused


def _signer(session_identifier: str) -> Signer:
    return Signer(session_identifier.encode("utf-8", "surrogatepass"), salt=b"form of the office", key_derivation="hmac", digest_method=sha256)


async def fields_of(request: Request) -> dict[str, str]:
    """
    Read a form, and no more of it than a form could have. Of a field that is given several times the values stand on lines of their own.

    Raises: FormTooLarge; FormRefused for another media type, and for what is not UTF-8.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA:
        raise FormRefused
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise FormTooLarge
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise FormRefused from None
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found
