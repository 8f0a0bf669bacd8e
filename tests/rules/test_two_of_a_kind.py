"""Where a file has two of what it mostly has one of, and which of them the law looks at; and conditions of which one side is rare."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.ids import Stream
from domain.law.periods import legal_day
from domain.law.provisions import AnnexVersion, Law, ThresholdVersion
from domain.law.rules import R18, R40, Rule
from domain.law.settings import Settings
from domain.model_case.identity import off_market_since
from domain.model_case.information import information_clocks
from domain.model_case.provider import day_of_filing
from domain.model_case.reassessment import waiting_base, waiting_periods
from domain.model_case.threshold import first_trigger
from domain.obligations import provider_facts, suspended_grounds
from domain.qualified_alert import QualifiedAlert, processing_clock
from domain.record import Fact, evolve
from domain.status import CaseFacts, Decision, Ground, Outcome
from tests.read_models.cases import events_of
from tests.scenario import (
    MINUTE,
    PROVIDER,
    brussels,
    decided,
    document,
    fact,
    given,
    informed,
    named,
    opened,
    provider,
    threshold_met,
)

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
LAW = Law(thresholds=(ThresholdVersion(1, Decimal(10**25), date(2024, 7, 12), date(2025, 8, 2), False, brussels("2025-01-01")),))
OTHER = named("other-ai")


def under(**readings: str) -> Law:
    return Law(LAW.thresholds, settings=Settings(1, readings))


# -- Articles 51(1) and 52(1) ----------------------------------------------------------------


def expected(became_known_on: str, basis: str = "ALLOCATION_PLAN") -> Fact:
    return fact("ThresholdExpectedToBeMet", became_known_on=became_known_on, estimate_flop="1.1e25", basis=basis)


@pytest.mark.parametrize(
    ("facts", "met_on", "adopted_on", "refused"),
    [
        ([threshold_met("2026-03-10")], "2026-03-10", "2026-03-24", True),
        ([threshold_met("2026-03-10")], "2026-03-10", "2026-03-25", False),
        ([expected("2026-03-02"), threshold_met("2026-03-10")], "2026-03-10", "2026-03-16", True),
        ([expected("2026-03-02"), threshold_met("2026-03-10")], "2026-03-10", "2026-03-17", False),
        ([threshold_met("2026-03-10")], "2026-03-02", "2026-03-17", False),
        ([], "2026-03-02", "2026-03-16", True),
        ([], "2026-03-02", "2026-03-17", False),
    ],
)
def test_the_two_weeks_before_a_designation_run_from_the_earliest_day(facts: list[Fact], met_on: str, adopted_on: str, refused: bool) -> None:
    designated = decided("ModelDesignatedUnder52_1", "designation", adopted_on, condition_met_on=met_on)
    outcome = given(MARCH_2, opened(), provider(), *facts).when(DECEMBER_1, designated)
    outcome.then_refused(R40) if refused else outcome.then("ModelDesignatedUnder52_1")


@pytest.mark.parametrize(
    ("basis", "reading", "starts"),
    [("OJ_PUBLICATION", "publication", True), ("OJ_PUBLICATION", "application", False), ("ESTIMATE", "application", True)],
)
def test_only_what_a_publication_made_known_waits_for_its_application(basis: str, reading: str, starts: bool) -> None:
    case = given(MARCH_2, opened(), expected("2026-03-02", basis)).case()
    assert (first_trigger(case, under(LOWERED_THRESHOLD_D1=reading)) is not None) is starts


@pytest.mark.parametrize(
    ("identified", "reading", "day"), [(True, "provider", "2026-03-16"), (True, "Brussels", "2026-03-17"), (False, "provider", "2026-03-17")]
)
def test_a_day_is_the_providers_own_only_where_its_country_is_known(identified: bool, reading: str, day: str) -> None:
    case = given(MARCH_2, opened(), *([provider(country="US")] if identified else [])).case()
    assert day_of_filing(case, PROVIDER, brussels("2026-03-17", 0, 30), under(LEGAL_TZ=reading)) == date.fromisoformat(day)


def test_a_version_of_annex_xiii_is_known_from_the_instant_of_its_recording() -> None:
    law = Law(annexes=(AnnexVersion(1, date(2025, 8, 2), MARCH_2),))
    assert [law.known(at).annex_on(date(2026, 4, 1)) is not None for at in (MARCH_2 - MINUTE, MARCH_2, MARCH_2 + MINUTE)] == [False, True, True]


# -- Articles 53(3) and 91: clock D8 -----------------------------------------------------------


def test_every_request_for_information_has_the_first_answer_to_it() -> None:
    def asked(name: str) -> Fact:
        terms = {"request_basis": "53(3)", "purpose_hash": document("purpose"), "supply_by": "2026-03-20"}
        return fact("SupplementaryInformationRequested", information_request_id=named(name), **terms)

    def answered(name: str, day: str) -> Fact:
        return fact("SupplementaryInformationReceived", information_request_id=named(name), received_at=brussels(day))

    came = [("second", "2026-03-12"), ("first", "2026-03-10"), ("first", "2026-03-14")]
    case = given(MARCH_2, opened(), *map(asked, ["first", "second", "third"]), *(answered(name, day) for name, day in came)).case()

    def answers(day: str) -> list[date | None]:
        return [clock.satisfied_by.on if clock.satisfied_by else None for clock in information_clocks(case, date.fromisoformat(day))]

    assert answers("2026-03-09") == [None, None, None]
    assert answers("2026-03-10") == [date(2026, 3, 10), None, None]
    assert answers("2026-03-14") == [date(2026, 3, 10), date(2026, 3, 12), None]


# -- Article 90: clock D2 ----------------------------------------------------------------------

ALERT = Stream("alert", str(named("alert")))
SEPTEMBER_1 = brussels("2026-09-01")


def alerted(topic: str, **more: Any) -> Fact:
    return fact(topic, alert_id=UUID(ALERT.key), **more)


def test_what_first_processes_an_alert_stops_its_two_weeks() -> None:
    received = alerted(
        "QualifiedAlertReceived", submission_id=named("submission"), received_at=SEPTEMBER_1, ground="90(1)(a)", members=10, votes_for=6,
        provider_contact_given=True, facts_hash=document("facts"), complete=True,
    )  # fmt: skip
    closed = alerted("AlertClosed", on="2026-09-10", closing_reason="DONE")
    withdrawn = alerted("AlertWithdrawn", received_at=brussels("2026-09-08"))
    launched = alerted(
        "AlertMeasuresLaunched", on="2026-09-08", measures=["91"], rapporteur_ref=named("r"), contributor_refs=[named("a"), named("b")]
    )
    record = QualifiedAlert(ALERT)
    for event in events_of((SEPTEMBER_1, ALERT, each) for each in (received, closed, withdrawn, launched)):
        record = evolve(record, event)
    assert processing_clock(QualifiedAlert(ALERT), LAW, date(2026, 9, 7)) is None
    clocks = [processing_clock(record, LAW, date(2026, 9, day)) for day in (7, 8, 10)]
    assert [clock and clock.satisfied_by and clock.satisfied_by.event for clock in clocks] == [None, "AlertWithdrawn", "AlertWithdrawn"]


# -- Article 52(5): clocks D4 and D5 -----------------------------------------------------------

DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)]
MAINTAINED = [
    decided("DesignationMaintained", "maintaining", "2026-10-01", target_decision_id=named("designation")),
    informed("maintaining", brussels("2026-10-02")),
]  # fmt: skip
REQUEST = fact(
    "ReassessmentRequestReceived", request_id=named("request"), received_at=brussels("2026-09-07"), provider_ref=PROVIDER, filer_ref=PROVIDER,
    filer_role="PROVIDER", channel="EU_SEND", target_decision_id=named("designation"),
)  # fmt: skip


def annulled(name: str, **more: Any) -> list[Fact]:
    lodged = fact("AnnulmentActionLodged", action_id=named("action"), decision_id=named(name), court="GENERAL_COURT", case_no="T-1/26",
                  lodged_on="2026-10-05", applicant="PROVIDER")  # fmt: skip
    judged = fact("DecisionAnnulled", **{
        "action_id": named("action"), "decision_id": named(name), "judgment_id": named("judgment"), "court": "GENERAL_COURT", "case_no": "T-1/26",
        "judgment_on": "2026-10-20", "operative_part_hash": document("judgment"), "extent": "FULL", "ground_falls": True, "effects_maintained": False,
        **more,
    })  # fmt: skip
    return [lodged, judged]


ANOTHER = [decided("ModelDesignatedUnder52_4", "another", "2026-03-02"), informed("another", MARCH_2)]
OF_ANOTHER = [
    *ANOTHER, REQUEST.model_copy(update={"request_id": named("other request"), "target_decision_id": named("another")}),
    decided("DesignationMaintained", "other", "2026-10-01", request_id=named("other request"), target_decision_id=named("another")),
    informed("other", brussels("2026-10-02")),
]  # fmt: skip
REPLACING = decided(
    "DesignationMaintained", "another maintaining", "2026-10-03", target_decision_id=named("designation"), replaces=named("maintaining")
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "starts"),
    [
        ([], []),
        (MAINTAINED, ["maintaining"]),
        ([*MAINTAINED, *annulled("maintaining")], []),
        ([MAINTAINED[0], REPLACING], ["another maintaining"]),
        ([*ANOTHER, *MAINTAINED], ["maintaining"]),
        (OF_ANOTHER, []),
    ],
)
def test_a_decision_that_maintains_starts_a_waiting_period_while_it_stands(more: list[Fact], starts: list[str]) -> None:
    case = given(MARCH_2, opened(), provider(), *DESIGNATED, REQUEST, *more).case()
    clocks = waiting_periods(case, named("designation"), LAW, DECEMBER_1)
    assert [clock.about for clock in clocks if clock.clock == "D5"] == [named(name) for name in starts]


@pytest.mark.parametrize(("told", "base"), [(True, date(2026, 3, 2)), (False, None)])
def test_six_months_that_run_from_notification_do_not_run_before_it(told: bool, base: date | None) -> None:
    case = given(MARCH_2, opened(), provider(), *(DESIGNATED if told else DESIGNATED[:1])).case()
    (designation,) = case.by_topic["ModelDesignatedUnder52_4"]
    assert waiting_base(case, designation.fact, under(REASSESSMENT_CLOCK_FROM="notified_at")) == base


# -- Undoing what has ended, and what never was ------------------------------------------------

UNTIL = {"effects_maintained": True, "effects_until": "2026-11-01"}


def declared(*more: Fact) -> list[Fact]:
    designation = decided("ModelDesignatedUnder52_1", "designation", "2026-04-01", condition_met_on="2026-03-01")
    return [opened(), provider(), threshold_met("2026-03-01"), designation, informed("designation", brussels("2026-04-02")), *more]


def undone(topic: str, name: str = "undoing", **more: Any) -> Fact:
    return decided(topic, name, "2026-11-02", target_decision_id=named("designation"), **more)


REVOKED = undone("DesignationRevoked", basis="52(1)")
WITHDRAWN = undone("DecisionWithdrawn", reasonable_time_hash=document("time"), expectations_hash=document("expectations"))
ENDED = [undone("DesignationRevoked", "revocation", basis="52(1)"), informed("revocation", brussels("2026-11-03"))]


@pytest.mark.parametrize(
    ("past", "undoing", "refused"),
    [
        (declared(), REVOKED, None),
        (declared(), WITHDRAWN, None),
        (declared(*annulled("designation", **UNTIL)), REVOKED, R18),
        (declared(*annulled("designation", **UNTIL)), WITHDRAWN, None),
        (declared(*annulled("designation")), REVOKED, R18),
        (declared(*annulled("designation")), WITHDRAWN, R18),
        (declared(*ENDED), WITHDRAWN, None),
    ],
)
def test_what_has_ended_is_withdrawn_but_not_revoked_and_what_is_void_neither(past: list[Fact], undoing: Fact, refused: Rule | None) -> None:
    outcome = given(MARCH_2, *past).when(DECEMBER_1, undoing)
    outcome.then_refused(refused) if refused else outcome.then(undoing.TOPIC)


# -- Articles 3(10), 53 to 55 --------------------------------------------------------------------


def test_a_model_may_leave_the_market_and_come_back_more_than_once() -> None:
    def left(day: str) -> Fact:
        return fact("ModelWithdrawnFromUnionMarket", on=day, requested_by_commission=False, copies_remain_in_use=False)

    moves = [left("2026-05-10"), left("2026-03-10"), fact("ModelReturnedToUnionMarket", on="2026-04-10")]
    case = given(DECEMBER_1, opened(), *moves).case()
    since = [off_market_since(case, date(2026, month, day)) for month, day in ((3, 9), (3, 10), (4, 9), (4, 10), (5, 9), (5, 10))]
    assert since == [None, date(2026, 3, 10), date(2026, 3, 10), None, None, date(2026, 5, 10)]


def suspended(outcome: Outcome, *spans: tuple[str, str]) -> Decision:
    times = tuple((brussels(begin, 0), brussels(end, 0)) for begin, end in spans)
    return Decision(id=named(outcome), outcome=outcome, informed_at=MARCH_2, suspended=times)


@pytest.mark.parametrize(("day", "marked"), [("2026-04-15", True), ("2026-05-15", False), ("2026-06-15", True)])
def test_a_designation_may_be_suspended_twice_and_a_suspended_acceptance_marks_nothing(day: str, marked: bool) -> None:
    twice = (("2026-04-01", "2026-05-01"), ("2026-06-01", "2026-07-01"))
    facts = CaseFacts(decisions=(suspended("DESIGNATION_52_4", *twice), suspended("ACCEPTANCE", ("2026-03-02", "2026-12-01"))))
    assert suspended_grounds(facts, brussels(day)) == (frozenset({Ground.DESIGNATED}) if marked else frozenset())


def test_each_of_two_providers_has_its_own_day_and_place() -> None:
    abroad = fact(
        "ProviderIdentified", provider_ref=OTHER, provider_kind="LEGAL_PERSON", legal_name="Other AI", country="US", in_union=False,
        from_on="2026-02-01",
    )  # fmt: skip
    case = given(MARCH_2, opened(), provider(since="2026-01-01"), abroad).case()
    found = [provider_facts(case, ref, legal_day(MARCH_2)) for ref in (PROVIDER, OTHER, named("nobody"))]
    assert [(each.provider_since, each.in_union) for each in found] == [(date(2026, 1, 1), True), (date(2026, 2, 1), False), (None, None)]
