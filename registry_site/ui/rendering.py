"""The Jinja environment that both faces share: macros, words, addresses of static files, and translation."""

from collections.abc import Callable
from functools import partial
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape

from domain.types import plain
from registry_site.ui import charts, scatter, words
from registry_site.ui.fragments import Fragments
from registry_site.ui.languages import SOURCE, address_in, texts
from registry_site.ui.static import static_address


def environment(*templates: BaseLoader, language: str = SOURCE) -> Environment:
    """
    Make an environment in a language that finds the given templates first, then the shared ones and the GOV.UK macros.

    Unknown names stay empty, not errors: the GOV.UK macros ask for parameters that were not given.
    """
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    made = Environment(
        loader=ChoiceLoader([*templates, PackageLoader("registry_site.ui", "templates"), govuk]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        extensions=["jinja2.ext.i18n", Fragments],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.globals.update(in_words(language), static=static_address, plain=plain, bars=charts.bars, language=language)
    made.filters["base64"] = words.base64
    made.install_gettext_translations(texts(language), newstyle=True)  # type: ignore[attr-defined]
    return made


_IN_A_LANGUAGE: tuple[Callable[..., Any], ...] = (
    words.day,
    words.day_in_words,
    words.day_of_text,
    words.weekday,
    words.month,
    words.country,
    words.numeral,
    words.exact_figure,
    words.quoted,
    charts.steps,
    scatter.scatter,
)


def in_words(language: str) -> dict[str, Callable[..., Any]]:
    """Give what templates call, by name, each set to a language."""
    spoken = texts(language).gettext("to the power of %(power)s")
    return {
        **{each.__name__: partial(each, language=language) for each in _IN_A_LANGUAGE},
        "flop": partial(words.flop, language=language, spoken=spoken),
        "page_address": partial(address_in, language),
        "translated": partial(translated, language),
    }


def translated(language: str, sentence: str, *filled: object) -> str:
    """Say in a language what a table or a refusal says in English; braces in it are filled."""
    said: str = texts(language).gettext(sentence)
    return said.format(*filled) if filled else said
