"""What a request says besides its address: its content, read strictly, and its conditions."""

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from api.errors import ContentTooLarge, NotReadable, VersionMissing, WrongMediaType
from domain.errors import Malformed

MOST_BYTES = 1024 * 1024
"""Content may have this many bytes."""
LONGEST_KEY = 255
"""An Idempotency-Key may have this many characters."""
MOST_DIGITS = 15
"""A whole number in JSON may have this many digits; longer ones do not survive every reader."""

_JSON = re.compile(r'application/json *(; *charset="?utf-8"? *)?', re.IGNORECASE)
_VERSION = re.compile(r'"(0|[1-9]\d{0,8})"', re.ASCII)
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
_PARAMETERS = ("dry_run",)


# -- Content ---------------------------------------------------------------------


async def content_of(request: Request) -> bytes:
    """
    Return the content, and read no more of it than an event could need.

    Raises: WrongMediaType, ContentTooLarge.
    """
    if not _JSON.fullmatch(request.headers.get("content-type", "")) or request.headers.get("content-encoding", "identity") != "identity":
        raise WrongMediaType("Send JSON in UTF-8, not compressed, as `Content-Type: application/json`.")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise ContentTooLarge(f"The content has more than {MOST_BYTES} bytes; put long texts into documents and record their hashes.")
    return bytes(content)


class Number:
    """A JSON number that is not a short whole one. No field takes it: exact numbers are text, so nothing was rounded on the way."""


def data_of(content: bytes) -> dict[str, Any]:
    """
    Read the data of an event from JSON, so that no float ever exists and nothing is overwritten in silence.

    Raises: NotReadable for what is no JSON; Malformed for a field given twice, or JSON that is no object.
    """
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_float=_number, parse_int=_whole, parse_constant=_number
        )  # fmt: skip
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotReadable(f"the content is not JSON in UTF-8: {error}") from None
    if not isinstance(found, dict):
        raise Malformed("body", "must be a JSON object with the fields of the event")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Malformed(name, "is given twice")
        found[name] = value
    return found


def _number(text: str) -> Number:
    return Number()


def _whole(text: str) -> int | Number:
    return int(text) if len(text) <= MOST_DIGITS else Number()


# -- Conditions ------------------------------------------------------------------


def version_seen(headers: Headers) -> int:
    """
    Return the version that the author of the request has seen.

    Raises: VersionMissing; NotReadable for anything but one strong tag with a number.
    """
    given = headers.getlist("if-match")
    if not given:
        raise VersionMissing
    tag = _VERSION.fullmatch(given[0]) if len(given) == 1 else None
    if tag is None:
        raise NotReadable('If-Match must be one version between quotation marks, such as "7"')
    return int(tag[1])


def idempotency_key(headers: Headers) -> str | None:
    """
    Return the key under which a repeated request is answered like the first one, if there is any.

    Raises: NotReadable.
    """
    given = headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise NotReadable(f"Idempotency-Key must be given once, in 1 to {LONGEST_KEY} printable ASCII characters without spaces")
    return given[0]


def asks_dry_run(query: QueryParams) -> bool:
    """
    Tell whether the request is to be answered without recording anything.

    Raises: Malformed for anything but true or false, and for any other parameter: a misspelt `dry_run` must not record.
    """
    refuse_strange(query.keys(), _PARAMETERS)
    given = query.getlist("dry_run")
    if given not in ([], ["true"], ["false"]):
        raise Malformed("dry_run", "must be true or false, once")
    return given == ["true"]


def refuse_strange(names: Iterable[str], known: Sequence[str]) -> None:
    """
    Refuse parameters that an address does not have.

    Raises: Malformed, naming the nearest.
    """
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise Malformed(name, f"is not a parameter of this address{f'; did you mean {near[0]}?' if near else ''}")
