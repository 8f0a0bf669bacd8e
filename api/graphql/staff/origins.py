"""Which event set a field, and which documents a case refers to: read off the events themselves, nothing else is asked."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from api.graphql.common.errors import bad_input
from api.graphql.common.scalars import Json
from api.graphql.staff.types import DocumentReference, Origin, StoredDocument, said
from api.stores.documents import DocumentStore
from domain.events import EVENTS, documents_named
from domain.list_entry import ListEntryCorrected
from projections.office.questions import EventRow

FIELDS = frozenset(name for fact in EVENTS.values() for name in fact.model_fields)
SAID_AS = {"condition_met_on": {"ThresholdMet": "on"}}
"""Facts that an event names otherwise."""


def origins(rows: Iterable[EventRow], asked: str) -> Iterator[Origin]:
    """
    Yield the events that set a field, the last one being in force. A field is asked for by its name, or with the event it stands in.

    Raises: GraphQLError for a field that no event has.
    """
    topic, _, name = asked.rpartition(".")
    _refuse_unknown(asked, topic, name)
    for row in rows:
        if topic not in ("", row.event.topic):
            continue
        field, value = _set_by(row, name)
        if value is not None:
            yield Origin(field=field, value=Json(value), **_event(row))


def _set_by(row: EventRow, name: str) -> tuple[str, Any]:
    fact = row.event.fact
    if isinstance(fact, ListEntryCorrected) and fact.field == name:
        return "new_value", fact.new_value
    field = SAID_AS.get(name, {}).get(row.event.topic, name)
    return field, said(row).get(field)


def _refuse_unknown(asked: str, topic: str, name: str) -> None:
    known = EVENTS[topic].model_fields if topic in EVENTS else FIELDS
    if name in known and (not topic or topic in EVENTS):
        return
    near = get_close_matches(name, known, n=1)
    raise bad_input(f"field: no event has {asked!r}.{f' Did you mean {near[0]}?' if near else ''} Write a field's name, or Event.field.")


def documents(rows: Iterable[EventRow], store: DocumentStore) -> list[DocumentReference]:
    """Return every reference to a document, in the order of recording, with what is stored of it; an event may name what nobody stored."""
    named = [(row, field, digest) for row in rows for field, digest in documents_named(row.event.fact)]
    known = store.known({digest for _, _, digest in named})
    stored = {digest: StoredDocument.of(document, present=store.is_present(document)) for digest, document in known.items()}
    return [DocumentReference(hash=digest, field=field, stored=stored.get(digest), **_event(row)) for row, field, digest in named]


def _event(row: EventRow) -> dict[str, Any]:
    return {"event_id": row.event.event_id, "topic": row.event.topic, "recorded_at": row.event.recorded_at}
