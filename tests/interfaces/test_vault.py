"""The vault: everybody under a key of their own, nobody readable without the master key, and nothing left of whom it erased."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from pydantic import ValidationError

from api.cli.main import main
from api.stores.keys import KeyRefused
from api.stores.vault import PersonalData, StillOnDisk, Vault
from api.stores.vault_key import MemoryKey, VaultKey
from tests.conftest import POSTGRES, new_url

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
LATER = datetime(2026, 3, 11, 9, tzinfo=UTC)
ADA = PersonalData(name="Ada Quillfeather", e_mail="ada.quillfeather@example.org", telephone="+32 2 555 01 99")
BO = PersonalData(name="Bo Quillfeather")
NOBODY = UUID(int=1)


@pytest.fixture
def key(tmp_path: Path) -> VaultKey:
    return VaultKey(tmp_path / "keys")


@pytest.fixture(params=["file", "memory", POSTGRES])
def vault(request: pytest.FixtureRequest, tmp_path: Path, key: VaultKey) -> Iterator[Vault]:
    vault = Vault(new_url(request.param, tmp_path, request), key)
    assert not vault.is_created()
    vault.create()
    vault.create()
    assert vault.is_created()
    yield vault
    vault.close()


def test_a_person_is_found_by_a_random_reference(vault: Vault) -> None:
    one, other = vault.add(ADA, AT), vault.add(ADA, AT)
    assert one != other
    assert one.version == 4
    found = vault.find(one)
    assert found
    assert (found.person_ref, found.data, found.changed_at, found.restricted_at) == (one, ADA, AT, None)
    assert vault.find(NOBODY) is None
    assert vault.refs() == {one, other}
    assert list(vault.verify()) == []


def test_data_are_rectified_under_a_new_key(vault: Vault) -> None:
    ref = vault.add(ADA, AT)
    before = row_of(vault, ref)
    assert vault.rectify(ref, BO, LATER)
    found = vault.find(ref)
    assert found
    assert (found.data, found.changed_at) == (BO, LATER)
    assert not set(before) & set(row_of(vault, ref))
    assert not vault.rectify(NOBODY, BO, LATER)


def test_restricted_data_are_kept_and_shown_to_nobody(vault: Vault) -> None:
    ref = vault.add(ADA, AT)
    assert vault.restrict(ref, LATER)
    found = vault.find(ref)
    assert found
    assert (found.data, found.restricted_at) == (None, LATER)
    assert vault.rectify(ref, BO, LATER), "what is wrong is put right also then"
    assert vault.restrict(ref, None)
    found = vault.find(ref)
    assert found
    assert found.data == BO
    assert not vault.restrict(NOBODY, AT)


def test_contact_details_are_erased_and_the_name_stays(vault: Vault) -> None:
    ref = vault.add(ADA, AT)
    before = row_of(vault, ref)
    assert vault.forget_contact(ref, LATER)
    found = vault.find(ref)
    assert found
    assert found.data == PersonalData(name=ADA.name)
    assert not set(before) & set(row_of(vault, ref))
    assert not vault.forget_contact(NOBODY, LATER)


def test_erasing_leaves_nobody_and_may_be_done_again(vault: Vault) -> None:
    ref, other = vault.add(ADA, AT), vault.add(BO, AT)
    assert vault.erase(ref)
    assert not vault.erase(ref)
    assert vault.find(ref) is None
    assert vault.refs() == {other}


def row_of(vault: Vault, ref: UUID) -> tuple[bytes, bytes]:
    with vault._database.reading() as rows:
        table = "vault.persons" if vault._database.is_postgresql else "persons"
        found = rows.exec_driver_sql(f"SELECT wrapped_key, sealed FROM {table} WHERE person_ref = '{ref}'").one()
    return bytes(found.wrapped_key), bytes(found.sealed)


# -- Data ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "x" * 501}, {"name": "two\nlines"}, {"name": "Ada", "e_mail": "ada"}, {"name": "Ada", "e_mail": "a b@example.org"},
        {"name": "Ada", "e_mail": "@nowhere.example"}, {"name": "Ada", "telephone": "call me"}, {"name": "Ada", "telephone": "1"}, {},
        {"name": "Ada", "born": "1815"},
    ],
)  # fmt: skip
def test_malformed_data_are_refused_without_repeating_them(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as error:
        PersonalData.model_validate(wrong)
    assert not any(value in str(error.value) for value in wrong.values() if len(value) > 2)


def test_data_are_not_shown_by_accident() -> None:
    assert "Quillfeather" not in repr(ADA)
    assert "555" not in repr(ADA)


# -- The master key --------------------------------------------------------------------


@pytest.fixture
def filed(tmp_path: Path, key: VaultKey) -> Iterator[Vault]:
    vault = Vault(f"sqlite:///{tmp_path}", key)
    vault.create()
    yield vault
    vault.close()


def test_the_first_person_makes_the_key_which_only_its_owner_may_read(filed: Vault, key: VaultKey) -> None:
    assert not key.exists()
    filed.add(ADA, AT)
    assert key.file.stat().st_mode & 0o777 == 0o600
    assert len(key.read()) == 32


def test_people_who_are_first_at_once_share_one_key(filed: Vault) -> None:
    with ThreadPoolExecutor(8) as several:
        refs = list(several.map(lambda _: filed.add(ADA, AT), range(16)))
    assert all(filed.find(ref) for ref in refs)


def test_without_its_key_the_vault_stays_closed_and_makes_no_other(filed: Vault, key: VaultKey) -> None:
    ref = filed.add(ADA, AT)
    key.file.unlink()
    for asking in (lambda: filed.find(ref), lambda: filed.add(BO, AT), lambda: filed.rectify(ref, BO, AT), lambda: filed.forget_contact(ref, AT)):
        with pytest.raises(KeyRefused, match="restore it from its backup"):
            asking()
    assert not key.exists()
    assert [str(ref) in sentence for sentence in filed.verify()] == [True]
    assert filed.erase(ref), "nobody needs the key to be forgotten"


def test_another_key_opens_nothing(filed: Vault, key: VaultKey) -> None:
    ref = filed.add(ADA, AT)
    key.file.unlink()
    key.init()
    with pytest.raises(KeyRefused, match="another vault's key"):
        filed.find(ref)
    assert [str(ref) in sentence for sentence in filed.verify()] == [True]


@pytest.mark.parametrize("text", ["", "VAULT+KEY+", "VAULT+KEY+00000000+" + "A" * 44, "PRIVATE+KEY+x", "é"])
def test_a_damaged_key_is_refused(filed: Vault, key: VaultKey, text: str) -> None:
    ref = filed.add(ADA, AT)
    key.file.write_text(text, encoding="utf-8")
    with pytest.raises(KeyRefused, match="this program wrote"):
        filed.find(ref)


def test_a_key_that_others_can_read_is_refused(filed: Vault, key: VaultKey) -> None:
    ref = filed.add(ADA, AT)
    key.file.chmod(0o640)
    with pytest.raises(KeyRefused, match="chmod 600"):
        filed.find(ref)


def test_no_row_opens_as_another_person(filed: Vault, tmp_path: Path) -> None:
    ada, bo = filed.add(ADA, AT), filed.add(BO, AT)
    filed.close()
    with sqlite3.connect(tmp_path / "vault.db") as rows:
        wrapped, sealed = rows.execute("SELECT wrapped_key, sealed FROM persons WHERE person_ref = ?", [str(ada)]).fetchone()
        rows.execute("UPDATE persons SET wrapped_key = ?, sealed = ? WHERE person_ref = ?", [wrapped, sealed, str(bo)])
    rows.close()
    with pytest.raises(KeyRefused, match="was altered"):
        filed.find(bo)


def test_the_command_makes_the_key_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}")
    key = VaultKey(tmp_path / "keys")
    assert main(["keys", "init", "--vault"]) == 0
    made = key.read()
    assert main(["keys", "init", "--vault"]) == 1
    assert key.read() == made
    printed = capsys.readouterr()
    assert key.file.read_text(encoding="utf-8").strip() not in printed.out + printed.err


# -- On the disk -----------------------------------------------------------------------


def test_no_file_holds_what_was_kept_in_clear_nor_key_nor_row_of_whom_was_erased(filed: Vault, tmp_path: Path) -> None:
    others = [filed.add(BO, AT) for _ in range(50)]
    ref = filed.add(ADA, AT)
    parts = row_of(filed, ref)
    on_disk = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert all(part in on_disk for part in parts), "the search finds what is there"
    assert filed.erase(ref)
    for file in tmp_path.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not any(part in content for part in (*parts, str(ref).encode())), file
        assert b"Quillfeather" not in content, file
    assert filed.refs() == set(others)


def test_while_somebody_reads_the_old_pages_erasing_says_so_and_the_next_time_completes_it(filed: Vault, tmp_path: Path) -> None:
    ref = filed.add(ADA, AT)
    parts = row_of(filed, ref)
    filed._database.engine.dispose()
    reader = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM persons").fetchone()
    with pytest.raises(StillOnDisk):
        filed.erase(ref)
    assert filed.find(ref) is None
    reader.execute("COMMIT")
    reader.close()
    assert not filed.erase(ref)
    assert not any(part in file.read_bytes() for part in parts for file in tmp_path.rglob("*") if file.is_file())


@pytest.mark.postgres
def test_on_postgresql_the_file_of_the_table_is_written_anew_by_its_owner(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = new_url("postgresql", tmp_path, request)
    vault = Vault(url, MemoryKey())
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS register_vault")
        owner.execute("CREATE ROLE register_vault LOGIN")
        vault.create("register_vault")
        ref, other = vault.add(ADA, AT), vault.add(BO, AT)
        parts = row_of(vault, ref)
        owner.execute("CHECKPOINT")
        folder = Path(owner.execute("SHOW data_directory").fetchone()[0])  # type: ignore[index]

        def file() -> bytes:
            owner.execute("CHECKPOINT")
            return (folder / owner.execute("SELECT pg_relation_filepath('vault.persons')").fetchone()[0]).read_bytes()  # type: ignore[index]

        assert all(part in file() for part in parts)
        with psycopg.connect(url) as older:
            older.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            older.execute("SELECT 1")  # it could still see the row, and holds no lock on it
            assert vault.erase(ref)
        assert not any(part in file() for part in parts)
        assert vault.refs() == {other}
        name = url.removeprefix("postgresql://").partition("?")[0].rpartition("/")[2]
        web = Vault(request.getfixturevalue("postgres_server").url(name, "register_vault"), MemoryKey())
        with pytest.raises(StillOnDisk, match="owner"):
            web.erase(other)
        assert vault.refs() == set(), "erased nevertheless"
        web.close()
    vault.close()


@pytest.mark.postgres
def test_on_postgresql_too_whoever_reads_the_vault_is_waited_for_a_little_while(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = new_url("postgresql", tmp_path, request)
    vault = Vault(url, MemoryKey())
    vault.create()
    ref, other = vault.add(ADA, AT), vault.add(BO, AT)
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM vault.persons")
        with pytest.raises(StillOnDisk, match="Somebody else reads the vault"):
            vault.erase(ref)
    assert vault.refs() == {other}
    assert not vault.erase(ref)
    assert vault.refs() == {other}
    vault.close()
