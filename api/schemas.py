"""The JSON Schemas (draft 2020-12) of the notification form and of the assessments, made from the types that read them."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.assessment.documents import Structure
from domain.assessment.filings import ProviderArguments, ReassessmentReasons
from domain.assessment.findings import AnnexXIIISheet, EvaluationFactors, RiskFinding, TechnicalAssessment
from domain.assessment.outcome import OpenSourceRelease, OutcomeReport
from domain.assessment.threshold import ThresholdAssessmentReport
from domain.completeness.check import LEVELS, Expectation, Expectations
from domain.completeness.form import NotificationForm
from domain.types import Payload

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MEDIA_TYPE = "application/schema+json"
ASSESSMENTS: Mapping[str, type[Structure]] = {
    "threshold-assessment": ThresholdAssessmentReport,
    "annex-xiii-sheet": AnnexXIIISheet,
    "evaluation-factors": EvaluationFactors,
    "technical-assessment": TechnicalAssessment,
    "risk-finding": RiskFinding,
    "provider-arguments": ProviderArguments,
    "reassessment-reasons": ReassessmentReasons,
    "outcome-report": OutcomeReport,
    "open-source-release": OpenSourceRelease,
}
"""Every assessment by the name of its schema."""
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
EXAMPLE: Mapping[str, Any] = {
    "schema_version": 1,
    "provider": {"name": "Example Models S.A.", "kind": "LEGAL_PERSON", "country": "FR", "in_union": True},
    "filer": {"role": "PROVIDER"},
    "model": {"name": "Example-1", "marketed_names": ["Example One"]},
    "trigger": {"trigger": "MET", "trigger_on": "2026-03-01"},
    "estimate": {
        "estimate_flop": "1.13e25",
        "estimate_reported": "1.1x10^25",
        "estimate_method": "HARDWARE",
        "method_description": "25 000 accelerators of one kind, 989e12 FLOP/s peak, 40 % average utilisation, over 1 142 400 seconds.",
        "approximations": "None.",
        "assumptions": "Utilisation was measured over the whole run.",
        "error_margin_pct": "5",
        "components": [
            {"kind": "PRETRAINING", "flop": "1.12e25"},
            {"kind": "FINE_TUNING", "flop": "1e23"},
            {"kind": "EVALUATION_OR_RED_TEAMING", "flop": "4e22"},
        ],
    },
    "arguments": {
        "claims": [{"claim": "NO_HIGH_IMPACT_CAPABILITIES", "text": "It predicts protein structures only.", "documents": [DIGEST]}],
        "capabilities": "ACHIEVED",
        "relies_on_mitigations": False,
    },
    "documents": [{"title": "Benchmark results", "sha256": DIGEST}],
    "documentation": {"total_model_size": "7.3e10"},
}
"""A form that was filled in, by an invented provider."""


def notification_schema(expectations: Expectations) -> dict[str, Any]:
    """Return the schema of the notification form, each field with its label, its help, and the level on which it is looked for."""
    schema = _schema(NotificationForm, "notification")
    parts = {each.key: {"title": each.label, **({"description": each.help} if each.help else {})} for each in expectations.parts}
    for key, words in parts.items():
        schema["properties"][key].update(words)
    for field in expectations.fields:
        if field.field not in parts:
            _property(schema, field.field).update(_words(field))
    return {**schema, "title": "Notification under Article 52(1) of Regulation (EU) 2024/1689", "examples": [dict(EXAMPLE)]}


def assessment_schema(name: str) -> dict[str, Any]:
    """
    Return the schema of an assessment.

    Raises: KeyError for an unknown name.
    """
    return _schema(ASSESSMENTS[name], name)


def _schema(model: type[Payload], name: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": f"/schemas/{name}.json", **model.model_json_schema()}


def _words(field: Expectation) -> dict[str, str]:
    level = f"{LEVELS[field.level]} ({field.source})." if field.level else ""
    description = " ".join(part for part in (level, field.help or "") if part)
    return {"title": field.label, **({"description": description} if description else {})}


def _property(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the part of the schema that describes a field."""
    found = schema
    for name in path.split("."):
        found = _object(schema, found)["properties"][name.removesuffix("[]")]
    return found


def _object(schema: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return the object that a property holds, or holds several of."""
    reference = next(_references(found), None)
    named: dict[str, Any] = schema["$defs"][reference.removeprefix("#/$defs/")] if reference else found
    return named


def _references(found: dict[str, Any]) -> Iterator[str]:
    if "$ref" in found:
        yield found["$ref"]
    yield from _references(found["items"]) if "items" in found else ()
