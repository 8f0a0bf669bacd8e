"""Documents: under their hash, of the type that their bytes show, and nowhere else than on the shelf."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from api.stores.documents import AccessClass as Class
from api.stores.documents import (
    Classification,
    DocumentDamaged,
    DocumentEmpty,
    DocumentMissing,
    DocumentStore,
    DocumentTooLarge,
    ExceptionTag,
    NoPublicVersion,
)
from api.stores.media_types import HEAD_BYTES, TypeContradicted, media_type_of
from api.stores.shelf import FolderShelf, MemoryShelf, is_hash
from tests.conftest import POSTGRES, new_url

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)
LETTER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nDear Commission"
MOST = 1000


@pytest.fixture(params=["file", "memory", POSTGRES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DocumentStore]:
    shelf = MemoryShelf() if request.param == "memory" else FolderShelf(tmp_path / "documents")
    documents = DocumentStore(new_url(request.param, tmp_path, request), shelf)
    assert not documents.is_created()
    documents.create()
    documents.create()
    assert documents.is_created()
    yield documents
    documents.close()


def upload(store: DocumentStore, content: bytes, by: UUID = ONE, declared: str = "", **classed: object) -> str:
    with store.uploading(declared, MOST) as arriving:
        for start in range(0, len(content), 7):
            arriving.write(content[start : start + 7])
        stored = arriving.keep()
    store.add(stored, by, AT, Classification(**classed))  # type: ignore[arg-type]
    return stored.hash


def traces(store: DocumentStore) -> list[str]:
    """Everything that is on the shelf, by hash, and every file beside."""
    folder = store.shelf.folder if isinstance(store.shelf, FolderShelf) else None
    files = [file.name for file in folder.rglob("*") if file.is_file() and file.name != ".lock"] if folder else []
    return sorted({*store.shelf.digests(), *files})


def test_a_document_is_found_under_its_hash_with_what_is_known_of_it(store: DocumentStore) -> None:
    digest = upload(store, LETTER, access_class=Class.PROVIDER_FILE, exception_tags=(ExceptionTag.COMMERCIAL_INTERESTS,), third_party=True)
    assert digest == sha256(LETTER).hexdigest()
    found = store.find(digest)
    assert found
    assert (found.size, found.media_type, found.classed.access_class) == (len(LETTER), "application/pdf", Class.PROVIDER_FILE)
    assert (found.classed.exception_tags, found.classed.third_party) == (("4(2) COMMERCIAL",), True)
    assert (found.uploaded_at, found.uploaded_by) == (AT, ONE)
    assert store.is_present(found)
    with store.opened(found) as opened:
        assert opened.read() == LETTER
    assert traces(store) == [digest]
    assert list(store.verify()) == []


def test_a_document_is_of_the_case_team_unless_somebody_says_otherwise(store: DocumentStore) -> None:
    found = store.find(upload(store, LETTER))
    assert found
    assert found.classed == Classification(Class.CASE_TEAM, (), third_party=False, public_version=None)


def test_the_same_bytes_are_one_document_classed_by_whoever_was_first(store: DocumentStore) -> None:
    digest = upload(store, LETTER, ONE, access_class=Class.AUDIT)
    assert upload(store, LETTER, OTHER, access_class=Class.PUBLIC) == digest
    assert upload(store, LETTER, OTHER) == digest
    found = store.find(digest)
    assert found
    assert (found.classed.access_class, found.uploaded_by) == (Class.AUDIT, ONE)
    assert [store.sent_by(digest, actor) for actor in (ONE, OTHER, UUID(int=3))] == [True, True, False]
    assert traces(store) == [digest]


@pytest.mark.parametrize(("size", "taken"), [(1, True), (MOST, True), (MOST + 1, False)])
def test_the_limit_is_the_last_size_taken(store: DocumentStore, size: int, taken: bool) -> None:
    if taken:
        assert upload(store, b"x" * size) == sha256(b"x" * size).hexdigest()
        return
    with pytest.raises(DocumentTooLarge):
        upload(store, b"x" * size)
    assert traces(store) == []


def test_an_empty_document_is_none(store: DocumentStore) -> None:
    with pytest.raises(DocumentEmpty):
        upload(store, b"")
    assert traces(store) == []


def test_what_is_not_what_it_is_said_to_be_leaves_no_trace(store: DocumentStore) -> None:
    with pytest.raises(TypeContradicted, match="image/png"):
        upload(store, LETTER, declared="image/png")
    assert traces(store) == []


def test_an_upload_that_breaks_off_leaves_no_trace(store: DocumentStore) -> None:
    def break_off() -> None:
        with store.uploading("", MOST) as arriving:
            arriving.write(LETTER)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert traces(store) == []


def test_a_public_version_is_stored_and_public_and_stays_so(store: DocumentStore) -> None:
    digest, confidential = upload(store, LETTER), upload(store, b"not for everybody")
    for wrong in ("0" * 64, confidential):
        with pytest.raises(NoPublicVersion):
            store.classify(digest, ONE, AT, Classification(public_version=wrong))
    redacted = upload(store, b"redacted", access_class=Class.PUBLIC)
    store.classify(digest, ONE, AT, Classification(public_version=redacted))
    found = store.find(digest)
    assert found
    assert found.classed.public_version == redacted
    with pytest.raises(NoPublicVersion):
        store.classify(redacted, ONE, AT, Classification())
    store.classify(digest, ONE, AT, Classification(access_class=Class.PII))
    store.classify(redacted, ONE, AT, Classification())
    standing = store.known([digest, redacted])
    assert (standing[digest].classed, standing[redacted].classed) == (Classification(access_class=Class.PII), Classification())


def test_what_was_never_stored_is_unknown(store: DocumentStore) -> None:
    digest = upload(store, LETTER)
    assert store.find("0" * 64) is None
    many = [f"{number:064x}" for number in range(1200)]
    assert list(store.known([*many, digest])) == [digest]


# -- On the disk ---------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> FolderShelf:
    return FolderShelf(tmp_path / "documents")


@pytest.fixture
def filed(shelf: FolderShelf, tmp_path: Path) -> Iterator[DocumentStore]:
    store = DocumentStore(f"sqlite:///{tmp_path}", shelf)
    store.create()
    yield store
    store.close()


def test_only_the_owner_may_read_and_nobody_writes(filed: DocumentStore, shelf: FolderShelf) -> None:
    place = shelf.place(upload(filed, LETTER))
    assert place.stat().st_mode & 0o777 == 0o400
    folders = [shelf.folder, place.parent, place.parent.parent, shelf.folder / "arriving"]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
    assert place.relative_to(shelf.folder).parts == (place.name[:2], place.name[2:4], place.name)


def test_missing_and_altered_documents_are_named_and_not_handed_out(filed: DocumentStore, shelf: FolderShelf) -> None:
    kept, missing, altered = (upload(filed, content) for content in (b"kept", b"missing", b"altered"))
    shelf.place(missing).unlink()
    place = shelf.place(altered)
    place.unlink()
    place.write_bytes(b"ALTERED")
    assert sorted(filed.verify()) == sorted([f"Document {missing}: its bytes are missing.", f"Document {altered}: its bytes were altered."])
    for digest, error in ((missing, DocumentMissing), (altered, DocumentDamaged)):
        document = filed.find(digest)
        assert document
        with pytest.raises(error, match=digest):
            filed.opened(document)
    found = filed.known([kept, missing, altered])
    assert {digest: filed.is_present(found[digest]) for digest in found} == {kept: True, missing: False, altered: True}


def test_another_upload_makes_a_damaged_document_whole(filed: DocumentStore, shelf: FolderShelf) -> None:
    digest = upload(filed, LETTER)
    shelf.place(digest).unlink()
    shelf.place(digest).write_bytes(b"half")
    upload(filed, LETTER)
    assert shelf.place(digest).read_bytes() == LETTER
    assert list(filed.verify()) == []


def test_bytes_without_an_upload_are_named_until_somebody_uploads_them_again(filed: DocumentStore, shelf: FolderShelf) -> None:
    with filed.uploading("", MOST) as arriving:
        arriving.write(LETTER)
        digest = arriving.keep().hash
    assert [digest in sentence for sentence in filed.verify()] == [True]
    assert filed.find(digest) is None
    upload(filed, LETTER)
    assert list(filed.verify()) == []


def test_leftovers_are_swept_but_never_what_is_arriving(shelf: FolderShelf) -> None:
    shelf.create()
    (shelf.folder / "arriving" / "left").write_bytes(b"half of a lett")
    with shelf.arriving() as arrival:
        arrival.write(LETTER)
        assert shelf.sweep() == 0
        digest = arrival.keep()
    assert shelf.sweep() == 1
    assert shelf.sweep() == 0
    assert list(shelf.digests()) == [digest]
    assert FolderShelf(shelf.folder / "nowhere").sweep() == 0
    assert not (shelf.folder / "nowhere").exists()


TRICKS = [
    "", ".", "..", "../../etc/passwd", "/etc/passwd", "arriving/.lock", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", "０" * 64,
    "0" * 63 + "\x00", "..%2f" * 12 + "0000", "0" * 32 + "/" + "0" * 31,
]  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_nothing_but_a_hash_is_ever_looked_up(shelf: FolderShelf, name: str) -> None:
    assert not is_hash(name)
    for ask in (shelf.place, shelf.size, shelf.open):
        with pytest.raises(ValueError, match="SHA-256"):
            ask(name)


def test_what_others_put_into_the_folder_is_no_document(shelf: FolderShelf, tmp_path: Path) -> None:
    (tmp_path / "documents" / "00" / "00").mkdir(parents=True)
    for name in ("readme", "1" * 64):
        (tmp_path / "documents" / "00" / "00" / name).write_bytes(b"")
    assert list(shelf.digests()) == []


# -- Types ---------------------------------------------------------------------------


def zipped(*names: str, content: str = "x" * 40) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return written.getvalue()


def tarred() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../outside"), io.BytesIO())
    return written.getvalue()


OFFICE = "application/vnd.openxmlformats-officedocument"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
DOCX = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")
XLSX = zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
FOUND: dict[str, tuple[bytes, str, str]] = {
    "a PDF": (LETTER, "application/pdf", "application/pdf"),
    "a PDF that nobody named": (LETTER, "", "application/pdf"),
    "a PDF named as bytes": (LETTER, "application/octet-stream", "application/pdf"),
    "a PDF by an old name": (LETTER, "application/x-pdf", "application/pdf"),
    "a PDF of letters alone": (b"%PDF-1.4\n1 0 obj", "application/pdf", "application/pdf"),
    "a name in capitals with parameters": (LETTER, "Application/PDF; name=letter.pdf", "application/pdf"),
    "a picture": (PNG, "image/png", "image/png"),
    "a letter": (DOCX, f"{OFFICE}.wordprocessingml.document", f"{OFFICE}.wordprocessingml.document"),
    "a letter named as archive": (DOCX, "application/zip", f"{OFFICE}.wordprocessingml.document"),
    "a table": (XLSX, f"{OFFICE}.spreadsheetml.sheet", f"{OFFICE}.spreadsheetml.sheet"),
    "a table in a strange order": (zipped("custom.xml", "xl/a.xml"), f"{OFFICE}.spreadsheetml.sheet", "application/zip"),
    "an archive": (zipped("a.txt"), "application/x-zip-compressed", "application/zip"),
    "an archive of a kind nobody knows": (zipped("Index/Document.iwa"), "application/vnd.apple.pages", "application/zip"),
    "an archive that would lead outside": (tarred(), "application/x-tar", "application/x-tar"),
    "an archive that would unpack to much more": (gzip.compress(bytes(10**6)), "application/gzip", "application/gzip"),
    "an older table": (OLE, "application/vnd.ms-excel", "application/vnd.ms-excel"),
    "an older message": (OLE, "application/vnd.ms-outlook", "application/vnd.ms-outlook"),
    "a text": (b"Dear Commission", "text/plain", "text/plain"),
    "a text that nobody named": ("§ 1: geändert".encode(), "", "text/plain"),
    "a text cut off in a letter": ("é".encode() * HEAD_BYTES, "text/plain", "text/plain"),
    "a text of UTF-16": ("Dear Commission".encode("utf-16"), "text/plain", "text/plain"),
    "a text of an older encoding": ("geändert".encode("latin-1"), "text/plain", "text/plain"),
    "a text that begins like a picture": (b"BMW notified us of a model.", "text/plain", "text/plain"),
    "a text that begins like a program": (b"MZ is how the reference of the letter begins", "text/plain", "text/plain"),
    "a table of values": (b"a,b\n1,2\n", "text/csv", "text/csv"),
    "data": (b'{"a": 1}', "application/json", "application/json"),
    "a page": (b"<!DOCTYPE html><script>alert(1)</script>", "text/html", "text/html"),
    "a message": (b"From: a@example.org\n\nHello", "message/rfc822", "message/rfc822"),
    "bytes that nobody knows": (bytes(range(128, 256)), "", "application/octet-stream"),
    "bytes of a kind that nobody knows": (bytes(range(128, 256)), "application/vnd.example", "application/vnd.example"),
    "a film": (b"\x00\x00\x00\x18ftypmp42" + bytes(40), "audio/mp4", "video/mp4"),
}
CONTRADICTED: dict[str, tuple[bytes, str]] = {
    "a program named as PDF": (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(100), "application/pdf"),
    "a page named as PDF": (b"<!DOCTYPE html><script>alert(1)</script>", "application/pdf"),
    "a PDF named as page": (LETTER, "text/html"),
    "a PDF named as text": (b"%PDF-1.4\n1 0 obj", "text/plain"),
    "a picture of another kind": (PNG, "image/jpeg"),
    "a picture named as text": (PNG, "text/plain"),
    "a table named as letter": (XLSX, f"{OFFICE}.wordprocessingml.document"),
    "an archive named as text": (zipped("a.txt"), "text/plain"),
    "an archive named as picture": (zipped("a.txt"), "image/png"),
    "a text named as archive": (b"Dear Commission", "application/zip"),
    "a text named as older letter": (b"Dear Commission", "application/msword"),
    "bytes named as text": (b"\x00\x01" + bytes(range(128, 256)), "text/plain"),
    "no name of a type": (LETTER, "letter.pdf"),
    "two names of types": (LETTER, "application/pdf, text/html"),
    "a name with a line break": (LETTER, "application/pdf\r\nX: y"),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_type_is_what_the_bytes_show(name: str) -> None:
    content, declared, expected = FOUND[name]
    assert media_type_of(content[:HEAD_BYTES], declared) == expected


@pytest.mark.parametrize("name", CONTRADICTED)
def test_a_type_that_the_bytes_contradict_is_refused(name: str) -> None:
    content, declared = CONTRADICTED[name]
    with pytest.raises(TypeContradicted):
        media_type_of(content[:HEAD_BYTES], declared)


# -- Rights --------------------------------------------------------------------------


@pytest.mark.postgres
def test_the_role_of_the_web_processes_appends_and_changes_nothing(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = new_url("postgresql", tmp_path, request)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute('DROP ROLE IF EXISTS "storing processes"')
        owner.execute('CREATE ROLE "storing processes"')
        store = DocumentStore(url, MemoryShelf())
        store.create("storing processes")
        upload(store, LETTER)
        store.close()
        owner.execute('SET ROLE "storing processes"')
        owner.execute("INSERT INTO documents.uploads SELECT hash, 'another', 0 FROM documents.documents")
        changes = ("documents SET size = 1", "classings SET access_class = 'PUBLIC'", "uploads SET uploaded_at = 1")
        removals = [f"DELETE FROM documents.{table}" for table in ("documents", "classings", "uploads")]
        for refused in [*removals, *(f"UPDATE documents.{change}" for change in changes)]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(refused)
