"""A visitor checks receipts with a real browser: without the network, without scripts, and against every class of tampering."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from projections.transparency.notes import Checkpoint, parse_note
from projections.transparency.proofs import Receipt
from registry_site.public.checking import check_receipt
from tests.journeys.conftest import Visit
from tests.proofs.logs import ORIGIN, SIGNER, opened
from tests.proofs.tampered_receipts import OTHER_LOG, TAMPERED, UNREADABLE, of_a_fork

pytestmark = pytest.mark.browser

HOLDS = "This receipt holds"
NOT_READABLE = "This file cannot be read as a receipt"
TITLES = {
    "entry": "The entry and its path do not lead to the signed root",
    "path": "The entry and its path do not lead to the signed root",
    "index": "The entry and its path do not lead to the signed root",
    "shorter path": "The path does not lead from the entry to the signed root",
    "longer path": "The path does not lead from the entry to the signed root",
    "signature": "The signature does not fit",
    "size": "The signature does not fit",
    "index beyond size": "This receipt names an entry that its log does not have",
    "other log": "This receipt is of another log",
    "other key": "None of the keys you check with signed this receipt",
}
WITHOUT_ED25519 = """
const known = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (format, key, algorithm, ...rest) => algorithm.name === "Ed25519"
  ? Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError")) : known(format, key, algorithm, ...rest);
"""
WITHOUT_CRYPTOGRAPHY = 'Object.defineProperty(crypto, "subtle", {value: undefined});'
DROP = """([place, letters]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(atob(letters), letter => letter.charCodeAt(0))], "7.tlog-proof"));
  for (const type of ["dragover", "drop"]) place.dispatchEvent(new DragEvent(type, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""
CHECK_ALL = """async ([all, key, checkpoint]) => {
  const outcomes = [];
  for (const letters of all) {
    const bytes = Uint8Array.from(atob(letters), letter => letter.charCodeAt(0));
    outcomes.push((await receipts.check(bytes, key, checkpoint)).outcome);
  }
  return outcomes;
}"""


@pytest.fixture(scope="module")
def receipt(addresses: dict[str, str], live_server: str) -> bytes:
    with urlopen(urljoin(live_server, "/log/receipt/7.tlog-proof")) as answer:
        found: bytes = answer.read()
    return found


def choose(page: Page, data: bytes) -> None:
    page.get_by_label("Receipt", exact=True).set_input_files({"name": "7.tlog-proof", "mimeType": "application/octet-stream", "buffer": data})


def title(page: Page) -> Any:
    return page.locator("#receipt-drop .outcome__title")


def cut_off(here: Visit, address: str = "/verify") -> list[str]:
    """Open the page, cut the network, and return a list that requests made afterwards would be in."""
    here.open(address)
    here.page.wait_for_load_state("networkidle")
    asked: list[str] = []
    here.page.on("request", lambda request: asked.append(request.url))
    here.page.context.set_offline(True)
    return asked


# -- In the browser, with the network off -----------------------------------------------


@pytest.mark.parametrize("width", [1280, 320])
def test_a_receipt_is_verified_with_the_network_off(visit, receipt: bytes, width: int) -> None:
    with visit(width) as here:
        asked = cut_off(here)
        choose(here.page, receipt)
        expect(title(here.page)).to_have_text(HOLDS)
        expect(title(here.page)).to_be_focused()
        expect(here.page.get_by_text("Equal to the computed root", exact=True)).to_be_visible()
        expect(here.page.get_by_text("This check ran in your browser. It asked no server anything.")).to_be_visible()
        assert asked == here.complaints == []
        assert here.violations() == []
        assert not here.scrolls_sideways()


@pytest.mark.parametrize("width", [1280, 320])
def test_each_tampering_is_a_red_panel_that_says_what_it_means_and_whom_to_tell(visit, receipt: bytes, width: int) -> None:
    with visit(width) as here:
        asked = cut_off(here)
        for how, change in TAMPERED.items():
            choose(here.page, change(Receipt.parse(receipt)).write())
            expect(title(here.page)).to_have_text(TITLES[how])
            panel = here.page.locator("#receipt-drop .outcome--bad")
            expect(panel).to_contain_text("tell ")
            assert here.violations() == []
            assert not here.scrolls_sideways()
        assert asked == here.complaints == []


def test_what_cannot_be_read_is_a_red_panel_too(visit, receipt: bytes) -> None:
    with visit() as here:
        asked = cut_off(here)
        for change in UNREADABLE.values():
            choose(here.page, receipt)
            expect(title(here.page)).to_have_text(HOLDS)
            choose(here.page, change(receipt))
            expect(title(here.page)).to_have_text(NOT_READABLE)
            expect(here.page.locator("#receipt-drop .outcome--bad p").first).to_contain_text("It proves nothing")
        assert asked == here.complaints == []


def test_a_receipt_can_be_dropped(visit, receipt: bytes) -> None:
    with visit() as here:
        asked = cut_off(here)
        for data, words in ((receipt, HOLDS), (receipt[:-1], NOT_READABLE)):
            here.page.locator("#receipt-drop").evaluate(f"(place, letters) => ({DROP})([place, letters])", base64.b64encode(data).decode())
            expect(title(here.page)).to_have_text(words)
        assert asked == here.complaints == []


def test_the_key_of_the_visitor_decides(visit, receipt: bytes) -> None:
    with visit() as here:
        cut_off(here)
        choose(here.page, receipt)
        key = here.page.get_by_label("Verifier key")
        honest = key.input_value()
        for written, words in [
            (OTHER_LOG.verifier.vkey, TITLES["other log"]),
            (f"{OTHER_LOG.verifier.vkey}\n{honest}", HOLDS),
            (honest[:-4], "What you check with is not a verifier key"),
            ("", "What you check with is not a verifier key"),
            (honest, HOLDS),
        ]:
            key.fill(written)
            here.page.get_by_role("button", name="Check this receipt").click()
            expect(title(here.page)).to_have_text(words)
        assert here.complaints == []


def test_a_short_receipt_asks_for_the_long_one(visit, receipt: bytes) -> None:
    with visit() as here:
        cut_off(here)
        choose(here.page, Receipt.parse(receipt).write_spicy())
        expect(title(here.page)).to_have_text("This receipt does not carry its entry")
        expect(here.page.locator("#receipt-drop .outcome--open")).to_contain_text("Nobody needs to be told.")


def mutations() -> Iterator[tuple[bytes, bytes]]:
    """Yield checkpoints with receipts that differ in one byte from an honest one, are tampered with, or cannot be read."""
    with opened() as log:
        log.record(*range(1, 12))
        checkpoint = log.get("checkpoint")
        honest = log.get("receipt/5.tlog-proof")
    yield checkpoint, honest
    for change in TAMPERED.values():
        yield checkpoint, change(Receipt.parse(honest)).write()
    for unreadable in UNREADABLE.values():
        yield checkpoint, unreadable(honest)
    yield checkpoint, of_a_fork(Receipt.parse(honest)).write()
    yield checkpoint, Receipt.parse(honest).write_spicy()
    for at in range(len(honest)):
        yield checkpoint, honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1 :]


def test_the_browser_finds_what_the_server_finds_at_every_byte(visit) -> None:
    cases = list(mutations())
    claimed = Checkpoint.parse(parse_note(cases[0][0]).text)
    checks = [check_receipt(raw, [SIGNER.verifier], claimed, lambda index: None) for _, raw in cases]
    # Without the log at hand the server cannot tell an altered entry from an altered path either.
    expected = ["ROOT" if check.outcome == "ENTRY" else check.outcome for check in checks]
    with visit() as here:
        here.open("/verify")
        letters = [base64.b64encode(raw).decode() for _, raw in cases]
        found = here.page.evaluate(CHECK_ALL, [letters, SIGNER.verifier.vkey, cases[0][0].decode()])
    assert found == expected
    assert found.count("HOLDS") == 1
    assert {"HOLDS", "MALFORMED", "OTHER_LOG", "WRONG_KEY", "SIGNATURE", "BEYOND", "PATH", "ROOT", "FORK", "NO_ENTRY"} == set(found)
    assert ORIGIN in SIGNER.verifier.vkey


# -- Browsers that cannot -----------------------------------------------------------------


def test_a_browser_without_ed25519_says_what_it_checked_and_what_not(visit, receipt: bytes) -> None:
    with visit() as here:
        here.page.add_init_script(WITHOUT_ED25519)
        cut_off(here)
        choose(here.page, receipt)
        expect(title(here.page)).to_have_text("The path holds; the signature was not checked")
        expect(here.page.locator("#receipt-drop .outcome--open")).to_contain_text("this browser does not know Ed25519 signatures")
        expect(here.page.locator("#receipt-drop").get_by_text("not checked", exact=True)).to_be_visible()
        choose(here.page, TAMPERED["entry"](Receipt.parse(receipt)).write())
        expect(title(here.page)).to_have_text(TITLES["entry"])
        assert here.violations() == here.complaints == []


def test_a_browser_without_cryptography_says_so_and_lets_the_server_check(visit, receipt: bytes) -> None:
    with visit() as here:
        here.page.add_init_script(WITHOUT_CRYPTOGRAPHY)
        here.open("/verify?entry=7")
        expect(here.page.locator("#entry-in-browser .outcome__title")).to_have_text("Your browser did not check")
        expect(here.page.get_by_text("The file is sent to our server")).to_be_visible()
        choose(here.page, receipt)
        here.page.get_by_role("button", name="Check this receipt").click()
        expect(title(here.page)).to_have_text(HOLDS)
        expect(here.page.locator("#receipt-drop").get_by_text("This check ran on our server.")).to_be_visible()


def test_without_scripts_the_server_checks_the_file(visit, receipt: bytes) -> None:
    with visit(320, scripts=False) as here:
        here.open("/verify")
        expect(here.page.get_by_text("The file is sent to our server")).to_be_visible()
        for data, words in (
            (receipt, HOLDS),
            (TAMPERED["signature"](Receipt.parse(receipt)).write(), TITLES["signature"]),
            (b"\x00\xff", NOT_READABLE),
        ):
            choose(here.page, data)
            here.page.get_by_role("button", name="Check this receipt").click()
            expect(title(here.page)).to_have_text(words)


# -- The way there, and beside it -------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False])
def test_an_entry_leads_to_its_receipt_and_to_both_checks(visit, addresses: dict[str, str], scripts: bool) -> None:
    with visit(scripts=scripts) as here:
        here.open(addresses["removed entry"])
        here.page.get_by_role("link", name="Check this receipt of log entry").last.click()
        expect(here.page.locator("#entry-result .outcome__title")).to_have_text(HOLDS)
        here.page.get_by_text("The entry in the receipt, byte for byte").click()
        list_id = addresses["removed entry"].removeprefix("/entries/")
        expect(here.page.get_by_role("region", name="Entry")).to_contain_text(f'"list_id":"{list_id}"')
        if scripts:
            expect(here.page.locator("#entry-in-browser .outcome__title")).to_have_text(HOLDS)
            expect(here.page.locator("#entry-in-browser .working")).to_have_count(0)  # the figures stand above
        assert here.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_growth_is_asked_for_by_two_fields_and_shown(visit, scripts: bool) -> None:
    with visit(320, scripts=scripts) as here:
        here.open("/verify")
        here.page.get_by_label("From size").fill("3")
        here.page.get_by_label("To size").fill("8")
        here.page.get_by_role("button", name="Check the growth").click()
        expect(here.page.get_by_role("heading", name="The log of 8 continues the log of 3")).to_be_visible()
        assert not here.scrolls_sideways()


def test_a_mistake_is_summed_up_and_focused(visit) -> None:
    with visit() as here:
        here.open("/verify")
        here.page.get_by_label("Entry number").fill("seven")
        here.page.get_by_role("button", name="Check this entry").click()
        expect(here.page.locator(".govuk-error-summary")).to_be_focused()
        here.page.get_by_role("link", name="is not a number of the log").click()
        expect(here.page.get_by_label("Entry number")).to_be_focused()


def test_commands_can_be_copied(visit) -> None:
    with visit() as here:
        here.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        here.open("/verify?entry=7")
        here.page.get_by_role("button", name="Copy these commands").first.click()
        expect(here.page.get_by_role("button", name="Copied")).to_be_visible()
        shown = here.page.locator(".commands").first.inner_text()
        assert here.page.evaluate("navigator.clipboard.readText()") == f"{shown}\n"
        assert here.complaints == []


def test_panels_keep_their_shape_in_forced_colours(visit, receipt: bytes) -> None:
    with visit(320, forced_colors="active") as here:
        cut_off(here)
        choose(here.page, TAMPERED["path"](Receipt.parse(receipt)).write())
        expect(title(here.page)).to_have_text(TITLES["path"])
        assert here.page.locator("#receipt-drop .outcome").evaluate("element => getComputedStyle(element).borderLeftWidth") == "8px"
        assert here.page.locator("#receipt-drop .outcome__icon").first.is_visible()
        assert here.violations() == []
