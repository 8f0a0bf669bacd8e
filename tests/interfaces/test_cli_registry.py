"""The command line: every verb explains itself; dockets, the demonstration, migration and rebuilding from a shell."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import main, parser
from api.settings import Settings
from api.stores.event_store.factory import open_recorder
from api.wiring import open_register, set_up
from tests.faults.following import history
from tests.read_models.folding import ReadSide, Told, record
from tests.scenario import CREATED

VERBS = sorted(next(iter(action.choices for action in parser()._actions if action.choices)))  # type: ignore[arg-type]
BY = "{role: CASE_OFFICER, id: officer-1}"
OPEN = (
    f"  - {{at: 2026-03-10T09:00:00+01:00, by: {BY}, stream: case/alpha, record: ModelCaseOpened, data: {{lineage_key: a, internal_name: Alpha}}}}\n"
)
MET = (
    f"  - {{at: 2026-03-10T09:05:00+01:00, by: {BY}, stream: case/alpha, record: ThresholdMet,\n"
    "     data: {on: 2026-03-01, compute_flop: %s, threshold_version: 1, source: PROVIDER, kind: COMPUTE}%s}\n"
)
ASK = "  - {ask: status, stream: case/alpha, expect: {status: %s}}\n"
DOCKET = "title: A case\nsteps:\n" + OPEN + MET % ("1.1e25", "") + MET % ("1e25", ", expect: {refused: R01}") + ASK % "CLASSIFIED"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a store that is set up and empty, in the environment."""
    url = f"sqlite:///{tmp_path / 'store'}"
    monkeypatch.setenv("DATABASE_URL", url)
    assert main(["migrate"]) == 0
    return url


def written(folder: Path, content: str | bytes, name: str = "docket.yaml") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def stored(url: str) -> list[Any]:
    recorder = open_recorder(url)
    found = recorder.raw_events(0, 1_000_000)
    recorder.close()
    return found


# -- Help ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [[verb] for verb in VERBS] + [["compute", "hardware"], ["compute", "sum"], ["token", "create"]], ids=" ".join)
def test_every_verb_explains_itself_with_an_example(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*verb, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: registry {' '.join(verb)}")
    assert "registry " in said.partition("example")[2]


def test_without_a_verb_or_with_an_unknown_one_the_usage_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["nonsense"], ["replay"], ["replay", "x", "--format", "xml"], ["rebuild", "--projection", "nonsense"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "usage: registry" in capsys.readouterr().err


@pytest.mark.parametrize(("port", "code"), [("0", 2), ("65536", 2), ("x", 2), ("-1", 2)])
def test_what_is_no_port_is_wrong_usage(port: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", port])
    assert ended.value.code == code
    assert "from 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("PORT", "abc"), ("PORT", "65536"), ("WAIT_SECONDS", "-1")])
def test_a_setting_that_cannot_be_read_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(name, value)
    assert main(["migrate"]) == 2
    assert f"registry: {name} in the environment" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["migrate"], ["demo"], ["token", "create", "--role", "AUDITOR", "--name", "me"]])
def test_a_database_that_is_away_is_no_finding(verb: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nobody-listens")
    assert main(verb) == 2
    assert "registry: the database cannot be reached" in capsys.readouterr().err


def test_an_interrupted_demonstration_says_that_it_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'store'}")
    monkeypatch.setattr("api.cli.demo.load", interrupted)
    assert main(["migrate"]) == 0
    assert main(["demo"]) == 130
    assert "not whole" in capsys.readouterr().err


def test_a_token_is_issued_for_no_store_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgres://secret@host/x")
    assert main(["token", "create", "--role", "AUDITOR", "--name", "me"]) == 2
    said = capsys.readouterr()
    assert (said.out, "postgres:..." in said.err, "secret" in said.err) == ("", True, False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", [["demo"], ["rebuild"], ["replay", "docket.yaml", "--database"]])
def test_a_store_that_is_none_is_named(verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, DOCKET)
    for url, says in ((f"sqlite:///{tmp_path}/nowhere", "registry migrate"), ("mysql://secret@host/x", "mysql:...")):
        monkeypatch.setenv("DATABASE_URL", url)
        assert main([*verb, *([url] if verb[-1] == "--database" else [])]) == 2
        said = capsys.readouterr().err
        assert says in said
        assert "secret" not in said
    assert not (tmp_path / "nowhere").exists()


# -- Replay ----------------------------------------------------------------------------


def test_the_json_of_a_replay_has_the_form_that_others_rely_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, DOCKET + "  - {ask: nonsense}\n")
    assert main(["replay", path, "--format", "json"]) == 1
    out = capsys.readouterr()
    found = json.loads(out.out, parse_float=pytest.fail)
    assert out.err == ""
    assert list(found) == ["title", "steps", "ok"]
    assert (found["title"], found["ok"]) == ("A case", False)
    assert [(step["n"], step["outcome"], step["as_expected"]) for step in found["steps"]] == [
        (1, "recorded", True),
        (2, "recorded", True),
        (3, "refused", True),
        (4, "answered", True),
        (5, "error", False),
    ]
    recorded, refused, answered, wrong = found["steps"][1], found["steps"][2], found["steps"][3], found["steps"][4]
    assert set(recorded) == {"n", "outcome", "events", "as_expected"}
    (event,) = recorded["events"]
    assert event.items() >= {"stream": "case/alpha", "topic": "ThresholdMet", "version": 2}.items()
    assert event["data"]["compute_flop"] == "11" + 24 * "0"
    assert set(refused["refusal"]) == {"code", "article", "message"}
    assert (refused["refusal"]["code"], refused["events"]) == ("R01", [])
    assert answered["answer"]["status"] == "CLASSIFIED"
    assert answered["answer"]["grounds"] == [{"ground": "PRESUMED", "from": "2026-03-01T00:00:00+01:00"}]
    assert "error" in wrong
    assert "step 5 (line 9), field ask" in wrong["error"]


def test_the_answer_of_a_clock_has_the_form_that_others_rely_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = "  - {ask: clock, stream: case/alpha, clock: D1, expect: {due: 2026-03-16, provisional: false}}\n"
    ask += "  - {ask: published, valid_at: 2026-03-11, expect: []}\n"
    assert main(["replay", written(tmp_path, DOCKET + ask), "--format", "json"]) == 0
    *_, clock, published = json.loads(capsys.readouterr().out)["steps"]
    assert clock["answer"].items() >= {"clock": "D1", "state": "RUNNING", "due": "2026-03-16", "provisional": False}.items()
    assert clock["answer"].keys() >= {"clock", "state", "started_by", "due", "provisional", "arithmetic"}
    assert published["answer"] == []


def test_the_table_of_a_replay_says_what_came_and_what_was_not_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", written(tmp_path, DOCKET)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("A case\n")
    assert "R01  Article 51(2)" in said
    assert "4 steps, as expected" in said
    assert main(["replay", written(tmp_path, DOCKET + ASK % "CLEARED")]) == 1
    said = capsys.readouterr().out
    assert "✗    5  answered" in said
    assert "5 steps, 1 not as expected" in said


def test_of_several_dockets_the_worst_decides(tmp_path: Path) -> None:
    good, bad = written(tmp_path, DOCKET), written(tmp_path, DOCKET + ASK % "CLEARED", "bad.yaml")
    assert main(["replay", good, good]) == 0
    assert main(["replay", good, bad]) == 1
    assert main(["replay", good, str(tmp_path / "none.yaml"), bad]) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "not written in UTF-8"),
        (b"", "the file is empty"),
        (b"title: a\nsteps: {}\n", "`steps` is a list"),
        (b"title: a\nsteps: [{at: 2026-03-10}]\n", "line 2: at must be an instant with offset"),
        (b"title: a\nsettings: {NO_SUCH: 1}\nsteps: [{ask: published}]\n", "settings, NO_SUCH: must be one of"),
        (b"title: a\nsettings: {HEARING_MIN_WORKING_DAYS: ten}\nsteps: [{ask: published}]\n", "must be a whole number"),
    ],
)
def test_a_file_that_is_no_docket_is_wrong_usage_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    assert main(["replay", written(tmp_path, content)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("registry replay: docket.yaml")
    assert says in said


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        assert main(["replay", str(path)]) == 2
        assert f"{path} cannot be read" in capsys.readouterr().err


def test_a_replay_keeps_nothing_unless_it_is_told_where(tmp_path: Path, store: str) -> None:
    assert main(["replay", written(tmp_path, DOCKET)]) == 0
    assert stored(store) == []
    assert main(["replay", written(tmp_path, DOCKET), "--database", store]) == 0
    first = stored(store)
    assert [topic for _, topic, _ in first][-2:] == ["Claimed", "ThresholdMet"]
    assert main(["replay", written(tmp_path, DOCKET, "other.yaml"), "--database", store]) == 1, "the same lineage is another's case"
    assert stored(store)[: len(first)] == first


def test_settings_of_a_docket_hold_from_its_first_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = "  - {ask: history, stream: register, expect: [JudgementSettingChanged]}\n"
    assert main(["replay", written(tmp_path, DOCKET.replace("steps:", "settings: {HEARING_MIN_WORKING_DAYS: 12}\nsteps:") + ask)]) == 0
    assert main(["replay", written(tmp_path, DOCKET.replace("steps:", "settings: {HEARING_MIN_WORKING_DAYS: 10}\nsteps:"))]) == 0, (
        "the default is no change"
    )


def test_settings_of_a_docket_are_refused_where_a_store_has_begun(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    with_settings = DOCKET.replace("steps:", "settings: {HEARING_MIN_WORKING_DAYS: 12}\nsteps:")
    assert main(["replay", written(tmp_path, with_settings), "--database", store]) == 0, "a new store takes them"
    before = stored(store)
    assert [topic for _, topic, _ in before].count("JudgementSettingChanged") == 1
    capsys.readouterr()
    assert main(["replay", written(tmp_path, with_settings), "--database", store, "--format", "json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("registry replay: docket.yaml: `settings` hold from the beginning of a store, and this store has begun")
    assert stored(store) == before


def test_only_a_demonstration_takes_its_time_from_a_docket(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    register = open_register(Settings(database_url=store))
    register.create(CREATED, demonstration=False)
    register.close()
    before = stored(store)
    assert main(["replay", written(tmp_path, DOCKET), "--database", store]) == 2
    assert "this store is no demonstration" in capsys.readouterr().err
    assert stored(store) == before


# -- The demonstration, migrating, rebuilding ----------------------------------------------


def test_the_demonstration_is_loaded_into_an_empty_store_only(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", written(tmp_path, DOCKET), "--database", store]) == 0
    before = stored(store)
    assert main(["demo"]) == 2
    assert "this store has events" in capsys.readouterr().err
    assert main(["demo", "--if-empty"]) == 0
    assert stored(store) == before


@pytest.mark.slow
def test_the_demonstration_is_the_same_by_the_command_and_in_memory(store: str, demonstration: Any) -> None:
    assert main(["demo"]) == 0
    # Seals belong to the logs, and a register in memory has none.
    topics = [topic for _, topic, _ in stored(store) if topic != "SealPublished"]
    assert topics == [topic for _, topic, _ in demonstration.recorder.raw_events(0, 1_000_000)]
    side = ReadSide(store)
    before = side.rows()
    assert main(["rebuild"]) == 0
    assert side.rows() == before
    assert side.public.state().demonstration
    side.close()


def test_migrating_twice_changes_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_url)
    assert main(["migrate"]) == 0
    recorder = open_recorder(empty_url)
    record(recorder, history(1))
    recorder.close()
    side = ReadSide(empty_url)
    side.fold(Told(stored(empty_url)))
    rows, events = side.rows(), stored(empty_url)
    assert main(["migrate"]) == 0
    assert (side.rows(), stored(empty_url)) == (rows, events)
    side.close()


def test_rebuilding_says_from_how_many_events(empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_url)
    set_up(empty_url)
    assert main(["rebuild"]) == 0
    assert "Rebuilt from 0 events." in capsys.readouterr().err
    recorder = open_recorder(empty_url)
    record(recorder, history(2))
    assert main(["rebuild", "--projection", "case_file"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"Rebuilt from {recorder.head()} events.\n"), "no progress in a pipe"
    recorder.close()
