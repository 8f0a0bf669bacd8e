"""The published list at any pair of times: rectangles of (listing days, knowledge), not replays (Article 52(6))."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, select

from domain import public
from projections.public.questions import Listed
from projections.public.tables import entries
from projections.store import ALWAYS, Batch, Projection, microseconds, upsert

LIST_EVENTS = (public.ListEntryPublished, public.ListEntryUpdated, public.ListEntryRemoved, public.ListEntryCorrected)
LAST_DAY = date.max.toordinal()
LISTED = TypeAdapter(Listed)


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """A public event as this side sees it: its payload, and the instant at which it became public."""

    payload: Any
    public_at: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """What an entry says over a stretch of listing days, as last known."""

    valid_from: int
    valid_to: int
    listed: Listed
    known_from: int


class PublishedList(Projection):
    """Keeps the list of Article 52(6) at every pair of times."""

    name = "published_list.v1"
    tables = (entries,)

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold the batch's list events, loading and writing each touched entry once."""
        touched = [seen.event for seen in batch if isinstance(seen.event.payload, LIST_EVENTS)]
        current = _known(rows, {event.payload.list_id for event in touched})
        fresh: dict[tuple[str, int, int], dict[str, Any]] = {}
        for event in touched:
            list_id, at = event.payload.list_id, microseconds(event.public_at)
            before = current.get(list_id, [])
            after = list(_folded(before, event.payload, at))
            for stretch in before:
                if stretch not in after:
                    _end(fresh, list_id, stretch, at)
            for stretch in after:
                if stretch not in before:
                    fresh[_key(list_id, stretch)] = _row(list_id, stretch)
            current[list_id] = after
        _write(rows, fresh)


def _known(rows: Connection, list_ids: set[str]) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    query = select(entries).where(entries.c.list_id.in_(list_ids), entries.c.known_to == ALWAYS).order_by(entries.c.valid_from)
    for row in rows.execute(query):
        found.setdefault(row.list_id, []).append(Stretch(row.valid_from, row.valid_to, LISTED.validate_json(row.body), row.known_from))
    return found


def _folded(before: list[Stretch], payload: Any, at: int) -> Iterator[Stretch]:
    """Return an entry's stretches after an event: what was said before its day stays, what it says begins on its day."""
    if isinstance(payload, public.ListEntryCorrected):
        yield from (_corrected(stretch, payload, at) for stretch in before)
        return
    day = _day_of(payload).toordinal()
    for stretch in before:
        if stretch.valid_to <= day:
            yield stretch
        elif stretch.valid_from < day:
            yield replace(stretch, valid_to=day, known_from=at)
    yield Stretch(day, LAST_DAY, _listed(before[-1].listed if before else None, payload), at)


def _corrected(stretch: Stretch, payload: public.ListEntryCorrected, at: int) -> Stretch:
    """Set a misprint right for all the time it stood: the entry is now known to have said the right thing all along."""
    if public.as_text(getattr(stretch.listed, payload.field)) != payload.old_value:
        return stretch
    value = public.from_text(payload.field, payload.new_value)
    changed_on = payload.corrected_on if stretch.valid_to == LAST_DAY else stretch.listed.changed_on
    right: dict[str, Any] = {payload.field: value, "changed_on": changed_on}
    return replace(stretch, listed=replace(stretch.listed, **right), known_from=at)


def _day_of(payload: Any) -> date:
    for name in ("listed_on", "updated_on", "removed_on"):
        if hasattr(payload, name):
            return getattr(payload, name)  # type: ignore[no-any-return]
    raise TypeError(f"{type(payload).__name__} is no event of the list")


def _listed(before: Listed | None, payload: Any) -> Listed:
    if isinstance(payload, public.ListEntryRemoved):
        if before is None:
            raise LookupError(f"entry {payload.list_id} was removed before it was published")
        return replace(before, removed_on=payload.removed_on, public_reason=payload.public_reason, changed_on=payload.removed_on)
    content = {name: getattr(payload, name) for name in public.CONTENT_FIELDS}
    day = _day_of(payload)
    updated = isinstance(payload, public.ListEntryUpdated)
    return Listed(
        list_id=payload.list_id,
        listed_on=before.listed_on if updated and before else day,
        updated_on=day if updated else None,
        removed_on=None,
        public_reason=None,
        changed_on=day,
        **content,
    )


# -- Rows --------------------------------------------------------------------------


def _key(list_id: str, stretch: Stretch) -> tuple[str, int, int]:
    return (list_id, stretch.valid_from, stretch.known_from)


def _row(list_id: str, stretch: Stretch) -> dict[str, Any]:
    listed = stretch.listed
    name = listed.marketed_names[0]
    words = " ".join((*listed.marketed_names, listed.provider_name or "", listed.representative_name or "", f"#{list_id}"))
    return {
        "list_id": list_id,
        "valid_from": stretch.valid_from,
        "known_from": stretch.known_from,
        "valid_to": stretch.valid_to,
        "known_to": ALWAYS,
        "on_list": listed.removed_on is None,
        "number": int(list_id),
        "country": listed.provider_country,
        "grounds": " ".join(listed.public_grounds),
        "words": words.casefold(),
        "name": name.casefold(),
        "provider": (listed.provider_name or "").casefold(),
        "listed_on": listed.listed_on.toordinal(),
        "changed_on": listed.changed_on.toordinal(),
        "body": bytes(memoryview(orjson.dumps(listed))),
    }


def _end(fresh: dict[tuple[str, int, int], dict[str, Any]], list_id: str, stretch: Stretch, at: int) -> None:
    """Close a row on the known axis; one that was known for no time at all is not kept."""
    row = fresh.get(_key(list_id, stretch)) or _row(list_id, stretch)
    fresh[_key(list_id, stretch)] = {**row, "known_to": at}


def _write(rows: Connection, fresh: dict[tuple[str, int, int], dict[str, Any]]) -> None:
    lasting = [row for row in fresh.values() if row["known_to"] > row["known_from"]]
    for row in fresh.values():
        if row["known_to"] <= row["known_from"]:
            key = (entries.c.list_id == row["list_id"], entries.c.valid_from == row["valid_from"], entries.c.known_from == row["known_from"])
            rows.execute(delete(entries).where(*key))
    upsert(rows, entries, lasting)
