"""The list and its entries at their data addresses, in every form."""

from dataclasses import dataclass
from functools import cached_property
from threading import BoundedSemaphore
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from projections.public.questions import EntrySnapshot, Snapshot
from projections.transparency.notes import Checkpoint
from registry_site.public.data.csvw import csv_metadata
from registry_site.public.data.forms import canonical, entry_json, heading, list_csv, list_heading, list_json, list_ndjson
from registry_site.public.data.graph import entry_graph, json_ld, list_graph, turtle
from registry_site.public.data.question import TIMES, DataQuestion
from registry_site.public.data.room import NoSuchForm, Room, kept
from registry_site.public.desk import NotOnTheList

JSON = "application/json"
JSON_LD = "application/ld+json"
CSVW = "application/csvm+json"
LIST_FORMS = {
    "json": JSON,
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
    "jsonld": JSON_LD,
    "ttl": "text/turtle; charset=utf-8",
}
ENTRY_FORMS = {"json": JSON, "jsonld": JSON_LD}
_FEW_AT_ONCE = BoundedSemaphore(4)
"""The whole list in memory takes some hundred times what a page of it does; whoever asks beyond that waits for a turn."""
CSV_METADATA = "/list.csv-metadata.json"


@dataclass(frozen=True)
class ListAnswer:
    """The list at a pair of times, ready to be written."""

    address: str
    question: DataQuestion
    found: Snapshot
    log: Checkpoint | None
    demonstration: bool

    @cached_property
    def about(self) -> dict[str, Any]:
        """Say what the file says of itself."""
        return list_heading(self.question, self.found, self.log, demonstration=self.demonstration)

    def written(self, form: str) -> bytes:
        """Write the list in one of its forms."""
        match form:
            case "json":
                return list_json(self.about, self.found)
            case "ndjson":
                return list_ndjson(self.about, self.found)
            case "csv":
                return list_csv(self.found.entries)
        nodes = list_graph(self.address, self.question, self.found, self.log, demonstration=self.demonstration)
        return json_ld(self.address, nodes) if form == "jsonld" else turtle(self.address, nodes)


def list_answer(room: Room, question: DataQuestion) -> ListAnswer:
    """Ask for the list at a pair of times."""
    found = room.snapshots.snapshot(question.day.when, room.published(), include_removed=question.include_removed)
    return ListAnswer(room.address, question, found, room.tree(question, found.known), room.questions.state().demonstration)


def list_data(room: Room, request: Request) -> Response:
    """Give the list in the form that the address ends with."""
    form = request.path_params["form"]
    if form not in LIST_FORMS:
        raise NoSuchForm({media_type.partition(";")[0]: f"/list.{name}" for name, media_type in LIST_FORMS.items()})
    question = room.question(request, *TIMES, "include_removed")
    with _FEW_AT_ONCE:
        answer = list_answer(room, question)
        written, known = answer.written(form), answer.found.known
    headers = room.dated(known)
    if form == "csv":
        headers["content-disposition"] = f'inline; filename="list-at-log-position-{known.position}.csv"'
        headers["link"] = f'<{question.address(CSV_METADATA)}>; rel="describedby"; type="{CSVW}"'
    return kept(written, LIST_FORMS[form], headers)


def list_metadata(room: Room, request: Request) -> Response:
    """Describe the columns of the CSV file, and name the part of the log that it follows from."""
    question = room.question(request, *TIMES, "include_removed")
    answer = list_answer(room, question)
    return kept(canonical(csv_metadata(room.address, answer.about, question)), CSVW, room.dated(answer.found.known))


def entry_data(room: Room, request: Request) -> Response:
    """Give one entry with its history in the form that the address ends with."""
    list_id, form = request.path_params["list_id"], request.path_params["form"]
    if form not in ENTRY_FORMS:
        raise NoSuchForm({media_type: f"/entries/{list_id}.{name}" for name, media_type in ENTRY_FORMS.items()})
    question = room.question(request, *TIMES)
    found = room.snapshots.entry_snapshot(list_id, question.day.when, room.published())
    if found.entry is None:
        raise NotOnTheList
    return kept(_entry(room, question, found, form), ENTRY_FORMS[form], room.dated(found.known))


def _entry(room: Room, question: DataQuestion, found: EntrySnapshot, form: str) -> bytes:
    log, demonstration = room.tree(question, found.known), room.questions.state().demonstration
    if form == "json":
        return entry_json(heading(question, found.known, log, demonstration=demonstration), found)
    return json_ld(room.address, entry_graph(room.address, question, found, log, demonstration=demonstration))
