"""Hearings, and what became of a decision: whose answer, whose notification, which decision: Charter, Article 41(2)(a); Article 297(2) TFEU."""

from datetime import date, datetime
from uuid import UUID

import pytest

from domain.law.provisions import Law
from domain.law.rules import R05
from domain.model_case.case import CommissionDecision, ModelCase, decisions
from domain.model_case.decision import all_informed_at, draft_of, hearing_clock, pending_decision
from domain.model_case.effects import flags, open_hearings
from domain.record import Fact
from tests.scenario import (
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
)  # fmt: skip

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
BEGUN = [opened(), provider()]


def case_of(*facts: Fact, at: datetime = MARCH_2) -> ModelCase:
    return given(at, *BEGUN, *facts).case()


# -- Charter, Article 41(2)(a): hearings ---------------------------------------------------------


def draft(name: str, act: str = "REJECTION") -> Fact:
    return fact(
        "DraftDecisionCommunicated", hearing_id=named(name), draft_act=act, provider_ref=PROVIDER, draft_hash=document("draft"),
        received_by_provider_at=MARCH_2, comment_until="2026-03-05",
    )  # fmt: skip


def heard(name: str, day: str, form: str = "WRITTEN") -> Fact:
    return fact("ProviderHeard", hearing_id=named(name), at=brussels(day), form=form)


@pytest.mark.parametrize(
    ("facts", "day", "answered"),
    [
        ([heard("hearing", "2026-03-10")], 9, False),
        ([heard("hearing", "2026-03-10")], 10, True),
        ([heard("hearing", "2026-03-10", "SILENCE")], 10, False),
        ([heard("hearing", "2026-03-09", "SILENCE"), heard("hearing", "2026-03-10")], 10, True),
        ([heard("another", "2026-03-10")], 10, False),
    ],
)
def test_a_hearing_is_answered_by_the_providers_own_words_in_it(facts: list[Fact], day: int, answered: bool) -> None:
    case = case_of(draft("hearing"), draft("another"), *facts)
    begun = draft_of(case, named("hearing"))
    assert begun is not None
    assert (hearing_clock(case, begun, Law(), date(2026, 3, day)).satisfied_by is not None) is answered


@pytest.mark.parametrize(("reason", "refused"), [("FAVOURABLE", True), (None, False)])
def test_a_hearing_that_is_over_does_not_make_an_adverse_act_favourable(reason: str | None, refused: bool) -> None:
    designated = decided(
        "ModelDesignatedUnder52_4", "designation", "2026-03-12", hearing_id=named("hearing"), hearing_omitted_reason=reason,
        hearing_omitted_text_hash=None,
    )  # fmt: skip
    outcome = given(MARCH_2, *BEGUN, draft("hearing", "DESIGNATION_52_4"), heard("hearing", "2026-03-10")).when(DECEMBER_1, designated)
    outcome.then_refused(R05) if refused else outcome.then("ModelDesignatedUnder52_4")


def test_a_hearing_ends_with_the_decision_that_names_it() -> None:
    rejected = decided("ArgumentsRejected", "rejection", "2026-03-20", hearing_id=named("hearing"))
    assert open_hearings(case_of(draft("hearing"), draft("another"))) == [named("hearing"), named("another")]
    assert open_hearings(case_of(draft("hearing"), draft("another"), rejected)) == [named("another")]


# -- Article 297(2) TFEU --------------------------------------------------------------------------

OTHER = named("beta-ai")


def told(who: UUID, day: str, name: str = "decision") -> Fact:
    return informed(name, brussels(day), who)


@pytest.mark.parametrize(
    ("facts", "last"),
    [
        ([told(PROVIDER, "2026-04-02")], None),
        ([told(PROVIDER, "2026-04-02"), told(OTHER, "2026-04-05")], "2026-04-05"),
        ([told(PROVIDER, "2026-04-02"), told(OTHER, "2026-04-03"), told(OTHER, "2026-04-05")], "2026-04-03"),
        ([told(PROVIDER, "2026-04-02"), told(OTHER, "2026-04-05", "another")], None),
        ([told(PROVIDER, "2026-04-02"), told(OTHER, "2026-03-31"), told(OTHER, "2026-04-05")], "2026-04-05"),
    ],
)
def test_all_are_informed_once_each_was_as_the_provider(facts: list[Fact], last: str | None) -> None:
    decision = decided("ArgumentsAccepted", "decision", "2026-03-20", addressees=[PROVIDER, OTHER])
    case = case_of(provider(OTHER, since="2026-04-01", name="Beta AI"), decision, *facts)
    assert isinstance(decision, CommissionDecision)
    assert all_informed_at(case, decision) == (brussels(last) if last else None)


def test_a_decision_is_pending_that_stands_and_was_not_notified() -> None:
    first, second = (decided("ArgumentsRejected", name, "2026-03-20", replaces=old) for name, old in (("first", None), ("second", named("first"))))
    for facts, waiting in (([first], "first"), ([first, second], "second"), ([first, informed("first", brussels("2026-03-21"))], None)):
        case = case_of(*facts)
        assert pending_decision(case, decisions(case)) == (named(waiting) if waiting else None)


# -- Articles 278 and 279 TFEU -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suspended", "operation", "ending"), [([], False, False), (["a"], True, False), (["b"], False, True), (["a", "b"], True, True)]
)
def test_the_court_may_suspend_a_designation_an_ending_or_both(suspended: list[str], operation: bool, ending: bool) -> None:
    acts = [decided("ModelDesignatedUnder52_4", "a", "2026-03-02"), decided("ArgumentsAccepted", "b", "2026-03-02")]
    orders = [
        fact("InterimSuspensionOrdered", action_id=named(name), decision_id=named(name), ordered_at=MARCH_2, order_hash=document("order"))
        for name in suspended
    ]
    found = flags(case_of(*acts, *orders), Law(), DECEMBER_1)
    assert (found.operation_suspended_by_court, found.ending_suspended_by_court) == (operation, ending)
