"""The register's own record: its judgement settings (procedure section 14)."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from pydantic import WithJsonSchema

from domain import public
from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed
from domain.ids import Kind
from domain.law.settings import SWITCHES, Settings, applying
from domain.record import Act, Fact, Facts, History, decides
from domain.types import Day, Int, Sha256, Text


@dataclass(frozen=True, slots=True)
class Register(History):
    """What the register decided about itself."""


class JudgementSettingChanged(Fact):
    """A judgement switch was set from a day on; acts and rulings before it stand. Not public."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("register",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.LAW_OFFICER})
    AHEAD: ClassVar[frozenset[str]] = frozenset({"applies_from"})

    settings_version: Int
    switch: Annotated[Text, WithJsonSchema({"enum": list(SWITCHES)})]
    old_value: Text
    new_value: Text
    applies_from: Day
    reasons_hash: Sha256


class SealPublished(Fact, public.SealPublished):
    """The day's seal, at a fixed hour whether or not anything happened."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("register",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.SYSTEM})


@decides(SealPublished)
def publish_seal(register: Register, act: Act, fact: SealPublished) -> Facts:
    """
    Publish the seal of a day that is over: one for each day, in the order of days.

    Raises: Malformed for a day that is not over; AlreadyInRegister for a day that has a seal, or that a later seal has passed.
    """
    if fact.day >= act.day:
        raise Malformed("day", f"must be a day that is over; the day of recording is {act.day}")
    last = register.last(SealPublished)
    if last and fact.day <= last.fact.day:
        raise AlreadyInRegister(f"The seals are published up to {last.fact.day}.")
    return (fact,)


class MaterialWithdrawn(Fact, public.MaterialWithdrawn):
    """Something was taken out of public view."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("register",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.PUBLICATION_OFFICER})


def settings_on(register: Register, day: date) -> Settings:
    """Return the readings in force on a day, with the version of the last change among them."""
    recorded = [e.fact for e in register.of(JudgementSettingChanged)]
    version = max((fact.settings_version for fact in recorded if fact.applies_from <= day), default=1)
    changes = tuple((fact.applies_from, fact.switch, fact.new_value) for fact in recorded)
    return Settings(version, applying(changes, day), changes)


@decides(JudgementSettingChanged)
def change_setting(register: Register, act: Act, fact: JudgementSettingChanged) -> Facts:
    """
    Record a change of a judgement switch.

    Raises: Malformed for an unknown switch or reading, or a value that is not the one in force; AlreadyInRegister for a version that exists.
    """
    switch = SWITCHES.get(fact.switch)
    if switch is None:
        raise Malformed("switch", f"must be one of {', '.join(SWITCHES)}")
    if not switch.admits(fact.new_value):
        readings = " or ".join((switch.default, *switch.others)) if switch.others else "a whole number"
        raise Malformed("new_value", f"must be {readings}")
    stands = settings_on(register, max(fact.applies_from, act.day))[fact.switch]
    if fact.old_value != stands:
        raise Malformed("old_value", f"must be the reading in force, {stands}")
    last = max((e.fact.settings_version for e in register.of(JudgementSettingChanged)), default=1)
    if fact.settings_version <= last:
        raise AlreadyInRegister(f"The settings are at version {last}; the next one is {last + 1}.")
    return (fact,)
