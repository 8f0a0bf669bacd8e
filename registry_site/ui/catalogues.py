"""
The catalogues of texts: what the public pages say is collected into them, people translate it, and the build compiles it.

Run `python -m registry_site.ui.catalogues` after changing a text: it brings `locale/*/LC_MESSAGES/messages.po` up to date, drops what is said no
more, and names what waits for a translation. Nothing is guessed: a text that was changed is a new text.
"""

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from registry_site.ui.fragments import Fragments
from registry_site.ui.languages import TRANSLATED, catalogue

ROOT = Path(__file__).parents[2]
WIDTH = 150

TEMPLATES = ("registry_site/public/templates", "registry_site/ui/templates")
METHODS = [("**.html", "jinja2.ext.babel_extract")]
EXTENSIONS = f"{Fragments.__module__}.{Fragments.__qualname__}"
SPACES = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
OPTIONS = {"**.html": {"extensions": EXTENSIONS, "newstyle_gettext": "true", **SPACES, "silent": "false"}}

# Texts in Python: what stands in these tables, and the sentences of these refusals.
TABLES = {"domain/compute.py": {"TREATMENT", "CONCERNS"}, "registry_site/public/data/fields.py": {"FIELDS", "TERMS"}}
REFUSALS = {"projections/transparency/proofs.py": "ReceiptRefused", "projections/transparency/notes.py": "NoteRefused"}
_SAID = re.compile(r"[ -]")  # a name or a code has neither space nor hyphen

Text = tuple[str | tuple[str, ...], str | None]


def collected() -> Catalog:
    """Collect all that the public pages say, without places in files, which would change with every line."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for text, context in [*_in_templates(), *((text, None) for text in _in_python())]:
        found.add(text, context=context)
    return found


def _in_templates() -> Iterator[Text]:
    for folder in TEMPLATES:
        for _, _, text, _, context in extract_from_dir(ROOT / folder, METHODS, OPTIONS):
            yield text, context


def _in_python() -> Iterator[str]:
    for path, names in TABLES.items():
        tables = [node for node in _nodes(path) if isinstance(node, ast.Assign | ast.AnnAssign) and names & set(_targets(node))]
        texts = (each.value for table in tables for each in ast.walk(table) if isinstance(each, ast.Constant))
        yield from (text for text in texts if isinstance(text, str) and _SAID.search(text))
    for path, name in REFUSALS.items():
        calls = (node for node in _nodes(path) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name)
        yield from (str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant))


def _nodes(path: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))


def _targets(assignment: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = assignment.targets if isinstance(assignment, ast.Assign) else [assignment.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def written(language: str) -> Catalog:
    """Read the catalogue that people wrote."""
    with catalogue(language, "po").open("rb") as file:
        return read_po(file, locale=language)


def brought_up_to_date(language: str, now: Catalog) -> Catalog:
    """Keep the translation of what is still said, leave room for what is new, and drop the rest."""
    before = written(language) if catalogue(language, "po").exists() else Catalog()
    after = Catalog(
        locale=language, charset="utf-8", fuzzy=False, project="Systemic-Risk Register", header_comment=f"# Texts of the public pages: {language}"
    )
    for message in now:
        if message.id:
            known = before.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
            after.add(message.id, known.string if known and known.id == message.id else None, context=message.context)
    return after


def save(language: str, texts: Catalog) -> None:
    """Write a catalogue for people, in the order of the pages, without dates that would change with every run."""
    out = BytesIO()
    write_po(out, texts, width=WIDTH, no_location=True, ignore_obsolete=True)
    lines = [line for line in out.getvalue().decode().splitlines(keepends=True) if not _UNSTEADY.match(line)]
    catalogue(language, "po").write_text("".join(lines), encoding="utf-8")


_UNSTEADY = re.compile(r'"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|Generated-By):')


_ONE_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same texts give the same bytes


def compiled(language: str) -> bytes:
    """Compile the catalogue of a language into what pages read."""
    out, found = BytesIO(), written(language)
    found.creation_date = found.revision_date = _ONE_DATE
    write_mo(out, found)
    return out.getvalue()


def build() -> int:
    """Compile every catalogue; give how many there are."""
    for language in TRANSLATED:
        catalogue(language, "mo").write_bytes(compiled(language))
    return len(TRANSLATED)


def waiting(texts: Catalog) -> list[str]:
    """Give the texts without a translation."""
    strings = ((message.id, message.string) for message in texts if message.id)
    return [id if isinstance(id, str) else id[0] for id, string in strings if not all((string,) if isinstance(string, str) else string or ("",))]


def main() -> int:
    """Bring the catalogues up to date, name what waits, and return the exit code."""
    now = collected()
    missing = 0
    for language in TRANSLATED:
        texts = brought_up_to_date(language, now)
        save(language, texts)
        for text in waiting(texts):
            missing += 1
            print(f"{language}: {text}")
    print(f"{len(now)} texts; {missing} translations are missing")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
