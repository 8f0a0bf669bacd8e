"""
REST is asked all that its description allows, and some that it forbids, and what it answers is as described (Schemathesis).

The whole service runs, over a store of its own. `HYPOTHESIS_PROFILE=full` asks more, at random.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from schemathesis import HookContext
from schemathesis.config import ChecksConfig, GenerationConfig, PositiveDataAcceptanceConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.config._checks import MissingRequiredHeaderConfig
from schemathesis.python.asgi import shutdown_lifespans
from starlette.types import ASGIApp, Receive, Scope, Send

from api.clocks import server_clock
from api.main import service
from api.rest.description import document
from api.rest.examples import FORMATS, OWN
from api.settings import Settings
from api.stores.tokens import TokenStore
from api.wiring import open_register, set_up
from domain.actors import Actor, Role
from domain.events import EVENTS, read
from domain.ids import Stream
from domain.registry import Command

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"


@dataclass
class Served:
    """The service, and a token for each role. It is named before it is opened, since what is asked is known before."""

    app: ASGIApp | None = None
    tokens: dict[Role, str] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


def config() -> SchemathesisConfig:
    """What to try, and which answers are right beyond those that the program takes for right by itself."""
    checks = ChecksConfig(
        missing_required_header=MissingRequiredHeaderConfig(expected_statuses=["401", "428"]),
        positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=["2xx", "403", "404", "409", "412"]),
    )
    generation = GenerationConfig(max_examples=50 if FULL else 2, deterministic=not FULL)
    return SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation, checks=checks)))


def a_few(described: dict[str, Any]) -> list[str]:
    """One event for each kind of record and set of roles, since one route takes all of them, and whatever is no event."""
    found = [said for methods in described["paths"].values() for said in methods.values()]
    kinds = {(said["tags"][0], str(said.get("security")), said["operationId"].partition("_on_")[1] or said["operationId"]): said for said in found}
    return [said["operationId"] for said in kinds.values()]


SERVED = Served()
SCHEMA = schemathesis.openapi.from_dict(document(), config=config())
A_FEW = a_few(document())
SCHEMA.app = SERVED
"""Said before the first test is made: each keeps the application that it asks."""


@SCHEMA.hook
def map_body(context: HookContext, body: Any) -> Any:
    """Write whole numbers as such: for JSON Schema 1.0 is an integer, and no schema can say that the register refuses it."""
    if isinstance(body, dict):
        return {name: map_body(context, value) for name, value in body.items()}
    if isinstance(body, list):
        return [map_body(context, value) for value in body]
    return int(body) if isinstance(body, float) and body.is_integer() else body


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with the case that the examples of addresses name."""
    url = f"sqlite:///{tmp_path_factory.mktemp('asked')}"
    set_up(url)
    register = open_register(Settings(database_url=url))
    register.create(server_clock(), demonstration=False)
    opened = read(EVENTS["ModelCaseOpened"], {"lineage_key": "example-1", "internal_name": "Example One"})
    officer = Actor(UUID(FORMATS["uuid"]), Role.CASE_OFFICER)
    register.registry.record(Command(Stream("case", FORMATS["uuid"]), officer, opened, server_clock(), 0))
    register.close()
    store = TokenStore(url)
    SERVED.tokens = {role: store.issue(role, f"test {role}") for role in Role if role is not Role.SYSTEM}
    store.close()
    SERVED.app = service(Settings(database_url=url))
    yield SERVED
    shutdown_lifespans()


@(SCHEMA if FULL else SCHEMA.include(operation_id=A_FEW)).parametrize()
def test_what_is_asked_is_answered_as_described(case: Any, served: Served) -> None:
    say_what_the_address_says(case)
    case.call_and_validate(headers={"Authorization": f"Bearer {served.tokens[role_for(case)]}"})


def say_what_the_address_says(case: Any) -> None:
    """Let good content name the record that its address names, what an open file allows, and a reading of its switch: no schema knows them."""
    if case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        record = next(iter(case.path_parameters.values()), "")
        case.body.update({name: record for name in ("case_id", "alert_id", "challenge_ref") if name in case.body})
        case.body.update({"scope": "CONTACT"} if "scope" in case.body else {})
        case.body.update(OWN["JudgementSettingChanged"] if "switch" in case.body else {})


def role_for(case: Any) -> Role:
    """The first role that the description names for an address."""
    required = case.operation.definition.raw.get("security", ())
    return next((Role(role) for each in required for role in each["token"]), Role.CASE_OFFICER)
