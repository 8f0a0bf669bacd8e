"""
Taking in a notification: the instant of receipt first, then the form as it was sent, checked for what is there; then the event, filled in.

The check says what is there on three levels and refuses nothing: what arrived is recorded as it arrived (Article 52(1); Guidelines 2.3.2). Nothing is
recorded here; the documents that the event will name are stored.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic_core import to_jsonable_python
from starlette.responses import Response

from api.notification_form.reading import MOST_BYTES, Complaint, FormUnreadable, read_form
from api.notification_form.writing import load_expectations
from api.recording.addresses import Address
from api.stores.documents import AccessClass, Classification
from domain.actors import Role
from domain.completeness.check import LEVELS, Check, check
from domain.completeness.filing import arguments_of, documents_of, notification_fields
from domain.completeness.form import NotificationForm
from domain.errors import Malformed
from domain.events import EVENTS
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.law.provisions import CHAPTER_V
from domain.types import instant
from projections.office.questions import CaseRow
from registry_site.office.case import case_row_of
from registry_site.office.desk import Desk, Visit
from registry_site.office.fields import Field, fields_of
from registry_site.office.filled import PREFIX, Wrong, read_data, written_of
from registry_site.office.places import Place, version_at
from registry_site.office.prefilled import prefilled
from registry_site.office.uploads import FILE

TAKES_IN = frozenset({Role.CASE_OFFICER})
NOTIFICATION, ARGUMENTS = EVENTS["NotificationReceived"], EVENTS["ArgumentsReceived"]
RECEIPT = ("received_at", "channel")
SENT, PASTED, INCLUDED = "form", "pasted", "arguments"


@dataclass(frozen=True, slots=True)
class Found:
    """A form that arrived, with what is there of it, and the events that it fills in; `lacks` is why an event cannot be filled in."""

    form: NotificationForm
    received_at: datetime
    check: Check
    included: bool
    notification: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()


def show_intake(desk: Desk, visit: Visit) -> Response:
    """Ask for receipt, the question of arguments, and the form; with what was written before a session ended. Raises: NotThere."""
    kept = desk.door.kept.find(visit.session.account, visit.request.url.path)
    return _asking(desk, Visit(visit.request, visit.session, kept or {}), case_row_of(desk, visit), kept=kept is not None)


def take_in(desk: Desk, visit: Visit) -> Response:
    """Check what arrived, and fill in the events of its receipt. Raises: NotThere."""
    row = case_row_of(desk, visit)
    desk.door.kept.forget(visit.session.account, visit.request.url.path)
    data, unreadable = read_data(receipt_fields(), visit.fields)
    bad = [*_wrong_receipt(data, unreadable), *_wrong_answers(visit)]
    raw = _raw(desk, visit)
    if bad or raw is None:
        return _asking(desk, visit, row, bad=bad)
    try:
        form = read_form(raw)
    except FormUnreadable as unreadable_form:
        return _asking(desk, visit, row, complaints=unreadable_form.complaints)
    found = _found(desk, visit, row, form, raw, data)
    desk.note_read(visit, [f"case/{row.case_id}"])
    return desk.page("intake_check.html", visit.request, visit.session, case=row, found=found, levels=LEVELS, seen=_seen(desk, visit, row))


def receipt_fields() -> tuple[Field, ...]:
    """Return the fields of the receipt, as the event has them."""
    return tuple(each for each in fields_of(NOTIFICATION) if each.name in RECEIPT)


# -- Page 1 -------------------------------------------------------------------------------


def _wrong_receipt(data: dict[str, Any], unreadable: dict[str, str]) -> list[Wrong]:
    found = []
    if "received_at" not in data:
        found.append(Wrong(f"#{PREFIX}received_at-day", f"{PREFIX}received_at", f"Received at {unreadable.get('received_at', 'is missing')}"))
    if data.get("channel") not in next(each.choices for each in receipt_fields() if each.name == "channel"):
        found.append(Wrong(f"#{PREFIX}channel", f"{PREFIX}channel", "Channel is missing"))
    return found


def _wrong_answers(visit: Visit) -> list[Wrong]:
    found = []
    if visit.fields.get(INCLUDED) not in ("yes", "no"):
        found.append(Wrong(f"#{INCLUDED}", INCLUDED, "Say whether arguments came in the same submission"))
    if refused := visit.files.refused.get(f"{FILE}{SENT}"):
        found.append(Wrong(f"#{FILE}{SENT}", f"{FILE}{SENT}", f"The file {refused}"))
    elif not visit.files.stored.get(f"{FILE}{SENT}") and not visit.fields.get(PASTED, "").strip():
        found.append(Wrong(f"#{PASTED}", PASTED, "Choose the file of the form, or paste its text"))
    return found


def _raw(desk: Desk, visit: Visit) -> bytes | None:
    """Return the form as it arrived: the file before what was pasted, and no more of it than a form may have, and one byte."""
    sent = visit.files.stored.get(f"{FILE}{SENT}", [])
    document = desk.documents.find(sent[-1].hash) if sent else None
    if document is not None:
        with desk.documents.opened(document) as opened:
            return opened.read(MOST_BYTES + 1)
    pasted = visit.fields.get(PASTED, "").replace("\r\n", "\n")
    return pasted.encode() if pasted.strip() else None


def _asking(
    desk: Desk, visit: Visit, row: CaseRow, *, bad: list[Wrong] | None = None, complaints: tuple[Complaint, ...] = (), kept: bool = False
) -> Response:  # fmt: skip
    errors = {each.field: each.text for each in bad or []}
    fields = {each.name: each for each in receipt_fields()}
    return desk.page(
        "intake.html", visit.request, visit.session, status=422 if bad or complaints else 200, case=row, fields=fields, written=visit.fields,
        bad=bad or [], errors=errors, complaints=complaints, options={}, kept=kept,
    )  # fmt: skip


# -- Page 2 -------------------------------------------------------------------------------


def _found(desk: Desk, visit: Visit, row: CaseRow, form: NotificationForm, raw: bytes, data: dict[str, Any]) -> Found:
    received_at = instant(data["received_at"])
    included = visit.fields[INCLUDED] == "yes"
    threshold = desk.office.law(desk.clock()).threshold_on(max(form.trigger.trigger_on or legal_day(received_at), CHAPTER_V))
    checked = check(form, load_expectations(), threshold.value_flop if threshold else None)
    try:
        stated = {**notification_fields(form, raw), **data, "arguments_included": included}
        argued = arguments_of(form)
        _store(desk, visit, documents_of(form, raw))
    except Malformed as lacking:
        return Found(form, received_at, checked, included, lacks=(f"{lacking.field} {lacking.sentence}",))
    filing = {"submission_id": str(uuid4())}
    notification = _written(desk, row, "NotificationReceived", {**stated, **filing})
    filed = {"received_at": data["received_at"], "filer_role": stated["filer_role"], **filing}
    arguments = _written(desk, row, "ArgumentsReceived", {**argued.fields(), **filed}) if argued else {}
    return Found(form, received_at, checked, included, notification, arguments)


def _written(desk: Desk, row: CaseRow, topic: str, data: dict[str, Any]) -> dict[str, str]:
    place = _place(row, topic)
    given = prefilled(desk, place, desk.clock())
    if data.get("filer_role") == "PROVIDER" and f"{PREFIX}provider_ref" in given:
        given[f"{PREFIX}filer_ref"] = given[f"{PREFIX}provider_ref"]  # the single provider files itself
    return {**given, **written_of(fields_of(place.kind), to_jsonable_python(data, exclude_none=True))}


def _place(row: CaseRow, topic: str) -> Place:
    return Place("cases", Address(Stream("case", row.case_id), EVENTS[topic]))


def _seen(desk: Desk, visit: Visit, row: CaseRow) -> int:
    return version_at(desk, _place(row, "NotificationReceived"), visit.session.actor)


def _store(desk: Desk, visit: Visit, documents: dict[str, bytes]) -> None:
    """Store what the events name; the provider may read it in its own file."""
    for content in documents.values():
        with desk.documents.uploading("", desk.settings.document_bytes) as arriving:
            arriving.write(content)
            stored = arriving.keep()
            desk.documents.add(stored, visit.session.actor.ref, desk.clock(), Classification(AccessClass.PROVIDER_FILE))
