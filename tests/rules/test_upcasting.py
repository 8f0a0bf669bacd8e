"""
Every event that was ever stored can still be read: `tests/data/golden/` holds stored bytes of every event type, and no file there is ever changed.

The files are named TOPIC.FORM.json and hold the very bytes of a store: one canonical JSON object, no line end. `forms.json` holds, for every type,
the fields of its first form and which of them every stored event has.

When a form changes:

* A new event type: add `TOPIC.1.json` (the bytes that a store holds of one, with as many fields as it can have) and its line in `forms.json`.
* A new optional field: nothing to do; stored events lack it and stay as they are. Give it the default None: an empty list would be written anew.
* Any other change (a field renamed, removed, made required, given another type or meaning): the type gets a new form. Keep `TOPIC.1.json` and its
  line in `forms.json`, set `FORM = 2`, write the step from the old data to the new in UPCASTS, and add `TOPIC.2.json`. The old file is then read
  through that step; only the newest form is written. A name in events.md is never reused for another thing.
"""

import json
from pathlib import Path

import orjson
import pytest
import rfc8785
from pydantic import BaseModel

from api.stores.event_store.mapper import ENVELOPE, UPCASTS, EventDecoder, UnknownEvent, to_bytes, upcast
from domain.record import fact_types

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
TYPES = {kind.TOPIC: kind for kind in fact_types()}
FORMS: dict[str, dict[str, list[str]]] = json.loads((GOLDEN / "forms.json").read_bytes())
FILES = sorted(path for path in GOLDEN.glob("*.json") if path.name != "forms.json")


def topic_of(path: Path) -> str:
    return path.name.split(".")[0]


def form_of(path: Path) -> int:
    return int(path.name.split(".")[1])


def newest(topic: str) -> int:
    return TYPES[topic].FORM


def test_every_event_type_has_a_golden_file_for_each_of_its_forms() -> None:
    wanted = {f"{topic}.{form}.json" for topic in TYPES for form in range(1, newest(topic) + 1)}
    assert {path.name for path in FILES} == wanted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_event_is_read(path: Path) -> None:
    stored = path.read_bytes()
    plain = json.loads(stored)
    event = EventDecoder().event(topic_of(path), stored)
    assert event.topic == plain["topic"] == topic_of(path)
    assert (str(event.stream), event.version, str(event.event_id)) == (plain["stream"], plain["version"], plain["event_id"])
    assert plain.keys() - {"cause", "data", "form"} == ENVELOPE - {"cause"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_newest_form_is_written_as_it_was_stored(path: Path) -> None:
    stored = path.read_bytes()
    assert rfc8785.dumps(json.loads(stored)) == stored, "these are not the canonical bytes of a store"
    if form_of(path) == newest(topic_of(path)):
        assert to_bytes(EventDecoder().event(topic_of(path), stored)) == stored


@pytest.mark.parametrize("topic", sorted(TYPES))
def test_what_the_first_form_stored_is_still_a_field(topic: str) -> None:
    """A golden file shows only the fields that one event had; an optional field may be renamed no more than these."""
    if newest(topic) == 1:
        fields = TYPES[topic].model_fields
        assert set(FORMS[topic]["fields"]) - set(fields) == set(), "stored events have these fields"
        assert {name for name, info in fields.items() if info.is_required()} - set(FORMS[topic]["required"]) == set(), "stored events may lack these"


def test_the_first_forms_are_those_of_the_golden_files() -> None:
    assert FORMS.keys() == TYPES.keys()
    for path in FILES:
        found = json.loads(path.read_bytes())["data"].keys()
        if form_of(path) == 1:
            assert set(FORMS[topic_of(path)]["required"]) <= found <= set(FORMS[topic_of(path)]["fields"]), path.name


def test_an_event_of_a_later_program_is_never_skipped() -> None:
    stored = json.loads((GOLDEN / "ThresholdMet.1.json").read_bytes())
    with pytest.raises(UnknownEvent):
        EventDecoder().event("ThresholdMetInAnotherWay", orjson.dumps(stored | {"topic": "ThresholdMetInAnotherWay"}))


def test_a_field_of_a_later_program_is_never_dropped() -> None:
    stored = json.loads((GOLDEN / "ThresholdMet.1.json").read_bytes())
    stored["data"]["weight"] = "1"
    with pytest.raises(ValueError, match="weight"):
        EventDecoder().event("ThresholdMet", orjson.dumps(stored))


def test_every_older_form_has_its_step() -> None:
    assert set(UPCASTS) == {(topic, form) for topic in TYPES for form in range(1, newest(topic))}


def test_an_older_form_is_read_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown on ThresholdMet as if it had been `flop` first and `compute` then; only the stored bytes of old events keep those names."""
    monkeypatch.setitem(UPCASTS, ("ThresholdMet", 1), lambda data: {**without(data, "flop"), "compute": data["flop"]})
    monkeypatch.setitem(UPCASTS, ("ThresholdMet", 2), lambda data: {**without(data, "compute"), "compute_flop": data["compute"]})
    monkeypatch.setattr(TYPES["ThresholdMet"], "FORM", 3)
    plain = json.loads((GOLDEN / "ThresholdMet.1.json").read_bytes())
    now = EventDecoder().event("ThresholdMet", orjson.dumps({**plain, "form": 3}))
    old = {**without(plain["data"], "compute_flop"), "flop": plain["data"]["compute_flop"]}
    first = EventDecoder().event("ThresholdMet", orjson.dumps({**plain, "data": old}))
    assert first == now
    assert json.loads(to_bytes(first)) == {**plain, "form": 3}


def without(data: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in data.items() if key != name}


def test_a_form_of_a_later_program_is_not_guessed_at() -> None:
    with pytest.raises(UnknownEvent, match="form 2"):
        upcast("ThresholdMet", 2, 1, {})


def test_exact_figures_survive() -> None:
    plain = json.loads((GOLDEN / "ThresholdMet.1.json").read_bytes())
    for figure in ("10000000000000000000000001", "10000000000000000905969664", "10000000000000000000000000.5"):
        plain["data"]["compute_flop"] = figure
        stored = rfc8785.dumps(plain)
        event = EventDecoder().event("ThresholdMet", stored)
        assert str(event.fact.compute_flop) == figure
        assert to_bytes(event) == stored


def test_every_event_type_is_a_plain_model() -> None:
    """What is stored is what the fields say: no field has another name in storage."""
    named = [f"{topic}.{name}" for topic, kind in TYPES.items() for name, info in kind.model_fields.items() if info.alias or info.serialization_alias]
    assert named == []
    assert all(issubclass(kind, BaseModel) for kind in TYPES.values())
