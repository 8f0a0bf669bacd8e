"""How the data of an event are read: strictly, with the first field that is wrong and what to write there; and which documents an event names."""

import re
from typing import Any

import pytest

from domain.actors import Role
from domain.claims import Claimed
from domain.errors import Malformed, NotInRegister, Refused
from domain.events import EVENTS, NAME_DOCUMENTS, documents_named, event_type, read
from domain.record import fact_types
from domain.types import Int, Payload, exact
from tests.scenario import decided, document, fact, named, threshold_met


class Count(Payload):
    """A whole number alone."""

    n: Int


WITHDRAWAL = {"submission_id": str(named("notice")), "received_at": "2026-03-02T12:00:00+01:00", "filer_ref": str(named("alpha-ai"))}
MET = {"on": "2026-03-01", "compute_flop": "1.1e25", "threshold_version": "1", "source": "PROVIDER", "kind": "COMPUTE"}


@pytest.mark.parametrize(
    ("topic", "data", "field", "sentence"),
    [
        ("NotificationWithdrawn", {**WITHDRAWAL, "filer_ref": None}, "filer_ref", "^must be an identifier of the register"),
        ("NotificationWithdrawn", {name: WITHDRAWAL[name] for name in ("submission_id", "filer_ref")}, "received_at", "^is missing$"),
        (
            "NotificationWithdrawn", {**WITHDRAWAL, "recieved_at": "x"}, "recieved_at",
            r"^is not a field of NotificationWithdrawn; did you mean received_at\?$",
        ),
        ("NotificationWithdrawn", {**WITHDRAWAL, "zzz": "x"}, "zzz", "^is not a field of NotificationWithdrawn$"),
        ("ThresholdMet", {**MET, "source": "NOBODY"}, "source", "^must be 'PROVIDER' or 'COMMISSION'$"),
        ("ThresholdMet", {**MET, "on": "1 March"}, "on", "^must be a day written YYYY-MM-DD"),
        ("ThresholdMet", {**MET, "compute_flop": 1.1e25}, "compute_flop", "^must be text such as 1.1e25"),
        (
            "ReassessmentRequestReceived",
            {
                "request_id": str(named("request")), "received_at": "2026-09-01T12:00:00+02:00", "provider_ref": str(named("alpha-ai")),
                "filer_ref": str(named("alpha-ai")), "filer_role": "PROVIDER", "channel": "EU_SEND", "target_decision_id": str(named("designation")),
                "reasons": [{"text_hash": document("reason"), "arose_on": "2026-08-01"}, {"text_hash": document("reason")}],
            },
            "reasons.1.arose_on", "^is missing$",
        ),
    ],
)  # fmt: skip
def test_the_first_field_that_is_wrong_is_named(topic: str, data: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(Malformed, match=f"^{field}: ") as failed:
        read(event_type(topic), data)
    assert failed.value.field == field
    assert re.search(sentence, failed.value.sentence)


ENTRY = {"list_id": "1", "listed_on": "2026-04-20", "marketed_names": ["Alpha"], "provider_country": "FR", "public_grounds": ["52(4)"]}


def test_the_list_has_no_other_fields() -> None:
    """Law: Article 52(6), 78 (R27)."""
    with pytest.raises(Refused, match="compute_flop is not a field of the list") as refused:
        read(event_type("ListEntryPublished"), {**ENTRY, "compute_flop": "1e26"})
    assert refused.value.rule.code == "R27"
    with pytest.raises(Malformed, match=r"^provider_country: "):
        read(event_type("ListEntryPublished"), {**ENTRY, "provider_country": "France"})
    assert read(event_type("ListEntryPublished"), ENTRY).TOPIC == "ListEntryPublished"


def test_an_unknown_event_type_is_answered_with_the_nearest() -> None:
    assert event_type("ThresholdMet").TOPIC == "ThresholdMet"
    with pytest.raises(NotInRegister, match=r"^there is no event type 'ThresholdMeet'; did you mean ThresholdMet\?$"):
        event_type("ThresholdMeet")
    with pytest.raises(NotInRegister, match=r"^there is no event type 'zzz'$"):
        event_type("zzz")


def test_a_claim_is_nothing_that_could_be_recorded() -> None:
    assert Claimed.TOPIC not in EVENTS


def test_the_documents_of_an_event_are_named_with_their_place() -> None:
    reason = {"text_hash": document("reason"), "arose_on": "2026-08-01", "documents": [document("first"), document("second")]}
    request = fact(
        "ReassessmentRequestReceived", request_id=named("request"), received_at="2026-09-01T12:00:00+02:00", provider_ref=named("alpha-ai"),
        filer_ref=named("alpha-ai"), filer_role="PROVIDER", channel="EU_SEND", target_decision_id=named("designation"), reasons=[reason],
        documents=[document("letter")],
    )  # fmt: skip
    assert set(documents_named(request)) == {
        ("documents.0", document("letter")),
        ("reasons.0.text_hash", document("reason")),
        ("reasons.0.documents.0", document("first")),
        ("reasons.0.documents.1", document("second")),
    }
    assert dict(documents_named(decided("DesignationRevoked", "r", "2026-03-02", target_decision_id=named("d"), basis="52(4)"))) == {
        "reasons_hash": document("reasons"), "hearing_omitted_text_hash": document("urgency"),
    }  # fmt: skip
    assert list(documents_named(threshold_met("2026-03-01"))) == []


# -- Exact numbers ---------------------------------------------------------------------


@pytest.mark.parametrize("value", [10**15 - 1, "9" * 15, 0])
def test_a_whole_number_has_at_most_fifteen_digits(value: object) -> None:
    assert Count.model_validate({"n": value}).n == int(str(value))
    with pytest.raises(ValueError, match="must be a whole number"):
        Count.model_validate({"n": 10**15})


def test_idle_zeros_have_a_limit_too() -> None:
    """A text of zeros is as long to read as any other."""
    assert exact("0" * 60 + "." + "0" * 60) == 0
    with pytest.raises(ValueError, match="at most 60 digits"):
        exact("0" * 61 + "." + "0" * 60)


def test_everybody_who_records_names_documents_but_the_register_itself() -> None:
    """An auditor records nothing; what the register records by itself, such as seals, names what it has worked out."""
    assert set(Role) - NAME_DOCUMENTS == {Role.SYSTEM, Role.AUDITOR}


def test_the_events_of_one_kind_of_record_are_those_of_that_kind() -> None:
    law = {"AnnexXIIIAmended", "BenchmarkOrIndicatorAdded", "HolidayCalendarPublished", "ThresholdAmended"}
    assert {kind.TOPIC for kind in fact_types("law")} == law
    assert [kind.TOPIC for kind in fact_types("entry")] == ["ListEntryCorrected", "ListEntryPublished", "ListEntryRemoved", "ListEntryUpdated"]
    assert len(fact_types()) > len(fact_types("case")) > len(law)
