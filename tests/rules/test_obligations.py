"""Which Articles bind a provider, from which day, on which ground: Articles 53 to 55, 111(3); procedure 7.4."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest
import yaml

from domain.law.provisions import FOREVER, Span
from domain.obligations import Catalogue, Obligation, ProviderFacts, catalogue_on, obligations, obligations_of, read_catalogues
from domain.record import Fact
from domain.status import Ground
from tests.scenario import PROVIDER, Scenario, brussels, decided, document, fact, given, informed, named, opened, provider, threshold_met

CATALOGUES = read_catalogues(yaml.safe_load((files("domain.law") / "data" / "obligations.yaml").read_text(encoding="utf-8")))
CATALOGUE: Catalogue = CATALOGUES[0]
GENERAL = ["53(1)(a)", "53(1)(b)", "53(1)(c)", "53(1)(d)", "53(3)"]
SYSTEMIC = ["55(1)(a)", "55(1)(b)", "55(1)(c)", "55(1)(d)"]
KEPT = ["53(1)(c)", "53(1)(d)", "53(3)"]
PLACED = date(2026, 1, 15)
MET = brussels("2026-03-01", 0)


def bind(day: str, spans: Mapping[Ground, Sequence[Span]] | None = None, suspended: tuple[Ground, ...] = (), **facts: Any) -> dict[str, Obligation]:
    stated = ProviderFacts(**{"placed_on": PLACED, "in_union": True, **facts})
    return {each.article: each for each in obligations(spans or {}, stated, date.fromisoformat(day), CATALOGUE, suspended)}


def presumed(begin: datetime = MET, end: datetime = FOREVER) -> dict[Ground, list[Span]]:
    return {Ground.PRESUMED: [(begin, end)]}


# -- The data ------------------------------------------------------------------------


def test_the_catalogue_is_dated_and_sourced() -> None:
    assert [each.article for each in CATALOGUE.obligations] == [*GENERAL, "54", *SYSTEMIC]
    assert {each.article for each in CATALOGUE.obligations if each.open_source_exempt} == {"53(1)(a)", "53(1)(b)", "54"}
    assert "2024/1689" in CATALOGUE.source
    assert catalogue_on(CATALOGUES, date(2025, 8, 1)) is None
    assert catalogue_on(CATALOGUES, date(2025, 8, 2)) == CATALOGUE


# -- Articles 53 and 54: placed on the market ------------------------------------------


def test_nothing_binds_before_the_model_is_placed_on_the_market() -> None:
    assert bind("2026-01-14") == {}
    assert bind("2026-03-01", placed_on=None) == {}


def test_every_provider_is_bound_from_placing_on_the_market() -> None:
    found = bind("2026-01-15")
    assert list(found) == GENERAL
    assert {each.from_day for each in found.values()} == {PLACED}
    assert {each.because for each in found.values()} == {()}


@pytest.mark.parametrize(("in_union", "bound"), [(True, False), (None, False), (False, True)])
def test_only_a_provider_in_a_third_country_appoints_a_representative(in_union: bool | None, bound: bool) -> None:
    assert ("54" in bind("2026-02-01", in_union=in_union)) is bound


def test_nothing_binds_from_before_chapter_v() -> None:
    found = bind("2025-08-02", placed_on=date(2024, 1, 1))
    assert {each.from_day for each in found.values()} == {date(2025, 8, 2)}


def test_a_successor_is_bound_from_when_it_took_over() -> None:
    found = bind("2026-06-01", presumed(), provider_since=date(2026, 5, 1))
    assert {each.from_day for each in found.values()} == {date(2026, 5, 1)}
    assert bind("2026-04-30", presumed(), provider_since=date(2026, 5, 1)) == {}


# -- Article 55: classified ------------------------------------------------------------


def test_article_55_binds_from_classification() -> None:
    assert list(bind("2026-02-28", presumed())) == GENERAL
    found = bind("2026-03-01", presumed())
    assert list(found) == GENERAL + SYSTEMIC
    assert {(found[each].from_day, found[each].because) for each in SYSTEMIC} == {(date(2026, 3, 1), (Ground.PRESUMED,))}


def test_a_model_that_is_not_released_is_bound_by_article_55_alone() -> None:
    assert list(bind("2026-03-01", presumed(), placed_on=None)) == SYSTEMIC


def test_article_55_ends_with_the_ground() -> None:
    end = brussels("2026-06-03", 9)
    assert list(bind("2026-06-02", presumed(end=end))) == GENERAL + SYSTEMIC
    assert list(bind("2026-06-03", presumed(end=end))) == GENERAL


def test_grounds_that_follow_on_each_other_bind_without_a_break() -> None:
    both = {**presumed(end=brussels("2026-06-03")), Ground.DESIGNATED: [(brussels("2026-05-04"), FOREVER)]}
    during, after = bind("2026-05-04", both)["55(1)(a)"], bind("2026-06-03", both)["55(1)(a)"]
    assert during.because == (Ground.PRESUMED, Ground.DESIGNATED)
    assert (after.because, after.from_day) == ((Ground.DESIGNATED,), date(2026, 3, 1))
    assert "Article 51(1)(b), 52(4)" in after.reason


def test_after_a_break_they_bind_anew() -> None:
    apart = {**presumed(end=brussels("2026-04-01")), Ground.DESIGNATED: [(brussels("2026-05-04", 9), FOREVER)]}
    assert bind("2026-05-04", apart)["55(1)(a)"].from_day == date(2026, 5, 4)


# -- Open source -----------------------------------------------------------------------


def test_an_open_source_model_is_exempt_until_it_is_classified() -> None:
    facts = {"open_source_since": PLACED, "in_union": False}
    assert list(bind("2026-02-28", presumed(), **facts)) == KEPT
    found = bind("2026-03-01", presumed(), **facts)
    assert list(found) == [*GENERAL, "54", *SYSTEMIC]
    for article in ("53(1)(a)", "53(1)(b)", "54"):
        assert (found[article].from_day, found[article].because) == (date(2026, 3, 1), (Ground.PRESUMED,))
        assert "53(2), 54(6)" in found[article].reason
    assert (found["53(1)(c)"].from_day, found["53(1)(c)"].because) == (PLACED, ())


def test_the_exemption_begins_with_the_release() -> None:
    assert "53(1)(a)" in bind("2026-02-09", open_source_since=date(2026, 2, 10))
    assert "53(1)(a)" not in bind("2026-02-10", open_source_since=date(2026, 2, 10))


@pytest.mark.parametrize(("released", "since"), [(date(2026, 2, 28), date(2026, 3, 1)), (date(2026, 3, 1), PLACED), (date(2026, 4, 1), PLACED)])
def test_a_release_after_classification_never_exempted(released: date, since: date) -> None:
    assert bind("2026-05-01", presumed(), open_source_since=released)["53(1)(a)"].from_day == since


def test_the_exemption_returns_when_the_classification_ends() -> None:
    assert list(bind("2026-07-01", presumed(end=brussels("2026-06-03")), open_source_since=PLACED)) == KEPT


# -- Deferral, suspension ----------------------------------------------------------------


@pytest.mark.parametrize(("placed", "deferred"), [(date(2025, 8, 1), date(2027, 8, 2)), (date(2025, 8, 2), None)])
def test_only_a_legacy_model_is_deferred(placed: date, deferred: date | None) -> None:
    found = bind("2026-03-01", presumed(), placed_on=placed)
    assert {each.deferred_until for each in found.values()} == {deferred}


@pytest.mark.parametrize(("day", "deferred"), [("2027-08-02", date(2027, 8, 2)), ("2027-08-03", None)])
def test_the_deferral_ends_on_2_august_2027(day: str, deferred: date | None) -> None:
    found = bind(day, presumed(), placed_on=date(2025, 1, 1))
    assert {each.deferred_until for each in found.values()} == {deferred}
    assert ("111(3)" in found["55(1)(a)"].reason) is (deferred is not None)


def test_what_rests_on_a_suspended_act_is_marked() -> None:
    designated = {Ground.DESIGNATED: [(MET, FOREVER)]}
    found = bind("2026-05-01", designated, (Ground.DESIGNATED,), open_source_since=PLACED)
    assert [each.article for each in found.values() if each.suspended] == ["53(1)(a)", "53(1)(b)", *SYSTEMIC]
    assert not any(each.suspended for each in bind("2026-05-01", {**designated, **presumed()}, (Ground.DESIGNATED,)).values())


# -- Of a case ---------------------------------------------------------------------------

OTHER = named("other-ai")
TOLD_FIRST, TOLD_LATER = brussels("2026-06-03", 9), brussels("2026-06-10", 9)


def of(scenario: Scenario, day: str, ref: UUID = PROVIDER) -> dict[str, Obligation]:
    case, law = scenario.case(), scenario.registry.law(brussels("2026-12-01"))
    return {each.article: each for each in obligations_of(case, law, ref, date.fromisoformat(day), CATALOGUE)}


def placed(on: str = "2026-01-15") -> Fact:
    return fact("ModelPlacedOnUnionMarket", on=on, manner="API", marketed_names=["Alpha"])


def shared(*more: Fact) -> Scenario:
    """A model of two providers above the threshold since 1 March 2026."""
    return given(
        brussels("2026-03-05"), opened(), provider(), provider(OTHER, name="Other AI", country="IE"), placed(), threshold_met("2026-03-01"), *more
    )  # fmt: skip


def test_an_acceptance_relieves_each_provider_when_it_is_informed() -> None:
    accepted = decided("ArgumentsAccepted", "acceptance", "2026-06-01", addressees=[PROVIDER, OTHER], legal_basis="52(3)")
    scenario = shared(accepted, informed("acceptance", TOLD_FIRST), informed("acceptance", TOLD_LATER, OTHER))
    assert "55(1)(a)" in of(scenario, "2026-06-02")
    assert "55(1)(a)" not in of(scenario, "2026-06-03")
    assert of(scenario, "2026-06-09", OTHER)["55(1)(a)"].from_day == date(2026, 3, 1)
    assert "55(1)(a)" not in of(scenario, "2026-06-10", OTHER)


@pytest.mark.parametrize("addressees", [[PROVIDER], [PROVIDER, OTHER]])
def test_whoever_is_not_informed_of_an_acceptance_stays_bound(addressees: list[UUID]) -> None:
    scenario = shared(decided("ArgumentsAccepted", "acceptance", "2026-06-01", addressees=addressees), informed("acceptance", TOLD_FIRST))
    assert "55(1)(a)" not in of(scenario, "2026-07-01")
    assert "55(1)(a)" in of(scenario, "2026-07-01", OTHER)


def test_a_designation_binds_each_addressee_when_it_is_informed() -> None:
    designation = decided("ModelDesignatedUnder52_4", "designation", "2026-06-01", addressees=[PROVIDER, OTHER])
    scenario = given(brussels("2026-06-11"), opened(), provider(), provider(OTHER, name="Other AI", country="IE"), placed(), designation,
                     informed("designation", TOLD_FIRST), informed("designation", TOLD_LATER, OTHER))  # fmt: skip
    assert of(scenario, "2026-06-03")["55(1)(a)"].because == (Ground.DESIGNATED,)
    assert "55(1)(a)" not in of(scenario, "2026-06-09", OTHER)
    assert of(scenario, "2026-06-10", OTHER)["55(1)(a)"].from_day == date(2026, 6, 10)


def test_a_successor_takes_the_duties_over_and_the_former_provider_loses_them() -> None:
    change = fact("ProviderSucceeded", from_provider_ref=PROVIDER, provider_ref=OTHER, effective_on="2026-05-01", evidence_hash=document("merger"))
    scenario = given(brussels("2026-05-02"), opened(), provider(), placed(), threshold_met("2026-03-01"), change)
    assert of(scenario, "2026-04-30")["55(1)(a)"].from_day == date(2026, 3, 1)
    assert of(scenario, "2026-05-01") == {}
    assert of(scenario, "2026-04-30", OTHER) == {}
    assert of(scenario, "2026-05-01", OTHER)["55(1)(a)"].from_day == date(2026, 5, 1)


def test_an_acceptance_served_on_the_former_provider_in_its_time_relieves_the_successor() -> None:
    accepted = decided("ArgumentsAccepted", "acceptance", "2026-04-01")
    change = fact("ProviderSucceeded", from_provider_ref=PROVIDER, provider_ref=OTHER, effective_on="2026-05-01", evidence_hash=document("merger"))
    told = informed("acceptance", brussels("2026-04-02"))
    scenario = given(brussels("2026-05-02"), opened(), provider(), placed(), threshold_met("2026-03-01"), accepted, told, change)
    assert list(of(scenario, "2026-05-01", OTHER)) == GENERAL


def test_without_an_identified_provider_the_model_speaks_for_itself() -> None:
    scenario = given(brussels("2026-03-05"), opened(), placed(), threshold_met("2026-03-01"))
    assert list(of(scenario, "2026-03-05")) == GENERAL + SYSTEMIC


def test_the_court_suspends_a_designation_and_with_it_the_duties() -> None:
    lodged = fact("AnnulmentActionLodged", action_id=named("action"), decision_id=named("designation"), court="GENERAL_COURT", case_no="T-1/26",
                  lodged_on="2026-06-15", applicant="PROVIDER")  # fmt: skip
    order = {"action_id": named("action"), "decision_id": named("designation")}
    begin, end = brussels("2026-07-01", 9), brussels("2026-09-01", 9)
    scenario = given(
        brussels("2026-09-02"), opened(), provider(), placed(), decided("ModelDesignatedUnder52_4", "designation", "2026-06-01"),
        informed("designation", TOLD_FIRST), lodged, fact("InterimSuspensionOrdered", **order, ordered_at=begin, order_hash=document("order")),
        fact("InterimSuspensionEnded", **order, ended_at=end),
    )  # fmt: skip
    suspended = {day: of(scenario, day)["55(1)(a)"].suspended for day in ("2026-06-30", "2026-07-01", "2026-08-31", "2026-09-01")}
    assert suspended == {"2026-06-30": False, "2026-07-01": True, "2026-08-31": True, "2026-09-01": False}
    assert not of(scenario, "2026-07-01")["53(1)(a)"].suspended


@pytest.mark.parametrize(("monetised_on", "exempt"), [(None, True), ("2026-02-20", False), ("2026-02-21", True)])
def test_a_release_that_is_later_monetised_no_longer_exempts(monetised_on: str | None, exempt: bool) -> None:
    def release(on: str, *, monetised: bool) -> Fact:
        public = {"weights_public": True, "architecture_public": True, "usage_public": True}
        return fact("OpenSourceReleaseRecorded", licence="EUPL-1.2", **public, monetised=monetised, on=on)

    later = [release(monetised_on, monetised=True)] if monetised_on else []
    scenario = given(brussels("2026-03-05"), opened(), provider(), placed(), release("2026-01-15", monetised=False), *later)
    assert ("53(1)(a)" not in of(scenario, "2026-02-20")) is exempt


def test_a_release_recorded_again_exempts_since_the_first() -> None:
    """Exempt from 10 February, the provider is bound by the classification of 1 March; a later release would never have exempted it."""
    public = {"weights_public": True, "architecture_public": True, "usage_public": True, "monetised": False}
    releases = [fact("OpenSourceReleaseRecorded", licence="EUPL-1.2", **public, on=on) for on in ("2026-02-10", "2026-03-20")]
    scenario = given(brussels("2026-04-01"), opened(), provider(), placed(), threshold_met("2026-03-01"), *releases)
    assert of(scenario, "2026-04-01")["53(1)(a)"].from_day == date(2026, 3, 1)


def test_while_nobody_is_identified_a_decision_works_as_for_the_model() -> None:
    designation = decided("ModelDesignatedUnder52_4", "designation", "2026-06-01")
    scenario = given(brussels("2026-06-11"), opened(), placed(), designation, informed("designation", TOLD_FIRST))
    assert "55(1)(a)" not in of(scenario, "2026-06-02")
    assert of(scenario, "2026-06-03")["55(1)(a)"].because == (Ground.DESIGNATED,)


def test_a_placing_that_lies_ahead_binds_nobody_yet_whatever_was_released() -> None:
    ahead = {"placed_on": date(2026, 6, 1), "open_source_since": date(2026, 2, 10), "in_union": False}
    assert list(bind("2026-05-31", presumed(), **ahead)) == SYSTEMIC
    assert list(bind("2026-06-01", presumed(), **ahead)) == [*GENERAL, "54", *SYSTEMIC]


def test_a_bare_day_means_its_end() -> None:
    last = presumed(begin=brussels("2026-03-02", 0) - timedelta(microseconds=1))
    assert "55(1)(a)" in bind("2026-03-01", last)
    assert "55(1)(a)" not in bind("2026-03-01", presumed(begin=brussels("2026-03-02", 0)))
