"""Days, countries and figures as people read them, in the language of their page."""

import re
from base64 import b64encode
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_decimal_symbol
from markupsafe import Markup, escape

_LOCALES = {"en": "en_GB"}
_FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


@lru_cache(maxsize=20_000)
def day_in_words(day: date, language: str = "en") -> str:
    """Write a day with the month's name: "4 January 2027", "1er janvier 2027", "4. Januar 2027"."""
    written = format_date(day, "long", locale=_LOCALES.get(language, language))
    return written.replace("1 ", "1er ", 1) if language == "fr" and day.day == 1 else written


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


def numeral(number: Decimal | float, pattern: str = "#,##0", language: str = "en") -> str:
    """Write how many there are, with digits grouped as the language groups them."""
    return str(format_decimal(number, pattern, locale=language))


def exact_figure(text: str, language: str = "en") -> str:
    """Write an exact figure with the decimal mark of the language; what is no figure stands for itself."""
    return text.replace(".", get_decimal_symbol(language)) if _FIGURE.fullmatch(text) else text


def quoted(text: str, language: str = "en") -> Markup:
    """Write what the record says in English so that it is read as English (WCAG 3.1.2)."""
    return escape(text) if language == "en" else Markup('<span lang="en">{}</span>').format(text)


def flop(value: Decimal, language: str = "en", spoken: str = "to the power of %(power)s") -> Markup:
    """
    Write a number of floating-point operations exactly, as digits times a power of ten.

    The power is raised for the eye and spelled out for the ear, in the words of `spoken`; nothing is rounded.
    """
    digits, power = _scientific(value)
    digits = exact_figure(digits, language)
    factor = Markup() if digits == "1" else Markup("{} × ").format(digits)
    raised = Markup('10<sup aria-hidden="true">{}</sup><span class="govuk-visually-hidden"> {}</span>').format(power, spoken % {"power": power})
    return Markup("{}{}").format(factor, raised) if power else escape(digits)


def flop_in_text(value: Decimal) -> str:
    """Write a number of floating-point operations exactly where there is no markup: "1.1 × 10^25"."""
    digits, power = _scientific(value)
    factor = "" if digits == "1" else f"{digits} × "
    return f"{factor}10^{power}" if power else digits


def _scientific(value: Decimal) -> tuple[str, int]:
    sign, numbers, exponent = value.normalize().as_tuple()
    text = "".join(str(number) for number in numbers)
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' if sign else ''}{text[0]}{fraction}", int(exponent) + len(text) - 1
