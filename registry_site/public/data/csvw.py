"""What a machine needs to read our CSV: names, types and meanings of its columns (CSV on the Web), and which part of the log it follows from."""

import re
from typing import Any

from registry_site.public.data.fields import FIELDS, SEPARATOR, Field
from registry_site.public.data.question import DataQuestion

APOSTROPHE = (
    "An apostrophe stands before = + - @ and before another apostrophe wherever a spreadsheet could take a text for a formula: at the beginning of a "
    "text, and after a semicolon. Take it off to get the text as published."
)


def csv_metadata(address: str, about: dict[str, Any], question: DataQuestion) -> dict[str, Any]:
    """Describe the CSV file of a pair of times."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": question.address("list.csv"),
        "dc:title": about["title"],
        "dc:description": f"{about['notice']} {APOSTROPHE}",
        "dc:license": {"@id": about["licence"]},
        "dc:source": {"@id": f"{address}/log/checkpoint"},
        "notes": [{name: about[name] for name in ("asked", "log", "changed_on", "count")}],
        "tableSchema": {
            "aboutUrl": f"{address}/entries/{{list_id}}",
            "primaryKey": "list_id",
            "columns": [_column(address, field) for field in FIELDS],
        },
    }


def _column(address: str, field: Field) -> dict[str, Any]:
    column = {
        "name": field.name,
        "titles": field.name,
        "datatype": _datatype(field),
        "required": field.required,
        "propertyUrl": f"{address}/data#{field.name}",
        "dc:title": field.title,
        "dc:description": field.meaning,
    }
    return column | ({"separator": SEPARATOR} if field.kind == "texts" else {})


def _datatype(field: Field) -> object:
    if field.kind == "day":
        return {"base": "date", "format": "yyyy-MM-dd"}
    return {"base": "string", "format": "|".join(map(re.escape, field.choices))} if field.choices else "string"
