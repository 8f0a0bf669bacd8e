"""
Names of a docket and identifiers of the store.

In one docket any identifier, reference or document hash may be any name. The names are mapped by the types of the fields, and back in answers.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, get_args
from uuid import UUID, uuid5

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.record import Fact
from domain.types import Named

_HASH = re.compile(r"[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


class UnknownName(Exception):
    """A step names an event or an entry that no earlier step made."""


class Names:
    """The names of one run: random to the outside, the same in every run of the same docket in the same store."""

    def __init__(self, namespace: UUID) -> None:
        self.namespace = namespace
        self._names: dict[str, str] = {}
        self._events: dict[str, UUID] = {}
        self._list_ids: dict[str, str] = {}

    def identifier(self, kind: str, name: str) -> str:
        """Return the identifier that a name stands for."""
        if kind == "hash":
            return self._remember(name if _HASH.fullmatch(name) else sha256(name.encode()).hexdigest(), name)
        if kind == "event":
            return self._event(name)
        if kind == "list":
            return self._list_ids.get(name, name if name.isdigit() else "1")
        return self._remember(name if _UUID.fullmatch(name) else str(uuid5(self.namespace, f"{kind}:{name}")), name)

    def _event(self, name: str) -> str:
        if _UUID.fullmatch(name):
            return name
        if name not in self._events:
            raise UnknownName(f"no earlier step carries `as: {name}`")
        return str(self._events[name])

    def _remember(self, identifier: str, name: str) -> str:
        self._names.setdefault(identifier, name)
        return identifier

    def name_event(self, name: str, event_id: UUID) -> None:
        """Let later steps name an event."""
        self._events[name] = event_id
        self._names[str(event_id)] = name

    def name_entry(self, name: str, list_id: str) -> None:
        """Let later steps name an entry of the list."""
        self._list_ids[name] = list_id

    def data(self, kind: type[Fact], data: Mapping[str, Any]) -> dict[str, Any]:
        """Return an event's data with every name replaced by its identifier."""
        return _mapped(kind, data, self)

    def back(self, answer: Any) -> Any:
        """Return an answer with identifiers replaced by the docket's names."""
        if isinstance(answer, str):
            return self._names.get(answer, answer)
        if isinstance(answer, list | tuple):
            return [self.back(value) for value in answer]
        if isinstance(answer, dict):
            return {key: self.back(value) for key, value in answer.items()}
        return answer


def _mapped(model: type[BaseModel], data: Mapping[str, Any], names: Names) -> dict[str, Any]:
    return {key: _value(model.model_fields[key], value, names) if key in model.model_fields else value for key, value in data.items()}


def _value(info: FieldInfo, value: Any, names: Names) -> Any:
    for mark in info.metadata:
        if isinstance(mark, Named):
            return names.identifier(mark.kind, value) if isinstance(value, str) else value
    return _typed(info.annotation, value, names)


def _typed(annotation: Any, value: Any, names: Names) -> Any:
    """Replace names inside `X | None`, `tuple[X, ...]` and nested payloads, where the mark stands in the type."""
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Named):
            return names.identifier(mark.kind, value) if isinstance(value, str) else value
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _mapped(annotation, value, names) if isinstance(value, dict) else value
    if isinstance(value, list):
        return [_typed(inner, item, names) for item in value for inner in get_args(annotation)[:1]]
    for inner in get_args(annotation):
        if inner is not type(None) and not isinstance(inner, str | type(...)):
            value = _typed(inner, value, names)
    return value
