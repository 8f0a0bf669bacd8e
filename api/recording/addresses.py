"""
Addresses: which event of which record a request names.

`ModelDesignatedUnder52_4` is `model-designated-under-52-4`: words, runs of capitals and runs of digits, joined by hyphens. Names are looked up, never
computed back, and where the hyphens stand makes no difference, so `under52-4` finds the same event.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from uuid import UUID

from domain.errors import NotInRegister
from domain.events import EVENTS
from domain.ids import ALONE, Kind, Stream
from domain.record import Fact

COLLECTIONS: dict[str, Kind] = {
    "cases": "case",
    "alerts": "alert",
    "publications": "publication",
    "entries": "entry",
    "challenges": "challenge",
    "law": "law",
    "register": "register",
}
"""First part of an address, and the kind of record it names."""
OF_A_CASE: tuple[Kind, ...] = ("case", "publication", "entry")
"""Kinds of record that are addressed by their case."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|\d+")
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """What a request addresses: a record, and the event to be recorded on it."""

    stream: Stream
    kind: type[Fact]


def kebab(topic: str) -> str:
    """Return an event's name as it stands in addresses."""
    return "-".join(_WORD.findall(topic)).lower()


@lru_cache
def events_of(kind: Kind) -> dict[str, type[Fact]]:
    """Return the events of a kind of record by their names in addresses."""
    return {kebab(topic): fact for topic, fact in EVENTS.items() if kind in fact.STREAMS}


@lru_cache
def _by_letters(kind: Kind) -> dict[str, type[Fact]]:
    return {name.replace("-", ""): fact for name, fact in events_of(kind).items()}


def stream_at(collection: str, key: str) -> Stream:
    """
    Return the record that an address names; `law` and `register` have no key.

    Raises: NotInRegister for another collection, or a key that is no identifier.
    """
    kind = COLLECTIONS.get(collection)
    if kind is None or (kind in ALONE) != (key == ""):
        raise NotInRegister(_nowhere(collection))
    if key and not _UUID.fullmatch(key):
        raise NotInRegister(f"{key!r} is no identifier; a new record takes a random one, such as 3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10")
    return Stream(kind, str(UUID(key)) if key else "")


def event_at(stream: Stream, name: str) -> type[Fact]:
    """
    Return the event type that an address names.

    Raises: NotInRegister, naming the nearest.
    """
    fact = _by_letters(stream.kind).get(name.replace("-", ""))
    if fact is None:
        near = get_close_matches(name, events_of(stream.kind), n=1)
        raise NotInRegister(f"no event of this kind of record is called {name!r}{f'; did you mean {near[0]}?' if near else _elsewhere(name)}")
    return fact


def address_at(path: str) -> Address:
    """
    Return what the path of a recording names: `cases/3f2b8a1e-…/threshold-met`, `law/threshold-amended`.

    Raises: NotInRegister.
    """
    collection, _, rest = path.partition("/")
    key, _, name = rest.rpartition("/")
    stream = stream_at(collection, key)
    return Address(stream, event_at(stream, name))


def _elsewhere(name: str) -> str:
    places = [collection for collection, kind in COLLECTIONS.items() if name in events_of(kind)]
    return f"; it belongs to {' or '.join(places)}" if places else ""


def _nowhere(collection: str) -> str:
    near = get_close_matches(collection, COLLECTIONS, n=1)
    return f"there is nothing at this address{f'; did you mean {near[0]}?' if near and near[0] != collection else ''} (see /api/v1/openapi.json)"
