"""Every spelling of every type of field: what is read, what is refused, and what is stored."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain import types
from domain.public import EntryContent, from_text
from domain.types import Payload
from tests.rules.spelling import ARABIC_INDIC, FULL_WIDTH, TEN_TO_25, sentence, stored

DAY: TypeAdapter[date] = TypeAdapter(types.Day)
INSTANT: TypeAdapter[datetime] = TypeAdapter(types.Instant)
TEXT: TypeAdapter[str] = TypeAdapter(types.Text)
HASH: TypeAdapter[str] = TypeAdapter(types.Sha256)
BOOL: TypeAdapter[bool] = TypeAdapter(types.Bool)
INT: TypeAdapter[int] = TypeAdapter(types.Int)
CASE_ID: TypeAdapter[UUID] = TypeAdapter(types.CaseId)
LIST_ID: TypeAdapter[str] = TypeAdapter(types.ListId)

# -- Days --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("2028-02-29", date(2028, 2, 29)),
        ("2000-02-29", date(2000, 2, 29)),
        ("1950-01-01", date(1950, 1, 1)),
        ("2199-12-31", date(2199, 12, 31)),
    ],
)
def test_a_day_is_a_day_of_the_calendar(text: str, day: date) -> None:
    assert DAY.validate_python(text) == day
    assert stored(DAY, text) == text
    assert DAY.validate_python(day) == day


@pytest.mark.parametrize(
    "text", ["2027-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "1949-12-31", "2200-01-01", "0001-01-01"]
)
def test_a_day_that_does_not_exist_or_lies_out_of_reach_is_refused(text: str) -> None:
    assert "is not a day of the calendar between 1950 and 2199" in sentence(DAY, text)


@pytest.mark.parametrize(
    "value",
    [
        "2026-3-1", "20260301", "2026-W09-7", "2026-060", "01.03.2026", "2026-03-01T00:00:00Z", " 2026-03-01", "2026-03-01 ", "2026-03-01\n", "",
        "today",
        f"2026-03-{ARABIC_INDIC}", 20260301, 1772323200, None, datetime(2026, 3, 1, tzinfo=UTC),
    ],
)  # fmt: skip
def test_another_spelling_of_a_day_is_refused(value: object) -> None:
    assert "must be a day written YYYY-MM-DD" in sentence(DAY, value)


# -- Instants ----------------------------------------------------------------------

NINE = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T09:00:00+01:00", "2026-03-10T08:00:00Z", "2026-03-10T08:00:00+00:00", "2026-03-10T08:00Z", "2026-03-10T09:00+01:00",
        "2026-03-10T08:00:00.0Z", "2026-03-10T08:00:00.000000Z", "2026-03-09T22:00:00-10:00", "2026-03-10T13:45:00+05:45",
        "2026-03-10T08:00:00-00:00",
    ],
)  # fmt: skip
def test_an_instant_is_stored_in_utc_whatever_its_offset(text: str) -> None:
    assert INSTANT.validate_python(text) == NINE
    assert INSTANT.validate_python(text).tzinfo is UTC
    assert stored(INSTANT, text) == "2026-03-10T08:00:00Z"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-03-10T08:00:00.5Z", "2026-03-10T08:00:00.500000Z"),
        ("2026-03-10T08:00:00.000001Z", "2026-03-10T08:00:00.000001Z"),
        ("2028-02-29T23:59:59Z", "2028-02-29T23:59:59Z"),
        ("1950-01-01T00:00:00Z", "1950-01-01T00:00:00Z"),
        ("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999Z"),
        ("2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z"),
    ],
)
def test_an_instant_keeps_its_microseconds(text: str, written: str) -> None:
    assert stored(INSTANT, text) == written
    assert stored(INSTANT, written) == written


@pytest.mark.parametrize("value", ["2026-03-10T09:00:00", "2026-03-10T09:00", datetime(2026, 3, 10, 9)])  # noqa: DTZ001 - naive on purpose
def test_a_naive_instant_is_refused(value: object) -> None:
    assert "must carry its offset from UTC" in sentence(INSTANT, value)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T24:00:00Z", "2026-03-10T24:00:01Z", "2026-03-10T23:60:00Z", "2026-03-10T23:59:60Z", "2027-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-03-10T09:00:00+24:00", "2026-03-10T09:00:00+25:00", "1949-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)  # fmt: skip
def test_an_instant_that_does_not_exist_or_lies_out_of_reach_is_refused(text: str) -> None:
    assert "is not a time of the calendar between 1950 and 2199" in sentence(INSTANT, text)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-10", "2026-03-10 09:00:00+01:00", "2026-03-10t09:00:00z", "2026-03-10T09:00:00+0100", "2026-03-10T09:00:00+01", "2026-03-10T09Z",
        "2026-03-10T09:00:00,5Z", "2026-03-10T09:00:00.1234567Z", "2026-03-10T09:00:00 Z", " 2026-03-10T09:00:00Z", "2026-03-10T09:00:00Z\n",
        "2026-03-10T09:00:00[Europe/Brussels]", "2026-W11-2T09:00:00Z", "20260310T090000Z", "now", "", 1773129600, 1773129600.0, None, True,
        date(2026, 3, 10), f"2026-03-{ARABIC_INDIC}T09:00:00Z",
    ],
)  # fmt: skip
def test_another_spelling_of_an_instant_is_refused(value: object) -> None:
    assert "must be an instant with offset" in sentence(INSTANT, value)


OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1951, 1, 1), datetime(2198, 12, 31)), OFFSETS)  # noqa: DTZ001 - the offset is drawn beside
@settings(derandomize=True)
def test_every_instant_comes_back_as_the_same_moment(local: datetime, offset: timezone) -> None:
    moment = local.replace(tzinfo=offset)
    assert INSTANT.validate_python(moment.isoformat()) == moment
    written = stored(INSTANT, moment)
    assert written.endswith("Z")
    assert INSTANT.validate_python(written) == moment
    assert stored(INSTANT, written) == written


# -- Text, hashes, identifiers, truth, whole numbers ----------------------------------


@pytest.mark.parametrize("text", ["a", "x" * 500, "\U0001f600" * 500, "Modèle « Ωmega » 模型", "a b", "a\u00a0b", "- @!{}[]%&*", "null", "~", "1"])
def test_a_text_is_kept_as_it_is(text: str) -> None:
    assert TEXT.validate_python(text) == text
    assert stored(TEXT, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "x" * 501, "\U0001f600" * 501, " a", "a ", "\u00a0a", "a\u3000", "\n", "a\r", "a\rb", "a\x00b", "a\x07", "a\x1bb", "a\x7fb", "a\x85b",
        "a\u2028b", "a\u2029b", "a\ud800", "\ud83d", "a\x9fb", "a\x0bb", "a\x0cb",
    ],
)  # fmt: skip
def test_a_text_too_long_empty_or_with_control_characters_is_refused(text: str) -> None:
    sentence(TEXT, text)


def test_the_schema_of_a_text_says_how_long_it_may_be() -> None:
    schema = TEXT.json_schema()
    assert (schema["minLength"], schema["maxLength"]) == (1, 500)


@pytest.mark.parametrize("text", ["a\nb", "a\tb"])
def test_a_text_has_one_line_and_no_tabs(text: str) -> None:
    assert "must not contain control characters or line breaks" in sentence(TEXT, text)


@pytest.mark.parametrize("value", [1, 1.5, None, True, ["a"]])
def test_a_text_that_is_no_text_is_refused(value: object) -> None:
    sentence(TEXT, value)


def test_a_hash_is_64_lower_case_hexadecimal_digits() -> None:
    assert HASH.validate_python("0123456789abcdef" * 4) == "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text", ["0" * 63, "0" * 65, "A" * 64, "g" * 64, "0x" + "0" * 62, " " + "0" * 63, "0" * 64 + "\n", "", ARABIC_INDIC * 32, "\uff10" * 64, 0, None]
)
def test_another_hash_is_refused(text: object) -> None:
    sentence(HASH, text)


IDENTIFIER = "3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10"


def test_an_identifier_is_written_with_hyphens() -> None:
    assert CASE_ID.validate_python(IDENTIFIER) == UUID(IDENTIFIER)
    assert CASE_ID.validate_python(UUID(IDENTIFIER)) == UUID(IDENTIFIER)
    assert stored(CASE_ID, IDENTIFIER) == stored(CASE_ID, IDENTIFIER.upper()) == IDENTIFIER


@pytest.mark.parametrize(
    "value",
    [
        "alpha", "", IDENTIFIER.replace("-", ""), "{" + IDENTIFIER + "}", "urn:uuid:" + IDENTIFIER, IDENTIFIER + " ", " " + IDENTIFIER[:-1],
        IDENTIFIER[:-1],
        IDENTIFIER[:-1] + "g", "{" + IDENTIFIER[:-2] + "}", "3f2b8a1e5c1d4e7a9b600d8f1f3c2a10----", 0, None, b"0" * 16, True,
    ],
)  # fmt: skip
def test_another_spelling_of_an_identifier_is_refused(value: object) -> None:
    assert "must be an identifier of the register" in sentence(CASE_ID, value)


@pytest.mark.parametrize("value", ["1", "42", "999999999"])
def test_the_number_of_an_entry_is_kept(value: str) -> None:
    assert LIST_ID.validate_python(value) == value


@pytest.mark.parametrize("value", ["0", "01", "-1", "+1", "1000000000", "1.0", " 1", "1\n", "", "a", ARABIC_INDIC, 1])
def test_another_number_of_an_entry_is_refused(value: object) -> None:
    sentence(LIST_ID, value)


@pytest.mark.parametrize(("value", "truth"), [("true", True), ("false", False), (True, True), (False, False)])
def test_truth_is_true_or_false(value: object, truth: bool) -> None:
    assert BOOL.validate_python(value) is truth
    assert BOOL.dump_json(truth) == (b"true" if truth else b"false")


@pytest.mark.parametrize("value", ["True", "TRUE", "yes", "no", "on", "1", "0", 1, 0, 1.0, "", None, "true ", [], ["true"], {"true": 1}])
def test_another_spelling_of_truth_is_refused(value: object) -> None:
    assert "must be true or false" in sentence(BOOL, value)


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("3", 3), ("007", 7), (3, 3), ("9" * 15, 999_999_999_999_999)])
def test_a_whole_number_is_zero_or_more(value: object, number: int) -> None:
    assert INT.validate_python(value) == number


@pytest.mark.parametrize(
    "value", ["-1", "+1", "1.0", "1e3", "1_000", " 1", "1\n", "", "9" * 16, ARABIC_INDIC, FULL_WIDTH, -1, 1.0, True, False, None, Decimal(3)]
)
def test_another_whole_number_is_refused(value: object) -> None:
    assert "must be a whole number of zero or more" in sentence(INT, value)


@pytest.mark.parametrize("value", [2**53, 2**63, 10**400], ids=["2^53", "2^63", "10^400"])
def test_a_whole_number_that_canonical_json_cannot_hold_is_refused(value: int) -> None:
    assert "must be a whole number" in sentence(INT, value)


@pytest.mark.parametrize(
    ("kind", "good", "bad"), [("Country", "BE", ("be", "BEL", "B", "B1", "BE\n", "ÉE")), ("Language", "fr", ("FR", "fra", "f", "fr\n"))]
)
def test_codes_of_countries_and_languages(kind: str, good: str, bad: tuple[str, ...]) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(getattr(types, kind))
    assert adapter.validate_python(good) == good
    for text in bad:
        sentence(adapter, text)


# -- Payloads ------------------------------------------------------------------------


class Sheet(Payload):
    """A payload with one field of each kind."""

    flop: types.Flop
    at: types.Instant
    text: types.Text
    note: types.Text | None = None


SHEET = {"flop": "1e25", "at": "2026-03-10T09:00:00+01:00", "text": "a"}


def test_a_payload_has_exactly_its_fields_and_never_changes() -> None:
    sheet = Sheet.model_validate(SHEET)
    assert sheet.model_dump(mode="json", exclude_none=True) == {"flop": TEN_TO_25, "at": "2026-03-10T08:00:00Z", "text": "a"}
    with pytest.raises(ValidationError, match="frozen"):
        sheet.text = "b"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Sheet.model_validate({**SHEET, "typo": "a"})
    with pytest.raises(ValidationError, match="Field required"):
        Sheet.model_validate({"flop": "1e25"})


def test_a_refused_value_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ValidationError) as refused:
        Sheet.model_validate({**SHEET, "text": " Jane Doe"})
    assert "Jane" not in str(refused.value)


def test_a_field_of_the_list_is_read_from_the_text_of_a_correction() -> None:
    assert from_text("marketed_names", "Alpha; Alpha 2") == ("Alpha", "Alpha 2")
    assert from_text("decision_date", "2026-03-01") == date(2026, 3, 1)
    assert set(EntryContent.model_fields) >= {"marketed_names", "decision_date"}
    for field, text in (("decision_date", "yesterday"), ("provider_country", "Belgium"), ("public_grounds", "51"), ("marketed_names", "")):
        with pytest.raises(ValidationError):
            from_text(field, text)
