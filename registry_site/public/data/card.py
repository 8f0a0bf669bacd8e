"""
What describes the list to whoever looks for data: a catalogue (DCAT-AP 3.0.1), a card for search engines (schema.org), a data package.

All of them are about the list as it stands now, and every size and digest in them is that of the file it names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from projections.public.questions import Known
from registry_site.public.asked import AnotherDay
from registry_site.public.data.fields import FIELDS, SEPARATOR, Field
from registry_site.public.data.fold import LAW, LICENCE, description
from registry_site.public.data.graph import Node, in_english, named, typed
from registry_site.public.data.lists import LIST_FORMS, list_answer
from registry_site.public.data.question import DataQuestion
from registry_site.public.data.room import Room

NAME = "Systemic-risk model register (independent demonstration)"
KEYWORDS = ("artificial intelligence", "general-purpose AI models", "systemic risk", "AI Act", "Article 52(6)")
LICENCE_NAME = "CC-BY-4.0"
AUTHORITY = "http://publications.europa.eu/resource/authority"
FILE_TYPES = {"json": "JSON", "csv": "CSV", "ndjson": "JSON", "jsonld": "JSON_LD", "ttl": "RDF_TURTLE"}
MEDIA_TYPES = "https://www.iana.org/assignments/media-types"
SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
THEMES = {"JUST": "Justice, legal system and public safety", "TECH": "Science and technology"}
PACKED = ("csv", "json")
"""The forms that a data package holds; one that calls lines of JSON its own takes every line for a row."""
FORM_NAMES = {"json": "JSON", "csv": "CSV", "ndjson": "JSON lines", "jsonld": "JSON-LD", "ttl": "Turtle"}


@dataclass(frozen=True, slots=True)
class File:
    """The list in one of its forms."""

    form: str
    media_type: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """Give its path."""
        return f"/list.{self.form}"


@dataclass(frozen=True, slots=True)
class Card:
    """All that the descriptions say."""

    address: str
    title: str
    notice: str
    files: tuple[File, ...]
    count: int
    first_day: date | None
    known: Known


def card(room: Room) -> Card:
    """Look at the list as it stands now, in every form."""
    answer = list_answer(room, DataQuestion(AnotherDay(today=room.today())))
    said = description(answer.demonstration)
    files = tuple(_file(form, kind.partition(";")[0], answer.written(form)) for form, kind in LIST_FORMS.items())
    return Card(room.address, said["title"], said["notice"], files, len(answer.found.entries), room.first_day(), answer.found.known)


def _file(form: str, media_type: str, body: bytes) -> File:
    return File(form, media_type, len(body), sha256(body).hexdigest())


# -- The catalogue, DCAT-AP 3.0.1 ----------------------------------------------------


def catalogue(card: Card) -> Sequence[Node]:
    """Describe the catalogue, the list with its forms, and the services that answer questions about it."""
    here, publisher = f"{card.address}/data", named(f"{card.address}/data#publisher")
    about = {
        "dcterms:publisher": publisher,
        "dcterms:language": named(f"{AUTHORITY}/language/ENG"),
        "dcatap:applicableLegislation": named(LAW),
        **_days(card),
    }
    services = [_files(card), _graphql(card), _log(card)]
    return (
        {
            "@id": f"{here}#catalogue",
            "@type": "dcat:Catalog",
            "dcterms:title": in_english("Data of the systemic-risk model register"),
            "dcterms:description": in_english(card.notice),
            "dcterms:license": named(LICENCE),
            "foaf:homepage": named(here),
            "dcat:dataset": named(f"{here}#list"),
            "dcat:service": [named(str(service["@id"])) for service in services],
            **about,
        },
        {**_dataset(card), **about},
        *(_distribution(card, file) for file in card.files),
        *({**service, "dcterms:publisher": publisher, "dcterms:license": named(LICENCE)} for service in services),
        {"@id": f"{here}#publisher", "@type": "foaf:Agent", "foaf:name": in_english(NAME), "foaf:homepage": named(f"{card.address}/about")},
        {"@id": here, "@type": "foaf:Document"},
        {"@id": f"{card.address}/about", "@type": "foaf:Document"},
        {"@id": LAW, "@type": "eli:LegalResource"},
        {"@id": LICENCE, "@type": "dcterms:LicenseDocument"},
        *_values(card),
    )


def _values(card: Card) -> list[Node]:
    """Say what the values are that others keep lists of: DCAT-AP asks for their classes, and a reader of the catalogue alone has no such list."""
    formats = sorted({FILE_TYPES[file.form] for file in card.files})
    return [
        {"@id": f"{AUTHORITY}/language/ENG", "@type": "dcterms:LinguisticSystem"},
        {"@id": f"{AUTHORITY}/access-right/PUBLIC", "@type": "dcterms:RightsStatement"},
        {"@id": f"{AUTHORITY}/frequency/IRREG", "@type": "dcterms:Frequency"},
        {"@id": SHA256, "@type": "spdx:ChecksumAlgorithm"},
        _concept(f"{AUTHORITY}/planned-availability/STABLE", "stable"),
        *(_concept(f"{AUTHORITY}/data-theme/{code}", label) for code, label in THEMES.items()),
        *({"@id": f"{AUTHORITY}/file-type/{name}", "@type": "dcterms:MediaTypeOrExtent"} for name in formats),
        *({"@id": f"{MEDIA_TYPES}/{file.media_type}", "@type": "dcterms:MediaType"} for file in card.files),
    ]


def _concept(iri: str, label: str) -> Node:
    return {"@id": iri, "@type": "skos:Concept", "skos:prefLabel": in_english(label)}


def _days(card: Card) -> Node:
    issued = {"dcterms:issued": typed(card.first_day, "xsd:date")} if card.first_day else {}
    return issued | ({"dcterms:modified": typed(card.known.changed_on, "xsd:date")} if card.known.changed_on else {})


def _dataset(card: Card) -> dict[str, Any]:
    here = f"{card.address}/data"
    period = {"@type": "dcterms:PeriodOfTime", "dcat:startDate": typed(card.first_day, "xsd:date")}
    return {
        "@id": f"{here}#list",
        "@type": "dcat:Dataset",
        "dcterms:title": in_english(card.title),
        "dcterms:description": in_english(f"{card.notice} Every file names the entries of the public log that it follows from."),
        "dcat:keyword": [in_english(word) for word in KEYWORDS],
        "dcat:theme": [named(f"{AUTHORITY}/data-theme/{code}") for code in THEMES],
        "dcat:landingPage": named(here),
        "dcat:contactPoint": {"@type": "vcard:Kind", "vcard:fn": NAME, "vcard:hasURL": named(f"{card.address}/about")},
        "dcat:distribution": [named(f"{here}#{file.form}") for file in card.files],
        "dcterms:accessRights": named(f"{AUTHORITY}/access-right/PUBLIC"),
        "dcterms:accrualPeriodicity": named(f"{AUTHORITY}/frequency/IRREG"),
        **({"dcterms:temporal": period} if card.first_day else {}),
    }


def _distribution(card: Card, file: File) -> Node:
    return {
        "@id": f"{card.address}/data#{file.form}",
        "@type": "dcat:Distribution",
        "dcterms:title": in_english(f"The list as {FORM_NAMES[file.form]}"),
        "dcat:accessURL": named(card.address + file.path),
        "dcat:downloadURL": named(card.address + file.path),
        "dcat:mediaType": named(f"{MEDIA_TYPES}/{file.media_type}"),
        "dcterms:format": named(f"{AUTHORITY}/file-type/{FILE_TYPES[file.form]}"),
        "dcterms:license": named(LICENCE),
        "dcatap:availability": named(f"{AUTHORITY}/planned-availability/STABLE"),
        "dcatap:applicableLegislation": named(LAW),
        "dcat:byteSize": typed(file.size, "xsd:nonNegativeInteger"),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": named(SHA256),
            "spdx:checksumValue": typed(file.sha256, "xsd:hexBinary"),
        },
    }


def _files(card: Card) -> dict[str, Any]:
    return {
        **_service(card, "files", "The list and its entries in every form, at any pair of times"),
        "dcat:endpointURL": named(f"{card.address}/"),
        "dcat:endpointDescription": named(f"{card.address}/openapi.json"),
    }


def _graphql(card: Card) -> dict[str, Any]:
    return {
        **_service(card, "graphql", "The list, its history and its changes, as GraphQL"),
        "dcat:endpointURL": named(f"{card.address}/graphql"),
        "dcat:endpointDescription": named(f"{card.address}/graphql/schema.graphql"),
    }


def _log(card: Card) -> dict[str, Any]:
    return {
        **_service(card, "log", "The public log: every public event, with proofs"),
        "dcat:endpointURL": named(f"{card.address}/log/checkpoint"),  # the address to begin at: nothing answers at its folder
        "dcat:endpointDescription": [named("https://c2sp.org/tlog-tiles"), named(f"{card.address}/openapi.json")],
    }


def _service(card: Card, name: str, title: str) -> dict[str, Any]:
    here = f"{card.address}/data"
    return {
        "@id": f"{here}#{name}",
        "@type": "dcat:DataService",
        "dcterms:title": in_english(title),
        "dcat:servesDataset": named(f"{here}#list"),
        "dcterms:accessRights": named(f"{AUTHORITY}/access-right/PUBLIC"),
        "dcatap:applicableLegislation": named(LAW),
    }


# -- Search engines, schema.org ------------------------------------------------------


def dataset_for_search(address: str, said: dict[str, str], first_day: date | None) -> dict[str, Any]:
    """Describe the list as search engines read it from a page."""
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": f"{address}/data#list",
        "name": said["title"],
        "description": f"{said['notice']} The list of general-purpose AI models with systemic risk on any day, with its history.",
        "url": f"{address}/data",
        "license": LICENCE,
        "isAccessibleForFree": True,
        "keywords": list(KEYWORDS),
        "creator": {"@type": "Organization", "name": NAME, "url": f"{address}/about"},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind.partition(";")[0], "contentUrl": f"{address}/list.{form}"}
            for form, kind in LIST_FORMS.items()
        ],
    } | ({"temporalCoverage": f"{first_day.isoformat()}/.."} if first_day else {})


# -- Data package ------------------------------------------------------------------


def data_package(card: Card) -> dict[str, Any]:
    """Describe the files of the list as a data package, version 2."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "systemic-risk-list",
        "title": card.title,
        "description": card.notice,
        "homepage": f"{card.address}/data",
        "licenses": [{"name": LICENCE_NAME, "path": LICENCE, "title": "Creative Commons Attribution 4.0"}],
        "contributors": [{"title": NAME, "path": f"{card.address}/about", "roles": ["publisher"]}],
        "keywords": list(KEYWORDS),
        "resources": [_resource(file) for file in card.files if file.form in PACKED],
    }


def _resource(file: File) -> dict[str, Any]:
    resource = {
        "name": f"list-{file.form}",
        "path": file.path.removeprefix("/"),
        "title": f"The list as {FORM_NAMES[file.form]}",
        "format": file.form,
        "mediatype": file.media_type,
        "encoding": "utf-8",
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
    }
    return resource | ({"type": "table", "schema": _schema()} if file.form == "csv" else {})


def _schema() -> dict[str, Any]:
    return {"fields": [_column(field) for field in FIELDS], "primaryKey": ["list_id"], "missingValues": [""]}


def _column(field: Field) -> dict[str, Any]:
    several = f" Several values have {SEPARATOR} between them." if field.kind == "texts" else ""
    column: dict[str, Any] = {
        "name": field.name,
        "type": "date" if field.kind == "day" else "string",
        "title": field.title,
        "description": field.meaning + several,
    }
    limits = _limits(field)
    return column | ({"constraints": limits} if limits else {})


def _limits(field: Field) -> dict[str, Any]:
    limits: dict[str, Any] = {"required": True} if field.required else {}
    if field.choices and field.kind == "texts":
        one = "|".join(map(re.escape, field.choices))
        return limits | {"pattern": rf"({one})(\|({one}))*"}
    return limits | ({"enum": list(field.choices)} if field.choices else {})
