"""Ends, endings and settings of grounds by hand: what drawing facts at random never meets often enough."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.law.periods import start_of
from domain.law.provisions import CHAPTER_V, FOREVER, Law, ThresholdVersion
from domain.law.settings import Settings
from domain.status import BEGINNING, Annulment, CaseFacts, ConditionMet, Decision, Ground, Outcome, Status, force_of, grounds, timeline
from tests.scenario import named

LAW = Law(thresholds=(ThresholdVersion(1, Decimal(10**25), date(2024, 7, 12), CHAPTER_V, False, datetime(2025, 1, 1, tzinfo=UTC)),))
MARCH_1, JUNE_3 = date(2026, 3, 1), date(2026, 6, 3)
MET = ConditionMet(MARCH_1, Decimal(10**25 + 1))


def one(decision: Decision | None = None, **changes: Any) -> Decision:
    """Return a decision notified on 3 June 2026, with some fields changed."""
    return replace(decision or Decision(named("decision"), "REJECTION", start_of(JUNE_3)), **changes)


@pytest.mark.parametrize("outcome", ["WITHDRAWAL", "REVOCATION"])
def test_acts_that_undo_each_other_in_a_circle_do_not_hang_the_fold(outcome: Outcome) -> None:
    """No procedure records them; a fold that runs on every load must end all the same."""
    designation = one(outcome="DESIGNATION_52_4")
    undoing = one(designation, id=named("undoing"), outcome=outcome, target=designation.id)
    undone = one(undoing, id=named("undone"), target=undoing.id)
    circle = one(undoing, id=named("circle"), target=undone.id)
    for decisions in ((designation, undoing, undone, one(undoing, target=undone.id)), (designation, one(undoing, target=undoing.id), undone, circle)):
        facts = CaseFacts((), decisions)
        assert set(force_of(facts, LAW)) == {each.id for each in decisions}
        assert timeline(facts, LAW)[-1][0][1] == FOREVER


YEAR_END, MAY_1 = start_of(date(2027, 1, 1)), date(2026, 5, 1)


@pytest.mark.parametrize(("maintained_until", "end"), [(date(2026, 12, 30), date(2026, 12, 31)), (date(2027, 1, 1), date(2027, 1, 1))])
def test_of_two_ends_of_a_decision_the_first_counts(maintained_until: date, end: date) -> None:
    """Revoked on 1 January 2027, and annulled with its effects maintained to the end of a day."""
    designation = one(outcome="DESIGNATION_52_4", annulled=Annulment(maintained_until))
    revocation = Decision(named("revocation"), "REVOCATION", YEAR_END, target=designation.id)
    assert grounds(CaseFacts((), (designation, revocation)), LAW).spans[Ground.DESIGNATED] == [(start_of(JUNE_3), start_of(end))]


def test_a_conversion_confirms_the_presumption_like_a_rejection() -> None:
    acceptance = Decision(named("acceptance"), "ACCEPTANCE", start_of(MAY_1))
    conversion = Decision(named("conversion"), "CONVERSION", start_of(JUNE_3), target=acceptance.id)
    raised = replace(
        LAW, thresholds=(*LAW.thresholds, replace(LAW.thresholds[0], version=2, value_flop=Decimal(10**26), applies_from=YEAR_END.date()))
    )
    facts = CaseFacts((MET,), (acceptance, conversion))
    assert grounds(facts, raised).spans[Ground.PRESUMED] == [(start_of(MARCH_1), start_of(MAY_1)), (start_of(JUNE_3), FOREVER)]


AUGUST_1, AUTUMN = date(2026, 8, 1), start_of(date(2026, 10, 1))


def switched(switch: str, value: str) -> Law:
    """The law under another reading from 1 August 2026 on."""
    return replace(LAW, settings=Settings(2, {}, ((AUGUST_1, switch, value),)))


@pytest.mark.parametrize(("suspended_on", "again"), [(date(2026, 7, 31), True), (AUGUST_1, False)])
def test_the_suspension_of_an_ending_is_read_under_the_settings_of_its_first_day(suspended_on: date, again: bool) -> None:
    designation = one(outcome="DESIGNATION_52_4", informed_at=start_of(MAY_1))
    lifting = Decision(named("lifting"), "LIFTING", start_of(JUNE_3), target=designation.id, suspended=((start_of(suspended_on), AUTUMN),))
    found = grounds(CaseFacts((), (designation, lifting)), switched("SUSPENDED_ENDING", "stays_ended")).spans[Ground.DESIGNATED]
    assert found == [(start_of(MAY_1), start_of(JUNE_3)), *([(start_of(suspended_on), AUTUMN)] if again else [])]


@pytest.mark.parametrize(("first_informed", "ends"), [(date(2026, 7, 31), date(2026, 7, 31)), (AUGUST_1, date(2026, 10, 1))])
def test_an_acceptance_to_several_is_read_under_the_settings_of_the_first_notification(first_informed: date, ends: date) -> None:
    acceptance = one(outcome="ACCEPTANCE", informed_at=start_of(first_informed), all_informed_at=AUTUMN)
    found = grounds(CaseFacts((MET,), (acceptance,)), switched("ACCEPTANCE_MULTI_PROVIDER", "last_notification"))
    assert found.spans[Ground.PRESUMED] == [(start_of(MARCH_1), start_of(ends))]


def test_a_condition_met_ends_the_expectation_even_where_no_ground_opens() -> None:
    facts = CaseFacts((ConditionMet(MARCH_1, Decimal(10**25)),), (), ((start_of(CHAPTER_V), FOREVER),))
    stretches = [(span, status) for span, status, _ in timeline(facts, LAW)]
    assert stretches == [
        ((BEGINNING, start_of(CHAPTER_V)), Status.NOT_CLASSIFIED),
        ((start_of(CHAPTER_V), start_of(MARCH_1)), Status.ANTICIPATED),
        ((start_of(MARCH_1), FOREVER), Status.NOT_CLASSIFIED),
    ]
