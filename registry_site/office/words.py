"""Words of the office for what the record names in capitals."""

from datetime import datetime
from typing import Any

from domain.actors import Actor, Role
from domain.law.periods import BRUSSELS

ROLES = {
    Role.PROVIDER: "Provider",
    Role.AUTHORISED_REPRESENTATIVE: "Authorised representative",
    Role.CASE_OFFICER: "Case officer",
    Role.DECISION_OFFICER: "Decision officer",
    Role.LAW_OFFICER: "Law officer",
    Role.PANEL: "Scientific panel",
    Role.PUBLICATION_OFFICER: "Publication officer",
    Role.AUDITOR: "Auditor",
}
SHOWN_DIGITS = 8


def role_name(role: Role) -> str:
    """Name a role."""
    return ROLES[role]


def reference(actor: Actor) -> str:
    """Return the beginning of an actor's reference: enough to tell colleagues apart, and no name."""
    return str(actor.ref)[:SHOWN_DIGITS]


def clock_time(moment: datetime) -> str:
    """Write the time of day in Brussels."""
    return moment.astimezone(BRUSSELS).strftime("%H:%M")


WORDS: dict[str, Any] = {"role_name": role_name, "reference": reference, "clock_time": clock_time}
"""What templates may call."""
