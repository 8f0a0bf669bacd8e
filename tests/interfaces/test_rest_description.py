"""The description of REST says what the events say, and leads nowhere that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from httpx2 import Response
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.recording.addresses import COLLECTIONS
from api.rest.description import document
from api.rest.examples import FORMATS
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
PLACES = {methods["post"]["operationId"]: path for path, methods in document()["paths"].items() if "post" in methods}
EXAMPLE = FORMATS["uuid"]


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


# -- As others read it -------------------------------------------------------------


def test_the_description_is_openapi_3_1_as_others_read_it() -> None:
    openapi_spec_validator.validate(document(), cls=OpenAPIV31SpecValidator)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_example_is_as_its_schema_says(name: str) -> None:
    content = RECORDINGS[name]["requestBody"]["content"]["application/json"]
    checked = {"components": document()["components"], **content["schema"]}
    Draft202012Validator(checked, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(content["example"])


@pytest.fixture(scope="module")
def standing() -> Iterator[Service]:
    for service in served():
        for name in ("ModelCaseOpened_on_case", "QualifiedAlertReceived_on_alert", "ChallengeReceived_on_challenge"):
            assert sent(service, name, dry_run=False).status_code == 201
        before = service.trace()
        yield service
        assert service.trace() == before


def sent(service: Service, name: str, *, dry_run: bool) -> Response:
    """Send the example of an event, in the first role that may, upon the version that is there."""
    recording = RECORDINGS[name]
    role = Role(recording["security"][0]["token"][0])
    place = PLACES[name].removeprefix("/api/v1/").format(id=EXAMPLE, case=EXAMPLE)
    found = service.get(place.rpartition("/")[0], Role.AUDITOR)
    version = found.json()["version"] if found.status_code == 200 else 0
    example = recording["requestBody"]["content"]["application/json"]["example"]
    return service.post(f"{place}?dry_run={'true' if dry_run else 'false'}", example, version, role)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_example_is_taken_or_refused_by_the_law_and_what_was_recorded(standing: Service, name: str) -> None:
    answer = sent(standing, name, dry_run=True)
    assert answer.status_code in (201, 404, 409), answer.text


def test_most_examples_are_taken_by_a_register_with_little_in_it(standing: Service) -> None:
    taken = [name for name in RECORDINGS if sent(standing, name, dry_run=True).status_code == 201]
    assert len(taken) >= 40, taken


def test_roles_and_headers_are_described() -> None:
    met = RECORDINGS["ThresholdMet_on_case"]
    assert met["security"] == [{"token": ["CASE_OFFICER"]}]
    assert [each["$ref"].rpartition("/")[2] for each in met["parameters"]] == ["case", "If-Match", "Idempotency-Key", "dry_run"]
    assert RECORDINGS["ModelCaseOpened_on_case"]["parameters"][1]["$ref"].endswith("/If-Match-of-a-new-record")


def test_every_event_has_a_schema_of_its_own_for_everybody(service: Service) -> None:
    for topic in EVENTS:
        answer = service.get(f"schemas/{topic}.json", None)
        assert answer.headers["content-type"] == "application/schema+json"
        Draft202012Validator.check_schema(answer.json())
        assert set(answer.json()["properties"]) == set(EVENTS[topic].model_fields)
    assert service.get("schemas/NoSuchEvent.json", None).status_code == 404


def test_every_field_says_what_it_means() -> None:
    for schema in document()["components"]["schemas"].values():
        if schema.get("additionalProperties") is False:
            assert [name for name, part in schema["properties"].items() if not part["description"]] == []
