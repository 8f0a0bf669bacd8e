"""
Which Articles bind the provider of a model on a day, since when, and because of which ground.

The provisions are dated data, handed in. A view: nothing is recorded by it, and it never says whether an obligation is met.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from domain.assessment.outcome import lacking
from domain.law.periods import in_words, legal_day, start_of
from domain.law.provisions import CHAPTER_V, LEGACY_TERM, Law, Span, join
from domain.model_case.case import ModelCase, decision_of
from domain.model_case.decision import DecisionNotified
from domain.model_case.effects import case_facts
from domain.model_case.follow_up import OpenSourceReleaseRecorded
from domain.model_case.identity import placed_on
from domain.model_case.provider import ProviderChange, ProviderIdentified, is_provider, lines_of_providers
from domain.status import CaseFacts, Decision, Ground, Outcome, grounds
from domain.types import Day, Int, Payload, Text

# -- The provisions, as dated data ---------------------------------------------------


class Provision(Payload):
    """One provision that binds providers."""

    article: Text
    binds: Literal["GENERAL_PURPOSE", "SYSTEMIC_RISK"]
    third_country_only: bool = False
    open_source_exempt: bool = False
    text: Text


class Catalogue(Payload):
    """The provisions that apply from a day on, with their source."""

    version: Int
    applies_from: Day
    last_checked: Day
    source: Text
    obligations: tuple[Provision, ...]


def read_catalogues(data: Mapping[str, Any]) -> tuple[Catalogue, ...]:
    """Read every version from the data that ship with the program."""
    return tuple(Catalogue.model_validate(each) for each in data["catalogues"])


def catalogue_on(catalogues: Sequence[Catalogue], day: date) -> Catalogue | None:
    """Return the version that applies on a day; nothing before Chapter V."""
    applying = [each for each in catalogues if each.applies_from <= day]
    return max(applying, key=lambda each: (each.applies_from, each.version), default=None)


# -- What binds ----------------------------------------------------------------------

GROUND_ARTICLES = {Ground.PRESUMED: "51(1)(a)", Ground.DECLARED: "51(1)(a), 52(1)", Ground.DESIGNATED: "51(1)(b), 52(4)"}
DEFERRAL = "111(3)"


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What decides, beside the grounds, which provisions bind a provider."""

    provider_since: date | None = None
    in_union: bool | None = None
    placed_on: date | None = None
    open_source_since: date | None = None
    """Day of a release that meets Articles 53(2) and 54(6)."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """
    A provision that binds on the day asked for.

    `because` are the grounds it rests on, none where it binds every provider. `deferred_until`: Article 111(3). `suspended`: by order of the Court.
    """

    article: str
    text: str
    from_day: date
    because: tuple[Ground, ...]
    reason: str
    deferred_until: date | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class _Classified:
    """Since when a model is classified without a break, on which grounds active at the moment, and whether the Court suspends them all."""

    since: date
    grounds: tuple[Ground, ...]
    suspended: bool


def end_of(day: date) -> datetime:
    """Return the last moment of a day in Brussels: what a bare day means."""
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def obligations(
    spans: Mapping[Ground, Sequence[Span]], facts: ProviderFacts, day: date, catalogue: Catalogue, suspended: Collection[Ground] = ()
) -> list[Obligation]:
    """
    Return what binds a provider at the end of a day.

    Law: Articles 53 to 55, 111(3), 113(b); Guidelines 2.3.1 and section 4. `suspended` are grounds whose act the Court suspends on that day.
    """
    classified = _classification(spans, end_of(day), suspended)
    found = (_binding(provision, facts, day, classified, catalogue) for provision in catalogue.obligations)
    return [_deferred(each, facts, day) for each in found if each and each.from_day <= day]


def _classification(spans: Mapping[Ground, Sequence[Span]], at: datetime, suspended: Collection[Ground]) -> _Classified | None:
    active = tuple(ground for ground in Ground if any(begin <= at < end for begin, end in spans.get(ground, ())))
    whole = next((span for span in join(span for each in spans.values() for span in each) if span[0] <= at < span[1]), None)
    return _Classified(legal_day(whole[0]), active, all(ground in suspended for ground in active)) if whole else None


def _binding(provision: Provision, facts: ProviderFacts, day: date, classified: _Classified | None, catalogue: Catalogue) -> Obligation | None:
    earliest = max(catalogue.applies_from, facts.provider_since or catalogue.applies_from)
    if provision.binds == "SYSTEMIC_RISK":
        return _because_classified(provision, earliest, classified)
    if facts.placed_on is None or (provision.third_country_only and facts.in_union is not False):
        return None
    since = max(earliest, facts.placed_on)
    if provision.open_source_exempt and facts.open_source_since is not None and facts.open_source_since <= day:
        return _not_exempt(provision, since, facts.open_source_since, classified)
    return Obligation(provision.article, provision.text, since, (), f"The model was placed on the Union market on {in_words(facts.placed_on)}.")


def _not_exempt(provision: Provision, since: date, released: date, classified: _Classified | None) -> Obligation | None:
    """Return what binds the provider of an open-source model because it is classified; a release after classification never exempted it."""
    found = _because_classified(provision, since, classified)
    if found is None or classified is None:
        return None
    words = f"{found.reason} The exemption for open-source models does not apply (Articles 53(2), 54(6))."
    return replace(found, from_day=found.from_day if released < classified.since else since, reason=words)


def _because_classified(provision: Provision, earliest: date, classified: _Classified | None) -> Obligation | None:
    if classified is None:
        return None
    named = "; ".join(f"{ground}, Article {GROUND_ARTICLES[ground]}" for ground in classified.grounds)
    words = f"The model has been classified since {in_words(classified.since)} ({named})."
    if classified.suspended:
        words += " The Court has suspended the act (Articles 278 and 279 TFEU)."
    since = max(earliest, classified.since)
    return Obligation(provision.article, provision.text, since, classified.grounds, words, suspended=classified.suspended)


def _deferred(obligation: Obligation, facts: ProviderFacts, day: date) -> Obligation:
    """Mark what a provider of a legacy model has until 2 August 2027 to comply with (Article 111(3))."""
    if facts.placed_on is None or facts.placed_on >= CHAPTER_V or day > LEGACY_TERM:
        return obligation
    words = f" Steps to comply are to be taken by {in_words(LEGACY_TERM)} (Article {DEFERRAL})."
    return replace(obligation, deferred_until=LEGACY_TERM, reason=obligation.reason + words)


# -- Of a case -----------------------------------------------------------------------

DESIGNATIONS: Mapping[Outcome, Ground] = {"DESIGNATION_52_1": Ground.DECLARED, "DESIGNATION_52_4": Ground.DESIGNATED}


def obligations_of(case: ModelCase, law: Law, provider_ref: UUID, day: date, catalogue: Catalogue) -> list[Obligation]:
    """
    Return what binds one provider of a case at the end of a day; nothing for somebody who is no provider then.

    A decision works against each provider from when that provider is informed: an acceptance ends its duties then, even where the ground of the model
    ended earlier by informing another (procedure 7.4). Hand in the case and the law as known.
    """
    if not is_provider(case, provider_ref, day):
        return []
    facts = facts_for(case, law, provider_ref)
    spans = grounds(facts, law).spans
    return obligations(spans, provider_facts(case, provider_ref, day), day, catalogue, suspended_grounds(facts, end_of(day)))


def suspended_grounds(facts: CaseFacts, at: datetime) -> frozenset[Ground]:
    """Return the grounds that rest on an act suspended by the Court at a moment; the presumption rests on none."""
    return frozenset(
        DESIGNATIONS[d.outcome] for d in facts.decisions if d.outcome in DESIGNATIONS and any(begin <= at < end for begin, end in d.suspended)
    )


def provider_facts(case: ModelCase, provider_ref: UUID, day: date) -> ProviderFacts:
    """Return what the case says of one provider and of the model."""
    identified = [e.fact for e in case.of(ProviderIdentified) if e.fact.provider_ref == provider_ref]
    took_over = [e.fact.effective_on for e in case.all(ProviderChange) if e.fact.provider_ref == provider_ref and e.fact.effective_on <= day]
    since = max(took_over, default=identified[-1].from_on if identified else None)
    in_union = identified[-1].in_union if identified else None
    return ProviderFacts(since, in_union, placed_on(case), _open_source_since(case, day))


def _open_source_since(case: ModelCase, day: date) -> date | None:
    """Return since when the model's release exempts, as last recorded; one that no longer does ends it."""
    since: date | None = None
    for release in sorted((e.fact for e in case.of(OpenSourceReleaseRecorded) if e.fact.on <= day), key=lambda fact: fact.on):
        since = None if lacking(release) else since or release.on
    return since


def facts_for(case: ModelCase, law: Law, provider_ref: UUID) -> CaseFacts:
    """Return the facts of a case as they work for one provider: each decision from when it, or whom it took over from, was informed."""
    facts = case_facts(case, law)
    line = next((line for line in lines_of_providers(case) if provider_ref in line), None)
    if line is None:
        return facts
    return replace(facts, decisions=tuple(_as_informed(case, decision, line) for decision in facts.decisions))


def _as_informed(case: ModelCase, decision: Decision, line: Sequence[UUID]) -> Decision:
    adopted = decision_of(case, decision.id)
    addressed = adopted is not None and any(ref in line for ref in adopted.fact.addressees)
    # Who is not addressed stands as the model does; but only who is informed of an acceptance is relieved by it.
    if not addressed and decision.outcome != "ACCEPTANCE":
        return decision
    return replace(decision, informed_at=min(_informing(case, decision.id, line), default=None))


def _informing(case: ModelCase, decision_id: UUID, line: Sequence[UUID]) -> Iterator[datetime]:
    for notified in (e.fact for e in case.of(DecisionNotified) if e.fact.decision_id == decision_id and e.fact.addressee in line):
        if is_provider(case, notified.addressee, legal_day(notified.at)):
            yield notified.at
