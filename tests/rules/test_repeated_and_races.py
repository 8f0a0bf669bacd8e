"""Requests that come twice, races between processes, and a clock that lags: what is recorded then, and what is answered."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.stores.event_store.factory import RecorderFactory
from api.stores.event_store.mapper import RegisterMapper
from domain.actors import Actor, Role
from domain.errors import KeyReused, Refused, Stale, TooBusy
from domain.law.rules import R01
from domain.record import Fact
from domain.registry import Command, Recorded, Registry
from tests.rules.test_registry import command, nothing_more
from tests.scenario import (
    ALPHA,
    MINUTE,
    Scenario,
    actor,
    brussels,
    case,
    document,
    fact,
    given,
    named,
    notified,
    opened,
    provider,
    threshold_met,
)  # fmt: skip

MARCH_2, MARCH_3, APRIL_20 = (brussels(day) for day in ("2026-03-02", "2026-03-03", "2026-04-20"))
MET = threshold_met("2026-03-01")

# -- Requests that come twice ---------------------------------------------------------------


def test_a_repeated_request_has_its_first_answer_and_another_under_its_key_has_none() -> None:
    scenario = given(MARCH_2, opened(), provider())
    first = replace(command(notified(MARCH_2)), key="once", body_hash=document("body"))
    recorded = scenario.registry.record(first)
    scenario.registry.record(command(MET, MARCH_3 + MINUTE))
    before = scenario.stored()
    again = scenario.registry.record(replace(first, at=APRIL_20))
    assert (again.events, again.version, again.position) == (recorded.events[:-1], recorded.version, 0)
    assert scenario.stored() == before
    nothing_more(scenario, lambda: scenario.registry.record(replace(first, body_hash=document("other"))), KeyReused)
    of_another = replace(first, actor=actor(Role.PROVIDER), fact=notified(MARCH_2, "another"), at=APRIL_20)
    assert scenario.registry.record(of_another).version == 5


def test_what_follows_from_one_act_bears_one_correlation_and_names_its_cause() -> None:
    scenario = given(MARCH_2, opened(), provider())
    one = scenario.registry.record(replace(command(argued_alone("one")), key="once"))
    two = scenario.registry.record(command(argued_alone("two"), MARCH_3 + MINUTE))
    assert (one.version, two.version) == (4, 6)
    three = scenario.registry.record(command(argued_alone("three"), MARCH_3 + 2 * MINUTE))
    assert three.events[0].correlation != two.events[0].correlation
    assert len({event.correlation for event in one.events}) == len({event.correlation for event in two.events}) == 1
    assert one.events[0].correlation != two.events[0].correlation
    assert [event.cause for event in one.events] == [None, *[one.events[0].event_id] * (len(one.events) - 1)]
    assert [event.cause for event in two.events] == [None, two.events[0].event_id]


def test_what_follows_from_a_filing_is_recorded_by_the_register_and_not_by_the_filer() -> None:
    filer = actor(Role.PROVIDER)
    scenario = given(MARCH_2, opened(), provider())
    filed, ruled = scenario.registry.record(replace(command(argued_alone("two")), actor=filer)).events
    assert (filed.topic, filed.role, filed.actor_ref) == ("ArgumentsReceived", Role.PROVIDER, filer.ref)
    assert (ruled.role, ruled.actor_ref) == (Role.SYSTEM, filer.ref)


def test_the_correlation_of_a_request_is_its_key_in_every_store() -> None:
    once = replace(command(MET), key="once")
    of_another = replace(once, actor=Actor(named("another officer"), Role.CASE_OFFICER))
    stores = [given(MARCH_2, opened()) for _ in range(4)]
    first, again, *others = [
        store.registry.record(each).events[0].correlation
        for store, each in zip(stores, (once, once, replace(once, key="twice"), of_another), strict=True)
    ]
    assert first == again
    assert len({first, *others}) == 3


def argued_alone(name: str) -> Fact:
    return fact(
        "ArgumentsReceived", submission_id=named(name), received_at=MARCH_2, claims=["NO_HIGH_IMPACT_CAPABILITIES"], relies_on_mitigations=False
    )


# -- Races: another process records between decision and save ----------------------------------


class Race:
    """Two use cases over one store: the first is interrupted by the second as often as asked, just before it saves."""

    def __init__(self, scenario: Scenario, times: int, other: Callable[[int], Command]) -> None:
        self.scenario, self.times, self.other = scenario, times, other
        self.registry = Registry(RecorderFactory(scenario.recorder, RegisterMapper()), new_id=self._interrupted)
        self.won: list[Recorded] = []

    def _interrupted(self) -> UUID:
        if len(self.won) < self.times:
            self.won.append(self.scenario.registry.record(self.other(len(self.won))))
        return uuid4()


def another(n: int) -> Command:
    return command(fact("MarketedNameAdded", marketed_name=f"Alpha {n}", on="2026-03-01"))


def test_a_lost_race_is_decided_again() -> None:
    scenario = given(MARCH_2, opened(), provider())
    race = Race(scenario, 1, another)
    assert race.registry.record(command(MET)).version == 4
    stale = Race(scenario, 1, lambda n: another(7))
    with pytest.raises(Stale):
        stale.registry.record(replace(command(fact("MarketedNameAdded", marketed_name="B", on="2026-03-01")), seen=4))


@pytest.mark.parametrize(("times", "busy"), [(19, False), (20, True)])
def test_an_act_is_tried_twenty_times(times: int, busy: bool) -> None:
    scenario = given(MARCH_2, opened(), provider())
    race = Race(scenario, times, another)
    if busy:
        with pytest.raises(TooBusy):
            race.registry.record(command(MET))
        assert len(scenario.stored()) == len(given(MARCH_2, opened(), provider()).stored()) + times
    else:
        assert race.registry.record(command(MET)).version == 3 + times


@pytest.mark.parametrize("what", [MET, opened("beta")], ids=["that could be recorded twice", "that is there only once"])
def test_of_two_twins_under_one_key_one_is_recorded_and_answers_both(what: Fact) -> None:
    scenario = given(MARCH_2, opened(), provider())
    twin = replace(command(what, on=ALPHA if what is MET else case("beta")), key="once", body_hash=document("body"))
    race = Race(scenario, 1, lambda n: twin)
    recorded = race.registry.record(twin)
    assert recorded.events == race.won[0].events[:-1]
    assert [topic for _, topic, _ in scenario.stored()].count(what.TOPIC) == (1 if what is MET else 2)


def test_a_refusal_met_in_a_race_is_no_answer_to_the_twin_that_was_recorded() -> None:
    """The version seen is no longer the last, because the twin was recorded: its answer is given, not a stale one."""
    scenario = given(MARCH_2, opened(), provider())
    twin = replace(command(MET), key="once", body_hash=document("body"), seen=2)
    race = Race(scenario, 1, lambda n: twin)
    assert race.registry.record(twin).events == race.won[0].events[:-1]
    nothing_more(scenario, lambda: scenario.registry.record(replace(twin, key="twice")), Stale)
    low = replace(command(threshold_met("2026-03-01", "1e25")), key="low")
    nothing_more(scenario, lambda: scenario.registry.record(low), Refused, R01.code)


def test_the_time_of_recording_never_runs_backwards() -> None:
    scenario = given(MARCH_3, opened(), provider())
    recorded = scenario.registry.record(command(MET, MARCH_2))
    assert recorded.events[0].recorded_at == MARCH_3 + MINUTE
    assert recorded.events[0].recorded_at.utcoffset() == timedelta(0)
    known = scenario.case().known(MARCH_3)
    assert known.version == 1
