"""A case as auditors read it: the whole of it at a pair of times, held against its proofs; and taken away as NDJSON or as the file of the case."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import rfc8785
from starlette.responses import Response, StreamingResponse

from api.dockets.questions import as_answer
from api.stores.access_log import AccessAct
from domain.law.provisions import FOREVER, Span
from domain.types import utc_text
from projections.office.questions import CaseRow
from registry_site.office.acts import provision
from registry_site.office.asked import parameters
from registry_site.office.audit import query
from registry_site.office.audit.asked import times_asked
from registry_site.office.audit.examination import Examined, Row, examined
from registry_site.office.audit.sources import Sources
from registry_site.office.case import case_row_of, shown
from registry_site.office.desk import HEADERS, Desk, Visit
from registry_site.office.times import TIMES, Times

NDJSON = "application/x-ndjson"
ZIP = "application/zip"
RETRY_AFTER = "5"


def audited_case(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """
    Show a case at a pair of times with the proof of each event; that it was read is noted.

    Law: Article 78(1). Raises: NotThere, BadQuestion.
    """
    row, times, found = _examined(desk, visit, sources)
    desk.note_read(visit, [f"case/{row.case_id}"])
    return desk.page(
        "audit_case.html", visit.request, visit.session, case=row, times=times, found=found, forever=FOREVER,
        query=query.QUERY, variables=query.written(row.case_id, times), ask=query.address(row.case_id, times),
        **shown(desk, row, times, visit.session.actor.role),
    )  # fmt: skip


def _examined(desk: Desk, visit: Visit, sources: Sources) -> tuple[CaseRow, Times, Examined]:
    row, times = case_row_of(desk, visit), times_asked(desk, parameters(visit.request.url.query, TIMES))
    return row, times, examined(desk, sources, UUID(row.case_id), times.known_at)


# -- Taken away ------------------------------------------------------------------------


def case_lines(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """
    Give what the page of a case shows as NDJSON: a line for the case, then one for each event; that it was taken away is noted.

    Raises: NotThere, BadQuestion.
    """
    row, times, found = _examined(desk, visit, sources)
    lines = [_case(desk, row, times, found), *map(_event, found.rows)]
    note_download(desk, visit, [f"case/{row.case_id}"])
    return Response(b"".join(rfc8785.dumps(line) + b"\n" for line in lines), 200, saved_as(f"case-{row.case_id}.ndjson"), NDJSON)


def _case(desk: Desk, row: CaseRow, times: Times, found: Examined) -> dict[str, Any]:
    case_id, checkpoint = UUID(row.case_id), found.evidence.checkpoint
    standing = desk.office.standing(case_id, times.valid_at, times.known_at)
    return {
        "kind": "case",
        "case_id": row.case_id,
        "internal_name": row.internal_name,
        "valid_at": utc_text(times.valid_at),
        "known_at": utc_text(times.known_at),
        "status": str(standing.status),
        "grounds": {str(ground): list(map(_span, spans)) for ground, spans in standing.spans.items()},
        "clocks": [as_answer(clock) for clock in desk.office.clocks(case_id, times.valid_at, times.known_at)],
        "checkpoint": {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()} if checkpoint else None,
        "expected": found.evidence.expected,
        "present": found.present,
        "recorded_later": found.later,
        "gaps": found.gaps,
    }


def _span(span: Span) -> list[str | None]:
    return [utc_text(span[0]), utc_text(span[1]) if span[1] < FOREVER else None]


def _event(row: Row) -> dict[str, Any]:
    """Return a row of the table; `event` is the stored event, whose RFC 8785 form stands in the line byte for byte."""
    line, event, proof = row.line, row.line.event, row.proof
    return {
        "kind": "event",
        "number": line.number,
        "happened_on": line.happened_on.isoformat() if line.happened_on else None,
        "provision": provision(event.fact),
        "topic": event.topic,
        "sha256": row.sha256,
        "corrects": row.corrects,
        "corrected_by": list(row.corrected_by),
        "leaf": {"index": proof.index, "hash": proof.hash.hex(), "path": [node.hex() for node in proof.path]} if proof else None,
        "equal": row.holds,
        "event": orjson.loads(line.row.state),
    }


def case_bundle(desk: Desk, visit: Visit, sources: Sources) -> Response:
    """
    Send the file of a case, as `registry bundle` writes it, piece by piece; that it was taken away is noted.

    Raises: NotThere.
    """
    row = case_row_of(desk, visit)
    parameters(visit.request.url.query, ())
    pieces = sources.bundle(UUID(row.case_id))
    if pieces is None:
        answer = desk.page("refused.html", visit.request, visit.session, status=503, reason="NOT_PROVED_YET")
        answer.headers["retry-after"] = RETRY_AFTER
        return answer
    note_download(desk, visit, [f"case/{row.case_id}"])
    return sent(pieces, f"case-{row.case_id}.zip", ZIP)


def note_download(desk: Desk, visit: Visit, subjects: list[str]) -> None:
    """Note that something confidential is taken away, before it goes out."""
    desk.door.log.note(AccessAct.DOWNLOADED, by=visit.session.reference, actor=visit.session.actor, subjects=subjects)


def saved_as(name: str) -> dict[str, str]:
    """Return the headers under which a browser saves what is sent."""
    return {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}


def sent(pieces: Iterator[bytes], name: str, media: str) -> Response:
    """Send something piece by piece."""
    return StreamingResponse(pieces, 200, saved_as(name), media)
