"""
A second reading of procedure section 3, deliberately naive: is this ground active at this very moment?

Nothing is merged, cut or kept: every question is answered again for every moment, from the plain facts. It is slow, and that is its point.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from domain.law.periods import start_of
from domain.law.provisions import CHAPTER_V, FOREVER, Law, Span
from domain.status import CaseFacts, ConditionMet, Decision, Ground, Status

TICK = timedelta(microseconds=1)


class Oracle:
    """Answers for one set of facts. `moments` are all those at which anything could change, and the ones just before."""

    def __init__(self, facts: CaseFacts, law: Law) -> None:
        self.facts = facts
        self.law = law
        edges = sorted({FOREVER, *_edges(facts, law)})
        self.edges = edges
        self.moments = sorted({moment for edge in edges for moment in (edge - TICK, edge)})

    # -- Decisions -------------------------------------------------------------------

    def has_effect(self, d: Decision, at: datetime) -> bool:
        """A decision works from when the provider is informed, until it is revoked, and not at all when withdrawn or annulled."""
        if d.informed_at is None or at < d.informed_at:
            return False
        if any(self.ever_has_effect(w) for w in self._against(d, "WITHDRAWAL")):
            return False
        if any(r.informed_at is not None and r.informed_at <= at and self.ever_has_effect(r) for r in self._against(d, "REVOCATION")):
            return False
        if d.annulled is None:
            return True
        kept = d.annulled.maintained_until
        return kept is not None and at < start_of(kept + timedelta(days=1))

    def ever_has_effect(self, d: Decision) -> bool:
        """Tell whether there is a moment at which a decision has effect: the first would be when the provider is informed."""
        return d.informed_at is not None and self.has_effect(d, d.informed_at)

    def ends_its_ground(self, d: Decision, at: datetime) -> bool:
        """An act that ends a ground does so while it has effect; while the Court suspends it, only under the other reading."""
        suspended = any(begin <= at < end for begin, end in d.suspended)
        return self.has_effect(d, at) and (not suspended or self.law.settings["SUSPENDED_ENDING"] == "stays_ended")

    def _of(self, *outcomes: str) -> list[Decision]:
        return [d for d in self.facts.decisions if d.outcome in outcomes]

    def _against(self, target: Decision, outcome: str) -> list[Decision]:
        return [d for d in self._of(outcome) if d.target == target.id]

    # -- Acceptance and conversion -----------------------------------------------------

    def is_cleared(self, at: datetime) -> bool:
        """An acceptance is in force that no conversion notified after it has turned round."""
        return any(self.ends_its_ground(a, at) and not any(self._converts(c, a, at) for c in self._of("CONVERSION")) for a in self._of("ACCEPTANCE"))

    def _converts(self, c: Decision, a: Decision, at: datetime) -> bool:
        if c.informed_at is None or a.informed_at is None or not a.informed_at < c.informed_at or not self.ever_has_effect(c):
            return False
        if at < (c.effective_from or c.informed_at):
            return False
        return self.has_effect(c, at) or at < c.informed_at  # reaching back, where it says so

    def is_confirmed(self, at: datetime) -> bool:
        """A rejection or a conversion in force says that the model is presumed."""
        return any(self.has_effect(d, at) for d in self._of("REJECTION", "CONVERSION"))

    # -- Grounds -----------------------------------------------------------------------

    def is_active(self, ground: Ground, at: datetime) -> bool:
        """Tell whether a ground is active at a moment."""
        if at >= FOREVER:
            return False
        if ground is Ground.PRESUMED:
            return not self.is_cleared(at) and any(self._is_met(c, at) for c in self.facts.conditions)
        return self._is_declared(at) if ground is Ground.DECLARED else self._is_designated(at)

    def _is_met(self, c: ConditionMet, at: datetime) -> bool:
        """The condition is met from its day on: above the threshold then in force, or above one before and confirmed ever since."""
        if self._is_above(c, at):
            return True
        lapses = (edge for edge in self.edges if edge <= at and self._is_above(c, edge - TICK) and not self._is_above(c, edge))
        return any(all(self.is_confirmed(m) for m in self.moments if lapse - TICK <= m <= at) and self.is_confirmed(at) for lapse in lapses)

    def _is_above(self, c: ConditionMet, at: datetime) -> bool:
        start = start_of(max(c.on, CHAPTER_V))
        if at < start:
            return False
        return c.compute is None or self._exceeds(c.compute, start, at)

    def _exceeds(self, flop: Decimal, start: datetime, at: datetime) -> bool:
        """Strictly greater than the threshold in force; a version that keeps presumptions takes nothing from a model that met the one before."""
        applying = [t for t in self.law.thresholds if start_of(t.applies_from) <= at]
        if not applying:
            return False
        last = max(applying, key=lambda t: (t.applies_from, t.version))
        if flop > last.value_flop:
            return True
        began = start_of(last.applies_from)
        kept = last.presumptions_kept or self.law.settings["RAISED_THRESHOLD_EFFECT"] == "never_lapses"
        return kept and began > start and self._exceeds(flop, start, began - TICK)

    def _is_declared(self, at: datetime) -> bool:
        for d in self._of("DESIGNATION_52_1"):
            reaches_back = d.condition_met_on is not None and start_of(max(d.condition_met_on, CHAPTER_V)) <= at
            if reaches_back and d.informed_at and self.ever_has_effect(d) and (at < d.informed_at or self.has_effect(d, at)):
                return True
        return False

    def _is_designated(self, at: datetime) -> bool:
        return any(
            self.has_effect(d, at) and not any(self.ends_its_ground(lifting, at) for lifting in self._against(d, "LIFTING"))
            for d in self._of("DESIGNATION_52_4")
        )

    def spans(self, ground: Ground) -> list[Span]:
        """Walk over the edges and note where a ground begins and ends."""
        found: list[Span] = []
        begin: datetime | None = None
        for edge in self.edges:
            active = self.is_active(ground, edge)
            if active and begin is None:
                begin = edge
            elif not active and begin is not None:
                found.append((begin, edge))
                begin = None
        return found

    # -- Status ------------------------------------------------------------------------

    def status(self, at: datetime) -> Status:
        """The table of procedure section 3, from top to bottom; what is expected comes before what was."""
        if any(self.is_active(ground, at) for ground in Ground):
            return Status.CLASSIFIED
        if self.is_cleared(at):
            return Status.CLEARED
        met = any(start_of(max(c.on, CHAPTER_V)) <= at for c in self.facts.conditions)
        if not met and any(begin <= at < end for begin, end in self.facts.expected):
            return Status.ANTICIPATED
        before = [moment for moment in self.moments if moment < at]
        was = any(self.is_active(ground, moment) for ground in Ground for moment in before)
        return Status.FORMERLY_CLASSIFIED if was else Status.NOT_CLASSIFIED


def _edges(facts: CaseFacts, law: Law) -> Iterator[datetime]:
    """Return every moment named by any fact or law."""
    for condition in facts.conditions:
        yield start_of(max(condition.on, CHAPTER_V))
    for begin, end in facts.expected:
        yield from (begin, end)
    for threshold in law.thresholds:
        yield start_of(threshold.applies_from)
    for d in facts.decisions:
        yield from (moment for moment in (d.informed_at, d.effective_from) if moment)
        yield from (moment for span in d.suspended for moment in span)
        if d.condition_met_on:
            yield start_of(max(d.condition_met_on, CHAPTER_V))
        if d.annulled and d.annulled.maintained_until:
            yield start_of(d.annulled.maintained_until + timedelta(days=1))
