"""
Content to measure with: invented models, each with a story that the law allows, in the order of time.

Ten models make a block: eight are listed (six as presumed, one of them under a second name later, one as designated), one was cleared, one argues.
A block has 120 events, or 200 when the listed models also leave the market and return. Same numbers in, same content out.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID, uuid5

from domain.actors import Actor, Role
from domain.events import EVENTS
from domain.ids import STREAMS, Stream
from domain.record import Fact
from domain.types import ALL_POINTS

FIRST_DAY = date(2025, 9, 1)
DAYS_OF_OPENING = 300  # the models are opened evenly over these days
MODELS_IN_A_BLOCK = 10
EVENTS_IN_A_BLOCK = {False: 120, True: 200}
KINDS = ("PRESUMED", "RENAMED", "PRESUMED", "DESIGNATED", "PRESUMED", "CLEARED", "PRESUMED", "ARGUES", "PRESUMED", "PRESUMED")
COUNTRIES = ("FR", "DE", "NL", "IE", "SE", "FI", "US", "CA", "JP", "GB")
FIRST = ("Vel", "Tor", "Mira", "Quan", "Osto", "Pel", "Ara", "Ny", "Kes", "Lumo", "Fen", "Dro", "Sali", "Ume", "Hal", "Bri")
SECOND = ("tra", "nix", "dor", "lune", "vane", "mar", "sol", "wick", "phar", "ton", "rell", "gis", "quar", "zen", "bel", "mont")
SIZES = ("Base", "Large", "Pro", "Ultra", "Open", "Edge")

OFFICER = Actor(uuid5(STREAMS, "bench:officer"), Role.CASE_OFFICER)
DECIDES = Actor(uuid5(STREAMS, "bench:decides"), Role.DECISION_OFFICER)
PUBLISHES = Actor(uuid5(STREAMS, "bench:publishes"), Role.PUBLICATION_OFFICER)


@dataclass(frozen=True, slots=True)
class Step:
    """One act on one stream, as somebody asks for it; what the register adds to it is not in here."""

    at: datetime
    stream: Stream
    actor: Actor
    fact: Fact


def steps(models: int, *, long: bool = False) -> Iterator[Step]:
    """Return the acts of all models in the order of time; `long` lets the listed ones leave the market and return."""
    stories = (story(number, FIRST_DAY + timedelta(days=number * DAYS_OF_OPENING // models), long=long) for number in range(models))
    return heapq.merge(*stories, key=lambda step: step.at)


def story(number: int, opened_on: date, *, long: bool) -> Iterator[Step]:
    """Return the acts about one model."""
    kind = KINDS[number % MODELS_IN_A_BLOCK]
    teller = Teller(number, opened_on)
    yield from teller.begun()
    yield from {"DESIGNATED": teller.designated, "CLEARED": teller.cleared, "ARGUES": teller.argued}.get(kind, teller.presumed)()
    if kind in ("CLEARED", "ARGUES"):
        return
    yield from teller.listed()
    if kind == "RENAMED":
        yield from teller.renamed()
    if long:
        yield from teller.left_and_returned()


class Teller:
    """Tells the story of one model; every act has a day of its own, counted from the opening."""

    def __init__(self, number: int, opened_on: date) -> None:
        self._random = Random(number)
        self._opened_on = opened_on
        self.case_id = UUID(int=self._random.getrandbits(128), version=4)
        self.provider = number % 397  # a prime, so that providers and kinds do not march in step
        self.provider_ref = uuid5(STREAMS, f"bench:provider:{self.provider}")
        self.country = COUNTRIES[self.provider % len(COUNTRIES)]
        self.name = f"{_pick(number)} {1 + number % 9} {SIZES[number % len(SIZES)]} {number}"
        self.provider_name = f"{_pick(self.provider * 31)} {('Systems', 'AI', 'Research', 'Labs')[self.provider % 4]} {self.provider}"
        self.content: dict[str, Any] = {}

    def on(self, day: int) -> date:
        return self._opened_on + timedelta(days=day)

    def at(self, day: int) -> datetime:
        return datetime(self.on(day).year, self.on(day).month, self.on(day).day, 10, tzinfo=UTC)

    def hash_of(self, what: str) -> str:
        return sha256(f"{self.case_id}:{what}".encode()).hexdigest()

    def id_of(self, what: str) -> UUID:
        return uuid5(self.case_id, what)

    def step(self, day: int, fact: Fact, actor: Actor = OFFICER, kind: str = "case") -> Step:
        return Step(self.at(day), Stream(kind, str(self.case_id)), actor, fact)  # type: ignore[arg-type]

    # -- Acts ---------------------------------------------------------------------

    def begun(self) -> Iterator[Step]:
        yield self.step(0, fact("ModelCaseOpened", lineage_key=f"bench {self.name}", internal_name=self.name, modalities=("text",)))
        yield self.step(0, fact("ProviderIdentified",
            provider_ref=self.provider_ref, provider_kind="LEGAL_PERSON", legal_name=self.provider_name, country=self.country,
            in_union=self.country not in ("US", "CA", "JP", "GB"), from_on=self.on(0),
        ))  # fmt: skip
        yield self.step(1, fact("ModelPlacedOnUnionMarket", on=self.on(1), manner="API", marketed_names=(self.name,)))

    def presumed(self, *, arguments: bool = False) -> Iterator[Step]:
        flop = Decimal(10**25) + Decimal(self._random.randrange(1, 10**6)) * 10**19
        yield self.step(2, fact("ThresholdMet", on=self.on(2), compute_flop=flop, threshold_version=1, source="PROVIDER", kind="COMPUTE"))
        yield self.step(9, fact("NotificationReceived",
            received_at=self.at(9), provider_ref=self.provider_ref, filer_ref=self.provider_ref, filer_role="PROVIDER", channel="EU_SEND",
            submission_id=self.id_of("notice"), trigger="MET", trigger_on=self.on(2), estimate_flop=flop, estimate_method="HARDWARE",
            method_description_hash=self.hash_of("method"), arguments_included=arguments,
        ))  # fmt: skip

    def argued(self) -> Iterator[Step]:
        yield from self.presumed(arguments=True)
        yield self.step(9, fact("ArgumentsReceived",
            submission_id=self.id_of("notice"), received_at=self.at(9), claims=("NO_HIGH_IMPACT_CAPABILITIES",), capabilities="ACHIEVED",
            relies_on_mitigations=False, documents=(self.hash_of("evidence"),),
        ))  # fmt: skip

    def cleared(self) -> Iterator[Step]:
        yield from self.argued()
        decision = self._decision("acceptance", "52(3)", 40)
        yield self.step(40, fact("ArgumentsAccepted",
            **decision, submission_id=self.id_of("notice"), facts_relied_on=("Results of the evaluation",), renotification_clause=True,
        ), DECIDES)  # fmt: skip
        yield self._notified("acceptance", 42)

    def designated(self) -> Iterator[Step]:
        hearing = self.id_of("hearing")
        yield self.step(5, fact("DraftDecisionCommunicated",
            hearing_id=hearing, draft_act="DESIGNATION_52_4", provider_ref=self.provider_ref, draft_hash=self.hash_of("draft"),
            received_by_provider_at=self.at(5), comment_until=self.on(26),
        ))  # fmt: skip
        yield self.step(12, fact("ProviderHeard", hearing_id=hearing, at=self.at(12), form="WRITTEN", document_hash=self.hash_of("answer")))
        decision = self._decision("designation", "52(4)", 30)
        yield self.step(30, fact("ModelDesignatedUnder52_4",
            **decision, hearing_id=hearing, origin="EX_OFFICIO", annex_xiii_version=1, points_considered=ALL_POINTS,
            points_not_available=("g",), findings_hash=self.hash_of("findings"),
        ), DECIDES)  # fmt: skip
        yield self._notified("designation", 33)
        self.content = {"public_grounds": ("52(4)",), "decision_ref": decision["commission_ref"], "decision_date": self.on(30)}

    def listed(self) -> Iterator[Step]:
        given = {"public_grounds": ("51(1)(a)",), **self.content}
        self.content = {"marketed_names": (self.name,), "provider_name": self.provider_name, "provider_country": self.country, **given}
        yield self._proposed(35)
        yield self._change("ListEntryPublished", "listed_on", 70)

    def renamed(self) -> Iterator[Step]:
        name = f"{self.name} Next"
        self.content["marketed_names"] = (self.name, name)
        yield self.step(80, fact("MarketedNameAdded", marketed_name=name, on=self.on(80)))
        yield self._proposed(81)
        yield self._change("ListEntryUpdated", "updated_on", 116)

    def left_and_returned(self) -> Iterator[Step]:
        yield self.step(120, fact("ModelWithdrawnFromUnionMarket", on=self.on(120), requested_by_commission=False, copies_remain_in_use=True))
        self.content["note"] = "OFF_MARKET"
        yield self._change("ListEntryUpdated", "updated_on", 123)
        yield self.step(130, fact("ModelReturnedToUnionMarket", on=self.on(130)))
        del self.content["note"]
        yield self._change("ListEntryUpdated", "updated_on", 133)

    # -- Parts --------------------------------------------------------------------

    def _decision(self, what: str, basis: str, day: int) -> dict[str, Any]:
        return {
            "decision_id": self.id_of(what), "legal_basis": basis, "commission_ref": f"C(2026) {self.name}", "adopted_on": self.on(day),
            "addressees": (self.provider_ref,), "reasons_hash": self.hash_of("reasons"), "authentic_language": "en",
            "signatory_ref": uuid5(STREAMS, "bench:signatory"), "drafted_by_ref": OFFICER.ref, "remedies_stated": True,
        }  # fmt: skip

    def _notified(self, what: str, day: int) -> Step:
        return self.step(day, fact("DecisionNotified",
            decision_id=self.id_of(what), addressee=self.provider_ref, at=self.at(day), means="EU_SEND", proof_hash=self.hash_of("proof"),
        ))  # fmt: skip

    def _proposed(self, day: int) -> Step:
        proposed = fact("PublicationContentProposed", **self.content, case_id=self.case_id, proposed_at=self.at(day))
        return self.step(day, proposed, PUBLISHES, "publication")

    def _change(self, name: str, dated: str, day: int) -> Step:
        """Change the list; whoever records it puts in the number of the entry."""
        return self.step(day, fact(name, **self.content, list_id="1", **{dated: self.on(day)}), PUBLISHES, "entry")


def fact(name: str, **fields: Any) -> Fact:
    """Return a fact by the name of its event."""
    return EVENTS[name](**fields)


def _pick(number: int) -> str:
    return FIRST[number % len(FIRST)] + SECOND[number // len(FIRST) % len(SECOND)]
