"""Putting the register together: stores, use cases, follower, questions. The only place that knows all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from api.auth import Door
from api.clocks import server_clock
from api.dockets.names import Names
from api.dockets.questions import Answers
from api.dockets.runner import Runner
from api.estimates.importing import show_last
from api.persons import Persons
from api.published import published
from api.read_models import create_read_models, open_read_models, tracks
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessLog
from api.stores.accounts import Accounts
from api.stores.attempts import Attempts
from api.stores.begun_sign_ins import BegunSignIns
from api.stores.documents import DocumentStore
from api.stores.drafts import Drafts
from api.stores.estimates import EstimateStore
from api.stores.event_store import StoreNotMigrated
from api.stores.event_store.factory import Recorder, RecorderFactory, migrate, open_recorder, recorder_at
from api.stores.event_store.mapper import RegisterMapper
from api.stores.faults import PASSING
from api.stores.feeds import Feeds
from api.stores.identities import Identities
from api.stores.kept_forms import KeptForms
from api.stores.keys import default_folder
from api.stores.log_store import LogStore
from api.stores.sessions import Sessions
from api.stores.shelf import FolderShelf, MemoryShelf
from api.stores.shelf import default_folder as default_documents
from api.stores.tokens import TokenStore
from api.stores.turns import one_at_a_time
from api.stores.vault import Vault
from api.stores.vault_key import MemoryKey, VaultKey
from api.stores.webhooks import WebhookStore
from domain.ids import STREAMS
from domain.law.periods import legal_day
from domain.legal_parameters import first_law
from domain.obligations import Catalogue, read_catalogues
from domain.persons import Retention
from domain.record import Facts
from domain.registry import Registry
from projections.follower import Follower
from projections.office.questions import Office
from projections.public.answers import PublicList
from projections.store import OtherVersion, ReadStore


@dataclass
class Register:
    """A register, open: what records, what follows, what answers."""

    registry: Registry
    recorder: Recorder
    follower: Follower
    office: Office
    public: PublicList

    @property
    def demonstration(self) -> bool:
        """Tell whether the store was created as a demonstration."""
        return self.registry.is_demonstration

    def runner(self, namespace: str) -> Runner:
        """Return a runner of dockets, whose names are its own."""
        names = Names(uuid5(STREAMS, f"docket:{namespace}"))
        return Runner(self.registry, Answers(self.office, self.public), names, self.follower.catch_up)

    def create(self, at: datetime, *, demonstration: bool) -> None:
        """Create the register in an empty store, with the law in force as its first events."""
        self.registry.create(law_at_creation(at), at, demonstration=demonstration)
        self.public.note("demonstration", "yes" if demonstration else "no")

    def close(self) -> None:
        """Stop following and close every store."""
        self.follower.stop()
        for track in self.follower.tracks:
            track.close()
        self.registry.close()
        self.recorder.close()


def set_up(database_url: str, role: str | None = None, public_role: str | None = None) -> None:
    """
    Create stores, tables and schemas unless they are there.

    On PostgreSQL, `role` is that of the web processes: it may read and append events, and fold read models. `public_role` is that of public
    processes: it may read the public read store, and nothing else exists for it.
    """
    recorder_at(database_url).close()  # an address that none has is refused before anything is made
    with one_at_a_time(database_url):
        _set_up(database_url, role, public_role)


def _set_up(database_url: str, role: str | None, public_role: str | None) -> None:
    migrate(database_url, role)
    estimates = EstimateStore(database_url)
    for kept in (
        TokenStore(database_url),
        LogStore(database_url),
        DocumentStore(database_url, MemoryShelf()),
        Vault(database_url, MemoryKey()),
        WebhookStore(database_url),
        estimates,
    ):
        kept.create(role)
        kept.close()
    for store in create_read_models(database_url):
        if role:
            store.let_follow(role)
        store.close()
    shown = published(database_url)
    if database_url != "sqlite://":
        show_last(estimates, shown)
    if public_role:
        shown.let_read(public_role)
    shown.close()
    estimates.close()


def open_tokens(settings: Settings) -> TokenStore:
    """Open the store of personal tokens; in memory it is made now."""
    tokens = TokenStore(settings.database_url)
    if settings.database_url == "sqlite://":
        tokens.create()
    return tokens


def open_door(settings: Settings) -> Door:
    """Open what lets requests in: tokens, accounts, sessions and the access log; in memory they are made now."""
    database = AccessDatabase(settings.database_url)
    if settings.database_url == "sqlite://":
        database.create()
    return Door(
        open_tokens(settings), Accounts(database), Sessions(database), Attempts(database), Feeds(database), AccessLog(database), KeptForms(database),
        Drafts(database), Identities(database), BegunSignIns(database),
    )  # fmt: skip


@contextmanager
def open_watch_list(database_url: str) -> Iterator[tuple[EstimateStore, ReadStore]]:
    """Open what published estimates are kept in, made unless it is there, and the public read store that shows them."""
    store, shown = EstimateStore(database_url), published(database_url)
    try:
        if not store.is_created():
            store.create()
        yield store, shown
    finally:
        store.close()
        shown.close()


def open_documents(settings: Settings) -> DocumentStore:
    """
    Open the documents; in memory their table is made now.

    Raises: StoreNotMigrated.
    """
    url = settings.database_url
    if url == "sqlite://":
        documents = DocumentStore(url, MemoryShelf())
        documents.create()
        return documents
    folder = Path(settings.documents_folder) if settings.documents_folder else default_documents(url)
    documents = DocumentStore(url, FolderShelf(folder))
    if not documents.is_created():
        documents.close()
        raise StoreNotMigrated
    return documents


def open_vault(settings: Settings) -> Vault:
    """
    Open the vault; in memory it is made now, and so is its key.

    Raises: StoreNotMigrated.
    """
    url = settings.database_url
    vault = Vault(url, MemoryKey() if url == "sqlite://" else VaultKey(default_folder(url)))
    if url == "sqlite://":
        vault.create()
    if not vault.is_created():
        vault.close()
        raise StoreNotMigrated
    return vault


def open_persons(settings: Settings, register: Register, vault: Vault) -> Persons:
    """Put the vault together with the files that name persons."""
    retention = Retention(settings.retention_years, settings.retention_source)
    return Persons(vault, register.registry, register.office, register.follower, retention)


def open_register(settings: Settings, *, new_id: Callable[[], UUID] | None = None) -> Register:
    """
    Open a register whose stores are set up; in memory they are set up now.

    Raises: StoreNotMigrated, OtherVersion, UnknownDatabaseUrl.
    """
    url = settings.database_url
    recorder = open_recorder(url)
    try:
        office_store, public_store = open_read_models(url)
    except OtherVersion:
        recorder.close()
        raise
    mapper = RegisterMapper()
    registry = Registry(RecorderFactory(recorder, mapper), **({"new_id": new_id} if new_id else {}))
    follower = Follower(recorder, tracks(office_store, public_store, mapper.decoder), passing=PASSING)
    return Register(registry, recorder, follower, Office(office_store, mapper.decoder.event, _catalogues()), PublicList(public_store))


def _catalogues() -> tuple[Catalogue, ...]:
    """Return the provisions that bind providers, as they ship with the program."""
    text = (files("domain.law") / "data" / "obligations.yaml").read_text(encoding="utf-8")
    return read_catalogues(yaml.safe_load(text))


def law_at_creation(at: datetime) -> Facts:
    """Return the law in force with the calendars that ship with the program."""
    data = files("domain.law") / "data"
    calendars: list[dict[str, Any]] = yaml.safe_load((data / "calendars.yaml").read_text(encoding="utf-8"))["calendars"]
    annex = sha256((data / "annex_xiii.yaml").read_bytes()).hexdigest()
    return first_law(legal_day(at), calendars, annex)


def demonstration_clock(register: Register) -> datetime:
    """Return the later of the server's time and the last recorded: a demonstration may have run ahead."""
    last = register.recorder.last_recorded_at()
    recorded = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=last or 0)
    return max(server_clock(), recorded)
