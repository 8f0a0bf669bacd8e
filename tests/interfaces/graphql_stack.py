"""A whole register in memory with both schemas over it, to ask what a client asks; and questions that are counted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx2 import Response
from starlette.applications import Starlette
from starlette.testclient import TestClient

from api.auth import Caller
from api.dockets.files import Step, read_docket
from api.dockets.runner import Runner
from api.graphql.public import public_graphql
from api.graphql.staff import staff_graphql
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessLog
from api.stores.documents import DocumentStore
from api.wiring import Register, open_documents, open_register
from domain.actors import Actor, Role
from domain.law.periods import BRUSSELS
from domain.types import instant
from projections.public.questions import Change, PublicQuestions, When

DOCKETS = Path(__file__).parents[1] / "dockets"
NOW = datetime(2026, 11, 21, 12, tzinfo=BRUSSELS)
OFFICER = {"role": "CASE_OFFICER", "id": "officer-1"}
PUBLISHER = {"role": "PUBLICATION_OFFICER", "id": "officer-3"}


def access_log() -> AccessLog:
    """An access log in memory."""
    database = AccessDatabase("sqlite://")
    database.create()
    return AccessLog(database)


def caller(role: Role) -> Caller:
    return Caller(Actor(UUID(int=1), role), "token:test")


@dataclass
class Stack:
    """A whole register in memory with both schemas over it; nothing in it stands in for anything."""

    register: Register = field(default_factory=lambda: open_register(Settings(database_url="sqlite://")))
    now: datetime = NOW
    role: Role | None = Role.CASE_OFFICER
    position: int = 0
    log: AccessLog = field(default_factory=lambda: access_log())
    documents: DocumentStore = field(default_factory=lambda: open_documents(Settings(database_url="sqlite://")))
    _steps: int = 0

    @cached_property
    def runner(self) -> Runner:
        return self.register.runner("test")

    def __post_init__(self) -> None:
        self.register.follower.after_step = self._note_position

    def _note_position(self) -> None:
        self.position = self.register.public.state().position

    @cached_property
    def app(self) -> Starlette:
        public = public_graphql(self.register.public, clock=lambda: self.now, position=lambda: self.position)
        staff = staff_graphql(
            self.register.office, self.documents, self.log, clock=lambda: self.now, caller_of=lambda _: caller(self.role) if self.role else None
        )  # fmt: skip
        return Starlette(routes=[*public, *staff])

    @cached_property
    def client(self) -> TestClient:
        return TestClient(self.app)

    def replay(self, name: str) -> Stack:
        """Run one docket, all of which must come out as it says."""
        with (DOCKETS / name).open(encoding="utf-8") as text:
            for step in read_docket(DOCKETS / name, text).steps:
                self._create(step.body.get("at", "2025-08-02T00:00:00+02:00"))
                result = self.runner.step(step)
                assert result.as_expected, result
        self.register.follower.catch_up()
        return self

    def record(self, at: str, by: dict[str, str], stream: str, record: str, **data: Any) -> None:
        self._create(at)
        self._steps += 1
        result = self.runner.step(Step(self._steps, self._steps, {"at": at, "by": by, "stream": stream, "record": record, "data": data}))
        assert result.outcome == "recorded", result

    def _create(self, at: str) -> None:
        if not self.register.registry.is_created:
            self.register.create(instant(at), demonstration=True)

    def case(self, name: str) -> str:
        return str(self.runner.names.identifier("case", name))

    def ask(self, query: str, variables: dict[str, Any] | None = None, path: str = "/graphql", **more: Any) -> Any:
        """Ask by POST and return the whole answer."""
        return self.post({"query": query, "variables": variables, **more}, path).json()

    def data(self, query: str, variables: dict[str, Any] | None = None, path: str = "/graphql") -> Any:
        """Ask, and expect no error."""
        answer = self.ask(query, variables, path)
        assert "errors" not in answer, answer
        return answer["data"]

    def refused(self, query: str, variables: dict[str, Any] | None = None, path: str = "/graphql") -> tuple[str, str]:
        """Ask, and return code and message of the one error expected."""
        (error,) = self.ask(query, variables, path)["errors"]
        return error["extensions"]["code"], error["message"]

    def post(self, body: Any, path: str = "/graphql", **headers: str) -> Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, content=content, headers={"content-type": "application/json", **headers})

    def get(self, query: str, path: str = "/graphql", headers: dict[str, str] | None = None, **more: str) -> Response:
        return self.client.get(path, params={"query": query, **more}, headers=headers)


def publish(stack: Stack, names: Sequence[str], country: str = "FR") -> None:
    """Put models on the list, one a day from 22 April 2026 on, each by every step the procedure asks for."""
    for name in names:
        key = name.lower()
        for record, data in classified(key, name, country):
            stack.record("2026-03-05T09:00:00+01:00", OFFICER, f"case/{key}", record, **data)
        stack.record("2026-03-05T09:00:00+01:00", PUBLISHER, f"publication/{key}", "PublicationContentProposed", case_id=key,
                     proposed_at="2026-03-05T09:00:00+01:00", **content(name, country))  # fmt: skip
    for n, name in enumerate(names):
        day = datetime(2026, 4, 22, 10, tzinfo=BRUSSELS) + timedelta(days=n)
        stack.record(day.isoformat(), PUBLISHER, f"entry/{name.lower()}", "ListEntryPublished", listed_on=day.date().isoformat(),
                     list_id=f"entry-{name.lower()}", **content(name, country))  # fmt: skip
    stack.register.follower.catch_up()


def classified(key: str, name: str, country: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events after which a model is classified and known on the market."""
    provider = f"{key}-ai"
    yield "ModelCaseOpened", {"lineage_key": f"{key}-1", "internal_name": name}
    yield (
        "ProviderIdentified",
        {"provider_ref": provider, "provider_kind": "LEGAL_PERSON", "legal_name": f"{name} AI", "country": country, "in_union": "true",
         "from_on": "2025-01-01"},
    )  # fmt: skip
    yield "ModelPlacedOnUnionMarket", {"on": "2026-02-02", "manner": "API", "marketed_names": [name]}
    yield "ThresholdMet", {"on": "2026-03-01", "compute_flop": "1.1e25", "threshold_version": "1", "source": "PROVIDER", "kind": "COMPUTE"}


def content(name: str, country: str) -> dict[str, Any]:
    return {"marketed_names": [name], "provider_name": f"{name} AI", "provider_country": country, "public_grounds": ["51(1)(a)"]}


class Counted:
    """Hands every question on, and counts them."""

    def __init__(self, questions: PublicQuestions) -> None:
        self.questions = questions
        self.asked = 0
        self.told: list[tuple[str, ...]] = []

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self.questions, name)

    def histories(self, list_ids: Sequence[str], when: When) -> dict[str, tuple[Change, ...]]:
        self.asked += 1
        self.told.append(tuple(list_ids))
        return self.questions.histories(list_ids, when)

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        return self.histories((list_id,), when)[list_id]
