"""A case held against its proofs: each event as it is shown, as it is stored, and as its leaf has it; and whether any is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from domain.list_entry import ListEntryCorrected
from domain.public import EntryContent
from domain.record import CORRECTIONS, History, evolve
from projections.transparency.case_evidence import Evidence, Proof
from registry_site.office.acts import Line, lines_of
from registry_site.office.audit.sources import Sources
from registry_site.office.desk import Desk


@dataclass(frozen=True, slots=True)
class Row:
    """An event of the case. `stored` are its bytes in the event store; `waits` says that no checkpoint can have it yet."""

    line: Line
    stored: bytes | None
    proof: Proof | None
    waits: bool
    corrects: int | None
    corrected_by: tuple[int, ...]

    @property
    def sha256(self) -> str:
        """Return the hash of the bytes as stored."""
        return sha256(self.stored or b"").hexdigest()

    @property
    def is_shown_as_stored(self) -> bool:
        """Tell whether the page shows what the event store has."""
        return self.stored == self.line.row.state

    @property
    def is_leaf_as_stored(self) -> bool:
        """Tell whether the leaf has what the event store has."""
        return self.proof is not None and self.proof.leaf.state == self.stored

    @property
    def holds(self) -> bool:
        """Tell whether page, event store and leaf are equal, and the leaf leads to the signed root."""
        return self.is_shown_as_stored and self.is_leaf_as_stored and self.proof is not None and self.proof.holds


@dataclass(frozen=True, slots=True)
class Examined:
    """The events known at the time asked for; and of all that there are, how many are present and what is wrong with the rest, in sentences."""

    rows: list[Row]
    evidence: Evidence
    present: int
    later: int
    waiting: int
    gaps: list[str]


def examined(desk: Desk, sources: Sources, case_id: UUID, known_at: datetime) -> Examined:
    """Hold a case against the event store and the log of the cases."""
    evidence = sources.evidence.of(f"case/{case_id}")
    # The log may be ahead of the read model; what it has proved must be there before it can be missed.
    desk.register.follower.wait_for(evidence.reached, desk.settings.wait_seconds)
    lines = lines_of(desk.office.history(case_id))
    known = [line for line in lines if line.event.recorded_at <= known_at]
    proofs = {(proof.leaf.stream, proof.leaf.version): proof for proof in evidence.proofs}
    corrects = dict(corrections(known))
    rows = [
        Row(
            line,
            sources.stored(line.row.position),
            proofs.get(key := (str(line.event.stream), line.event.version)),
            key not in proofs and line.row.position > evidence.reached,
            corrects.get(line.number),
            tuple(number for number, target in corrects.items() if target == line.number),
        )
        for line in lines
    ]
    shown = {(str(line.event.stream), line.event.version) for line in lines}
    missing = [proof for key, proof in proofs.items() if key not in shown]
    gaps = [*evidence.faults, *(gap for row in rows for gap in _gaps(row)), *map(_missing, missing)]
    return Examined(
        rows[: len(known)], evidence, sum(row.holds for row in rows), len(lines) - len(known), sum(row.waits for row in rows), gaps
    )  # fmt: skip


def _gaps(row: Row) -> Iterator[str]:
    if row.stored is None:
        yield f"Event {row.line.number} is not in the event store."
    elif not row.is_shown_as_stored:
        yield f"Event {row.line.number} is shown with other bytes than the event store has."
    if row.proof is None and not row.waits:
        yield f"Event {row.line.number} is not in the log of the cases."
    if row.proof is not None and row.stored is not None and not row.is_leaf_as_stored:
        yield f"Event {row.line.number} is stored with other bytes than its leaf has."


def _missing(proof: Proof) -> str:
    return f"Leaf {proof.index} has version {proof.leaf.version} of {proof.leaf.stream} ({proof.leaf.topic}), which is not among the events."


def corrections(lines: list[Line]) -> Iterator[tuple[int, int]]:
    """Yield pairs of numbers: an event that corrects, and the one whose text it corrects (Articles 52(6), 78; procedure section 10.23)."""
    numbers = {line.event.event_id: line.number for line in lines}
    streams: dict[str, History] = {}
    said: dict[tuple[str, str], int] = {}
    for line in lines:
        stream, fact = str(line.event.stream), line.event.fact
        record = streams.get(stream, History(line.event.stream))
        if line.event.topic in CORRECTIONS and (target := numbers.get(fact.corrects(record))):
            yield line.number, target
        if isinstance(fact, ListEntryCorrected) and (said_by := said.get((stream, fact.field))):
            yield line.number, said_by
        said |= {(stream, name): line.number for name in _content(fact)}
        streams[stream] = evolve(record, line.event)


def _content(fact: Any) -> tuple[str, ...]:
    """Return the fields of the list that an event sets."""
    if isinstance(fact, ListEntryCorrected):
        return (fact.field,)
    return tuple(EntryContent.model_fields) if isinstance(fact, EntryContent) else ()
