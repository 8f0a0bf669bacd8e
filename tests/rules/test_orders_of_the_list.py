"""One change of the list: its day, its slot, its order, and what a correction may say; each on both sides (Article 52(6); procedure 5.8)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.ids import REGISTER
from domain.listing import holds, next_slot
from domain.record import Act, Fact
from tests.rules.test_registry import ENTRY, LISTED, SHOWN, command, ready
from tests.scenario import (
    ALPHA,
    MINUTE,
    Scenario,
    actor,
    argued,
    brussels,
    document,
    fact,
    given,
    named,
    notified,
    opened,
    publication,
    threshold_met,
)  # fmt: skip

APRIL_20 = brussels("2026-04-20")
FILE = publication()
OFFICER = Role.PUBLICATION_OFFICER


def listed() -> Scenario:
    """A model on the list since 20 April 2026."""
    scenario = ready()
    scenario.registry.record(command(LISTED, APRIL_20, OFFICER, ENTRY))
    return scenario


def change(topic: str, day: str = "2026-04-21", **more: Any) -> Fact:
    dates = {
        "ListEntryPublished": "listed_on",
        "ListEntryUpdated": "updated_on",
        "ListEntryRemoved": "removed_on",
        "ListEntryCorrected": "corrected_on",
    }
    return fact(topic, list_id="1", **{dates[topic]: day}, **more)


def removed(reason: str) -> Fact:
    return change("ListEntryRemoved", public_reason=reason)


def misprint(field: str, old: str, new: str) -> Fact:
    return change("ListEntryCorrected", field=field, old_value=old, new_value=new)


CHANGES: dict[str, tuple[Fact, type[Exception] | None, str]] = {
    "an entry is dated on its slot": (change("ListEntryUpdated", "2026-04-20", **SHOWN), Malformed, "^updated_on: must be the day of the slot"),
    "an entry is published once": (change("ListEntryPublished", **SHOWN), AlreadyInRegister, "The model is on the list"),
    "an entry is updated": (change("ListEntryUpdated", **SHOWN), None, ""),
    "an entry names a model": (change("ListEntryUpdated", **{**SHOWN, "marketed_names": []}), Malformed, "^marketed_names: must not be empty"),
    "an entry names it once": (change("ListEntryUpdated", **{**SHOWN, "marketed_names": ["A", "A"]}), Malformed, "^marketed_names: must not say"),
    "an entry made in error is removed": (removed("ENTERED_IN_ERROR"), None, ""),
    "a misprint is of a field of the list": (misprint("list_id", "1", "2"), Malformed, "^field: must be a field of the list: marketed_names"),
    "a misprint is what stands there": (misprint("provider_country", "DE", "BE"), Malformed, "^old_value: must be what the entry says now: FR"),
    "a correction is a value": (misprint("provider_country", "FR", "France"), Malformed, "^new_value: is not a value of provider_country"),
    "a misprint is corrected": (misprint("provider_country", "FR", "BE"), None, ""),
    "one of several values is corrected": (misprint("public_grounds", "52(4)", "51(1)(a); 52(4)"), None, ""),
    "where nothing stands nothing is corrected": (misprint("decision_ref", "None", "C(2026) 1"), Malformed, "^old_value: must be what"),
    "a name is corrected": (misprint("provider_name", "Alpha AI", "Alpha"), None, ""),
}  # fmt: skip


@pytest.mark.parametrize(("what", "error", "match"), CHANGES.values(), ids=CHANGES)
def test_one_change_of_the_list(what: Fact, error: type[Exception] | None, match: str) -> None:
    attempt = listed().when(brussels("2026-04-21"), what, by=OFFICER, on=ENTRY)
    if error:
        attempt.then_fails(error, match=match)
    else:
        attempt.then(what.TOPIC, "PublicationOrdered", "PublicationExecuted", "ListingRecorded")


def test_what_is_not_on_the_list_is_neither_updated_nor_removed() -> None:
    for what in (change("ListEntryUpdated", **SHOWN), removed("ANNULLED")):
        ready().when(brussels("2026-04-21"), what, by=OFFICER, on=ENTRY).then_fails(NotInRegister, match="the model is not on the list")


def test_a_corrected_entry_is_on_the_list_as_corrected_until_it_is_removed() -> None:
    scenario = listed()
    for n, what in enumerate([misprint("provider_country", "FR", "BE"), misprint("provider_country", "BE", "NL"), removed("ENTERED_IN_ERROR")]):
        scenario.registry.record(command(what, brussels("2026-04-21") + n * MINUTE, OFFICER, ENTRY))
    gone = command(misprint("provider_country", "NL", "FR"), brussels("2026-04-21", 14), OFFICER, ENTRY)
    with pytest.raises(NotInRegister):
        scenario.registry.record(gone)


def test_an_entry_that_came_back_says_what_it_says_since() -> None:
    scenario = listed()
    back = change("ListEntryPublished", **{**SHOWN, "marketed_names": ["Alpha"]})
    for n, what in enumerate([removed("ENTERED_IN_ERROR"), back, misprint("provider_country", "FR", "BE")]):
        recorded = scenario.registry.record(command(what, brussels("2026-04-21") + n * MINUTE, OFFICER, ENTRY))
        assert recorded.version == n + 2


# -- Orders and slots ---------------------------------------------------------------------------


def order(slot: datetime, name: str = "order", action: str = "PUBLISH", **more: Any) -> Fact:
    return fact("PublicationOrdered", order_id=named(name), action=action, slot_at=slot, **{**SHOWN, **more})


@pytest.mark.parametrize(
    ("day", "hour", "slot"),
    [("2026-04-20", 9, "2026-04-21"), ("2026-04-24", 12, "2026-04-27"), ("2026-04-30", 12, "2026-05-04"), ("2026-05-13", 12, "2026-05-18")],
)
def test_the_slot_is_at_ten_on_the_next_working_day(day: str, hour: int, slot: str) -> None:
    """Friday to Monday; over 1 May 2026; over Ascension Day and the Friday after it, which are holidays of the Commission."""
    at = brussels(day, hour)
    scenario = ready()
    act = Act(actor(OFFICER), at, scenario.registry.law(at))
    assert next_slot(act) == brussels(slot, 10)
    scenario.when(at, order(brussels(slot, 10)), on=FILE).then("PublicationOrdered")


@pytest.mark.parametrize(
    "slot",
    [
        brussels("2026-04-20", 10),
        brussels("2026-04-21", 9, 59),
        brussels("2026-04-21", 10, 1),
        brussels("2026-05-01", 10),
        brussels("2026-05-02", 10),
    ],
)
def test_nothing_else_is_a_slot(slot: datetime) -> None:
    ready().when(brussels("2026-04-20", 9), order(slot), on=FILE).then_fails(Malformed, match="^slot_at: must be 10:00 in Brussels")
    ready().when(brussels("2026-04-20", 9), order(brussels("2026-04-22", 10)), on=FILE).then("PublicationOrdered")


def test_at_once_is_the_time_of_the_order() -> None:
    at_once = fact("JudgementSettingChanged", settings_version=2, switch="PUBLICATION_SLOT", old_value="next_working_day", new_value="at_once",
                   applies_from="2026-04-20", reasons_hash=document("reasons"))  # fmt: skip
    scenario = ready().given(brussels("2026-03-05"), at_once, on=REGISTER)
    assert next_slot(Act(actor(OFFICER), APRIL_20, scenario.registry.law(APRIL_20))) == APRIL_20
    scenario.when(APRIL_20, order(APRIL_20 - 24 * 60 * MINUTE), on=FILE).then_fails(Malformed, match="^slot_at: must not lie before 2026-04-20")
    scenario.when(APRIL_20, order(APRIL_20), on=FILE).then("PublicationOrdered")


def test_one_order_at_a_time_and_each_under_its_own_number() -> None:
    slot = brussels("2026-04-21", 10)
    scenario = ready().when(APRIL_20, order(slot), on=FILE).then("PublicationOrdered")
    scenario.when(APRIL_20 + MINUTE, order(slot, "another"), on=FILE).then_fails(AlreadyInRegister, match="cancel it first")
    cancelled = fact("PublicationOrderCancelled", order_id=named("order"), on="2026-04-20")
    scenario.when(APRIL_20 + MINUTE, cancelled, on=FILE, by=OFFICER).then("PublicationOrderCancelled")
    scenario.when(APRIL_20 + 2 * MINUTE, order(slot), on=FILE).then_fails(AlreadyInRegister, match="order_id is in use")
    scenario.when(APRIL_20 + 2 * MINUTE, order(slot, "another"), on=FILE).then("PublicationOrdered")


def test_an_order_says_what_its_change_needs() -> None:
    slot = brussels("2026-04-21", 10)
    lacking = order(slot, provider_country=None)
    ready().when(APRIL_20, lacking, on=FILE).then_fails(Malformed, match="^provider_country: is needed to publish an entry")
    listed().when(APRIL_20 + MINUTE, order(slot, action="REMOVE"), on=FILE).then_fails(Malformed, match="^public_reason: is needed to remove")


def test_the_order_of_a_change_says_what_the_change_says() -> None:
    scenario = ready()
    recorded = scenario.registry.record(command(LISTED, APRIL_20, OFFICER, ENTRY))
    ordered = recorded.events[1].fact
    assert (ordered.action, ordered.slot_at, ordered.list_id) == ("PUBLISH", APRIL_20, "1")
    assert {name: getattr(ordered, name) for name in SHOWN} == {name: getattr(recorded.events[0].fact, name) for name in SHOWN}


# -- Holds --------------------------------------------------------------------------------------

OLD = fact("ModelPlacedOnUnionMarket", on="2025-08-01", manner="API", marketed_names=["Alpha"])
NEW = fact("ModelPlacedOnUnionMarket", on="2025-08-02", manner="API", marketed_names=["Alpha"])
MET = threshold_met("2026-03-01")
PENDING = [MET, notified(brussels("2026-03-02"), arguments=True), argued(brussels("2026-03-02"))]


def override(hold: str) -> Fact:
    return fact("PublicationHoldOverridden", hold=hold, on="2026-03-03", reasons_hash=document("reasons"))


def held() -> Fact:
    return fact("PublicationHeld", hold="OTHER", on="2026-03-03", reasons_hash=document("reasons"))


@pytest.mark.parametrize(
    ("past", "file", "day", "found"),
    [
        ([NEW], [], "2026-04-20", []),
        (PENDING, [], "2026-04-20", ["ARGUMENTS_PENDING"]),
        (PENDING, [override("OTHER")], "2026-04-20", ["ARGUMENTS_PENDING"]),
        (PENDING, [override("ARGUMENTS_PENDING")], "2026-04-20", []),
        ([OLD], [], "2027-08-01", ["OTHER"]),
        ([OLD], [], "2027-08-02", []),
        ([OLD], [override("OTHER")], "2027-08-01", []),
        ([OLD], [override("ARGUMENTS_PENDING")], "2027-08-01", ["OTHER"]),
        ([OLD, MET, notified(brussels("2026-03-02"))], [], "2027-08-01", []),
        ([NEW], [held()], "2026-04-20", ["OTHER"]),
        ([NEW], [held(), override("OTHER")], "2026-04-20", []),
        ([*PENDING, OLD], [held()], "2026-04-20", ["ARGUMENTS_PENDING", "OTHER"]),
    ],
)
def test_what_holds_a_publication_and_until_when(past: list[Fact], file: list[Fact], day: str, found: list[str]) -> None:
    """Law: Article 111(3), a legacy model until 2 August 2027; Article 52(2), arguments that are pending."""
    scenario = given(brussels("2026-03-02"), opened(), *past).given(brussels("2026-03-03"), *file)
    act = Act(actor(OFFICER), brussels(day), scenario.registry.law(brussels(day)))
    assert holds(scenario.registry.records(UUID(ALPHA.key)), act) == found
