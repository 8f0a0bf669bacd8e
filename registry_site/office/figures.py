"""A figure of compute, echoed so that a slip of the pen shows: exactly, in words, and in two significant figures."""

from decimal import ROUND_HALF_UP, Context, Decimal

DIGITS = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_TWO = Context(prec=2, rounding=ROUND_HALF_UP)


def in_words(value: Decimal) -> str:
    """Write an exact figure in words: "one point one times ten to the power of twenty-five"."""
    digits, power = _digits(value)
    spelled = " point ".join(" ".join(DIGITS[int(each)] for each in part) for part in digits.split("."))
    return f"{spelled} times ten to the power of {number_in_words(power)}" if power else spelled


def number_in_words(number: int) -> str:
    """Write a whole number from -99 to 99 in words; others in figures."""
    if number < 0:
        return f"minus {number_in_words(-number)}"
    if number < len(DIGITS):
        return DIGITS[number]
    if number < 20:
        return TEENS[number - len(DIGITS)]
    ten, one = divmod(number, 10)
    return str(number) if number > 99 else f"{TENS[ten - 2]}-{DIGITS[one]}" if one else TENS[ten - 2]


def two_figures(value: Decimal) -> Decimal:
    """Round to two significant figures, for the eye alone: nothing is recorded of it."""
    return _TWO.create_decimal(value)


def _digits(value: Decimal) -> tuple[str, int]:
    numbers = value.normalize().as_tuple()
    text = "".join(map(str, numbers.digits))
    return f"{text[0]}.{text[1:]}" if len(text) > 1 else text, int(numbers.exponent) + len(text) - 1
