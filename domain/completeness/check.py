"""Checking a form against what is looked for in it, item by item: Article 52(1) to (3); Guidelines 2.3.2, 2.3.3 and annex."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import model_validator

from domain import compute
from domain.completeness.form import NotificationForm, answer
from domain.types import Component, Day, Int, Payload, Text


class Level(StrEnum):
    """Why something is looked for. The levels are never added up."""

    REQUIRED_BY_LAW = "REQUIRED_BY_LAW"
    EXPECTED = "EXPECTED"
    GOOD_PRACTICE = "GOOD_PRACTICE"


LEVELS: Mapping[Level, str] = {
    Level.REQUIRED_BY_LAW: "Required by law",
    Level.EXPECTED: "Expected by the Guidelines",
    Level.GOOD_PRACTICE: "Good practice",
}
"""The levels as people read them."""
When = Literal["ANOTHER_FILES", "REPRESENTATIVE", "DOWNSTREAM", "WILL_BE_MET", "ARGUMENTS"]
WHEN: Mapping[When, Callable[[NotificationForm], bool]] = {
    "ANOTHER_FILES": lambda form: form.filer.role not in (None, "PROVIDER"),
    "REPRESENTATIVE": lambda form: form.filer.role == "AUTHORISED_REPRESENTATIVE",
    "DOWNSTREAM": lambda form: form.trigger.trigger == "DOWNSTREAM_MODIFICATION",
    "WILL_BE_MET": lambda form: form.trigger.trigger == "WILL_BE_MET",
    "ARGUMENTS": lambda form: bool(form.arguments.claims),
}
"""When a field is looked for only in some notifications."""

# -- What is looked for, as dated data -------------------------------------------------


class PartLabel(Payload):
    """A part of the form, as people read it."""

    key: Text
    label: Text
    help: Text | None = None


class Expectation(Payload):
    """A field of the form: how it is labelled, and, if it is looked for, on which level, from which source, and what to say when it is missing."""

    field: Text
    label: Text
    help: Text | None = None
    level: Level | None = None
    source: Text | None = None
    missing: Text | None = None
    when: When | None = None
    instead: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _with_source(self) -> "Expectation":
        if (self.level is None) != (self.source is None):
            raise ValueError("what is looked for names its level and its source")
        return self


class Remark(Payload):
    """Something about an answer that an officer should look at, or that makes it none."""

    name: Text
    field: Text
    level: Level
    source: Text
    state: Literal["MISSING", "LOOK_AT"] = "LOOK_AT"
    sentence: Text | None = None


class Expectations(Payload):
    """Everything that is looked for in a notification, in one version."""

    version: Int
    last_checked: Day
    parts: tuple[PartLabel, ...]
    fields: tuple[Expectation, ...]
    remarks: tuple[Remark, ...]

    def label(self, path: str) -> str:
        """Return how a field is labelled."""
        return next((each.label for each in self.fields if each.field == path), path)


# -- The check -------------------------------------------------------------------------


class Finding(Payload):
    """What was found of one thing that is looked for."""

    level: Level
    field: Text
    label: Text
    state: Literal["GIVEN", "MISSING", "LOOK_AT"]
    source: Text
    sentence: Text | None = None


class Check(Payload):
    """The findings on a form, by level in the order of the form."""

    expectations_version: Int
    findings: tuple[Finding, ...]

    def on(self, level: Level) -> tuple[Finding, ...]:
        """Return the findings of one level."""
        return tuple(each for each in self.findings if each.level is level)

    @property
    def lacks_by_law(self) -> bool:
        """Whether something that the law requires is missing."""
        return any(each.state == "MISSING" for each in self.on(Level.REQUIRED_BY_LAW))


def check(form: NotificationForm, expectations: Expectations, threshold: Decimal | None = None) -> Check:
    """
    Look for everything that applies to this notification; `threshold` in FLOP is the one in force on the day of the trigger.

    Law: Article 52(1), second sentence; Article 52(2); Guidelines 2.3.2, 2.3.3.
    """
    fields = [_finding(form, each) for each in expectations.fields if each.level and (each.when is None or WHEN[each.when](form))]
    remarks = [_remarked(expectations, *said) for said in _remarks(form, threshold)]
    return Check(expectations_version=expectations.version, findings=(*fields, *remarks))


def _finding(form: NotificationForm, looked_for: Expectation) -> Finding:
    given = any(answer(form, path) is not None for path in (looked_for.field, *looked_for.instead))
    return Finding(
        level=looked_for.level or Level.GOOD_PRACTICE,
        field=looked_for.field,
        label=looked_for.label,
        state="GIVEN" if given else "MISSING",
        source=looked_for.source or "",
        sentence=None if given else looked_for.missing,
    )


def _remarked(expectations: Expectations, name: str, sentence: str | None) -> Finding:
    remark = next(each for each in expectations.remarks if each.name == name)
    return Finding(
        level=remark.level,
        field=remark.field,
        label=expectations.label(remark.field),
        state=remark.state,
        source=remark.source,
        sentence=sentence or remark.sentence,
    )


# -- Remarks ---------------------------------------------------------------------------

Said = tuple[str, str | None]
"""The name of a remark, and its sentence unless the expectations have it."""


def _remarks(form: NotificationForm, threshold: Decimal | None) -> Iterator[Said]:
    yield from _on_the_mandate(form)
    yield from _on_the_modification(form)
    yield from _on_the_figure(form, threshold)
    yield from _on_the_arguments(form)


def _on_the_mandate(form: NotificationForm) -> Iterator[Said]:
    scope = form.filer.mandate_scope
    if WHEN["REPRESENTATIVE"](form) and scope and not {"ARTICLE_52", "ALL"} & set(scope):
        yield "MANDATE_DOES_NOT_COVER", None


def _on_the_modification(form: NotificationForm) -> Iterator[Said]:
    modification, original = form.trigger.modification_flop, form.trigger.original_flop
    if modification is not None and original is not None and not compute.exceeds_one_third(modification, original):
        yield "NOT_MORE_THAN_A_THIRD", None


def _on_the_figure(form: NotificationForm, threshold: Decimal | None) -> Iterator[Said]:
    stages = stages_of(form)
    estimate = form.estimate.estimate_flop
    if estimate is not None:
        # The figure itself is looked at as if it were one component: that is what the provider reports.
        whole = (Component(kind="PRETRAINING", flop=estimate, counted=True),)
        margin, reported = form.estimate.error_margin_pct, form.estimate.estimate_reported
        report = compute.total(whole, margin=margin, reported=reported, threshold=threshold, trigger=form.trigger.trigger)
        yield from ((warning.concern, warning.sentence) for warning in report.warnings)
    if stages:
        report = compute.total(stages)
        yield from ((warning.concern, warning.sentence) for warning in report.warnings)
        if estimate is not None and report.estimate != estimate:
            yield "COMPONENTS_DIFFER", f"The counted components add up to {report.estimate:f} FLOP, not to the figure of {estimate:f}."


def stages_of(form: NotificationForm) -> tuple[compute.Stage, ...]:
    """Return the components as the calculator takes them: what is not stated follows the Guidelines."""
    return tuple(compute.Stage.model_validate(each.model_dump(exclude_none=True)) for each in form.estimate.components)


def _on_the_arguments(form: NotificationForm) -> Iterator[Said]:
    if form.arguments.relies_on_mitigations:
        yield "MITIGATIONS", None
    listed = {each.sha256 for each in form.documents}
    for number, claim in enumerate(form.arguments.claims, start=1):
        if not claim.documents:
            yield "CLAIM_WITHOUT_EVIDENCE", f"Claim {number} names no document it rests on; the burden of evidence is on the provider."
        if not listed.issuperset(claim.documents):
            yield "EVIDENCE_NOT_LISTED", f"Claim {number} names a document that is not listed among the documents sent with the form."
