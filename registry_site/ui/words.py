"""Days, countries and figures as people read them."""

from base64 import b64encode
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from markupsafe import Markup, escape


@lru_cache(maxsize=20_000)
def day_in_words(day: date, language: str = "en") -> str:
    """Write a day with the month's name: "4 January 2027"."""
    return format_date(day, "d MMMM y", locale=language)


@lru_cache(maxsize=20_000)
def day(day: date, language: str = "en") -> Markup:
    """Write a day in words, with its ISO form for machines."""
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), day_in_words(day, language))


def day_of_text(text: str, language: str = "en") -> str:
    """Write a day given as ISO text in words; what is no day stands for itself."""
    try:
        return day(date.fromisoformat(text), language)
    except ValueError:
        return text


@lru_cache(maxsize=2_000)
def month(day: date, language: str = "en") -> str:
    """Name a month with its year: "January 2027"."""
    return format_date(day, "LLLL y", locale=language)


@lru_cache(maxsize=2_000)
def weekday(day: date, language: str = "en") -> str:
    """Name the day of the week."""
    return format_date(day, "EEEE", locale=language)


@lru_cache(maxsize=2_000)
def country(code: str, language: str = "en") -> str:
    """Name a country by its ISO 3166 code; an unknown code stands for itself."""
    return str(Locale.parse(language).territories.get(code, code))


def base64(material: bytes) -> str:
    """Write bytes in padded standard base64, as the log's files do."""
    return b64encode(material).decode()


def flop(value: Decimal) -> Markup:
    """
    Write a number of floating-point operations exactly, as digits times a power of ten.

    The power is raised for the eye and spelled out for the ear; nothing is rounded.
    """
    digits, power = _scientific(value)
    factor = Markup() if digits == "1" else Markup("{} × ").format(digits)
    raised = Markup('10<sup aria-hidden="true">{0}</sup><span class="govuk-visually-hidden"> to the power of {0}</span>').format(power)
    return Markup("{}{}").format(factor, raised) if power else escape(digits)


def _scientific(value: Decimal) -> tuple[str, int]:
    sign, numbers, exponent = value.normalize().as_tuple()
    text = "".join(str(number) for number in numbers)
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' if sign else ''}{text[0]}{fraction}", int(exponent) + len(text) - 1
