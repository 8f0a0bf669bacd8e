"""Which threshold, list of holidays and catalogue is in force or known at a moment, and what binds whom because of it: Articles 51 to 55."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.law.periods import HolidayCalendar
from domain.law.provisions import CalendarVersion, Law, Span, ThresholdVersion, join
from domain.law.rules import RULES
from domain.law.settings import Settings
from domain.law.zones import day_in
from domain.obligations import catalogue_on, end_of, facts_for, obligations_of, provider_facts
from domain.record import Fact
from domain.status import Ground
from tests.rules.replaying import DEMONSTRATION, DOCKETS, steps_of
from tests.rules.test_obligations import CATALOGUE, MET, bind, presumed
from tests.rules.test_unknown_and_contradictory import succeeded
from tests.scenario import PROVIDER, argued, brussels, decided, given, informed, named, notified, opened, provider, threshold_met

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
OTHER, THIRD = named("other-ai"), named("third-ai")
HOUR = timedelta(hours=1)


def threshold(version: int, flop: str, day: str, *, kept: bool = False, known: datetime = MARCH_2) -> ThresholdVersion:
    return ThresholdVersion(version, Decimal(flop), date(2025, 1, 1), date.fromisoformat(day), kept, known)


def days(spans: list[Span]) -> list[tuple[str, str]]:
    return [(str(begin.date()), str(end.date())) for begin, end in spans]


FIRST, RAISED = threshold(1, "1e25", "2025-08-02"), threshold(2, "1e26", "2026-06-01")
KEPT = threshold(2, "1e26", "2026-06-01", kept=True)
LAPSE, NEVER = Settings(), Settings(1, {}, ((date(2026, 1, 1), "RAISED_THRESHOLD_EFFECT", "never_lapses"),))


@pytest.mark.parametrize(
    ("flop", "law", "begins", "spans"),
    [
        ("2e25", Law((FIRST, RAISED)), "2026-03-02", [("2026-03-02", "2026-06-01")]),
        ("2e25", Law((FIRST, RAISED)), "2026-06-01", []),
        ("2e25", Law((FIRST, KEPT)), "2026-03-02", [("2026-03-02", "9999-12-29")]),
        ("2e25", Law((FIRST, KEPT)), "2026-06-01", []),
        ("1e25", Law((FIRST, KEPT)), "2026-03-02", []),
        ("2e25", Law((FIRST, RAISED), settings=NEVER), "2026-03-02", [("2026-03-02", "9999-12-29")]),
        ("1e26", Law((FIRST, RAISED)), "2026-07-01", []),
        ("2e26", Law((FIRST, RAISED)), "2026-07-01", [("2026-07-01", "9999-12-29")]),
    ],
)
def test_a_compute_is_above_the_threshold_in_force_or_kept(flop: str, law: Law, begins: str, spans: list[tuple[str, str]]) -> None:
    """Law: Article 51(2), (3)."""
    assert days(law.above(Decimal(flop), brussels(begins, 0))) == spans


def test_the_law_is_known_from_the_instant_of_its_recording() -> None:
    calendar = CalendarVersion(HolidayCalendar(2026, frozenset(), frozenset(), 7, "OJ"), MARCH_2)
    older = CalendarVersion(HolidayCalendar(2026, frozenset(), frozenset(), 3, "OJ"), MARCH_2 - HOUR)
    law = Law((FIRST,), holidays=(calendar, older))
    known = [law.known(at) for at in (MARCH_2 - timedelta(microseconds=1), MARCH_2)]
    assert [(len(each.thresholds), each.calendar_version) for each in known] == [(0, 3), (1, 7)]
    assert Law().calendar_version == 0


def test_an_empty_span_is_none() -> None:
    first, second = MARCH_2, MARCH_2 + HOUR
    assert join([(first, first), (second, first)]) == []
    assert join([(first, second), (second, second + HOUR)]) == [(first, second + HOUR)]


def test_the_place_of_the_holidays_is_the_switch() -> None:
    scenario = given(MARCH_2, opened())
    law = scenario.registry.law(MARCH_2)
    there = Law(law.thresholds, law.annexes, law.holidays, Settings(1, {"HOLIDAY_LIST": "Luxembourg"}))
    assert there.calendars == law.calendars.in_luxembourg()
    assert there.calendars != law.calendars


def test_a_country_that_is_not_known_has_the_day_of_brussels() -> None:
    at = brussels("2026-03-17", 0, 30)
    assert [day_in(country, at).day for country in ("US", "FR", "ZZ")] == [16, 17, 17]


# -- Articles 53 to 55 -----------------------------------------------------------------------------------


def test_the_last_catalogue_that_applies_counts() -> None:
    later = CATALOGUE.model_copy(update={"version": 2, "applies_from": date(2026, 6, 1)})
    found = [catalogue_on([CATALOGUE, later], day) for day in (date(2026, 5, 31), date(2026, 6, 1))]
    assert found == [CATALOGUE, later]


def test_a_bare_day_ends_before_the_next() -> None:
    assert end_of(date(2026, 3, 2)) < brussels("2026-03-03", 0) <= end_of(date(2026, 3, 2)) + timedelta(microseconds=1)


def test_nothing_binds_from_a_placing_that_lies_ahead() -> None:
    assert bind("2026-01-14", placed_on=date(2026, 1, 15)) == {}
    assert "53(1)(a)" in bind("2026-01-15", placed_on=date(2026, 1, 15))


@pytest.mark.parametrize(("suspended", "said"), [((), False), ((Ground.PRESUMED,), True)])
def test_a_duty_says_that_the_court_suspended_its_ground(suspended: tuple[Ground, ...], said: bool) -> None:
    found = bind("2026-03-01", presumed(MET), suspended)["55(1)(a)"]
    assert (found.suspended, "The Court has suspended the act" in found.reason) == (said, said)


@pytest.mark.parametrize(
    ("past", "ref", "day", "since"),
    [
        ([], PROVIDER, "2026-03-02", "2020-01-01"),
        ([succeeded("2026-03-10")], OTHER, "2026-03-10", "2026-03-10"),
        ([succeeded("2026-03-10")], OTHER, "2026-03-09", None),
        ([succeeded("2026-03-10"), succeeded("2026-04-10", of=OTHER, by=THIRD)], OTHER, "2026-05-01", "2026-03-10"),
        (
            [succeeded("2026-03-10"), succeeded("2026-04-10", of=OTHER, by=THIRD), succeeded("2026-05-10", of=THIRD)],
            OTHER,
            "2026-06-01",
            "2026-05-10",
        ),
    ],
)
def test_somebody_is_a_provider_since_it_last_took_over(past: list[Fact], ref: UUID, day: str, since: str | None) -> None:
    found = provider_facts(given(DECEMBER_1, opened(), provider(), *past).case(), ref, date.fromisoformat(day)).provider_since
    assert (str(found) if found else None) == since


ACCEPTED = [
    threshold_met("2026-03-01"), notified(MARCH_2, arguments=True), argued(MARCH_2),
    decided("ArgumentsAccepted", "acceptance", "2026-04-01", addressees=[PROVIDER, OTHER]),
]  # fmt: skip
LAW = Law((FIRST,))


@pytest.mark.parametrize(
    ("told", "informed_at"),
    [
        ([], {PROVIDER: None, OTHER: None}),
        ([("2026-04-03", PROVIDER)], {PROVIDER: "2026-04-03", OTHER: None}),
        ([("2026-04-05", PROVIDER), ("2026-04-03", PROVIDER), ("2026-04-04", OTHER)], {PROVIDER: "2026-04-03", OTHER: "2026-04-04"}),
    ],
)
def test_each_provider_is_relieved_when_it_was_first_informed_of_the_acceptance(
    told: list[tuple[str, UUID]], informed_at: dict[UUID, str | None]
) -> None:
    """Procedure 7.4."""
    other = [decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)]
    facts = [*ACCEPTED, *other, *(informed("acceptance", brussels(day), ref) for day, ref in told)]
    case = given(DECEMBER_1, opened(), provider(), provider(OTHER), *facts).case()
    for ref, day in informed_at.items():
        (found,) = [each.informed_at for each in facts_for(case, LAW, ref).decisions if each.id == named("acceptance")]
        assert (str(found.date()) if found else None) == day
        (designated,) = [each.informed_at for each in facts_for(case, LAW, ref).decisions if each.id == named("designation")]
        assert designated == MARCH_2


def test_who_was_no_provider_when_it_was_informed_was_not_informed() -> None:
    case = given(DECEMBER_1, opened(), provider(), *ACCEPTED, succeeded("2026-04-02"), informed("acceptance", brussels("2026-04-03"))).case()
    (found,) = facts_for(case, LAW, OTHER).decisions
    assert found.informed_at is None
    assert obligations_of(case, LAW, PROVIDER, date(2026, 5, 1), CATALOGUE) == []


def test_the_rules_on_what_arrives_are_those_under_which_it_is_ruled_upon() -> None:
    """What arrives is recorded and ruled inadmissible, never refused for it; every other rule refuses an act."""
    named_by_rulings = {
        (step.get("expect") or {}).get("cause_code") for path in [*DOCKETS, *DEMONSTRATION] for step in steps_of(path) if "record" in step
    }
    assert {code for code, rule in RULES.items() if rule.received} == named_by_rulings - {None}
