"""The documents of a case: what they are, who may read them, and how they are classed (Article 78; Regulation (EC) No 1049/2001, Article 4)."""

from typing import Any
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from api.recording.document_readers import may_read_document
from api.stores.documents import AccessClass, Classification, Document, ExceptionTag, NoPublicVersion
from domain.actors import READS_EVERYTHING, Role
from projections.office.questions import CaseRow
from registry_site.office.acts import lines_of
from registry_site.office.case import OF_PUBLICATION, Reference, case_row_of, references
from registry_site.office.desk import HEADERS, Desk, NotForRole, NotThere, Visit
from registry_site.office.file_kinds import KINDS
from registry_site.office.forms import FormRefused
from registry_site.office.uploads import FILE

CLASSES_ANEW = frozenset({Role.CASE_OFFICER})
PUBLIC_VERSION = "public_version"


def show_documents(desk: Desk, visit: Visit) -> Response:
    """Show the documents that the events of a case name; that the list was read is noted. Raises: NotThere."""
    row = case_row_of(desk, visit)
    found = _references(desk, visit, row)
    desk.note_read(visit, [f"case/{row.case_id}"])
    return desk.page(
        "documents.html", visit.request, visit.session, case=row, references=found, readable=_readable(desk, visit, row, found),
        classes_anew=visit.session.actor.role in CLASSES_ANEW,
    )  # fmt: skip


def _references(desk: Desk, visit: Visit, row: CaseRow) -> dict[str, list[Reference]]:
    """Return every reference to each document, as far as the role reads the events."""
    whole = visit.session.actor.role in READS_EVERYTHING
    lines = lines_of(desk.office.history(UUID(row.case_id), desk.clock()))
    found: dict[str, list[Reference]] = {}
    for each in references(desk, [line for line in lines if whole or line.event.stream.kind in OF_PUBLICATION]):
        found.setdefault(each.hash, []).append(each)
    return found


def _readable(desk: Desk, visit: Visit, row: CaseRow, found: dict[str, list[Reference]]) -> set[str]:
    stored = [each[0].stored for each in found.values() if each[0].stored]
    return {document.hash for document in stored if _may_read(desk, visit, row, document)}


def _may_read(desk: Desk, visit: Visit, row: CaseRow, document: Document) -> bool:
    return may_read_document(document, visit.session.actor, desk.documents, desk.office, row.case_id, desk.clock())


# -- Classing ------------------------------------------------------------------------------


def admits_classing(desk: Desk, visit: Visit) -> tuple[CaseRow, Document]:
    """Return the document that an address names, for whoever may class it. Raises: NotThere, NotForRole."""
    row, digest = case_row_of(desk, visit), visit.request.path_params["hash"]
    if visit.session.actor.role not in CLASSES_ANEW:
        raise NotForRole
    found = _references(desk, visit, row).get(digest)
    document = found[0].stored if found else None
    if document is None or not _may_read(desk, visit, row, document):
        raise NotThere
    return row, document


def show_classing(desk: Desk, visit: Visit) -> Response:
    """Show how a document is classed, to class it anew. Raises: NotThere, NotForRole."""
    return _classing_page(desk, visit, *admits_classing(desk, visit))


def class_document(desk: Desk, visit: Visit) -> Response:
    """
    Class a document anew; a redacted version that is sent with the form is stored first, as public.

    Raises: NotThere, NotForRole; FormRefused for what the form did not offer.
    """
    row, document = admits_classing(desk, visit)
    if wrong := visit.files.refused.get(f"{FILE}{PUBLIC_VERSION}"):
        return _classing_page(desk, visit, row, document, status=422, wrong=f"The file {wrong}")
    sent = visit.files.stored.get(f"{FILE}{PUBLIC_VERSION}", ())
    asked = _asked(visit, sent[-1].hash if sent else visit.fields.get(PUBLIC_VERSION, "").strip())
    try:
        if asked != document.classed:
            desk.documents.classify(document.hash, visit.session.actor.ref, desk.clock(), asked)
    except NoPublicVersion as refused:
        return _classing_page(desk, visit, row, document, status=422, wrong=f"It {refused}")
    return RedirectResponse(f"/workbench/cases/{row.case_id}/documents#{document.hash}", 303, HEADERS)


def _asked(visit: Visit, public_version: str) -> Classification:
    fields = visit.fields
    try:
        tags = tuple(sorted({ExceptionTag(tag) for tag in fields.get("exception_tags", "").splitlines() if tag}))
        return Classification(AccessClass(fields.get("access_class", "")), tags, fields.get("third_party") == "true", public_version or None)
    except ValueError:
        raise FormRefused from None


def _classing_page(desk: Desk, visit: Visit, row: CaseRow, document: Document, *, status: int = 200, wrong: str = "") -> Response:
    desk.note_read(visit, [f"case/{row.case_id}", document.hash])
    said: dict[str, Any] = dict(visit.fields) if visit.fields else {}
    return desk.page(
        "classing.html", visit.request, visit.session, status=status, case=row, document=document, wrong=wrong, said=said, kinds=KINDS,
        classes=list(AccessClass), tags=list(ExceptionTag), most_bytes=desk.settings.document_bytes,
    )  # fmt: skip
