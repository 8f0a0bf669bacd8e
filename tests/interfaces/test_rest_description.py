"""The description of REST says what the events say, and leads nowhere that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.recording.addresses import COLLECTIONS
from api.rest.description import document
from domain.actors import Role
from domain.events import EVENTS, read
from tests.interfaces.test_rest_service import Service, served


@pytest.fixture
def service() -> Iterator[Service]:
    yield from served()


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (part["$ref"],) if isinstance(part.get("$ref"), str) else ()
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def recordings(description: dict[str, Any]) -> list[dict[str, Any]]:
    posts = [place["post"] for place in description["paths"].values() if "post" in place]
    return [post for post in posts if post["tags"][0] in COLLECTIONS]


RECORDINGS = {post["operationId"]: post for post in recordings(document())}


def test_the_description_is_for_everybody_and_names_every_event_that_somebody_records(service: Service) -> None:
    answer = service.get("openapi.json", None)
    assert answer.json()["openapi"] == "3.1.0"
    described = [post["operationId"] for post in recordings(answer.json())]
    people = {topic: fact.STREAMS for topic, fact in EVENTS.items() if fact.RECORDED_BY - {Role.SYSTEM}}
    assert sorted(described) == sorted(f"{topic}_on_{kind}" for topic, kinds in people.items() for kind in kinds)


def test_every_reference_of_the_description_leads_somewhere() -> None:
    described = document()
    for reference in set(references(described)):
        part = described
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_example_is_one(name: str) -> None:
    read(EVENTS[name.rpartition("_on_")[0]], RECORDINGS[name]["requestBody"]["content"]["application/json"]["example"])


def test_exact_numbers_are_described_as_text_with_the_whole_pattern() -> None:
    flop = document()["components"]["schemas"]["ThresholdMet"]["properties"]["compute_flop"]
    assert flop["type"] == "string"
    assert (flop["pattern"][0], flop["pattern"][-1]) == ("^", "$")
