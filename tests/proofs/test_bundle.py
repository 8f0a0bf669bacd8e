"""The file of a case and the openings of seals: verified off line, by scripts that know nothing of the register's programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest

from api.archive import open_archive
from api.cli.main import main
from api.logs import open_logs
from api.settings import Settings
from api.stores.documents import Classification
from api.wiring import Register, open_documents, open_register, set_up
from domain.actors import Actor, Role
from domain.events import EVENTS
from domain.ids import Stream
from domain.registry import Command
from projections.store import moment_of
from projections.transparency.notes import Signer
from projections.transparency.openings import OpeningRefused, verify_opening

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DOCKET = ROOT / "tests" / "dockets" / "listing-correction.yaml"
LETTER = b"Dear provider, the Commission has received your notification."
HASH = sha256(LETTER).hexdigest()
OFFICER = Actor(UUID("3f2b8a1e-5c1d-4e7a-9b60-000000000001"), Role.CASE_OFFICER)
NEEDED = ("cryptography", "cffi", "_cffi_backend")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a docket and seals; the last acts are not sealed yet."""
    folder = tmp_path_factory.mktemp("store")
    url = f"sqlite:///{folder}"
    set_up(url)
    assert main(["replay", str(DOCKET), "--database", url]) == 0
    settings = Settings(database_url=url)
    register = open_register(settings)
    write_to_the_provider(register, settings)
    logs = open_logs(settings, register)
    logs.publish_seals(moment_of(register.recorder.last_recorded_at() or 0))
    logs.follower.catch_up()
    logs.close()
    register.close()
    return folder


def write_to_the_provider(register: Register, settings: Settings) -> None:
    """Record a letter whose bytes the register holds, and one that it does not."""
    at = moment_of(register.recorder.last_recorded_at() or 0)
    documents = open_documents(settings)
    with documents.uploading("text/plain", 1_000) as upload:
        upload.write(LETTER)
        documents.add(upload.keep(), OFFICER.ref, at, Classification())
    documents.close()
    (case,) = {event["stream"] for event in states(register) if event["stream"].startswith("case/")}
    letter = {"on": "2026-04-20", "direction": "OUT", "subject": "GENERAL", "documents": [HASH, "0" * 64]}
    fact = EVENTS["CorrespondenceRecorded"].model_validate(letter)
    register.registry.record(Command(Stream("case", case.partition("/")[2]), OFFICER, fact, at))


def states(register: Register) -> list[dict[str, Any]]:
    return [json.loads(state) for _, _, state in register.recorder.raw_events(0, 10_000)]


@pytest.fixture(autouse=True)
def in_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{store}")


@pytest.fixture(scope="module")
def case(store: Path) -> str:
    archive = open_archive(f"sqlite:///{store}")
    found = archive.histories.files("case")
    archive.close()
    assert len(found) == 1
    return found[0].partition("/")[2]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which there is nothing but the standard library and `cryptography`."""
    folder = tmp_path_factory.mktemp("site")
    for name in NEEDED:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
        (folder / origin.name).symlink_to(origin)
    return {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]}


@pytest.fixture(scope="module")
def packed(store: Path, case: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the case, unpacked."""
    folder = tmp_path_factory.mktemp("bundle")
    os.environ["DATABASE_URL"] = f"sqlite:///{store}"
    assert main(["bundle", case, str(folder / "case.zip")]) == 0
    with ZipFile(folder / "case.zip") as archive:
        archive.extractall(folder / "case")
    return folder / "case"


@pytest.fixture
def copy(packed: Path, tmp_path: Path) -> Path:
    shutil.copytree(packed, tmp_path / "case")
    return tmp_path / "case"


def run(script: Path, empty: dict[str, str], *given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-S", str(script), *given], env=empty, capture_output=True, text=True, check=False)


# -- The file of a case ------------------------------------------------------------------


def test_the_script_of_the_file_verifies_it_in_an_empty_environment(packed: Path, empty: dict[str, str]) -> None:
    answer = run(packed / "verify.py", empty)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.endswith("everything holds\n")
    assert re.search(r"^complete: case/\S+ has \d+ events, entry/1 has 2 events$", answer.stdout, re.MULTILINE)
    (packed.parent / "ours.py").write_text("import domain")
    assert "No module named 'domain'" in run(packed.parent / "ours.py", empty).stderr


def test_the_script_is_short_and_needs_only_the_standard_library_and_cryptography(packed: Path) -> None:
    script = (packed / "verify.py").read_text(encoding="utf-8")
    assert len(script.splitlines()) < 200
    imported = {line.split()[1].partition(".")[0] for line in script.splitlines() if line.startswith(("import ", "from "))}
    assert imported - {"cryptography"} <= set(sys.stdlib_module_names)


def test_every_event_of_the_case_is_there_with_its_proofs(packed: Path) -> None:
    names = {folder: sorted(path.stem for path in (packed / folder).iterdir()) for folder in ("events", "leaves", "openings", "public")}
    assert names["events"] == names["leaves"]
    assert set(names["openings"]) < set(names["events"])  # the last day is not over
    assert len(names["public"]) == 2
    topics = {json.loads(path.read_bytes())["topic"] for path in (packed / "events").iterdir()}
    assert {"ModelCaseOpened", "PublicationContentProposed", "ListEntryPublished", "ListEntryCorrected", "ListingRecorded"} <= topics


def test_the_documents_that_the_register_holds_are_there_and_the_others_are_named(packed: Path) -> None:
    assert [path.name for path in (packed / "documents").iterdir()] == [HASH]
    assert (packed / "documents" / HASH).read_bytes() == LETTER
    absent = (packed / "absent.txt").read_text(encoding="utf-8").split()
    assert "0" * 64 in absent
    assert HASH not in absent


def test_the_same_case_gives_the_same_bytes(store: Path, case: str, packed: Path, tmp_path: Path) -> None:
    assert main(["bundle", case, str(tmp_path / "again.zip")]) == 0
    assert (tmp_path / "again.zip").read_bytes() == (packed.parent / "case.zip").read_bytes()
    assert (tmp_path / "again.zip").stat().st_mode & 0o777 == 0o600


def first(folder: Path, name: str) -> Path:
    return sorted((folder / name).iterdir())[0]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def leave_out(folder: Path) -> None:
    """Take an event out of the middle, with everything that speaks of it."""
    name = sorted(path.stem for path in (folder / "events").iterdir())[2]
    for path in folder.rglob(f"{name}.*"):
        path.unlink()


def leave_out_the_last_sealed(folder: Path) -> None:
    """Take out the last event that the seal covers and all after it: no gap shows, but the seal knows of more."""
    last = sorted(path.stem for path in (folder / "openings").iterdir() if "case/" in path.read_text(encoding="utf-8"))[-1]
    for path in [path for path in folder.rglob("0*.*") if path.parent.name != "heads" and path.stem >= last]:
        path.unlink()


TAMPERING: dict[str, tuple[Callable[[Path], object], str]] = {
    "a word of an event": (lambda folder: change(first(folder, "events"), "Alpha", "Omega"), "is not the event in its leaf"),
    "a leaf": (lambda folder: change(first(folder, "leaves"), "extra eyJ", "extra eyK"), "the path"),
    "a path": (lambda folder: change(first(folder, "leaves"), "\nindex ", "\nindex 1"), "the path"),
    "a signature": (lambda folder: change(first(folder, "leaves"), "/audit/log/demonstration\n", "/audit/log/demonstratiom\n"), "signed by none"),
    "an event left out": (leave_out, "an event is missing"),
    "the last events left out": (leave_out_the_last_sealed, "not all are here"),
    "a head": (lambda folder: change(first(folder, "heads"), '"place":', '"place":1'), "not under the seal"),
    "an opening": (lambda folder: change(first(folder, "openings"), '"nonce":"', '"nonce":"00'), "openings/"),
    "a day": (lambda folder: change(first(folder, "openings"), '"day":"2026-03', '"day":"2026-02'), "the receipt of another day"),
    "a public receipt": (lambda folder: change(first(folder, "public"), "extra eyJ", "extra eyK"), "public/"),
    "another key": (
        lambda folder: (folder / "keys" / "cases.vkeys").write_text(Signer("other/audit/log", bytes(32)).verifier.vkey),
        "signed by none",
    ),
    "a document": (lambda folder: change(folder / "documents" / HASH, "Dear", "dear"), "documents/"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_what_was_altered_is_noticed_and_named(name: str, copy: Path, empty: dict[str, str]) -> None:
    tamper, words = TAMPERING[name]
    tamper(copy)
    answer = run(copy / "verify.py", empty)
    assert answer.returncode == 1
    assert answer.stderr.startswith("DOES NOT HOLD: ")
    assert words in answer.stderr


def test_a_case_that_is_none_and_a_file_that_exists_are_wrong_usage(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "3f2b8a1e-5c1d-4e7a-9b60-000000000001", str(tmp_path / "none.zip")]) == 2
    assert "has no case/3f2b8a1e" in capsys.readouterr().err
    (tmp_path / "there.zip").write_text("mine")
    assert main(["bundle", case, str(tmp_path / "there.zip")]) == 2
    assert (tmp_path / "there.zip").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there.zip"]


# -- Openings ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    shutil.copy(store / "keys" / "public.vkeys", folder / "register.vkey")
    shutil.copy(store / "keys" / "case.vkeys", folder / "cases.vkey")
    return folder


@pytest.fixture
def act(case: str, tmp_path: Path) -> Path:
    assert main(["seal", "open-act", f"case/{case}", "1", str(tmp_path / "act.json")]) == 0
    return tmp_path / "act.json"


def published_script(folder: Path) -> Path:
    """Take the script out of the recipe as it is published."""
    recipe = (ROOT / "docs" / "seals.md").read_text(encoding="utf-8")
    script = re.search(r"```python\n(.*?)```", recipe, re.DOTALL)
    assert script is not None
    (folder / "opened.py").write_text(script[1], encoding="utf-8")
    return folder / "opened.py"


def test_the_published_recipe_verifies_an_act(act: Path, keys: Path, empty: dict[str, str], tmp_path: Path) -> None:
    answer = run(published_script(tmp_path), empty, str(act), str(keys / "register.vkey"))
    assert answer.returncode == 0, answer.stderr
    assert '"topic":"ModelCaseOpened"' in answer.stdout


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"nonce":"', '"nonce":"00', "not sealed on that day"),
        ("ModelCaseOpened", "ModelCaseClosed", "not sealed on that day"),
        ('"day":"2026', '"day":"2025', "another day"),
        ("extra eyJ", "extra eyK", ""),
    ],
)
def test_the_recipe_and_the_command_notice_what_was_altered(
    old: str, new: str, words: str, act: Path, keys: Path, empty: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(act, old, new)
    answer = run(published_script(tmp_path), empty, str(act), str(keys / "register.vkey"))
    assert answer.returncode == 1
    assert words in answer.stderr
    assert main(["seal", "check", str(act), "--key", str(keys / "register.vkey")]) == 1
    assert capsys.readouterr().out.startswith("Does not hold: ")


def test_an_opened_act_says_nothing_of_the_log_of_the_cases(act: Path, store: Path) -> None:
    opened = json.loads(act.read_bytes())
    assert set(opened) == {"kind", "day", "receipt", "event", "nonce", "place", "path"}
    assert len(opened["path"]) == 12
    archive = open_archive(f"sqlite:///{store}")
    assert str(archive.case_log.origin()) not in act.read_text(encoding="utf-8")
    archive.close()


def test_the_checkpoint_is_opened_for_a_named_recipient(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "opened.json"
    assert main(["seal", "open-checkpoint", "2026-03-10", str(file), "--recipient", "Court of Auditors"]) == 0
    assert json.loads(file.read_bytes())["recipient"] == "Court of Auditors"
    given = ["seal", "check", str(file), "--key", str(keys / "register.vkey"), "--case-key", str(keys / "cases.vkey")]
    assert main(given) == 0
    assert "/audit/log" in capsys.readouterr().out
    change(file, '"salt":"', '"salt":"00')
    assert main(given) == 1
    assert "not the one that was committed to" in capsys.readouterr().out


def test_what_is_not_sealed_yet_cannot_be_opened(store: Path, case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = open_archive(f"sqlite:///{store}")
    last = archive.histories.leaves("entry/1")[-1].leaf
    archive.close()
    assert main(["seal", "open-act", last.stream, str(last.version), str(tmp_path / "x.json")]) == 2
    assert "not sealed yet" in capsys.readouterr().err
    assert main(["seal", "open-checkpoint", "2026-12-31", str(tmp_path / "x.json"), "--recipient", "me"]) == 2
    assert main(["seal", "open-act", f"case/{case}", "99", str(tmp_path / "x.json")]) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"kind":"act"}', b'{"kind":"other","day":"2026-03-10"}', b"\xff", b'"text"'])
def test_what_is_no_opening_is_refused_with_a_sentence(raw: bytes, keys: Path) -> None:
    with pytest.raises(OpeningRefused, match=r"\.$"):
        verify_opening(raw, (keys / "register.vkey").read_text(encoding="utf-8").split())
