"""Documents in a form: sent with it, chosen among those of the case, or named by their hash. Each way fills in the field of the event."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from api.recording.addresses import OF_A_CASE
from domain.actors import READS_EVERYTHING
from domain.events import documents_named
from registry_site.office.acts import act_name
from registry_site.office.desk import Desk, Visit
from registry_site.office.fields import Field, Sort
from registry_site.office.filled import PREFIX, Wrong, parts_in
from registry_site.office.places import Place
from registry_site.office.uploads import FILE, Files

CHOSEN = "chosen-"
"""Names of inputs that choose a stored document begin with this; the rest is the name of the field that takes the hash."""
SHOWN = 8


@dataclass(frozen=True, slots=True)
class DocumentInput:
    """An input that holds the hash of a document, or of several, one per line."""

    name: str
    label: str
    several: bool


def document_inputs(fields: Sequence[Field], written: Mapping[str, str], prefix: str = PREFIX, group: str = "") -> Iterator[DocumentInput]:
    """Yield the inputs of a form that name documents, those of its groups included."""
    for field in fields:
        name = f"{prefix}{field.name}"
        if field.sort is Sort.PARTS:
            for number in range(1, parts_in(written, name) + 1):
                yield from document_inputs(field.parts, written, f"{name}-{number}-", f"{field.label}, {number}: ")
        elif Sort.DOCUMENT in (field.sort, field.item):
            yield DocumentInput(name, f"{group}{field.label}", field.sort is Sort.LINES)


def takes_documents(fields: Sequence[Field]) -> bool:
    """Tell whether a form names documents."""
    return any(True for _ in document_inputs(fields, {}))


def with_documents(fields: Sequence[Field], written: Mapping[str, str], sent: Mapping[str, str], files: Files) -> dict[str, str]:
    """Return what was written, with the hashes of what was sent and chosen; of one document a file goes before a choice, and that before a hash."""
    found = dict(written)
    for each in document_inputs(fields, written):
        new = [*sent.get(f"{CHOSEN}{each.name}", "").split(), *(stored.hash for stored in files.stored.get(f"{FILE}{each.name}", ()))]
        if new:
            found[each.name] = "\n".join(dict.fromkeys([*found.get(each.name, "").split(), *new])) if each.several else new[-1]
    return found


def refused_files(fields: Sequence[Field], written: Mapping[str, str], files: Files) -> list[Wrong]:
    """Return why files were not taken, in the order of the form."""
    return [
        Wrong(f"#{FILE}{each.name}", f"{FILE}{each.name}", f"{each.label}: the file {files.refused[f'{FILE}{each.name}']}")
        for each in document_inputs(fields, written)
        if f"{FILE}{each.name}" in files.refused
    ]


def stored_in_case(desk: Desk, visit: Visit, place: Place) -> list[tuple[str, str]]:
    """Return the stored documents that the events of a case name, newest first, each with what it is; for those who read the whole file."""
    if place.stream.kind not in OF_A_CASE or visit.session.actor.role not in READS_EVERYTHING:
        return []
    named: dict[str, str] = {}
    for row in desk.office.history(UUID(place.stream.key), desk.clock()):
        named |= {digest: act_name(row.event.topic) for _, digest in documents_named(row.event.fact)}
    known = desk.documents.known(named)
    return [(digest, f"{told}, {known[digest].media_type}, {digest[:SHOWN]}") for digest, told in reversed(named.items()) if digest in known]
