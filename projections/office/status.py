"""The status of every case at any pair of times, as rectangles; and the days on which its clocks end."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, bindparam, delete, func, select

from domain.clocks import Clock, State
from domain.ids import LAW, REGISTER, Stream, parse_stream
from domain.law.periods import BRUSSELS, legal_day
from domain.law.provisions import FOREVER, Law
from domain.legal_parameters import LegalParameters, law_in_force
from domain.model_case.case import ModelCase
from domain.model_case.effects import MOVES_STATUS, case_facts, clocks
from domain.publication import Publication, claim_clock
from domain.record import Event, evolve
from domain.register import Register, settings_on
from domain.status import BEGINNING, CaseFacts, timeline
from projections.office.tables import clocks as clock_rows
from projections.office.tables import events, status_spans
from projections.store import ALWAYS, Batch, Projection, Seen, microseconds, upsert

Decode = Callable[[str, bytes], Event[Any]]
Piece = tuple[int, int, str, bytes]
"""A stretch of the status: from, to, status, grounds."""
F = TypeVar("F")
Standing = dict[str, tuple[F, Law]]
"""Files by their key, each with the law that it stands under."""
Written = dict[tuple[str, int, int], dict[str, Any]]
"""Rectangles by case, start on the valid axis, start on the known axis."""

CLAIMS = "D9"
"""The clock that a case has by its publication file."""
MOST_OPEN = 50_000
"""Cases whose open rectangles are kept between batches."""


File = ModelCase | Publication
EMPTY: dict[str, type[ModelCase] | type[Publication]] = {"case": ModelCase, "publication": Publication}


class Histories:
    """States of cases and publication files between batches: loaded from the case file's own rows, never from the event store."""

    def __init__(self, decode: Decode, most: int = 20_000) -> None:
        self._decode = decode
        self._most = most
        self._kept: OrderedDict[Stream, File] = OrderedDict()

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def load(self, rows: Connection, stream: Stream, before: int) -> File:
        """Return a file as it stood before a version."""
        state = self._kept.get(stream)
        if state is not None and state.version == before - 1:
            return state
        state = EMPTY[stream.kind](stream)
        if before > 1:
            query = select(events.c.topic, events.c.state).where(events.c.stream == str(stream), events.c.version < before)
            for row in rows.execute(query.order_by(events.c.version)):
                state = evolve(state, self._decode(row.topic, row.state))
        return state

    def keep(self, state: File) -> None:
        """Keep a state for the next batch."""
        self._kept[state.stream] = state
        self._kept.move_to_end(state.stream)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


class StatusSpans(Projection):
    """Keeps the status of every case at every pair of times. Folded after the case file, whose rows it loads."""

    name = "status.v1"
    tables = (status_spans, clock_rows)

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._histories = Histories(decode)
        self._open: dict[str, list[tuple[Piece, int]]] = {}
        self._folded: dict[str, tuple[Law, CaseFacts]] = {}
        self._law: tuple[LegalParameters, Register] | None = None
        self._kept_law: tuple[Any, Law] | None = None
        self._applied: Law | None = None

    def forget(self) -> None:
        """Forget the states and open rows kept between batches."""
        self._histories.clear()
        self._open.clear()
        self._folded.clear()
        self._law = None

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold the batch event by event, writing each rectangle once."""
        if not batch:
            return
        if len(self._open) > MOST_OPEN:
            self._open.clear()
            self._folded.clear()
        self._fetch_open(rows, {seen.event.stream.key for seen in batch if seen.event.stream.kind == "case"})
        if self._law is None:
            self._load_law(rows, batch[0].position)
        written, touched, claims = self._moves(batch, rows)
        _write(rows, written)
        if touched:  # a clock may be there no longer, as D1 where D1-L is
            of_the_case = (clock_rows.c.case_id == bindparam("touched"), clock_rows.c.clock != CLAIMS)
            rows.execute(delete(clock_rows).where(*of_the_case), [{"touched": case_id} for case_id in touched])
        upsert(rows, clock_rows, [row for case, law in touched.values() for row in _clock_rows(case, law)])
        upsert(rows, clock_rows, [row for publication, law in claims.values() for row in _claim_rows(publication, law)])

    def _moves(self, batch: Batch, rows: Connection) -> tuple[Written, Standing[ModelCase], Standing[Publication]]:
        """Return the rectangles that a batch writes, and the cases and publication files whose clocks it can move."""
        written: Written = {}
        touched: Standing[ModelCase] = {}
        claims: Standing[Publication] = {}
        for seen in batch:
            event = seen.event
            if event.stream in (LAW, REGISTER):
                if self._applies_anew(event):
                    touched.update(self._moved_by_law(rows, seen, written))
                    claims.update((each.stream.key, (each, self._law_at(event))) for each in self._files(rows, "publication", seen.position))
            elif event.stream.kind == "publication":
                claims[event.stream.key] = self._evolved(rows, event), self._law_at(event)
            elif event.stream.kind == "case":
                case, law = touched[event.stream.key] = self._evolved(rows, event), self._law_at(event)
                if event.topic in MOVES_STATUS:
                    self._move(case, law, microseconds(event.recorded_at), written)
        return written, touched, claims

    # -- States -----------------------------------------------------------------------

    def _evolved(self, rows: Connection, event: Event[Any]) -> Any:
        state = evolve(self._histories.load(rows, event.stream, event.version), event)
        self._histories.keep(state)
        return state

    def _files(self, rows: Connection, kind: str, before: int) -> Iterator[Any]:
        """Return every file of a kind as it stood before a position."""
        query = select(events.c.stream, func.max(events.c.version)).where(events.c.position < before, events.c.stream.startswith(f"{kind}/"))
        for name, version in rows.execute(query.group_by(events.c.stream)).all():
            state = self._histories.load(rows, parse_stream(name), version + 1)
            self._histories.keep(state)
            yield state

    def _load_law(self, rows: Connection, before: int) -> None:
        self._law, self._applied = (LegalParameters(LAW), Register(REGISTER)), None
        query = select(events.c.topic, events.c.state).where(events.c.stream.in_(("law", "register")), events.c.position < before)
        for row in rows.execute(query.order_by(events.c.position)):
            self._applies_anew(self._decode(row.topic, row.state))

    def _amend(self, event: Event[Any]) -> None:
        law, register = self._law or (LegalParameters(LAW), Register(REGISTER))
        self._law = (evolve(law, event), register) if event.stream == LAW else (law, evolve(register, event))

    def _law_at(self, event: Event[Any]) -> Law:
        law, register = self._law or (LegalParameters(LAW), Register(REGISTER))
        key = (law.version, register.version, legal_day(event.recorded_at) if register else None)
        if self._kept_law is None or self._kept_law[0] != key:
            self._kept_law = (key, law_in_force(law, settings_on(register, legal_day(event.recorded_at))))
        return self._kept_law[1]

    def _applies_anew(self, event: Event[Any]) -> bool:
        """Take an event of law or register, and tell whether all cases stand under another law since: a seal leaves it as it is."""
        self._amend(event)
        before, self._applied = self._applied, self._law_at(event)
        return self._applied != before

    def _moved_by_law(self, rows: Connection, seen: Seen, written: Written) -> Iterator[tuple[str, tuple[ModelCase, Law]]]:
        """Work out anew every case: a threshold can move its status, a calendar or a switch its clocks (Article 51(3))."""
        law = self._law_at(seen.event)
        for case in self._files(rows, "case", seen.position):
            self._fetch_open(rows, {case.stream.key})
            self._move(case, law, microseconds(seen.event.recorded_at), written)
            yield case.stream.key, (case, law)

    # -- Rectangles -------------------------------------------------------------------

    def _fetch_open(self, rows: Connection, case_ids: set[str]) -> None:
        missing = case_ids - self._open.keys()
        self._open.update({case_id: [] for case_id in missing})
        query = select(status_spans).where(status_spans.c.case_id.in_(missing), status_spans.c.known_to == ALWAYS)
        for row in rows.execute(query) if missing else ():
            self._open[row.case_id].append(((row.valid_from, row.valid_to, row.status, row.grounds), row.known_from))

    def _move(self, case: ModelCase, law: Law, at: int, written: Written) -> None:
        """Close the rectangles that a new event ends on the known axis, and open those it begins."""
        case_id = case.stream.key
        facts = case_facts(case, law)
        if self._folded.get(case_id) == (law, facts):
            return  # what the event says moves no status
        self._folded[case_id] = (law, facts)
        before = self._open[case_id]
        after = pieces(facts, law)
        kept = [(piece, since) for piece, since in before if piece in after]
        for piece, since in before:
            if piece not in after:
                written[(case_id, piece[0], since)] = _row(case_id, piece, since, at)
        begun = [(piece, at) for piece in after if all(piece != old for old, _ in kept)]
        for piece, since in begun:
            written[(case_id, piece[0], since)] = _row(case_id, piece, since, ALWAYS)
        self._open[case_id] = kept + begun


def pieces(facts: CaseFacts, law: Law) -> list[Piece]:
    """Return the status of a case as now known, in stretches over all time."""
    found = []
    for (begin, end), status, active in timeline(facts, law):
        grounds = [{"ground": ground, "from": _text(span[0]), "to": None if span[1] >= FOREVER else _text(span[1])} for ground, span in active]
        until = ALWAYS if end >= FOREVER else microseconds(end)
        found.append((-ALWAYS if begin <= BEGINNING else microseconds(begin), until, str(status), orjson.dumps(grounds)))
    return found


def _text(moment: Any) -> str:
    return moment.astimezone(BRUSSELS).isoformat()  # type: ignore[no-any-return]


def _row(case_id: str, piece: Piece, known_from: int, known_to: int) -> dict[str, Any]:
    valid_from, valid_to, status, grounds = piece
    return {
        "case_id": case_id,
        "valid_from": valid_from,
        "known_from": known_from,
        "valid_to": valid_to,
        "known_to": known_to,
        "status": status,
        "grounds": grounds,
    }


def _write(rows: Connection, written: Written) -> None:
    """Write the rectangles; one that was known for no time at all is not kept."""
    for row in written.values():
        if row["known_to"] <= row["known_from"]:
            keys = (status_spans.c.case_id, status_spans.c.valid_from, status_spans.c.known_from)
            rows.execute(delete(status_spans).where(*(key == row[key.name] for key in keys)))
    upsert(rows, status_spans, [row for row in written.values() if row["known_to"] > row["known_from"]])


# -- Clocks -------------------------------------------------------------------------


def _clock_rows(case: ModelCase, law: Law) -> list[dict[str, Any]]:
    """Return the day on which each clock ends, for lists of what is due."""
    last = _last(case)
    return [_clock_row(case.stream.key, clock) for clock in clocks(case, law, last) if clock.due or clock.first_admissible] if last else []


def _claim_rows(publication: Publication, law: Law) -> list[dict[str, Any]]:
    """Return the day on which clock D9 ends, as it stood at the last event of a publication file."""
    last = _last(publication)
    clock = claim_clock(publication, law, legal_day(last)) if last else None
    return [_clock_row(publication.stream.key, clock)] if clock else []


def _last(file: File) -> datetime | None:
    return max((each.recorded_at for found in file.by_topic.values() for each in found[-1:]), default=None)


def _clock_row(case_id: str, clock: Clock) -> dict[str, Any]:
    done = clock.state in (State.CLOSED, State.WITHIN_OUTER_LIMIT, State.LATE) or clock.satisfied_by is not None
    silent = clock.clock == CLAIMS and clock.state is State.EXPIRED  # silence ends it like a claim
    return {
        "case_id": case_id,
        "clock": clock.clock,
        "about": str(clock.about or ""),
        "day": clock.due or clock.first_admissible,
        "open": not (done or silent),
    }
