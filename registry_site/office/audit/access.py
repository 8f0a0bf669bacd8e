"""The access log for auditors: who came in, was refused, and read what; and whether its chain is whole. The same rows as `accessLog` of GraphQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import rfc8785
from starlette.responses import Response

from api.stores.access_log import ITSELF, AccessAct, AccessFilter, AccessLog, AccessRow
from domain.types import utc_text
from projections.transparency.case_evidence import CaseEvidence
from registry_site.office.asked import choice, number_asked, parameters
from registry_site.office.audit.asked import moment_asked, reference_asked
from registry_site.office.audit.case import NDJSON, note_download, sent
from registry_site.office.audit.sources import Sources
from registry_site.office.desk import AUDIT, Desk, Visit

ACCESS = f"{AUDIT}access"
PER_PAGE = 50
AT_ONCE = 1_000
"""Rows read at once when the log is taken away."""
MOST_FAULTS = 20
FILTERS = ("actor", "case", "kind", "from", "to")


@dataclass(frozen=True, slots=True)
class Chain:
    """How the chain of the log stands: intact up to which row, vouched for up to which row by the seal of which day, and what is wrong."""

    intact: int
    vouched: int
    sealed_on: date | None
    faults: list[str]


def access(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """
    Show a page of the access log, the last first; that it was read is noted, and so stands on the page itself.

    Raises: BadQuestion.
    """
    given = parameters(visit.request.url.query, (*FILTERS, "before"))
    wanted, before = _wanted(given), number_asked(given, "before")
    desk.note_read(visit, [ITSELF])
    found = desk.door.log.last_rows(before, PER_PAGE + 1, wanted)
    shown, filters = found[:PER_PAGE], {name: text for name, text in given.items() if name in FILTERS}
    earlier = f"{ACCESS}?{urlencode({**filters, 'before': str(shown[-1].number)})}" if len(found) > PER_PAGE else None
    return desk.page(
        "audit_access.html", visit.request, visit.session, shown=shown, given=filters, begun=before is not None, earlier=earlier,
        acts=list(AccessAct), export=f"{ACCESS}.ndjson{f'?{urlencode(filters)}' if filters else ''}",
        latest=f"{ACCESS}?{urlencode(filters)}" if filters else ACCESS,
        chain=chain_of(desk.door.log, sources.evidence) if before is None else None,
    )  # fmt: skip


def _wanted(given: dict[str, str]) -> AccessFilter:
    actor, case, kind = reference_asked(given, "actor"), reference_asked(given, "case"), choice(given, "kind", ("", *AccessAct), "")
    subject = f"case/{case}" if case else None
    return AccessFilter(actor, AccessAct(kind) if kind else None, subject, moment_asked(given, "from"), moment_asked(given, "to", end=True))


def chain_of(log: AccessLog, evidence: CaseEvidence) -> Chain:
    """Compute the chain anew from its first row, and hold it against the row that the last seal vouches for."""
    number, _ = log.head()
    faults = list(islice(log.verify(), MOST_FAULTS))
    found = evidence.of(None)
    faults += found.faults
    vouched, head = (found.sealed.leaf.access if found.sealed else None) or (0, b"")
    if vouched and log.hash_of(vouched) != head:
        faults.append(f"Row {vouched} is not the one that the seal of {found.sealed_on} vouches for: rows were cut off or exchanged.")
    return Chain(number, vouched, found.sealed_on, faults)


def access_lines(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """
    Give the rows asked for as NDJSON, the first first, so that anybody can compute the chain; that it was taken away is the last of them.

    Raises: BadQuestion.
    """
    given = parameters(visit.request.url.query, FILTERS)
    wanted = _wanted(given)
    note_download(desk, visit, [ITSELF])
    last, _ = desk.door.log.head()
    return sent(_lines(desk.door.log, wanted, last), "access-log.ndjson", NDJSON)


def _lines(log: AccessLog, wanted: AccessFilter, last: int) -> Iterator[bytes]:
    after = 0
    while rows := [row for row in log.rows(after, AT_ONCE, wanted) if row.number <= last]:
        yield b"".join(rfc8785.dumps(_said(row)) + b"\n" for row in rows)
        after = rows[-1].number


def _said(row: AccessRow) -> dict[str, Any]:
    """Return a row as its hash covers it, and the hash."""
    return {
        "number": row.number,
        "at": utc_text(row.at),
        "act": str(row.act),
        "outcome": row.outcome,
        "actor": str(row.actor) if row.actor else None,
        "role": str(row.role) if row.role else None,
        "by": row.by,
        "subjects": list(row.subjects),
        "hash": row.hash.hex(),
    }
