"""
The public log and its seals tell nothing of the confidential file, not even how much of it there is (Article 78).

Two registers sign with the same keys, live through the same public story and seal every day; in one of them a great deal happens besides. Whatever
the public may ask is the same, but for what derives from the seals' two digests; and of that, sizes, counts, times and lengths are the same.
"""

from __future__ import annotations

import re
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from starlette.testclient import TestClient

from api.dockets.files import merged
from api.logs import open_logs
from api.public_side import public_service
from api.published import published
from api.settings import Settings
from api.stores.keys import KeyFolder
from api.stores.log_store import CASES, PUBLIC, LogStore
from api.wiring import open_register, set_up
from domain.law.periods import legal_day
from domain.types import instant
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.merkle import HASH_BYTES
from projections.transparency.seals import sealed_at
from projections.transparency.tiles import Tile, bundle, parse_path, unbundle
from tests.interfaces.test_leak import DOCKETS, Answer, Store, answers, told

pytestmark = pytest.mark.slow
STORY = ("listing-correction", "publication-slot", "challenge", "natural-person-as-provider")
SECRETS = ("alerts", "clock-d1-late", "two-grounds", "succession", "argument-axis-rejection", "conversion", "corrections", "incomplete-notification")
CREATED = instant("2026-03-01T00:00:00+01:00")
UNTIL = instant("2026-05-10T12:00:00+02:00")
SEAL = re.compile(rb'"(commitment_hash|day_tree_root_hash)":"[0-9a-f]{64}"')
ROOT = re.compile(rb"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])")
"""A root or a hash of a path, in text."""
DIGEST = re.compile(rb"""(?<=sha256:)[0-9a-f]{64}|(?<="@value":")[0-9a-f]{64}|[0-9a-f]{64}(?="\^\^xsd:hexBinary)""")
"""A digest of a file that names a root."""
SIGNATURE = re.compile("(— [^ \\\\]+ )[A-Za-z0-9+/]{91}=".encode())
ENVELOPED = re.compile(rb"(?<=\nextra )([A-Za-z0-9+/]+=*)(?=\n)")


def live(url: str, keys: Path | None, *names: str) -> None:
    """Let dockets happen in a new store with its logs, sealing every day at its hour; the keys are those of another store."""
    set_up(url)
    settings = Settings(database_url=url)
    if keys:
        shutil.copytree(keys, Path(url.removeprefix("sqlite:///")) / "keys")
    register = open_register(settings)
    register.create(CREATED, demonstration=True)
    logs = open_logs(settings, register)
    runners = {f"{name}.yaml": register.runner(name) for name in names}

    def seal(until: datetime) -> None:
        for day in logs.days_due(until):
            for runner in runners.values():
                runner.run_slots(sealed_at(day))
            logs.publish_seals(sealed_at(day))

    with ExitStack() as opened:
        for step in merged([DOCKETS / name for name in runners], opened):
            if "record" in step.body and instant(step.body["at"]) < UNTIL:
                seal(instant(step.body["at"]))
                for runner in runners.values():
                    runner.run_slots(instant(step.body["at"]))
                result = runners[step.file].step(told(step))
                assert result.as_expected, (step.file, step.line, result)
    seal(sealed_at(legal_day(UNTIL)))
    logs.follower.catch_up()
    register.follower.catch_up()
    logs.close()
    register.close()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("quiet"))
    live(store.url, None, *STORY)
    return store


@pytest.fixture(scope="module")
def busy(quiet: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("busy"))
    live(store.url, quiet.folder / "keys", *STORY, *SECRETS)
    return store


def log_of(store: Store) -> dict[str, Answer]:
    """Ask for every file of the log, as the service gives it."""
    public = published(store.url)
    paths = list(LogAnswers(PublicShelf(public)).paths())
    public.close()
    with TestClient(public_service(Settings(database_url=store.url))) as client:
        found = {path: client.get(f"/log/{path}") for path in paths}
    return {path: (answer.status_code, sorted(answer.headers.items()), answer.content) for path, answer in found.items()}


# -- Masking what derives from the seals ----------------------------------------------------


def sealed_at_indexes(found: dict[str, Answer]) -> set[int]:
    entries = (path for path in found if path.startswith("entry/"))
    return {int(path.partition("/")[2]) for path in entries if orjson.loads(found[path][2])["topic"] == "SealPublished"}


def masked(path: str, answer: Answer, seals: set[int]) -> Answer:
    """Put characters of no meaning where a digest of a seal stands, or what was computed from it; lengths stay."""
    tile = parse_path(path)
    if tile is None:
        return with_body(answer, in_text(answer[2]))
    if tile.level < 0:
        return with_body(answer, bundle([in_text(entry) for entry in unbundle(answer[2])]))
    return with_body(answer, b"".join(hashes_of(tile, answer[2], seals)))


def with_body(answer: Answer, body: bytes) -> Answer:
    """Return an answer with a masked body; the validator of a body in which something was masked is masked too, and its length when packed."""
    status, headers, before = answer
    assert len(body) == len(before)
    hidden = {"etag", *(["content-length"] if "content-encoding" in dict(headers) else [])} if body != before else ()
    return status, [(name, "*" if name in hidden else value) for name, value in headers], body


def unlike_by_roots(found: dict[str, Answer], address: str) -> Answer:
    """Mask an answer; one that says that nothing has changed has the validator of what it did not send again."""
    whole = found[address.removesuffix(" again")]
    if found[address][0] == 304 and in_text(whole[2]) != whole[2]:
        return 304, [(name, value) for name, value in found[address][1] if name != "etag"], b""
    return with_body(found[address], in_text(found[address][2]))


def in_text(body: bytes) -> bytes:
    body = ENVELOPED.sub(lambda found: b64encode(SEAL.sub(rb'"\1":"' + b"0" * 64 + b'"', b64decode(found[1]))), body)
    body = DIGEST.sub(b"0" * 64, SEAL.sub(rb'"\1":"' + b"0" * 64 + b'"', body))
    return SIGNATURE.sub(rb"\g<1>" + b"0" * 92, ROOT.sub(b"0" * 44, body))


def hashes_of(tile: Tile, body: bytes, seals: set[int]) -> Iterator[bytes]:
    """Leave every leaf hash that is no seal's; above, every hash derives from some seal, since there is one every day."""
    for place in range(tile.width):
        is_seal = tile.level > 0 or tile.number * 256 + place in seals
        yield b"\0" * HASH_BYTES if is_seal else body[place * HASH_BYTES : (place + 1) * HASH_BYTES]


# -- The leak test ------------------------------------------------------------------------


def test_the_logs_differ_in_nothing_but_what_derives_from_the_seals(quiet: Store, busy: Store) -> None:
    one, other = log_of(quiet), log_of(busy)
    assert len(busy.topics()) > len(quiet.topics()) + 90
    seals = sealed_at_indexes(one)
    assert len(seals) == (legal_day(UNTIL) - legal_day(CREATED)).days + 1
    assert seals == sealed_at_indexes(other)
    assert one.keys() == other.keys()
    assert [path for path in one if masked(path, one[path], seals) != masked(path, other[path], seals)] == []
    # The mask hides something, and not everything.
    assert one["checkpoint"] != other["checkpoint"]
    assert {path for path in one if path.startswith("entry/") and one[path] == other[path]} == {
        path for path in one if path.startswith("entry/") and int(path.partition("/")[2]) not in seals
    }


def test_everything_else_that_the_public_may_ask_is_the_same(quiet: Store, busy: Store) -> None:
    one, other = answers(quiet, whole=False), answers(busy, whole=False)
    assert one.keys() == other.keys()
    checked = [one[address][2].partition(b"<template")[0] for address in one if address.startswith("/verify?entry=")]
    assert len(checked) > 10
    assert all(b"This receipt holds" in page for page in checked)
    seen = [[unlike_by_roots(found, address) for address in one] for found in (one, other)]
    assert [address for address, mine, theirs in zip(one, *seen, strict=True) if mine != theirs] == []


def test_the_commitments_of_two_registers_never_agree_and_the_logs_of_their_cases_are_of_different_size(quiet: Store, busy: Store) -> None:
    one, other = log_of(quiet), log_of(busy)
    digests = [{found[0] for entry in log.values() for found in SEAL.finditer(entry[2])} for log in (one, other)]
    assert not digests[0] & digests[1]
    sizes = []
    for store in (quiet, busy):
        log = LogStore(store.url, CASES)
        sizes.append(log.size())
        log.close()
    assert sizes[1] > sizes[0] + 90
    assert KeyFolder(quiet.folder / "keys").verifiers(PUBLIC) == KeyFolder(busy.folder / "keys").verifiers(PUBLIC)
