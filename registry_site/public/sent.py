"""What a visitor sent with a form: read strictly and in bounds, kept by nobody."""

from email.message import MIMEPart
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from projections.transparency.proofs import MOST_BYTES
from registry_site.public.asked import BadQuestion, Problem

FORM = "application/x-www-form-urlencoded"
MOST_BYTES_OF_A_FORM = 64 * 1024
LONGEST = MOST_BYTES + (1 << 16)
"""The longest receipt with the rest of its form, in bytes."""


async def fields_sent(request: Request) -> dict[str, bytes]:
    """
    Read a multipart form: the bytes of each field by its name.

    Raises: BadQuestion for what is no such form, and for more than a receipt can be.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise BadQuestion(Problem("receipt", "NOT_A_FORM"))
    head = b"Content-Type: " + request.headers.get("content-type", "").encode("latin-1") + b"\r\n\r\n"
    form = BytesParser(policy=HTTP).parsebytes(head + bytes(body))
    if form.get_content_type() != "multipart/form-data" or form.defects:
        raise BadQuestion(Problem("receipt", "NOT_A_FORM"))
    return dict(map(_field, form.iter_parts()))


def _field(part: MIMEPart) -> tuple[str, bytes]:
    name = part.get_param("name", header="content-disposition")
    content = part.get_payload(decode=True)
    return str(name), content if isinstance(content, bytes) else b""


async def form_sent(request: Request) -> bytes:
    """
    Read a form without a file, 64 KiB at most.

    Raises: HTTPException 415 for anything but a plain form, 413 for more, 400 when the sender went away.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES_OF_A_FORM:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    return bytes(body)
