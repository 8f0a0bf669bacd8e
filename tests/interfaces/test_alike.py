"""The same question is answered alike by dockets, by both GraphQL schemas and by the pages, at any pair of times of the demonstration."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from api.cli.demo import demonstration_files
from api.dockets.files import Step, read_docket
from api.dockets.runner import Runner
from api.graphql.public import public_graphql
from api.graphql.staff import staff_graphql
from api.settings import Settings
from api.stores.documents import DocumentStore
from api.wiring import Register, open_documents
from domain.actors import Role
from domain.law.periods import BRUSSELS
from domain.types import instant
from registry_site.public.pages import public_pages
from tests.interfaces.graphql_stack import access_log, caller

NOW = datetime(2026, 11, 21, 12, tzinfo=BRUSSELS)
DAY = timedelta(days=1)
GROUNDS = {"ARTICLE_51_1_A": "51(1)(a)", "ARTICLE_52_4": "52(4)", "ARTICLE_52_1": "52(1)"}
GROUNDS_IN_WORDS = {"Article 51(1)(a)": "51(1)(a)", "Article 51(1)(b), Article 52(4)": "52(4)", "Article 52(1)": "52(1)"}
KINDS_IN_WORDS = {"Added": "PUBLISHED", "Updated": "UPDATED", "Corrected": "CORRECTED", "Removed": "REMOVED"}
TOPICS = {"ListEntryPublished": "PUBLISHED", "ListEntryUpdated": "UPDATED", "ListEntryCorrected": "CORRECTED", "ListEntryRemoved": "REMOVED"}
ROW = re.compile(r'<tr class="govuk-table__row">(.*?)</tr>', re.DOTALL)
CELL = re.compile(r"<t[hd].*?>(.*?)</t[hd]>", re.DOTALL)
ITEM = re.compile(r'<li class="moj-timeline__item">(.*?)</li>', re.DOTALL)
MARK = re.compile(r"<[^>]*>")

Days = tuple[str | None, str | None]
"""A pair of times, `valid_at` and `known_at`, as days or instants; None is now."""
Line = tuple[str, str, tuple[str, ...], str]
"""A line of the list: its number, the names of the model, the grounds, the day of listing."""


def text_of(markup: str) -> str:
    return " ".join(unescape(MARK.sub(" ", markup)).split())


@dataclass
class Interfaces:
    """One register, asked in every way."""

    register: Register
    documents: DocumentStore = field(default_factory=lambda: open_documents(Settings(database_url="sqlite://")))
    _steps: int = field(default=0)

    @cached_property
    def runner(self) -> Runner:
        return self.register.runner("demonstration")

    @cached_property
    def client(self) -> TestClient:
        public = public_graphql(self.register.public, clock=lambda: NOW, position=lambda: 0)
        staff = staff_graphql(self.register.office, self.documents, access_log(), clock=lambda: NOW, caller_of=lambda _: caller(Role.AUDITOR))
        return TestClient(Starlette(routes=[*public, *staff, *public_pages(self.register.public, clock=lambda: NOW)]))

    def docket(self, question: str, days: Days = (None, None), **more: str) -> Any:
        self._steps += 1
        times = {name: day for name, day in zip(("valid_at", "known_at"), days, strict=True) if day}
        result = self.runner.step(Step(self._steps, self._steps, {"ask": question, **times, **more}))
        assert result.outcome == "answered", result
        return result.answer

    def graphql(self, query: str, path: str = "/graphql", **variables: Any) -> Any:
        answer = self.client.post(path, json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def page(self, address: str, days: Days, **more: str) -> str:
        given = {**more, **{name: day for name, day in zip(("valid_at", "known_at"), days, strict=True) if day}}
        answer = self.client.get(address, params=given)
        assert answer.status_code == 200
        return answer.text


@pytest.fixture(scope="module")
def ask(demonstration: Register) -> Interfaces:
    return Interfaces(demonstration)


@pytest.fixture(scope="module")
def days(demonstration: Register) -> list[str]:
    """Days on which the list changed and days before, over its whole life."""
    changed = sorted({change.on for change in demonstration.public.changes(None, None, first=1_000)})
    assert len(changed) > 50
    return [str(day) for n, day in enumerate(changed[::7]) for day in ((day, day - DAY)[n % 2],)]


def pairs(days: list[str]) -> Iterator[Days]:
    yield from ((valid_at, known_at) for valid_at in (None, *days) for known_at in (None, *days))


# -- The list ---------------------------------------------------------------------------

LISTED = "listId marketedNames publicGrounds listedOn"
LISTING = f"query ($v: DateTime, $k: DateTime) {{ list(validAt: $v, knownAt: $k, first: 100) {{ totalCount edges {{ node {{ {LISTED} }} }} }} }}"


def by_docket(ask: Interfaces, days: Days) -> list[Line]:
    found = ask.docket("published", days)
    return [(entry["list_id"], ", ".join(entry["marketed_names"]), tuple(entry["public_grounds"]), entry["listed_on"]) for entry in found]


def by_graphql(ask: Interfaces, days: Days) -> list[Line]:
    found = ask.graphql(LISTING, v=days[0], k=days[1])["list"]
    entries = [edge["node"] for edge in found["edges"]]
    assert found["totalCount"] == len(entries)
    grounds = [tuple(GROUNDS[ground] for ground in entry["publicGrounds"]) for entry in entries]
    return [(e["listId"], ", ".join(e["marketedNames"]), of, e["listedOn"]) for e, of in zip(entries, grounds, strict=True)]


def by_page(ask: Interfaces, days: Days) -> list[Line]:
    found = [CELL.findall(row) for row in ROW.findall(ask.page("/", days, sort="listed"))[1:]]
    return [tuple(line(*cells)) for cells in found]


def line(model: str, _status: str, grounds: str, listed_on: str, _changed_on: str) -> Iterator[Any]:
    yield re.findall(r'href="/entries/(\d+)', model)[0]
    yield text_of(re.findall(r"<a .*?</a>", model, re.DOTALL)[0])
    yield tuple(GROUNDS_IN_WORDS[text_of(ground)] for ground in grounds.split("<br>"))
    yield re.findall(r'datetime="(.*?)"', listed_on)[0]


def test_the_list_is_the_same_everywhere_at_every_pair_of_times(ask: Interfaces, days: list[str]) -> None:
    seen = set()
    for pair in pairs(days):
        lines = by_docket(ask, pair)
        assert by_graphql(ask, pair) == lines, pair
        assert by_page(ask, pair) == lines, pair
        seen.add(tuple(lines))
    assert len(seen) > len(days)


def test_the_list_is_what_the_events_say_that_staff_read(ask: Interfaces, days: list[str]) -> None:
    query = "query ($types: [String!]) { events(first: 100, types: $types) { edges { node { topic recordedAt data } } } }"
    events = [edge["node"] for edge in ask.graphql(query, "/staff/graphql", types=["ListEntryPublished", "ListEntryRemoved"])["events"]["edges"]]

    def on_the_list(valid_at: str | None, known_at: str | None) -> set[str]:
        found: set[str] = set()
        for event in events:
            data = event["data"]
            if data.get("listed_on", data.get("removed_on")) > (valid_at or "9999") or event["recordedAt"][:10] > (known_at or "9999"):
                continue
            (found.add if event["topic"] == "ListEntryPublished" else found.discard)(data["list_id"])
        return found

    for pair in pairs(days):
        assert {number for number, *_ in by_graphql(ask, pair)} == on_the_list(*pair), pair


# -- The history of an entry --------------------------------------------------------------

HISTORY = "history(first: 10) { pageInfo { hasNextPage } edges { node { kind on } } }"
HISTORIES = (
    f"query ($v: DateTime, $k: DateTime) {{ list(validAt: $v, knownAt: $k, includeRemoved: true, first: 100) {{ edges {{ node {{ listId {HISTORY} "
    "} } } }"
)
Told = list[tuple[str, str]]


def told_by_graphql(ask: Interfaces, days: Days) -> dict[str, Told]:
    entries = [edge["node"] for edge in ask.graphql(HISTORIES, v=days[0], k=days[1])["list"]["edges"]]
    assert not any(entry["history"]["pageInfo"]["hasNextPage"] for entry in entries)
    return {entry["listId"]: [(edge["node"]["kind"], edge["node"]["on"]) for edge in entry["history"]["edges"]] for entry in entries}


def told_by_page(ask: Interfaces, list_id: str, days: Days) -> Told:
    items = ITEM.findall(ask.page(f"/entries/{list_id}", days))
    heads = [(text_of(re.findall(r"<h3.*?</h3>", item)[0]), re.findall(r'datetime="(.*?)"', item)[0]) for item in items]
    return [(KINDS_IN_WORDS[word], day) for word, day in heads]


def test_the_history_of_an_entry_is_the_same_everywhere(ask: Interfaces, days: list[str], named: dict[str, str]) -> None:
    staff = ask.graphql("{ cases(first: 100) { edges { node { caseId listId } } } }", "/staff/graphql")
    cases = {edge["node"]["listId"]: edge["node"]["caseId"] for edge in staff["cases"]["edges"]}
    for known_at in (None, days[2], days[-2]):
        public = told_by_graphql(ask, (None, known_at))
        assert known_at or len(public) > 30
        for list_id, told in public.items():
            topics = ask.docket("history", (None, known_at), stream=f"entry/{named[cases[list_id]]}")
            assert [TOPICS[topic] for topic in topics] == [kind for kind, _ in told]
            assert read_by_staff(ask, cases[list_id], known_at) == topics


def read_by_staff(ask: Interfaces, case_id: str, known_at: str | None) -> list[str]:
    query = "query ($id: ID!, $k: DateTime) { case(id: $id) { history(first: 100, knownAt: $k) { edges { node { stream topic } } } } }"
    edges = ask.graphql(query, "/staff/graphql", id=case_id, k=known_at)["case"]["history"]["edges"]
    return [edge["node"]["topic"] for edge in edges if edge["node"]["stream"].startswith("entry/")]


def test_the_history_on_the_page_of_an_entry_is_that_of_the_schema(ask: Interfaces, days: list[str]) -> None:
    for pair in ((None, None), (days[3], None), (None, days[4]), (days[-3], days[-1]), (days[-1], days[-3])):
        for list_id, told in told_by_graphql(ask, pair).items():
            assert told_by_page(ask, list_id, pair) == told, (pair, list_id)


# -- A case -------------------------------------------------------------------------------

AT = "(validAt: $v, knownAt: $k)"
EVENT = "{ eventId event on }"
FLAGS = "argumentsPending hearingOpen reassessmentPending notificationOverdue onUnionMarket provisional obligationsDeferredUntil"
CLOCK = f"clock state startedBy {EVENT} due firstAdmissible satisfiedBy {EVENT} daysLate daysOpen provisional arithmetic about"
CASE = (
    f"query ($id: ID!, $v: DateTime, $k: DateTime) {{ case(id: $id) {{ status{AT} {{ status grounds {{ ground span {{ from to }} }} }} "
    f"grounds{AT} {{ ground spans {{ from to }} }} flags{AT} {{ {FLAGS} }} clocks{AT} {{ {CLOCK} }} }} }}"
)


@pytest.fixture(scope="module")
def named(ask: Interfaces) -> dict[str, str]:
    """The names of the cases in the dockets, by identifier."""
    found = {}
    with ExitStack() as opened:
        for path in demonstration_files(opened):
            for step in read_docket(path, opened.enter_context(path.open(encoding="utf-8"))).steps:
                kind, _, name = step.body.get("stream", "").partition("/")
                if kind == "case":
                    found[str(ask.runner.names.identifier("case", name))] = name
    return found


def plain(value: Any, only: frozenset[str] | None = None) -> Any:
    """Return an answer with instants as instants, keys in camel case, and what is empty left out."""
    if isinstance(value, dict):
        camel = {re.sub(r"_(.)", lambda match: match[1].upper(), name): inner for name, inner in value.items()}
        return {name: plain(inner) for name, inner in camel.items() if inner is not None and (only is None or name in only)}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return instant(value) if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value) else value


def case_by_docket(ask: Interfaces, name: str, days: Days) -> Any:
    status = ask.docket("status", days, stream=f"case/{name}")
    clocks = ask.docket("clocks", days, stream=f"case/{name}")
    return {
        "status": status["status"],
        "grounds": plain(status["grounds"]),
        "spans": plain(status["spans"]),
        "flags": plain(status, frozenset(FLAGS.split())),
        "clocks": [plain(clock, frozenset(re.sub(r"{.*?}", "", CLOCK).split())) for clock in clocks],
    }


def case_by_staff(ask: Interfaces, name: str, days: Days) -> Any:
    case_id = str(ask.runner.names.identifier("case", name))
    found = ask.runner.names.back(ask.graphql(CASE, "/staff/graphql", id=case_id, v=days[0], k=days[1])["case"])
    return {
        "status": found["status"]["status"],
        "grounds": [plain({"ground": each["ground"], **each["span"]}) for each in found["status"]["grounds"]],
        "spans": {each["ground"]: plain(each["spans"]) for each in found["grounds"]},
        "flags": plain(found["flags"]),
        "clocks": plain(found["clocks"]),
    }


WHEN: dict[str, Callable[[list[datetime]], tuple[datetime, datetime]]] = {
    "as it stood when last touched": lambda at: (at[-1], at[-1]),
    "halfway, as known then": lambda at: (at[len(at) // 2], at[len(at) // 2]),
    "halfway, as known now": lambda at: (at[len(at) // 2], NOW),
    "three months on, as known halfway": lambda at: (at[-1] + 90 * DAY, at[len(at) // 2]),
}


@pytest.mark.parametrize("when", WHEN)
def test_a_case_is_the_same_to_dockets_and_to_staff(ask: Interfaces, named: dict[str, str], when: str) -> None:
    statuses: set[str] = set()
    clocks: set[str] = set()
    for case_id, name in named.items():
        recorded = [row.event.recorded_at.astimezone(BRUSSELS) for row in ask.register.office.history(UUID(case_id))]
        valid_at, known_at = (moment.isoformat() for moment in WHEN[when](recorded))
        answer = case_by_docket(ask, name, (valid_at, known_at))
        assert case_by_staff(ask, name, (valid_at, known_at)) == answer, (name, valid_at, known_at)
        statuses.add(answer["status"])
        clocks.update(clock["clock"] for clock in answer["clocks"])
    assert {"CLASSIFIED", "NOT_CLASSIFIED"} <= statuses
    assert {"D1", "D3", "D9"} <= clocks
