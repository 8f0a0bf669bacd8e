"""`registry watchlist`: imports kept for good, compared, matched to cases for staff, and shown to the public without a word about any case."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from api.cli.main import main
from api.clocks import server_clock
from api.dockets.files import Step
from api.estimates.importing import SHIPPED, shipped
from api.published import published
from api.read_models import rebuild
from api.settings import Settings
from api.stores.estimates import EstimateStore, figures, imports
from api.wiring import Register, open_register, open_watch_list, set_up
from domain.law.periods import legal_day
from domain.types import instant
from projections.public.answers import PublicList
from projections.public.estimates import LEAST_SHOWN, MOST_SHOWN, Estimate, Estimates, Imported, show
from tests.interfaces.test_public_pages import visitor

HEADER = "Model,Organization,Publication date,Training compute (FLOP),Confidence"
FIRST = ("Alpha (Mar 2026),A,2026-03-01,2e25,Likely", "Bêta-2,B,2026-02-01,1.001e25,Confident", "Gamma,C,2026-01-01,3e24,Speculative")
SECOND = ("Alpha (Mar 2026),A,2026-03-01,2e25,Likely", "Bêta-2,B,2026-02-01,9e24,Confident", "Delta,D,,5e23,", "Omega,O,2026-01-01,,")
CREATED = "2026-03-01T09:00:00+01:00"
OFFICER = {"role": "CASE_OFFICER", "id": "officer-1"}


@pytest.fixture
def store(register_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a register that the command line works on."""
    monkeypatch.setenv("DATABASE_URL", register_url)
    with register_of(register_url) as register:
        register.create(instant(CREATED), demonstration=True)
        register.follower.catch_up()
    return register_url


def register_of(url: str) -> closing[Register]:
    return closing(open_register(Settings(database_url=url)))


def written(folder: Path, rows: tuple[str, ...], name: str = "models_2026-07-19.csv") -> str:
    file = folder / name
    file.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return str(file)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["watchlist", *arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def shown(url: str) -> Estimates | None:
    with closing(published(url)) as read_store:
        return PublicList(read_store).estimates()


# -- Import ---------------------------------------------------------------------------


def test_an_import_is_kept_reported_and_shown(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    answer = run(capsys, "import", written(tmp_path, FIRST))
    assert (answer["import"], answer["snapshot_on"], answer["rows"], answer["taken"], answer["differences"]) == (1, "2026-07-19", 3, 3, [])
    found = shown(store)
    assert found
    assert [(each.model, each.flop) for each in found.shown] == [
        ("Alpha (Mar 2026)", Decimal("2e25")), ("Bêta-2", Decimal("1.001e25")), ("Gamma", Decimal("3e24"))
    ]  # fmt: skip


def test_a_second_import_is_a_difference(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "import", written(tmp_path, FIRST))
    answer = run(capsys, "import", written(tmp_path, SECOND, "models_2026-08-01.csv"))
    assert [(each["kind"], each["model"]) for each in answer["differences"]] == [
        ("CROSSED_DOWNWARDS", "Bêta-2"), ("ADDED", "Delta"), ("WITHDRAWN", "Gamma")
    ]  # fmt: skip
    assert answer["compared_with"] == 1
    assert answer["skipped"] == [{"line": 5, "model": "Omega", "reason": "NO_COMPUTE", "text": ""}]
    assert run(capsys, "show")["differences"] == answer["differences"]
    found = shown(store)
    assert found
    assert found.imported == Imported(2, date(2026, 8, 1))
    with open_watch_list(store) as (kept, _):
        assert {each.flop for each in kept.estimates(1).values()} == {Decimal("2e25"), Decimal("1.001e25"), Decimal("3e24")}


def test_the_report_says_in_words_what_was_skipped_and_what_crossed(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["watchlist", "import", written(tmp_path, FIRST)]) == 0
    assert main(["watchlist", "import", written(tmp_path, (*SECOND, *(f"N{n},,,x," for n in range(12))), "b.csv")]) == 0
    said = capsys.readouterr()
    assert "16 rows: 3 estimates taken, 13 rows skipped." in said.out
    assert "give a training compute that is no exact number above zero: 12\n    line 6: N0: x\n" in said.out
    assert "    and 2 more" in said.out
    assert "1 crossed the threshold downwards\n    Bêta-2: 1.001e25 FLOP, Confident -> 9e24 FLOP, Confident" in said.out
    assert said.err == "", "no progress in a pipe"


def test_the_day_of_a_snapshot_is_said_or_in_the_name_of_the_file_or_today(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(capsys, "import", written(tmp_path, FIRST, "a.csv"), "--as-of", "2026-01-31")["snapshot_on"] == "2026-01-31"
    assert run(capsys, "import", written(tmp_path, FIRST[:1], "b_2026-13-01.csv"))["snapshot_on"] == str(legal_day(server_clock()))
    with pytest.raises(SystemExit, match="2"):
        main(["watchlist", "import", written(tmp_path, FIRST), "--as-of", "soon"])


def test_the_same_file_again_is_no_import(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "import", written(tmp_path, FIRST))
    assert main(["watchlist", "import", written(tmp_path, FIRST, "another name.csv")]) == 0
    assert "byte for byte: nothing was imported" in capsys.readouterr().err
    with open_watch_list(store) as (kept, _):
        assert len(kept.imports()) == 1


@pytest.mark.parametrize(("content", "says"), [(b"", "the first row needs columns named"), (b"\xff\xfe\x00", "is no text"), (None, "cannot be read")])
def test_what_cannot_be_imported_leaves_no_trace(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, says: str):
    run(capsys, "import", written(tmp_path, FIRST))
    file = tmp_path / "bad.csv"
    if content is not None:
        file.write_bytes(content)
    assert main(["watchlist", "import", str(file)]) == 2
    assert says in capsys.readouterr().err
    with open_watch_list(store) as (kept, _):
        assert len(kept.imports()) == 1
    found = shown(store)
    assert found
    assert found.imported.number == 1


def test_a_store_that_was_never_migrated_and_one_in_memory_keep_nothing(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for url, says in ((empty_url, "registry migrate"), ("sqlite://", "a store in memory keeps no estimates")):
        monkeypatch.setenv("DATABASE_URL", url)
        assert main(["watchlist", "import", written(tmp_path, FIRST)]) == 2
        assert says in capsys.readouterr().err
    with open_watch_list(empty_url) as (kept, _):
        assert kept.imports() == ()


# -- Show: for staff ----------------------------------------------------------------------


def open_case(url: str, name: str, marketed: str = "") -> None:
    with register_of(url) as register:
        runner = register.runner(name)
        steps = [("ModelCaseOpened", {"lineage_key": name, "internal_name": name})]
        steps += [("MarketedNameAdded", {"marketed_name": marketed, "on": "2026-03-01"})] if marketed else []
        for n, (topic, data) in enumerate(steps):
            at = f"2026-03-02T09:{len(name):02}:{n:02}+01:00"
            result = runner.step(Step(n, n, {"at": at, "by": OFFICER, "stream": "case/it", "record": topic, "data": data}))
            assert result.outcome == "recorded", result
        register.follower.catch_up()


def test_staff_see_which_cases_an_estimate_may_be_about(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "import", written(tmp_path, FIRST))
    open_case(store, "alpha")
    open_case(store, "Project B", marketed="BETA 2")
    found = {each["model"]: [(case["internal_name"], case["alike"]) for case in each["cases"]] for each in run(capsys, "show")["estimates"]}
    assert found == {"Alpha (Mar 2026)": [("alpha", "SAME_BUT_FOR_THE_VERSION")], "Bêta-2": [("Project B", "SAME_NAME")], "Gamma": []}


def test_estimates_stand_on_the_right_side_of_both_lines(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = ("A,,,10000000000000000000000001,", "B,,,1e25,", "C,,,1e24,", "D,,,999999999999999999999999,")
    run(capsys, "import", written(tmp_path, rows))
    assert {each["model"]: each["part"] for each in run(capsys, "show", "--all")["estimates"]} == {
        "A": "over 10^25 FLOP", "B": "10^24 to 10^25 FLOP", "C": "10^24 to 10^25 FLOP", "D": "below 10^24 FLOP"
    }  # fmt: skip
    assert [each["model"] for each in run(capsys, "show")["estimates"]] == ["A", "B", "C"]
    assert main(["watchlist", "show"]) == 0
    assert "1.0000000000000000000000001e25" in capsys.readouterr().out


def test_before_the_first_import_there_is_nothing_to_show(store: str, capsys: pytest.CaptureFixture[str]):
    assert main(["watchlist", "show"]) == 1
    assert "Nothing was imported yet" in capsys.readouterr().err


# -- The store ------------------------------------------------------------------------------


@pytest.fixture
def kept(empty_url: str) -> Iterator[EstimateStore]:
    store = EstimateStore(empty_url)
    assert not store.is_created()
    store.create()
    store.create()
    assert store.is_created()
    yield store
    store.close()


def test_an_import_is_all_or_nothing(kept: EstimateStore):
    alpha = Estimate("Alpha", "A", None, Decimal(1), "Unknown")
    broken = Estimate("Beta", None, None, Decimal(1), "Unknown")  # type: ignore[arg-type]
    with pytest.raises(IntegrityError):
        kept.add(server_clock(), "a.csv", "00", date(2026, 1, 1), {"alpha": alpha, "beta": broken})
    assert kept.imports() == ()
    made = kept.add(server_clock(), "a.csv", "00", date(2026, 1, 1), {"alpha": alpha})
    assert (made.number, kept.estimates(1), kept.estimates(2)) == (1, {"alpha": alpha}, {})


def test_what_was_imported_outlives_the_read_stores(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "import", written(tmp_path, FIRST))
    before = shown(store)
    rebuild(store)
    assert shown(store) == before
    with closing(published(store)) as read_store:
        read_store.discard()
    set_up(store)
    assert shown(store) == before is not None


@pytest.mark.postgres
def test_on_postgresql_the_web_role_imports_and_the_public_role_reads_only_what_is_shown(
    postgres_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    owner = postgres_server.new_database()
    name = owner.removeprefix("postgresql://").partition("?")[0].rpartition("/")[2]
    with psycopg.connect(owner, autocommit=True) as session:
        for role in ("estimates_web", "estimates_public"):
            session.execute(f"CREATE ROLE {role} LOGIN")
    set_up(owner, role="estimates_web", public_role="estimates_public")
    monkeypatch.setenv("DATABASE_URL", postgres_server.url(name, "estimates_web"))
    run(capsys, "import", written(tmp_path, FIRST))
    public = postgres_server.url(name, "estimates_public")
    assert shown(public) == shown(owner) is not None
    for statement in (f"SELECT * FROM estimates.{imports.name}", f"SELECT * FROM estimates.{figures.name}", "DELETE FROM published.estimates"):
        with psycopg.connect(public) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)


# -- What the public sees ---------------------------------------------------------------------


def page_of(url: str) -> str:
    with closing(published(url)) as read_store:
        return visitor(PublicList(read_store)).get("/estimates").text


def test_the_page_says_the_same_whatever_cases_there_are(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "import", written(tmp_path, FIRST))
    before = page_of(store)
    open_case(store, "alpha")
    open_case(store, "Gamma", marketed="Bêta-2")
    assert len(run(capsys, "show")["estimates"][0]["cases"]) == 1
    assert page_of(store) == before
    assert "Alpha (Mar 2026)" in before


def test_only_large_estimates_are_shown_and_no_more_than_a_page_holds(in_memory_public: PublicList):
    many = [Estimate(f"M{n}", "", None, LEAST_SHOWN + n, "Likely") for n in range(MOST_SHOWN)]
    show(in_memory_public.store, Imported(1, date(2026, 1, 1)), [*many, Estimate("Small", "", None, LEAST_SHOWN - 1, "Likely")])
    found = in_memory_public.estimates()
    assert found
    assert (len(found.shown), found.counted, found.shown[0].model) == (MOST_SHOWN, MOST_SHOWN + 1, f"M{MOST_SHOWN - 1}")
    show(in_memory_public.store, Imported(2, date(2026, 1, 2)), [*many, Estimate("Large", "", None, Decimal(10**30), "Likely")])
    found = in_memory_public.estimates()
    assert found
    assert (len(found.shown), found.shown[0].model, found.shown[-1].model) == (MOST_SHOWN, "Large", "M1")
    assert in_memory_public.state().estimates == 2


@pytest.fixture
def in_memory_public() -> Iterator[PublicList]:
    with closing(published("sqlite://")) as read_store:
        read_store.create()
        yield PublicList(read_store)


def test_the_demonstration_comes_with_the_shipped_snapshot_once(register_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", register_url)
    with register_of(register_url) as register:
        register.create(instant(CREATED), demonstration=True)
    for _ in range(2):
        assert main(["demo", "--if-empty"]) == 0
    with open_watch_list(register_url) as (store, _):
        assert [(each.file, each.sha256) for each in store.imports()] == [(SHIPPED, shipped().sha256)]


def test_a_register_that_is_no_demonstration_imports_nothing_by_itself(register_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", register_url)
    with register_of(register_url) as register:
        register.create(instant(CREATED), demonstration=False)
    assert main(["demo", "--if-empty"]) == 0
    with open_watch_list(register_url) as (store, _):
        assert store.imports() == ()
