"""
Grounds and status of one model at any moment: one pure function over plain dated facts.

Classification is a legal effect, not a workflow status (Article 51(1); Guidelines 2.3.1). A model is classified while at least one ground is active.
What was known on a day is decided before: the facts handed in are those known then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Literal
from uuid import UUID

from domain.law.periods import legal_day, start_of
from domain.law.provisions import CHAPTER_V, FOREVER, Law, Span, join, minus
from domain.law.settings import Settings


class Ground(StrEnum):
    """Why a model is classified."""

    PRESUMED = "PRESUMED"
    DECLARED = "DECLARED"
    DESIGNATED = "DESIGNATED"


class Status(StrEnum):
    """Where a model stands at a moment."""

    NOT_CLASSIFIED = "NOT_CLASSIFIED"
    ANTICIPATED = "ANTICIPATED"
    CLASSIFIED = "CLASSIFIED"
    CLEARED = "CLEARED"
    FORMERLY_CLASSIFIED = "FORMERLY_CLASSIFIED"


Outcome = Literal[
    "ACCEPTANCE", "REJECTION", "CONVERSION", "DESIGNATION_52_1", "DESIGNATION_52_4", "LIFTING", "MAINTAINING", "DECLINING", "REVOCATION", "WITHDRAWAL"
]


@dataclass(frozen=True, slots=True)
class ConditionMet:
    """A day on which the condition of Article 51(1)(a) was met; `compute` in FLOP where the threshold is what was met."""

    on: date
    compute: Decimal | None


@dataclass(frozen=True, slots=True)
class Annulment:
    """A judgment by which the ground falls, unless its effects are maintained to the end of a day."""

    maintained_until: date | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of the Commission with what became of it. It has effect from the moment the provider is informed (Article 297(2) TFEU)."""

    id: UUID
    outcome: Outcome
    informed_at: datetime | None
    target: UUID | None = None
    condition_met_on: date | None = None
    effective_from: datetime | None = None
    all_informed_at: datetime | None = None
    """When the last of its addressees was informed; None while one was not."""
    annulled: Annulment | None = None
    suspended: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the fold needs to know of a case, as known at one moment."""

    conditions: tuple[ConditionMet, ...] = ()
    decisions: tuple[Decision, ...] = ()
    expected: tuple[Span, ...] = ()
    """When a notification said that the condition will be met, until that was taken back."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The spans in which each ground is active, with those in which an acceptance is in force."""

    spans: dict[Ground, list[Span]]
    cleared: list[Span]

    def active(self, at: datetime) -> list[tuple[Ground, Span]]:
        """Return the grounds active at a moment, each with its span."""
        return [(ground, span) for ground, spans in self.spans.items() for span in spans if span[0] <= at < span[1]]


class _Fold:
    """The effects of a case's decisions on its grounds."""

    def __init__(self, facts: CaseFacts, law: Law) -> None:
        self.facts = facts
        self.law = law
        self.forces: dict[UUID, list[Span]] = {}

    def of(self, *outcomes: Outcome) -> list[Decision]:
        return [d for d in self.facts.decisions if d.outcome in outcomes]

    def against(self, target: Decision, outcome: Outcome) -> list[Decision]:
        return [d for d in self.of(outcome) if d.target == target.id]

    def force(self, decision: Decision) -> list[Span]:
        """Return the span in which a decision has effect; empty while un-notified, or when void from the start."""
        if decision.id not in self.forces:
            self.forces[decision.id] = []  # an act that undoes itself through others has no effect
            self.forces[decision.id] = self._force(decision)
        return self.forces[decision.id]

    def _force(self, decision: Decision) -> list[Span]:
        if decision.informed_at is None or any(self.force(w) for w in self.against(decision, "WITHDRAWAL")):
            return []
        ends = [force[0][0] for revocation in self.against(decision, "REVOCATION") if (force := self.force(revocation))]
        if decision.annulled:
            if decision.annulled.maintained_until is None:
                return []
            ends.append(start_of(decision.annulled.maintained_until + timedelta(days=1)))
        return join([(decision.informed_at, min(ends, default=FOREVER))])

    def ending(self, decision: Decision) -> list[Span]:
        """Return the spans in which an act that ends a ground does so: not while the Court suspends it."""
        operating = [span for span in decision.suspended if self._on(span[0])["SUSPENDED_ENDING"] == "operates_again"]
        return minus(self.force(decision), operating)

    def _on(self, moment: datetime) -> Settings:
        """Return the judgement settings of the day of a fact."""
        return self.law.settings.on(legal_day(moment))

    def accepted(self) -> list[Span]:
        """Return when an acceptance is in force; a conversion ends every one notified before it (Guidelines 2.3.3)."""
        shield: list[Span] = []
        for acceptance in self.of("ACCEPTANCE"):
            conversions = [
                (conversion.effective_from or force[0][0], force[0][1])
                for conversion in self.of("CONVERSION")
                if (force := self.force(conversion)) and acceptance.informed_at and acceptance.informed_at < force[0][0]
            ]
            shield += minus(self._informed(acceptance), conversions)
        return join(shield)

    def _informed(self, acceptance: Decision) -> list[Span]:
        """Return the spans in which an acceptance ends the ground: from its first notification, or its last (switch ACCEPTANCE_MULTI_PROVIDER)."""
        spans = self.ending(acceptance)
        if not spans or self._on(spans[0][0])["ACCEPTANCE_MULTI_PROVIDER"] == "first_notification":
            return spans
        return minus(spans, [(BEGINNING, acceptance.all_informed_at or FOREVER)])

    def presumed(self) -> list[Span]:
        """Return when the condition of Article 51(1)(a) is met, before any acceptance (Article 51(2))."""
        confirmed = join(span for d in self.of("REJECTION", "CONVERSION") for span in self.force(d))
        return presumption(self.facts.conditions, self.law, confirmed)

    def declared(self) -> list[Span]:
        """Return when a designation for want of notification classifies: back to the day the condition was met (Article 52(1))."""
        return join(
            (start_of(max(d.condition_met_on, CHAPTER_V)), force[0][1])
            for d in self.of("DESIGNATION_52_1")
            if (force := self.force(d)) and d.condition_met_on
        )

    def designated(self) -> list[Span]:
        """Return when a designation on the criteria of Annex XIII classifies: from when the provider is informed (Article 52(4))."""
        spans: list[Span] = []
        for designation in self.of("DESIGNATION_52_4"):
            lifted = [span for lifting in self.against(designation, "LIFTING") for span in self.ending(lifting)]
            spans += minus(self.force(designation), lifted)
        return join(spans)


def presumption(conditions: tuple[ConditionMet, ...], law: Law, confirmed: Sequence[Span] = ()) -> list[Span]:
    """Return when the condition is met; a raised threshold does not end what a decision then in force confirms (Article 51(2), (3))."""
    spans: list[Span] = []
    for condition in conditions:
        start = start_of(max(condition.on, CHAPTER_V))
        above = [(start, FOREVER)] if condition.compute is None else law.above(condition.compute, start)
        spans += above
        spans += [(end, last) for _, end in above for first, last in confirmed if first < end < last]
    return join(spans)


def grounds(facts: CaseFacts, law: Law) -> Grounds:
    """
    Return every ground's spans.

    Law: Articles 51(1), 52(1) to (5); 264, 278, 297(2) TFEU.
    """
    fold = _Fold(facts, law)
    cleared = fold.accepted()
    spans = {Ground.PRESUMED: minus(fold.presumed(), cleared), Ground.DECLARED: fold.declared(), Ground.DESIGNATED: fold.designated()}
    return Grounds(spans, cleared)


def force_of(facts: CaseFacts, law: Law) -> dict[UUID, list[Span]]:
    """Return the span in which each decision has effect."""
    fold = _Fold(facts, law)
    return {decision.id: fold.force(decision) for decision in facts.decisions}


def status_at(facts: CaseFacts, law: Law, at: datetime) -> tuple[Status, list[tuple[Ground, Span]]]:
    """Return the status at a moment, with the grounds then active."""
    return _status(facts, grounds(facts, law), at)


def _status(facts: CaseFacts, found: Grounds, at: datetime) -> tuple[Status, list[tuple[Ground, Span]]]:
    active = found.active(at)
    if active:
        return Status.CLASSIFIED, active
    if _covers(found.cleared, at):
        return Status.CLEARED, []
    if _covers(facts.expected, at) and not any(start_of(max(c.on, CHAPTER_V)) <= at for c in facts.conditions):
        return Status.ANTICIPATED, []
    if any(begin < at for spans in found.spans.values() for begin, _ in spans):
        return Status.FORMERLY_CLASSIFIED, []
    return Status.NOT_CLASSIFIED, []


def _covers(spans: Iterable[Span], at: datetime) -> bool:
    return any(begin <= at < end for begin, end in spans)


BEGINNING = datetime.min.replace(tzinfo=FOREVER.tzinfo) + timedelta(days=2)


def timeline(facts: CaseFacts, law: Law) -> list[tuple[Span, Status, list[tuple[Ground, Span]]]]:
    """Return the whole history of the status as consecutive spans, from the beginning of time to its end."""
    found = grounds(facts, law)
    edges = {BEGINNING, FOREVER, *(start_of(max(c.on, CHAPTER_V)) for c in facts.conditions)}
    for spans in (*found.spans.values(), found.cleared, facts.expected):
        edges.update(moment for span in spans for moment in span)
    pieces: list[tuple[Span, Status, list[tuple[Ground, Span]]]] = []
    for begin, end in pairwise(sorted(edges)):
        status, active = _status(facts, found, begin)
        if pieces and pieces[-1][1:] == (status, active):
            pieces[-1] = ((pieces[-1][0][0], end), status, active)
        else:
            pieces.append(((begin, end), status, active))
    return pieces
