"""Sides of a case that few files have: lines of providers, mandates that end, arguments without an object, the clock of an action."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from domain.errors import Malformed
from domain.law.provisions import Law, ThresholdVersion
from domain.law.settings import Settings
from domain.model_case.arguments import acceptance_in_force, are_admissible, decisions_on, have_object, pending
from domain.model_case.courts import open_actions, suspensions_of
from domain.model_case.decision import action_clocks
from domain.model_case.identity import placed_on
from domain.model_case.provider import day_of_filing, is_mandated, lines_of_providers
from domain.model_case.threshold import conditions, expectations
from domain.record import Act, Fact
from tests.rules.test_after_an_acceptance import ACCEPTED, again, converted
from tests.rules.test_unknown_and_contradictory import annulled, expected, lodged, mandate, never, replaced, succeeded
from tests.scenario import (
    MINUTE,
    PROVIDER,
    Role,
    actor,
    argued,
    brussels,
    decided,
    document,
    fact,
    given,
    informed,
    named,
    notified,
    opened,
    provider,
    threshold_met,
)  # fmt: skip

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
OTHER, THIRD = named("other-ai"), named("third-ai")
MET = threshold_met("2026-03-01")
FIRST = ThresholdVersion(1, Decimal(10**25), date(2024, 7, 12), date(2025, 8, 2), False, brussels("2025-01-01"))
RAISED = ThresholdVersion(2, Decimal(10**26), date(2026, 6, 1), date(2026, 9, 1), False, brussels("2026-06-01"))
LOWERED = ThresholdVersion(3, Decimal(10**25), date(2026, 10, 1), date(2026, 11, 1), False, brussels("2026-10-01"))
LAW = Law((FIRST,))
DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)]
ANOTHER = [decided("ModelDesignatedUnder52_4", "another", "2026-03-02"), informed("another", MARCH_2)]


# -- Articles 3(3) and 54 ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "lines"),
    [
        ([], [[PROVIDER]]),
        ([provider(OTHER)], [[PROVIDER], [OTHER]]),
        ([succeeded("2026-03-02", by=THIRD)], [[PROVIDER, THIRD]]),
        ([provider(OTHER), succeeded("2026-03-02", by=THIRD)], [[PROVIDER, THIRD], [OTHER]]),
        ([succeeded("2026-03-02", by=THIRD), provider(THIRD)], [[PROVIDER, THIRD]]),
        ([succeeded("2026-03-03", by=OTHER, of=THIRD), succeeded("2026-03-02", by=THIRD)], [[PROVIDER, THIRD, OTHER]]),
    ],
)
def test_whoever_takes_over_stands_in_the_line_of_the_former(past: list[Fact], lines: list[list[UUID]]) -> None:
    assert lines_of_providers(given(DECEMBER_1, opened(), provider(), *past).case()) == lines


def test_a_day_is_that_of_the_provider_who_files() -> None:
    case = given(MARCH_2, opened(), provider(country="US"), provider(OTHER, country="FR")).case()
    law = Law(settings=Settings(1, {"LEGAL_TZ": "provider"}))
    days = [day_of_filing(case, ref, brussels("2026-03-17", 0, 30), law).day for ref in (PROVIDER, OTHER)]
    assert days == [16, 17]


def test_a_change_of_provider_comes_after_every_change_before_it() -> None:
    past = [succeeded("2026-03-02"), succeeded("2026-03-10", by=THIRD, of=OTHER)]
    late = succeeded("2026-03-05", by=PROVIDER, of=OTHER)
    given(DECEMBER_1, opened(), provider(), *past).when(DECEMBER_1 + 9 * MINUTE, late).then_fails(Malformed, match="2026-03-10")


def test_a_provider_in_the_union_appoints_nobody_beside_one_abroad() -> None:
    abroad = fact("ProviderIdentified", provider_ref=OTHER, provider_kind="LEGAL_PERSON", legal_name="B", country="US", in_union=False,
                  from_on="2026-01-01")  # fmt: skip
    appointing = given(MARCH_2, opened(), provider(), abroad).when(DECEMBER_1, mandate(of=PROVIDER, legal_name="Rep"))
    appointing.then_fails(Malformed, match="is established in the Union")


def given_by(name: str = "rep", of: UUID = PROVIDER, scope: str = "ALL", day: str = "2026-03-02") -> Fact:
    data = {"representative_ref": named(name), "provider_ref": of, "mandate_scope": [scope], "from_on": day}
    return fact("AuthorisedRepresentativeAppointed", representative_kind="LEGAL_PERSON", legal_name="Rep", mandate_hash=document("mandate"), **data)


def ended(day: str, name: str = "rep") -> Fact:
    return fact("MandateTerminated", representative_ref=named(name), on=day, reasons_hash=document("reasons"))


@pytest.mark.parametrize(
    ("past", "day", "covered"),
    [
        ([], "2026-03-02", False),
        ([given_by()], "2026-03-01", False),
        ([given_by()], "2026-03-02", True),
        ([given_by(scope="ARTICLE_52")], "2026-03-02", True),
        ([given_by(scope="ARTICLES_53_55")], "2026-03-02", False),
        ([given_by("another")], "2026-03-02", False),
        ([given_by(of=OTHER)], "2026-03-02", False),
        ([given_by(), ended("2026-03-05")], "2026-03-04", True),
        ([given_by(), ended("2026-03-05")], "2026-03-05", False),
        ([given_by(), ended("2026-03-05", "another")], "2026-03-05", True),
        ([given_by(), ended("2026-03-05"), given_by(day="2026-03-06")], "2026-03-06", True),
        ([given_by(), ended("2026-03-05"), given_by(day="2026-03-05")], "2026-03-06", False),
    ],
)
def test_a_representative_files_under_a_mandate_of_the_day(past: list[Fact], day: str, covered: bool) -> None:
    """Law: Article 54(3)."""
    filing = notified(brussels(day)).model_copy(update={"filer_ref": named("rep"), "filer_role": "AUTHORISED_REPRESENTATIVE"})
    assert is_mandated(given(MARCH_2, opened(), provider(), *past).case(), filing) is covered  # type: ignore[arg-type]


def test_the_model_was_placed_when_it_first_was() -> None:
    def placed(day: str) -> Fact:
        return fact("ModelPlacedOnUnionMarket", on=day, manner="API", marketed_names=["Alpha"])

    assert placed_on(given(MARCH_2, opened(), placed("2026-02-02"), placed("2026-01-02"), placed("2026-03-02")).case()) == date(2026, 1, 2)


# -- Article 52(1): what was found never met ---------------------------------------------------------


def moved(target: int, **days: str) -> Fact:
    return fact("ConditionDateEstablished", target_event_id=named(f"case/{named('alpha')} {target}"), evidence_hash=document("evidence"), **days)


def test_a_finding_takes_back_what_was_recorded_before_it_and_a_day_moves_its_own_fact() -> None:
    facts = [MET, expected(), never(), threshold_met("2026-03-02"), expected(), moved(5, condition_met_on="2026-02-02"),
             moved(6, became_known_on="2026-02-03")]  # fmt: skip
    case = given(MARCH_2, opened(), *facts).case()
    assert [day for day, _ in conditions(case)] == [date(2026, 2, 2)]
    assert [day for day, _ in expectations(case)] == [date(2026, 2, 3)]
    unmoved = given(MARCH_2, opened(), MET, expected(), moved(2, became_known_on="2026-02-03"), moved(3, condition_met_on="2026-02-03")).case()
    assert [day for day, _ in [*conditions(unmoved), *expectations(unmoved)]] == [date(2026, 3, 1), date(2026, 3, 2)]


# -- Article 52(2), (3): arguments ---------------------------------------------------------------------

ARGUED = [MET, notified(MARCH_2, arguments=True), argued(MARCH_2)]


@pytest.mark.parametrize(
    ("past", "admissible"), [(ARGUED, True), ([argued(MARCH_2)], False), (ARGUED[:2], False), ([*ARGUED, replaced("notice")], False)]
)
def test_arguments_have_effect_with_their_own_filing(past: list[Fact], admissible: bool) -> None:
    assert are_admissible(given(MARCH_2, opened(), provider(), *past).case(), named("notice"), LAW) is admissible


@pytest.mark.parametrize(
    ("kind", "law", "at", "object_left"),
    [
        ("COMPUTE", Law((FIRST, RAISED)), brussels("2026-09-01", 0) - MINUTE, True),
        ("COMPUTE", Law((FIRST, RAISED)), brussels("2026-09-01", 0), False),
        ("BENCHMARK_OR_INDICATOR", Law((FIRST, RAISED)), brussels("2026-09-01", 0), True),
        ("COMPUTE", Law((FIRST, RAISED, LOWERED)), brussels("2026-11-01", 0), True),
    ],
)
def test_arguments_lose_their_object_with_the_presumption(kind: str, law: Law, at: datetime, object_left: bool) -> None:
    """Law: procedure 10.11."""
    case = given(MARCH_2, opened(), provider(), threshold_met("2026-03-01", kind=kind), *ARGUED[1:]).case()
    assert have_object(case, law, at) is object_left
    assert pending(case, law, at) == ([named("notice")] if object_left else [])


def test_a_decision_that_was_replaced_is_none_on_the_arguments() -> None:
    first, second = (
        decided("ArgumentsRejected", name, "2026-03-02", **more) for name, more in (("first", {}), ("second", {"replaces": named("first")}))
    )
    case = given(MARCH_2, opened(), provider(), *ARGUED, first, second).case()
    assert [e.fact.decision_id for e in decisions_on(case, named("notice"))] == [named("second")]


SECOND = [
    notified(MARCH_2, "second notice", arguments=True), argued(MARCH_2, "second notice"),
    decided("ArgumentsAccepted", "second acceptance", "2026-04-01", submission_id=named("second notice")),
    informed("second acceptance", brussels("2026-04-02")),
]  # fmt: skip
CONVERTED = [converted(), informed("conversion", brussels("2026-06-02"))]


def test_a_conversion_ends_its_own_acceptance() -> None:
    case = given(DECEMBER_1, *ACCEPTED, *SECOND, *CONVERTED).case()
    act = Act(actor(Role.CASE_OFFICER), DECEMBER_1, LAW)
    assert [acceptance_in_force(case, named(name), act) for name in ("acceptance", "second acceptance")] == [False, True]


def test_arguments_of_a_renotification_are_decided_by_the_conversion_of_its_own_acceptance() -> None:
    renotified = [again(brussels("2026-05-04"), about="second acceptance", arguments=True), argued(brussels("2026-05-04"), "again")]
    case = given(DECEMBER_1, *ACCEPTED, *SECOND, *renotified, *CONVERTED).case()
    assert pending(case, LAW, DECEMBER_1) == [named("again")]
    own = converted("own").model_copy(update={"target_decision_id": named("second acceptance")})
    case = given(DECEMBER_1, *ACCEPTED, *SECOND, *renotified, own, informed("own", brussels("2026-06-02"))).case()
    assert pending(case, LAW, DECEMBER_1) == []


# -- Articles 263, 278 and 279 TFEU -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "day", "brought"),
    [
        ([], "2026-03-01", None),
        ([], "2026-03-02", False),
        ([lodged()], "2026-03-02", True),
        ([lodged().model_copy(update={"lodged_on": date(2026, 3, 9)})], "2026-03-08", False),
        ([lodged().model_copy(update={"lodged_on": date(2026, 3, 9)})], "2026-03-09", True),
        ([*ANOTHER, lodged(of="another")], "2026-03-02", False),
    ],
)
def test_the_time_for_an_action_runs_from_notification_until_it_is_brought(past: list[Fact], day: str, brought: bool | None) -> None:
    """Clock D6, Article 263(6) TFEU."""
    case = given(DECEMBER_1, opened(), provider(), *DESIGNATED, *past).case()
    found = [clock for clock in action_clocks(case, date.fromisoformat(day)) if clock.about == named("designation")]
    assert [clock.satisfied_by is not None for clock in found] == ([] if brought is None else [brought])


def test_each_decision_has_the_time_of_its_own_notification() -> None:
    later = [decided("ModelDesignatedUnder52_4", "another", "2026-03-02"), informed("another", brussels("2026-03-20"))]
    case = given(DECEMBER_1, opened(), provider(), *DESIGNATED, *later).case()
    starts = {clock.about: clock.started_by.on for clock in action_clocks(case, date(2026, 4, 1))}
    assert starts == {named("designation"): date(2026, 3, 2), named("another"): date(2026, 3, 20)}


def suspended(at: datetime, *, over: bool = False, of: str = "designation") -> Fact:
    about = {"action_id": named("action"), "decision_id": named(of)}
    if over:
        return fact("InterimSuspensionEnded", ended_at=at, **about)
    return fact("InterimSuspensionOrdered", ordered_at=at, order_hash=document("order"), **about)


def test_a_suspension_ends_with_the_next_end_of_its_own_decision() -> None:
    days = [brussels(f"2026-04-{day:02}") for day in (1, 2, 3, 4)]
    others = [suspended(days[1], over=True, of="another"), suspended(days[2], of="another")]
    facts = [*others, suspended(days[0]), suspended(days[2], over=True), suspended(days[3]), suspended(days[3], over=True)]
    case = given(DECEMBER_1, opened(), *facts).case()
    assert suspensions_of(case, named("designation")) == ((days[0], days[2]), (days[3], days[3]))


APPEALED = [fact("AppealLodged", judgment_id=named("judgment"), case_no="C-1/26 P", lodged_on="2026-03-12")]


def over(outcome: str) -> Fact:
    return fact("AppealDecided", judgment_id=named("judgment"), case_no="C-1/26 P", decided_on="2026-05-12", outcome=outcome)


@pytest.mark.parametrize(
    ("past", "left"),
    [
        ([], ["action", "second"]),
        ([annulled(ground_falls=True)], ["second"]),
        ([annulled(), *APPEALED], ["action", "second"]),
        ([annulled(), *APPEALED, over("DISMISSED")], ["second"]),
        ([annulled(), *APPEALED, over("SET_ASIDE_AND_REFERRED_BACK")], ["action", "second"]),
    ],
)
def test_an_action_is_open_until_its_own_judgment_and_again_on_appeal(past: list[Fact], left: list[str]) -> None:
    case = given(DECEMBER_1, opened(), provider(), *DESIGNATED, *ANOTHER, lodged(), lodged("second", "another"), *past).case()
    assert open_actions(case) == [named(name) for name in left]


def test_an_annulment_is_on_the_action_that_was_brought_against_the_decision() -> None:
    scenario = given(DECEMBER_1, opened(), provider(), *DESIGNATED, *ANOTHER, lodged(), lodged("second", "another"))
    scenario.when(brussels("2026-12-02"), annulled("another", action="second")).then("DecisionAnnulled")
