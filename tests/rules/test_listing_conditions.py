"""What may stand on the list, condition by condition and each on both sides: Article 52(6); Article 78; procedure section 9."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from domain import public
from domain.actors import Role
from domain.errors import Refused
from domain.ids import Stream
from domain.law.provisions import Law
from domain.law.settings import Settings
from domain.list_entry import PublicListEntry
from domain.listing import Records, refuse_listing
from domain.publication import Publication
from domain.record import Act, Fact, evolve
from tests.read_models.cases import events_of
from tests.scenario import (
    ALPHA,
    PROVIDER,
    actor,
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
    threshold_met,
)

MARCH_2, DECEMBER_1 = brussels("2026-03-02"), brussels("2026-12-01")
MET = threshold_met("2026-02-01")
PLACED = fact("ModelPlacedOnUnionMarket", on="2026-02-01", manner="API", marketed_names=["Alpha"])
DECLARED = [
    MET, decided("ModelDesignatedUnder52_1", "declaration", "2026-03-02", condition_met_on="2026-02-01"), informed("declaration", MARCH_2),
]  # fmt: skip
DESIGNATED = [decided("ModelDesignatedUnder52_4", "designation", "2026-03-02"), informed("designation", MARCH_2)]
SHOWN = {"marketed_names": ["Alpha"], "provider_name": "Alpha AI", "provider_country": "FR"}
SHOW_52_1 = {"LIST_SHOW_52_1": "yes"}


def content(*grounds: str, **more: Any) -> dict[str, Any]:
    return {**SHOWN, "public_grounds": list(grounds), **more}


def proposed(*more: dict[str, Any], at: datetime = MARCH_2) -> Publication:
    """Return a file in which some content was shown to the provider."""
    facts = [fact("PublicationContentProposed", case_id=UUID(publication().key), proposed_at=at, **each) for each in more]
    file = Publication(publication())
    for event in events_of((at, file.stream, each) for each in facts):
        file = evolve(file, event)
    return file


def barred(past: list[Fact], entry: dict[str, Any], *, file: Publication | None = None, who: Fact | None = None, **readings: str) -> str | None:
    """Return the rule that keeps an entry from being published on 1 December."""
    case = given(MARCH_2, opened(), who or provider(), PLACED, *past).case(ALPHA)
    law = Law(settings=Settings(1, readings))
    records = Records(case, file or proposed(entry), PublicListEntry(Stream("list_entry", "1")))
    try:
        refuse_listing(records, Act(actor(Role.PUBLICATION_OFFICER), DECEMBER_1, law), public.EntryContent.model_validate(entry))
    except Refused as refused:
        return refused.rule.code
    return None


@pytest.mark.parametrize(
    ("past", "grounds", "readings", "may"),
    [
        (DECLARED, ["51(1)(a)"], {}, True),
        (DECLARED, ["51(1)(a)", "52(1)"], {}, False),
        (DECLARED, ["51(1)(a)", "52(1)"], SHOW_52_1, True),
        (DECLARED, ["51(1)(a)"], SHOW_52_1, True),
        (DECLARED, ["51(1)(a)", "52(4)"], SHOW_52_1, False),
        ([*DECLARED, *DESIGNATED], ["51(1)(a)", "52(1)", "52(4)"], SHOW_52_1, True),
        (DESIGNATED, ["52(4)"], SHOW_52_1, True),
        (DESIGNATED, ["52(4)", "52(1)"], SHOW_52_1, False),
        ([], ["52(4)"], {}, False),
    ],
)
def test_the_grounds_shown_are_those_that_classify(past: list[Fact], grounds: list[str], readings: dict[str, str], may: bool) -> None:
    assert barred(past, content(*grounds), **readings) == (None if may else "R27")


@pytest.mark.parametrize("field", ["provider_name", "provider_country"])
def test_every_field_was_shown_to_the_provider(field: str) -> None:
    strange = {"provider_name": "Alpha Ltd", "provider_country": "IE"}
    shown, other = content("52(4)"), content("52(4)", **{field: strange[field]})
    assert barred(DESIGNATED, shown, file=proposed(shown)) is None
    assert barred(DESIGNATED, other, file=proposed(shown)) == "R27"
    assert barred(DESIGNATED, other, file=proposed(other, shown)) is None


NATURAL = fact(
    "ProviderIdentified", provider_ref=PROVIDER, provider_kind="NATURAL_PERSON", person_ref=named("person"), country="FR", in_union=True,
    from_on="2020-01-01",
)  # fmt: skip


@pytest.mark.parametrize(
    ("who", "past", "may"), [(NATURAL, [], False), (NATURAL, [provider(named("beta-ai"))], True), (None, [], True), (PLACED, [], True)]
)
def test_a_natural_person_is_not_named(who: Fact, past: list[Fact], may: bool) -> None:
    assert barred([*past, *DESIGNATED], content("52(4)"), who=who) == (None if may else "R27")
    assert barred([*past, *DESIGNATED], content("52(4)", provider_name=None), who=who) is None


def representative(kind: str) -> Fact:
    who = {"legal_name": "Rep"} if kind == "LEGAL_PERSON" else {"person_ref": named("person")}
    return fact(
        "AuthorisedRepresentativeAppointed", representative_ref=named("rep"), provider_ref=PROVIDER, representative_kind=kind,
        mandate_scope=["ALL"], mandate_hash=document("mandate"), from_on="2026-02-01", **who,
    )  # fmt: skip


@pytest.mark.parametrize(("past", "may"), [([], False), ([representative("NATURAL_PERSON")], False), ([representative("LEGAL_PERSON")], True)])
def test_only_a_representative_that_is_a_legal_person_is_named(past: list[Fact], may: bool) -> None:
    assert barred([*past, *DESIGNATED], content("52(4)", representative_name="Rep")) == (None if may else "R27")


MAINTAINED = decided("DesignationMaintained", "maintaining", "2026-10-01", target_decision_id=named("designation"))
TOLD = informed("maintaining", brussels("2026-10-02"))
ENDED = [
    decided("DesignationRevoked", "revocation", "2026-11-01", target_decision_id=named("designation"), basis="52(4)"),
    informed("revocation", brussels("2026-11-02")), decided("ModelDesignatedUnder52_4", "another", "2026-11-03"),
    informed("another", brussels("2026-11-04")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("past", "shown", "day", "may"),
    [
        (DESIGNATED, "designation", "2026-03-02", True),
        (DESIGNATED, "designation", "2026-03-03", False),
        ([*DESIGNATED, MAINTAINED, TOLD], "maintaining", "2026-10-01", True),
        ([*DESIGNATED, MAINTAINED], "maintaining", "2026-10-01", False),
        ([*DESIGNATED, MAINTAINED, TOLD, *ENDED], "another", "2026-11-03", True),
        ([*DESIGNATED, MAINTAINED, TOLD, *ENDED], "designation", "2026-03-02", False),
        ([*DESIGNATED, MAINTAINED, TOLD, *ENDED], "maintaining", "2026-10-01", False),
    ],
)
def test_the_decision_shown_is_a_designation_in_force_or_one_that_maintained_it(past: list[Fact], shown: str, day: str, may: bool) -> None:
    entry = content("52(4)", decision_ref=f"C(2026) {shown}", decision_date=day)
    assert barred(past, entry) == (None if may else "R27")


REJECTED = decided("ArgumentsRejected", "rejection", "2026-04-01")


@pytest.mark.parametrize(
    ("past", "reading", "may"),
    [([REJECTED, informed("rejection", brussels("2026-04-02"))], "reference_and_date", True), ([REJECTED], "reference_and_date", False),
     ([REJECTED, informed("rejection", brussels("2026-04-02"))], "no", False)],
)  # fmt: skip
def test_a_rejection_is_shown_by_the_switch_alone_and_once_it_has_effect(past: list[Fact], reading: str, may: bool) -> None:
    entry = content("52(4)", decision_ref="C(2026) rejection", decision_date="2026-04-01")
    assert barred([*DESIGNATED, *past], entry, LIST_REJECTION_DECISIONS=reading) == (None if may else "R27")


@pytest.mark.parametrize(("more", "may"), [([], False), ([MAINTAINED], False), ([MAINTAINED, TOLD], True)])
@pytest.mark.parametrize("waiting", [0, 1])
def test_that_a_designation_is_maintained_is_noted_once_it_was_notified(more: list[Fact], may: bool, waiting: int) -> None:
    later = [decided("DesignationMaintained", "later", "2026-11-20", target_decision_id=named("designation"))] * waiting
    assert barred([*DESIGNATED, *more, *later], content("52(4)", note="MAINTAINED")) == (None if may else "R27")


LEFT = fact("ModelWithdrawnFromUnionMarket", on="2026-11-01", requested_by_commission=False, copies_remain_in_use=False)
LODGED = fact(
    "AnnulmentActionLodged", action_id=named("action"), decision_id=named("designation"), court="GENERAL_COURT", case_no="T-1/26",
    lodged_on="2026-04-15", applicant="PROVIDER",
)  # fmt: skip
SUSPENDED = fact(
    "InterimSuspensionOrdered", action_id=named("action"), decision_id=named("designation"), ordered_at=brussels("2026-05-04"),
    order_hash=document("order"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("past", "note", "may"),
    [
        ([], None, True), ([], "OFF_MARKET", False), ([LEFT], "OFF_MARKET", True), ([LEFT], None, True), ([], "SUSPENDED", False),
        ([LODGED, SUSPENDED], "SUSPENDED", True), ([LODGED, SUSPENDED], None, False),
    ],
)  # fmt: skip
def test_a_note_says_what_is_so(past: list[Fact], note: str | None, may: bool) -> None:
    assert barred([*DESIGNATED, *past], content("52(4)", note=note)) == (None if may else "R27")
