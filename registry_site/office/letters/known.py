"""
What the register knew at a position: the case with its publication file, and the law.

A moment alone would not do: several events may carry the same time, in a demonstration that runs ahead of the clock many do. Positions never tie.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from uuid import UUID

from domain.clocks import Clock
from domain.ids import LAW, REGISTER, Stream
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.legal_parameters import LegalParameters, law_in_force
from domain.model_case.case import ModelCase
from domain.model_case.effects import Standing, clocks, standing
from domain.publication import Publication, claim_clock
from domain.record import evolve, fact_types
from domain.register import JudgementSettingChanged, Register, settings_on
from projections.office.questions import EventRow, Office

OF_THE_LAW = (*(fact.TOPIC for fact in fact_types("law")), JudgementSettingChanged.TOPIC)


@dataclass(frozen=True, slots=True)
class Known:
    """A case as it was known at a moment, up to a position; `rows` are all events that concern it."""

    at: datetime
    rows: tuple[EventRow, ...]
    case: ModelCase
    publication: Publication
    law: Law

    def standing(self, valid_at: datetime) -> Standing:
        """Return status, grounds and flags as they were on a day."""
        return standing(self.case, self.law, valid_at, self.at)

    def clocks(self, valid_at: datetime) -> tuple[Clock, ...]:
        """Return every clock as it stood on a day."""
        claim = claim_clock(self.publication, self.law, legal_day(valid_at))
        return (*clocks(self.case, self.law, valid_at), *([claim] if claim else []))


def known(office: Office, case_id: UUID, at: datetime, position: int) -> Known:
    """Return a case as it was known at a moment, up to a position of the register."""
    rows = tuple(row for row in office.history(case_id, at) if row.position <= position)
    case, publication = ModelCase(Stream("case", str(case_id))), Publication(Stream("publication", str(case_id)))
    for row in rows:
        if row.event.stream == case.stream:
            case = evolve(case, row.event)
        elif row.event.stream == publication.stream:
            publication = evolve(publication, row.event)
    return Known(at, rows, case, publication, _law(office, at, position))


def _law(office: Office, at: datetime, position: int) -> Law:
    events = [row.event for row in office.events(first=position, types=OF_THE_LAW, until=at) if row.position <= position]
    law = reduce(evolve, (event for event in events if event.stream == LAW), LegalParameters(LAW))
    settings = reduce(evolve, (event for event in events if event.stream == REGISTER), Register(REGISTER))
    return law_in_force(law, settings_on(settings, legal_day(at)))


def position_of(office: Office, case_id: UUID, at: datetime) -> int:
    """Return the last position known at a moment that concerns a case: its own, or that of the law."""
    reached = office.reached(at)
    return max(reached.get(str(case_id), 0), reached[""])
