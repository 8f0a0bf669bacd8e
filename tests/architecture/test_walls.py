"""The walls between rooms: they hold in the tree as it is, and each breaks when somebody climbs over it."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "projections", "api", "registry_site")
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
NAMES = {contract["id"]: contract["name"] for contract in CONTRACTS}

# (contract, importer, imported): one import that the contract must not let pass
PLANTED = [
    ("floors", "projections.store", "api.stores"),
    ("floors", "domain.record", "projections.store"),
    ("floors", "api.rest", "registry_site.office"),
    ("floors", "registry_site.office", "api.rest"),
    ("floors", "api.recording", "registry_site.office"),
    ("floors", "registry_site.public", "api.graphql.public"),
    ("floors", "registry_site.public", "api.wiring"),
    ("floors", "api.deps", "api.dockets"),
    ("floors", "api.settings", "api.stores"),
    ("floors", "api.browsers", "api.auth"),
    ("domain-floors", "domain.status", "domain.model_case"),
    ("domain-floors", "domain.model_case", "domain.qualified_alert"),
    ("domain-floors", "domain.clocks", "domain.status"),
    ("domain-floors", "domain.public", "domain.record"),
    ("domain-floors", "domain.law", "domain.errors"),
    ("domain-floors", "domain.types", "domain.law"),
    ("projections-floors", "projections.public", "projections.office"),
    ("projections-floors", "projections.office", "projections.follower"),
    ("projections-floors", "projections.transparency.log", "projections.public"),
    ("pure-domain", "domain.registry", "sqlalchemy"),
    ("pure-domain", "domain.compute", "time"),
    ("library-in-registry", "domain.record", "eventsourcing"),
    ("read-side", "projections.office", "domain.registry"),
    ("public-side", "projections.public", "projections.office"),
    ("public-side", "projections.public", "projections.follower"),
    ("public-side", "projections.public", "domain.record"),
    ("public-side", "projections.public", "projections.transparency.log"),
    ("public-side", "api.graphql.public", "domain.model_case"),
    ("public-side", "api.graphql.public", "api.deps"),
    ("public-side", "api.graphql.public", "api.errors"),
    ("public-side", "registry_site.public", "api.wiring"),
    ("public-side", "registry_site.public", "api.stores"),
    ("public-side", "registry_site.public", "registry_site.office"),
    ("public-side", "registry_site.public", "domain.a_room_of_tomorrow"),
    ("public-process", "api.public_side", "api.wiring"),
    ("public-process", "registry_site.public.front", "fastapi"),
    ("calculator-alone", "projections.public", "domain.compute"),
    ("calculator-alone", "api.graphql.public", "domain.compute"),
    ("shared-rooms", "registry_site.ui", "registry_site.office"),
    ("shared-rooms", "api.problems", "domain.errors"),
    ("shared-rooms", "api.graphql.common", "projections.office"),
    ("two-faces", "registry_site.public", "registry_site.office"),
    ("two-faces", "registry_site.office", "registry_site.public"),
    ("merkle-alone", "projections.transparency.merkle", "domain.types"),
    ("merkle-alone", "projections.transparency.merkle", "projections.store"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tree's Python sources and its contracts."""
    for package in PACKAGES:
        for source in sources(ROOT / package):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    (tmp_path / "tests" / "architecture").mkdir(parents=True)
    shutil.copyfile(ROOT / "tests" / "architecture" / "allowed.py", tmp_path / "tests" / "architecture" / "allowed.py")
    return tmp_path


def sources(package: Path) -> Iterator[Path]:
    return (path for path in package.rglob("*.py") if "node_modules" not in path.parts)


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run the linter as `make check` does, in a process of its own, because a package imported here already is not looked up again."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    chosen = [f"--contract={contract}" for contract in contracts]
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *chosen],
        cwd=tree,
        env=os.environ | {"COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )


def module_file(tree: Path, module: str) -> Path:
    """Where the module lives; it and its packages are made if they are not built yet."""
    stem = tree.joinpath(*module.split("."))
    if (stem / "__init__.py").exists():
        return stem / "__init__.py"
    stem.parent.mkdir(parents=True, exist_ok=True)
    for package in stem.parents[: module.count(".")]:
        (package / "__init__.py").touch()
    stem.with_suffix(".py").touch()
    return stem.with_suffix(".py")


def plant(tree: Path, importer: str, imported: str) -> None:
    if imported.split(".")[0] in PACKAGES:
        module_file(tree, imported)
    with module_file(tree, importer).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {imported}\n")


def rooms(contract: dict[str, Any]) -> Iterator[str]:
    """Yield every module of ours that the contract names, in full and without wildcards."""
    layers = [room for layer in contract.get("layers", []) for room in layer.split("|")]
    named = [*layers, *contract.get("source_modules", []), *contract.get("allowed_modules", [])]
    prefix = f"{contract['containers'][0]}." if "containers" in contract else ""
    return (prefix + room.strip(" ()") for room in named if "*" not in room)


def test_the_walls_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("contract", "importer", "imported"), PLANTED)
def test_a_wall_breaks_when_it_is_climbed(copy: Path, contract: str, importer: str, imported: str) -> None:
    plant(copy, importer, imported)
    result = lint(copy, contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{NAMES[contract]} BROKEN" in " ".join(result.stdout.split())
    assert f"{importer} -> {imported} " in result.stdout


def test_a_detour_by_way_of_an_allowed_room_breaks_the_public_wall(copy: Path) -> None:
    plant(copy, "registry_site.public", "projections.store")
    plant(copy, "projections.store", "domain.record")
    result = lint(copy, "public-side")
    assert result.returncode == 1
    assert "registry_site.public is not allowed to import domain.record" in result.stdout


def test_the_calculator_opens_no_way_to_a_record(copy: Path) -> None:
    plant(copy, "domain.compute", "domain.record")
    result = lint(copy, "public-side")
    assert result.returncode == 1
    assert "registry_site.public is not allowed to import domain.record" in result.stdout


@pytest.mark.parametrize(("contract", "package"), [("domain-floors", "domain"), ("projections-floors", "projections")])
def test_a_module_without_a_floor_is_reported(copy: Path, contract: str, package: str) -> None:
    module_file(copy, f"{package}.attic")
    result = lint(copy, contract)
    assert result.returncode == 1
    assert "attic" in result.stdout


def test_every_contract_was_broken_once() -> None:
    assert {contract for contract, _, _ in PLANTED} == set(NAMES)


def test_every_room_named_in_a_contract_is_built() -> None:
    named = {room for contract in CONTRACTS for room in rooms(contract)}
    stems = {room: ROOT.joinpath(*room.split(".")) for room in named}
    missing = sorted(room for room, stem in stems.items() if not (stem.with_suffix(".py").exists() or (stem / "__init__.py").exists()))
    assert missing == []
