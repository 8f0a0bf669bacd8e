"""
The two logs of a register, open: what sequences and signs them, who follows the events for them, and the seals that tie one to the other.

The public log is published with the list. The log of the cases is for auditors, under another key; what the public sees of it is a seal a day.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime

from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessLog
from api.stores.faults import PASSING
from api.stores.keys import KeyFolder, default_folder
from api.stores.log_store import CASES, PUBLIC, LogStore
from api.stores.seal_store import SealsKept
from api.wiring import Register
from api.witnesses import Witnesses, read_policy
from domain.envelope import SYSTEM
from domain.errors import AlreadyInRegister
from domain.ids import REGISTER
from domain.register import SealPublished
from domain.registry import Command
from projections.follower import Follower
from projections.transparency.answers import LogAnswers
from projections.transparency.case_leaves import CaseLeaves
from projections.transparency.leaves import public_leaf
from projections.transparency.log import DurableLog, Log, Published, SignedTree, one_by_one, origin_of
from projections.transparency.notes import Signer
from projections.transparency.policy import Policy
from projections.transparency.publication import PublicCopy
from projections.transparency.questions import Looked
from projections.transparency.seals import Seal, Seals, days_due

ADDRESSES = {PUBLIC: "log", CASES: "audit/log"}
"""Where each log is served, and so what its origin ends with."""


class CaseShelf:
    """The log of the cases as auditors read it: what is signed stands in its own store, and is copied nowhere."""

    def __init__(self, store: LogStore, keys: KeyFolder) -> None:
        self.store = store
        self.keys = keys

    def last(self) -> Published | None:
        """Return the last checkpoint."""
        tree = self.store.latest()
        return Published(tree.size, tree.root, tree.note) if tree else None

    def vkeys(self) -> Sequence[str]:
        """Return every verifier key that ever signed, the one in use first."""
        return [verifier.vkey for verifier in reversed(self.keys.verifiers(CASES))]

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, as many as there are."""
        return self.store.tile(level, number)

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries first … end - 1."""
        return self.store.entries(first, end)

    def policy(self) -> str:
        """Return the policy without witnesses: whoever witnessed this log would learn how busy the office is."""
        return Policy().text

    def witnesses(self) -> Sequence[Looked]:
        """Return nobody."""
        return ()

    # -- A log needs somewhere to be published ---------------------------------------------

    def published(self) -> Published | None:
        """Return the last checkpoint: what is signed can be read."""
        return self.last()

    def publish(self, seen: int, tree: SignedTree, log: DurableLog) -> bool:
        """Publish nothing: it is done, and only a worker that saw an older checkpoint asks."""
        return False

    def show_witnesses(self, log: DurableLog) -> None:
        """Show nobody."""


@dataclass
class Logs:
    """Both logs, who follows the events for them, so that no command waits for their commits, and the seals."""

    register: Register
    public: Log
    cases: Log
    shelf: CaseShelf
    public_store: LogStore
    seals: Seals
    follower: Follower
    access: AccessLog
    stopping: bool = False
    """Whether the service ends: then no further day is sealed, and the next start catches up."""
    _followed: int = -1
    """Position up to which the logs hold every act that is no seal of ours."""

    def case_answers(self) -> LogAnswers:
        """Return what auditors may ask of the log of the cases."""
        return LogAnswers(self.shelf)

    def publish_seals(self, now: datetime) -> list[date]:
        """
        Publish the seals that are due and missing, recorded now; return the days.

        A seal covers every act of its day: the log is brought up to date before. Days missed while nothing ran are caught up, in their order.
        """
        due = self.days_due(now)
        return [day for day in due if not self.stopping and self._publish_seal(day, now, last_of_several=day == due[-1] != due[0])]

    def days_due(self, now: datetime) -> list[date]:
        """Return the days whose seal is due and missing."""
        last, created = self.register.registry.sealed_up_to, self.register.registry.created_on
        return list(days_due(last, created, now)) if created else []

    def _publish_seal(self, day: date, at: datetime, *, last_of_several: bool) -> bool:
        self._follow_acts(seals_too=last_of_several)
        # Commit point: its secrets are kept before the seal is published; after a crash between the two the same seal is published.
        made: Seal = self.seals.prepare(day)
        fact = SealPublished(day=made.day, commitment_hash=made.commitment_hash, day_tree_root_hash=made.day_tree_root_hash)
        try:
            self.register.registry.record(Command(REGISTER, SYSTEM, fact, at))
        except AlreadyInRegister:
            return False  # another process was faster, with the same seal
        if self.register.recorder.head() == self._followed + 1:
            self._followed += 1
        return True

    def _follow_acts(self, *, seals_too: bool) -> None:
        """
        Bring the logs up to date.

        When nothing but our own seals was recorded since, that is left out for all but the last of them: it is most of the work over many
        missed days. The last one vouches for what those before it say of the access log.
        """
        head = self.register.recorder.head()
        if head != self._followed or seals_too:
            self.follower.catch_up()
            self._followed = head

    def close(self) -> None:
        """Stop following and close the durable stores."""
        self.follower.stop()
        self.public.close()
        self.cases.close()
        self.access.close()


def open_logs(settings: Settings, register: Register) -> Logs:
    """
    Open the logs of a register; their origins are chosen, and their first keys made, when they are first opened.

    Raises: KeyRefused when a key is lost, damaged, or readable by others; PolicyRefused when the file of witnesses is not usable.
    """
    policy = _policy(settings, register)  # before anything is made
    keys = KeyFolder(default_folder(settings.database_url))
    public, public_signer = _opened(settings, register, PUBLIC, keys)
    cases, case_signer = _opened(settings, register, CASES, keys)
    shelf = CaseShelf(cases, keys)
    copy = PublicCopy(register.public.store, keys.verifiers(PUBLIC), policy)
    witnesses = Witnesses(public, policy, settings.witness_seconds)
    public_log = Log(public, one_by_one(public_leaf), public_signer, copy, witnesses=witnesses)
    access = AccessLog(AccessDatabase(settings.database_url))
    case_log = Log(cases, CaseLeaves(cases, access=access.head if access.is_created() else None), case_signer, shelf)
    seals = Seals(cases, SealsKept(cases))
    follower = Follower(register.recorder, [public_log, case_log], passing=PASSING)
    witnesses.after_keeping = follower.wake
    return Logs(register, public_log, case_log, shelf, public, seals, follower, access)


def _policy(settings: Settings, register: Register) -> Policy:
    with closing(LogStore(settings.database_url, PUBLIC)) as store:
        return read_policy(settings.witness_policy, _origin(settings, register, store))


def _origin(settings: Settings, register: Register, store: LogStore) -> str:
    """Return the origin that a log has, or will have."""
    return store.origin() or origin_of(settings.public_address, demonstration=register.demonstration, prefix=ADDRESSES[store.name])


def _opened(settings: Settings, register: Register, name: str, keys: KeyFolder) -> tuple[LogStore, Signer]:
    store = LogStore(settings.database_url, name)
    origin = store.choose_origin(_origin(settings, register, store))
    keys.refuse_lost(name, has_signed=store.latest() is not None)
    return store, keys.signer(name) if keys.exists(name) else keys.init(name, origin)
