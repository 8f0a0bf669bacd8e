"""
The data addresses are asked all that their description allows, and some that it forbids, and what they answer is as described (Schemathesis).

The public side runs alone, over a store of its own with a list and its log. `HYPOTHESIS_PROFILE=full` asks more, at random.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from rdflib import DCAT, Graph
from schemathesis.config import ChecksConfig, GenerationConfig, PositiveDataAcceptanceConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.config._checks import NegativeDataRejectionConfig
from schemathesis.python.asgi import shutdown_lifespans
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from api.cli.main import main
from api.public_side import public_service
from api.settings import Settings
from registry_site.public.data.fold import description
from registry_site.public.data.openapi import document
from tests.interfaces.test_export_live import DOCKETS, record

ADDRESS = "https://register.example.eu"
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"


class Served:
    """The public side. It is named before it is opened, since what is asked is known before."""

    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


def config() -> SchemathesisConfig:
    """
    What to try, and which answers are right beyond those that the program takes for right by itself.

    Of days that can be read those outside of the record are refused, and of numbers those that nothing has. The gate to earlier states passes on what
    else is asked, and where it leads it is refused.
    """
    checks = ChecksConfig(
        positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=["2xx", "302", "400", "404"]),
        negative_data_rejection=NegativeDataRejectionConfig(expected_statuses=["302", "400", "404", "405", "406"]),
    )
    generation = GenerationConfig(max_examples=30 if FULL else 3, deterministic=not FULL)
    return SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation, checks=checks)))


SERVED = Served()
SCHEMA = schemathesis.openapi.from_dict(document(ADDRESS, description(demonstration=True), date(2026, 5, 27)), config=config())
SCHEMA.app = SERVED
"""Said before the first test is made: each keeps the application that it asks."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A public side with an entry that was corrected, and with its log."""
    folder: Path = tmp_path_factory.mktemp("asked")
    url = f"sqlite:///{folder / 'store'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("PUBLIC_ADDRESS", ADDRESS)
        assert main(["migrate"]) == 0
        record(url, folder, (DOCKETS / "listing-correction.yaml").read_text())
        SERVED.app = public_service(Settings())
    yield SERVED
    shutdown_lifespans()


@SCHEMA.parametrize()
def test_what_is_asked_is_answered_as_described(case: Any, served: Served) -> None:
    case.call_and_validate()


def test_every_service_of_the_catalogue_answers_where_it_is_said_to(served: Served) -> None:
    with TestClient(served, base_url=ADDRESS) as client:
        catalogue = Graph().parse(data=client.get("/catalog.ttl").content, format="turtle")
        found = {str(place) for name in (DCAT.endpointURL, DCAT.endpointDescription, DCAT.accessURL) for place in catalogue.objects(None, name)}
        ours = {place.removeprefix(ADDRESS) for place in found if place.startswith(ADDRESS)}
        assert {"/", "/openapi.json", "/graphql", "/graphql/schema.graphql", "/log/checkpoint", "/list.csv"} <= ours
        for place in ours - {"/graphql"}:
            assert client.get(place).status_code == 200, place
        assert client.post("/graphql", json={"query": "{ __typename }"}).json() == {"data": {"__typename": "Query"}}
