"""Histories of the public list to be folded, and the list at a pair of times by replaying everything: naive, and slow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.actors import Role
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.list_entry import ListEntryCorrected, ListEntryPublished, ListEntryRemoved, ListEntryUpdated
from domain.public import CONTENT_FIELDS, as_text, from_text
from domain.record import Event, Fact, LawVersions
from projections.public.questions import Listed
from tests.scenario import actor, brussels, fact, named

START = brussels("2026-03-01", 23)
TICK = timedelta(microseconds=1)
CONTENT: dict[str, Any] = {
    "marketed_names": ["Alpha"],
    "provider_name": "Alpha AI",
    "provider_country": "FR",
    "public_grounds": ["51(1)(a)"],
}


def listed(at: datetime, list_id: str = "1", **content: Any) -> tuple[datetime, Fact]:
    """A model is put on the list."""
    return at, fact("ListEntryPublished", list_id=list_id, listed_on=str(legal_day(at)), **{**CONTENT, **content})


def updated(at: datetime, list_id: str = "1", **content: Any) -> tuple[datetime, Fact]:
    """An entry is brought up to date."""
    return at, fact("ListEntryUpdated", list_id=list_id, updated_on=str(legal_day(at)), **{**CONTENT, **content})


def removed(at: datetime, list_id: str = "1", reason: str = "NO_LONGER_CLASSIFIED") -> tuple[datetime, Fact]:
    """A model is taken off the list."""
    return at, fact("ListEntryRemoved", list_id=list_id, removed_on=str(legal_day(at)), public_reason=reason)


def corrected(at: datetime, field: str, old: str, new: str, list_id: str = "1") -> tuple[datetime, Fact]:
    """A misprint is put right."""
    return at, fact("ListEntryCorrected", list_id=list_id, corrected_on=str(legal_day(at)), field=field, old_value=old, new_value=new)


def events_of(happened: Iterable[tuple[datetime, Fact]]) -> list[Event[Any]]:
    """Put facts into envelopes, on the streams they belong to."""
    versions: dict[Stream, int] = {}
    found = []
    for at, what in happened:
        kind = what.STREAMS[0]
        stream = Stream(kind, str(getattr(what, "list_id", "")) if kind == "entry" else "")
        versions[stream] = versions.get(stream, 0) + 1
        by = actor(Role.PUBLICATION_OFFICER)
        found.append(
            Event(
                named(f"{stream} {versions[stream]}"), stream, versions[stream], at, by.ref, by.role, named("c"), None, LawVersions(1, 1, 1), 1, what
            )
        )
    return found


# -- Replay --------------------------------------------------------------------------


def entry_at(events: Iterable[Event[Any]], list_id: str, valid_at: date | None, known_at: datetime | None) -> Listed | None:
    """
    Replay what was known: the last thing said on or before a day, with every misprint put right that was found by then.

    No day given means what is said now.
    """
    said: list[Listed] = []
    for event in events:
        if event.stream.key == list_id and (known_at is None or event.recorded_at <= known_at):
            said = _said(said, event.fact)
    standing = [entry for entry in said if valid_at is None or _begins(entry) <= valid_at]
    return standing[-1] if standing else None


def _begins(entry: Listed) -> date:
    return max(day for day in (entry.listed_on, entry.updated_on, entry.removed_on) if day)


def _said(before: list[Listed], what: Fact) -> list[Listed]:
    if isinstance(what, ListEntryCorrected):
        changed = [_corrected(entry, what) for entry in before]
        return [*changed[:-1], replace(changed[-1], changed_on=what.corrected_on)]
    if isinstance(what, ListEntryRemoved):
        return [*before, replace(before[-1], removed_on=what.removed_on, public_reason=what.public_reason, changed_on=what.removed_on)]
    content = {name: getattr(what, name) for name in CONTENT_FIELDS}
    if isinstance(what, ListEntryUpdated):
        day, first, changed_on = what.updated_on, before[-1].listed_on, what.updated_on
        return [
            *before,
            Listed(list_id=what.list_id, listed_on=first, updated_on=day, removed_on=None, public_reason=None, changed_on=changed_on, **content),
        ]
    assert isinstance(what, ListEntryPublished)
    day = what.listed_on
    return [*before, Listed(list_id=what.list_id, listed_on=day, updated_on=None, removed_on=None, public_reason=None, changed_on=day, **content)]


def _corrected(entry: Listed, what: ListEntryCorrected) -> Listed:
    value: dict[str, Any] = {what.field: from_text(what.field, what.new_value)}
    return replace(entry, **value) if as_text(getattr(entry, what.field)) == what.old_value else entry


# -- Any history ---------------------------------------------------------------------

contents = st.fixed_dictionaries(
    {
        "marketed_names": st.sampled_from([["Alpha"], ["Alpha", "Alpha 2"], ["Ωmega %_"]]),
        "provider_name": st.sampled_from(["Alpha AI", "Beta AI", None]),
        "provider_country": st.sampled_from(["FR", "US"]),
        "public_grounds": st.sampled_from([["51(1)(a)"], ["52(4)"], ["51(1)(a)", "52(4)"]]),
        "note": st.sampled_from([None, None, "OFF_MARKET"]),
    }
)
CORRECTIONS = {"marketed_names": ("Alpha", "Beta; Gamma"), "provider_name": ("Alpha AI", "Gamma AI"), "provider_country": ("FR", "DE")}
PAUSES = (timedelta(0), timedelta(0), TICK, timedelta(minutes=59, seconds=59), timedelta(hours=1), timedelta(hours=26), timedelta(days=40))


@dataclass
class _Entry:
    content: dict[str, Any] | None = None
    on_list: bool = False


@st.composite
def histories(draw: Any) -> list[Event[Any]]:
    """Draw events of the list as the register would allow them: an entry is published, updated, corrected, removed, published again."""
    at, entries = START, {"1": _Entry(), "2": _Entry()}
    happened = []
    for _ in range(draw(st.integers(1, 10))):
        at += draw(st.sampled_from(PAUSES))
        list_id = draw(st.sampled_from(["1", "1", "2"]))
        happened.append(_next(draw, at, list_id, entries[list_id]))
    return events_of(happened)


def _next(draw: Any, at: datetime, list_id: str, entry: _Entry) -> tuple[datetime, Fact]:
    if not entry.on_list:
        entry.on_list, entry.content = True, draw(contents)
        return listed(at, list_id, **entry.content)
    what = draw(st.sampled_from(["update", "remove", "correct", "correct"]))
    possible = [name for name in CORRECTIONS if entry.content and entry.content[name]]
    if what == "update":
        entry.content = draw(contents)
        return updated(at, list_id, **entry.content)
    if what == "remove":
        entry.on_list = False
        return removed(at, list_id, draw(st.sampled_from(["NO_LONGER_CLASSIFIED", "ANNULLED"])))
    field = draw(st.sampled_from(possible))
    assert entry.content
    old, new = str(as_text(entry.content[field])), draw(st.sampled_from(CORRECTIONS[field]))
    entry.content = {**entry.content, field: new.split("; ") if field == "marketed_names" else new}
    return corrected(at, field, old, new, list_id)


def plain(entry: Listed | None) -> dict[str, Any] | None:
    """Return an entry as a mapping, which shows differences better."""
    return asdict(entry) if entry else None
