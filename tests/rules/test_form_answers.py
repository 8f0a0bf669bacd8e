"""How the answers of the notification form are read: items filled in or left blank, limits, and what each says of one document and another."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from pydantic import ValidationError

from domain.assessment.documents import document_of
from domain.completeness.check import Expectation, Level, Remark, check
from domain.completeness.filing import arguments_of, documents_of, notification_fields
from domain.completeness.form import Leaf, NotificationForm, is_blank, leaves
from domain.errors import Malformed
from tests.rules.test_completeness import EXPECTATIONS, form

COMPONENT = {"kind": "PRETRAINING", "flop": "1e24"}
CLAIM = {"claim": "OTHER_CHARACTERISTIC", "text": "So it is."}
LISTED, UNLISTED = "1" * 64, "2" * 64


def remarks(**changed: Any) -> set[str]:
    """The fields of what should be looked at."""
    return {each.field for each in check(form(**changed), EXPECTATIONS, Decimal(10**25)).findings if each.state == "LOOK_AT"}


@pytest.mark.parametrize(("version", "read"), [(1, True), ("1", True), (True, False), (2, False), ("2", False)])
def test_the_version_of_the_form_is_one(version: object, read: bool) -> None:
    if read:
        assert NotificationForm.model_validate({"schema_version": version}).schema_version == 1
    else:
        with pytest.raises(ValidationError, match="schema_version"):
            NotificationForm.model_validate({"schema_version": version})


@pytest.mark.parametrize(
    ("item", "blank"),
    [({}, True), ({"kind": None, "documents": []}, True), ({"documents": ()}, True), ({"kind": "PRETRAINING", "flop": None}, False), (None, False)],
)
def test_an_item_is_blank_when_nothing_in_it_is_filled_in(item: object, blank: bool) -> None:
    assert is_blank(item) is blank


def test_blank_items_are_left_out_and_half_filled_ones_are_not_read() -> None:
    assert len(form(estimate={"components": [COMPONENT, {"kind": None, "flop": None}]}).estimate.components) == 1
    with pytest.raises(ValidationError, match="flop must be filled in, or the whole item left blank"):
        form(estimate={"components": [{"kind": "PRETRAINING"}]})
    with pytest.raises(ValidationError, match="kind and flop must be filled in"):
        form(estimate={"components": [{"counted": True}]})
    with pytest.raises(ValidationError, match=r"estimate\.components"):
        form(estimate={"components": "many"})


@pytest.mark.parametrize(("part", "name", "item"), [("estimate", "components", COMPONENT), ("model", "marketed_names", "Alpha")])
def test_a_list_has_at_most_two_hundred_items(part: str, name: str, item: object) -> None:
    most = form(**{part: {name: [item] * 200}})
    assert len(getattr(getattr(most, part), name)) == 200
    with pytest.raises(ValidationError, match="must have at most 200 items"):
        form(**{part: {name: [item] * 201}})


def test_every_field_of_the_form_is_found_with_whether_it_takes_several() -> None:
    found = set(leaves())
    assert {
        Leaf("schema_version", False), Leaf("model.name", False), Leaf("model.marketed_names", True), Leaf("filer.mandate_scope", True),
        Leaf("estimate.components[].flop", False), Leaf("arguments.claims[].documents", True), Leaf("documents[].sha256", False),
    } <= found  # fmt: skip
    assert {leaf.path.partition(".")[0].removesuffix("[]") for leaf in found} == set(NotificationForm.model_fields)


# -- Expectations --------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "source", "sound"), [(None, None, True), ("EXPECTED", "a", True), ("EXPECTED", None, False), (None, "a", False)])
def test_what_is_looked_for_has_its_source_and_nothing_else_has_one(level: str | None, source: str | None, sound: bool) -> None:
    data = {"field": "model.name", "label": "Name", "level": level and Level[level], "source": source}
    if sound:
        assert Expectation.model_validate(data).source == source
    else:
        with pytest.raises(ValidationError, match="names its level and its source"):
            Expectation.model_validate(data)


def test_a_remark_is_on_a_field_by_its_label() -> None:
    assert EXPECTATIONS.label("provider.name") == next(each.label for each in EXPECTATIONS.fields if each.field == "provider.name")
    assert EXPECTATIONS.label("provider.name") != EXPECTATIONS.label("model.name")
    assert EXPECTATIONS.label("no.field") == "no.field"
    assert {type(each) for each in EXPECTATIONS.remarks} == {Remark}


# -- What should be looked at -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "scope", "looked_at"),
    [
        ("AUTHORISED_REPRESENTATIVE", ["ARTICLES_53_55"], True),
        ("AUTHORISED_REPRESENTATIVE", ["ARTICLES_53_55", "ARTICLE_52"], False),
        ("AUTHORISED_REPRESENTATIVE", ["ALL"], False),
        ("AUTHORISED_REPRESENTATIVE", [], False),
        ("PROVIDER", ["ARTICLES_53_55"], False),
    ],
)
def test_a_mandate_covers_article_52(role: str, scope: list[str], looked_at: bool) -> None:
    """Law: Article 54(3)."""
    found = check(form(filer={"role": role, "mandate_scope": scope}), EXPECTATIONS).findings
    assert any("covers Articles 53 to 55 only" in str(each.sentence) for each in found) is looked_at


@pytest.mark.parametrize(
    ("modification", "original", "looked_at"),
    [("1e24", "3e24", True), ("1000000000000000000000001", "3e24", False), (None, "3e24", False), ("1e24", None, False)],
)
def test_a_modification_is_more_than_a_third_of_the_original(modification: str | None, original: str | None, looked_at: bool) -> None:
    """Law: Guidelines 3.2."""
    found = remarks(trigger={"modification_flop": modification, "original_flop": original})
    assert ("trigger.modification_flop" in found) is looked_at


# -- From the form to events --------------------------------------------------------------------


def test_what_is_not_stated_is_not_in_the_receipt() -> None:
    stated = notification_fields(form(estimate={"estimate_method": None, "error_margin_pct": None, "method_description": None}), b"form")
    assert not {"estimate_method", "error_margin_pct", "method_description_hash"} & set(stated)
    assert {"trigger", "trigger_on", "estimate_flop", "estimate_reported"} <= set(stated)
    assert None not in stated.values()


def test_a_document_of_a_claim_has_the_title_under_which_it_was_sent() -> None:
    filled = NotificationForm.model_validate({
        "schema_version": 1, "documents": [{"title": "Results", "sha256": LISTED}],
        "arguments": {"relies_on_mitigations": False, "claims": [{"claim": "OPEN_ENDED_AUTONOMY", **CLAIM, "documents": [LISTED, UNLISTED]}]},
    })  # fmt: skip
    found = arguments_of(filled)
    assert found is not None
    assert [(each.title, each.document) for each in found.claims[0].evidence] == [("Results", LISTED), ("Document named in the claim", UNLISTED)]


def test_the_claim_is_the_one_that_was_made() -> None:
    found = arguments_of(form(arguments={"claims": [{"claim": "NO_HIGH_IMPACT_CAPABILITIES", "text": "Small."}]}))
    assert found is not None
    assert [each.claim for each in found.claims] == ["NO_HIGH_IMPACT_CAPABILITIES"]
    with pytest.raises(Malformed, match=r"^arguments\.relies_on_mitigations: is missing"):
        arguments_of(form(arguments={"relies_on_mitigations": None}))


@pytest.mark.parametrize(("method", "claims"), [(True, True), (False, True), (True, False), (False, False)])
def test_what_is_stored_is_what_was_sent(method: bool, claims: bool) -> None:
    filled = form(**({} if method else {"estimate": {"method_description": None}}), **({} if claims else {"arguments": {"claims": []}}))
    stored = documents_of(filled, b"form")
    description = filled.estimate.method_description
    arguments = arguments_of(filled)
    wanted = {sha256(b"form").hexdigest(): b"form"}
    wanted |= dict([document_of(description)]) if description else {}
    wanted |= arguments.to_store() if arguments else {}
    assert stored == wanted
    assert (description is not None, arguments is not None) == (method, claims)
