"""The properties of procedure section 3 over events as they are recorded; tests/rules/test_status_properties.py has them over plain facts."""

import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.stores.event_store.mapper import EventDecoder
from api.wiring import Register
from domain.ids import LAW, REGISTER, Stream
from domain.model_case.case import ModelCase
from domain.model_case.effects import clocks, standing
from domain.record import Event, Fact, evolve
from tests.read_models.cases import TICK, Folded, Happened, events_of, histories
from tests.scenario import document, fact, named

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
many = settings(max_examples=2_000 if FULL else 60, derandomize=not FULL, deadline=None)
LATER = datetime(2030, 1, 1, tzinfo=UTC)
MOMENTS = tuple(datetime(year, 7, 1, tzinfo=UTC) for year in (2025, 2026, 2027, 2029))


def spans(events: list[Event[Any]], known_at: datetime) -> dict[Stream, object]:
    """Return the grounds and status of every case, at all moments, as known at one."""
    folded = Folded(events)
    law = folded.known_law(known_at)
    return {stream: _all(case, law, known_at) for stream, case in folded.cases.items()}


def _all(case: ModelCase, law: Any, known_at: datetime) -> object:
    found = [standing(case, law, moment, known_at) for moment in MOMENTS]
    return [(each.status, each.active, each.spans) for each in found]


def happened(event: Event[Any], at: datetime | None = None) -> Happened:
    return at or event.recorded_at, event.stream, event.fact


# -- (i) The order of recording ------------------------------------------------------


def once(events: list[Event[Any]]) -> list[Event[Any]]:
    """Leave out what the guards would not record again: a second filing under one number, a second finding of one provider."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for event in events:
        number = getattr(event.fact, "submission_id", None) if event.fact.TOPIC in ONCE else getattr(event.fact, "provider_ref", None)
        key = (event.stream, event.fact.TOPIC, number)
        if event.fact.TOPIC not in (*ONCE, "ProviderIdentified") or key not in seen:
            kept.append(event)
            seen.add(key)
    return kept


ONCE = ("NotificationReceived", "NotificationWithdrawn", "ArgumentsReceived")


@given(histories(), st.randoms(use_true_random=False))
@many
def test_i_the_order_in_which_events_are_recorded_does_not_matter(events: list[Event[Any]], order: Any) -> None:
    kept = once(events)
    opened = [e for e in kept if e.topic == "ModelCaseOpened"]
    rest = [e for e in kept if e.topic != "ModelCaseOpened"]
    order.shuffle(rest)
    anew = events_of([happened(e, opened[0].recorded_at) for e in (*opened, *rest)])
    assert spans(anew, LATER) == spans(kept, LATER)


# -- (ii) Known before it was notified ---------------------------------------------------


@given(histories())
@many
def test_ii_what_is_known_before_a_notification_is_recorded_shows_no_effect_of_the_decision(events: list[Event[Any]]) -> None:
    for decision in (e for e in events if hasattr(e.fact, "commission_ref")):
        informed = [e.recorded_at for e in events if e.topic == "DecisionNotified" and e.fact.decision_id == decision.fact.decision_id]
        known_at = min(informed, default=LATER) - TICK
        without = events_of(happened(e) for e in events if e is not decision)
        assert spans(without, known_at) == spans(events, known_at)


# -- (iii) Annulled, or never taken --------------------------------------------------------


def annulled(decision: Event[Any]) -> Fact:
    return fact(
        "DecisionAnnulled", action_id=named("action"), decision_id=decision.fact.decision_id, judgment_id=named("judgment"), court="GENERAL_COURT",
        case_no="T-1/26", judgment_on="2029-01-01", operative_part_hash=document("operative part"), extent="FULL", ground_falls=True,
        effects_maintained=False,
    )  # fmt: skip


@given(histories())
@many
def test_iii_an_annulled_decision_might_as_well_never_have_been_recorded(events: list[Event[Any]]) -> None:
    for decision in (e for e in events if hasattr(e.fact, "commission_ref")):
        judged = events_of([*(happened(e) for e in events), (LATER, decision.stream, annulled(decision))])
        without = events_of(happened(e) for e in events if getattr(e.fact, "decision_id", None) != decision.fact.decision_id)
        assert spans(judged, LATER) == spans(without, LATER)
        assert spans(judged, LATER - TICK) == spans(events, LATER - TICK), "not before the judgment is known"


# -- No sequence of events makes the fold fail -----------------------------------------------


@pytest.fixture(scope="module")
def recorded(demonstration: Register) -> dict[Stream, list[Event[Any]]]:
    """The events of every case of the demonstration, which has all of their types, and of the law."""
    found = defaultdict(list)
    decoder = EventDecoder()
    for _, topic, state in demonstration.recorder.raw_events(0, 1_000_000):
        event = decoder.event(topic, state)
        if event.stream.kind == "case" or event.stream in (LAW, REGISTER):
            found[event.stream].append(event)
    return dict(found)


@given(st.data())
@many
def test_no_sequence_of_events_makes_the_fold_fail(recorded: dict[Stream, list[Event[Any]]], data: Any) -> None:
    """Events of every type, left out, twice, in any order: what no procedure would record must still be read."""
    folded = Folded([event for stream in (LAW, REGISTER) for event in recorded.get(stream, ())])
    mine = recorded[data.draw(st.sampled_from(sorted((s for s in recorded if s.kind == "case"), key=str)))]
    drawn = data.draw(st.lists(st.sampled_from(mine), max_size=2 * len(mine)))
    case = ModelCase(mine[0].stream)
    for event in events_of(happened(e) for e in drawn):
        case = evolve(case, event)
    law = folded.known_law(LATER)
    for moment in (*MOMENTS, *(e.recorded_at + timedelta(days=1) for e in drawn[-1:])):
        found_at = standing(case, law, moment, LATER)
        assert bool(found_at.active) == (found_at.status == "CLASSIFIED")
        assert [clock.clock for clock in clocks(case, law, moment)] == sorted(clock.clock for clock in clocks(case, law, moment))
