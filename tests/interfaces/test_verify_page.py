"""The page on which anyone checks the register: what it says for each check, each tampering and each bad question."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import combinations_with_replacement
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.merkle import leaf_hash, root_of
from projections.transparency.notes import Signer
from projections.transparency.proofs import Receipt
from projections.transparency.questions import Claim, Looked, WitnessState
from projections.transparency.tables import log_tables
from registry_site.public.front import PreparedPages
from registry_site.public.pages import public_pages
from registry_site.public.verify import verify_pages
from registry_site.ui.headers import SecurityHeaders
from tests.interfaces.published_in_memory import PublishedInMemory
from tests.interfaces.test_public_pages import EVIL, NOW
from tests.proofs.logs import ORIGIN, SIGNER, Opened, opened
from tests.proofs.tampered_receipts import OTHER_LOG, TAMPERED, UNREADABLE, of_a_fork

SIZE = 11
OTHER_KEY = Signer(ORIGIN, b"\x06" * 32)
WITNESS = Looked("witness.example.eu", "witness.example.eu+00000000+AAAA", None, 9, datetime(2026, 11, 20, 8, 5, tzinfo=UTC))
NEW_WITNESS = Looked("second.example.eu", "second.example.eu+00000000+AAAA", None, None, None)


@pytest.fixture(scope="module")
def log() -> Iterator[Opened]:
    with opened() as found:
        found.record(*range(1, SIZE + 1))
        yield found


def visitor(log: LogAnswers) -> TestClient:
    return TestClient(SecurityHeaders(Starlette(routes=verify_pages(PublishedInMemory(), log, clock=lambda: NOW))))


@pytest.fixture(scope="module")
def client(log: Opened) -> TestClient:
    return visitor(log.answers)


def titles(page: str) -> list[str]:
    """How the checks on a page came out; what stands in templates for the script is left out."""
    shown = re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)
    return [unescape(title) for title in re.findall(r'class="outcome__title".*?<span>(.*?)</span>', shown, re.DOTALL)]


def base64(material: bytes) -> str:
    return b64encode(material).decode()


# -- 1. What the register claims -----------------------------------------------------


def test_the_claim_is_shown_verbatim_with_its_parts_and_files(client: TestClient, log: Opened) -> None:
    answer = client.get("/verify")
    page = unescape(answer.text)
    checkpoint = log.get("checkpoint").decode()
    assert f'<code id="checkpoint">{checkpoint}</code>' in page
    assert f"<code>{checkpoint.split()[2]}</code>" in page
    assert f"<code>{SIGNER.verifier.vkey}</code>" in page
    assert "11 entries" in page
    assert "Fits the verifier key" in page
    assert titles(page) == []
    for path in ("checkpoint", "key", "keys", "policy"):
        assert f'href="/log/{path}"' in page


def test_without_witnesses_the_page_says_so_and_what_follows(client: TestClient) -> None:
    page = unescape(client.get("/verify").text)
    assert "No witness is configured." in page
    assert "nobody beside this register confirms that everyone is shown the same log" in page


def test_each_witness_is_shown_with_when_it_last_looked(log: Opened) -> None:
    class Witnessed(LogAnswers):
        def claim(self) -> Claim | None:
            found = super().claim()
            return found and replace(found, witnessed=WitnessState("both", False, (WITNESS, NEW_WITNESS), frozenset({WITNESS.name})))

    page = visitor(Witnessed(PublicShelf(log.public))).get("/verify").text
    assert "do not rely on it until it has" in page
    assert "No witness is configured." not in page
    assert '<time datetime="2026-11-20">20 November 2026</time>, 08:05 UTC' in page
    assert "(2 fewer than now)" in page
    assert "never" in page
    assert "none yet" in page


def test_a_checkpoint_that_its_key_did_not_sign_is_not_to_be_believed() -> None:
    with opened() as found:
        found.record(1)
        with found.public.engine.begin() as rows:
            note = found.get("checkpoint").replace(b"\n1\n", b"\n2\n")
            rows.execute(log_tables(found.public.metadata).checkpoint.update().values(note=note))
        page = visitor(found.answers).get("/verify").text
        assert "Does not fit the verifier key" in page
        assert "Fits the verifier key" not in page


def test_before_the_first_checkpoint_there_is_nothing_to_check() -> None:
    with opened() as found:
        client = visitor(found.answers)
        for answer in (client.get("/verify?entry=0&from=1"), client.post("/verify", files={"receipt": b"x"})):
            assert answer.status_code == 200
            assert "The public log has no checkpoint yet." in answer.text


# -- 2. One entry ----------------------------------------------------------------------


@pytest.mark.parametrize("index", range(SIZE))
def test_an_entry_is_shown_with_leaf_path_and_root_in_words(client: TestClient, log: Opened, index: int) -> None:
    page = unescape(client.get(f"/verify?entry={index}").text)
    receipt = Receipt.parse(log.get(f"receipt/{index}.tlog-proof"))
    assert titles(page) == ["This receipt holds"]
    assert "This check ran on our server." in page
    assert "Equal to the computed root" in page
    assert f"<code>{base64(leaf_hash(log.get(f'entry/{index}')))}</code>" in page
    assert all(f"<li><code>{base64(node)}</code></li>" in page for node in receipt.path)
    assert f'<code id="receipt-text">{receipt.write().decode()}</code>' in page
    for file in (f"receipt/{index}.tlog-proof", f"receipt/{index}.spicy", f"entry/{index}"):
        assert f'href="/log/{file}"' in page


def test_an_entry_that_was_altered_in_the_store_is_not_equal() -> None:
    with opened() as found:
        found.record(*range(1, SIZE + 1))
        with found.public.engine.begin() as rows:
            rows.execute(log_tables(found.public.metadata).bundles.update().values(entry=b"{}"))
        page = visitor(found.answers).get("/verify?entry=4").text
        assert titles(page) == ["The path does not lead from the entry to the signed root"]
        assert "Not equal to the computed root" in page.split("<template")[0]


@pytest.mark.parametrize("given", ["-1", "+1", "1.5", "1e1", "007", "٣", "seven", "0x1", "9" * 19, "9" * 5000, "%00", EVIL])
def test_what_is_no_entry_number_is_said_beside_the_field(client: TestClient, given: str) -> None:
    answer = client.get("/verify", params={"entry": given})
    page = unescape(answer.text)
    assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")
    assert page.count("is not a number of the log. Write plain digits, like 7.") == 2  # in the summary and beside the field
    assert "<title>Error: Check this register yourself" in page
    assert EVIL not in answer.text


@pytest.mark.parametrize("given", [SIZE, 10**17])
def test_an_entry_beyond_the_size_is_said_with_the_numbers_there_are(client: TestClient, given: int) -> None:
    answer = client.get(f"/verify?entry={given}")
    assert answer.status_code == 400
    assert f"The log has no entry {given}. Entries are numbered from 0 to 10." in answer.text
    assert f'value="{given}"' in answer.text


@pytest.mark.parametrize("address", ["/verify?index=1", "/verify?entry=1&entry=2", "/verify?entry=%ff", "/verify/check_receipt.py/x", "/verify/"])
def test_other_bad_questions_get_a_full_page_or_none(client: TestClient, address: str) -> None:
    assert client.get(address, follow_redirects=False).status_code in (307, 400, 404)


# -- 3. Growth --------------------------------------------------------------------------


def test_every_size_continues_every_smaller_one(client: TestClient, log: Opened) -> None:
    leaves = [leaf_hash(log.get(f"entry/{index}")) for index in range(SIZE)]
    for old, new in combinations_with_replacement(range(1, SIZE + 1), 2):
        page = unescape(client.get(f"/verify?from={old}&to={new}").text)
        assert titles(page) == [f"The log of {new} continues the log of {old}"]
        assert f"<code>{base64(root_of(leaves[:old]))}</code>" in page
        assert ("Equal to the signed root" in page) == (new == SIZE)


@pytest.mark.parametrize(("query", "old", "new"), [("from=3", 3, SIZE), ("to=3", 1, 3), ("from=3&to=", 3, SIZE)])
def test_a_size_that_is_left_out_is_the_first_or_the_last(client: TestClient, query: str, old: int, new: int) -> None:
    assert titles(client.get(f"/verify?{query}").text) == [f"The log of {new} continues the log of {old}"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=0", "never had a published size of 0. Choose sizes from 1 to 11."),
        ("to=0", "never had a published size of 0"),
        ("from=1&to=12", "never had a published size of 12"),
        ("from=12", "never had a published size of 12"),
        ("from=9&to=3", "the second size must not be smaller than the first"),
        ("from=x", "is not a number of the log"),
        ("from=-1&to=3", "is not a number of the log"),
        ("to=" + "9" * 30, "is not a number of the log"),
    ],
)
def test_sizes_that_make_no_proof_are_said_beside_the_field(client: TestClient, query: str, words: str) -> None:
    answer = client.get(f"/verify?{query}")
    assert answer.status_code == 400
    assert unescape(answer.text).count(words) == 2
    assert titles(answer.text) == []


def test_growth_that_was_tampered_with_does_not_hold() -> None:
    with opened() as found:
        found.record(*range(1, SIZE + 1))
        tile = found.get(f"tile/0/000.p/{SIZE}")
        with found.public.engine.begin() as rows:
            rows.execute(log_tables(found.public.metadata).tiles.update().values(hashes=bytes([tile[0] ^ 1]) + tile[1:]))
        page = visitor(found.answers).get("/verify?from=3").text
        assert titles(page) == ["The log of 11 does not continue the log of 3"]
        assert "Tell the witnesses" in page


# -- A receipt that the visitor has ---------------------------------------------------------


def sent(client: TestClient, receipt: bytes, key: str = "") -> httpx.Response:
    return client.post("/verify", files={"receipt": ("any.name", receipt)}, data={"key": key})


@pytest.mark.parametrize("form", ["tlog-proof", "spicy"])
def test_a_receipt_that_is_sent_is_checked_in_both_forms(client: TestClient, log: Opened, form: str) -> None:
    answer = sent(client, log.get(f"receipt/5.{form}"))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert titles(answer.text) == ["This receipt holds"]


TITLES = {
    "entry": "The entry in this receipt is not the entry of the log",
    "path": "The path does not lead from the entry to the signed root",
    "shorter path": "The path does not lead from the entry to the signed root",
    "longer path": "The path does not lead from the entry to the signed root",
    "signature": "The signature does not fit",
    "size": "The signature does not fit",
    "index": "The entry in this receipt is not the entry of the log",
    "index beyond size": "This receipt names an entry that its log does not have",
    "other log": "This receipt is of another log",
    "other key": "None of the keys you check with signed this receipt",
}
FORK = "Two different logs of one size are signed with one key"
UNREADABLE_TITLE = "This file cannot be read as a receipt"


@pytest.mark.parametrize("how", TAMPERED)
def test_each_tampering_has_its_words_and_whom_to_tell(client: TestClient, log: Opened, how: str) -> None:
    page = sent(client, TAMPERED[how](Receipt.parse(log.get("receipt/5.tlog-proof"))).write()).text
    assert titles(page) == [TITLES[how]]
    assert re.search(r"\b[Tt]ell ", panel(page))
    assert 'class="outcome outcome--bad"' in panel(page)


def test_two_signed_logs_of_one_size_are_the_gravest_finding(client: TestClient, log: Opened) -> None:
    page = sent(client, of_a_fork(Receipt.parse(log.get("receipt/5.tlog-proof"))).write()).text
    assert titles(page) == [FORK]
    assert "Tell the witnesses" in panel(page)
    assert "Equal to the computed root" in panel(page)


@pytest.mark.parametrize("how", UNREADABLE)
def test_what_cannot_be_read_is_answered_with_words(client: TestClient, log: Opened, how: str) -> None:
    answer = sent(client, UNREADABLE[how](log.get("receipt/5.tlog-proof")))
    assert answer.status_code == 200
    assert titles(answer.text) == [UNREADABLE_TITLE]
    assert "tell whoever runs this register" in panel(answer.text)


def panel(page: str) -> str:
    """What a page shows of the receipt that was sent."""
    return page.split('id="receipt-form"')[1].split('id="file-result"')[0]


def test_a_short_receipt_beyond_our_log_has_no_entry_to_prove(client: TestClient) -> None:
    with opened() as longer:
        longer.record(*range(1, SIZE + 2))
        receipt = longer.get(f"receipt/{SIZE}.spicy")
    assert titles(sent(client, receipt).text) == ["This receipt does not carry its entry"]


@pytest.mark.parametrize(("signer", "title"), [(OTHER_LOG, TITLES["other log"]), (OTHER_KEY, TITLES["other key"]), (SIGNER, "This receipt holds")])
def test_the_visitors_key_decides_and_stays_in_the_field(client: TestClient, log: Opened, signer: Signer, title: str) -> None:
    page = sent(client, log.get("receipt/5.tlog-proof"), signer.verifier.vkey).text
    assert titles(page) == [title]
    assert f">{signer.verifier.vkey}</textarea>" in unescape(page)


def test_several_keys_can_be_given(client: TestClient, log: Opened) -> None:
    keys = f"{OTHER_KEY.verifier.vkey}\r\n{SIGNER.verifier.vkey}\r\n"
    assert titles(sent(client, log.get("receipt/5.tlog-proof"), keys).text) == ["This receipt holds"]


@pytest.mark.parametrize("key", ["x", SIGNER.verifier.vkey[:-4], EVIL, "\n".join([SIGNER.verifier.vkey] * 21)])
def test_what_is_no_key_is_said_beside_the_field(client: TestClient, log: Opened, key: str) -> None:
    answer = sent(client, log.get("receipt/5.tlog-proof"), key)
    assert answer.status_code == 400
    assert "This is not a verifier key." in answer.text
    assert EVIL not in answer.text


def test_twenty_keys_are_not_too_many(client: TestClient, log: Opened) -> None:
    assert sent(client, log.get("receipt/5.tlog-proof"), "\n".join([SIGNER.verifier.vkey] * 20)).status_code == 200


def test_a_form_without_a_file_asks_for_one(client: TestClient) -> None:
    answer = sent(client, b"")
    assert answer.status_code == 400
    assert "Choose a receipt" in answer.text


def test_a_receipt_may_be_as_long_as_receipts_are_and_no_longer(client: TestClient) -> None:
    assert titles(sent(client, b"x" * (1 << 20)).text) == [UNREADABLE_TITLE]
    answer = sent(client, b"x" * (1 << 21))
    assert answer.status_code == 400
    assert "longer than 1 MiB" in answer.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", urlencode({"receipt": "x"}).encode()),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nnothing"),
        ("text/plain", b"x"),
        ("", b"x"),
    ],
)
def test_what_is_not_the_form_of_this_page_is_refused(client: TestClient, kind: str, body: bytes) -> None:
    answer = client.post("/verify", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert "<h1" in answer.text


def test_markup_in_a_receipt_is_text_on_the_page(client: TestClient) -> None:
    evil = Signer(EVIL.replace(" ", ""), b"\x05" * 32)
    receipt = Receipt(0, (), signed_root(evil, leaf_hash(EVIL.encode())), EVIL.encode()).write()
    page = sent(client, receipt, evil.verifier.vkey).text
    assert EVIL not in page
    assert titles(page) == ["This receipt holds"]


def signed_root(signer: Signer, root: bytes) -> bytes:
    text = f"{signer.name}\n1\n{base64(root)}\n"
    return f"{text}\n{signer.line(text)}".encode()


# -- Never an old checkpoint beside a new one ---------------------------------------------


def test_the_page_is_of_the_last_checkpoint_though_neither_list_nor_day_moved() -> None:
    with opened() as found:
        found.record(1)
        routes = [*public_pages(PublishedInMemory(), clock=lambda: NOW), *verify_pages(PublishedInMemory(), found.answers, clock=lambda: NOW)]
        client = TestClient(PreparedPages(SecurityHeaders(Starlette(routes=routes)), position=lambda: 1, legal_day=NOW.date))
        assert client.get("/about").headers["etag"]  # what may be kept is
        for size in (1, 2, 3):
            found.record(size) if size > 1 else None
            answer = client.get("/verify?entry=0&from=1")
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers
            assert checkpoints(answer.text) == {found.get("checkpoint").decode()}


def test_a_log_that_grows_while_the_page_is_made_leaves_it_of_one_checkpoint() -> None:
    with opened() as found:
        found.record(1, 2)
        before = found.get("checkpoint").decode()

        class Growing(LogAnswers):
            def receipt_under(self, note: bytes, index: int) -> Receipt:
                found.record(3, 4)
                return super().receipt_under(note, index)

        page = visitor(Growing(PublicShelf(found.public))).get("/verify?entry=1&from=1").text
        assert found.get("checkpoint").decode() != before
        assert checkpoints(page) == {before}
        assert titles(page) == ["This receipt holds", "The log of 2 continues the log of 1"]


def checkpoints(page: str) -> set[str]:
    """Every checkpoint that stands anywhere on a page."""
    return set(re.findall(rf"{re.escape(ORIGIN)}\n\d+\n[^<]*", unescape(page)))
