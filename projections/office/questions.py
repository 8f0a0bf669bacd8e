"""What the office may ask of cases, at any pair of times. Every answer comes from the office's read store."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, and_, func, select

from domain.actors import Actor, Role
from domain.clocks import Clock
from domain.ids import LAW, REGISTER, Stream, parse_stream
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.legal_parameters import LegalParameters, law_in_force
from domain.list_entry import PublicListEntry
from domain.listing import Records
from domain.model_case.case import ModelCase
from domain.model_case.effects import Flags, Standing, clocks, flags, standing
from domain.model_case.follow_up import list_id_of
from domain.model_case.provider import providers_on
from domain.next_steps import NextStep, next_steps
from domain.obligations import Catalogue, Obligation, catalogue_on, obligations_of
from domain.publication import Publication, claim_clock
from domain.qualified_alert import QualifiedAlert, QualifiedAlertReceived, is_open, processing_clock
from domain.record import Act, Event, History, evolve
from domain.register import Register, settings_on
from projections.office.tables import cases, events, orders, status_spans
from projections.office.tables import clocks as clock_rows
from projections.store import ALWAYS, ReadStore, microseconds, moment_of, words_of

Decode = Callable[[str, bytes], Event[Any]]
SOMEBODY = Actor(UUID(int=0), Role.SYSTEM)
"""Asks what may be recorded; who may record it stands with each event."""
H = TypeVar("H", bound=History)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list: who, how many events, which number on the public list."""

    case_id: str
    internal_name: str
    version: int
    opened_at: datetime
    list_id: str | None


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A status with the grounds then active, as instants in ISO form."""

    status: str
    grounds: tuple[dict[str, Any], ...]
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """A stored event with its position and its very bytes."""

    position: int
    event: Event[Any]
    state: bytes


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases are asked for, at a moment of validity; the rest left empty means all, as known now."""

    valid_at: datetime
    status: str | None = None
    clock_due_before: date | None = None
    search: str = ""
    known_at: datetime | None = None


class Office:
    """Answers questions about cases."""

    def __init__(self, store: ReadStore, decode: Decode, catalogues: Sequence[Catalogue] = ()) -> None:
        self.store = store
        self.decode = decode
        self.catalogues = catalogues

    # -- One case ---------------------------------------------------------------------

    def case_row(self, case_id: UUID) -> CaseRow | None:
        """Return a case, or None."""
        with self.store.reading() as rows:
            row = rows.execute(select(cases).where(cases.c.case_id == str(case_id))).first()
        return _case_row(row) if row else None

    def history(self, case_id: UUID, known_at: datetime | None = None) -> tuple[EventRow, ...]:
        """Return every event about a case in store order, those of its publication file and list entry included."""
        conditions = [events.c.case_id == str(case_id)]
        if known_at:
            conditions.append(events.c.recorded_at <= microseconds(known_at))
        return tuple(self._events(*conditions))

    def status(self, case_id: UUID, valid_at: datetime, known_at: datetime | None = None) -> StatusRow:
        """Return the status of a case at a pair of times, from its rectangles."""
        query = select(status_spans).where(status_spans.c.case_id == str(case_id), _at(valid_at, known_at))
        with self.store.reading() as rows:
            row = rows.execute(query).first()
        if row is None:
            return StatusRow("NOT_CLASSIFIED", (), None, None)
        return StatusRow(row.status, tuple(orjson.loads(row.grounds)), _moment(row.valid_from), _moment(row.valid_to))

    def flags(self, case_id: UUID, valid_at: datetime, known_at: datetime) -> Flags:
        """Return what goes with the status of a case at a pair of times."""
        law = self.law(known_at)
        return flags(self._case(case_id, known_at), law, valid_at)

    def standing(self, case_id: UUID, valid_at: datetime, known_at: datetime) -> Standing:
        """Return status, grounds with all their spans, and flags, folded from the case's own few events."""
        return standing(self._case(case_id, known_at), self.law(known_at), valid_at, known_at)

    def clocks(self, case_id: UUID, at: datetime, known_at: datetime | None = None) -> tuple[Clock, ...]:
        """Return every clock of a case as it stands at a moment."""
        known = known_at or at
        law = self.law(known)
        claim = claim_clock(self._publication(case_id, known), law, legal_day(at))
        return (*clocks(self._case(case_id, known), law, at), *([claim] if claim else []))

    def alert_open(self, case_id: UUID, known_at: datetime) -> bool:
        """Tell whether a qualified alert about the case is open (Article 90)."""
        concerned = (event.stream for event in self._alerts_received(known_at) if case_id in event.fact.case_ids)
        return any(is_open(self._folded(QualifiedAlert(stream), known_at)) for stream in concerned)

    def open_alerts(self, known_at: datetime) -> tuple[QualifiedAlert, ...]:
        """Return the qualified alerts that are open (Article 90), in the order of their arrival."""
        return tuple(filter(is_open, self.alerts(known_at)))

    def alerts(self, known_at: datetime) -> tuple[QualifiedAlert, ...]:
        """Return every qualified alert, in the order of arrival."""
        return tuple(self._folded(QualifiedAlert(event.stream), known_at) for event in self._alerts_received(known_at))

    def _alerts_received(self, known_at: datetime) -> list[Event[Any]]:
        query = select(events.c.topic, events.c.state).where(
            events.c.topic == QualifiedAlertReceived.TOPIC, events.c.recorded_at <= microseconds(known_at)
        )
        with self.store.reading() as rows:
            return [self.decode(row.topic, bytes(row.state)) for row in rows.execute(query.order_by(events.c.position)).all()]

    def alert_clocks(self, alert_id: UUID, at: datetime, known_at: datetime | None = None) -> tuple[Clock, ...]:
        """Return clock D2 of an alert as it stands at a moment."""
        known = known_at or at
        record = self._folded(QualifiedAlert(Stream("alert", str(alert_id))), known)
        clock = processing_clock(record, self.law(known), legal_day(at))
        return (clock,) if clock else ()

    def next_steps(self, case_id: UUID, at: datetime) -> list[NextStep]:
        """Return what may be recorded on a case at a moment, and what every other act would meet."""
        return next_steps(self.records(case_id, at), Act(SOMEBODY, at, self.law(at)))

    def records(self, case_id: UUID, known_at: datetime) -> Records:
        """Return a case with its publication file and its entry as they were known at a moment."""
        case = self._case(case_id, known_at)
        entry = PublicListEntry(Stream("entry", list_id_of(case) or "0"))
        return Records(case, self._publication(case_id, known_at), self._folded(entry, known_at))

    def obligations(self, case_id: UUID, day: date, known_at: datetime) -> dict[UUID, list[Obligation]]:
        """Return which provisions bind each provider of a model on a day, since when and because of what (Articles 53 to 55, 111(3))."""
        case, law, catalogue = self._case(case_id, known_at), self.law(known_at), catalogue_on(self.catalogues, day)
        if catalogue is None:
            return {}
        return {ref: obligations_of(case, law, ref, day, catalogue) for ref in sorted(providers_on(case, day))}

    def _case(self, case_id: UUID, known_at: datetime) -> ModelCase:
        return self._folded(ModelCase(Stream("case", str(case_id))), known_at)

    def _publication(self, case_id: UUID, known_at: datetime) -> Publication:
        return self._folded(Publication(Stream("publication", str(case_id))), known_at)

    def _folded(self, empty: H, known_at: datetime) -> H:
        for event in self.stream(empty.stream, known_at):
            empty = evolve(empty, event)
        return empty

    def law(self, known_at: datetime) -> Law:
        """Return the law as it was known at a moment, with the settings in force then."""
        law, register = self._folded(LegalParameters(LAW), known_at), self._folded(Register(REGISTER), known_at)
        return law_in_force(law, settings_on(register, legal_day(known_at)))

    def stream(self, stream: Stream, known_at: datetime) -> Iterator[Event[Any]]:
        """Return the events of a record as known at a moment."""
        query = select(events.c.topic, events.c.state).where(events.c.stream == str(stream), events.c.recorded_at <= microseconds(known_at))
        with self.store.reading() as rows:
            found = rows.execute(query.order_by(events.c.version)).all()
        return (self.decode(row.topic, row.state) for row in found)

    # -- Many -------------------------------------------------------------------------

    def cases(self, wanted: CaseFilter, *, first: int, after: int = 0) -> tuple[tuple[int, CaseRow], ...]:
        """Return cases in the order of opening, each with its running number, after a number."""
        conditions: list[Any] = [cases.c.number > after]
        conditions += [cases.c.words.contains(word, autoescape=True) for word in words_of(wanted.search)]
        if wanted.known_at:
            conditions.append(cases.c.opened_at <= microseconds(wanted.known_at))
        if wanted.status:
            conditions.append(cases.c.case_id.in_(_with_status(wanted)) if wanted.status != "NOT_CLASSIFIED" else _without_status(wanted))
        if wanted.clock_due_before:
            due = select(clock_rows.c.case_id).where(clock_rows.c.open, clock_rows.c.day < wanted.clock_due_before)
            conditions.append(cases.c.case_id.in_(due))
        with self.store.reading() as rows:
            found = rows.execute(select(cases).where(*conditions).order_by(cases.c.number).limit(first)).all()
        return tuple((row.number, _case_row(row)) for row in found)

    def events(
        self,
        *,
        first: int,
        after: int = 0,
        types: Sequence[str] = (),
        actor: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[EventRow, ...]:
        """Return events of the whole register after a position, in order."""
        conditions: list[ColumnElement[bool]] = [events.c.position > after]
        conditions += [events.c.topic.in_(types)] if types else []
        conditions += [events.c.actor_ref == actor] if actor else []
        conditions += [events.c.recorded_at >= microseconds(since)] if since else []
        conditions += [events.c.recorded_at <= microseconds(until)] if until else []
        return tuple(self._events(*conditions, first=first))

    def files_naming(self, ref: UUID) -> tuple[Stream, ...]:
        """Return the case files and alerts whose events name somebody; a publication file belongs to its case."""
        query = select(events.c.stream).where(_holds(self.store, f'"{ref}"'.encode())).distinct()
        with self.store.reading() as rows:
            streams = sorted(map(parse_stream, rows.execute(query).scalars()), key=str)
        files = [Stream("case", stream.key) if stream.kind == "publication" else stream for stream in streams]
        return tuple(dict.fromkeys(file for file in files if file.kind in ("case", "alert")))

    def due_orders(self, at: datetime | None = None) -> tuple[tuple[datetime, UUID, UUID], ...]:
        """Return the orders whose slot has come by a moment, or all that wait, earliest first: slot, case, order."""
        query = select(orders).order_by(orders.c.slot_at, orders.c.order_id)
        if at is not None:
            query = query.where(orders.c.slot_at <= microseconds(at))
        with self.store.reading() as rows:
            found = rows.execute(query).all()
        return tuple((moment_of(row.slot_at), UUID(row.case_id), UUID(row.order_id)) for row in found)

    def reached(self, known_at: datetime) -> dict[str, int]:
        """Return the position of the last event of each case known at a moment; under "" that of the law and the settings, which concern all."""
        known = events.c.recorded_at <= microseconds(known_at)
        mine = select(events.c.case_id, func.max(events.c.position)).where(known, events.c.case_id.is_not(None)).group_by(events.c.case_id)
        everybodys = select(func.max(events.c.position)).where(known, events.c.stream.in_([str(LAW), str(REGISTER)]))
        with self.store.reading() as rows:
            found = {row[0]: int(row[1]) for row in rows.execute(mine)}
            return found | {"": int(rows.execute(everybodys).scalar() or 0)}

    def last_recorded_at(self) -> datetime | None:
        """Return the time of the last event."""
        with self.store.reading() as rows:
            last = rows.execute(select(func.max(events.c.recorded_at))).scalar()
        return moment_of(last) if last is not None else None

    def _events(self, *conditions: ColumnElement[bool], first: int | None = None) -> Iterator[EventRow]:
        query = select(events.c.position, events.c.topic, events.c.state).where(*conditions).order_by(events.c.position).limit(first)
        with self.store.reading() as rows:
            found = rows.execute(query).all()
        return (EventRow(row.position, self.decode(row.topic, bytes(row.state)), bytes(row.state)) for row in found)


def _holds(store: ReadStore, part: bytes) -> ColumnElement[bool]:
    """Tell whether the stored bytes of an event hold some others; looked for from the first event to the last."""
    place = func.instr if store.engine.dialect.name == "sqlite" else func.pg_catalog.position
    found: ColumnElement[bool] = place(events.c.state, part) > 0
    return found


def _at(valid_at: datetime, known_at: datetime | None) -> ColumnElement[bool]:
    valid = microseconds(valid_at)
    known = status_spans.c.known_to == ALWAYS
    if known_at is not None:
        moment = microseconds(known_at)
        known = and_(status_spans.c.known_from <= moment, status_spans.c.known_to > moment)
    return and_(known, status_spans.c.valid_from <= valid, status_spans.c.valid_to > valid)


def _with_status(wanted: CaseFilter) -> Any:
    return select(status_spans.c.case_id).where(_at(wanted.valid_at, wanted.known_at), status_spans.c.status == wanted.status)


def _without_status(wanted: CaseFilter) -> Any:
    """Return the cases that are not classified: also those with no rectangle at all."""
    classified = select(status_spans.c.case_id).where(_at(wanted.valid_at, wanted.known_at), status_spans.c.status != "NOT_CLASSIFIED")
    return cases.c.case_id.not_in(classified)


def _case_row(row: Any) -> CaseRow:
    return CaseRow(row.case_id, row.internal_name, row.version, moment_of(row.opened_at), row.list_id)


def _moment(number: int) -> datetime | None:
    return None if abs(number) >= ALWAYS else moment_of(number)
