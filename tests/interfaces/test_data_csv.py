"""The list as CSV: as its metadata say, and no cell is a formula."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from csvw import CSVW
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from registry_site.public.data.forms import harmless
from tests.interfaces.data_stack import EVIL, Stack, get, plain, stack


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


def test_the_csv_is_valid_as_its_metadata_say(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(get(client, "/list.csv?include_removed=true").content)
    metadata = get(client, "/list.csv-metadata.json?include_removed=true").json()
    (tmp_path / "list.csv-metadata.json").write_text(json.dumps({**metadata, "url": "list.csv"}))
    found = CSVW(str(tmp_path / "list.csv-metadata.json"), validate=True)
    assert found.is_valid, found.warnings
    rows = list(found.tables[0])
    assert [row["list_id"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["marketed_names"] == ["Aurelia 3"]
    assert rows[0]["listed_on"].isoformat().startswith("2026-03-02")


def test_the_metadata_refuse_a_damaged_csv(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(get(client, "/list.csv").content.replace(b"OFF_MARKET", b"GONE"))
    (tmp_path / "list.csv-metadata.json").write_bytes(get(client, "/list.csv-metadata.json").content)
    with pytest.raises(UserWarning, match="GONE"):
        assert CSVW(str(tmp_path / "list.csv-metadata.json"), validate=True).is_valid


def test_a_link_leads_from_the_csv_to_its_metadata_of_the_same_times(client: TestClient) -> None:
    link = get(client, "/list.csv?known_at=2026-05-10").headers["link"]
    found = re.search(r'<([^>]*)>; rel="describedby"; type="application/csvm\+json"', link)
    assert found
    metadata = get(client, found[1])
    assert metadata.headers["content-type"] == "application/csvm+json"
    assert metadata.json()["url"] == "list.csv?known_at=2026-05-10"


def test_no_cell_is_a_formula(client: TestClient) -> None:
    text = get(client, "/list.csv").text
    assert f"'{EVIL}" in text
    assert "rev; '=2" in text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if re.search(r"(^|;)\s*[=+@-]", cell)]
    german = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in german if cell.lstrip().startswith(("=", "+", "@", "-"))]


@given(st.text(alphabet=st.sampled_from("=+-@'; \tab＝")))
def test_the_apostrophe_can_always_be_taken_off_again(text: str) -> None:
    assert plain(harmless(text)) == text
    assert not re.search(r"(^|[;\t])\s*[=+@＝-]", harmless(text))
