"""The export and the live service: the same bytes at the same addresses, and every link leads to a file."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import Request, urlopen

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from api.cli.main import main
from api.export.folder import JOURNAL
from api.export.site import BY_NAME
from api.logs import open_logs
from api.public_side import public_service
from api.settings import Settings
from api.wiring import open_register
from registry_site.ui.static import require_built
from tests.interfaces.test_export import PUBLIC
from tests.interfaces.test_export_folder import killed_before, times, tree
from tests.running import ended, free_port, serving, wait_for

DOCKETS = Path(__file__).parents[1] / "dockets"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
NOTE = """title: "The misprint once more"
steps:
  - at: 2026-05-27T10:00:00+02:00
    by: {role: PUBLICATION_OFFICER, id: officer-3}
    stream: entry/alpha
    record: ListEntryCorrected
    data: {list_id: entry-alpha, corrected_on: 2026-05-27, field: provider_name, old_value: Alpha AI, new_value: Alpha A.I.}
"""
require_built()


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a register with an entry that was corrected, with its log, and with a key for webhooks."""
    found = f"sqlite:///{tmp_path / 'store'}"
    monkeypatch.setenv("DATABASE_URL", found)
    monkeypatch.setenv("PUBLIC_ADDRESS", PUBLIC)
    assert main(["migrate"]) == 0
    assert main(["webhook", "rotate"]) == 0
    record(found, tmp_path, (DOCKETS / "listing-correction.yaml").read_text())
    return found


def record(url: str, folder: Path, docket: str) -> None:
    """Record a docket, always under the same name, and let list and log follow."""
    (folder / "docket.yaml").write_text(docket)
    assert main(["replay", str(folder / "docket.yaml"), "--database", url]) == 0
    settings = Settings(database_url=url)
    register = open_register(settings)
    register.follower.catch_up()
    logs = open_logs(settings, register)
    logs.follower.catch_up()
    logs.close()
    register.close()


@pytest.fixture
def live(url: str) -> Iterator[str]:
    """The base address of the public side, served live."""
    with serving({}, "--public") as server:
        yield server.base


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def mirror(url: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The base address of an export on Python's own web server, and its folder."""
    folder = tmp_path / "mirror"
    assert main(["export", str(folder)]) == 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def nginx(folder: Path, work: Path) -> Iterator[str]:
    """Serve an export with the lines that the documents give for nginx; give its base address."""
    lines = OPERATIONS.read_text(encoding="utf-8").split("```nginx\n")[1].split("```")[0].replace("/srv/mirror", str(folder))
    port = free_port()
    places = " ".join(f"{kind}_temp_path {work / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    server = f"http {{ access_log off; {places} server {{ listen 127.0.0.1:{port};\n{lines}\n}} }}"
    (work / "nginx.conf").write_text(f"daemon off; master_process off; pid {work / 'pid'}; error_log stderr; events {{ }} {server}")
    with subprocess.Popen(["nginx", "-p", work, "-c", work / "nginx.conf"]) as running, ended(running):
        wait_for(f"http://127.0.0.1:{port}/robots.txt", running)
        yield f"http://127.0.0.1:{port}"


def listed_in(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "addresses.json").read_text())["addresses"]
    return found


def fetched(base: str, address: str) -> tuple[bytes, str, str]:
    """Ask as whoever knows the register by its public address: bytes, type, and where they were in the end."""
    with urlopen(Request(base + address, headers={"Host": urlsplit(PUBLIC).netloc})) as found:
        return found.read(), found.headers.get("content-type", ""), urlsplit(found.url).path


@pytest.mark.slow
def test_every_address_of_the_export_gives_the_bytes_of_the_live_service(live: str, mirror: tuple[str, Path]) -> None:
    base, folder = mirror
    listed = listed_in(folder)
    different = [one["address"] for one in listed if fetched(live, one["address"])[0] != fetched(base, one["address"])[0]]
    assert different == []
    assert set(BY_NAME) <= {one["address"] for one in listed}
    assert {"/log/checkpoint", "/log/entry/0", "/log/receipt/0.tlog-proof", "/log/tile/entries/000.p/8"} <= {one["address"] for one in listed}
    for one in listed:
        body, media_type, _ = fetched(live, one["address"])
        assert (one["type"], one["bytes"]) == (media_type, len(body))
    by_name = ("text/html", "application/json", "text/css", "text/csv", "application/xml", "font/woff2", "image/svg+xml")
    for one in listed:
        if one["type"].startswith(by_name) and "/log/" not in one["address"]:
            served = fetched(base, one["address"])[1].partition(";")[0].replace("text/xml", "application/xml")
            assert served == one["type"].partition(";")[0], one["address"]


if shutil.which("nginx"):  # where it is not, nothing is skipped: the lines are the documents', and the program is no part of the register

    @pytest.mark.slow
    def test_nginx_gives_every_address_of_the_export_as_the_live_service_does(live: str, mirror: tuple[str, Path], tmp_path: Path) -> None:
        work = tmp_path / "nginx"
        work.mkdir()
        with nginx(mirror[1], work) as base:
            listed = [one["address"] for one in listed_in(mirror[1])]
            assert [address for address in listed if fetched(base, address) != fetched(live, address)] == []
            with pytest.raises(HTTPError, match="404"):
                urlopen(f"{base}/{JOURNAL}")


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.mark.slow
def test_every_link_of_every_exported_page_leads_to_a_file(mirror: tuple[str, Path]) -> None:
    base, folder = mirror
    seen: set[str] = set()
    for one in listed_in(folder):
        if one["type"].startswith("text/html"):
            body, _, place = fetched(base, one["address"])
            targets = {urldefrag(urljoin(PUBLIC + place, link)).url.partition("?")[0] for link in Links(body.decode()).found}
            seen |= {target.removeprefix(PUBLIC) for target in targets if target.startswith(f"{PUBLIC}/")}
    assert len(seen) > 20
    for address in sorted(seen):
        assert fetched(base, address)[0], address


@pytest.mark.slow
def test_every_address_that_the_application_has_is_in_the_export(url: str, mirror: tuple[str, Path]) -> None:
    settings = Settings()
    app = public_service(settings)
    with TestClient(app, base_url=PUBLIC):
        inner: Any = app
        while not hasattr(inner, "router"):
            inner = inner._app
        paths = {route.path for route in inner.router.routes if isinstance(route, Route) and "GET" in (route.methods or {"GET"})}
    fixed = {path for path in paths if "{" not in path} - {"/healthz", "/readyz", "/graphql"}
    assert len(fixed) > 25
    assert fixed - {one["address"] for one in listed_in(mirror[1])} == set()


@pytest.mark.slow
def test_running_again_touches_nothing_and_after_one_more_event_only_what_depends_on_it(url: str, mirror: tuple[str, Path], tmp_path: Path) -> None:
    folder = mirror[1]
    before, bytes_before = times(folder), tree(folder)
    assert main(["export", str(folder)]) == 0
    assert times(folder) == before

    record(url, tmp_path, NOTE)
    assert main(["export", str(folder)]) == 0
    after, bytes_after = times(folder), tree(folder)
    touched = {name for name in after if after[name] != before.get(name)} - {JOURNAL}
    assert touched == {name for name in bytes_after if bytes_after[name] != bytes_before.get(name)}
    assert {"index.html", "list.csv", "feed.atom", "log/checkpoint", "log/receipt/0.tlog-proof", "addresses.json"} <= touched
    assert not [
        name for name in touched if name.startswith(("static/", "schemas/", "log/entry/0")) or name in ("robots.txt", "data/fold.py", "log/key")
    ]
    partial_tiles = {name for name in bytes_before if ".p/" in name}
    assert partial_tiles
    assert partial_tiles <= set(bytes_after)  # who read the checkpoint of then asks for them still
    fresh = tmp_path / "fresh"
    assert main(["export", str(fresh)]) == 0
    newest = {name: body for name, body in bytes_after.items() if name not in partial_tiles | {"addresses.json"}}
    assert {name: body for name, body in tree(fresh).items() if name != "addresses.json"} == newest


@pytest.mark.slow
def test_an_export_that_was_killed_is_completed_by_running_again(mirror: tuple[str, Path], tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    assert killed_before(1_000, partial(main, ["export", str(killed)]))
    assert 10 < len(tree(killed)) < len(tree(mirror[1])) - 10
    assert "addresses.json" not in tree(killed)
    assert main(["export", str(killed)]) == 0
    assert tree(killed) == tree(mirror[1])


def test_a_store_that_is_none_and_a_folder_that_is_not_ours_are_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/nowhere")
    assert main(["export", str(tmp_path / "mirror")]) == 2
    assert "registry migrate" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store")
    assert main(["migrate"]) == 0
    assert main(["export", str(tmp_path / "store")]) == 2
    assert "not empty and not an export" in capsys.readouterr().err
