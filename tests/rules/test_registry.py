"""What the use cases add to the law: one save or none, the version seen, requests that come twice, races, and slots."""

import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import pytest

from api.stores.event_store.factory import RecorderFactory, open_recorder
from api.stores.event_store.mapper import RegisterMapper
from api.wiring import law_at_creation
from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister, Stale
from domain.ids import REGISTER, Stream
from domain.law.rules import R11, R27
from domain.record import Fact
from domain.registry import Command, Registry
from tests.scenario import (
    ALPHA,
    CREATED,
    MINUTE,
    Scenario,
    actor,
    brussels,
    case,
    decided,
    document,
    fact,
    given,
    informed,
    named,
    notified,
    opened,
    provider,
    publication,
    threshold_met,
)

MARCH_2, MARCH_3, APRIL_20, SEPTEMBER_1 = (brussels(day) for day in ("2026-03-02", "2026-03-03", "2026-04-20", "2026-09-01"))
MET = threshold_met("2026-03-01")


def command(what: Fact, at: datetime = MARCH_3, role: Role = Role.CASE_OFFICER, on: Stream = ALPHA) -> Command:
    return Command(on, actor(role), what, at)


def nothing_more(scenario: Scenario, attempt: Callable[[], object], error: type[Exception], match: str | None = None) -> None:
    before = scenario.stored()
    with pytest.raises(error, match=match):
        attempt()
    assert scenario.stored() == before


# -- Creation ---------------------------------------------------------------------------


@pytest.mark.parametrize("demonstration", [True, False])
def test_a_register_is_created_once_with_the_law_in_force(demonstration: bool) -> None:
    recorder = open_recorder("sqlite://")
    registry = Registry(RecorderFactory(recorder, RegisterMapper()))
    assert (registry.is_created, registry.created_on, registry.is_demonstration) == (False, None, False)
    registry.create(law_at_creation(CREATED), CREATED, demonstration=demonstration)
    assert (registry.is_created, registry.created_on, registry.is_demonstration) == (True, date(2025, 8, 2), demonstration)
    before = list(recorder.raw_events(0, 1000))
    with pytest.raises(AlreadyInRegister, match="created already"):
        registry.create(law_at_creation(CREATED), APRIL_20, demonstration=False)
    assert list(recorder.raw_events(0, 1000)) == before
    recorder.close()


def test_the_first_law_is_the_act_as_published() -> None:
    """Regulation (EU) 2024/1689, OJ L, 12.7.2024; it is in force from 2 August 2025, and nothing is before."""
    scenario = given(MARCH_2, opened())
    (threshold,) = scenario.registry.law(brussels("2025-08-02")).thresholds
    assert (threshold.published_on, threshold.applies_from, threshold.presumptions_kept) == (date(2024, 7, 12), date(2025, 8, 2), False)
    recorder = open_recorder("sqlite://")
    first = Registry(RecorderFactory(recorder, RegisterMapper())).create(law_at_creation(CREATED), CREATED, demonstration=False)
    versions = [recorded.events[0].law for recorded in (scenario.registry.record(command(MET)), first)]
    recorder.close()
    assert [(each.threshold_version, each.annex_xiii_version) for each in versions] == [(1, 1), (0, 0)]
    assert versions[0].calendar_version > versions[1].calendar_version == 0
    assert {event.settings_version for event in first.events} == {1}


def test_the_day_of_creation_stays_when_the_law_is_amended() -> None:
    scenario = given(MARCH_2, fact("AnnexXIIIAmended", annex_xiii_version=2, oj_ref="OJ", published_on="2026-01-01", applies_from="2026-01-02",
                                   text_hash=document("annex")))  # fmt: skip
    assert scenario.registry.created_on == date(2025, 8, 2)


def test_the_last_seal_says_how_far_the_register_is_sealed() -> None:
    scenario = Scenario()
    assert scenario.registry.sealed_up_to is None
    for day in ("2026-02-28", "2026-03-01"):
        scenario.given(MARCH_2, seal(day), on=REGISTER)
    assert scenario.registry.sealed_up_to == date(2026, 3, 1)


def seal(day: str) -> Fact:
    return fact("SealPublished", day=day, commitment_hash=document("commitment"), day_tree_root_hash=document("root"))


@pytest.mark.parametrize(
    ("day", "error"),
    [("2026-03-01", None), ("2026-03-02", Malformed), ("2026-02-28", AlreadyInRegister), ("2026-02-27", AlreadyInRegister)],
)
def test_each_day_that_is_over_has_one_seal_in_the_order_of_days(day: str, error: type[Exception] | None) -> None:
    attempt = Scenario().given(MARCH_2, seal("2026-02-28"), on=REGISTER).when(MARCH_2, seal(day), by=Role.SYSTEM, on=REGISTER)
    attempt.then_fails(error, match="^day: must be a day that is over" if error is Malformed else None) if error else attempt.then("SealPublished")


def test_a_reading_applies_from_its_very_day() -> None:
    change = fact("JudgementSettingChanged", settings_version=2, switch="FOUR_EYES", old_value="drafter_differs", new_value="none",
                  applies_from="2026-03-10", reasons_hash=document("reasons"))  # fmt: skip
    scenario = Scenario().given(MARCH_2, change, on=REGISTER)
    days = [brussels(f"2026-03-{day:02}") for day in (9, 10, 9, 11)]
    assert [scenario.registry.law(day).settings["FOUR_EYES"] == "none" for day in days] == [False, True, False, True]


# -- Recording --------------------------------------------------------------------------


@pytest.mark.parametrize(("seen", "stale"), [(None, False), (0, True), (1, True), (2, False), (3, True)])
def test_whoever_names_the_version_seen_is_told_when_it_is_not_the_last(seen: int | None, stale: bool) -> None:
    scenario = given(MARCH_2, opened(), provider())
    ask = replace(command(MET), seen=seen)
    if stale:
        nothing_more(scenario, lambda: scenario.registry.record(ask), Stale, f"at version 2, not {seen}")
    else:
        assert scenario.registry.record(ask).version == 3


def test_an_answer_says_the_version_and_the_position() -> None:
    scenario = given(MARCH_2, opened(), provider())
    recorded = scenario.registry.record(command(MET))
    assert (recorded.version, recorded.position) == (3, len(scenario.stored()))
    tried = scenario.registry.record(command(fact("MarketedNameAdded", marketed_name="A", on="2026-03-01")), dry_run=True)
    assert (tried.version, tried.position, len(scenario.stored())) == (4, 0, recorded.position)


def test_a_lineage_is_one_case_however_it_is_spelt() -> None:
    scenario = Scenario()
    opening = scenario.registry.record(command(opened()))
    assert [event.cause for event in opening.events] == [None, opening.events[0].event_id]
    spelt = fact("ModelCaseOpened", lineage_key="ALPHA-1", internal_name="Other")
    nothing_more(scenario, lambda: scenario.registry.record(command(spelt, on=case("beta"))), AlreadyInRegister, "one lineage is one case")
    scenario.registry.record(command(opened("beta"), on=case("beta")))


def test_what_arrives_opens_its_case_and_nothing_else_does() -> None:
    scenario = Scenario()
    nothing_more(scenario, lambda: scenario.registry.record(command(MET)), NotInRegister)
    recorded = scenario.registry.record(command(notified(MARCH_2)))
    assert [event.topic for event in recorded.events] == ["ModelCaseOpened", "NotificationReceived", "Claimed"]
    assert [event.role for event in recorded.events] == [Role.SYSTEM, Role.CASE_OFFICER, Role.SYSTEM]
    assert [event.cause for event in recorded.events] == [None, None, recorded.events[1].event_id]
    again = scenario.registry.record(command(notified(MARCH_3, "another"), MARCH_3 + MINUTE))
    assert [event.topic for event in again.events] == ["NotificationReceived"]


def test_there_is_no_publication_file_without_its_case() -> None:
    scenario = Scenario()
    ask = command(PROPOSED, role=Role.PUBLICATION_OFFICER, on=publication())
    nothing_more(scenario, lambda: scenario.registry.record(ask), NotInRegister, "there is no case")
    scenario.given(MARCH_2, opened())
    assert scenario.registry.record(ask).version == 1


SHOWN = {"marketed_names": ["Alpha"], "provider_name": "Alpha AI", "provider_country": "FR", "public_grounds": ["52(4)"]}
PROPOSED = fact("PublicationContentProposed", case_id=UUID(publication().key), proposed_at=MARCH_2, **SHOWN)
PLACED = fact("ModelPlacedOnUnionMarket", on="2026-03-01", manner="API", marketed_names=["Alpha"])
LISTED = fact("ListEntryPublished", list_id="1", listed_on="2026-04-20", **SHOWN)
DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)]
READY = [opened(), provider(), PLACED, *DESIGNATED]
ENTRY = Stream("entry", ALPHA.key)


def ready() -> Scenario:
    """A designated model whose provider was shown what is to be listed."""
    return given(MARCH_2, *READY).given(MARCH_3, PROPOSED)


# -- Article 52(4): the alert that is the origin -----------------------------------------


@pytest.mark.parametrize(("votes", "adopted_on", "carried"), [(6, "2026-09-01", True), (5, "2026-09-01", False), (6, "2026-08-31", False)])
def test_a_designation_is_carried_by_an_alert_that_is_admissible_and_there(votes: int, adopted_on: str, carried: bool) -> None:
    stream = Stream("alert", str(named("alert")))
    alert = fact(
        "QualifiedAlertReceived", alert_id=stream.key, submission_id=named("submission"), received_at=SEPTEMBER_1, ground="90(1)(a)", members=10,
        votes_for=votes, provider_contact_given=True, facts_hash=document("facts"), complete=True,
    )  # fmt: skip
    scenario = given(MARCH_2, opened(), provider())
    scenario.registry.record(command(alert, SEPTEMBER_1, on=stream))
    designation = decided("ModelDesignatedUnder52_4", "designation", adopted_on, origin="QUALIFIED_ALERT", alert_id=stream.key)
    attempt = scenario.when(SEPTEMBER_1 + MINUTE, designation)
    attempt.then("ModelDesignatedUnder52_4") if carried else attempt.then_refused(R11)


# -- Article 52(6): the list ---------------------------------------------------------------


def test_a_change_of_the_list_is_one_save_of_five_events() -> None:
    scenario = ready()
    recorded = scenario.registry.record(replace(command(LISTED, APRIL_20, Role.PUBLICATION_OFFICER, ENTRY), key="once"))
    assert [(event.topic, event.stream.kind, event.role) for event in recorded.events[:-1]] == [
        ("ListEntryPublished", "entry", Role.PUBLICATION_OFFICER),
        ("PublicationOrdered", "publication", Role.PUBLICATION_OFFICER),
        ("PublicationExecuted", "publication", Role.SYSTEM),
        ("ListingRecorded", "case", Role.SYSTEM),
        ("Claimed", "claim", Role.SYSTEM),
    ]
    assert (recorded.version, recorded.events[0].stream.key, recorded.events[-1].topic) == (1, "1", "Claimed")
    again = scenario.registry.record(replace(command(LISTED, APRIL_20, Role.PUBLICATION_OFFICER, ENTRY), key="once"))
    assert (again.version, again.events) == (1, recorded.events[:-1])
    updated = fact("ListEntryUpdated", list_id="7", updated_on="2026-04-20", **SHOWN)
    stale = replace(command(updated, APRIL_20 + MINUTE, Role.PUBLICATION_OFFICER, ENTRY), seen=0)
    nothing_more(scenario, lambda: scenario.registry.record(stale), Stale, "at version 1, not 0")
    change = scenario.registry.record(command(updated, APRIL_20 + MINUTE, Role.PUBLICATION_OFFICER, ENTRY))
    assert (change.version, [str(event.stream) for event in change.events[:1]]) == (2, ["entry/1"])
    assert [event.topic for event in change.events] == ["ListEntryUpdated", "PublicationOrdered", "PublicationExecuted", "ListingRecorded"]


def test_the_next_model_has_the_next_number() -> None:
    scenario = ready()
    scenario.registry.record(command(LISTED, APRIL_20, Role.PUBLICATION_OFFICER, ENTRY))
    beta = case("beta")
    designated = [decided("ModelDesignatedUnder52_4", "designation of beta", "2026-03-02"), informed("designation of beta", APRIL_20)]
    shown = fact("PublicationContentProposed", case_id=UUID(beta.key), proposed_at=APRIL_20, **SHOWN)
    scenario.given(APRIL_20, opened("beta"), provider(), PLACED, *designated, on=beta).given(APRIL_20 + 9 * MINUTE, shown, on=publication("beta"))
    listed = fact("ListEntryPublished", list_id="1", listed_on="2026-06-20", **SHOWN)
    recorded = scenario.registry.record(command(listed, brussels("2026-06-20"), Role.PUBLICATION_OFFICER, Stream("entry", beta.key)))
    assert str(recorded.events[0].stream) == "entry/2"
    assert recorded.events[0].fact.list_id == "2"


def test_the_list_changes_at_slots_unless_the_register_is_a_demonstration_or_says_otherwise() -> None:
    at_once = fact("JudgementSettingChanged", settings_version=2, switch="PUBLICATION_SLOT", old_value="working_day_10", new_value="at_once",
                   applies_from="2026-04-21", reasons_hash=document("reasons"))  # fmt: skip
    scenario = RealScenario().given(MARCH_2, *READY).given(MARCH_3, PROPOSED).given(MARCH_3, at_once, on=REGISTER)
    scenario.when(APRIL_20, LISTED, by=Role.PUBLICATION_OFFICER, on=ENTRY).then_refused(R27)
    later = LISTED.model_copy(update={"listed_on": date(2026, 4, 21)})
    scenario.when(brussels("2026-04-21"), later, by=Role.PUBLICATION_OFFICER, on=ENTRY).then(
        "ListEntryPublished", "PublicationOrdered", "PublicationExecuted", "ListingRecorded", "Claimed"
    )


class RealScenario(Scenario):
    """A register that is no demonstration."""

    def __init__(self) -> None:
        super().__init__()
        self.recorder = open_recorder("sqlite://")
        weakref.finalize(self, self.recorder.close)
        self.registry = Registry(RecorderFactory(self.recorder, RegisterMapper()))
        self.registry.create(law_at_creation(CREATED), CREATED, demonstration=False)


ORDER = fact("PublicationOrdered", order_id=named("order"), action="PUBLISH", slot_at=brussels("2026-04-21", 10), **SHOWN)


@pytest.mark.parametrize(
    ("held", "topics"),
    [
        (False, ["ListEntryPublished", "PublicationExecuted", "ListingRecorded", "Claimed"]),
        (True, ["PublicationOrderCancelled"]),
    ],
)
def test_an_order_is_carried_out_at_its_slot_or_cancelled_and_that_once(held: bool, topics: list[str]) -> None:
    scenario = ready().given(APRIL_20, ORDER)
    if held:
        scenario.given(APRIL_20 + MINUTE, fact("PublicationHeld", hold="OTHER", on="2026-04-20", reasons_hash=document("reasons")))
    slot = brussels("2026-04-21", 10)
    assert scenario.registry.run_slot(UUID(ALPHA.key), named("another order"), slot) is None
    done = scenario.registry.run_slot(UUID(ALPHA.key), named("order"), slot)
    assert done is not None
    assert [event.topic for event in done.events] == topics
    assert {event.role for event in done.events} == {Role.SYSTEM}
    assert {event.cause for event in done.events[1:]} <= {done.events[0].event_id}
    assert scenario.registry.run_slot(UUID(ALPHA.key), named("order"), slot) is None
