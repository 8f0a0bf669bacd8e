"""The Jinja environment that both faces share: macros, words, addresses of static files, and translation."""

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape

from domain.types import plain
from registry_site.ui import charts, scatter, words
from registry_site.ui.static import static_address


def environment(*templates: BaseLoader) -> Environment:
    """
    Make an environment that finds the given templates first, then the shared ones and the GOV.UK macros.

    Unknown names stay empty, not errors: the GOV.UK macros ask for parameters that were not given.
    """
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    made = Environment(
        loader=ChoiceLoader([*templates, PackageLoader("registry_site.ui", "templates"), govuk]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.globals.update(static=static_address, day=words.day, day_in_words=words.day_in_words, weekday=words.weekday)
    made.globals.update(country=words.country, flop=words.flop, plain=plain, month=words.month, day_of_text=words.day_of_text)
    made.globals.update(bars=charts.bars, steps=charts.steps, scatter=scatter.scatter)
    made.filters["base64"] = words.base64
    # Until catalogues exist every text stands for itself; pages are written for translation from the start.
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return made
