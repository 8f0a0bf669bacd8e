"""What waits, at any moment of histories that are tests of the law themselves: the inbox adds nothing to the law, and loses nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest

from domain.law.periods import BRUSSELS
from domain.types import instant
from projections.office.inbox import Inbox, Step, Waiting
from tests.interfaces.graphql_stack import OFFICER, Stack

Days = list[tuple[str, str, str | None]]


@pytest.fixture
def replayed() -> Iterator[Callable[[str], Stack]]:
    stacks: list[Stack] = []

    def replay(name: str) -> Stack:
        stacks.append(Stack().replay(f"{name}.yaml"))
        return stacks[-1]

    yield replay
    for stack in stacks:
        stack.register.close()


def waiting(stack: Stack, at: str, name: str = "Alpha") -> list[Waiting]:
    moment = instant(at) if len(at) > 10 else datetime.fromisoformat(at).replace(hour=23, minute=59, tzinfo=BRUSSELS)
    return [each for each in Inbox(stack.register.office).waiting(moment) if each.name == name]


def told(found: list[Waiting]) -> Days:
    return [(each.step.value, each.since.isoformat(), each.due.isoformat() if each.due else None) for each in found]


def test_arguments_run_from_receipt_to_notification(replayed):
    stack = replayed("flow-arguments-rejected")
    assert told(waiting(stack, "2026-03-11")) == [("NOTIFY", "2026-03-01", "2026-03-16")]
    arguments = ("DECIDE_ON_ARGUMENTS", "2026-03-12", None)
    assert told(waiting(stack, "2026-03-12")) == [arguments]
    assert told(waiting(stack, "2026-04-21")) == [("HEAR", "2026-04-20", "2026-05-05"), arguments]
    assert ("ADOPT", "2026-05-04", None) in told(waiting(stack, "2026-05-04"))
    assert [each.step for each in waiting(stack, "2026-05-21")] == [Step.INFORM, Step.DECIDE_ON_ARGUMENTS, Step.HELD]
    assert [each.step for each in waiting(stack, "2026-05-22")] == [Step.PUBLISH]
    assert waiting(stack, "2026-05-26") == []


def test_an_adopted_decision_waits_to_be_notified(replayed):
    stack = replayed("flow-designation-52-4")
    assert told(waiting(stack, "2026-02-26")) == [("ADOPT", "2026-01-23", "2026-02-06")]
    assert told(waiting(stack, "2026-03-02")) == [("INFORM", "2026-02-27", None)]
    assert told(waiting(stack, "2026-03-03")) == [("PROPOSE_CONTENT", "2026-03-03", None)]
    assert ("DECIDE_ON_REQUEST", "2026-08-28", None) in told(waiting(stack, "2026-08-28"))
    assert ("DECIDE_ON_REQUEST", "2026-08-28", None) not in told(waiting(stack, "2026-11-04"))


def test_a_hearing_ends_with_its_last_day_and_the_act_waits_then(replayed):
    stack = replayed("clock-d3-hearing")
    for day, step in (("2026-12-04", Step.HEAR), ("2026-12-05", Step.ADOPT)):
        (hearing,) = waiting(stack, day, "Zeta")
        assert (hearing.step, hearing.due) == (step, date(2026, 12, 4))
        assert not hearing.is_late(date.fromisoformat(day))
        assert hearing.clock is not None
        assert hearing.clock.arithmetic
    (over_new_year,) = waiting(stack, "2026-12-17", "Epsilon")
    assert over_new_year.is_provisional


@pytest.mark.parametrize(("today", "late"), [("2026-03-16", False), ("2026-03-17", True)])
def test_a_term_is_late_the_day_after_its_last(today, late):
    stack = Stack()
    stack.record("2026-03-01T09:00:00+01:00", OFFICER, "case/alpha", "ModelCaseOpened", lineage_key="alpha-1", internal_name="Alpha")
    stack.record("2026-03-01T09:05:00+01:00", OFFICER, "case/alpha", "ThresholdMet", on="2026-03-01", compute_flop="1.1e25",
                 threshold_version="1", source="PROVIDER", kind="COMPUTE")  # fmt: skip
    stack.register.follower.catch_up()
    (duty,) = waiting(stack, today)
    assert (duty.step, duty.due, duty.is_late(date.fromisoformat(today))) == (Step.NOTIFY, date(2026, 3, 16), late)
    stack.register.close()


def test_a_day_in_doubt_makes_nobody_late(replayed):
    stack = replayed("clock-d1-vectors")
    (duty,) = waiting(stack, "2026-06-01", "known-2025-12-18")
    assert duty.is_provisional
    assert not duty.is_late(date(2026, 6, 1))
    (certain,) = waiting(stack, "2026-06-01", "known-2025-05-10")
    assert certain.is_late(date(2026, 6, 1))


def test_information_is_waited_for_until_it_comes(replayed):
    stack = replayed("information-requests")
    asked = [each for each in waiting(stack, "2026-08-03") if each.step is Step.SUPPLY]
    assert told(asked) == [("SUPPLY", "2026-07-31", "2026-09-01"), ("SUPPLY", "2026-08-03", "2026-09-01")]
    (open_one,) = [each for each in waiting(stack, "2026-09-02") if each.step is Step.SUPPLY]
    assert (open_one.since, open_one.is_late(date(2026, 9, 1)), open_one.is_late(date(2026, 9, 2))) == (date(2026, 8, 3), False, True)


def test_an_open_alert_is_told_with_its_case_and_its_clock(replayed):
    stack = replayed("alerts")
    alerts = [each for each in waiting(stack, "2026-09-01") if each.step is Step.PROCESS_ALERT]
    assert told(alerts) == [("PROCESS_ALERT", "2026-08-02", "2026-08-17"), ("PROCESS_ALERT", "2026-09-01", "2026-09-15")]
    assert [each.is_late(date(2026, 9, 1)) for each in alerts] == [True, False]
    stopped = [each for each in waiting(stack, "2026-09-08") if each.since == date(2026, 9, 1)]
    assert [(each.due, each.clock) for each in stopped] == [(None, None)]


def test_a_publication_goes_from_proposal_by_claim_and_slot_to_the_list(replayed):
    stack = replayed("publication-slot")
    assert told(waiting(stack, "2026-03-10")) == [("PROPOSE_CONTENT", "2026-03-01", None)]
    assert told(waiting(stack, "2026-04-07")) == [("CLAIM", "2026-04-07", "2026-04-21")]
    assert told(waiting(stack, "2026-04-22")) == [("PUBLISH", "2026-04-07", None)]
    (slot,) = waiting(stack, "2026-04-23")
    assert (slot.step, slot.slot_at) == (Step.SLOT, datetime(2026, 4, 24, 10, tzinfo=BRUSSELS))
    assert waiting(stack, "2026-04-25") == []


def test_a_claim_waits_for_its_decision_and_a_refusal_for_the_judge(replayed):
    stack = replayed("confidentiality-claims")
    assert told(waiting(stack, "2026-04-14")) == [("DECIDE_ON_CLAIM", "2026-04-14", None)]
    assert told(waiting(stack, "2026-05-11")) == [("CLAIM", "2026-04-07", "2026-05-28")]


def test_what_is_held_says_why(replayed):
    (held,) = [each for each in waiting(replayed("publication-conditions"), "2026-04-22", "Beta") if each.step is Step.HELD]
    assert held.because.endswith("Publication is held: ARGUMENTS_PENDING.")


def test_an_entry_whose_model_is_cleared_waits_to_be_removed(replayed):
    stack = replayed("publication-removal")
    assert [each.step for each in waiting(stack, "2026-06-02")] == [Step.INFORM, Step.DECIDE_ON_ARGUMENTS]
    assert [each.step for each in waiting(stack, "2026-06-03")] == [Step.REMOVE]
    assert waiting(stack, "2026-06-04") == []


def test_in_a_closed_case_nothing_waits():
    stack = Stack()
    stack.record("2026-03-02T09:00:00+01:00", OFFICER, "case/alpha", "ModelCaseOpened", lineage_key="alpha-1", internal_name="Alpha")
    stack.record("2026-03-02T09:05:00+01:00", OFFICER, "case/alpha", "SupplementaryInformationRequested", information_request_id="rfi-1",
                 request_basis="53(3)", purpose_hash="purpose of rfi-1", supply_by="2026-04-01")  # fmt: skip
    stack.record("2026-03-09T09:00:00+01:00", OFFICER, "case/alpha", "CaseClosed", on="2026-03-09", closing_reason="OTHER")
    stack.register.follower.catch_up()
    assert told(waiting(stack, "2026-03-08")) == [("SUPPLY", "2026-03-02", "2026-04-01")]
    assert waiting(stack, "2026-03-09") == []
    stack.register.close()


def test_what_is_kept_is_what_a_fresh_look_finds():
    """The inbox keeps what it found; whatever comes after, it says what one says that has kept nothing."""
    stack = Stack().replay("flow-arguments-rejected.yaml")
    inbox, office = Inbox(stack.register.office), stack.register.office
    moments = [event.event.recorded_at for event in office.events(first=1_000)]
    for moment in [*moments, *(moments[-1] + timedelta(days=days) for days in (1, 40, 400)), *reversed(moments)]:
        assert inbox.waiting(moment) == Inbox(office).waiting(moment)
    stack.register.close()
