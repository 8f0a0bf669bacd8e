"""What the files of an alert and of a publication say where they hold several requests, claims or holds: Articles 52(6), 78 and 90."""

from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from domain.clocks import State
from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.ids import REGISTER, Stream
from domain.law.provisions import Law
from domain.law.rules import R27
from domain.law.settings import Settings
from domain.publication import Publication, claim_clock, decision_on, is_held, is_overridden
from domain.qualified_alert import (
    QualifiedAlert,
    QualifiedAlertReceived,
    can_carry_designation,
    complete_since,
    ground_of,
    has_effect,
    is_admissible,
    is_open,
    processing_clock,
)
from domain.record import Fact, History, evolve
from tests.read_models.cases import events_of
from tests.scenario import PROVIDER, Scenario, brussels, document, fact, given, named, opened, provider, publication

R = TypeVar("R", bound=History)
SEPTEMBER_1 = brussels("2026-09-01")
HOUR = timedelta(hours=1)
ALERT, FILE = Stream("alert", str(named("alert"))), publication()


def folded(record: R, *facts: Fact) -> R:
    for event in events_of((SEPTEMBER_1, record.stream, each) for each in facts):
        record = evolve(record, event)
    return record


# -- Article 90; 2025/454, Article 19 ------------------------------------------------------------


def alerted(topic: str, **more: Any) -> Fact:
    return fact(topic, alert_id=UUID(ALERT.key), **more)


def received(*, complete: bool = True, ground: str = "90(1)(a)") -> Fact:
    return alerted(
        "QualifiedAlertReceived", submission_id=named("submission"), received_at=SEPTEMBER_1, ground=ground, members=10, votes_for=6,
        provider_contact_given=True, facts_hash=document("facts"), complete=complete,
    )  # fmt: skip


ASKED = alerted("AlertInformationRequested", on="2026-09-02", question_hash=document("question"))
COMPLETED = alerted("AlertCompleted", received_at=brussels("2026-09-04"))


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ([], None),
        ([received()], "QualifiedAlertReceived"),
        ([received(complete=False)], None),
        ([received(complete=False), COMPLETED], "AlertCompleted"),
        ([received(), ASKED], None),
        ([received(), ASKED, COMPLETED], "AlertCompleted"),
        ([received(), ASKED, COMPLETED, ASKED], None),
    ],
)
def test_an_alert_is_complete_unless_an_answer_is_awaited(facts: list[Fact], by: str | None) -> None:
    complete = complete_since(folded(QualifiedAlert(ALERT), *facts))
    assert (complete.topic if complete else None) == by


def test_an_alert_that_never_arrived_has_no_ground_and_no_effect() -> None:
    before, after = QualifiedAlert(ALERT), folded(QualifiedAlert(ALERT), received())
    assert (is_admissible(before), ground_of(before)) == (False, None)
    assert (is_admissible(after), ground_of(after)) == (True, "90(1)(a)")


@pytest.mark.parametrize(("members", "votes", "counts"), [(60, 31, True), (60, 30, False), (61, 31, False), (1, 1, True)])
def test_the_panel_has_at_most_sixty_members(members: int, votes: int, counts: bool) -> None:
    (event,) = folded(QualifiedAlert(ALERT), received()).of(QualifiedAlertReceived)
    assert has_effect(event.fact.model_copy(update={"members": members, "votes_for": votes})) is counts


@pytest.mark.parametrize(("day", "counts"), [("2026-08-01", False), ("2026-08-02", True)])
def test_an_alert_has_effect_from_the_day_on_which_article_90_applies(day: str, counts: bool) -> None:
    (event,) = folded(QualifiedAlert(ALERT), received()).of(QualifiedAlertReceived)
    assert has_effect(event.fact.model_copy(update={"received_at": brussels(day)})) is counts


WITHDRAWN = alerted("AlertWithdrawn", received_at=brussels("2026-09-05"))
INADMISSIBLE = fact("SubmissionRuledInadmissible", submission_id=named("submission"), article="90(3)", cause_code="R24")


@pytest.mark.parametrize(("more", "waits"), [([], True), ([INADMISSIBLE], False), ([WITHDRAWN], False)])
def test_an_alert_without_effect_waits_for_nothing(more: list[Fact], waits: bool) -> None:
    record = folded(QualifiedAlert(ALERT), received(), *more)
    assert is_open(record) is waits
    assert (processing_clock(record, Law(), date(2026, 9, 2)) is None) is (INADMISSIBLE in more)


def test_the_two_weeks_do_not_run_while_an_answer_is_awaited() -> None:
    assert processing_clock(folded(QualifiedAlert(ALERT), received(), ASKED), Law(), date(2026, 9, 3)) is None


@pytest.mark.parametrize(
    ("facts", "on", "reading", "carries"),
    [
        ([received()], "2026-08-31", "EX_OFFICIO", False),
        ([received()], "2026-09-01", "EX_OFFICIO", True),
        ([received(complete=False)], "2026-09-01", "EX_OFFICIO", False),
        ([received(), WITHDRAWN], "2026-09-06", "EX_OFFICIO", False),
        ([received(), INADMISSIBLE], "2026-09-06", "EX_OFFICIO", False),
        ([received(ground="90(1)(b)")], "2026-09-01", "EX_OFFICIO", False),
        ([received(ground="90(1)(b)")], "2026-09-01", "QUALIFIED_ALERT", True),
        ([received()], "2026-09-01", "QUALIFIED_ALERT", True),
    ],
)
def test_a_complete_alert_on_the_right_ground_carries_a_designation_from_its_day_on(facts: list[Fact], on: str, reading: str, carries: bool) -> None:
    law = Law(settings=Settings(1, {"ALERT_90_1_B_ORIGIN": reading}))
    assert can_carry_designation(folded(QualifiedAlert(ALERT), *facts), date.fromisoformat(on), law) is carries


def test_an_alert_is_followed_once_it_arrived_and_closed_once() -> None:
    closed = alerted("AlertClosed", on="2026-09-01", closing_reason="NO_MEASURES")
    informed = alerted("BoardInformed", on="2026-09-01", document_hash=document("letter"))
    launched = alerted(
        "AlertMeasuresLaunched", on="2026-09-01", measures=["91"], rapporteur_ref=named("r"), contributor_refs=[named("a"), named("b")]
    )
    empty = Scenario()
    for each in (closed, informed, launched):
        empty.when(SEPTEMBER_1, each, on=ALERT).then_fails(NotInRegister, match="record QualifiedAlertReceived first")
    file = given(SEPTEMBER_1, received(), on=ALERT).when(SEPTEMBER_1, closed, on=ALERT).then("AlertClosed")
    file.when(SEPTEMBER_1, closed, on=ALERT).then_fails(AlreadyInRegister, match="closed already")
    file.when(SEPTEMBER_1, informed, on=ALERT).then("BoardInformed")


def test_the_file_of_an_alert_is_closed_with_the_alert() -> None:
    open_file = folded(QualifiedAlert(ALERT), received())
    assert not open_file.is_closed
    assert folded(QualifiedAlert(ALERT), received(), alerted("AlertClosed", on="2026-09-10", closing_reason="DONE")).is_closed


# -- Articles 52(6) and 78: clock D9 -------------------------------------------------------------


def proposed(day: str) -> Fact:
    return fact(
        "PublicationContentProposed", case_id=UUID(FILE.key), proposed_at=brussels(day), marketed_names=["Alpha"], provider_name="Alpha AI",
        provider_country="FR", public_grounds=["52(4)"],
    )  # fmt: skip


def claimed(name: str, day: str) -> Fact:
    return fact(
        "ConfidentialityClaimLodged", claim_id=named(name), received_at=brussels(day), filer_ref=PROVIDER, claimed_fields=["provider_name"],
        reasons_hash=document("reasons"),
    )  # fmt: skip


def ruled(name: str, day: str, **fields: list[str]) -> Fact:
    return fact("ConfidentialityClaimDecided", claim_id=named(name), notified_at=brussels(day), reasons_hash=document("reasons"), **fields)


def test_a_claim_is_decided_by_the_decision_on_it() -> None:
    file = folded(Publication(FILE), proposed("2026-03-02"), claimed("a", "2026-03-03"), claimed("b", "2026-03-04"), ruled("b", "2026-03-10"))
    assert decision_on(file, named("a")) is None
    assert decision_on(file, named("b")) is not None


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([], State.EXPIRED),
        ([claimed("a", "2026-03-03")], State.RUNNING),
        ([claimed("a", "2026-03-03"), ruled("a", "2026-03-10", granted_fields=["provider_name"])], State.CLOSED),
        ([claimed("a", "2026-03-03"), ruled("a", "2026-03-10", refused_fields=["provider_name"])], State.RUNNING),
        ([claimed("a", "2026-03-03"), proposed("2026-03-04")], State.EXPIRED),
    ],
)
def test_only_a_claim_on_the_last_content_that_waits_or_was_refused_prolongs_the_time(facts: list[Fact], state: State) -> None:
    clock = claim_clock(folded(Publication(FILE), proposed("2026-03-02"), *facts), Law(), date(2026, 3, 19))
    assert clock is not None
    assert clock.state is state


def ordered(name: str) -> Fact:
    return fact("PublicationOrdered", order_id=named(name), action="PUBLISH", slot_at=SEPTEMBER_1)


def cancelled(name: str) -> Fact:
    return fact("PublicationOrderCancelled", order_id=named(name), on="2026-03-02")


def test_an_order_is_cancelled_once_and_its_number_is_not_used_again() -> None:
    file = given(brussels("2026-03-02"), opened(), provider(), proposed("2026-03-02"), ordered("order"), on=FILE)
    file.when(SEPTEMBER_1, cancelled("stranger"), on=FILE).then_fails(NotInRegister, match="order_id names no open order")
    file.when(SEPTEMBER_1, cancelled("order"), on=FILE).then("PublicationOrderCancelled")
    file.when(SEPTEMBER_1, cancelled("order"), on=FILE).then_fails(NotInRegister, match="order_id names no open order")
    file.when(SEPTEMBER_1, ordered("order"), on=FILE).then_fails(AlreadyInRegister, match="order_id is in use")
    file.when(SEPTEMBER_1, ordered("another"), on=FILE).then_fails(Malformed, match="^slot_at")


def test_where_publication_is_at_once_a_moment_of_the_day_that_went_by_will_do_and_the_day_before_will_not() -> None:
    at_once = fact(
        "JudgementSettingChanged", settings_version=2, switch="PUBLICATION_SLOT", old_value="next_working_day", new_value="at_once",
        applies_from="2026-03-02", reasons_hash=document("reasons"),
    )  # fmt: skip
    order = ordered("order").model_copy(update={"marketed_names": ("Alpha",), "provider_country": "FR", "public_grounds": ("51(1)(a)",)})
    file = given(brussels("2026-03-02"), opened(), provider(), proposed("2026-03-02"), on=FILE).given(
        brussels("2026-03-02", 13), at_once, on=REGISTER
    )
    file.when(SEPTEMBER_1 + 9 * HOUR, order, on=FILE).then_refused(R27)
    file.when(SEPTEMBER_1 + 33 * HOUR, order, on=FILE).then_fails(Malformed, match="^slot_at: must not lie before 2026-09-02")


def held(hold: str = "OTHER") -> Fact:
    return fact("PublicationHeld", hold=hold, on="2026-03-02")


def overridden(hold: str = "OTHER") -> Fact:
    return fact("PublicationHoldOverridden", hold=hold, on="2026-03-02", reasons_hash=document("reasons"))


@pytest.mark.parametrize(
    ("facts", "is_lifted", "still_held"),
    [
        ([], False, False),
        ([overridden()], True, False),
        ([held()], False, True),
        ([held(), overridden()], True, False),
        ([held(), overridden(), held()], False, True),
        ([held(), overridden(), held("COURT")], True, False),
        ([held("COURT"), overridden()], True, False),
        ([held(), overridden("ARGUMENTS_PENDING")], False, True),
    ],
)
def test_the_last_word_on_a_hold_counts(facts: list[Fact], is_lifted: bool, still_held: bool) -> None:
    file = folded(Publication(FILE), *facts)
    assert (is_overridden(file, "OTHER"), is_held(file, "OTHER")) == (is_lifted, still_held)
