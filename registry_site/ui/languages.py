"""
The languages of the public pages: their names, their addresses, and their texts.

English is the source and stands at the address itself; every other language stands under its code, `/fr/…`. Data addresses carry no language.
"""

from functools import cache
from pathlib import Path
from types import MappingProxyType

from babel.support import Translations

SOURCE = "en"
NAMES = MappingProxyType({"en": "English", "fr": "Français", "de": "Deutsch"})
"""Each language in its own words, in the order in which pages offer them."""
TRANSLATED = tuple(language for language in NAMES if language != SOURCE)
CATALOGUES = Path(__file__).parents[1] / "locale"


class TextsMissing(Exception):
    """The texts of a language are not built."""


def address_in(language: str, address: str) -> str:
    """Give the address of a page in a language, from its address in English."""
    return address if language == SOURCE else f"/{language}{address}"


def language_of(path: str) -> tuple[str, str]:
    """Give the language of a path, and the path of the same page in English."""
    first, _, rest = path[1:].partition("/")
    return (first, f"/{rest}") if first in TRANSLATED else (SOURCE, path)


def in_every_language(path: str) -> tuple[str, ...]:
    """Give the paths of a page, English first."""
    return tuple(address_in(language, path) for language in NAMES)


def catalogue(language: str, ending: str) -> Path:
    """Name the file of a catalogue: `po` is what people write, `mo` what the build makes of it."""
    return CATALOGUES / language / "LC_MESSAGES" / f"messages.{ending}"


@cache
def texts(language: str) -> Translations:
    """
    Read the texts of a language; those of English stand for themselves.

    Raises: TextsMissing when they were not built.
    """
    if language == SOURCE:
        return Translations()
    try:
        with catalogue(language, "mo").open("rb") as built:
            return Translations(built)
    except FileNotFoundError:
        raise TextsMissing(f"The texts of the language {language!r} are not built. Run: make assets") from None
