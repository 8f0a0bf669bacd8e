"""
Documents: their bytes on a shelf, and what is known of them in a table. Primary stores, backed up with the events and never rebuilt.

Events name documents by hash and hold none of their words, so that redaction and deletion (Article 78(2)) leave the record as it is. An event may
name a document that nobody stored. The bytes are on the disk before the table knows of them: whoever is killed in between leaves bytes that nobody
can ask for, which a second upload makes a document of, and which `registry verify` names.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from api.stores.document_tables import CLASSINGS, DOCUMENTS, METADATA, NAME, RIGHTS, STANDING, UPLOADS
from api.stores.media_types import HEAD_BYTES, media_type_of
from api.stores.primary import PrimaryDatabase
from api.stores.shelf import Arrival, Shelf, hash_of
from domain.actors import READS_EVERYTHING, Role
from projections.store import microseconds, moment_of

MOST_ASKED = 500
"""Hashes that are looked up at a time."""


class AccessClass(StrEnum):
    """Who may read a document (procedure section 12). All but PUBLIC are confidential (Article 78)."""

    PUBLIC = "PUBLIC"
    PROVIDER_FILE = "PROVIDER_FILE"
    CASE_TEAM = "CASE_TEAM"
    AUDIT = "AUDIT"
    PII = "PII"


READ_BY: dict[AccessClass, frozenset[Role]] = {
    AccessClass.PUBLIC: frozenset(Role),
    AccessClass.PROVIDER_FILE: READS_EVERYTHING,
    AccessClass.CASE_TEAM: READS_EVERYTHING,
    AccessClass.AUDIT: frozenset({Role.AUDITOR}),
    AccessClass.PII: frozenset({Role.CASE_OFFICER, Role.AUDITOR}),
}
"""The roles that read a class wherever the document belongs; others read what is of their own file, and what they sent."""


CLASSED_BY = frozenset({Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.LAW_OFFICER, Role.PUBLICATION_OFFICER})
"""The roles that class a document when they send it; what others send is for the case team until an officer says otherwise."""


class ExceptionTag(StrEnum):
    """Why a document, or a part of it, may not be released (Regulation (EC) No 1049/2001, Article 4)."""

    PRIVACY = "4(1)(b)"
    COMMERCIAL_INTERESTS = "4(2) COMMERCIAL"
    INVESTIGATIONS = "4(2) INVESTIGATIONS"
    DECISION_PENDING = "4(3)"


class DocumentTooLarge(Exception):
    """More bytes than this register takes in one document."""


class DocumentEmpty(ValueError):
    """A document without a byte."""


class DocumentDamaged(Exception):
    """The bytes on the shelf are not those of the hash. They are not handed out."""


class DocumentMissing(Exception):
    """The table knows the document, and its bytes are gone."""


class NoPublicVersion(ValueError):
    """What is named as the public version is no stored document of the class PUBLIC."""


@dataclass(frozen=True, slots=True)
class Classification:
    """How a document is classed. `third_party`: it comes from somebody who is consulted before it is released (1049/2001, Article 4(4))."""

    access_class: AccessClass = AccessClass.CASE_TEAM
    exception_tags: tuple[ExceptionTag, ...] = ()
    third_party: bool = False
    public_version: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of a document: size in bytes, the type that its first bytes show, who sent it first, how it is classed."""

    hash: str
    size: int
    media_type: str
    uploaded_at: datetime
    uploaded_by: UUID
    classed: Classification


@dataclass(frozen=True, slots=True)
class Stored:
    """What was taken: hash and size of the bytes, and the media type they were found to be."""

    hash: str
    size: int
    media_type: str


@dataclass
class Upload:
    """A document on its way: counts its bytes and looks at the first of them."""

    arrival: Arrival
    declared: str
    most_bytes: int
    size: int = 0
    head: bytearray = field(default_factory=bytearray)

    def write(self, part: bytes) -> None:
        """
        Add bytes.

        Raises: DocumentTooLarge.
        """
        self.size += len(part)
        if self.size > self.most_bytes:
            raise DocumentTooLarge(f"A document has at most {self.most_bytes} bytes.")
        self.head += part[: HEAD_BYTES - len(self.head)]
        self.arrival.write(part)

    def keep(self) -> Stored:
        """
        Put the bytes on the shelf.

        Raises: DocumentEmpty; TypeContradicted when they are not what they are said to be.
        """
        if not self.size:
            raise DocumentEmpty("The document is empty.")
        media_type = media_type_of(bytes(self.head), self.declared)
        return Stored(self.arrival.keep(), self.size, media_type)


class DocumentStore:
    """The documents: in a shelf, and in `documents.db` or the schema `documents`."""

    def __init__(self, database_url: str, shelf: Shelf) -> None:
        self.shelf = shelf
        self._database = PrimaryDatabase(database_url, NAME, METADATA, RIGHTS)

    def create(self, role: str | None = None) -> None:
        """Create the tables unless they are there; on PostgreSQL let a database role read and append."""
        self._database.create(role)

    def is_created(self) -> bool:
        """Tell whether the tables are there."""
        return self._database.is_created()

    # -- Taking ----------------------------------------------------------------------

    @contextmanager
    def uploading(self, declared: str, most_bytes: int) -> Iterator[Upload]:
        """Take a document; what was not kept at the end is gone."""
        with self.shelf.arriving() as arrival:
            yield Upload(arrival, declared, most_bytes)

    def add(self, stored: Stored, by: UUID, at: datetime, classed: Classification) -> None:
        """
        Note that somebody uploaded a document whose bytes are on the shelf. How the first one classed it stands.

        Raises: NoPublicVersion.
        """
        moment, me = microseconds(at), str(by)
        with self._database.writing() as rows:
            if rows.execute(select(DOCUMENTS.c.hash).where(DOCUMENTS.c.hash == stored.hash)).first() is None:
                values = {"hash": stored.hash, "size": stored.size, "media_type": stored.media_type}
                rows.execute(DOCUMENTS.insert().values(**values, uploaded_at=moment, uploaded_by=me))
                _class(rows, stored.hash, classed, moment, me)
            if not _was_sent(rows, stored.hash, me):
                rows.execute(UPLOADS.insert().values(hash=stored.hash, uploaded_by=me, uploaded_at=moment))

    def classify(self, digest: str, by: UUID, at: datetime, classed: Classification) -> None:
        """
        Class a stored document anew; how it was classed before is kept.

        Raises: NoPublicVersion, also when the document itself is another's public version and would no longer be PUBLIC.
        """
        with self._database.writing() as rows:
            if classed.access_class is not AccessClass.PUBLIC:
                _refuse_in_use(rows, digest)
            _class(rows, digest, classed, microseconds(at), str(by))

    # -- Questions -------------------------------------------------------------------

    def known(self, digests: Collection[str]) -> dict[str, Document]:
        """Return what is known of those documents that were stored."""
        asked, found = sorted(set(digests)), dict[str, Document]()
        with self._database.reading() as rows:
            for first in range(0, len(asked), MOST_ASKED):
                query = STANDING.where(DOCUMENTS.c.hash.in_(asked[first : first + MOST_ASKED]))
                found |= {row.hash: _document(row) for row in rows.execute(query)}
        return found

    def find(self, digest: str) -> Document | None:
        """Return what is known of a document."""
        return self.known([digest]).get(digest)

    def sent_by(self, digest: str, actor: UUID) -> bool:
        """Tell whether somebody uploaded a document."""
        with self._database.reading() as rows:
            return _was_sent(rows, digest, str(actor))

    def is_present(self, document: Document) -> bool:
        """Tell whether the bytes of a document are on the shelf, as far as their number tells."""
        return self.shelf.size(document.hash) == document.size

    def opened(self, document: Document) -> BinaryIO:
        """
        Open a document, once every byte was held against its hash; the reader closes it.

        Raises: DocumentMissing, DocumentDamaged.
        """
        opened = self.shelf.open(document.hash)
        if opened is None:
            raise DocumentMissing(f"The bytes of document {document.hash} are gone: restore them from the backup.")
        if hash_of(opened) != document.hash:
            opened.close()
            raise DocumentDamaged(f"The bytes of document {document.hash} were altered: restore them from the backup.")
        opened.seek(0)
        return opened

    # -- Verifying -------------------------------------------------------------------

    def verify(self) -> Iterator[str]:
        """Yield a sentence for each document that is missing or altered, and for bytes that no upload was noted of."""
        on_shelf = set(self.shelf.digests())
        with self._database.reading() as rows:
            documents = [_document(row) for row in rows.execute(STANDING.order_by(DOCUMENTS.c.hash))]
        for document in documents:
            yield from self._faults(document)
        for digest in sorted(on_shelf - {document.hash for document in documents}):
            yield f"Document {digest}: its bytes are on the shelf, and no upload was noted; upload it again, or remove them."

    def _faults(self, document: Document) -> Iterable[str]:
        opened = self.shelf.open(document.hash)
        if opened is None:
            return (f"Document {document.hash}: its bytes are missing.",)
        with opened:
            return () if hash_of(opened) == document.hash else (f"Document {document.hash}: its bytes were altered.",)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()


def _class(rows: Connection, digest: str, classed: Classification, at: int, by: str) -> None:
    public = classed.public_version
    query = STANDING.where(DOCUMENTS.c.hash == public, CLASSINGS.c.access_class == AccessClass.PUBLIC)
    if public is not None and rows.execute(query).first() is None:
        raise NoPublicVersion("must be the hash of a stored document of the class PUBLIC: upload the redacted version first")
    last = rows.execute(select(func.max(CLASSINGS.c.number)).where(CLASSINGS.c.hash == digest)).scalar() or 0
    values = {
        "access_class": str(classed.access_class), "exception_tags": [str(tag) for tag in classed.exception_tags],
        "third_party": classed.third_party, "public_version": public,
    }  # fmt: skip
    rows.execute(CLASSINGS.insert().values(hash=digest, number=last + 1, **values, classed_at=at, classed_by=by))


def _refuse_in_use(rows: Connection, digest: str) -> None:
    another = rows.execute(STANDING.where(CLASSINGS.c.public_version == digest)).first()
    if another is not None:
        raise NoPublicVersion(f"document {another.hash} names this one as its public version; change that first")


def _was_sent(rows: Connection, digest: str, by: str) -> bool:
    return rows.execute(select(UPLOADS.c.hash).where(UPLOADS.c.hash == digest, UPLOADS.c.uploaded_by == by)).first() is not None


def _document(row: Row[Any]) -> Document:
    tags = tuple(ExceptionTag(tag) for tag in row.exception_tags)
    classed = Classification(AccessClass(row.access_class), tags, row.third_party, row.public_version)
    return Document(row.hash, row.size, row.media_type, moment_of(row.uploaded_at), UUID(row.uploaded_by), classed)
