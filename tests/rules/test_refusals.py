"""Every refusal leaves no trace; every rule is raised and expected somewhere; R28 and R29 are walls, not answers, and are tested as such."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import orjson
import pytest
from eventsourcing.persistence import PersistenceError
from pydantic.fields import FieldInfo

from api.cli.demo import load
from api.dockets.files import Step
from api.read_models import public_decoder
from api.stores.event_store.mapper import EventDecoder
from api.wiring import Register
from domain.actors import Role
from domain.errors import Malformed
from domain.events import EVENTS
from domain.ids import Stream
from domain.law.rules import RULES
from domain.public import PUBLIC
from domain.record import fact_types
from domain.types import Named
from tests.rules.replaying import DEMONSTRATION, DOCKETS, ROOT, Seen, expected, played, rows_of, steps_of, watched
from tests.scenario import CREATED, Scenario, brussels, case, fact, given, named, opened

WALLS = {"R28", "R29"}
"""Refusals of what no command can ask for: there is no way to read past the wall, and none to change an event."""


def refused(step: Step) -> bool:
    return expected(step.body, "refused") is not None


def ruled(step: Step) -> bool:
    return expected(step.body, "ruled") is not None


def with_some(what: str) -> list[Path]:
    return [path for path in DOCKETS if any(expected(step, what) for step in steps_of(path))]


# -- Refused: nothing changes -----------------------------------------------------------


@pytest.mark.parametrize("path", with_some("refused"), ids=lambda path: path.stem)
def test_a_refused_step_leaves_every_store_untouched(path: Path) -> None:
    with watched(refused) as register:
        played(register, path)
        assert len(register.seen) == sum(1 for step in steps_of(path) if expected(step, "refused"))
        for seen in register.seen:
            must_be_untouched(seen)


@pytest.mark.slow
def test_a_refused_step_of_the_demonstration_leaves_every_store_untouched() -> None:
    with watched(refused) as register:
        assert load(register) == 0
        assert len(register.seen) == sum(1 for path in DEMONSTRATION for step in steps_of(path) if expected(step, "refused"))
        for seen in register.seen:
            must_be_untouched(seen)


def must_be_untouched(seen: Seen) -> None:
    where = f"{seen.step.file} step {seen.step.n}, line {seen.step.line}"
    assert seen.result.outcome == "refused", where
    assert seen.events_after == seen.events_before, where
    assert seen.rows_after == seen.rows_before, where


def test_the_watch_would_see_a_change() -> None:
    """A step that is recorded changes both the events and the rows: what is compared above is not empty."""
    path = ROOT / "tests" / "dockets" / "flow-will-be-met.yaml"
    with watched(lambda step: "record" in step.body and not refused(step)) as register:
        played(register, path)
        for seen in register.seen:
            assert len(seen.events_after) > len(seen.events_before)
            assert seen.events_after[: len(seen.events_before)] == seen.events_before
            assert seen.rows_after != seen.rows_before


# -- Ruled inadmissible: recorded, with the ruling, in one save ----------------------------


@pytest.mark.parametrize("path", with_some("ruled"), ids=lambda path: path.stem)
def test_a_ruling_is_made_in_the_save_of_what_it_rules_on(path: Path) -> None:
    with watched(ruled) as register:
        played(register, path)
        assert register.seen
        for seen in register.seen:
            must_be_one_save(seen)


def must_be_one_save(seen: Seen) -> None:
    appended = [orjson.loads(state) for _, _, state in seen.events_after[len(seen.events_before) :]]
    filing, ruling = appended[0], next(event for event in appended if event["topic"] == expected(seen.step.body, "ruled"))
    assert seen.result.outcome == "recorded"
    assert ruling["cause"] == filing["event_id"]
    assert [ruling[name] for name in ("recorded_at", "actor_ref", "correlation", "stream")] == [
        filing[name] for name in ("recorded_at", "actor_ref", "correlation", "stream")
    ]
    if "cause_code" in ruling["data"]:
        assert ruling["data"]["article"] == RULES[ruling["data"]["cause_code"]].article


# -- Every rule is raised, and expected ------------------------------------------------------


def test_every_rule_is_raised_somewhere_in_the_domain() -> None:
    named_rules = {name for path in (ROOT / "domain").rglob("*.py") if path.name != "rules.py" for name in rules_used(path)}
    assert set(RULES) - named_rules == WALLS


def rules_used(path: Path) -> Iterator[str]:
    """Yield the rules that a module hands to `require`, raises, or returns as a bar; an import alone raises nothing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call | ast.Return | ast.IfExp):
            yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and re.fullmatch(r"R\d\d", part.id))


def test_every_rule_is_expected_by_a_docket() -> None:
    met = {code for path in DOCKETS for step in steps_of(path) for code in codes_of(step)}
    assert set(RULES) - met == WALLS


def codes_of(step: dict[str, Any]) -> set[str]:
    expect = step.get("expect") or {}
    return {expect[name] for name in ("refused", "cause_code") if name in expect} if "record" in step else set()


def test_what_comes_from_outside_is_never_refused() -> None:
    """Rules marked `received` appear as the cause of rulings; R24 also bars the Commission's measures on an alert without effect."""
    refusals = {expected(step, "refused") for path in [*DOCKETS, *DEMONSTRATION] for step in steps_of(path)}
    received = {code for code, rule in RULES.items() if rule.received}
    assert received & refusals <= {"R24"}


# -- R28: what is public is derived from public events only --------------------------------------

CONTRACTS = {each["id"]: each for each in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]}
GOLDEN = {topic: (ROOT / "tests" / "data" / "golden" / f"{topic}.1.json").read_bytes() for topic in (kind.TOPIC for kind in fact_types())}


def test_the_import_contract_lets_public_code_know_public_payloads_only() -> None:
    """That the contract holds, and breaks when it is climbed, is tested in tests/architecture/test_walls.py."""
    contract = CONTRACTS["public-side"]
    assert {"projections.public", "api.graphql.public", "registry_site.public"} <= set(contract["source_modules"])
    known = set(contract["allowed_modules"])
    arithmetic = {"domain.compute"}  # over what a visitor types; a contract of its own leaves it to the calculator
    assert {name for name in known if name.startswith("domain")} == {"domain.public", "domain.law", "domain.types", "domain.ids", *arithmetic}
    assert not known & {"api.deps", "api.wiring", "api.errors", "api.stores", "projections.office", "projections.follower"}


@pytest.mark.parametrize("topic", sorted(GOLDEN))
def test_the_public_side_sees_the_payload_of_public_events_and_nothing_else(topic: str) -> None:
    seen = public_decoder(EventDecoder())(7, topic, GOLDEN[topic])
    if topic not in PUBLIC:
        assert seen is None
        return
    assert seen is not None
    assert seen.state == b""
    assert type(seen.event.payload) is PUBLIC[topic]
    assert type(seen.event).__name__ == "PublicEvent"
    assert [each.name for each in fields(seen.event) if each.name != "payload" and not each.name.endswith("_at")] == []


def test_the_public_store_holds_nothing_that_only_the_file_knows(demonstration: Register) -> None:
    """No identifier, document or figure of a confidential event stands in any row that the public side reads."""
    events = [orjson.loads(state) for _, _, state in demonstration.recorder.raw_events(0, 100_000)]
    public = {text for event in events for name in PUBLIC.get(event["topic"], _NOTHING).model_fields for text in texts(event["data"].get(name))}
    confidential = {text for event in events for text in texts(event) if telling(text)} - public
    shown = "\n".join(row for name, rows in rows_of(demonstration).items() if name.startswith("public.") for row in rows)
    assert len(confidential) > 1000
    assert len(shown) > 10_000
    assert [text for text in sorted(confidential) if text in shown] == []


_NOTHING = PUBLIC["ChallengeClosed"].__base__


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, and the record that a stream belongs to."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value.partition("/")[2] if re.match(r"(case|publication|alert|claim)/", value) else value


def telling(text: str) -> bool:
    """Tell identifiers, document hashes and exact figures of compute."""
    return bool(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d{20,}", text))


# -- R29: no event changes, and none names a person -----------------------------------------------


@pytest.mark.parametrize("statement", ["UPDATE stored_events SET topic = 'Forged'", "DELETE FROM stored_events"])
def test_a_stored_event_cannot_be_changed_or_deleted(statement: str) -> None:
    """More ways, and PostgreSQL, in tests/faults/test_event_store_tampering.py."""
    scenario = given(CREATED, opened())
    before = scenario.stored()
    with pytest.raises(PersistenceError, match="never"), scenario.recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute(statement)
    assert scenario.stored() == before


def test_nothing_offers_to_change_or_delete_an_event() -> None:
    scenario = Scenario()
    verbs = re.compile(r"(^|_)(update|delete|remove|edit|erase|truncate|drop|replace|overwrite)", re.IGNORECASE)
    assert [name for each in (scenario.recorder, scenario.registry) for name in dir(each) if verbs.search(name)] == []


PERSON = re.compile(
    r"(^|_)(person|officer|signatory|drafted|rapporteur|contributor|contact|actor|email|e_mail|phone|telephone|address|surname|birth|"
    r"(first|last|given|family)_name)"
)
NAMES = {"legal_name", "provider_name", "representative_name", "marketed_name", "marketed_names", "internal_name", "name"}
"""Names in events: of legal persons, of models, of benchmarks."""
NO_NAMES = {"provider_contact_given"}
"""Whether a contact was given, not which."""


def all_fields() -> Iterator[tuple[str, str, FieldInfo]]:
    for kind in fact_types():
        yield from ((kind.TOPIC, name, info) for name, info in kind.model_fields.items())


def test_whatever_speaks_of_a_person_is_a_reference() -> None:
    about = [(topic, name, info) for topic, name, info in all_fields() if PERSON.search(name) and name not in NO_NAMES]
    assert {name for _, name, _ in about} >= {"person_ref", "contact_person_ref", "signatory_ref", "drafted_by_ref", "rapporteur_ref"}
    assert [f"{topic}.{name}" for topic, name, info in about if kinds_of(info) != {"ref"}] == []


def test_every_reference_is_random_and_every_name_is_of_no_natural_person() -> None:
    refs = [f"{topic}.{name}" for topic, name, info in all_fields() if name.endswith(("_ref", "_refs")) and not reference_like(name, info)]
    names = {name for _, name, _ in all_fields() if "name" in name.split("_") or "names" in name.split("_")}
    assert refs == []
    assert names == NAMES | {"provider_name_digest"}


def reference_like(name: str, info: FieldInfo) -> bool:
    """References of acts and publications are numbers that the institutions gave, not of persons."""
    return kinds_of(info) in ({"ref"}, {"challenge"}) or name in ("commission_ref", "corrected_commission_ref", "oj_ref", "decision_ref", "note_ref")


FREE_TEXT = {
    "article", "case_no", "cause_code", "claimed_fields", "commission_ref", "corrected_commission_ref", "corrected_fields", "decision_ref",
    "estimate_reported", "fact", "facts_relied_on", "field", "granted_fields", "internal_name", "legal_form", "legal_ground", "legal_name", "licence",
    "lineage_key", "marketed_name", "marketed_names", "modalities", "name", "nature", "new_value", "note_ref", "oj_ref", "old_value", "provider_name",
    "refused_fields", "representative_name", "risk_sources", "risk_types", "source", "stream", "switch", "transitional_rule",
}  # fmt: skip
"""Every field of free text, each short; what is longer, or about a person, is a document. Before adding one: whose name may it hold?"""


def test_free_text_is_short_and_known() -> None:
    free = {(name, limit) for _, name, info in all_fields() for limit in limits_of(info)}
    assert {limit for _, limit in free} == {500}
    assert {name for name, _ in free} - FREE_TEXT == set()


def limits_of(info: FieldInfo | Any) -> Iterator[int]:
    """Yield the greatest length of each free text in a type; hashes, codes and identifiers have a pattern instead."""
    metadata = info.metadata if isinstance(info, FieldInfo) else getattr(info, "__metadata__", ())
    yield from (limit for mark in metadata if (limit := getattr(mark, "max_length", None)))
    inner = info.annotation if isinstance(info, FieldInfo) else info
    for part in get_args(inner):
        yield from limits_of(part) if get_args(part) or hasattr(part, "__metadata__") else ()


def kinds_of(info: FieldInfo) -> set[str]:
    """Return the kinds of identifier that a field holds."""
    return set(_marks(info.metadata)) | set(_deep(info.annotation))


def _marks(metadata: Any) -> Iterator[str]:
    yield from (mark.kind for mark in metadata if isinstance(mark, Named))


def _deep(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Annotated:
        yield from _marks(annotation.__metadata__)
    for part in get_args(annotation):
        yield from _deep(part)


@pytest.mark.parametrize(
    ("topic", "data"),
    [
        ("ProviderIdentified", {"provider_kind": "NATURAL_PERSON", "country": "FR", "in_union": True}),
        ("AuthorisedRepresentativeAppointed", {"representative_kind": "NATURAL_PERSON", "representative_ref": named("r"), "mandate_scope": ["ALL"]}),
    ],
)
@pytest.mark.parametrize("who", [{"legal_name": "A Person"}, {"legal_name": "A Person", "person_ref": named("person")}, {}])
def test_a_natural_person_is_never_named(topic: str, data: dict[str, Any], who: dict[str, Any]) -> None:
    more = {"mandate_hash": "0" * 64} if topic.startswith("Authorised") else {}
    what = fact(topic, provider_ref=named("provider"), from_on="2026-01-01", **data, **more, **who)
    given(CREATED, opened()).when(brussels("2026-02-02"), what).then_fails(Malformed, match="natural person")


def test_who_acts_is_a_reference_too() -> None:
    scenario = given(CREATED, opened())
    stored = orjson.loads(scenario.stored()[-1][2])
    assert re.fullmatch(r"[0-9a-f-]{36}", stored["actor_ref"])
    assert stored["role"] in set(Role)
    assert Stream("case", case().key) == case()


def test_every_event_was_looked_at() -> None:
    assert {topic for topic, _, _ in all_fields()} == {*EVENTS, "Claimed"}
