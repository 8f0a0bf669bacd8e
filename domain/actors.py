"""Who acts: roles, and what a role may record (the table of roles stands with the events)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """A function in the procedure; what each may record is declared by every event."""

    PROVIDER = "PROVIDER"
    AUTHORISED_REPRESENTATIVE = "AUTHORISED_REPRESENTATIVE"
    CASE_OFFICER = "CASE_OFFICER"
    DECISION_OFFICER = "DECISION_OFFICER"
    LAW_OFFICER = "LAW_OFFICER"
    PANEL = "PANEL"
    PUBLICATION_OFFICER = "PUBLICATION_OFFICER"
    AUDITOR = "AUDITOR"
    PUBLIC = "PUBLIC"
    SYSTEM = "SYSTEM"


FILERS = frozenset({Role.CASE_OFFICER, Role.PROVIDER, Role.AUTHORISED_REPRESENTATIVE})
"""A filing is recorded by the filer itself, or by a case officer who names the filer."""
READS_EVERYTHING = frozenset({Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody in a role; `ref` is random and never a name."""

    ref: UUID
    role: Role
