"""The notification form as people meet it: downloaded, filled in, checked, recorded."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from api.cli import notification as verb
from api.cli.replay import play_file
from api.notification_form.reading import MOST_BYTES, FormUnreadable, read_form
from api.notification_form.writing import blank_json, blank_text, load_expectations, write_json, write_text
from api.schemas import DIALECT, EXAMPLE, notification_schema
from domain.completeness.form import NotificationForm, leaves
from domain.types import plain

EXPECTATIONS = load_expectations()
BLANK = NotificationForm(schema_version=1)
FILLED = NotificationForm.model_validate(EXAMPLE)


def unreadable(raw: bytes) -> list[str]:
    with pytest.raises(FormUnreadable) as found:
        read_form(raw)
    return [str(each) for each in found.value.complaints]


# -- Blank, and read back --------------------------------------------------------------


def test_a_blank_form_reads_back_blank() -> None:
    assert read_form(blank_json().encode()) == BLANK
    assert read_form(blank_text(EXPECTATIONS).encode()) == BLANK


def test_a_blank_text_form_asks_for_every_field_and_says_why() -> None:
    text = blank_text(EXPECTATIONS)
    assert all(f"[{leaf.path.replace('[]', '.1')}]:" in text for leaf in leaves())
    assert text.count("# Required by law (") == 10
    assert max(map(len, text.splitlines())) <= 150


@pytest.mark.parametrize("form", [BLANK, FILLED], ids=["blank", "filled"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_both_ways_of_writing_read_back_the_same(form: NotificationForm, ending: str, mark: str) -> None:
    for text in (write_json(form), write_text(form, EXPECTATIONS)):
        assert read_form((mark + text.replace("\n", ending)).encode()) == form


NUMBERS = st.decimals(min_value=0, max_value=10**30, places=3).map(plain)
COMPONENTS = st.fixed_dictionaries({"kind": st.just("FINE_TUNING"), "flop": NUMBERS}, optional={"counted": st.booleans()})
PROSE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters="\n\t#|=[]:"), min_size=1, max_size=60)
PROSES = PROSE.map(str.strip).filter(bool)
LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40).map(str.strip).filter(bool)


@given(st.fixed_dictionaries({"schema_version": st.just(1)}, optional={
    "provider": st.fixed_dictionaries({}, optional={"name": LINES, "country": st.just("FR"), "in_union": st.booleans()}),
    "model": st.fixed_dictionaries({}, optional={"marketed_names": st.lists(LINES, max_size=3)}),
    "estimate": st.fixed_dictionaries({}, optional={
        "estimate_flop": NUMBERS, "method_description": PROSES, "assumptions": PROSES,
        "components": st.lists(COMPONENTS, max_size=6),
    }),
    "arguments": st.fixed_dictionaries({}, optional={
        "context_length": st.integers(0, 10**9),
        "claims": st.lists(st.fixed_dictionaries(
            {"claim": st.just("OTHER_CHARACTERISTIC"), "text": PROSES}, optional={"documents": st.lists(st.just("a" * 64), max_size=2)}
        ), max_size=3),
    }),
    "documentation": st.fixed_dictionaries({}, optional={"data_scope": PROSES, "release_date": st.just("2026-01-02")}),
}))  # fmt: skip
def test_whatever_is_filled_in_comes_back_exactly(content: dict[str, Any]) -> None:
    form = NotificationForm.model_validate(content)
    assert read_form(write_text(form, EXPECTATIONS).encode()) == form
    assert read_form(write_json(form).encode()) == form


def test_items_may_be_numbered_with_gaps_and_left_blank() -> None:
    text = (
        "[schema_version]: 1\n[documents.7.sha256]: "
        + "b" * 64
        + "\n[documents.7.title]: B\n[documents.2.title]: A\n[documents.2.sha256]: "
        + "a" * 64
    )
    assert [each.title for each in read_form(text.encode()).documents] == ["A", "B"]
    blanks = {"schema_version": 1, "documents": [{"title": None, "sha256": None}, {"title": "A", "sha256": "a" * 64}]}
    assert [each.title for each in read_form(json.dumps(blanks).encode()).documents] == ["A"]


def test_an_answer_goes_on_below() -> None:
    text = "[schema_version]: 1\n# help\n[estimate.assumptions]: One\n| two\n  |\n|  # three\n"
    assert read_form(text.encode()).estimate.assumptions == "One\ntwo\n\n # three"


# -- What is wrong is named with its line ------------------------------------------------

DOCUMENT = '{"title": "A", "sha256": "' + "a" * 64 + '"}'
WRONG_JSON = [
    ('{"schema_version": 1,\n "estimate": {\n  "estimate_flop": 1.1e25}}', "line 3, estimate.estimate_flop: must be text such as 1.1e25"),
    ('{"schema_version": 1,\n "estimate": {"estimate_flop": 11}}', "line 2, estimate.estimate_flop: must be text"),
    ('{"schema_version": 1,\n "estimate": {"estimate_flop": NaN}}', "line 2, estimate.estimate_flop: must be text"),
    ('{"schema_version": 1,\n "estimate": {"estimate_flop": ' + "9" * 5000 + "}}", "line 2, estimate.estimate_flop: must be text"),
    ('{"schema_version": 1,\n "estimate": {"estimate_flop": "-1e25"}}', "line 2, estimate.estimate_flop: must be written digits"),
    ('{"schema_version": 1,\n "provider": {\n "nam": "A"}}', "line 3, provider.nam: is not a field of the form; did you mean provider.name?"),
    ('{"schema_version": 1,\n "provider": {\n "country": "France"}}', "line 3, provider.country: must be two capital letters"),
    ('{"schema_version": 1,\n "provider": {\n "name": ""}}', "line 3, provider.name: must not be empty"),
    ('{"schema_version": 1,\n "provider": [1]}', "line 2, provider: must be an object"),
    ('{"schema_version": 1,\n "trigger": {"trigger": "SOON"}}', "line 2, trigger.trigger: must be 'MET', 'WILL_BE_MET' or 'DOWNSTREAM_MODIFICATION'"),
    ('{"schema_version": 1,\n "trigger": {"trigger_on": "2026-02-30"}}', "line 2, trigger.trigger_on: is not a day of the calendar"),
    ('{"schema_version": 1,\n "documents": [{"title": null},\n {"title": "A", "sha256": "A"}]}', "line 3, documents.2.sha256: must be 64 lower-case"),
    ('{"schema_version": 1,\n "documents": [{},\n {"title": "A"}]}', "line 3, documents.2: sha256 must be filled in, or the whole item left blank"),
    ('{"schema_version": 1,\n "provider": {"name": "A",\n "name": "B"}}', "line 3, provider.name: stands twice, first in line 2"),
    ('{"provider": {}}', "line 1, schema_version: is missing"),
    ('{"schema_version": 2}', "line 1, schema_version: must be 1"),
    ('{"schema_version": true}', "line 1, schema_version: must be 1"),
    ('{"schema_version": 1,\n "provider": {"name": "\\ud800"}}', "line 2, provider.name: must be text in Unicode"),
    ('{"schema_version": 1,\n "\\u001b[31m": 1}', "line 2, ?[31m: is not a field of the form"),
    ('{"schema_version": 1,\n "documents": [' + ",".join([DOCUMENT] * 201) + "]}", "line 2, documents: must have at most 200"),
    ('{"schema_version": 1,\n "x": [' + "[" * 500 + "]" * 500 + "]}", "line 2, x: is not a field of the form"),
    ('{"schema_version": 1,\n "provider": }', "line 2: is not JSON"),
    ("[]", "line 1: a form is one JSON object"),
    ("[" * 100_000, "line 1: is "),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "said"), WRONG_JSON)
def test_a_wrong_answer_in_json_is_named_with_its_line(raw: str, said: str) -> None:
    assert unreadable(raw.encode())[0].startswith(said)


WRONG_TEXT = [
    ("[schema_version]: 1\n\nAmount [estimate.estimate_flop]: ten", "line 3, estimate.estimate_flop: must be written digits"),
    ("[schema_version]: 1\nHello", "line 2: is neither an answer"),
    ("| more", "line 1: is neither an answer"),
    ("[schema_version]: 1\n[provider.nam]: A", "line 2, provider.nam: is not a field of the form; did you mean provider.name?"),
    ("[schema_version]: 1\n[provider.name]: A\n[provider.name]: B", "line 3, provider.name: stands twice, first in line 2"),
    ("[schema_version]: 1\n[documents.0.title]: A", "line 2, documents.0.title: items are numbered from 1 to 200"),
    ("[schema_version]: 1\n[documents.201.title]: A", "line 2, documents.201.title: items are numbered from 1 to 200"),
    ("[schema_version]: 1\n[documents.7.title]: A", "line 2, documents.7: sha256 must be filled in"),
    ("[schema_version]: 1\n[documents.7.title]: A\n[documents.7.sha256]: b", "line 3, documents.7.sha256: must be 64 lower-case"),
    ("[schema_version]: 1\n[provider.in_union]: yes", "line 2, provider.in_union: must be true or false"),
    ("[schema_version]: 1\n[filer.mandate_scope]: ALL\n[filer.mandate_scope]: SOME", "line 3, filer.mandate_scope: must be 'ARTICLE_52'"),
    ("[schema_version]: 1\n[provider.name]: A\n| B", "line 2, provider.name: must not contain control characters or line breaks"),
    ("[provider.name]: A", "line 1, schema_version: is missing"),
    ("", "line 1, schema_version: is missing"),
]


@pytest.mark.parametrize(("raw", "said"), WRONG_TEXT)
def test_a_wrong_answer_in_text_is_named_with_its_line(raw: str, said: str) -> None:
    assert unreadable(raw.encode())[0].startswith(said)


def test_what_is_no_text_or_too_long() -> None:
    assert unreadable(b"[schema_version]: 1\n\xff") == ["line 2: the form is not text in UTF-8"]
    assert unreadable(b"#" * (MOST_BYTES + 1))[0].startswith(f"line 1: the form has {MOST_BYTES + 1} bytes")
    assert read_form(b"[schema_version]: 1\n" + b"#" * (MOST_BYTES - 20)) == BLANK


# -- The schema --------------------------------------------------------------------------


def test_the_schema_has_its_address_and_describes_every_field() -> None:
    schema = notification_schema(EXPECTATIONS)
    assert (schema["$schema"], schema["$id"]) == (DIALECT, "/schemas/notification.json")
    assert schema["examples"] == [EXAMPLE]
    for part in schema["$defs"].values():
        assert part["additionalProperties"] is False
    titles = {words["title"] for part in schema["$defs"].values() for words in part["properties"].values()}
    assert {each.label for each in EXPECTATIONS.fields if "." in each.field and each.field not in ("documents",)} <= titles
    assert "Required by law (Article 52(1), second sentence)" in json.dumps(schema)


def test_exact_numbers_are_text_in_the_schema() -> None:
    schema = notification_schema(EXPECTATIONS)
    assert '"type": "number"' not in json.dumps(schema)
    assert schema["$defs"]["EstimatePart"]["properties"]["estimate_flop"]["anyOf"][0]["type"] == "string"


# -- The verb ----------------------------------------------------------------------------


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="registry")
    verb.add_parser(parser.add_subparsers(required=True))
    given_arguments = parser.parse_args(["notification", *arguments])
    return int(given_arguments.func(given_arguments))


@pytest.fixture(params=["json", "text"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The example form as a file."""
    file = tmp_path / "notice"
    file.write_text(write_json(FILLED) if request.param == "json" else write_text(FILLED, EXPECTATIONS), encoding="utf-8")
    return file


@pytest.mark.parametrize("options", [(), ("--text",)])
def test_a_blank_form_is_printed_and_lacks_what_the_law_requires(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("blank", *options) == 0
    (tmp_path / "blank").write_text(capsys.readouterr().out, encoding="utf-8")
    assert run("check", str(tmp_path / "blank")) == 1
    assert capsys.readouterr().out.startswith("Required by law: 7 missing, 0 to look at, 0 given\n")


def test_a_check_prints_three_tables_and_no_judgement(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(filled)) == 0
    printed = capsys.readouterr().out
    headings = [line.split(":")[0] for line in printed.splitlines() if line and not line.startswith(" ")]
    assert headings == ["Required by law", "Expected by the Guidelines", "Good practice", verb.CLOSING]
    assert "complian" not in printed.lower()


def test_a_check_in_json(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(filled), "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer["levels"]) == ["REQUIRED_BY_LAW", "EXPECTED", "GOOD_PRACTICE"]
    assert answer["lacks_by_law"] is False
    assert answer["levels"]["REQUIRED_BY_LAW"][0] == {
        "field": "provider.name", "label": "Name of the provider", "state": "GIVEN", "source": "Article 52(1), first sentence",
    }  # fmt: skip


@pytest.mark.parametrize(("threshold", "voluntary"), [("1.13e25", True), ("1.12e25", False)])
def test_a_check_against_another_threshold(threshold: str, voluntary: bool, filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(filled), "--threshold", threshold) == 0
    assert ("voluntary notice" in capsys.readouterr().out) is voluntary


def test_a_form_that_cannot_be_read_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notice").write_text('{"schema_version": 1,\n "x": 1}', encoding="utf-8")
    for use in (["check"], ["events", "--received-at", "2026-03-10T09:00:00Z"]):
        assert run(*use, str(tmp_path / "notice")) == 2
        assert "notice, line 2, x: is not a field of the form." in capsys.readouterr().err
    assert run("check", str(tmp_path / "nothing")) == 2
    assert "No such file" in capsys.readouterr().err


def test_the_steps_of_a_form_run_in_a_register(filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = tmp_path / "documents"
    assert run("events", str(filled), "--received-at", "2026-03-10T09:00:00+01:00", "--case", "alpha", "--open", "--documents", str(stored)) == 0
    docket = tmp_path / "receipt.yaml"
    docket.write_text(capsys.readouterr().out, encoding="utf-8")
    results = [result.plain() for result in play_file(docket)]
    assert [[event["topic"] for event in result["events"]] for result in results] == [
        ["ModelCaseOpened"], ["ProviderIdentified"], ["NotificationReceived"], ["ArgumentsReceived"],
    ]  # fmt: skip
    notice, argued = (result["events"][0]["data"] for result in results[2:])
    assert notice["estimate_flop"] == "11300000000000000000000000"
    named = {notice["documents"][0], notice["method_description_hash"], argued["documents"][0], argued["claim_items"][0]["text_hash"]}
    assert {file.name for file in stored.iterdir()} == named
    assert (stored / notice["documents"][0]).read_bytes() == filled.read_bytes()


def test_the_steps_never_name_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    person = {"name": "Ada Example", "kind": "NATURAL_PERSON", "country": "FR", "in_union": True}
    content = {**EXAMPLE, "provider": person, "filer": {"role": "LAWYER", "name": "Bo Counsel"}}
    (tmp_path / "notice.json").write_text(json.dumps(content), encoding="utf-8")
    assert run("events", str(tmp_path / "notice.json"), "--received-at", "2026-03-10T09:00:00+01:00", "--open") == 0
    printed = capsys.readouterr().out
    assert "Ada" not in printed
    assert "Bo" not in printed
    identified = yaml.load(printed, Loader=yaml.BaseLoader)["steps"][1]["data"]
    assert identified == {
        "provider_ref": "provider-1", "provider_kind": "NATURAL_PERSON", "person_ref": "provider-1-person", "country": "FR", "in_union": "true",
        "from_on": "2026-03-01",
    }  # fmt: skip


def test_without_a_trigger_there_is_nothing_to_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notice.json").write_text(blank_json(), encoding="utf-8")
    assert run("events", str(tmp_path / "notice.json"), "--received-at", "2026-03-10T09:00:00+01:00") == 1
    assert "filer.role is missing" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["2026-03-10", "2026-03-10T09:00:00", "soon"])
def test_a_receipt_has_an_offset(text: str, filled: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("events", str(filled), "--received-at", text)
    assert stopped.value.code == 2
