"""The records beside the case: the law, the settings, alerts, challenges, corrections and persons, each guard beside what it lets through."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.ids import LAW, REGISTER, Stream, lineage_claim, request_claim
from domain.law.rules import R24, R25, R41, Rule
from domain.persons import closing_day, is_erased, persons_in_role
from domain.record import Fact
from tests.rules.test_order_of_acts import Outcome, alert, corrected, unless
from tests.scenario import (
    ALPHA,
    CREATED,
    MINUTE,
    PROVIDER,
    Scenario,
    brussels,
    decided,
    document,
    fact,
    given,
    informed,
    named,
    opened,
    provider,
    publication,
    threshold_amended,
)  # fmt: skip

MARCH_2, SEPTEMBER_1 = brussels("2026-03-02"), brussels("2026-09-01")
ALERT, CHALLENGE = Stream("alert", str(named("alert"))), Stream("challenge", str(named("challenge")))


def annex(version: int) -> Fact:
    return fact(
        "AnnexXIIIAmended", annex_xiii_version=version, oj_ref="OJ", published_on="2025-12-01", applies_from="2026-01-01",
        text_hash=document("annex"),
    )  # fmt: skip


def calendar(version: int, days: list[str], unverified: list[str]) -> Fact:
    return fact(
        "HolidayCalendarPublished", calendar_version=version, year=2027, days=days, unverified_days=unverified, source="OJ", published_on="2025-12-01"
    )


def changed(version: int, old: str, new: str, switch: str = "FOUR_EYES", day: str = "2026-10-01") -> Fact:
    return fact(
        "JudgementSettingChanged", settings_version=version, switch=switch, old_value=old, new_value=new, applies_from=day,
        reasons_hash=document("reasons"),
    )  # fmt: skip


def measures(**more: Any) -> Fact:
    data = {"alert_id": ALERT.key, "on": "2026-09-01", "measures": ["91"], "rapporteur_ref": named("r"), "contributor_refs": [named("a"), named("b")]}
    return fact("AlertMeasuresLaunched", **{**data, **more})


def erased(who: UUID, scope: str) -> Fact:
    return fact("PersonalDataErased", person_ref=who, on="2026-03-02", legal_ground="Article 19(1)(a)", scope=scope)


def shown() -> Fact:
    return fact(
        "PublicationContentProposed", case_id=publication().key, proposed_at=MARCH_2, marketed_names=["Alpha"], provider_country="FR",
        public_grounds=["52(4)"],
    )  # fmt: skip


INFORMED = fact("BoardInformed", alert_id=ALERT.key, on="2026-09-01", document_hash=document("letter"))
RULED_OUT = fact("SubmissionRuledInadmissible", submission_id=named("submission"), cause_code="R24", article="90(3)")
RULE_10 = ("10", "8", "HEARING_MIN_WORKING_DAYS")
STAND = unless(Malformed, "^old_value: must be the reading in force, drafter_differs")
ATTEMPTS: dict[str, tuple[Stream, list[Fact], Fact, Outcome]] = {
    # Articles 51(3), 52(4), 97; Regulation 1182/71
    "a threshold has one version of a number": (LAW, [], threshold_amended(1, "1e26", "2026-01-01"), unless(AlreadyInRegister, "the next one is 2")),
    "a threshold has a next version": (LAW, [], threshold_amended(2, "1e26", "2026-01-01"), None),
    "Annex XIII has one version of a number": (LAW, [], annex(1), unless(AlreadyInRegister, "This annex_xiii_version is recorded already")),
    "Annex XIII has a next version": (LAW, [], annex(2), None),
    "holidays lie in their year": (LAW, [], calendar(99, ["2026-12-31"], []), unless(Malformed, "^days: must lie in 2027; 2026-12-31")),
    "unverified ones too": (LAW, [], calendar(99, [], ["2028-01-01"]), unless(Malformed, "^unverified_days: must lie in 2027; 2028-01-01")),
    "holidays of a year": (LAW, [], calendar(99, ["2027-01-01"], ["2027-12-31"]), None),
    # Procedure section 14
    "a switch is known": (REGISTER, [], changed(2, "a", "b", "SIX_EYES"), unless(Malformed, "^switch: must be one of .*FOUR_EYES")),
    "a reading is known": (
        REGISTER, [], changed(2, "drafter_differs", "some"), unless(Malformed, "^new_value: must be drafter_differs or none$"),
    ),
    "a number is whole": (REGISTER, [], changed(2, "10", "ten", RULE_10[2]), unless(Malformed, "^new_value: must be a whole number$")),
    "a number is plain": (REGISTER, [], changed(2, "10", "²", RULE_10[2]), unless(Malformed, "^new_value")),
    "a number has three digits": (REGISTER, [], changed(2, "10", "999", RULE_10[2]), None),
    "a number has no more": (REGISTER, [], changed(2, "10", "1000", RULE_10[2]), unless(Malformed, "^new_value")),
    "the reading in force is known": (REGISTER, [], changed(2, "none", "none"), STAND),
    "a reading changes": (REGISTER, [], changed(2, "drafter_differs", "none"), None),
    "the settings have one version of a number": (REGISTER, [], changed(1, "drafter_differs", "none"), unless(AlreadyInRegister, "next one is 2")),
    "of several the last counts": (
        REGISTER, [changed(2, "drafter_differs", "none"), changed(3, "10", "8", RULE_10[2])], changed(3, "none", "drafter_differs"),
        unless(AlreadyInRegister, "The settings are at version 3; the next one is 4"),
    ),
    "the reading on the day of the change counts": (
        REGISTER, [changed(2, "drafter_differs", "none", day="2026-09-15")], changed(3, "drafter_differs", "none"),
        unless(Malformed, "^old_value: must be the reading in force, none"),
    ),
    "the reading of today where the change reaches back": (
        REGISTER, [changed(2, "drafter_differs", "none", day="2026-03-02")], changed(3, "none", "drafter_differs", day="2026-03-01"), None,
    ),
    # Article 90; 2025/454, Article 19
    "measures need an alert with effect": (ALERT, [alert(), RULED_OUT, INFORMED], measures(), R24),
    "measures need the Board informed": (ALERT, [alert()], measures(), R25),
    "measures have two contributors": (ALERT, [alert(), INFORMED], measures(contributor_refs=[named("a")]), unless(Malformed, "^contributor_refs")),
    "two different ones": (
        ALERT, [alert(), INFORMED], measures(contributor_refs=[named("a")] * 2), unless(Malformed, "^contributor_refs: must name two"),
    ),
    "besides the rapporteur": (
        ALERT, [alert(), INFORMED], measures(contributor_refs=[named("a"), named("r")]), unless(Malformed, "^contributor_refs: must name two"),
    ),
    "and no third": (
        ALERT, [alert(), INFORMED], measures(contributor_refs=[named("a"), named("b"), named("a")]), unless(Malformed, "^contributor_refs"),
    ),
    "measures are some": (ALERT, [alert(), INFORMED], measures(measures=[]), unless(Malformed, "^measures: must name at least one Article")),
    "measures": (ALERT, [alert(), INFORMED], measures(), None),
    "measures stand in their own record": (
        ALERT, [alert(), INFORMED], measures(alert_id=str(named("another"))), unless(Malformed, "^alert_id: must be the alert"),
    ),
    # Procedure sections 4 and 5.12
    "a challenge is followed that was received": (
        CHALLENGE, [], fact("ChallengeClosed", challenge_ref=CHALLENGE.key, on="2026-09-01"), unless(NotInRegister, "there is no challenge"),
    ),
    "a correction is of an event": (
        ALPHA, [opened()], corrected("legal_name", "a", "b"), unless(NotInRegister, "target_event_id names no event of this record"),
    ),
    "of the event named": (
        ALPHA, [provider(named("beta-ai"), name="Beta AI"), provider()], corrected("legal_name", "Beta AI", "Beta"),
        unless(Malformed, "^old_value: must be what the record says now: Alpha AI"),
    ),
    "a correction is a value": (ALPHA, [opened(), provider()], corrected("country", "FR", "France"), unless(Malformed, "^new_value: is not")),
    "what stood there was one": (ALPHA, [opened(), provider()], corrected("country", "France", "DE"), unless(Malformed, "^old_value: is not")),
    "a correction": (ALPHA, [opened(), provider()], corrected("country", "FR", "DE"), None),
    "what was decided is no error of ours": (
        ALPHA, [opened(), decided("ModelDesignatedUnder52_4", "designation", "2026-03-02")],
        corrected("origin", "EX_OFFICIO", "QUALIFIED_ALERT"), R41,
    ),
    "nor is whom it was addressed to": (
        ALPHA, [opened(), decided("ModelDesignatedUnder52_4", "designation", "2026-03-02")], corrected("addressees", f"['{PROVIDER}']", "[]"), R41,
    ),
    "nothing is erased on an alert that never came": (ALERT, [], erased(named("ada"), "CONTACT"), unless(NotInRegister, "alert has no events yet")),
    "nothing is recorded on an alert that never came": (ALERT, [], INFORMED, unless(NotInRegister, "the alert has no events yet")),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "past", "what", "outcome"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_guards_of_the_records_beside_the_case(stream: Stream, past: list[Fact], what: Fact, outcome: Outcome) -> None:
    attempt = Scenario().given(MARCH_2, *past, on=stream).when(SEPTEMBER_1 + MINUTE, what, on=stream)
    if outcome is None:
        attempt.then(what.TOPIC)
    elif isinstance(outcome, Rule):
        attempt.then_refused(outcome)
    else:
        attempt.then_fails(outcome[0], match=outcome[1])


def test_the_version_of_the_settings_is_that_of_the_last_change_that_applies() -> None:
    changes = [changed(2, "drafter_differs", "none", day="2026-03-10"), changed(3, "none", "drafter_differs", day="2026-03-20")]
    scenario = Scenario().given(MARCH_2, *changes, on=REGISTER)
    laws = [scenario.registry.law(brussels(f"2026-03-{day:02}")).settings for day in (9, 10, 19, 20)]
    assert [(each.version, each["FOUR_EYES"]) for each in laws] == [
        (1, "drafter_differs"), (2, "none"), (2, "none"), (3, "drafter_differs"),
    ]  # fmt: skip
    assert laws[0].on(date(2026, 3, 10))["FOUR_EYES"] == "none"
    assert laws[1].on(date(2026, 3, 9))["FOUR_EYES"] == "drafter_differs"


# -- Regulation (EU) 2018/1725 ------------------------------------------------------------------

CLOSED = fact("CaseClosed", on="2026-03-02", closing_reason="NEVER_CLASSIFIED")
REOPENED = fact("CaseReopened", on="2026-03-03")
ADA, BO, CY, DI = (named(name) for name in ("ada", "bo", "cy", "di"))


def identified(ref: UUID, person: UUID | None, contact: UUID | None) -> Fact:
    who: dict[str, Any] = (
        {"provider_kind": "NATURAL_PERSON", "person_ref": person} if person else {"provider_kind": "LEGAL_PERSON", "legal_name": "A"}
    )
    return fact(
        "ProviderIdentified", provider_ref=ref, country="FR", in_union=True, from_on="2026-01-01", **who,
        **({"contact_person_ref": contact} if contact else {}),
    )  # fmt: skip


def mandate(representative: str, person: UUID | None) -> Fact:
    who = {"representative_kind": "NATURAL_PERSON", "person_ref": person} if person else {"representative_kind": "LEGAL_PERSON", "legal_name": "R"}
    return fact(
        "AuthorisedRepresentativeAppointed", representative_ref=named(representative), provider_ref=PROVIDER, mandate_scope=["ALL"],
        mandate_hash=document("mandate"), from_on="2026-01-01", **who,
    )  # fmt: skip


def ended(representative: str, day: str = "2026-03-01") -> Fact:
    return fact("MandateTerminated", representative_ref=named(representative), on=day, reasons_hash=document("reasons"))


@pytest.mark.parametrize(
    ("past", "needed"),
    [
        ([], set()),
        ([identified(PROVIDER, None, None)], set()),
        ([identified(PROVIDER, None, ADA)], {ADA}),
        ([identified(PROVIDER, ADA, BO)], {ADA, BO}),
        ([identified(PROVIDER, ADA, None)], {ADA}),
        ([identified(PROVIDER, None, ADA), identified(PROVIDER, None, BO)], {BO}),
        ([mandate("rep", None)], set()),
        ([mandate("rep", CY)], {CY}),
        ([mandate("rep", CY), ended("rep")], set()),
        ([mandate("rep", CY), ended("rep", "2026-03-03")], {CY}),
        ([mandate("rep", CY), mandate("another", DI), ended("rep")], {DI}),
    ],
)
def test_a_file_needs_the_persons_in_a_role_on_the_day(past: list[Fact], needed: set[UUID]) -> None:
    case = given(MARCH_2, opened(), *past).case()
    assert persons_in_role(case, date(2026, 3, 2)) == needed


@pytest.mark.parametrize(
    ("past", "gone"), [([], False), ([erased(ADA, "CONTACT")], False), ([erased(BO, "ALL")], False), ([erased(ADA, "ALL")], True)]
)
def test_a_person_is_erased_when_all_data_of_that_person_are(past: list[Fact], gone: bool) -> None:
    assert is_erased(given(MARCH_2, opened(), erased(BO, "CONTACT"), *past).case(), ADA) is gone


CLOSING = date(2026, 3, 2)


@pytest.mark.parametrize(("past", "closed_on"), [([CLOSED], CLOSING), ([CLOSED, REOPENED], None), ([CLOSED, REOPENED, CLOSED], CLOSING), ([], None)])
def test_a_file_is_closed_until_it_is_reopened(past: list[Fact], closed_on: date | None) -> None:
    assert closing_day(given(MARCH_2, opened(), *past).case()) == closed_on


def test_a_claim_has_the_name_under_which_it_is_stored_for_ever() -> None:
    assert [str(lineage_claim(" Alpha  ONE ")), str(request_claim("key"))] == ["claim/lineage:alpha one", "claim/request:key"]


def test_a_record_is_as_it_was_known_at_an_instant() -> None:
    """Every event up to that very instant, and the version of the last of them."""
    scenario = given(
        MARCH_2, opened(), provider(), decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)
    )
    known = [scenario.case().known(MARCH_2 + n * MINUTE) for n in (-1, 0, 1, 3, 9)]
    assert [case.version for case in known] == [0, 1, 2, 4, 4]
    assert [len(case.by_topic) for case in known] == [0, 1, 2, 4, 4]
    assert [bool(case) for case in known] == [False, True, True, True, True]
    assert not known[1].of(type(provider()))


def test_of_a_publication_file_only_contact_data_are_erased() -> None:
    scenario = given(MARCH_2, opened()).given(MARCH_2 + MINUTE, shown())
    scenario.when(SEPTEMBER_1, erased(ADA, "ALL"), on=publication()).then_fails(Malformed, match="^scope: must be CONTACT while the file is open")
    scenario.when(SEPTEMBER_1, erased(ADA, "CONTACT"), on=publication()).then("PersonalDataErased")


def test_a_publication_file_is_opened_by_what_the_provider_is_shown() -> None:
    claim = fact("ConfidentialityClaimLodged", claim_id=named("claim"), received_at=MARCH_2, filer_ref=PROVIDER, claimed_fields=["provider_name"],
                 reasons_hash=document("reasons"))  # fmt: skip
    given(CREATED, opened()).when(MARCH_2, claim, on=publication()).then_fails(NotInRegister, match="publication has no events yet")
