"""
Documents: sent as they are and handed out as they are, to those who may read them, and never shown in place.

An archive is stored and never unpacked. Nothing that is sent names a file: a document is found by the hash of its bytes and by nothing else.
"""

import asyncio
import mimetypes
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from typing import Annotated, BinaryIO, TypeVar, cast

from fastapi import Depends
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.deps import TheAccessLog, TheCaller, TheClock, TheRegister, TheSettings
from api.errors import ContentTooLarge, DocumentGone, WrongMediaType
from api.recording.document_readers import may_read_document
from api.rest.answers import json_answer
from api.rest.requests import content_of, data_of, refuse_strange
from api.stores import documents as store
from api.stores.access_log import AccessAct
from api.stores.documents import CLASSED_BY, AccessClass, Classification, Document, DocumentStore, ExceptionTag, Stored, Upload
from api.stores.media_types import TypeContradicted
from api.stores.shelf import is_hash, parts_of
from domain.actors import Role
from domain.errors import Malformed, NotInRegister, require
from domain.events import NAME_DOCUMENTS
from domain.law.rules import R33
from domain.types import Bool, Payload, Sha256

PORTION = 1024 * 1024
"""Bytes that are written at a time, in a thread of its own."""
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
T = TypeVar("T")


async def the_documents(request: Request) -> DocumentStore:
    """Return the documents."""
    return cast("DocumentStore", request.app.state.documents)


TheDocuments = Annotated[DocumentStore, Depends(the_documents)]


# -- Sending -----------------------------------------------------------------------


async def send_document(request: Request, caller: TheCaller, documents: TheDocuments, clock: TheClock, settings: TheSettings) -> Response:
    """
    Store a document; the same bytes again are the same document.

    Raises: ContentTooLarge, WrongMediaType, Malformed. Refuses: R33 a role that records no event with a document.
    """
    role = caller.actor.role
    require(role in NAME_DOCUMENTS, R33, "This role sends no documents.")
    classed = Classification(_class_asked(request.query_params, role))
    _refuse_at_once(request, settings.document_bytes)
    with _answerable():
        async with _in_thread(documents.uploading(request.headers.get("content-type", ""), settings.document_bytes)) as arriving:
            stored = await _received(request, arriving)
            # Between the bytes and this there may be a crash: then nobody was answered, and who sends again completes it.
            await asyncio.to_thread(documents.add, stored, caller.actor.ref, clock(), classed)
    answer = json_answer({"hash": stored.hash, "size": stored.size, "media_type": stored.media_type}, status=201)
    answer.headers["Location"] = f"/api/v1/documents/{stored.hash}"
    return answer


async def _received(request: Request, arriving: Upload) -> Stored:
    portion = bytearray()
    async for part in request.stream():
        portion += part
        if len(portion) >= PORTION:
            await asyncio.to_thread(arriving.write, bytes(portion))
            portion.clear()
    await asyncio.to_thread(arriving.write, bytes(portion))
    return await asyncio.to_thread(arriving.keep)


@asynccontextmanager
async def _in_thread(context: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave a context that works on the disk beside the event loop."""
    with ExitStack() as unless_left:
        entered = await asyncio.to_thread(unless_left.enter_context, context)
        try:
            yield entered
        finally:
            await asyncio.to_thread(unless_left.close)


def _class_asked(query: QueryParams, role: Role) -> AccessClass:
    refuse_strange(query.keys(), ("access_class",))
    given = query.getlist("access_class")
    if not given:
        return AccessClass.CASE_TEAM
    require(role in CLASSED_BY, R33, "This role does not class documents: leave access_class out.")
    if len(given) > 1 or given[0] not in list(AccessClass):
        raise Malformed("access_class", f"must be one of {', '.join(AccessClass)}, once")
    return AccessClass(given[0])


def _refuse_at_once(request: Request, most: int) -> None:
    """Refuse what its headers show to be too large, or not to be the document itself."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise ContentTooLarge(f"A document has at most {most} bytes.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise WrongMediaType("Send the document itself, without Content-Encoding: its hash is that of its own bytes.")


@contextmanager
def _answerable() -> Iterator[None]:
    """Say what the store found wrong as the failures that have an answer."""
    try:
        yield
    except store.DocumentTooLarge as error:
        raise ContentTooLarge(str(error)) from None
    except TypeContradicted as error:
        raise WrongMediaType(str(error)) from None
    except store.DocumentEmpty as error:
        raise Malformed("body", str(error)) from None
    except store.NoPublicVersion as error:
        raise Malformed("public_version", str(error)) from None
    except (store.DocumentMissing, store.DocumentDamaged) as error:
        raise DocumentGone(str(error)) from None


# -- Reading -----------------------------------------------------------------------


def hand_out(
    request: Request, caller: TheCaller, documents: TheDocuments, register: TheRegister, clock: TheClock, log: TheAccessLog
) -> Response:  # fmt: skip
    """
    Hand out a document whole, or say with HEAD what it is. Who read it is on the disk before its first byte goes out.

    Raises: NotInRegister, also for whoever may not read it; DocumentGone.
    """
    digest = request.path_params["hash"]
    refuse_strange(request.query_params.keys(), ("case",))
    document = documents.find(digest) if is_hash(digest) else None
    if document is None:
        raise _not_for_you(digest)
    if not may_read_document(document, caller.actor, documents, register.office, request.query_params.get("case"), clock()):
        log.note(AccessAct.REFUSED, "NO_READER", by=caller.by, actor=caller.actor, subjects=[digest])
        raise _not_for_you(digest)
    if request.method == "HEAD":
        log.note(AccessAct.READ, by=caller.by, actor=caller.actor, subjects=[digest])
        return Response(headers=_headers_of(document))
    with _answerable():
        opened = documents.opened(document)
    log.note(AccessAct.DOWNLOADED, by=caller.by, actor=caller.actor, subjects=[digest])
    return StreamingResponse(_bytes_of(opened), headers=_headers_of(document))


def _not_for_you(digest: str) -> NotInRegister:
    """Say the same whether there is no such document or whoever asks may not read it."""
    return NotInRegister(f"there is no document {digest!r} that you may read; the documents of a case of your own need ?case=")


def _bytes_of(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        yield from parts_of(opened)


def _headers_of(document: Document) -> dict[str, str]:
    name = document.hash[:16] + (mimetypes.guess_extension(document.media_type) or "")
    return {
        **HEADERS,
        "Content-Type": document.media_type,
        "Content-Length": str(document.size),
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": f'"{document.hash}"',
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(document.hash)).decode()}:",
    }


# -- Classing ----------------------------------------------------------------------


class ClassificationAsked(Payload):
    """How a document is to be classed (procedure section 12; Regulation (EC) No 1049/2001, Article 4)."""

    access_class: AccessClass
    exception_tags: tuple[ExceptionTag, ...] = ()
    third_party: Bool = False
    public_version: Sha256 | None = None


async def classify_document(
    request: Request, caller: TheCaller, documents: TheDocuments, register: TheRegister, clock: TheClock, log: TheAccessLog
) -> Response:  # fmt: skip
    """
    Class a document anew: who may read it, why parts of it may not be released, and which document is its redacted public version.

    Raises: NotInRegister, also for an officer who may not read it; Malformed. Refuses: R33 another role.
    """
    require(caller.actor.role is Role.CASE_OFFICER, R33, "A document is classed by a CASE_OFFICER.")
    refuse_strange(request.query_params.keys(), ())
    asked = _classification(data_of(await content_of(request)))
    return await asyncio.to_thread(_classed, request.path_params["hash"], caller, documents, register, clock, log, asked)


def _classed(
    digest: str, caller: TheCaller, documents: TheDocuments, register: TheRegister, clock: TheClock, log: TheAccessLog, asked: ClassificationAsked
) -> Response:  # fmt: skip
    at = clock()
    document = documents.find(digest) if is_hash(digest) else None
    if document is None or not may_read_document(document, caller.actor, documents, register.office, None, at):
        raise _not_for_you(digest)
    with _answerable():
        documents.classify(digest, caller.actor.ref, at, Classification(**{name: getattr(asked, name) for name in type(asked).model_fields}))
    log.note(AccessAct.READ, by=caller.by, actor=caller.actor, subjects=[digest])
    return json_answer(asked.model_dump(mode="json"))


def _classification(data: dict[str, object]) -> ClassificationAsked:
    try:
        return ClassificationAsked.model_validate(data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise Malformed(".".join(map(str, problem["loc"])) or "body", problem["msg"].removeprefix("Value error, ")) from None
