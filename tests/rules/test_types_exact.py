"""Exact numbers: FLOP and decimals, in every spelling."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain import types
from domain.types import MOST_DIGITS
from tests.rules.spelling import ARABIC_INDIC, FULL_WIDTH, TEN_TO_25, sentence, stored

FLOP: TypeAdapter[Decimal] = TypeAdapter(types.Flop)
DECIMAL: TypeAdapter[Decimal] = TypeAdapter(types.DecimalText)

# -- FLOP --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        ("1e25", TEN_TO_25),
        ("1e+25", TEN_TO_25),
        ("1.0e25", TEN_TO_25),
        ("10e24", TEN_TO_25),
        ("0.1e26", TEN_TO_25),
        (TEN_TO_25, TEN_TO_25),
        (TEN_TO_25 + ".0", TEN_TO_25),
        ("00" + TEN_TO_25, TEN_TO_25),
        ("1.1e+25", "11" + 24 * "0"),
        ("1.1e25", "11" + 24 * "0"),
        ("1e025", TEN_TO_25),
        (TEN_TO_25[:-1] + "1", TEN_TO_25[:-1] + "1"),
        ("10000000000000000000000000.5", "10000000000000000000000000.5"),
        ("10000000000000000000000001.0", "10000000000000000000000001"),
        ("0.5", "0.5"),
        ("1.50", "1.5"),
        ("0", "0"),
        ("00", "0"),
        ("0.0", "0"),
        ("0e59", "0"),
        ("100", "100"),
        ("9" * 60, "9" * 60),
        ("1e59", "1" + 59 * "0"),
        ("0." + 59 * "0" + "1", "0." + 59 * "0" + "1"),
    ],
)
def test_a_flop_is_read_exactly_and_stored_as_plain_digits(spelling: str, plain: str) -> None:
    assert FLOP.validate_python(spelling) == Decimal(plain)
    assert stored(FLOP, spelling) == plain
    assert stored(FLOP, plain) == plain


@pytest.mark.parametrize(
    "spelling",
    [
        " 1e25", "1e25 ", "1 e25", "\t1e25", "1e25\n", "-1", "-0", "+1", "+1e25", "1_000", "1,000", "1e-25", "1E25", "1e", "e25", "", ".5", "5.",
        "1.e25",
        "1..5", "1.5.5", "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf", "0x10", "1e1e1", "1e 25", "1e1000", "1e999999999999", "1/3", "ten",
        "1e2.5",
        ARABIC_INDIC, FULL_WIDTH, f"1e{ARABIC_INDIC}", "1\u00a0000", "10\u00b2\u2075", "\u221e",
    ],
)  # fmt: skip
def test_another_spelling_of_a_flop_is_refused(spelling: str) -> None:
    assert "must be written digits[.digits][e[+]digits]" in sentence(FLOP, spelling)


@pytest.mark.parametrize("number", [1e25, 1, 10**25, 0, 1.5, True, None, [], {}, b"1e25", float("nan"), float("inf")])
def test_a_flop_that_is_no_text_is_refused_because_it_may_have_been_rounded(number: object) -> None:
    assert "must be text such as 1.1e25, not a JSON number" in sentence(FLOP, number)


@pytest.mark.parametrize("document", ["1e25", "10000000000000000000000001.0", "10000000000000000000000001", "1", "0.5", "true", "null"])
def test_a_flop_that_is_a_json_number_is_refused_too(document: str) -> None:
    with pytest.raises(ValidationError, match="not a JSON number"):
        FLOP.validate_json(document)


@pytest.mark.parametrize(
    ("at_the_limit", "beyond"),
    [
        ("9" * 60, "1" + 60 * "0"),
        ("1e59", "1e60"),
        ("1.5e59", "1.5e60"),
        ("0." + 59 * "0" + "1", "0." + 60 * "0" + "1"),
        ("1" * 60 + "." + "1" * 60, "1" * 60 + "." + "1" * 61),
        ("1" * 60, "1" * 61),
        ("0" * 60 + "1" * 60, "0" * 61 + "1" * 60),
        ("1e59", "1e999"),
    ],
)
def test_a_flop_has_at_most_sixty_digits_before_and_after_the_point(at_the_limit: str, beyond: str) -> None:
    assert FLOP.validate_python(at_the_limit) >= 0
    assert f"at most {MOST_DIGITS} digits" in sentence(FLOP, beyond)


def test_a_million_digits_are_refused_at_once() -> None:
    assert "at most" in sentence(FLOP, "9" * 1_000_000)


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), Decimal(-1), Decimal("-0.1"), Decimal("1e60"), Decimal("1e-61")])
def test_a_decimal_out_of_bounds_is_refused(number: Decimal) -> None:
    with pytest.raises(ValidationError):
        FLOP.validate_python(number)


def test_one_flop_more_than_ten_to_25_is_more() -> None:
    assert FLOP.validate_python("10000000000000000000000001") > FLOP.validate_python("1e25") == Decimal(10) ** 25


DIGITS = st.text("0123456789", min_size=1, max_size=60)


@given(DIGITS, st.one_of(st.none(), DIGITS))
@settings(derandomize=True)
def test_every_plain_number_comes_back_as_it_was_read(whole: str, fraction: str | None) -> None:
    text = whole if fraction is None else f"{whole}.{fraction}"
    number = FLOP.validate_python(text)
    written = stored(FLOP, text)
    assert FLOP.validate_python(written) == number
    assert stored(FLOP, written) == written
    # Exactly what was written, digit by digit, but for zeros that say nothing.
    expected_whole = whole.lstrip("0") or "0"
    expected_fraction = (fraction or "").rstrip("0")
    assert written == (f"{expected_whole}.{expected_fraction}" if expected_fraction else expected_whole)


@given(st.integers(0, 10**30), st.integers(0, 29))
@settings(derandomize=True)
def test_an_exponent_moves_the_point_and_rounds_nothing(digits: int, exponent: int) -> None:
    assert FLOP.validate_python(f"{digits}e{exponent}") == digits * 10**exponent
    assert stored(FLOP, f"{digits}e+{exponent}") == str(digits * 10**exponent)


@pytest.mark.parametrize(("spelling", "plain"), [("30", "30"), ("12.50", "12.5"), ("0", "0"), ("29.99", "29.99")])
def test_a_decimal_has_no_exponent(spelling: str, plain: str) -> None:
    assert stored(DECIMAL, spelling) == plain


@pytest.mark.parametrize("value", ["1e2", "1e+2", "-1", "+1", " 1", "1.", 12.5, 12, True])
def test_another_decimal_is_refused(value: object) -> None:
    assert "must be" in sentence(DECIMAL, value)
