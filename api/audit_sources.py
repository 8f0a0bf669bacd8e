"""What the audit pages are given: the stored events, the log of the cases, and the file of a case as `registry bundle` writes it."""

import logging
from collections.abc import Iterator
from functools import partial
from uuid import UUID

from api.archive import NotInLog, archive_of
from api.bundle.contents import CaseFile
from api.bundle.packing import document_for_auditors, packed
from api.logs import Logs
from api.stores.documents import DocumentStore
from api.stores.event_store import RegisterRecorder
from domain.ids import Stream
from projections.transparency.case_evidence import CaseEvidence
from registry_site.office.audit.sources import Sources

LOG = logging.getLogger("register.audit")


def sources_of(logs: Logs, documents: DocumentStore) -> Sources:
    """Return what a service has open, for its audit pages."""
    evidence = CaseEvidence(logs.shelf.store, logs.shelf)
    return Sources(evidence, partial(_stored, logs.register.recorder), partial(_bundle, logs, documents))


def _stored(recorder: RegisterRecorder, position: int) -> bytes | None:
    found = recorder.raw_events(position - 1, 1)
    return found[0][2] if found and found[0][0] == position else None


def _bundle(logs: Logs, documents: DocumentStore, case_id: UUID) -> Iterator[bytes] | None:
    """Pack the file of a case, once all of it is under a checkpoint: what was begun to be sent cannot be refused."""
    archive = archive_of(logs)
    try:
        file = CaseFile(archive, Stream("case", str(case_id)), partial(document_for_auditors, documents, LOG.warning))
    except NotInLog:
        return None
    last = max(found.index for leaves in file.leaves.values() for found in leaves)
    return packed(file.files()) if last < archive.cases.size() else None
