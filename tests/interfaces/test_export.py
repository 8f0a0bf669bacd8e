"""`registry export`: the public side as files that any web server gives out, byte for byte what the live service answers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import Request, urlopen

import pytest
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.testclient import TestClient

from api.cli.main import main
from api.export import folder as folder_room
from api.export.asking import Answer, NotStarted, running
from api.export.folder import JOURNAL, ExportFolder, FolderRefused, export_folder
from api.export.links import UnfitAddress, file_of, links
from api.export.site import BY_NAME, ROUNDS, Crawl, RecordMovedOn, tiles_in_use, while_still
from api.logs import open_logs
from api.main import service
from api.settings import Settings
from api.wiring import open_register
from registry_site.ui.static import require_built
from tests.conftest import _free_port, _wait_for
from tests.interfaces.data_stack import ADDRESS, stack
from tests.read_models.listing import listed, updated
from tests.scenario import brussels

DOCKETS = Path(__file__).parents[1] / "dockets"
NOTE = """title: "The misprint once more"
steps:
  - at: 2026-05-27T10:00:00+02:00
    by: {role: PUBLICATION_OFFICER, id: officer-3}
    stream: entry/alpha
    record: ListEntryCorrected
    data: {list_id: entry-alpha, corrected_on: 2026-05-27, field: provider_name, old_value: Alpha AI, new_value: Alpha A.I.}
"""
PUBLIC = "https://register.example.eu"
require_built()


# -- What is exported, and where it lies ---------------------------------------------------


def answer(address: str, media_type: str, body: str = "", **headers: str) -> Answer:
    return Answer(address, 200, Headers({"content-type": media_type, **headers}), body.encode())


@pytest.mark.parametrize(
    ("address", "media_type", "name"),
    [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/about", "text/html; charset=utf-8", "about/index.html"),
        ("/fr/", "text/html", "fr/index.html"),
        ("/entries/SR-0001", "text/html", "entries/SR-0001/index.html"),
        ("/entries/SR-0001.json", "application/json", "entries/SR-0001.json"),
        ("/timemap", "application/link-format", "timemap/index.html"),
        ("/log/tile/0/x001/234.p/5", "application/octet-stream", "log/tile/0/x001/234.p/5"),
        ("/log/key", "text/plain; charset=utf-8", "log/key"),
        ("/a%20b.json", "application/json", "a b.json"),
    ],
)
def test_an_address_lies_where_a_plain_web_server_looks_for_it(address: str, media_type: str, name: str) -> None:
    assert file_of(address, media_type) == name


@pytest.mark.parametrize("address", ["/../x.json", "/a/%2e%2e/x.json", "/a//b.json", "/a%00.json", "/a%5Cb.json", "//x.json", "/."])
def test_no_address_leads_out_of_the_folder(address: str) -> None:
    with pytest.raises(UnfitAddress):
        file_of(address, "application/json")


def test_a_page_names_addresses_of_its_own_site_without_question_or_fragment() -> None:
    body = f"""<link rel="alternate" hreflang="fr" href="/fr/about"><a href="/law?on=2026-01-01#x">L</a><a href="{PUBLIC}">home</a>
        <a href="data">relative</a><script src="/static/js/boot.js?v=1"></script><form action="/compute"></form>
        <a href="https://elsewhere.example/a">E</a><a href="{PUBLIC}.evil.example/b">F</a><a href="mailto:a@b.example">M</a><a href="#main">S</a>"""
    found = links(answer("/about", "text/html; charset=utf-8", body, link=f'<{PUBLIC}/timemap>; rel="timemap"'), PUBLIC)
    assert found == {"/fr/about", "/law", "/", "/data", "/static/js/boot.js", "/timemap", "/about"}


def test_feeds_and_maps_name_addresses_and_graphs_only_things() -> None:
    atom = f'<feed><link rel="prev-archive" href="{PUBLIC}/feed/1.atom"/><id>{PUBLIC}/entries/1?x=2</id></feed>'
    assert links(answer("/feed.atom", "application/atom+xml; charset=utf-8", atom), PUBLIC) == {"/feed/1.atom", "/entries/1"}
    assert links(answer("/robots.txt", "text/plain", f"Sitemap: {PUBLIC}/sitemap.xml\n"), PUBLIC) == {"/sitemap.xml"}
    assert links(answer("/catalog.jsonld", "application/ld+json", f'{{"@id": "{PUBLIC}/catalog"}}'), PUBLIC) == set()


def test_every_archive_of_the_feeds_and_every_language_that_is_linked_is_found() -> None:
    history = [listed(brussels("2026-03-02", 10), "1"), *(updated(brussels("2026-04-01", 10), "1", marketed_names=[f"Name {n}"]) for n in range(250))]
    with stack(history) as side, side.client() as client:
        found = asyncio.run(_addresses(client))
    assert {"/feed/1.atom", "/feed/1.json", "/feed/2.atom", "/entries/1", "/entries/1.jsonld", "/timemap/entries/1", "/sitemap/1.xml"} <= found


async def _addresses(client: TestClient) -> set[str]:
    async with running(client.app, ADDRESS) as ask:
        return {answer.address async for answer in Crawl(ask, ADDRESS, ()).answers()}


def test_an_application_that_cannot_start_is_said_so() -> None:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no store"})

    async def start() -> None:
        async with running(refuses, PUBLIC):
            pass

    with pytest.raises(NotStarted, match="no store"):
        asyncio.run(start())


def test_a_partial_tile_stays_until_its_tile_is_full() -> None:
    known = ["log/tile/0/000", "log/tile/0/001.p/5", "log/tile/entries/001.p/5", "log/tile/1/000.p/1", "log/key", "list.json", "data.p/5"]
    later = {"tile/0/000", "tile/0/001.p/9", "tile/entries/001.p/9", "tile/1/000.p/1", "key"}
    assert tiles_in_use(known, later) == ["tile/0/001.p/5", "tile/entries/001.p/5"]
    assert tiles_in_use(known, {"tile/0/000", "tile/0/001", "tile/entries/001", "tile/1/000.p/2"}) == ["tile/1/000.p/1"]


@pytest.mark.parametrize(("states", "walks"), [((1, 1), 1), ((1, 2, 2, 2), 2), ((*range(2 * (ROUNDS - 1)), 9, 9), ROUNDS)])
def test_a_walk_is_begun_again_until_the_record_held_still(states: tuple[int, ...], walks: int) -> None:
    told, walked = iter(states), count(1)

    async def walk() -> int:
        return next(walked)

    assert asyncio.run(while_still(told.__next__, walk)) == walks


def test_a_record_that_never_holds_still_ends_the_walks() -> None:
    told = count()
    walked: list[int] = []

    async def walk() -> None:
        walked.append(1)

    with pytest.raises(RecordMovedOn, match="run it again"):
        asyncio.run(while_still(told.__next__, walk))
    assert len(walked) == ROUNDS


# -- The folder ----------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != JOURNAL}


def times(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, **files: str) -> ExportFolder:
    with export_folder(folder) as opened:
        for name, text in files.items():
            opened.put(name.replace("__", "/"), text.encode())
        opened.finish()
        return opened


def test_what_is_gone_is_removed_with_its_folders_and_what_others_put_there_stays(tmp_path: Path) -> None:
    put(tmp_path / "a" / "mirror", a="1", b__c__d="2")
    root = tmp_path / "a" / "mirror"
    (root / "CNAME").write_text("register.example.eu")
    opened = put(root, a="1", e="3")
    assert tree(root) == {"a": b"1", "e": b"3", "CNAME": b"register.example.eu"}
    assert (opened.written, opened.removed, (root / "b").exists()) == (1, 1, False)


def test_a_folder_with_other_things_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderRefused, match="not empty and not an export"):
        put(tmp_path, a="1")
    with pytest.raises(FolderRefused, match="is a file"):
        put(tmp_path / "thesis.txt", a="1")
    assert tree(tmp_path) == {"thesis.txt": b"years of work"}
    assert not (tmp_path / JOURNAL).exists()


def test_a_file_of_somebody_else_in_an_export_is_not_overwritten(tmp_path: Path) -> None:
    put(tmp_path, a="1")
    (tmp_path / "b").write_text("mine")
    with pytest.raises(FolderRefused, match="in the way"):
        put(tmp_path, a="1", b="2")
    assert tree(tmp_path) == {"a": b"1", "b": b"mine"}


@pytest.mark.parametrize("line", ["../precious", "/etc/precious", "a/../../precious"])
def test_a_journal_that_names_files_elsewhere_is_refused(line: str, tmp_path: Path) -> None:
    put(tmp_path / "mirror", a="1")
    (tmp_path / "precious").write_text("kept")
    with (tmp_path / "mirror" / JOURNAL).open("a") as journal:
        journal.write(f"{line}\n")
    with pytest.raises(FolderRefused, match="no journal"):
        put(tmp_path / "mirror", a="1")
    assert (tmp_path / "precious").read_text() == "kept"


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    with export_folder(tmp_path), pytest.raises(FolderRefused, match="another process"):
        put(tmp_path, a="1")


def die_before_line(number: int) -> None:
    """Kill this process before a line of the room that writes; lines are counted as they run."""
    lines = count(1)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != folder_room.__file__:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def killed_before(number: int, work: Any) -> bool:
    """Do some work in a process that is killed before a line; False when it ended before it came to that line."""
    process = os.fork()
    if process == 0:
        die_before_line(number)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


@pytest.mark.slow
def test_whoever_is_killed_before_any_line_is_completed_by_running_again(tmp_path: Path) -> None:
    old, new = {"a": "1", "b__c": "2", "d": "3"}, {"a": "1", "b__e": "4", "d": "5"}
    for number in count(1):
        root = tmp_path / str(number)
        root.mkdir()
        killed = killed_before(number, partial(put, root, **old))
        put(root, **old)
        assert tree(root) == {"a": b"1", "b/c": b"2", "d": b"3"}
        killed = killed_before(number, partial(put, root, **new)) or killed
        assert {name: text for name, text in tree(root).items() if name in ("a", "d")} in ({"a": b"1", "d": b"3"}, {"a": b"1", "d": b"5"})
        put(root, **new)
        assert tree(root) == {"a": b"1", "b/e": b"4", "d": b"5"}
        if not killed:
            break
    assert number > 50


# -- The export and the live service ---------------------------------------------------------


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a register with an entry that was corrected, and with its log."""
    found = f"sqlite:///{tmp_path / 'store'}"
    monkeypatch.setenv("DATABASE_URL", found)
    monkeypatch.setenv("PUBLIC_ADDRESS", PUBLIC)
    assert main(["migrate"]) == 0
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
    port = _free_port()
    environment = {**os.environ, "PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "api.cli.main", "serve", "--public"], env=environment) as server:
        _wait_for(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
        server.terminate()


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
    app = service(settings, whole=False)
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
