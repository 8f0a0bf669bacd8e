"""What a case answers where it holds several filings, hearings, designations or requests: each answer is about the one that was asked about."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.actors import Role
from domain.law.periods import HolidayCalendar
from domain.law.provisions import CalendarVersion, Law, ThresholdVersion
from domain.law.rules import R15, R30
from domain.model_case.arguments import are_admissible
from domain.model_case.case import ModelCase
from domain.model_case.designation import is_designated_by
from domain.model_case.effects import flags, standing
from domain.model_case.notification import NotificationReceived, counts_from, duties_to_notify, is_voluntary, notice_of, superseded, withdrawn_at
from domain.model_case.reassessment import is_admissible, outcomes, pending_request
from domain.record import Act, Fact
from domain.status import Status
from tests.scenario import (
    ALPHA,
    PROVIDER,
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
    withdrawn,
)  # fmt: skip

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
BEGUN = [opened(), provider()]


def case_of(*facts: Fact, at: datetime = MARCH_2) -> ModelCase:
    return given(at, *BEGUN, *facts).case()


# -- Article 52(1): notifications ----------------------------------------------------------------


def incomplete(name: str, supply_by: str = "2026-03-25") -> Fact:
    return fact("NotificationFoundIncomplete", submission_id=named(name), missing=["METHOD"], supply_by=supply_by)


def completed(name: str, day: str) -> Fact:
    return fact("NotificationCompleted", submission_id=named(name), received_at=brussels(day), method_description_hash=document("method"))


def inadmissible(name: str) -> Fact:
    return fact("SubmissionRuledInadmissible", submission_id=named(name), article=R30.article, cause_code=R30.code)


TWO = [notified(MARCH_2, "first"), notified(brussels("2026-03-03"), "second")]


@pytest.mark.parametrize(
    ("more", "first", "second"),
    [
        ([], True, True),
        ([incomplete("second")], True, False),
        ([inadmissible("second")], True, False),
        ([inadmissible("second"), completed("second", "2026-03-10")], True, False),
        ([incomplete("first"), completed("first", "2026-03-10")], True, True),
        ([incomplete("first"), completed("second", "2026-03-10")], False, True),
    ],
)
def test_what_is_found_about_one_notification_leaves_the_other(more: list[Fact], first: bool, second: bool) -> None:
    case = case_of(*TWO, *more)
    found = [notice_of(case, named(name)) for name in ("first", "second")]
    assert [notice is not None and counts_from(case, notice, Law()) is not None for notice in found] == [first, second]
    assert [notice and notice.fact.submission_id for notice in found] == [named("first"), named("second")]
    assert notice_of(case, named("third")) is None


def test_a_notification_is_withdrawn_when_it_first_was() -> None:
    case = case_of(*TWO, withdrawn(brussels("2026-03-12"), "second"), withdrawn(brussels("2026-03-10"), "second"))
    assert [withdrawn_at(case, named(name)) for name in ("first", "second")] == [None, brussels("2026-03-10")]


@pytest.mark.parametrize(
    ("more", "admissible"), [([], True), ([incomplete("notice")], False), ([incomplete("notice"), completed("notice", "2026-03-10")], True)]
)
def test_arguments_have_effect_with_a_notification_that_counts(more: list[Fact], admissible: bool) -> None:
    case = case_of(threshold_met("2026-03-01"), notified(MARCH_2, arguments=True), argued(MARCH_2), *more)
    assert are_admissible(case, named("notice"), Law()) is admissible


@pytest.mark.parametrize(
    ("supply_by", "counts"),
    [(["2026-03-09", "2026-03-10"], MARCH_2), (["2026-03-08", "2026-03-09"], brussels("2026-03-10")), (["2026-03-10"], MARCH_2)],
)
def test_a_notification_completed_within_any_time_set_counts_from_its_receipt(supply_by: list[str], counts: datetime) -> None:
    case = case_of(notified(MARCH_2), *(incomplete("notice", day) for day in supply_by), completed("notice", "2026-03-10"))
    notice = notice_of(case, named("notice"))
    assert notice is not None
    assert counts_from(case, notice, Law()) == counts


@pytest.mark.parametrize(
    ("figure", "said", "supplied", "counts"),
    [
        (True, {"estimate_method": "HARDWARE"}, [], True),
        (True, {"method_description_hash": document("method")}, [], True),
        (True, {}, [{}], False),
        (True, {}, [{"method_description_hash": document("method")}], True),
        (False, {"estimate_method": "HARDWARE"}, [{"method_description_hash": document("method")}], False),
        (False, {}, [{"estimate_flop": "1.1e25"}], False),
        (False, {}, [{"estimate_flop": "1.1e25"}, {"method_description_hash": document("method")}], True),
    ],
)
def test_a_notification_has_a_figure_and_says_how_it_was_estimated(
    figure: bool, said: dict[str, str], supplied: list[dict[str, str]], counts: bool
) -> None:
    silent = notified(MARCH_2).model_copy(update={"estimate_method": None, "method_description_hash": None})
    notice = silent.model_copy(update={**said, **({} if figure else {"estimate_flop": None})})
    later = [fact("NotificationCompleted", submission_id=named("notice"), received_at=brussels("2026-03-10"), **each) for each in supplied]
    scenario = given(MARCH_2, *BEGUN)
    complete = figure and bool(said)
    case = scenario.when(brussels("2026-03-03"), notice).then("NotificationReceived", *([] if complete else ["SubmissionRuledInadmissible"])).case()
    case = scenario.given(brussels("2026-03-11"), *later).case() if later else case
    found = notice_of(case, named("notice"))
    assert found is not None
    assert (counts_from(case, found, Law()) is not None) is counts


def test_the_first_notification_that_counts_fulfils_the_duty() -> None:
    (duty,) = duties_to_notify(case_of(threshold_met("2026-03-01"), *TWO), Law(), date(2026, 3, 20))
    assert duty.satisfied_by is not None
    assert (duty.satisfied_by.on, duty.satisfied_by.event_id) == (date(2026, 3, 2), named(f"{ALPHA} 4"))


def replaced(*more: Fact) -> ModelCase:
    again = notified(brussels("2026-03-05"), "again").model_dump(exclude_none=True)
    return case_of(notified(MARCH_2), fact("NotificationReplaced", **again, target_submission_id=named("notice")), *more)


def test_a_replacement_without_effect_replaces_nothing() -> None:
    assert superseded(replaced()) == {named("notice")}
    assert superseded(replaced(inadmissible("again"))) == frozenset()


LAW = Law(
    thresholds=tuple(
        ThresholdVersion(n, Decimal(flop), date(2024, 7, 12), date.fromisoformat(day), False, brussels("2025-01-01"))
        for n, flop, day in ((1, "1e25", "2025-08-02"), (2, "2e25", "2026-01-01"))
    )
)


@pytest.mark.parametrize(
    ("on", "flop", "trigger", "voluntary"),
    [
        ("2025-06-01", "1e25", "MET", True),
        ("2025-06-01", "1.1e25", "MET", False),
        ("2026-02-01", "2e25", "MET", True),
        ("2026-02-01", "2.1e25", "MET", False),
        ("2026-02-01", "2e25", "WILL_BE_MET", False),
    ],
)
def test_a_notice_of_a_compute_not_above_the_threshold_of_its_day_is_voluntary(on: str, flop: str, trigger: str, voluntary: bool) -> None:
    (event,) = case_of(notified(MARCH_2, on=on, trigger=trigger)).of(NotificationReceived)
    assert is_voluntary(event.fact.model_copy(update={"estimate_flop": Decimal(flop)}), LAW) is voluntary


def test_each_provider_has_the_duty_that_its_own_notification_fulfils() -> None:
    case = case_of(provider(named("beta-ai"), name="Beta AI"), threshold_met("2026-03-01"), notified(MARCH_2))
    fulfilled = {duty.about: duty.satisfied_by is not None for duty in duties_to_notify(case, Law(), date(2026, 3, 20))}
    assert fulfilled == {PROVIDER: True, named("beta-ai"): False}


# -- Article 52(1): what will be met -------------------------------------------------------------

EXPECTED = notified(MARCH_2, trigger="WILL_BE_MET", on="2026-06-01")
NEVER = fact("ThresholdFoundNeverMet", found_on="2026-02-20", finding="TRAINING_ABANDONED", evidence_hash=document("evidence"))


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([EXPECTED], Status.ANTICIPATED),
        ([EXPECTED, inadmissible("notice")], Status.NOT_CLASSIFIED),
        ([EXPECTED, NEVER], Status.NOT_CLASSIFIED),
        ([NEVER, EXPECTED], Status.ANTICIPATED),
    ],
)
def test_a_notification_announces_what_will_be_met_unless_it_has_no_effect_or_was_found_wrong(facts: list[Fact], status: Status) -> None:
    assert standing(case_of(*facts), Law(), DECEMBER_1, DECEMBER_1).status is status


# -- Article 52(4): designations -----------------------------------------------------------------


def designated(name: str, day: str = "2026-03-02") -> list[Fact]:
    return [decided("ModelDesignatedUnder52_4", name, day), informed(name, brussels(day))]


LIFTED = [
    decided("DesignationLifted", "lifting", "2026-10-01", target_decision_id=named("designation")), informed("lifting", brussels("2026-10-01")),
]  # fmt: skip


def test_a_designation_that_ended_does_not_live_on_in_another() -> None:
    case = case_of(*designated("designation"), *LIFTED, *designated("another", "2026-10-20"))
    assert [is_designated_by(case, named(name), DECEMBER_1, Law()) for name in ("designation", "another")] == [False, True]


# -- Article 52(5): requests ---------------------------------------------------------------------


def asked(name: str = "request", day: str = "2026-09-07", reason: str = "reason") -> Fact:
    return fact(
        "ReassessmentRequestReceived", request_id=named(name), received_at=brussels(day), provider_ref=PROVIDER, filer_ref=PROVIDER,
        filer_role="PROVIDER", channel="EU_SEND", target_decision_id=named("designation"),
        reasons=[{"text_hash": document(reason), "arose_on": "2026-08-01"}],
    )  # fmt: skip


ADMITTED = fact("ReassessmentRequestRuledAdmissible", request_id=named("request"))


def declined(name: str = "declining", **more: Any) -> Fact:
    return decided("ReassessmentDeclined", name, "2026-10-01", **more)


def test_a_request_is_admissible_once_it_is_ruled_so() -> None:
    assert [is_admissible(case_of(*designated("designation"), asked(), *more), named("request")) for more in ([], [ADMITTED])] == [False, True]


def test_what_was_replaced_is_no_outcome_of_a_request() -> None:
    case = case_of(*designated("designation"), asked(), ADMITTED, declined(), declined("another", replaces=named("declining")))
    assert [e.fact.decision_id for e in outcomes(case, named("request"))] == [named("another")]


@pytest.mark.parametrize(("more", "waits"), [([], True), (designated("another")[:1], True), (LIFTED[:1], False), (None, False)])
def test_a_request_falls_away_with_its_designation(more: list[Fact] | None, waits: bool) -> None:
    revoked = [
        decided("DesignationRevoked", "revocation", "2026-10-01", target_decision_id=named("designation"), basis="52(4)"),
        informed("revocation", brussels("2026-10-01")),
    ]  # fmt: skip
    case = case_of(*designated("designation"), asked(), ADMITTED, *(revoked if more is None else more))
    found = pending_request(case, Act(actor(Role.CASE_OFFICER), DECEMBER_1, Law()))
    assert (found == named("request")) is waits


EXAMINED = [asked(), ADMITTED, declined(), informed("declining", brussels("2026-10-02"))]
UNDONE = [
    decided("DecisionWithdrawn", "withdrawal", "2026-10-20", target_decision_id=named("declining")), informed("withdrawal", brussels("2026-10-21")),
]  # fmt: skip
GIVEN_UP = fact("ReassessmentRequestWithdrawn", request_id=named("request"), received_at=brussels("2026-10-25"), filer_ref=PROVIDER)
TOO_EARLY = [asked(), fact("ReassessmentRequestRuledInadmissible", request_id=named("request"), article="52(5)", cause_code="R14")]


@pytest.mark.parametrize(
    ("past", "reason", "ruling"),
    [
        (EXAMINED, "another reason", "ReassessmentRequestRuledAdmissible"),
        (EXAMINED, "reason", "ReassessmentRequestRuledInadmissible"),
        ([*EXAMINED, *UNDONE, GIVEN_UP], "reason", "ReassessmentRequestRuledAdmissible"),
        (TOO_EARLY, "reason", "ReassessmentRequestRuledAdmissible"),
    ],
)
def test_only_a_reason_on_which_it_was_decided_is_examined(past: list[Fact], reason: str, ruling: str) -> None:
    scenario = given(MARCH_2, *BEGUN, *designated("designation"), *past)
    after = scenario.when(DECEMBER_1, asked("second", "2026-11-30", reason)).then("ReassessmentRequestReceived", ruling).case()
    refusals = [
        (e.fact.cause_code, e.fact.first_admissible_on)
        for e in after.by_topic.get("ReassessmentRequestRuledInadmissible", ())
        if e.fact.request_id == named("second")
    ]
    assert refusals == ([(R15.code, None)] if ruling.endswith("RuledInadmissible") else [])


# -- Flags ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("placed", "deferred"), [("2025-08-01", date(2027, 8, 2)), ("2025-08-02", None), (None, None)])
def test_only_a_legacy_model_has_until_2_august_2027(placed: str | None, deferred: date | None) -> None:
    facts = [fact("ModelPlacedOnUnionMarket", on=placed, manner="API", marketed_names=["Alpha"])] if placed else []
    assert flags(case_of(*facts), Law(), MARCH_2).obligations_deferred_until == deferred


def test_a_case_is_provisional_while_the_day_of_one_duty_is() -> None:
    doubtful = HolidayCalendar(2026, frozenset(), frozenset({date(2026, 3, 16)}), 1, "test")
    law = Law(holidays=(CalendarVersion(doubtful, brussels("2025-01-01")),))
    case = case_of(provider(named("beta-ai"), name="Beta AI"), threshold_met("2026-03-02"), notified(brussels("2026-03-10")))
    assert [flags(case, law, brussels(day)).provisional for day in ("2026-03-16", "2026-03-17")] == [False, True]
