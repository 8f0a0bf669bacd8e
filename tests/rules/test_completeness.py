"""The completeness of a notification: three levels, kept apart, each finding with its source."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.notification_form.writing import load_expectations
from api.schemas import DIGEST, EXAMPLE
from domain import compute
from domain.completeness.check import LEVELS, WHEN, Check, Expectation, Level, check
from domain.completeness.filing import arguments_of, documents_of, notification_fields
from domain.completeness.form import NotificationForm, leaves
from domain.errors import Malformed
from domain.model_case.notification import NotificationReceived

EXPECTATIONS = load_expectations()
THRESHOLD = Decimal(10**25)
BLANK = NotificationForm(schema_version=1)
LISTS = {"estimate.components", "arguments.claims", "documents"}


def form(**changed: Mapping[str, Any]) -> NotificationForm:
    """The example form, some fields of some parts changed."""
    parts = {name: {**part, **changed.get(name, {})} if isinstance(part, dict) else part for name, part in EXAMPLE.items()}
    return NotificationForm.model_validate(parts)


def checked(given_form: NotificationForm = BLANK) -> Check:
    return check(given_form, EXPECTATIONS, THRESHOLD)


def missing(found: Check, level: Level) -> set[str]:
    return {each.field for each in found.on(level) if each.state == "MISSING"}


def remarks(given_form: NotificationForm) -> dict[str, str]:
    """The sentences of what should be looked at, by field."""
    return {each.field: each.sentence or "" for each in checked(given_form).findings if each.state == "LOOK_AT"}


# -- What is looked for --------------------------------------------------------------


def test_every_field_is_labelled_once_and_every_label_is_of_a_field() -> None:
    labelled = [each.field for each in EXPECTATIONS.fields]
    assert len(set(labelled)) == len(labelled)
    assert set(labelled) == {leaf.path for leaf in leaves()} | LISTS


def test_what_is_looked_for_names_its_source_and_what_to_say() -> None:
    for each in EXPECTATIONS.fields:
        assert (each.level is None) == (each.source is None)
        assert each.level is None or each.missing or each.field.startswith("documentation.")
        assert set(each.instead) <= {leaf.path for leaf in leaves()}
    with pytest.raises(ValidationError, match="level and its source"):
        Expectation.model_validate({"field": "x", "label": "X", "level": "EXPECTED"})


def test_the_model_documentation_form_is_good_practice() -> None:
    documented = [each for each in EXPECTATIONS.fields if each.field.startswith("documentation.")]
    assert len(documented) == 36
    assert {each.level for each in documented} == {Level.GOOD_PRACTICE}


def test_every_warning_of_the_calculator_has_its_level() -> None:
    assert set(compute.CONCERNS) <= {each.name for each in EXPECTATIONS.remarks}
    assert {each.when for each in EXPECTATIONS.fields if each.when} == set(WHEN)


@pytest.mark.parametrize("trigger", ["MET", "WILL_BE_MET", "DOWNSTREAM_MODIFICATION", None])
def test_a_field_of_one_trigger_is_looked_for_with_that_trigger_only(trigger: str | None) -> None:
    filled = form(trigger={"trigger": trigger})
    looked_for = {name for name in ("WILL_BE_MET", "DOWNSTREAM") if WHEN[name](filled)}  # type: ignore[index]
    assert looked_for == {"WILL_BE_MET": {"WILL_BE_MET"}, "DOWNSTREAM_MODIFICATION": {"DOWNSTREAM"}}.get(str(trigger), set())


# -- The three levels ----------------------------------------------------------------


def test_a_blank_form_lacks_what_the_law_requires() -> None:
    found = checked()
    assert found.lacks_by_law
    assert missing(found, Level.REQUIRED_BY_LAW) == {
        "provider.name", "filer.role", "model.name", "trigger.trigger", "trigger.trigger_on", "estimate.estimate_flop", "estimate.estimate_method",
    }  # fmt: skip


def test_the_example_lacks_nothing_by_law_and_something_else() -> None:
    found = checked(form())
    assert not found.lacks_by_law
    assert missing(found, Level.EXPECTED) == {
        "arguments.benchmarks", "arguments.architecture", "arguments.parameters", "arguments.training_examples", "arguments.data_curation",
        "arguments.training_techniques", "arguments.modalities", "arguments.tool_use", "arguments.context_length",
    }  # fmt: skip
    assert len(missing(found, Level.GOOD_PRACTICE)) > 20


BY_LAW = [
    ("provider", "name"), ("filer", "role"), ("model", "name"), ("trigger", "trigger"), ("trigger", "trigger_on"), ("estimate", "estimate_flop"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "name"), BY_LAW)
def test_each_thing_that_the_law_requires_is_missed(part: str, name: str) -> None:
    found = checked(form(**{part: {name: None}}))
    assert missing(found, Level.REQUIRED_BY_LAW) == {f"{part}.{name}"}
    (finding,) = [each for each in found.findings if each.state == "MISSING" and each.level is Level.REQUIRED_BY_LAW]
    assert "52(1)" in finding.source
    assert finding.sentence


@pytest.mark.parametrize(
    ("method", "described", "lacks"), [(None, None, True), ("OTHER", None, False), (None, "As follows.", False), ("HARDWARE", "As follows.", False)]
)
def test_a_method_is_named_or_described(method: str | None, described: str | None, lacks: bool) -> None:
    found = checked(form(estimate={"estimate_method": method, "method_description": described}))
    assert ("estimate.estimate_method" in missing(found, Level.REQUIRED_BY_LAW)) is lacks
    assert ("estimate.method_description" in missing(found, Level.EXPECTED)) is (described is None)


def test_somebody_who_files_for_the_provider_is_named_with_a_mandate_that_covers_it() -> None:
    assert "filer.name" in missing(checked(form(filer={"role": "LAWYER"})), Level.REQUIRED_BY_LAW)
    agent = {"role": "AUTHORISED_REPRESENTATIVE", "name": "Agent GmbH"}
    assert missing(checked(form(filer=agent)), Level.REQUIRED_BY_LAW) == {"filer.mandate_scope"}
    for scope, lacks in (["ARTICLES_53_55"], True), (["ARTICLE_52"], False), (["ALL"], False), (["ARTICLES_53_55", "ARTICLE_52"], False):
        assert checked(form(filer={**agent, "mandate_scope": scope})).lacks_by_law is lacks


def test_a_modification_is_shown_by_its_own_compute() -> None:
    modified = {"trigger": "DOWNSTREAM_MODIFICATION", "trigger_on": "2026-03-01"}
    assert missing(checked(form(trigger=modified)), Level.REQUIRED_BY_LAW) == {"trigger.modification_flop"}
    third = {**modified, "modification_flop": "3e24", "original_flop": "9e24"}
    assert "not greater than a third" in remarks(form(trigger=third))["trigger.modification_flop"]
    assert "trigger.modification_flop" not in remarks(form(trigger={**third, "modification_flop": "3000000000000000000000001"}))


def test_capabilities_are_expected_only_with_arguments() -> None:
    without = checked(form(arguments={"claims": []}))
    assert not any(each.field.startswith("arguments.") for each in without.on(Level.EXPECTED))
    assert missing(without, Level.EXPECTED) == set()


@pytest.mark.parametrize("name", ["estimate_reported", "approximations", "assumptions", "error_margin_pct", "components"])
def test_each_thing_that_the_guidelines_expect_is_missed_and_no_more(name: str) -> None:
    found = checked(form(estimate={name: () if name == "components" else None}, arguments={"claims": []}))
    assert missing(found, Level.EXPECTED) == {f"estimate.{name}"}
    assert not found.lacks_by_law


# -- What should be looked at ----------------------------------------------------------


@pytest.mark.parametrize(("flop", "voluntary"), [("1e25", True), ("10000000000000000000000001", False)])
def test_a_figure_not_above_the_threshold_is_a_voluntary_notice(flop: str, voluntary: bool) -> None:
    plain = form(estimate={"estimate_flop": flop, "estimate_reported": "1.0x10^25", "components": []})
    assert ("estimate.estimate_flop" in remarks(plain)) is voluntary
    assert not checked(plain).lacks_by_law


@pytest.mark.parametrize(("margin", "wide"), [("30", False), ("30.1", True)])
def test_an_error_margin_above_thirty_per_cent(margin: str, wide: bool) -> None:
    assert ("estimate.error_margin_pct" in remarks(form(estimate={"error_margin_pct": margin}))) is wide


@pytest.mark.parametrize(("reported", "differs"), [("1.1e25", False), ("1.1x10^25", False), ("1.2e25", True)])
def test_the_reported_figure_is_the_exact_one_in_two_significant_figures(reported: str, differs: bool) -> None:
    assert ("estimate.estimate_reported" in remarks(form(estimate={"estimate_reported": reported}))) is differs


def test_components_that_do_not_add_up_to_the_figure() -> None:
    assert "add up to 11300000000000000000000000 FLOP" in remarks(form(estimate={"estimate_flop": "1.14e25"}))["estimate.components"]
    assert remarks(form()) == {}


def test_mitigations_are_no_suitable_grounds() -> None:
    assert "not suitable grounds" in remarks(form(arguments={"relies_on_mitigations": True}))["arguments.relies_on_mitigations"]


def test_a_claim_rests_on_listed_documents() -> None:
    claim = {"claim": "OTHER_CHARACTERISTIC", "text": "So it is."}
    assert "Claim 1 names no document" in remarks(form(arguments={"claims": [claim]}))["arguments.claims"]
    assert "not listed" in remarks(form(arguments={"claims": [{**claim, "documents": ["0" * 64]}]}))["documents"]


parts = st.sampled_from([(leaf.path.split(".")) for leaf in leaves() if "." in leaf.path and "[]" not in leaf.path])


@given(st.lists(parts, max_size=12))
def test_nothing_ever_passes_judgement_or_raises(left_out: list[list[str]]) -> None:
    changed: dict[str, dict[str, Any]] = {}
    for part, name in left_out:
        several = any(leaf == (f"{part}.{name}", True) for leaf in leaves())
        changed.setdefault(part, {})[name] = () if several else None
    found = checked(form(**changed))
    said = " ".join(f"{each.label} {each.source} {each.sentence}" for each in found.findings).lower()
    assert not any(word in said for word in ("complian", "conform", "infring", "breach"))
    assert all(each.source for each in found.findings)
    assert set(LEVELS) == set(Level)


# -- From the form to events -----------------------------------------------------------


def test_the_receipt_says_what_the_form_says() -> None:
    stated = notification_fields(form(), b"as received")
    assert set(stated) <= set(NotificationReceived.model_fields)
    assert stated["estimate_flop"] == "11300000000000000000000000"
    assert (stated["filer_role"], stated["trigger"], stated["arguments_included"]) == ("PROVIDER", "MET", True)
    assert stated["documents"][1:] == (DIGEST,)
    assert set(documents_of(form(), b"as received")) >= {stated["documents"][0], stated["method_description_hash"]}


@pytest.mark.parametrize("path", ["filer.role", "trigger.trigger", "trigger.trigger_on"])
def test_what_the_event_cannot_do_without_is_named(path: str) -> None:
    part, name = path.split(".")
    with pytest.raises(Malformed, match=path):
        notification_fields(form(**{part: {name: None}}), b"")


def test_arguments_are_taken_item_by_item_or_not_at_all() -> None:
    found = arguments_of(form())
    assert found is not None
    assert [(each.text, [e.title for e in each.evidence]) for each in found.claims] == [
        ("It predicts protein structures only.", ["Benchmark results"])
    ]
    assert arguments_of(form(arguments={"claims": []})) is None
    with pytest.raises(Malformed, match="relies_on_mitigations"):
        arguments_of(form(arguments={"relies_on_mitigations": None}))
    assert not notification_fields(form(arguments={"claims": []}), b"")["arguments_included"]
