"""The addresses of the register as data. None of them carries a language."""

from collections.abc import Callable
from datetime import datetime

from starlette.routing import BaseRoute

from projections.public.questions import PublicQuestions, SnapshotQuestions
from registry_site.public.data.lists import CSV_METADATA, entry_data, list_data, list_metadata
from registry_site.public.data.room import PublishedLog, Room, route


def public_data(
    questions: PublicQuestions, snapshots: SnapshotQuestions, log: PublishedLog, *, clock: Callable[[], datetime], address: str
) -> list[BaseRoute]:
    """Give the routes; they stand before those of the pages, since `/entries/1.json` is no entry called "1.json"."""
    room = Room(questions, snapshots, log, clock, address)
    return [
        route(room, CSV_METADATA, list_metadata),
        route(room, "/list.{form}", list_data),
        route(room, "/entries/{list_id}.{form}", entry_data),
    ]
