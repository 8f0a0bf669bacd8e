"""The case file: every event of a case with its bytes; the cases themselves; the orders that wait for their slot."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, String, bindparam, delete, func, select, update

from domain.ids import Stream
from projections.office.tables import cases, events, orders
from projections.store import Batch, Projection, Seen, append, microseconds, upsert


def case_of(stream: Stream, owners: dict[str, str]) -> str | None:
    """Return the case that an event belongs to: by its stream's name, or for an entry by who was given its number."""
    if stream.kind in ("case", "publication"):
        return stream.key
    return owners.get(stream.key) if stream.kind == "entry" else None


class CaseFile(Projection):
    """Keeps every event with its bytes, by position and by case."""

    name = "case_file.v1"
    tables = (events,)

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def forget(self) -> None:
        """Forget which case owns which entry."""
        self._owners.clear()

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Copy the batch."""
        if not self._owners:
            self._owners = {row.list_id: row.case_id for row in rows.execute(select(cases.c.list_id, cases.c.case_id)) if row.list_id}
        listings = [seen.event for seen in batch if seen.topic == "ListingRecorded"]
        owners = {event.fact.list_id: event.stream.key for event in listings}
        begun = owners.keys() - self._owners.keys() - _opened_in(batch)
        self._owners.update(owners)
        append(rows, events, [self._row(seen, seen.event) for seen in batch])
        for list_id in begun:  # its first event may stand in the batch before the marker that says whose it is
            mine = (events.c.stream == f"entry/{list_id}", events.c.case_id.is_(None))
            rows.execute(update(events).where(*mine).values(case_id=owners[list_id]))

    def _row(self, seen: Seen, event: Any) -> tuple[Any, ...]:
        at, actor, role = microseconds(event.recorded_at), str(event.actor_ref), str(event.role)
        stream, case_id = str(event.stream), case_of(event.stream, self._owners)
        return (seen.position, str(event.event_id), stream, event.version, seen.topic, case_id, at, actor, role, seen.state)


def _opened_in(batch: Batch) -> set[str]:
    """Return the numbers of the entries whose first event stands in a batch."""
    return {seen.event.stream.key for seen in batch if seen.event.version == 1 and seen.event.stream.kind == "entry"}


class Cases(Projection):
    """Keeps one row for each case, with the words it can be found by."""

    name = "cases.v1"
    tables = (cases,)

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold the batch's case events."""
        mine = [seen.event for seen in batch if seen.event.stream.kind == "case"]
        opened = [e for e in mine if e.topic == "ModelCaseOpened"]
        number = int(rows.execute(select(func.coalesce(func.max(cases.c.number), 0))).scalar_one())
        upsert(rows, cases, [_opened(e, n) for n, e in enumerate(opened, start=number + 1)])
        folded = [_folded(case_id, found) for case_id, found in _by_case(mine).items()]
        if folded:
            rows.execute(FOLD, folded)


def _by_case(found: Iterable[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for event in found:
        grouped.setdefault(event.stream.key, []).append(event)
    return grouped


def _opened(event: Any, number: int) -> dict[str, Any]:
    return {
        "case_id": event.stream.key,
        "number": number,
        "internal_name": event.fact.internal_name,
        "words": event.stream.key,
        "version": event.version,
        "opened_at": microseconds(event.recorded_at),
        "list_id": None,
    }


FOLD = (
    update(cases)
    .where(cases.c.case_id == bindparam("folded"))
    .values(
        version=bindparam("last"),
        words=cases.c.words + bindparam("said", type_=String),
        list_id=func.coalesce(bindparam("listing", type_=String), cases.c.list_id),
    )
)


def _folded(case_id: str, found: list[Any]) -> dict[str, Any]:
    words = " ".join(word for e in found for word in _words(e.fact)).casefold()
    listing = next((e.fact.list_id for e in reversed(found) if e.topic == "ListingRecorded"), None)
    return {"folded": case_id, "last": found[-1].version, "said": f" {words}" if words else "", "listing": listing}


WORDS = ("internal_name", "lineage_key", "legal_name", "marketed_name", "commission_ref")


def _words(fact: Any) -> list[str]:
    fields = type(fact).model_fields
    names = [value for name in WORDS if name in fields and (value := getattr(fact, name))]
    return names + list(fact.marketed_names if "marketed_names" in fields else ())


class PublicationDesk(Projection):
    """Keeps the orders that wait for their slot."""

    name = "publication_desk.v1"
    tables = (orders,)

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold the batch's orders."""
        waiting: dict[str, dict[str, Any]] = {}
        done = []
        for event in (seen.event for seen in batch):
            if event.topic == "PublicationOrdered":
                fact = event.fact
                waiting[str(fact.order_id)] = {
                    "order_id": str(fact.order_id), "case_id": event.stream.key, "slot_at": microseconds(fact.slot_at)
                }  # fmt: skip
            elif event.topic in ("PublicationExecuted", "PublicationOrderCancelled"):
                done.append(str(event.fact.order_id))
                waiting.pop(str(event.fact.order_id), None)
        upsert(rows, orders, list(waiting.values()))
        if done:
            rows.execute(delete(orders).where(orders.c.order_id.in_(done)))
