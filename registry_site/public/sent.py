"""What a visitor sent with a form that carries a file: read strictly and in bounds, kept by nobody."""

from email.message import MIMEPart
from email.parser import BytesParser
from email.policy import HTTP

from starlette.requests import Request

from projections.transparency.proofs import MOST_BYTES
from registry_site.public.asked import BadQuestion, Problem

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
