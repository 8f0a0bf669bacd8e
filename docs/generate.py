"""Write the documents that are made from the code: `python docs/generate.py`. A test holds them."""

import re
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from domain.events import EVENTS
from domain.law.rules import RULES
from domain.law.settings import SWITCHES
from domain.public import PUBLIC
from domain.record import Fact
from domain.types import Named

HERE = Path(__file__).parent
STREAMS = {
    "case": "`case/` — the case of one model lineage",
    "alert": "`alert/` — qualified alerts of the scientific panel",
    "publication": "`publication/` — the publication file of a case",
    "entry": "`entry/` — entries of the public list",
    "law": "`law` — the law as published",
    "challenge": "`challenge/` — challenges of the public",
    "register": "`register` — the register itself",
}
PLAIN = {"bool": "bool", "int": "int", "Decimal": "flop", "date": "date", "datetime": "instant", "UUID": "ref", "str": "text"}


def events() -> str:
    """Return docs/events.md: every event with who records it, its fields and types, and what of it is public."""
    head = """# Events

Made from the code by `python docs/generate.py`; a test holds it. Every event that the register stores, by the record it belongs to.
A `?` marks a field that may be left out, `[]` a list. FLOP and other exact numbers are text of plain digits.

Every stored event is one canonical JSON object (RFC 8785): the envelope `event_id, stream, version, topic, recorded_at, actor_ref, role,
correlation, cause?, law {threshold_version, annex_xiii_version, calendar_version}, settings_version`, and the fields below under `data`.
Streams named `claim/…` hold one event, `Claimed`, by which a lineage, a list number or an idempotency key is taken once.
"""
    parts = [head]
    for stream, title in STREAMS.items():
        parts.append(f"\n## {title}\n\n| Event | Recorded by | Fields | Public |\n|---|---|---|---|\n")
        parts += [_row(fact) for topic, fact in sorted(EVENTS.items()) if fact.STREAMS[0] == stream]
    return "".join(parts)


def _row(fact: type[Fact]) -> str:
    fields = ", ".join(f"{name}{'' if info.is_required() or _is_list(info) else '?'}: {_type(info)}" for name, info in fact.model_fields.items())
    shown = PUBLIC.get(fact.TOPIC)
    hidden = sorted(set(fact.model_fields) - set(shown.model_fields)) if shown else []
    public = "no" if shown is None else f"all but {', '.join(hidden)}" if hidden else "yes"
    others = f" (also on {', '.join(fact.STREAMS[1:])})" if len(fact.STREAMS) > 1 else ""
    return f"| `{fact.TOPIC}`{others}<br>{_says(fact)} | {', '.join(sorted(fact.RECORDED_BY))} | {fields} | {public} |\n"


def _says(fact: type[Fact]) -> str:
    return re.sub(r"\s+", " ", (fact.__doc__ or "").strip()).replace("|", "\\|")


def _is_list(info: FieldInfo) -> bool:
    return get_origin(info.annotation) is tuple


def _type(info: FieldInfo) -> str:
    return _named(info.metadata) or _of(info.annotation)


def _named(metadata: Any) -> str | None:
    return next((mark.kind if mark.kind in ("hash", "ref") else f"{mark.kind}_id" for mark in metadata if isinstance(mark, Named)), None)


def _of(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _named(annotation.__metadata__) or _of(annotation.__origin__)
    if origin is Literal:
        return f"enum({', '.join(inner)})"
    if origin is tuple:
        return f"{_of(inner[0])}[]"
    if inner:
        return _of(inner[0])
    return PLAIN.get(annotation.__name__, annotation.__name__.lower())


def rules() -> str:
    """Return docs/rules.md: every refusal and every judgement switch."""
    lines = [
        "# Refusals and judgement switches\n\nMade from the code by `python docs/generate.py`; a test holds it.\n\n## Refusals\n\n",
        "What is marked *received* comes from outside: it is recorded and ruled inadmissible. ",
        "Everything else is refused, and nothing is recorded.\n\n",
        "| Code | Provision | Sentence | |\n|---|---|---|---|\n",
        *(f"| {r.code} | {r.article} | {r.sentence} | {'received' if r.received else ''} |\n" for r in RULES.values()),
        "\n## Judgement switches\n\nWhere the law is silent: the reading in force, the others, and the question.\n\n",
        "| Switch | Default | Others | Question |\n|---|---|---|---|\n",
        *(f"| `{n}` | {s.default} | {', '.join(s.others) or 'any whole number'} | {s.question} |\n" for n, s in SWITCHES.items()),
    ]
    return "".join(lines)


DOCUMENTS = {"events.md": events, "rules.md": rules}

if __name__ == "__main__":
    for name, write in DOCUMENTS.items():
        (HERE / name).write_text(write(), encoding="utf-8")
        sys.stderr.write(f"docs/{name}\n")
