"""What changed on the list, event by event and in words; the law as published; how long the public sequence is."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import orjson
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Select, func, select

from domain import public
from domain.law.periods import legal_day
from projections.public.questions import Change, FieldChange, Kind
from projections.public.tables import changes, entries, law, sequence
from projections.store import ALWAYS, Batch, Projection, microseconds, upsert

CHANGE = TypeAdapter(Change)
KINDS: dict[type, tuple[Kind, str]] = {
    public.ListEntryPublished: ("PUBLISHED", "listed_on"),
    public.ListEntryUpdated: ("UPDATED", "updated_on"),
    public.ListEntryRemoved: ("REMOVED", "removed_on"),
    public.ListEntryCorrected: ("CORRECTED", "corrected_on"),
}


LAW_EVENTS = (public.ThresholdAmended, public.AnnexXIIIAmended, public.HolidayCalendarPublished, public.BenchmarkOrIndicatorAdded)


class Changes(Projection):
    """Keeps every event of the list with its number, and what it changed. Folded before `PublishedList` and `Sequence` touch their rows."""

    name = "changes.v1"
    tables = (changes,)

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold the batch's list events."""
        length = int(rows.execute(select(sequence.c.length)).scalar() or 0)
        touched = [(leaf, seen.event) for leaf, seen in enumerate(batch, start=length) if type(seen.event.payload) in KINDS]
        number = int(rows.execute(select(func.coalesce(func.max(changes.c.number), 0))).scalar_one())
        content = _content(rows, {event.payload.list_id for _, event in touched})
        told = [self._row(n, leaf, event, content) for n, (leaf, event) in enumerate(touched, start=number + 1)]
        upsert(rows, changes, list(_counted(told, counted(rows, counts(changes.c.number == number), {}))))

    @staticmethod
    def _row(number: int, leaf: int, event: Any, content: dict[str, dict[str, Any]]) -> dict[str, Any]:
        payload = event.payload
        kind, day = KINDS[type(payload)]
        before = content.get(payload.list_id, {})
        after = {**before, **_says(payload)}
        content[payload.list_id] = after
        compared = before if kind in ("UPDATED", "CORRECTED") else after
        change = Change(
            number=number,
            kind=kind,
            on=getattr(payload, day),
            list_id=payload.list_id,
            marketed_names=tuple(after["marketed_names"]),
            provider_name=after["provider_name"],
            fields=tuple(_differences(compared, after)),
            public_reason=getattr(payload, "public_reason", None),
            leaf=leaf,
        )
        return {
            "number": number,
            "list_id": payload.list_id,
            "kind": kind,
            "on_day": change.on.toordinal(),
            "known_at": microseconds(event.public_at),
            "body": bytes(memoryview(orjson.dumps(change))),
        }


def counts(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Ask how many events of each kind the list had up to the last of those that meet conditions."""
    return select(*(changes.c[kind.lower()].label(kind) for kind in get_args(Kind))).where(*conditions).order_by(changes.c.number.desc()).limit(1)


def counted(rows: Connection, query: Select[Any], values: Mapping[str, Any]) -> Counter[Kind]:
    """Return the answer to `counts`."""
    found = rows.execute(query, values).first()
    return Counter(dict(found._mapping) if found else {})


def _counted(told: list[dict[str, Any]], counts: Counter[Kind]) -> Iterator[dict[str, Any]]:
    for row in told:
        counts[row["kind"]] += 1
        yield {**row, **{kind.lower(): counts[kind] for kind in get_args(Kind)}}


def _content(rows: Connection, list_ids: set[str]) -> dict[str, dict[str, Any]]:
    """Return what touched entries said before the batch."""
    query = select(entries.c.list_id, entries.c.body).where(entries.c.list_id.in_(list_ids), entries.c.known_to == ALWAYS)
    found = rows.execute(query.order_by(entries.c.valid_from))
    return {row.list_id: {name: orjson.loads(row.body)[name] for name in public.CONTENT_FIELDS} for row in found}


def _says(payload: Any) -> dict[str, Any]:
    if isinstance(payload, public.EntryContent):
        return {name: getattr(payload, name) for name in public.CONTENT_FIELDS}
    if isinstance(payload, public.ListEntryCorrected):
        return {payload.field: public.from_text(payload.field, payload.new_value)}
    return {}


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[FieldChange]:
    pairs = [(name, public.as_text(before.get(name)), public.as_text(after.get(name))) for name in public.CONTENT_FIELDS]
    return [FieldChange(name, old, new) for name, old, new in pairs if old != new]


class PublishedLaw(Projection):
    """Keeps every published version of the law."""

    name = "law.v1"
    tables = (law,)

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold the batch's law events."""
        number = int(rows.execute(select(func.coalesce(func.max(law.c.number), 0))).scalar_one())
        found = [seen for seen in batch if isinstance(seen.event.payload, LAW_EVENTS)]
        bodies = [{"topic": s.topic, "body": s.event.payload.model_dump_json().encode()} for s in found]
        upsert(rows, law, [{**body, "number": n} for n, body in enumerate(bodies, start=number + 1)])


class Sequence(Projection):
    """Counts the public sequence. Its length is the only position the public ever sees."""

    name = "sequence.v1"
    tables = (sequence,)

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Count the batch's public events."""
        if not batch:
            return
        length = rows.execute(select(sequence.c.length)).scalar() or 0
        day = legal_day(batch[-1].event.public_at).toordinal()
        upsert(rows, sequence, [{"name": "public", "length": length + len(batch), "day": day}])
