"""
Files that come with a form: streamed to the shelf of documents as they arrive, never whole in memory, and known by the hash of their bytes alone.

What is refused leaves nothing behind, and the other fields of the form are kept. A whole file that arrived stays stored when the form around it is
not taken: it is confidential, nobody names it yet, and who sends it again sends the same document.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from api.stores.documents import AccessClass, Classification, DocumentEmpty, DocumentStore, DocumentTooLarge, Stored, Upload
from registry_site.office.file_kinds import FileRefused, check_beginning, declared_by
from registry_site.office.forms import MOST_BYTES, MOST_FIELDS, FormRefused, FormTooLarge, require_token

MEDIA = "multipart/form-data"
FILE = "file-"
"""Names of inputs for files begin with this; the rest is the name of the field that takes the hash."""
CLASS = "class-of-files"
"""Name of the input that says who may read the files of a form."""
MOST_FILES = 20
MOST_PASSED = 2
"""Documents of the greatest size that may go by in a form without being taken."""
PORTION = 1024 * 1024
"""Bytes that are worked off at a time, in a thread of its own."""
EMPTY = "is empty: choose another one"
TOO_MANY = f"is one too many: a form takes {MOST_FILES}"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a form by the names of their inputs: what was stored, and why another was not."""

    stored: Mapping[str, list[Stored]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody whose files are taken, once the form has shown that it was made for their session; `classes` are what they may class them as."""

    documents: DocumentStore
    session_identifier: str | None
    by: UUID
    at: datetime
    classes: frozenset[AccessClass]

    def classed(self, fields: Mapping[str, str]) -> Classification:
        """Return how the files of a form are classed. Raises: FormRefused for a class that the form did not offer."""
        asked = fields.get(CLASS) or AccessClass.CASE_TEAM
        if asked not in self.classes:
            raise FormRefused
        return Classification(AccessClass(asked))


def may_carry_files(request: Request) -> bool:
    """Tell whether a form came as one that may carry files."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == MEDIA


async def form_with_files(request: Request, most_bytes: int, sender: Sender | None) -> tuple[dict[str, str], Files]:
    """
    Read a form as it arrives; without a sender its files are let go by. `most_bytes` is what a document has at most.

    Raises: FormRefused for what is no whole form, or was not made for the session; FormTooLarge.
    """
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary")
    with ExitStack() as unless_kept:
        form = _Form(sender, most_bytes, unless_kept)
        parser = form.parser(boundary or b"")
        portion = bytearray()
        async for part in request.stream():
            portion += part
            if len(portion) >= PORTION:
                await asyncio.to_thread(_work_off, parser, bytes(portion))
                portion.clear()
        await asyncio.to_thread(_work_off, parser, bytes(portion))
    if not form.ended:
        raise FormRefused
    return form.fields, Files(form.stored, form.refused)


def _work_off(parser: MultipartParser, portion: bytes) -> None:
    try:
        parser.write(portion)
    except (FormParserError, UnicodeDecodeError):
        raise FormRefused from None


class _Form:
    """What has been read of a form so far. The parser calls it in order: part begins, its headers, its bytes, part ends."""

    def __init__(self, sender: Sender | None, most_bytes: int, unless_kept: ExitStack) -> None:
        self.fields: dict[str, str] = {}
        self.stored: dict[str, list[Stored]] = {}
        self.refused: dict[str, str] = {}
        self.ended = False
        self._sender, self._most_bytes, self._unless_kept = sender, most_bytes, unless_kept
        self._parts = self._files = self._text = self._passed = 0
        self._header, self._said = bytearray(), bytearray()
        self._name, self._file_name = "", b""
        self._value: bytearray | None = None
        self._upload: Upload | None = None

    def parser(self, boundary: bytes) -> MultipartParser:
        """Return a parser that tells this form what it reads. Raises: FormRefused for a boundary that is none."""
        if not 0 < len(boundary) <= 70:  # RFC 2046, section 5.1.1
            raise FormRefused
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._said.extend(data[start:end]),
                "on_header_end": self._header_ended,
                "on_headers_finished": self._headers_ended,
                "on_part_data": lambda data, start, end: self._take(data[start:end]),
                "on_part_end": self._end,
                "on_end": self._whole,
            },
        )

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise FormTooLarge
        self._name, self._file_name, self._value = "", b"", bytearray()

    def _header_ended(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, said = parse_options_header(bytes(self._said))
            self._name = said.get(b"name", b"").decode()
            if b"filename" in said:
                self._value, self._file_name = None, said[b"filename"]
        self._header.clear()
        self._said.clear()

    def _headers_ended(self) -> None:
        if not self._name:
            raise FormRefused
        if self._value is None and self._file_name and self._sender:
            self._file_begins(self._sender)

    def _take(self, part: bytes) -> None:
        if self._value is not None:
            self._text += len(part)
            if self._text > MOST_BYTES:
                raise FormTooLarge
            self._value += part
        elif self._upload is not None:
            with self._refusing():
                self._upload.write(part)
        else:
            self._pass_by(len(part))

    def _end(self) -> None:
        if self._value is not None:
            text = self._value.decode()
            self.fields[self._name] = f"{self.fields[self._name]}\n{text}" if self._name in self.fields else text
        elif self._upload is not None and self._sender is not None:
            with self._refusing():
                self._keep(self._sender, self._upload)
                self._let_go()

    def _whole(self) -> None:
        self.ended = True

    # -- The file that arrives -----------------------------------------------------------

    def _file_begins(self, sender: Sender) -> None:
        # The token stands before every file, so that nothing of a form made elsewhere is stored.
        require_token(self.fields, sender.session_identifier)
        self._files += 1
        with self._refusing():
            if self._files > MOST_FILES:
                raise FileRefused(TOO_MANY)
            declared = declared_by(self._file_name)
            self._upload = self._unless_kept.enter_context(sender.documents.uploading(declared, self._most_bytes))

    def _keep(self, sender: Sender, upload: Upload) -> None:
        classed = sender.classed(self.fields)
        if upload.size:
            check_beginning(bytes(upload.head), upload.declared)
        stored = upload.keep()
        # Between the bytes and this there may be a crash: then nobody was answered, and who sends again completes it.
        sender.documents.add(stored, sender.by, sender.at, classed)
        self.stored.setdefault(self._name, []).append(stored)

    def _pass_by(self, number: int) -> None:
        """Let go by what follows in a file that is not taken, so that the fields behind it are kept; but not for ever."""
        self._passed += number
        if self._passed > MOST_PASSED * self._most_bytes:
            raise FormTooLarge

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Note why a file is not taken, and leave nothing of it."""
        try:
            yield
        except FileRefused as refused:
            self._refuse(str(refused))
        except DocumentEmpty:
            self._refuse(EMPTY)
        except DocumentTooLarge as large:
            self._refuse(f"is too large: {str(large)[0].lower()}{str(large)[1:-1]}")

    def _refuse(self, sentence: str) -> None:
        self.refused.setdefault(self._name, sentence)
        self._let_go()

    def _let_go(self) -> None:
        self._upload = None
        self._unless_kept.close()
