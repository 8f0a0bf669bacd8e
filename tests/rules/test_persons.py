"""
When a person's data may be erased: contact details once nobody needs them for a role, all of them once no file is open or kept.

Law: Regulation (EU) 2018/1725, Article 19(3); procedure section 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import pytest

from api.settings import Settings
from api.wiring import Register, open_register, set_up
from domain.actors import Actor, Role
from domain.corrections import PersonalDataErased, PersonalDataRestricted
from domain.errors import Malformed, Refused
from domain.events import event_type, read
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.persons import Retention
from domain.registry import Command
from domain.types import instant
from tests.conftest import new_url

OFFICER = Actor(UUID(int=11), Role.CASE_OFFICER)
ADA, BO, PROVIDER, SUCCESSOR = (UUID(int=number) for number in (1, 2, 3, 4))
CASE = "3f2b8a1e-5c1d-4e7a-9b60-000000000001"
OTHER = "3f2b8a1e-5c1d-4e7a-9b60-000000000002"
ALERT = "3f2b8a1e-5c1d-4e7a-9b60-000000000003"
HASH = "0" * 64
TEN_YEARS = Retention(10, "the retention list of the house")
CLOSED = instant("2026-03-31T12:00:00+02:00")


class Files:
    """A register whose files name persons."""

    def __init__(self, register: Register) -> None:
        self.register = register
        register.create(instant("2026-01-01T00:00:00+01:00"), demonstration=True)

    def record(self, stream: str, topic: str, at: str, role: Role = Role.CASE_OFFICER, **data: Any) -> None:
        kind, _, key = stream.partition("/")
        actor = Actor(OFFICER.ref, role)
        fact = read(event_type(topic), {name: str(value) if isinstance(value, UUID) else value for name, value in data.items()})
        self.register.registry.record(Command(Stream(kind, key), actor, fact, instant(at)))  # type: ignore[arg-type]

    def open(self, case: str = CASE, **person: UUID) -> None:
        self.record(f"case/{case}", "ModelCaseOpened", "2026-03-01T09:00:00+01:00", lineage_key=case, internal_name="Alpha")
        if person:
            self.identify("2026-03-02T09:00:00+01:00", case, **person)

    def identify(self, at: str, case: str = CASE, provider: UUID = PROVIDER, **person: UUID) -> None:
        self.record(
            f"case/{case}", "ProviderIdentified", at, provider_ref=provider, provider_kind="LEGAL_PERSON", legal_name="Alpha AI",
            country="FR", in_union=True, from_on="2026-01-01", **person,
        )  # fmt: skip

    def close(self, case: str = CASE) -> None:
        self.record(f"case/{case}", "CaseClosed", CLOSED.isoformat(), on="2026-03-31", closing_reason="OTHER")

    def naming(self, ref: UUID) -> list[str]:
        self.register.follower.catch_up()
        return [str(stream) for stream in self.register.office.files_naming(ref)]

    def erase(self, at: datetime, scope: Literal["CONTACT", "ALL"] = "ALL", ref: UUID = ADA, by: Actor = OFFICER) -> list[str]:
        self.register.follower.catch_up()
        fact = PersonalDataErased(person_ref=ref, on=legal_day(at), legal_ground="Article 19(1)(a)", scope=scope)
        recorded = self.register.registry.record_on_files(self.register.office.files_naming(ref), by, at, fact, TEN_YEARS)
        return [str(event.stream) for event in recorded.events] if recorded else []

    def count(self) -> int:
        return self.register.recorder.head()


@pytest.fixture(params=["memory", pytest.param("postgresql", marks=pytest.mark.postgres)])
def files(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Files]:
    url = new_url(request.param, tmp_path, request)
    if url != "sqlite://":
        set_up(url)
    register = open_register(Settings(database_url=url))
    yield Files(register)
    register.close()


def refused(files: Files, erasing: Callable[[], object], says: str) -> None:
    before = files.count()
    with pytest.raises(Malformed, match=says):
        erasing()
    assert files.count() == before


def test_a_person_is_found_in_every_file_whose_events_name_them(files: Files) -> None:
    files.open(CASE, contact_person_ref=ADA)
    files.open(OTHER, contact_person_ref=BO)
    assert files.naming(ADA) == [f"case/{CASE}"]
    assert files.naming(BO) == [f"case/{OTHER}"]
    assert files.naming(UUID(int=99)) == []


def test_what_concerns_a_publication_file_is_recorded_in_its_case(files: Files) -> None:
    files.open()
    files.record(
        f"publication/{CASE}", "PublicationContentProposed", "2026-03-03T09:00:00+01:00", Role.PUBLICATION_OFFICER, case_id=CASE,
        proposed_at="2026-03-03T08:00:00+01:00", marketed_names=["Alpha"], provider_country="FR", public_grounds=["51(1)(a)"],
    )  # fmt: skip
    files.record(
        f"publication/{CASE}", "ConfidentialityClaimLodged", "2026-03-04T09:00:00+01:00", claim_id=UUID(int=50),
        received_at="2026-03-04T08:00:00+01:00", filer_ref=ADA, claimed_fields=["marketed_names"], reasons_hash=HASH,
    )  # fmt: skip
    assert files.naming(ADA) == [f"case/{CASE}"]


def test_nothing_is_erased_while_a_file_is_open(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    refused(files, lambda: files.erase(instant("2026-04-01T09:00:00+02:00")), "^scope: must be CONTACT while case/.* is open; else rectify")


def test_nothing_is_erased_while_a_closed_file_is_kept_and_from_the_next_day_on_it_is(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    files.close()
    refused(
        files, lambda: files.erase(instant("2036-03-31T23:59:59+02:00")), "^scope: must be CONTACT before 2036-04-01: .* is kept .the retention list"
    )
    assert files.erase(instant("2036-04-01T00:00:00+02:00")) == [f"case/{CASE}"]


def test_one_file_that_is_kept_is_enough(files: Files) -> None:
    files.open(CASE, contact_person_ref=ADA)
    files.open(OTHER, contact_person_ref=ADA)
    files.close()
    refused(files, lambda: files.erase(instant("2040-01-01T00:00:00+01:00")), f"case/{OTHER} is open")
    files.close(OTHER)
    assert files.erase(instant("2040-01-01T00:00:00+01:00")) == [f"case/{CASE}", f"case/{OTHER}"]


def test_a_case_that_was_opened_again_is_open(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    files.close()
    files.record(f"case/{CASE}", "CaseReopened", "2026-05-01T09:00:00+02:00", on="2026-05-01")
    refused(files, lambda: files.erase(instant("2040-01-01T00:00:00+01:00")), "is open")


def test_what_is_recorded_once_is_not_recorded_again(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    files.close()
    at = instant("2040-01-01T00:00:00+01:00")
    assert files.erase(at) == [f"case/{CASE}"]
    assert files.erase(at) == []


def test_a_person_whom_no_file_names_leaves_no_event(files: Files) -> None:
    before = files.count()
    assert files.erase(instant("2026-04-01T09:00:00+02:00")) == []
    assert files.count() == before


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CASE_OFFICER])
def test_only_a_case_officer_records_it(files: Files, role: Role) -> None:
    files.open(contact_person_ref=ADA)
    files.close()
    before = files.count()
    with pytest.raises(Refused, match="R33"):
        files.erase(instant("2040-01-01T00:00:00+01:00"), by=Actor(OFFICER.ref, role))
    assert files.count() == before


# -- Contact details -------------------------------------------------------------------

APRIL = instant("2026-04-15T09:00:00+02:00")


def test_contact_details_of_somebody_in_a_role_are_not_erased_and_later_they_are(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    refused(files, lambda: files.erase(APRIL, "CONTACT"), "^person_ref: is still a contact.*rectify instead")
    files.identify("2026-04-14T09:00:00+02:00", contact_person_ref=BO)
    assert files.erase(APRIL, "CONTACT") == [f"case/{CASE}"]
    refused(files, lambda: files.erase(APRIL, "CONTACT", BO), "rectify instead")


def test_contact_details_of_a_former_providers_contact_are_erased(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    change = {"from_provider_ref": PROVIDER, "provider_ref": SUCCESSOR, "effective_on": "2026-04-10", "evidence_hash": HASH}
    files.record(f"case/{CASE}", "ModelTransferred", "2026-04-10T09:00:00+02:00", **change)
    assert files.erase(APRIL, "CONTACT") == [f"case/{CASE}"]


def test_contact_details_in_a_closed_file_are_erased_also_while_it_is_kept(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    files.close()
    assert files.erase(APRIL, "CONTACT") == [f"case/{CASE}"]


def test_contact_details_of_a_representative_are_erased_once_the_mandate_ended(files: Files) -> None:
    files.open()
    files.record(
        f"case/{CASE}", "AuthorisedRepresentativeAppointed", "2026-03-03T09:00:00+01:00", provider_ref=PROVIDER, representative_ref=UUID(int=60),
        representative_kind="NATURAL_PERSON", person_ref=ADA, mandate_scope=["ALL"], mandate_hash=HASH, from_on="2026-03-01",
    )  # fmt: skip
    refused(files, lambda: files.erase(APRIL, "CONTACT"), "rectify instead")
    ended = {"representative_ref": UUID(int=60), "on": "2026-04-15", "reasons_hash": HASH}
    files.record(f"case/{CASE}", "MandateTerminated", "2026-04-15T08:00:00+02:00", **ended)
    assert files.erase(APRIL, "CONTACT") == [f"case/{CASE}"]


def test_a_rapporteur_is_in_a_role_until_the_alert_is_closed(files: Files) -> None:
    alert = f"alert/{ALERT}"
    files.record(
        alert, "QualifiedAlertReceived", "2026-09-01T09:00:00+02:00", alert_id=ALERT, submission_id=UUID(int=70), case_ids=[CASE],
        received_at="2026-09-01T08:00:00+02:00", ground="90(1)(a)", members=60, votes_for=31, provider_contact_given=True, facts_hash=HASH,
        complete=True,
    )  # fmt: skip
    files.record(alert, "BoardInformed", "2026-09-02T09:00:00+02:00", alert_id=ALERT, on="2026-09-02", document_hash=HASH)
    files.record(
        alert, "AlertMeasuresLaunched", "2026-09-03T09:00:00+02:00", alert_id=ALERT, on="2026-09-03", measures=["91"], rapporteur_ref=ADA,
        contributor_refs=[str(BO), str(UUID(int=80))],
    )  # fmt: skip
    for person in (ADA, BO):
        refused(files, lambda ref=person: files.erase(instant("2026-10-01T09:00:00+02:00"), "CONTACT", ref), "rectify instead")  # type: ignore[misc]
    files.record(alert, "AlertClosed", "2026-10-02T09:00:00+02:00", alert_id=ALERT, on="2026-10-02", closing_reason="DONE")
    assert files.erase(instant("2026-10-03T09:00:00+02:00"), "CONTACT") == [alert]
    refused(files, lambda: files.erase(instant("2036-10-02T09:00:00+02:00"), "ALL", BO), "before 2036-10-03")
    assert files.erase(instant("2036-10-03T09:00:00+02:00"), "ALL", BO) == [alert]


def test_restricting_is_never_refused(files: Files) -> None:
    files.open(contact_person_ref=ADA)
    files.register.follower.catch_up()
    fact = PersonalDataRestricted(person_ref=ADA, on=legal_day(APRIL), legal_ground="Article 20(1)(a)", scope="ALL")
    recorded = files.register.registry.record_on_files(files.register.office.files_naming(ADA), OFFICER, APRIL, fact, TEN_YEARS)
    assert recorded
    assert [event.topic for event in recorded.events] == ["PersonalDataRestricted"]
