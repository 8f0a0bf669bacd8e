"""
What is done about the data of persons: recorded on every file that names them, then done in the vault.

The record comes first, because only it may refuse. Whoever is interrupted between the two does the same again: an erasure that is recorded is not
recorded twice, and `registry verify` names a person who is erased by the record and still in the vault.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from api.stores.vault import PersonalData, Vault
from domain.actors import Actor
from domain.corrections import PersonalDataErased, PersonalDataEvent, PersonalDataRectified, PersonalDataRestricted
from domain.errors import NotInRegister, TooBusy
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.persons import Retention
from domain.registry import Recorded, Registry
from projections.follower import Follower
from projections.office.questions import Office

PATIENCE = 10.0
"""Seconds in which the read models may catch up, which say what files name a person."""
Scope = Literal["CONTACT", "ALL"]


@dataclass(frozen=True, slots=True)
class Persons:
    """The rights of persons (Regulation (EU) 2018/1725, Articles 18 to 20), over the vault and the files that name them."""

    vault: Vault
    registry: Registry
    office: Office
    follower: Follower
    retention: Retention

    def rectify(self, ref: UUID, data: PersonalData, by: Actor, at: datetime, ground: str) -> Recorded | None:
        """
        Record that the data of a person were rectified, and do it.

        Law: Article 18. Refuses: R33. Raises: NotInRegister, KeyRefused.
        """
        self._must_be_kept(ref)
        recorded = self._record(PersonalDataRectified(person_ref=ref, on=legal_day(at), legal_ground=ground, scope="ALL"), by, at)
        self.vault.rectify(ref, data, at)
        return recorded

    def restrict(self, ref: UUID, by: Actor, at: datetime, ground: str) -> Recorded | None:
        """
        Record that the data of a person were restricted, and do it: they are kept, and shown to nobody.

        Law: Article 20. Refuses: R33. Raises: NotInRegister.
        """
        self._must_be_kept(ref)
        recorded = self._record(PersonalDataRestricted(person_ref=ref, on=legal_day(at), legal_ground=ground, scope="ALL"), by, at)
        self.vault.restrict(ref, at)
        return recorded

    def erase(self, ref: UUID, scope: Scope, by: Actor, at: datetime, ground: str) -> Recorded | None:
        """
        Record that the data of a person were erased, and destroy them: the contact details, or everything with the key.

        Law: Article 19. Refuses: R33. Raises: NotInRegister for somebody whom neither vault nor files know; Malformed while a file needs the person;
        StillOnDisk.
        """
        if ref not in self.vault.refs() and not self.files(ref):
            raise NotInRegister(f"neither the vault nor any file knows a person {ref}")
        recorded = self._record(PersonalDataErased(person_ref=ref, on=legal_day(at), legal_ground=ground, scope=scope), by, at)
        if scope == "ALL":
            self.vault.erase(ref)
        else:
            self.vault.forget_contact(ref, at)
        return recorded

    def files(self, ref: UUID) -> tuple[Stream, ...]:
        """
        Return the case files and alerts that name a person.

        Raises: TooBusy while the read models are behind: a file that names the person could be missing.
        """
        if not self.follower.wait_for(self.follower.source.head(), PATIENCE):
            raise TooBusy("The read models are behind, so nobody can tell yet which files name this person; try again.")
        return self.office.files_naming(ref)

    def _record(self, fact: PersonalDataEvent, by: Actor, at: datetime) -> Recorded | None:
        return self.registry.record_on_files(self.files(fact.person_ref), by, at, fact, self.retention)

    def _must_be_kept(self, ref: UUID) -> None:
        if ref not in self.vault.refs():
            raise NotInRegister(f"the vault has no person {ref}")
