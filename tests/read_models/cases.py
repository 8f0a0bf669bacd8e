"""Any history of cases, and the status as the fold says it: what the rectangles are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import orjson
from hypothesis import strategies as st
from sqlalchemy import select

from domain.actors import Role
from domain.ids import LAW, REGISTER, Stream
from domain.law.periods import BRUSSELS, legal_day
from domain.law.provisions import FOREVER, Law, Span
from domain.legal_parameters import LegalParameters, law_in_force
from domain.model_case.case import ModelCase
from domain.model_case.effects import case_facts, standing
from domain.record import Event, Fact, LawVersions, evolve
from domain.register import Register, settings_on
from domain.status import Ground, Status, status_at
from projections.office.tables import status_spans
from projections.store import ALWAYS, ReadStore, microseconds
from tests.scenario import (
    PROVIDER,
    actor,
    argued,
    brussels,
    case,
    decided,
    informed,
    named,
    notified,
    opened,
    provider,
    threshold_amended,
    threshold_met,
    withdrawn,
)

TICK = timedelta(microseconds=1)
Happened = tuple[datetime, Stream, Fact]


def events_of(happened: Iterable[Happened]) -> list[Event[Any]]:
    """Put facts into envelopes."""
    versions: dict[Stream, int] = {}
    found = []
    for at, stream, what in happened:
        versions[stream] = versions.get(stream, 0) + 1
        by = actor(Role.CASE_OFFICER)
        found.append(
            Event(
                named(f"{stream} {versions[stream]}"), stream, versions[stream], at, by.ref, by.role, named("c"), None, LawVersions(1, 1, 1), 1, what
            )
        )
    return found


# -- The fold, folded anew at every moment -----------------------------------------------


class Folded:
    """Everything that was recorded, so that the status can be folded at any pair of times."""

    def __init__(self, events: Iterable[Event[Any]]) -> None:
        self.law, self.register = LegalParameters(LAW), Register(REGISTER)
        self.cases: dict[Stream, ModelCase] = {}
        self.moments: dict[Stream | None, list[datetime]] = {None: []}
        for event in events:
            self._add(event)

    def _add(self, event: Event[Any]) -> None:
        if event.stream == LAW:
            self.law = evolve(self.law, event)
        elif event.stream == REGISTER:
            self.register = evolve(self.register, event)
        elif event.stream.kind == "case":
            self.cases[event.stream] = evolve(self.cases.get(event.stream, ModelCase(event.stream)), event)
        self.moments.setdefault(event.stream if event.stream.kind == "case" else None, []).append(event.recorded_at)

    def at(self, stream: Stream, known_at: datetime) -> Callable[[datetime], Said]:
        """Return the status at any moment as it was known at one: what `standing` says, without folding what is known again and again."""
        law = self.known_law(known_at)
        facts = case_facts(self.cases[stream].known(known_at), law)
        return lambda valid_at: _said(*status_at(facts, law, valid_at))

    def standing(self, stream: Stream, valid_at: datetime, known_at: datetime) -> Said:
        """Return the same by the way that all others go."""
        found = standing(self.cases[stream], self.known_law(known_at), valid_at, known_at)
        return _said(found.status, found.active)

    def known_law(self, known_at: datetime) -> Law:
        """Return the law and the settings as they were known."""
        return law_in_force(self.law.known(known_at), settings_on(self.register.known(known_at), legal_day(known_at)))

    def known_moments(self, stream: Stream) -> list[datetime]:
        """Return the moments at which something about a case, or the law, became known, and the ones just before."""
        found = {*self.moments[stream], *(at for at in self.moments[None] if at > self.moments[stream][0])}
        return sorted({at for moment in found for at in (moment - TICK, moment)})


Said = tuple[str, list[dict[str, Any]]]


def _said(status: Status, active: Iterable[tuple[Ground, Span]]) -> Said:
    """Write status and grounds as the rectangles write them."""
    return str(status), [{"ground": str(g), "from": _text(begin), "to": None if end >= FOREVER else _text(end)} for g, (begin, end) in active]


def _text(moment: datetime) -> str:
    return moment.astimezone(BRUSSELS).isoformat()


# -- The rectangles ----------------------------------------------------------------------

Rectangles = dict[str, list[Any]]


def rectangles(store: ReadStore) -> Rectangles:
    """Return the rectangles of every case."""
    with store.reading() as rows:
        found = rows.execute(select(status_spans).order_by(status_spans.c.case_id)).all()
    return {case_id: list(mine) for case_id, mine in groupby(found, key=lambda row: str(row.case_id))}


def status_in(mine: list[Any], valid_at: datetime, known_at: datetime) -> Said:
    """Return what the one rectangle says that holds a pair of times; before anything is known there is none."""
    valid, known = microseconds(valid_at), microseconds(known_at)
    holding = [row for row in mine if row.valid_from <= valid < row.valid_to and row.known_from <= known < row.known_to]
    assert len(holding) <= 1, "rectangles overlap"
    return (holding[0].status, orjson.loads(holding[0].grounds)) if holding else ("NOT_CLASSIFIED", [])


def edges(mine: list[Any], at: datetime) -> list[datetime]:
    """Return the boundaries of all rectangles on the valid axis, and the moments just before and after."""
    zero = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    found = {bound for row in mine for bound in (row.valid_from, row.valid_to) if abs(bound) < ALWAYS}
    return sorted({zero + timedelta(microseconds=bound + n) for bound in {*found, microseconds(at)} for n in (-1, 0, 1)})


# -- Any history -----------------------------------------------------------------------

START = brussels("2026-01-05")
OTHER = named("beta-ai")
DAYS = tuple(date.fromisoformat(day) for day in ("2025-07-01", "2025-08-02", "2025-12-01", "2026-02-01", "2026-05-01"))
PAUSES = (timedelta(0), timedelta(0), TICK, timedelta(hours=3), timedelta(days=20), timedelta(days=60))
DECISIONS = (
    "ArgumentsRejected",
    "ArgumentsAccepted",
    "AcceptanceConverted",
    "ModelDesignatedUnder52_1",
    "ModelDesignatedUnder52_4",
    "DesignationLifted",
)
TARGETS = {"AcceptanceConverted": "ArgumentsAccepted", "DesignationLifted": "ModelDesignatedUnder52_4"}


@st.composite
def histories(draw: Any) -> list[Event[Any]]:
    """Draw what two cases and the law may go through, in an order that no procedure would follow: the fold takes every one."""
    at, laws = START, 1
    happened: list[Happened] = [(at, LAW, threshold_amended(1, "1e25", "2025-08-02", published_on="2024-07-12"))]
    happened += [(at, case(name), fact) for name in ("alpha", "beta") for fact in (opened(name), provider())]
    decisions: list[tuple[str, str, str]] = []
    for n in range(draw(st.integers(1, 12))):
        at += draw(st.sampled_from(PAUSES))
        if draw(st.integers(0, 7)) == 0:
            laws += 1
            happened.append((at, LAW, _amendment(draw, laws)))
        else:
            name = draw(st.sampled_from(["alpha", "alpha", "beta"]))
            happened.append((at, case(name), _fact(draw, n, name, at, decisions)))
    return events_of(happened)


def _amendment(draw: Any, version: int) -> Fact:
    flop, day = draw(st.sampled_from(["1e24", "1.2e25", "1e26"])), draw(st.sampled_from(["2025-12-01", "2026-03-01", "2027-01-01"]))
    return threshold_amended(version, flop, day, kept=draw(st.booleans()))


def _fact(draw: Any, n: int, name: str, at: datetime, decisions: list[tuple[str, str, str]]) -> Fact:
    mine = [decision for owner, _, decision in decisions if owner == name]
    kind = draw(
        st.sampled_from(["met", "notified", "withdrawn", "argued", "provider", "decided", "decided", "decided", "informed", "informed", "informed"])
    )
    if kind == "met":
        return threshold_met(draw(st.sampled_from(DAYS)), draw(st.sampled_from(["1.1e25", "2e25", "5e24"])), kind=draw(st.sampled_from(KINDS)))
    if kind == "notified":
        return notified(at, draw(st.sampled_from(NOTICES)), trigger=draw(st.sampled_from(["MET", "WILL_BE_MET"])))
    if kind in ("withdrawn", "argued"):
        return (withdrawn if kind == "withdrawn" else argued)(at, draw(st.sampled_from(NOTICES)))
    if kind == "provider":
        return provider(OTHER, since=draw(st.sampled_from(DAYS)), name="Beta AI")
    if kind == "informed" and mine:
        return informed(draw(st.sampled_from(mine)), at - draw(st.sampled_from(PAUSES)), draw(st.sampled_from([PROVIDER, PROVIDER, OTHER])))
    return _decision(draw, n, name, at, decisions)


KINDS = ("COMPUTE", "COMPUTE", "DOWNSTREAM_MODIFICATION")
NOTICES = ("notice", "notice 2")


def _decision(draw: Any, n: int, name: str, at: datetime, decisions: list[tuple[str, str, str]]) -> Fact:
    topic = draw(st.sampled_from(DECISIONS))
    possible = [decision for owner, of, decision in decisions if owner == name and of == TARGETS.get(topic)]
    if topic in TARGETS and not possible:
        topic = "ArgumentsAccepted"
    more: dict[str, Any] = {"target_decision_id": named(draw(st.sampled_from(possible)))} if topic in TARGETS else {}
    if topic == "ModelDesignatedUnder52_1":
        more["condition_met_on"] = str(draw(st.sampled_from(DAYS)))
    decisions.append((name, topic, f"decision {n}"))
    return decided(topic, f"decision {n}", legal_day(at), **more)
