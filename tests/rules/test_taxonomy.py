"""The taxonomy of systemic risks: versioned words, exactly as spelled, and nothing else."""

from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from domain.assessment.findings import RiskFinding
from domain.law.taxonomy import ASPECTS, Taxonomy, read_taxonomies, taxonomy_on
from domain.model_case.follow_up import RiskFindingRecorded
from tests.scenario import document

TAXONOMIES = read_taxonomies(yaml.safe_load((files("domain.law") / "data" / "taxonomy.yaml").read_text(encoding="utf-8")))
FIRST = TAXONOMIES[0]
FOUND = {
    "taxonomy_version": 1,
    "risk_types": ["cyber offence", "chemical, biological, radiological, nuclear"],
    "nature": ["velocity", "probability and severity"],
    "risk_sources": ["affordances and context"],
    "finding": "Attacks were found that no public tool finds.\nTwo of them work.",
    "evidence": [{"title": "Red-team report", "document": document("report")}],
}


def finding(taxonomy: object = FIRST, **changed: Any) -> RiskFinding:
    return RiskFinding.model_validate({**FOUND, **changed}, context=taxonomy)


def test_the_words_are_those_of_the_methodology() -> None:
    assert FIRST.risk_types == (
        "cyber offence", "chemical, biological, radiological, nuclear", "loss of control", "automated AI research and development",
        "persuasion and manipulation", "large-scale discrimination",
    )  # fmt: skip
    assert FIRST.nature == (
        "origin", "actors", "intent", "novelty", "probability and severity", "velocity", "visibility", "course of events",
    )  # fmt: skip
    assert FIRST.risk_sources == ("capabilities", "propensities", "affordances and context")


def test_a_finding_becomes_an_event_that_names_its_document() -> None:
    found = finding()
    (event,) = found.to_events()
    assert isinstance(event, RiskFindingRecorded)
    assert event.risk_types == found.risk_types
    assert event.nature == found.nature
    assert event.risk_sources == found.risk_sources
    assert event.documents == (found.digest, document("report"))
    assert found.finding.split("\n")[0] in found.to_store()[found.digest].decode()


@pytest.mark.parametrize(
    ("aspect", "term"), [("risk_types", "Cyber offence"), ("nature", "speed"), ("risk_sources", "affordances"), ("nature", "capabilities")]
)
def test_an_unknown_term_is_refused(aspect: str, term: str) -> None:
    with pytest.raises(ValidationError, match=f"{aspect}: '{term}' is not a term of version 1"):
        finding(**{aspect: [term]})


def test_the_nearest_term_is_named() -> None:
    with pytest.raises(ValidationError, match="did you mean 'cyber offence'"):
        finding(risk_types=["cyber offense"])


@pytest.mark.parametrize("taxonomy", [None, FIRST.model_copy(update={"version": 2})])
def test_a_finding_is_read_only_with_the_version_it_is_written_in(taxonomy: object) -> None:
    with pytest.raises(ValidationError, match="version 1"):
        finding(taxonomy)


def test_a_finding_names_a_type() -> None:
    with pytest.raises(ValidationError, match="risk_types"):
        finding(risk_types=[])


def test_the_version_of_a_day() -> None:
    second = FIRST.model_copy(update={"version": 2, "applies_from": date(2027, 1, 1)})
    assert taxonomy_on(TAXONOMIES, date(2025, 8, 1)) is None
    assert taxonomy_on(TAXONOMIES, date(2025, 8, 2)) == FIRST
    assert taxonomy_on((second, FIRST), date(2026, 12, 31)) == FIRST
    assert taxonomy_on((second, FIRST), date(2027, 1, 1)) == second


def test_every_version_has_every_aspect_each_word_once() -> None:
    assert [each.version for each in TAXONOMIES] == list(range(1, len(TAXONOMIES) + 1))
    assert all(each.words(aspect) for each in TAXONOMIES for aspect in ASPECTS)
    with pytest.raises(ValidationError, match="twice"):
        Taxonomy.model_validate({**FIRST.model_dump(), "nature": ["origin", "origin"]})


@pytest.mark.parametrize("aspect", ["risk_types", "nature", "risk_sources"])
def test_one_word_is_enough_for_an_aspect_and_none_is_not(aspect: str) -> None:
    assert Taxonomy.model_validate({**FIRST.model_dump(), aspect: ["one"]}).words(aspect) == ("one",)
    with pytest.raises(ValidationError, match=aspect):
        Taxonomy.model_validate({**FIRST.model_dump(), aspect: []})
