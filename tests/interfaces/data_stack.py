"""The register as data over a history in memory: its public store, its log, its pages, and what stands in front of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rdflib import Graph
from rdflib.plugins.parsers.jsonld import to_rdf
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from api.stores.log_store import LogStore
from domain.law.periods import BRUSSELS, legal_day
from domain.record import Event
from projections.public.snapshots import Snapshots
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.leaves import public_leaf
from projections.transparency.log import Log, one_by_one
from projections.transparency.notes import Signer
from projections.transparency.publication import PublicCopy
from registry_site.public.data.mementos import with_mementos
from registry_site.public.data.negotiation import Negotiated
from registry_site.public.data.room import Room, Site
from registry_site.public.data.routes import public_data
from registry_site.public.front import PreparedPages
from registry_site.public.pages import page_addresses, public_pages, public_problem
from registry_site.public.verify import verify_pages
from registry_site.ui.headers import SecurityHeaders
from tests.read_models.folding import ReadSide, Told
from tests.read_models.listing import corrected, events_of, listed, removed, updated
from tests.scenario import brussels

ADDRESS = "https://register.example.eu"
SIGNER = Signer("register.example.eu/log/demonstration", bytes(range(32)))
NOW = datetime(2026, 11, 21, 12, tzinfo=BRUSSELS)

EVIL = "=cmd|' /C calc'!A0"
HISTORY = [
    listed(brussels("2026-03-02", 10), "1", marketed_names=["Aurelia 3", "Aurelia 3 mini"]),
    listed(
        brussels("2026-04-20", 10), "2", marketed_names=['Kestrel "X", rev; =2'], provider_name=EVIL, provider_country="FR", public_grounds=["52(4)"]
    ),
    updated(brussels("2026-05-11", 10), "1", marketed_names=["Aurelia 3"], note="OFF_MARKET", note_on="2026-05-10"),
    corrected(brussels("2026-06-08", 10), "provider_country", "FR", "BE", "2"),
    listed(brussels("2026-06-08", 10), "3", provider_name=None, provider_name_digest="ab" * 32),
    removed(brussels("2026-10-05", 10), "3", "ANNULLED"),
]
"""Entries that come, change, are corrected and go; one is named as if a spreadsheet were to calculate it."""


def json_ld(body: bytes) -> Graph:
    """Read a graph from JSON-LD; the plain parser of rdflib warns of its own insides."""
    graph = Graph()
    to_rdf(json.loads(body), graph)
    return graph


@dataclass
class Stack:
    """A public side whose list and log are moved on by hand."""

    side: ReadSide
    log: Log
    events: list[Event[Any]]
    now: datetime = NOW

    def fold(self, count: int | None = None) -> None:
        """Let the list follow the first events."""
        self.side.fold(Told.of(self.events[:count]))

    def publish(self, count: int | None = None) -> None:
        """Let the log follow the first events."""
        while self.log.step(Told.of(self.events[:count])):
            pass

    def client(self) -> TestClient:
        """Open the whole public side, with what is prepared in front."""
        answers = LogAnswers(PublicShelf(self.side.stores[1]))
        pages = public_pages(self.side.public, clock=lambda: self.now, address=ADDRESS)
        pages += verify_pages(self.side.public, answers, clock=lambda: self.now, address=ADDRESS)
        site = Site(ADDRESS, "mailto:security@register.example.eu", ("/data", "/data/fold", *page_addresses(pages)))
        room = Room(self.side.public, Snapshots(self.side.stores[1]), answers, lambda: self.now, site)
        app = Starlette(routes=with_mementos([*public_data(room), *pages], room), exception_handlers={HTTPException: public_problem})

        def position() -> tuple[int, int]:
            return (self.side.public.state().position, answers.size())

        front = PreparedPages(SecurityHeaders(app), position, lambda: legal_day(self.now))
        return TestClient(Negotiated(front), base_url=ADDRESS, follow_redirects=False)

    def mirror(self, folder: Path) -> Path:
        """Download checkpoint and entries of the log into files, as any mirror has them."""
        answers = LogAnswers(PublicShelf(self.side.stores[1]))
        for path in [path for path in answers.paths() if path.startswith(("checkpoint", "tile/entries/"))]:
            file = folder / "log" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(answers.answer(path).body)
        return folder


@contextmanager
def stack(happened: Iterable[Any] = HISTORY, *, followed: bool = True) -> Iterator[Stack]:
    """Open a public side over a history; with `followed`, list and log stand at its end."""
    side, store = ReadSide("sqlite://"), LogStore("sqlite://")
    store.create()
    store.choose_origin(SIGNER.name)
    side.public.note("demonstration", "yes")
    log = Log(store, one_by_one(public_leaf), SIGNER, PublicCopy(side.stores[1], [SIGNER.verifier]))
    found = Stack(side, log, events_of(happened))
    if followed:
        found.fold()
        found.publish()
    try:
        yield found
    finally:
        log.close()
        side.close()


def get(client: TestClient, address: str, **headers: str) -> Any:
    answer = client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, (address, answer.text)
    return answer


def entries(client: TestClient, question: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(client, f"/list.json?{question}").json()["entries"]
    return found


def plain(cell: str) -> str:
    """Take off the apostrophes as the data page says."""
    return re.sub(r"(^|[;\t\r\n])(\s*)'", r"\1\2", cell)
