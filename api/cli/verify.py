"""`registry verify`: recompute everything from the events, and say precisely what differs."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from api.settings import Settings
from api.stores.event_store.factory import Recorder, open_recorder
from api.stores.event_store.mapper import EventDecoder, to_bytes
from api.stores.keys import KeyFolder, KeyRefused, default_folder
from api.stores.log_store import PUBLIC, LogStore
from api.wiring import published, tracks, views
from projections.follower import Track
from projections.transparency.answers import LogAnswers
from projections.transparency.leaves import public_leaf
from projections.transparency.verification import again, verify_log

EXAMPLE = "example:\n  registry verify --json"
BATCH = 5_000


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "verify", help="recompute everything", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.add_argument("--json", action="store_true", help="print one object")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Verify; 1 when anything differs."""
    found = list(differences(Settings()))
    if given.json:
        print(json.dumps({"ok": not found, "differences": found}, ensure_ascii=False))
    else:
        for sentence in found:
            print(sentence)
        print("Everything is as the events say." if not found else f"{len(found)} differences.", file=sys.stderr)
    return 1 if found else 0


def differences(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each difference: in the stored events, the read models, the log and what is published of it."""
    recorder = open_recorder(settings.database_url)
    try:
        yield from _events(recorder)
        yield from _read_models(settings.database_url, recorder)
        yield from _log(settings.database_url, recorder)
    finally:
        recorder.close()


def _events(recorder: Recorder) -> Iterator[str]:
    """Every stored event reads, and writes again, to the same bytes; versions are dense and times never run backwards."""
    decoder, versions, last = EventDecoder(), dict[str, int](), 0
    reached = 0
    while raw := recorder.raw_events(reached, BATCH):
        for position, topic, state in raw:
            event = decoder.event(topic, state)
            if to_bytes(event) != state:
                yield f"Event {position} ({topic}): its bytes are not the canonical form of what they say."
            stream, at = str(event.stream), int(event.recorded_at.timestamp() * 1_000_000)
            if event.version != versions.get(stream, 0) + 1:
                yield f"Event {position} ({topic}): version {event.version} of {stream} follows version {versions.get(stream, 0)}."
            if at < last:
                yield f"Event {position} ({topic}): it was recorded before the event that precedes it."
            versions[stream], last = event.version, at
        reached = raw[-1][0]


def _read_models(url: str, recorder: Recorder) -> Iterator[str]:
    """Fold every event into fresh read stores and compare them with those in use, row by row."""
    decoder = EventDecoder()
    live = tracks(views(url), published(url), decoder)
    fresh = tracks(views(url, "_verified"), published(url, "_verified"), decoder)
    for old, new in zip(live, fresh, strict=True):
        new.store.create(empty=True)
        try:
            while new.step(recorder):
                pass
            if old.position() != new.position():
                yield f"The read store {old.store.name} has followed to position {old.position()} of {new.position()}: start the service, or rebuild."
            else:
                yield from _tables(old, new)
        finally:
            new.store.discard()
            old.close()


def _tables(old: Track, new: Track) -> Iterator[str]:
    for table in old.store.projected():
        keys = list(table.primary_key)
        with old.store.reading() as there, new.store.reading() as here:
            kept = {tuple(row._mapping[key] for key in keys): tuple(row) for row in there.execute(select(table))}
            made = {tuple(row._mapping[key] for key in keys): tuple(row) for row in here.execute(select(table))}
        for key in sorted(kept.keys() | made.keys(), key=str):
            if kept.get(key) != made.get(key):
                fault = "is missing" if key not in kept else "should not be there" if key not in made else "differs"
                yield f"Read model {old.store.name}, table {table.name}, row {key}: {fault}."


def _log(url: str, recorder: Recorder) -> Iterator[str]:
    store = LogStore(url)
    try:
        if not store.is_created() or store.origin() is None:
            return  # no log was ever opened
        yield from verify_log(store, recorder, again(public_leaf), KeyFolder(default_folder(url)).verifiers(PUBLIC), LogAnswers(published(url)))
    except KeyRefused as refused:
        yield f"The keys of the log: {refused}"
    finally:
        store.close()
