"""What the house rules ask of every committed file and of every source, where no linter asks it."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "projections", "api", "registry_site")
LONGEST = 400  # lines; the style asks for 300

# Written in parts, so that this file does not contain what it looks for.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("debian", "org"),
        ("proxy", "golang", "org"),
    )
]
MACHINE_PATHS = [rf"(?<![\w.~])/{folder}/" for folder in ("work", "root", "home")] + [r"/tmp/" + r"x\b"]
NEEDLES = re.compile("|".join([*map(re.escape, HOSTS), *MACHINE_PATHS]))


def committed() -> list[Path]:
    """Every file that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is not a git checkout, so nobody can say what is committed")
    return sorted({ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()})


def sources(*packages: str) -> Iterator[tuple[str, str]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def nodes(*packages: str) -> Iterator[tuple[str, ast.AST]]:
    for name, text in sources(*packages):
        yield from ((f"{name}:{getattr(node, 'lineno', 0)}", node) for node in ast.walk(ast.parse(text)))


def is_type_check(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"


def catches_everything(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = [node.type] if node.type is None else list(ast.walk(node.type))
    return any(part is None or (isinstance(part, ast.Name) and part.id in {"Exception", "BaseException"}) for part in caught)


def test_no_committed_file_names_a_package_registry_or_a_path_of_a_machine() -> None:
    found = []
    for path in committed():
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in NEEDLES.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", [f"see https://{HOSTS[0]}/simple", "cd /" + "work/main", "'/" + "root/.cache'", "/tmp/" + "x/v"])
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    assert NEEDLES.search(text)


@pytest.mark.parametrize("text", ["/workbench/cases", "https://example.eu/home/page", "/tmp/xylophone", "a/work/b"])
def test_the_search_finds_nothing_else(text: str) -> None:
    assert not NEEDLES.search(text)


def test_lock_files_name_no_address() -> None:
    locks = [*ROOT.glob("requirements*.lock"), ROOT / "package-lock.json"]
    addressed = [
        lock.name for lock in locks if re.search(r"""--\w*index|--find-links|"resolved"|(git\+|ssh|file):""", lock.read_text(encoding="utf-8"))
    ]
    assert len(locks) == 4
    assert addressed == []


def test_every_package_that_is_served_or_installed_is_credited() -> None:
    credits = (ROOT / "docs" / "third-party.md").read_text(encoding="utf-8").lower()
    installed = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    served = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"].values()
    assert [name for name in installed if not re.search(rf"\b{name}\b", credits)] == []
    assert [version for version in served if f"| {version} |" not in credits] == []


def test_no_source_is_too_long_to_read() -> None:
    lengths = {name: len(text.splitlines()) for name, text in sources(*PACKAGES)}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_nothing_catches_every_exception() -> None:
    assert [place for place, node in nodes(*PACKAGES) if catches_everything(node)] == []


def test_no_float_in_the_domain() -> None:
    tree = list(nodes("domain"))
    refused = {id(part) for _, node in tree if is_type_check(node) for part in ast.walk(node)}  # to refuse a float one must name it
    named = [place for place, node in tree if isinstance(node, ast.Name) and node.id == "float" and id(node) not in refused]
    literal = [place for place, node in tree if isinstance(node, ast.Constant) and isinstance(node.value, float | complex)]
    assert named + literal == []


def test_the_domain_never_asks_for_the_time() -> None:
    clock = re.compile(r"(\w+\.)*(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|monotonic))")
    asked = [place for place, node in nodes("domain") if isinstance(node, ast.Attribute) and clock.fullmatch(ast.unparse(node))]
    assert asked == []
