"""`registry person`, and the search of every byte: what a person said stands in the vault, encrypted, and after erasing nowhere."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import UUID

import psycopg
import pytest

from api.cli.main import main
from api.settings import Settings
from api.stores.access_log import AccessAct
from api.wiring import open_door, open_tokens, open_vault, set_up
from domain.actors import Role
from tests.conftest import POSTGRES, new_url
from tests.running import serving

DATA = {"name": "Ada Quillfeather", "e_mail": "ada.q@mill-lane.example", "telephone": "+32 2 555 01 99", "statement": "It is spelt with two e"}
LATER = {"name": "Ada Quillfeather-Ypsilanti", "telephone": "+32 2 555 77 66"}
SAID = ("Quillfeather", "mill-lane", "555 01 99", "spelt with two", "Ypsilanti", "555 77 66")
NOBODY = "3f2b8a1e-5c1d-4e7a-9b60-000000000001"


@dataclass
class Desk:
    """A register on the command line, in a folder of its own."""

    folder: Path
    url: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *arguments: str, given: str = "") -> tuple[int, str, str]:
        self.capsys.readouterr()
        self.monkeypatch.setattr("sys.stdin", io.StringIO(given))
        status = main(["person", *arguments])
        printed = self.capsys.readouterr()
        return status, printed.out, printed.err

    def add(self, data: dict[str, str] = DATA) -> str:
        status, printed, _ = self.run("add", given=json.dumps(data))
        assert status == 0
        return printed.strip()

    def play(self, ref: str, *, closed: bool) -> None:
        """Let a case of 2023 name a person; it is of a demonstration, since only that lives in another year."""
        docket = self.folder / "docket.yaml"
        docket.write_text(DOCKET.format(ref=ref) + (CLOSING if closed else ""), encoding="utf-8")
        assert main(["replay", str(docket), "--database", self.url]) == 0, self.capsys.readouterr()

    def verified(self) -> list[str]:
        self.capsys.readouterr()
        main(["verify", "--json"])
        found: list[str] = json.loads(self.capsys.readouterr().out)["differences"]
        return found


DOCKET = """
title: A case of 2023
steps:
  - at: 2023-01-10T09:00:00+01:00
    by: {{role: CASE_OFFICER, id: officer-1}}
    stream: case/alpha
    record: ModelCaseOpened
    data: {{lineage_key: alpha-1, internal_name: Alpha}}
  - at: 2023-01-11T09:00:00+01:00
    by: {{role: CASE_OFFICER, id: officer-1}}
    stream: case/alpha
    record: ProviderIdentified
    data: {{provider_ref: alpha-ai, provider_kind: LEGAL_PERSON, legal_name: Alpha AI, country: FR, in_union: true, from_on: 2022-01-01,
           contact_person_ref: {ref}}}
"""
CLOSING = """
  - at: 2023-01-31T09:00:00+01:00
    by: {role: CASE_OFFICER, id: officer-1}
    stream: case/alpha
    record: CaseClosed
    data: {on: 2023-01-31, closing_reason: OTHER}
"""


@pytest.fixture(params=["file", POSTGRES])
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:  # fmt: skip
    url = new_url(request.param, tmp_path, request)
    monkeypatch.chdir(tmp_path)  # on PostgreSQL keys stand in `var`
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("RETENTION_YEARS", "1")
    set_up(url)
    return Desk(tmp_path, url, capsys, monkeypatch)


def test_a_person_is_added_from_standard_input_and_shown_and_that_is_noted(desk: Desk) -> None:
    ref = desk.add()
    status, printed, _ = desk.run("show", ref)
    assert (status, json.loads(printed)) == (0, DATA)
    door = open_door(Settings())
    assert [(row.act, row.by, row.subjects) for row in door.log.rows()] == [(AccessAct.READ, "cli", (f"person/{ref}",))]
    door.close()


@pytest.mark.parametrize(
    "given", ["", "Quillfeather", "[]", '{"name": ""}', '{"name": "Ada", "telephone": "Quillfeather"}', '{"born": "Quillfeather"}']
)
def test_what_is_no_person_is_refused_and_not_repeated(desk: Desk, given: str) -> None:
    status, printed, error = desk.run("add", given=given)
    assert (status, printed) == (2, "")
    assert error.startswith("registry person: ")
    assert "Quillfeather" not in error


def test_erasing_destroys_key_and_row_and_is_recorded(desk: Desk) -> None:
    ref = desk.add()
    desk.play(ref, closed=True)
    status, printed, error = desk.run("erase", ref)
    assert (status, len(printed.splitlines())) == (0, 1)
    assert printed.startswith("PersonalDataErased recorded on case/")
    assert "Documents and backups are not searched" in error
    assert desk.run("show", ref)[0] == 1
    assert desk.verified() == []


def test_erasing_is_refused_while_a_file_needs_the_person(desk: Desk) -> None:
    ref = desk.add()
    desk.play(ref, closed=False)
    status, printed, error = desk.run("erase", ref)
    assert (status, printed) == (1, "")
    assert "must be CONTACT while case/" in error
    status, _, error = desk.run("erase", ref, "--scope", "CONTACT")
    assert (status, "rectify instead" in error) == (1, True)
    assert json.loads(desk.run("show", ref)[1]) == DATA


def test_erasing_is_refused_while_a_closed_file_is_kept(desk: Desk) -> None:
    desk.monkeypatch.setenv("RETENTION_YEARS", "100")
    desk.monkeypatch.setenv("RETENTION_SOURCE", "the list of the house")
    ref = desk.add()
    desk.play(ref, closed=True)
    status, _, error = desk.run("erase", ref)
    assert (status, "is kept (the list of the house)" in error) == (1, True)
    assert desk.run("erase", ref, "--scope", "CONTACT")[0] == 0
    assert json.loads(desk.run("show", ref)[1]) == {"name": DATA["name"], "statement": DATA["statement"]}


def test_somebody_whom_no_file_names_is_erased_without_an_event(desk: Desk) -> None:
    ref = desk.add()
    status, printed, _ = desk.run("erase", ref)
    assert (status, printed) == (0, "")
    assert desk.run("erase", ref)[0] == 1, "nobody knows the person any more"


def test_wrong_usage_is_two_and_somebody_unknown_is_one(desk: Desk) -> None:
    for arguments in (["erase", "ada"], ["erase"], ["erase", NOBODY, "--scope", "NAME"], []):
        with pytest.raises(SystemExit) as wrong:
            main(["person", *arguments])
        assert wrong.value.code == 2
    for act in ("erase", "show"):
        status, printed, error = desk.run(act, NOBODY)
        assert (status, printed, NOBODY in error) == (1, "", True)
    assert desk.run("erase", desk.add(), "--ground", "x" * 501)[0] == 2
    desk.monkeypatch.setenv("DATABASE_URL", "sqlite://")
    assert desk.run("erase", NOBODY)[0] == 2


def test_whoever_was_interrupted_is_named_and_completes_it_without_recording_twice(desk: Desk) -> None:
    ref = desk.add()
    desk.play(ref, closed=True)
    kept = rows_of(desk, ref)
    desk.run("erase", ref)
    put_back(desk, ref, kept)
    assert desk.verified() == [f"Person {ref}: the erasure is recorded, and the vault still has the person; run `registry person erase {ref}` again."]
    status, printed, _ = desk.run("erase", ref)
    assert (status, printed) == (0, "")
    assert desk.verified() == []


def rows_of(desk: Desk, ref: str) -> tuple[bytes, bytes]:
    if desk.url.startswith("postgresql"):
        with psycopg.connect(desk.url) as session:
            found = session.execute("SELECT wrapped_key, sealed FROM vault.persons WHERE person_ref = %s", [ref]).fetchone()
            assert found
            return bytes(found[0]), bytes(found[1])
    session = sqlite3.connect(desk.folder / "store" / "vault.db")
    wrapped, sealed = session.execute("SELECT wrapped_key, sealed FROM persons WHERE person_ref = ?", [ref]).fetchone()
    session.close()
    return wrapped, sealed


def put_back(desk: Desk, ref: str, row: tuple[bytes, bytes]) -> None:
    if desk.url.startswith("postgresql"):
        with psycopg.connect(desk.url) as session:
            session.execute("INSERT INTO vault.persons VALUES (%s, %s, %s, 0, NULL)", [ref, *row])
        return
    session = sqlite3.connect(desk.folder / "store" / "vault.db")
    session.execute("INSERT INTO persons VALUES (?, ?, ?, 0, NULL)", [ref, *row])
    session.commit()
    session.close()


# -- Every byte ------------------------------------------------------------------------


@pytest.mark.slow
def test_no_byte_anywhere_holds_what_a_person_said(desk: Desk) -> None:
    """The real service keeps, shows, rectifies and restricts; the command line erases beside it. Then everything is searched."""
    ref = desk.add()
    desk.play(ref, closed=True)
    first = rows_of(desk, ref)
    tokens = open_tokens(Settings())
    officer, auditor = tokens.issue(Role.CASE_OFFICER, "officer"), tokens.issue(Role.AUDITOR, "auditor")
    tokens.close()
    with asking(desk) as ask:
        assert SAID[0] in ask("GET", f"/api/v1/persons/{ref}", auditor)
        ask("PUT", f"/api/v1/persons/{ref}", officer, LATER)
        ask("PUT", f"/api/v1/persons/{ref}/restriction", officer, {})
        second = rows_of(desk, ref)
        search(desk, first=(), where="while the person is kept")
        assert desk.run("erase", ref)[0] == 0
        with pytest.raises(OSError, match="404"):
            ask("GET", f"/api/v1/persons/{ref}", auditor)
        told = ask(
            "POST",
            "/staff/graphql",
            auditor,
            {"query": QUERY, "variables": {"topics": ERASED}},  # seals of the days since are published meanwhile, and are many
        )
        assert [told.count(f'"topic": "{topic}"') + told.count(f'"topic":"{topic}"') for topic in ERASED] == [1, 1, 1]
        assert not any(said in told for said in SAID)
        # No page of the database, no write-ahead log: not even encrypted, and no key.
        search(desk, first=(*first, *second), where="after erasing")
    search(desk, first=(*first, *second), where="after the service ended")
    vault = open_vault(Settings())
    assert vault.find(UUID(ref)) is None
    vault.close()


ERASED = ("PersonalDataRectified", "PersonalDataRestricted", "PersonalDataErased")
QUERY = (
    "query ($topics: [String!]) {"
    " events(first: 100, types: $topics) { edges { node { topic stored } } } accessLog { edges { node { act subjects } } } }"
)
Ask = Callable[..., str]


@contextmanager
def asking(desk: Desk) -> Iterator[Ask]:
    with (desk.folder / "service.log").open("wb") as log, serving({}, log=log) as server:

        def ask(method: str, path: str, token: str, data: object = None) -> str:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            content = None if data is None else json.dumps(data).encode()
            with urlopen(Request(server.base + path, data=content, headers=headers, method=method)) as answer:
                return str(answer.read().decode())

        yield ask


def spelt(said: str) -> Iterator[bytes]:
    """The ways in which a text may stand in a file: as itself, in UTF-16, in Base64 from each of three places, in hexadecimal digits."""
    plain = said.encode()
    yield plain
    yield plain.lower()
    yield said.encode("utf-16-le")
    yield plain.hex().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        yield encoded[4:-4] if shift else encoded[:-4]


def search(desk: Desk, first: tuple[bytes, ...], where: str) -> None:
    """Search every file of the stores, their keys, the service's log; and on PostgreSQL the server's own files."""
    needles = [needle for said in SAID for needle in spelt(said) if len(needle) > 5]
    for file in files(desk):
        content = file.read_bytes()
        assert not any(needle in content for needle in needles), (where, file)
        # What PostgreSQL wrote ahead stays in its log until that is recycled: encrypted, and the table has no key for it any more.
        if "pg_wal" not in file.parts:
            assert not any(part in content for part in first), (where, file)


def files(desk: Desk) -> Iterator[Path]:
    yield from (file for file in desk.folder.rglob("*") if file.is_file())
    if desk.url.startswith("postgresql"):
        with psycopg.connect(desk.url, autocommit=True) as session:
            session.execute("CHECKPOINT")
            found = session.execute("SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert found
        began = (desk.folder / "docket.yaml").stat().st_mtime  # the server's own log is as long as that of all tests
        written = [file for file in (Path(found[0]) / "pg_wal").iterdir() if file.is_file() and file.stat().st_mtime >= began]
        yield from (*written, *(Path(found[0]) / "base" / str(found[1])).iterdir())


def test_the_search_finds_every_spelling() -> None:
    for said in SAID:
        for content in (said.encode(), said.encode("utf-16-le"), base64.b64encode(b"xy" + said.encode() + b"zzz"), said.encode().hex().encode()):
            assert any(needle in content for needle in spelt(said) if len(needle) > 5), (said, content)
