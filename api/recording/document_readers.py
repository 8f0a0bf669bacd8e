"""
Who reads which document: by role, by having sent it, or because a record that they may read names it.

Law: Article 78(1); Charter, Article 41(2)(b): access to one's own file, minus others' secrets and internal documents (procedure section 12).
"""

from datetime import datetime
from uuid import UUID

from api.recording.views import FILING_ROLES, may_read
from api.stores.documents import READ_BY, AccessClass, Document, DocumentStore
from domain.actors import Actor, Role
from domain.challenge import ANYBODY
from domain.events import documents_named
from domain.ids import Kind, Stream
from domain.model_case.case import ModelCase
from domain.record import evolve
from projections.office.questions import Office

_FILE: tuple[frozenset[Kind], frozenset[AccessClass]] = (frozenset({"case", "publication"}), frozenset({AccessClass.PROVIDER_FILE}))
OWN_FILE: dict[Role, tuple[frozenset[Kind], frozenset[AccessClass]]] = {
    **dict.fromkeys(FILING_ROLES, _FILE),
    Role.PUBLICATION_OFFICER: (frozenset({"publication"}), frozenset({AccessClass.PROVIDER_FILE, AccessClass.CASE_TEAM})),
}
"""The records of a case, and the classes, of which some roles read the documents in a case that they may read."""


def may_read_document(document: Document, actor: Actor, documents: DocumentStore, office: Office, case: str | None, at: datetime) -> bool:
    """Tell whether somebody may read a document. `case` is the case they say it belongs to; whoever reads only a file must name it."""
    if actor.role in READ_BY[document.classed.access_class] or documents.sent_by(document.hash, actor.ref):
        return True
    if actor.role is Role.PUBLICATION_OFFICER and documents.sent_by(document.hash, ANYBODY.ref):
        return True  # what visitors write with a challenge is for whoever answers it
    kinds, classes = OWN_FILE.get(actor.role, (frozenset(), frozenset()))
    if case is None or document.classed.access_class not in classes:
        return False
    return _names(office, case, actor, kinds, document.hash, at)


def _names(office: Office, key: str, actor: Actor, kinds: frozenset[Kind], digest: str, at: datetime) -> bool:
    """Tell whether a record of a case that somebody may read names a document."""
    try:
        rows = office.history(UUID(key), at)
    except ValueError:
        return False
    case = ModelCase(Stream("case", str(UUID(key))))
    for row in rows:
        case = evolve(case, row.event) if row.event.stream == case.stream else case
    named = {named for row in rows if row.event.stream.kind in kinds for _, named in documents_named(row.event.fact)}
    return digest in named and may_read(actor, case, at)
