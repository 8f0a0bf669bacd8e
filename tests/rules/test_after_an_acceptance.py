"""What may follow an acceptance: conversion, renotification, and the clock of the questions they answer: Guidelines 2.3.3; Charter, Article 41(1)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.law.provisions import Law, ThresholdVersion
from domain.law.rules import R21, R34
from domain.model_case.effects import standing
from domain.model_case.open_questions import open_questions
from domain.record import Fact
from domain.status import Status
from tests.scenario import (
    MINUTE,
    PROVIDER,
    argued,
    brussels,
    decided,
    fact,
    given,
    informed,
    named,
    notified,
    opened,
    provider,
    threshold_met,
)

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
LAW = Law(thresholds=(ThresholdVersion(1, Decimal(10**25), date(2024, 7, 12), date(2025, 8, 2), False, brussels("2025-01-01")),))


# -- Conversion and renotification --------------------------------------------------------------

ACCEPTED = [
    opened(), provider(), threshold_met("2026-02-10"), notified(MARCH_2, arguments=True), argued(MARCH_2), threshold_met("2026-02-20"),
    decided("ArgumentsAccepted", "acceptance", "2026-04-01"), informed("acceptance", brussels("2026-04-02")),
]  # fmt: skip


def converted(name: str = "conversion", **more: Any) -> Fact:
    return decided("AcceptanceConverted", name, "2026-06-01", target_decision_id=named("acceptance"), **more)


def again(at: datetime, *, about: str = "acceptance", arguments: bool = False) -> Fact:
    return fact(
        "RenotificationReceived", submission_id=named("again"), received_at=at, provider_ref=PROVIDER, filer_ref=PROVIDER, filer_role="PROVIDER",
        channel="EU_SEND", target_decision_id=named(about), change="SUBSTANTIAL_CHANGE_OCCURRED", fact="context length",
        became_known_on=str(at.date()), arguments_included=arguments,
    )  # fmt: skip


@pytest.mark.parametrize(("day", "refused"), [("2026-02-09", True), ("2026-02-10", False)])
def test_a_conversion_reaches_back_to_the_first_day_on_which_the_condition_was_met(day: str, refused: bool) -> None:
    conversion = converted(change="INFORMATION_INCORRECT_OR_MISLEADING", effective_from=brussels(day))
    outcome = given(MARCH_2, *ACCEPTED).when(DECEMBER_1, conversion)
    outcome.then_refused(R21) if refused else outcome.then("AcceptanceConverted")


def test_a_conversion_that_reaches_back_has_no_effect_before_it_is_notified() -> None:
    conversion = converted(change="SUBSTANTIAL_CHANGE_OCCURRED", effective_from=brussels("2026-06-01"))
    case = given(MARCH_2, *ACCEPTED, conversion).case()
    assert standing(case, LAW, DECEMBER_1, DECEMBER_1).status is Status.CLEARED
    case = given(MARCH_2, *ACCEPTED, conversion, informed("conversion", brussels("2026-06-02"))).case()
    found = [standing(case, LAW, at, DECEMBER_1).status for at in (brussels("2026-06-02") - MINUTE, brussels("2026-06-02"))]
    assert found == [Status.CLEARED, Status.CLASSIFIED]


DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)]
OVER = [converted(), informed("conversion", brussels("2026-06-02"))]


@pytest.mark.parametrize(
    ("past", "about", "ruled"),
    [
        (ACCEPTED, "acceptance", False),
        (ACCEPTED[:-1], "acceptance", True),
        ([*ACCEPTED, *OVER], "acceptance", True),
        ([*ACCEPTED, *OVER[:1]], "acceptance", False),
        ([*ACCEPTED, *DESIGNATED], "designation", True),
    ],
)
def test_a_renotification_is_about_an_acceptance_in_force(past: list[Fact], about: str, ruled: bool) -> None:
    renotified = again(DECEMBER_1, about=about)
    scenario = given(MARCH_2, *past).when(DECEMBER_1, renotified).then("RenotificationReceived", *(["SubmissionRuledInadmissible"] if ruled else []))
    codes = [e.fact.cause_code for found in scenario.case().by_topic.values() for e in found if e.topic == "SubmissionRuledInadmissible"]
    assert codes == ([R34.code] if ruled else [])


# -- Charter, Article 41(1): clock D7 ----------------------------------------------------------


def test_the_first_of_two_decisions_answers_a_question() -> None:
    renotified = again(brussels("2026-05-04"), arguments=True)
    second = decided("ArgumentsAccepted", "second acceptance", "2026-05-20", submission_id=named("again"))
    told = [informed("conversion", brussels("2026-06-02")), informed("second acceptance", brussels("2026-05-21"))]
    case = given(MARCH_2, *ACCEPTED, renotified, argued(brussels("2026-05-04"), "again"), converted(), second, *told).case()
    answers = {clock.about: clock.satisfied_by.on for clock in open_questions(case, LAW, DECEMBER_1) if clock.satisfied_by}
    assert answers == {named("notice"): date(2026, 4, 2), named("again"): date(2026, 5, 21)}


@pytest.mark.parametrize("told", [True, False])
def test_arguments_answered_before_they_lost_their_object_stay_answered(told: bool) -> None:
    raised = ThresholdVersion(2, Decimal(10**26), date(2026, 6, 1), date(2026, 9, 1), False, brussels("2026-06-01"))
    law = Law((*LAW.thresholds, raised))
    case = given(MARCH_2, *(ACCEPTED if told else ACCEPTED[:-1])).case()
    assert [clock.about for clock in open_questions(case, law, brussels("2026-08-31"))] == [named("notice")]
    assert [clock.satisfied_by is not None for clock in open_questions(case, law, brussels("2026-09-01"))] == ([True] if told else [])
