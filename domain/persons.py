"""
Which persons the files still need, and until when: what stands against erasing their data (procedure section 12).

Events name persons by reference only. Erasing happens in the vault; this says when it may not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.corrections import PersonalDataErased, PersonalDataEvent
from domain.errors import Malformed
from domain.law.periods import first_day_after_months
from domain.model_case.case import ModelCase
from domain.model_case.closing import CaseClosed
from domain.model_case.provider import AuthorisedRepresentativeAppointed, MandateTerminated, ProviderIdentified, providers_on
from domain.qualified_alert import AlertClosed, AlertMeasuresLaunched
from domain.record import Act, History

LAW = "Regulation (EU) 2018/1725, Article 19(3)(b), (d), (e)"
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Retention:
    """How long files are kept after they were closed. The Act sets no period, so `source` names where this one comes from."""

    years: int
    source: str

    def ends_on(self, closed_on: date) -> date:
        """Return the first day on which a file need not be kept any more."""
        return first_day_after_months(closed_on, self.years * MONTHS).day


def refuse_erasure(history: History, act: Act, fact: PersonalDataEvent, retention: Retention) -> None:
    """
    Refuse to erase what a file still needs: contact details of somebody in a role; everything while the file is open, or kept.

    Law: Regulation (EU) 2018/1725, Articles 18, 19(3), 20(4); Article 78(2). Raises: Malformed, saying what to do instead.
    """
    if not isinstance(fact, PersonalDataErased):
        return
    if fact.scope == "CONTACT":
        if not history.is_closed and fact.person_ref in persons_in_role(history, act.day):
            raise Malformed("person_ref", f"is still a contact, a representative or a rapporteur in {history.stream}; rectify instead")
        return
    closed_on = closing_day(history)
    if closed_on is None:
        raise Malformed("scope", f"must be CONTACT while {history.stream} is open; else rectify or restrict ({LAW})")
    ends_on = retention.ends_on(closed_on)
    if act.day < ends_on:
        raise Malformed("scope", f"must be CONTACT before {ends_on}: {history.stream} is kept ({retention.source}); else rectify or restrict ({LAW})")


def is_erased(history: History, person_ref: UUID) -> bool:
    """Tell whether a file says already that all data of a person were erased."""
    return any(event.fact.person_ref == person_ref and event.fact.scope == "ALL" for event in history.of(PersonalDataErased))


def closing_day(history: History) -> date | None:
    """Return the day on which a file was closed; None while it is open."""
    closed = [event.fact.on for event in history.of(CaseClosed)] + [event.fact.on for event in history.of(AlertClosed)]
    return closed[-1] if history.is_closed else None


def persons_in_role(history: History, day: date) -> frozenset[UUID]:
    """Return the persons whom a file needs for a role that they hold on a day."""
    if isinstance(history, ModelCase):
        return frozenset([*_of_providers(history, day), *_representatives(history, day)])
    return _rapporteurs(history)


def _of_providers(case: ModelCase, day: date) -> Iterator[UUID]:
    last = {event.fact.provider_ref: event.fact for event in case.of(ProviderIdentified)}
    for ref in providers_on(case, day):
        fact = last.get(ref)
        yield from (person for person in (fact.person_ref, fact.contact_person_ref) if person) if fact else ()


def _representatives(case: ModelCase, day: date) -> Iterator[UUID]:
    for event in case.of(AuthorisedRepresentativeAppointed):
        ends = [ended.fact.on for ended in case.of(MandateTerminated) if ended.fact.representative_ref == event.fact.representative_ref]
        if event.fact.person_ref and not any(event.fact.from_on <= end <= day for end in ends):
            yield event.fact.person_ref


def _rapporteurs(alert: History) -> frozenset[UUID]:
    return frozenset(ref for event in alert.of(AlertMeasuresLaunched) for ref in (event.fact.rapporteur_ref, *event.fact.contributor_refs))
