"""
Nothing confidential shows, not even that something happened: what the public gets is a function of what was published (Article 78).

Three registers live through the same public story. One is quiet; in one a great deal happens that is confidential; in one there are an event type
and a field of a public event that nobody thought of when the allow-list was written. Whatever the public may ask, the bytes are the same.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from html import unescape
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from api.dockets.files import Step, merged
from api.main import service
from api.public_side import public_service
from api.published import published
from api.settings import Settings
from api.wiring import Register, open_register, set_up
from domain import events, record
from domain.actors import Role
from domain.ids import Kind
from domain.list_entry import ListEntryPublished
from domain.model_case.case import CaseFact
from domain.public import PUBLIC
from domain.types import Text, instant
from registry_site.ui.languages import in_every_language
from tests.read_models.folding import rows_of

pytestmark = pytest.mark.slow
DOCKETS = Path(__file__).parents[1] / "dockets"
CREATED = instant("2025-08-02T00:00:00+02:00")
STORY = ("listing-correction", "publication-removal", "publication-slot", "withdrawn-from-the-market", "natural-person-as-provider", "challenge")
"""What is public: entries that come, change, are corrected and go, by day and by slot; the law with the register itself."""
SECRETS = (
    "acts-before-chapter-v", "adopted-is-not-notified", "alert-as-origin", "alerts", "argument-axis-acceptance", "argument-axis-rejection",
    "authorised-representative", "clock-d1-late", "closing", "conversion", "corrections", "designation-52-1-axis", "found-never-met",
    "hearing-before-every-adverse-act", "incomplete-notification", "information-requests", "interim-suspension", "legacy-model-limits",
    "model-in-training-on-2-august-2025", "persons", "renotification", "revocation", "succession", "two-grounds", "withdrawal-of-acts",
)  # fmt: skip
"""What is confidential: cases, alerts, notifications, hearings, decisions, requests, corrections, persons, courts."""
LAST = "2026-11-20T10:00:00+01:00"
SECRET = "a sentence that stands in no public event"
LINK = re.compile(r'(?:href|src|action|hx-get)="(/[^"#]*)')
ELSEWHERE = (
    "/nothing", "/entries/0", "/entries/99", "/entries/1?valid_at=soon", "/?page=9", "/healthz", "/readyz", "/metrics", "/robots.txt", "/sitemap.xml",
    "/feed.atom", "/feed.json", "/list.csv", "/list.json", "/list.ndjson", "/list.jsonld", "/catalog.jsonld", "/catalog.ttl", "/timemap",
    "/statistics", "/estimates", "/compare?from=2026-04-01&to=2026-09-01", "/?search=alpha&include_removed=true&sort=-changed", "/?ground=52(4)",
    "/graphql", "/graphql/schema.graphql", "/.well-known/security.txt", "/schemas/notification.json",
)  # fmt: skip
"""Addresses that no page links to, whether they are served yet or not."""
SIGNED = ("/log/", *in_every_language("/verify"))
EVERYTHING = """query ($v: DateTime, $k: DateTime) {
  list(validAt: $v, knownAt: $k, first: 100, includeRemoved: true) { totalCount pageInfo { endCursor startCursor } edges { cursor node {
    listId listedOn updatedOn removedOn publicReason changedOn marketedNames providerName providerNameDigest providerCountry representativeName
    publicGrounds decisionRef decisionDate note noteRef noteOn
    history(first: 10) { pageInfo { endCursor } edges { cursor node { number kind on fields { field before after } } } } } } }
  changes(from: "2025-01-01", to: "2028-12-31", first: 100) { edges { cursor node { number kind on listId publicReason } } }
  law { on annexXiiiVersion threshold { version valueFlop } calendars { version year days } }
}"""


# -- Three registers ----------------------------------------------------------------------


def live(url: str, *names: str) -> None:
    """Let dockets happen in a new store, in the order of their times; both end with the same act."""
    set_up(url)
    register = open_register(Settings(database_url=url))
    register.create(CREATED, demonstration=True)
    runners = {f"{name}.yaml": register.runner(name) for name in names}
    with ExitStack() as opened:
        for step in merged([DOCKETS / name for name in runners], opened):
            if "record" in step.body and instant(step.body["at"]) < instant(LAST):
                for runner in runners.values():
                    runner.run_slots(instant(step.body["at"]))
                result = runners[step.file].step(told(step))
                assert result.as_expected, (step.file, step.line, result)
    end(register)


def end(register: Register) -> None:
    by = {"role": "CASE_OFFICER", "id": "officer-1"}
    last = {"at": LAST, "by": by, "stream": "case/last", "record": "ModelCaseOpened", "data": {"lineage_key": "last", "internal_name": "Last"}}
    assert register.runner("end").step(Step(1, 1, last)).outcome == "recorded"
    register.follower.catch_up()
    register.close()


def told(step: Step) -> Step:
    """Keep the models of dockets apart; and say more in an event of the list than the allow-list knows, where it has a field for that."""
    data = dict(step.body.get("data") or {})
    if "lineage_key" in data:
        data["lineage_key"] = f"{step.file} {data['lineage_key']}"
    if step.body["record"] == "ListEntryPublished" and "reviewer_note" in events.EVENTS["ListEntryPublished"].model_fields:
        data["reviewer_note"] = SECRET
    return Step(step.n, step.line, {**step.body, "data": data}, step.file)


def live_with_inventions(url: str) -> None:
    """In a process of its own, because an event type cannot be forgotten: live through the story with what nobody listed."""

    class NoteTaken(CaseFact):
        RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.CASE_OFFICER})
        STREAMS: ClassVar[tuple[Kind, ...]] = ("case",)
        note: Text

    class ListEntryPublishedWithNote(ListEntryPublished):
        TOPIC: ClassVar[str] = "ListEntryPublished"
        reviewer_note: Text | None = None

    events.EVENTS |= {"NoteTaken": NoteTaken, "ListEntryPublished": ListEntryPublishedWithNote}
    assert NoteTaken in record.fact_types()
    assert ListEntryPublishedWithNote in record.fact_types()
    live(url, *STORY)
    register = open_register(Settings(database_url=url))
    note = {"at": LAST, "by": {"role": "CASE_OFFICER", "id": "officer-1"}, "stream": "case/last", "record": "NoteTaken", "data": {"note": SECRET}}
    assert register.runner("end").step(Step(1, 1, note)).outcome == "recorded"
    register.follower.catch_up()
    register.close()


@dataclass(frozen=True)
class Store:
    """The folder of a register that nobody has open."""

    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}"

    def bytes_of(self, name: str) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob(f"{name}.db*")))

    def topics(self) -> list[str]:
        register = open_register(Settings(database_url=self.url))
        found = [topic for _, topic, _ in register.recorder.raw_events(0, 1_000_000)]
        register.close()
        return found


@pytest.fixture(autouse=True)
def unsealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal nothing meanwhile: the whole service would add a seal of its own for every day; test_leak_log.py compares registers that are sealed."""
    monkeypatch.setattr("api.logs.days_due", lambda *given: ())


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("quiet"))
    live(store.url, *STORY)
    return store


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("busy"))
    live(store.url, *STORY, *SECRETS)
    return store


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("invented"))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        process.submit(live_with_inventions, store.url).result()
    return store


# -- Whatever the public may ask ------------------------------------------------------------

ASKING = {"": {"accept-encoding": "identity"}, " packed": {"accept-encoding": "gzip"}, " again": {"accept-encoding": "identity"}}
Answer = tuple[int, list[tuple[str, str]], bytes]


def answers(store: Store, *, whole: bool) -> dict[str, Answer]:
    """Ask everything that can be asked without a token: every address that pages link to, other days, GraphQL; plain, packed, and once more."""
    found: dict[str, Answer] = {}
    with TestClient((service if whole else public_service)(Settings(database_url=store.url))) as client:
        waiting = ["/", *ELSEWHERE, *other_days(), *staff_addresses()]
        while waiting:
            address = waiting.pop()
            if address not in found:
                found |= asked(client, address)
                waiting += links(found[address][2]) if "?" not in address else []
        for number, (method, variables) in enumerate(questions()):
            in_address = {"query": EVERYTHING, "variables": json.dumps(variables)}
            in_body = {"query": EVERYTHING, "variables": variables}
            answer = client.get("/graphql", params=in_address) if method == "GET" else client.post("/graphql", json=in_body)
            assert answer.status_code == 200
            found[f"{method} GraphQL {number}"] = (200, sorted(answer.headers.items()), answer.content)
    return found


def links(body: bytes) -> list[str]:
    return [unescape(link) for link in LINK.findall(body.decode("utf-8", "replace")) if not link.startswith("/static")]


def asked(client: TestClient, address: str) -> dict[str, Answer]:
    """Ask for an address, packed and again by its validator too."""
    found: dict[str, Answer] = {}
    for how, headers in ASKING.items():
        etag = dict(found[address][1]).get("etag", '"none"') if found else ""
        answer = client.get(address, headers={**headers, "if-none-match": etag} if how == " again" else headers)
        found[address + how] = (answer.status_code, sorted(answer.headers.items()), answer.content)
    return found


def other_days() -> Iterator[str]:
    """Other days and instants, those of confidential events among them."""
    for address in ("/", "/entries/1", "/entries/2"):
        yield from (f"{address}?{urlencode({'valid_at': moment})}" for moment in moments()[::4])
        yield from (f"{address}?{urlencode({'valid_at': '2026-06-30', 'known_at': moment})}" for moment in moments())


@cache
def moments() -> list[str]:
    """Return instants of confidential acts, and a moment before each."""
    with ExitStack() as opened:
        steps = [step for step in merged([DOCKETS / f"{name}.yaml" for name in SECRETS], opened) if "record" in step.body]
    at = sorted({instant(step.body["at"]) for step in steps if instant(step.body["at"]) < instant(LAST)})[::60]
    return [(moment - timedelta(microseconds=n)).isoformat() for moment in at for n in (0, 1)]


def staff_addresses() -> Iterator[str]:
    yield from ("/staff/graphql", "/api/v1/openapi.json", "/api/v1/cases", "/api/v1/cases/3f2b8a1e-5c1d-4e7a-9b60-000000000001")


def questions() -> Iterator[tuple[str, dict[str, Any]]]:
    for moment in (None, *moments()[::4]):
        yield "GET", {"v": "2026-06-30", "k": moment}
        yield "POST", {"v": moment, "k": None}


def told_apart(one: dict[str, Answer], other: dict[str, Answer]) -> list[str]:
    """Return where two registers differ; what is signed is compared in `test_leak_log.py`, where both sign with the same keys."""
    addresses = (address for address in sorted(one.keys() | other.keys()) if not address.startswith(SIGNED))
    return [address for address in addresses if one.get(address) != other.get(address)]


@pytest.fixture(scope="module")
def shown(quiet: Store) -> dict[str, Answer]:
    return answers(quiet, whole=False)


def test_what_is_compared_is_worth_comparing(quiet: Store, busy: Store, shown: dict[str, Answer]) -> None:
    one, other = quiet.topics(), busy.topics()
    assert [topic for topic in one if topic in PUBLIC] == [topic for topic in other if topic in PUBLIC]
    assert len(other) > 3 * len(one)
    assert len(set(other) - set(one)) > 30
    pages = {address: answer for address, answer in shown.items() if answer[0] == 200 and dict(answer[1])["content-type"].startswith("text/html")}
    assert len(pages) > 60
    assert sum(answer[0] == 304 for answer in shown.values()) > 30
    assert any(b"Removed from the list" in answer[2] for answer in pages.values())
    assert len({answer[2] for answer in pages.values()}) > 25


@pytest.mark.parametrize("whole", [False, True])
def test_confidential_acts_change_no_byte_of_what_the_public_gets(quiet: Store, busy: Store, shown: dict[str, Answer], whole: bool) -> None:
    assert told_apart(answers(quiet, whole=True) if whole else shown, answers(busy, whole=whole)) == []


def test_the_public_store_is_the_same_but_for_how_far_it_has_followed(quiet: Store, busy: Store) -> None:
    def rows(store: Store) -> dict[str, Any]:
        public = published(store.url)
        found = {name: values for name, values in rows_of(public) if not name.startswith("position")}
        public.close()
        return found

    assert rows(quiet) == rows(busy)
    assert rows(quiet)["entries"]


def test_a_public_act_is_seen(quiet: Store, shown: dict[str, Answer], tmp_path: Path) -> None:
    """What compares everything must be able to fail: with one public act less, pages differ, and their validators with them."""
    store = Store(tmp_path)
    live(store.url, *STORY[1:])
    different = told_apart(shown, answers(store, whole=False))
    assert {"/", "/ again", "/changes", "GET GraphQL 0"} <= set(different)


# -- Confidential until somebody lists it ------------------------------------------------------


def test_an_event_type_and_a_field_that_nobody_listed_reach_no_public_byte(shown: dict[str, Answer], invented: Store) -> None:
    secret = SECRET.encode()
    assert invented.bytes_of("events").count(secret) >= 3
    assert secret in invented.bytes_of("views")
    assert secret not in invented.bytes_of("public")
    assert b"NoteTaken" not in invented.bytes_of("public")
    assert b"reviewer_note" not in invented.bytes_of("public")
    found = answers(invented, whole=False)
    assert told_apart(shown, found) == []
    assert not any(secret in answer[2] for answer in found.values())
    assert "NoteTaken" not in {kind.TOPIC for kind in record.fact_types()}  # the invention stayed in its own process
