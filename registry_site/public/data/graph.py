"""
The list and its entries as a graph: nodes as JSON-LD has them, written as JSON-LD or as Turtle.

A node is a mapping with prefixed names. A value is a text, a mapping with @id (something named) or @value (a literal with a type or language),
another mapping (something without a name), or a list of those. Every prefix stands in the context, so nothing is fetched to read a graph.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from projections.public.questions import EntrySnapshot, Known, Listed, Snapshot
from projections.transparency.notes import Checkpoint
from registry_site.public.data.corrections import told
from registry_site.public.data.fields import FIELDS
from registry_site.public.data.fold import LAW, LICENCE, description
from registry_site.public.data.forms import canonical, fields_of
from registry_site.public.data.question import DataQuestion

Node = Mapping[str, Any]

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcterms": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def prefixes(address: str) -> dict[str, str]:
    """Give every prefix; `reg` are the fields of the list, as the data page explains them."""
    return {**PREFIXES, "reg": f"{address}/data#"}


def named(iri: str) -> dict[str, str]:
    """Point at something by its name."""
    return {"@id": iri}


def typed(value: object, kind: str) -> dict[str, str]:
    """Write a literal of a type."""
    return {"@type": kind, "@value": value.isoformat() if isinstance(value, date) else str(value)}


def in_english(text: str) -> dict[str, str]:
    """Write a text with its language."""
    return {"@language": "en", "@value": text}


# -- The list as a graph -----------------------------------------------------------


def list_graph(address: str, question: DataQuestion, found: Snapshot, log: Checkpoint | None, *, demonstration: bool) -> list[Node]:
    """Give the snapshot and its entries."""
    parts = [named(f"{address}/entries/{entry.list_id}") for entry in found.entries]
    about = {**_about(address, question, found.known, log, demonstration=demonstration), "dcterms:hasPart": parts}
    return [about, *(entry_node(address, entry) for entry in found.entries)]


def entry_graph(address: str, question: DataQuestion, found: EntrySnapshot, log: Checkpoint | None, *, demonstration: bool) -> list[Node]:
    """Give an entry with its changes."""
    assert found.entry is not None, "an entry that the list does not carry has no graph"
    about = _about(address, question, found.known, log, demonstration=demonstration, path=f"/entries/{found.entry.list_id}.json")
    entry = {**entry_node(address, found.entry), "reg:change": [named(_change(address, change)) for change in told(found.history)]}
    about = {**about, "dcterms:hasPart": [named(str(entry["@id"]))]}
    return [about, entry, *(_change_node(address, change) for change in told(found.history))]


def _about(address: str, question: DataQuestion, known: Known, log: Checkpoint | None, *, demonstration: bool, path: str = "/") -> dict[str, Any]:
    said = description(demonstration)
    node = {
        "@id": address + question.address(path),
        "@type": "reg:Snapshot",
        "dcterms:title": in_english(said["title"]),
        "dcterms:description": in_english(said["notice"]),
        "dcterms:license": named(LICENCE),
        "dcterms:isVersionOf": named(f"{address}/data#list"),
        "dcatap:applicableLegislation": named(LAW),
    }
    node |= {"dcterms:modified": typed(known.changed_on, "xsd:date")} if known.changed_on else {}
    return node | (_log(address, log, known) if log else {})


def _log(address: str, log: Checkpoint, known: Known) -> dict[str, Any]:
    return {
        "dcterms:source": named(f"{address}/log/checkpoint"),
        "reg:log_origin": log.origin,
        "reg:log_size": typed(log.size, "xsd:nonNegativeInteger"),
        "reg:log_root": typed(log.text.split("\n")[2], "xsd:base64Binary"),
        "reg:log_position": typed(known.position, "xsd:nonNegativeInteger"),
    }


def entry_node(address: str, entry: Listed) -> dict[str, Any]:
    """Give one entry; a field that says nothing is left out."""
    said = fields_of(entry)
    values = {f"reg:{field.name}": _value(said[field.name]) for field in FIELDS if said[field.name] is not None}
    return {"@id": f"{address}/entries/{entry.list_id}", "@type": "reg:Entry", "rdfs:label": entry.marketed_names[0], **values}


def _value(value: object) -> object:
    return typed(value, "xsd:date") if isinstance(value, date) else list(value) if isinstance(value, tuple) else value


def _change(address: str, change: Mapping[str, Any]) -> str:
    return f"{address}/log/entry/{change['log_index']}"


def _change_node(address: str, change: Mapping[str, Any]) -> Node:
    node: dict[str, Any] = {
        "@id": _change(address, change),
        "@type": "reg:Change",
        "reg:number": typed(change["number"], "xsd:positiveInteger"),
        "reg:kind": change["kind"],
        "reg:on": typed(change["on"], "xsd:date"),
        "reg:receipt": named(address + change["receipt"]),
    }
    node |= {"reg:public_reason": change["public_reason"]} if change["public_reason"] else {}
    node |= {"reg:corrects": typed(change["corrects"], "xsd:positiveInteger")} if change["corrects"] else {}
    fields = [_field(each) for each in change["fields"]]
    return node | ({"reg:field_change": fields} if fields else {})


def _field(change: Mapping[str, Any]) -> Node:
    return {f"reg:{name}": text for name, text in change.items() if text is not None}


# -- Writing -----------------------------------------------------------------------


def json_ld(address: str, nodes: Sequence[Node]) -> bytes:
    """Write a graph as JSON-LD, its context within."""
    return canonical({"@context": prefixes(address), "@graph": list(nodes)})


def turtle(address: str, nodes: Iterable[Node]) -> bytes:
    """Write a graph as Turtle."""
    known = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes(address).items())
    return (known + "".join(f"\n<{node['@id']}>\n  {_said(node)} .\n" for node in nodes)).encode()


def _said(node: Node) -> str:
    pairs = ((name, value) for name, value in node.items() if name != "@id" and value != [])
    return " ;\n  ".join(f"{'a' if name == '@type' else name} {_objects(name, value)}" for name, value in pairs)


def _objects(name: str, value: object) -> str:
    return ", ".join(_term(name, each) for each in (value if isinstance(value, list) else [value]))


def _term(name: str, value: Any) -> str:
    if name == "@type":
        return str(value)
    if not isinstance(value, Mapping):
        return _literal(str(value))
    if "@id" in value:
        return f"<{value['@id']}>"
    if "@value" in value:
        return _literal(value["@value"]) + (f"@{value['@language']}" if "@language" in value else f"^^{value['@type']}")
    return f"[ {_said(value)} ]"


def _literal(text: str) -> str:
    """Quote a text; JSON escapes what Turtle does, and its other escapes are Turtle's too."""
    return canonical(text).decode()
