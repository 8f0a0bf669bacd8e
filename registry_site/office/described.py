"""An OpenAPI description, asked as the pages of the reference need it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "head", "post", "put", "delete")
JSON = "application/json"
NEW = '"0"'
"""The version of a record that is not there yet."""
FORMS = {"date": "day", "date-time": "instant", "uuid": "identifier", "binary": "bytes"}
TYPES = {"boolean": "true or false", "integer": "whole number", "string": "text", "object": "object"}
Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field or a parameter. `group` names the schema of its own fields, if it has some; `values` are all that it may hold, if they are few."""

    name: str
    kind: str
    group: str
    values: tuple[str, ...]
    meaning: str
    required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    name: str
    method: str
    path: str
    said: Part

    @property
    def roles(self) -> list[str]:
        """Give the roles of which one is needed."""
        return [role for each in self.said["security"] for role in each["token"]]

    @property
    def event(self) -> str:
        """Give the event that is recorded; empty where something else is done."""
        topic, _, kind = self.name.rpartition("_on_")
        return topic if kind and topic[:1].isupper() else ""


class Description:
    """A description whose references are followed."""

    def __init__(self, said: Part) -> None:
        self.said = said
        self.operations = {each.name: each for each in _operations(said)}

    def groups(self) -> dict[str, list[Operation]]:
        """Give the operations under each tag."""
        return {tag["name"]: [each for each in self.operations.values() if tag["name"] in each.said["tags"]] for tag in self.said["tags"]}

    def followed(self, part: Part) -> Part:
        """Give what a reference leads to; a part that is none is given back."""
        if "$ref" not in part:
            return part
        found = self.said
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found

    def parameters(self, operation: Operation) -> list[Part]:
        """Give the parameters of an operation."""
        return [self.followed(each) for each in operation.said.get("parameters", ())]

    def parameters_in(self, operation: Operation, where: str) -> list[Field]:
        """Give the parameters that stand in one place: path, query or header."""
        return [_parameter(each) for each in self.parameters(operation) if each["in"] == where]

    def body(self, operation: Operation) -> Part:
        """Give what an operation takes as JSON: schema and example; empty where it takes none."""
        found: Part = operation.said.get("requestBody", {}).get("content", {}).get(JSON, {})
        return found

    def opening(self, operation: Operation) -> Operation | None:
        """Give what opens the record that an event is recorded on; None where that is there of itself, or the event opens it."""
        named = [each["name"] for each in self.parameters(operation) if each["in"] == "path"]
        openings = [each for each in self.operations.values() if self._opens(each)]
        if not operation.event or operation in openings or not named:
            return None
        return next(each for each in openings if named == ["case"] or each.said["tags"] == operation.said["tags"])

    def _opens(self, operation: Operation) -> bool:
        return any(each["name"] == "If-Match" and each["example"] == NEW for each in self.parameters(operation))

    def example(self, operation: Operation) -> str:
        """Give the example of what an operation takes, a field on each line."""
        return json.dumps(self.body(operation)["example"], ensure_ascii=False, indent=2)

    def answered(self, operation: Operation) -> Part:
        """Give the schema of what is answered when all goes well; empty where that is no JSON."""
        good = next(each for status, each in self.answers(operation).items() if status < "300")
        found: Part = good.get("content", {}).get(JSON, {}).get("schema", {})
        return found

    def tables(self, schema: Part) -> dict[str, list[Field]]:
        """Give the fields of a schema under an empty name, and those of every schema that it has parts of under theirs."""
        found: dict[str, list[Field]] = {"": self._fields(schema)}
        waiting = [field.group for field in found[""] if field.group]
        while waiting:
            group = waiting.pop(0)
            if group not in found:
                found[group] = self._fields(self.said["components"]["schemas"][group])
                waiting += [field.group for field in found[group] if field.group]
        return found

    def answers(self, operation: Operation) -> dict[str, Part]:
        """Give what may be answered, by status."""
        return {status: self.followed(each) for status, each in operation.said["responses"].items()}

    def _fields(self, schema: Part) -> list[Field]:
        described = self.followed(schema)
        wanted = described.get("required", ())
        return [_field(name, part, required=name in wanted) for name, part in described.get("properties", {}).items()]


def _operations(said: Part) -> Iterator[Operation]:
    for path, methods in said["paths"].items():
        for method in METHODS:
            if method in methods:
                yield Operation(methods[method]["operationId"], method.upper(), path, {"security": said["security"], **methods[method]})


def _parameter(said: Part) -> Field:
    return _field(said["name"], {**said["schema"], "description": said.get("description", "")}, required=said.get("required", False))


def _field(name: str, part: Part, *, required: bool) -> Field:
    bare = _bare(part)
    several = bare.get("type") == "array"
    item = _bare(bare["items"]) if several else bare
    group = item["$ref"].rpartition("/")[2] if "$ref" in item else ""
    kind = group or FORMS.get(item.get("format", "")) or TYPES[item.get("type", "string")]
    values = tuple(map(str, item.get("enum", ())))
    return Field(name, f"list of {kind}" if several else kind, group, values, part.get("description", ""), required)


def _bare(part: Part) -> Part:
    """Take off that a value may be null."""
    found: Part = next((each for each in part["anyOf"] if each.get("type") != "null"), part) if "anyOf" in part else part
    return found
