"""Reading docket files: what is a docket, what is not, and where."""

from pathlib import Path
from typing import Any

import pytest

from api.dockets.files import DocketError, Step, read_docket

HEAD = "title: A docket\nsteps:\n"


def steps_of(folder: Path, content: str | bytes, name: str = "docket.yaml") -> list[Step]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with path.open(encoding="utf-8-sig") as text:
        return list(read_docket(path, text).steps)


def bodies(folder: Path, content: str | bytes, name: str = "docket.yaml") -> list[dict[str, Any]]:
    return [step.body for step in steps_of(folder, content, name)]


def complaint(folder: Path, content: str | bytes, name: str = "docket.yaml") -> str:
    with pytest.raises(DocketError) as refused:
        steps_of(folder, content, name)
    assert str(refused.value).startswith(f"{name}"), "every complaint names the file"
    return str(refused.value)


# -- All scalars are text ------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.1e+25", "1.1e+25"), ('"1.1e+25"', "1.1e+25"), ("'1.1e+25'", "1.1e+25"), ("1", "1"), ("0o17", "0o17"), ("1_000", "1_000"), ("yes", "yes"),
        ("true", "true"), ("2026-03-01", "2026-03-01"), ("2026-03-01T09:00:00+01:00", "2026-03-01T09:00:00+01:00"), (".inf", ".inf"), ("0x1F",
        "0x1F"),
        ("12:30:45", "12:30:45"), ('""', ""), ('"~"', "~"), ('"null"', "null"), ("[a, b]", ["a", "b"]), ("[1, 2.0]", ["1", "2.0"]), ("{x: 1}",
        {"x": "1"}),
        ("52(1)", "52(1)"), ('"a\\u00e9\\n"', "aé\n"), ("[]", []), ("{}", {}), ("Ωmega 模型", "Ωmega 模型"),
    ],
)  # fmt: skip
def test_every_scalar_of_yaml_is_the_text_that_was_written(tmp_path: Path, written: str, read: object) -> None:
    assert bodies(tmp_path, f"{HEAD}  - {{value: {written}}}\n") == [{"value": read}]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.1e+25", "1.1e+25"), ("10000000000000000000000001.0", "10000000000000000000000001.0"), ("1", "1"), ("-0", "-0"), ('"1e25"', "1e25"),
        ("true", True),
        ("NaN", "NaN"), ("Infinity", "Infinity"), ("[1, 2.50]", ["1", "2.50"]), ('{"x": 1e400}', {"x": "1e400"}), ('"\\u00e9"', "é"),
    ],
)  # fmt: skip
def test_every_number_of_json_lines_is_the_text_that_was_written(tmp_path: Path, written: str, read: object) -> None:
    assert bodies(tmp_path, f'{{"value": {written}}}\n', "docket.jsonl") == [{"value": read}]


@pytest.mark.parametrize("nothing", ["", "~", "null", "Null", "NULL"])
def test_a_field_without_a_value_is_left_out(tmp_path: Path, nothing: str) -> None:
    assert bodies(tmp_path, f"{HEAD}  - a: {nothing}\n    b: c\n") == [{"b": "c"}]
    assert bodies(tmp_path, '{"a": null, "b": "c"}\n', "docket.jsonl") == [{"b": "c"}]


def test_the_three_forms_of_a_docket_say_the_same(tmp_path: Path) -> None:
    expected = [{"at": "2026-03-01", "data": {"names": ["a", "b"], "n": "1"}}, {"ask": "published"}]
    yaml = HEAD + "  - at: 2026-03-01\n    data:\n      names: [a, b]\n      n: 1\n  - {ask: published}\n"
    json = '{"title": "A docket", "steps": [{"at": "2026-03-01", "data": {"names": ["a", "b"], "n": 1}}, {"ask": "published"}]}'
    lines = '{"at": "2026-03-01", "data": {"names": ["a", "b"], "n": 1}}\n\n{"ask": "published"}'
    assert bodies(tmp_path, yaml) == bodies(tmp_path, json, "docket.json") == bodies(tmp_path, lines, "docket.jsonl") == expected
    assert bodies(tmp_path, "\ufeff" + yaml) == bodies(tmp_path, "\ufeff" + lines, "docket.jsonl") == expected
    assert bodies(tmp_path, yaml.replace("\n", "\r\n")) == bodies(tmp_path, lines.replace("\n", "\r\n"), "docket.jsonl") == expected


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r'"\ud83d\ude00"', "😀"),
        (r'"a\uD83D\uDE00b"', "a😀b"), (r'"\\ud83d"', "\\ud83d"), (r'"\\\ud83d\ude00"', "\\😀"), (r'"a\/b\n\u00e9"', "a/b\né"),
        ("1.1e+25", "1.1e+25"), ("true", "true"),
    ],
)  # fmt: skip
def test_every_escape_of_json_is_read(tmp_path: Path, written: str, read: str) -> None:
    for indent in ("", " ", "\t"):
        json = f'{{\n{indent}"title":"A docket",\n{indent}"steps":[{{"value":{written}}}]}}'
        assert bodies(tmp_path, json, "docket.json") == [{"value": read}]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "line 1: the file is empty"),
        ("[]", "line 1: a docket is a mapping with `title` and `steps`"),
        ('{"title": "a",\n "steps": [{"a": 1}', "line 3: did not find expected ',' or ']'"),
        ('{"title": "a"\n "steps": []}', "line 2: did not find expected ',' or '}'"),
        ('{"title": "a", "title": "b", "steps": []}', "line 1: unknown or repeated key 'title'"),
        ('{"title": "a", "steps": [\n{"a": 1, "a": 2}]}', "line 2: the key 'a' stands twice"),
        ('{"title": "\\ud83d", "steps": []}', "line 1: found invalid Unicode character escape code"),
        ('{"title": "a", "steps": []} {}', "docket.json, line 1"),
        (b'{"title": "\xff", "steps": []}', "docket.json: is not written in UTF-8"),
    ],
)
def test_what_is_no_docket_in_json_is_told_where(tmp_path: Path, content: str | bytes, says: str) -> None:
    assert says in complaint(tmp_path, content, "docket.json")


def test_a_docket_says_its_title_and_settings_before_its_steps(tmp_path: Path) -> None:
    path = tmp_path / "docket.yaml"
    path.write_text("settings: {HEARING_MIN_WORKING_DAYS: 12}\ntitle: 'A: B'\nsteps: []\n")
    with path.open() as text:
        docket = read_docket(path, text)
        assert (docket.name, docket.title, docket.settings, list(docket.steps)) == ("docket.yaml", "A: B", {"HEARING_MIN_WORKING_DAYS": "12"}, [])


def test_steps_carry_their_numbers_and_lines(tmp_path: Path) -> None:
    found = steps_of(tmp_path, HEAD + "  # a comment\n  - a: b\n    c: d\n\n  - {e: f}\n")
    assert [(step.n, step.line) for step in found] == [(1, 4), (2, 7)]
    lines = steps_of(tmp_path, '\n{"a": "b"}\n\n{"c": "d"}\n', "docket.jsonl")
    assert [(step.n, step.line) for step in lines] == [(1, 2), (2, 4)]


def test_steps_are_read_one_by_one_and_not_before_they_are_asked_for(tmp_path: Path) -> None:
    """A mistake at the end of a long file does not keep the beginning from being read."""
    for name, content in (("docket.yaml", HEAD + "  - a: b\n" * 50_000 + "  - [\n"), ("docket.jsonl", '{"a": "b"}\n' * 50_000 + "[")):
        path = tmp_path / name
        path.write_text(content)
        with path.open() as text:
            steps = read_docket(path, text).steps
            assert [next(steps).n for _ in range(3)] == [1, 2, 3]
            with pytest.raises(DocketError, match="line 5000"):
                list(steps)


# -- What is no docket ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("---\n", "a docket is a mapping"),
        ("- a\n- b\n", "a docket is a mapping"),
        ("just text", "a docket is a mapping"),
        ("steps: []\n", "`title` is missing, or stands after `steps`"),
        ("steps: []\ntitle: late\n", "`title` is missing, or stands after `steps`"),
        ("title: [a]\nsteps: []\n", "`title` is missing"),
        ("title: ~\nsteps: []\n", "`title` is missing"),
        ("title: a\n", "the docket has no `steps`"),
        ("title: a\ntitle: b\nsteps: []\n", "unknown or repeated key 'title'"),
        ("title: a\nsteps: []\nsteps: []\n", "nothing may follow `steps`"),
        ("title: a\nsteps: []\nsettings: {}\n", "nothing may follow `steps`"),
        ("title: a\nstep: []\n", "unknown or repeated key 'step'"),
        ("title: a\nsteps: {a: b}\n", "`steps` is a list"),
        ("title: a\nsteps:\n", "`steps` is a list"),
        ("title: a\nsteps: [a]\n", "step 1 is not a mapping"),
        ("title: a\nsteps: [{a: b}, [c]]\n", "step 2 is not a mapping"),
        ("title: a\nsettings: [a]\nsteps: []\n", "`settings` is a mapping"),
        ("title: a\nsettings: {A: [b]}\nsteps: []\n", "`settings` is a mapping"),
        ("title: a\nsteps: []\n---\ntitle: b\nsteps: []\n", "a file holds one"),
        (HEAD + "  - {a: b, a: c}\n", "the key 'a' stands twice"),
        (HEAD + "  - a: {b: c, b: d}\n", "the key 'b' stands twice"),
        (HEAD + "  - {a: ~, a: c}\n", "the key 'a' stands twice"),
        (HEAD + "  - {[a]: b}\n", "a key is a word"),
        (HEAD + "  - {? {a: b} : c}\n", "a key is a word"),
        (HEAD + "  - &x {a: b}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: &x b}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: *x}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: b, <<: *x}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: !x b}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: !!float 1}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: !!binary aGk=}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: !!python/object/apply:os.system [true]}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: ! b}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - !!map {a: b}\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {!!str a: b}\n", "anchors, aliases and tags are not read"),
        ("title: !!str a\nsteps: []\n", "anchors, aliases and tags are not read"),
        (HEAD + "  - {a: b\n", "line 4"),
        (HEAD + "  - a: b\n   c: d\n", "line 4"),
        (HEAD + "  - a: b\n\t- c: d\n", "line 4"),
        (HEAD + "  - {a: 'b}\n", "line"),
        (HEAD + "  - {a: \"\\q\"}\n", "line 3"),
        ("title: a\x00\nsteps: []\n", "docket.yaml"),
        ("title: \x07\nsteps: []\n", "docket.yaml"),
        ("%YAML 9.9\n---\ntitle: a\n", "docket.yaml"),
        (HEAD + "  - {a: " + "[" * 20_000 + "]" * 20_000 + "}\n", "docket.yaml"),
        (HEAD + "  - " + "{a: " * 5_000 + "b" + "}" * 5_000 + "\n", "docket.yaml"),
    ],
)  # fmt: skip
def test_what_is_no_docket_in_yaml_is_told_where(tmp_path: Path, content: str, says: str) -> None:
    assert says in complaint(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]\n", "line 1: a step must be a JSON object"),
        ('{"a": "b"}\n"c"\n', "line 2: a step must be a JSON object"),
        ('{"a": "b"}\n{"a": \n', "line 2: not a JSON object"),
        ('{"a": "b"} {"c": "d"}\n', "line 1: not a JSON object"),
        ('{"a": "b", "a": "c"}\n', "line 1: not a JSON object: the key 'a' stands twice"),
        ('{"a": {"b": null, "b": "c"}}\n', "the key 'b' stands twice"),
        ("{'a': 'b'}\n", "line 1: not a JSON object"),
        ("title: a\nsteps: []\n", "line 1: not a JSON object"),
        ('{"a": "\\ud800"}\n', "line 1: not a JSON object"),
        ('{"\\ud800": "a"}\n', "line 1: not a JSON object"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}\n", "nested too deeply"),
    ],
)
def test_what_is_no_docket_in_json_lines_is_told_where(tmp_path: Path, content: str, says: str) -> None:
    assert says in complaint(tmp_path, content, "docket.jsonl")


NOT_UTF_8 = (b"\xff\xfe", b"title: caf\xe9\nsteps: []\n", HEAD.encode() + b"  - {a: \xff}\n", HEAD.encode() + b"  - a: b\n" * 9_999 + b"\xff")


@pytest.mark.parametrize("content", NOT_UTF_8)
def test_a_file_that_is_not_utf_8_says_so(tmp_path: Path, content: bytes) -> None:
    assert "not written in UTF-8" in complaint(tmp_path, content)
    assert "not written in UTF-8" in complaint(tmp_path, b'{"a": "b"}\n' * len(content) + b'{"a": "\xff"}', "docket.jsonl")


def test_an_empty_file_of_json_lines_has_no_steps(tmp_path: Path) -> None:
    assert bodies(tmp_path, "", "docket.jsonl") == bodies(tmp_path, "\n\n", "docket.jsonl") == []
