"""The reference of REST: every operation of the description has its page, for everybody, and the commands on it work as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.request import urlopen

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.main import service
from api.rest.description import document
from api.settings import Settings
from tests.running import serving

OPERATIONS = {said["operationId"]: said for methods in document()["paths"].values() for said in methods.values()}
ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(service(Settings(database_url="sqlite://")), base_url="http://127.0.0.1:8000") as opened:
        yield opened


def links(answer: Response) -> set[str]:
    return {unescape(address) for address in re.findall(r'<a [^>]*href="([^"]+)"', answer.text)}


def test_the_contents_lead_to_every_operation_and_all_that_they_name_is_there(client: TestClient) -> None:
    answer = client.get("/api/v1/docs")
    assert answer.headers["cache-control"] == "no-store"
    assert {f"/api/v1/docs/{name}" for name in OPERATIONS} <= links(answer)
    assert "/schemas/notification.json" in links(answer)
    for address in links(answer) - {f"/api/v1/docs/{name}" for name in OPERATIONS}:
        assert address.startswith("#") or client.get(address).status_code == 200, address


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_shown_with_all_that_the_description_says_of_it(client: TestClient, name: str) -> None:
    answer = client.get(f"/api/v1/docs/{name}")
    assert answer.status_code == 200
    shown = set(re.findall(r'<th scope="row" class="govuk-table__cell">(?:<code>)?([^<]+)', answer.text))
    said = OPERATIONS[name]
    schema = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    fields = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"] if schema else {}
    parameters = {each["$ref"].rpartition("/")[2].partition("-of-")[0].replace("of_case", "case") for each in said.get("parameters", ())}
    assert shown >= set(fields) | parameters | set(said["responses"])
    assert all(role in answer.text for each in said.get("security", ()) for role in each["token"])
    for address in links(answer):
        assert address.startswith(("#", "/api/v1/docs")) or client.get(address).status_code == 200, address


def test_a_host_that_a_reader_sends_is_quoted_in_the_commands(client: TestClient) -> None:
    answer = client.get("/api/v1/docs/read_law", headers={"Host": "a.example;date"})
    assert "'http://a.example;date/api/v1/law'" in unescape(answer.text)


def test_an_operation_that_is_not_there_is_a_page_that_says_so(client: TestClient) -> None:
    answer = client.get("/api/v1/docs/read_minds")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


# -- The commands, as they stand on the page -------------------------------------------


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The base address of a service over a store of its own, and the environment in which it was started."""
    if missing := [tool for tool in ("bash", "curl") if shutil.which(tool) is None]:
        pytest.skip(f"not here: {', '.join(missing)}")
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('tried')}"}
    subprocess.run([PROGRAMS / "registry", "migrate"], env=environment, check=True)
    with serving(environment) as server:
        yield server.base, {**environment, "PORT": str(server.port)}


def tried(running: tuple[str, dict[str, str]], name: str, *, dry: bool = False) -> str:
    """Run the commands of a page as somebody would who copies them, and return what was answered."""
    base, environment = running
    with urlopen(f"{base}/api/v1/docs/{name}") as page:
        (commands,) = re.findall(r'aria-label="Commands"[^>]*><pre[^>]*><code>(.*?)</code>', page.read().decode(), re.DOTALL)
    written = unescape(commands).replace(".venv/bin/", f"{PROGRAMS}/") + ("?dry_run=true" if dry else "")
    return subprocess.run(["bash", "-c", written], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_the_commands_of_several_pages_record_one_after_the_other(running: tuple[str, dict[str, str]]) -> None:
    assert '"version":1,' in tried(running, "ModelCaseOpened_on_case", dry=True)
    assert '"version":1,' in tried(running, "ModelCaseOpened_on_case")
    assert '"version":2,' in tried(running, "ThresholdMet_on_case")
    assert '"status":"CLASSIFIED"' in tried(running, "read_case")
    assert '"settings_version":2' in tried(running, "JudgementSettingChanged_on_register")
