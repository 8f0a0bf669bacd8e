"""Files, notifications and two officers at once, in a real browser, with and without scripts."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.schemas import EXAMPLE
from tests.journeys.test_recording import a_case, check, day, sound

pytestmark = pytest.mark.browser
WAYS = pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False)])


def write_letter(here: Any, case: str) -> None:
    """Fill in the form of a letter, all but its documents."""
    here.open(f"{case}/record/correspondence-recorded")
    day(here, "on", "1", "9", "2026")
    for name, value in (("direction", "IN"), ("subject", "GENERAL")):
        here.page.locator(f'[name="fact-{name}"][value="{value}"]').check()


def taken_away(here: Any, digest: str) -> bytes:
    """Download a document of the page, and return its bytes."""
    with here.page.expect_download() as taken:
        here.page.get_by_role("link", name=f"Download {digest[:8]}").click()
    return Path(taken.value.path()).read_bytes()


@WAYS
def test_a_bad_file_is_refused_a_good_one_recorded_and_found_among_the_documents(visit, enter, tmp_path: Path, width, scripts):
    bad, good = tmp_path / "page.pdf", tmp_path / "letter.pdf"
    bad.write_bytes(b"<html><script>alert(1)</script>")
    good.write_bytes(b"%PDF-1.7 letter " + f"{width} {scripts}".encode())
    digest = sha256(good.read_bytes()).hexdigest()
    with visit(width, scripts=scripts) as here:
        enter(here, "case-officer")
        case = a_case(here)
        write_letter(here, case)
        here.page.locator("#file-fact-documents").set_input_files(bad)
        check(here)
        here.page.get_by_role("alert").get_by_text("the file is not what its name says").wait_for()
        assert here.page.locator("#fact-on-day").input_value() == "1"
        if scripts:
            sound(here, 422)
        here.page.locator("#file-fact-documents").set_input_files(good)
        check(here)
        here.page.get_by_role("heading", level=1, name="Check your answers").wait_for()
        assert here.page.get_by_text(digest).first.is_visible()
        here.page.get_by_role("button", name="Record", exact=True).dblclick()
        here.page.get_by_role("heading", level=1, name="Recorded").wait_for()
        here.open(f"{case}/documents")
        assert here.page.get_by_text(digest).count() == 1
        if scripts:
            sound(here, 422)
        assert taken_away(here, digest) == good.read_bytes()
        here.page.get_by_role("link", name=f"Class it anew {digest[:8]}").click()
        here.page.get_by_role("heading", level=1, name="Who may read a document").wait_for()
        if scripts:
            sound(here, 422)


@WAYS
def test_a_notification_is_taken_in_from_its_receipt_to_the_check_of_the_event(visit, enter, width, scripts):
    with visit(width, scripts=scripts) as here:
        enter(here, "case-officer")
        case = a_case(here)
        here.open(case)
        here.page.get_by_role("link", name="Take in a notification").click()
        if scripts:
            sound(here)
        here.page.get_by_role("button", name="Check what is there").click()
        here.page.get_by_role("alert").get_by_text("Say whether arguments came in the same submission").wait_for()
        for name, value in (("day", "1"), ("month", "9"), ("year", "2026"), ("time", "09:30")):
            here.page.locator(f"#fact-received_at-{name}").fill(value)
        here.page.get_by_label("EU SEND").check()
        here.page.locator('[name="arguments"][value="yes"]').check()
        here.page.locator("#pasted").fill(json.dumps(EXAMPLE))
        here.page.get_by_role("button", name="Check what is there").click()
        here.page.get_by_role("heading", level=1, name="What is there of the notification").wait_for()
        assert here.page.get_by_text("1 September 2026, 07:30:00 UTC").is_visible()
        assert here.page.get_by_text("one point one three times ten to the power of twenty-five").is_visible()
        if scripts:
            sound(here, 422)
        here.page.get_by_role("button", name="Go on to the notification, filled in").click()
        here.page.get_by_role("heading", level=1, name="Notification received").wait_for()
        assert here.page.locator("#fact-received_at-time").input_value() == "09:30+02:00"
        assert here.page.locator('[name="fact-arguments_included"][value="true"]').is_checked()
        if scripts:
            sound(here, 422)


@WAYS
def test_two_officers_at_once_see_both_texts_and_go_on_from_there(visit, enter, width, scripts):
    with visit(width, scripts=scripts) as mine, visit(width, scripts=scripts) as theirs:
        for here, name in ((mine, "Mine"), (theirs, "Theirs")):
            enter(here, "case-officer")
            here.open(f"{a_case(here)}/record/marketed-name-added")
            here.page.locator("#fact-marketed_name").fill(f"{name} {width} {scripts}")
            day(here, "on", "1", "9", "2026")
            check(here)
            here.page.get_by_role("heading", level=1, name="Check your answers").wait_for()
        theirs.page.get_by_role("button", name="Record", exact=True).click()
        theirs.page.get_by_role("heading", level=1, name="Recorded").wait_for()
        mine.page.get_by_role("button", name="Record", exact=True).click()
        mine.page.get_by_role("heading", level=1, name="Somebody acted meanwhile").wait_for()
        assert mine.page.get_by_role("region", name="Recorded meanwhile").get_by_text(f"Theirs {width} {scripts}").is_visible()
        assert mine.page.get_by_role("region", name="What you wrote").get_by_text(f"Mine {width} {scripts}").is_visible()
        if scripts:
            sound(mine, 412)
        mine.page.get_by_role("button", name="Go on with what you wrote").click()
        assert mine.page.locator("#fact-marketed_name").input_value() == f"Mine {width} {scripts}"
        check(mine)
        mine.page.get_by_role("button", name="Record", exact=True).click()
        mine.page.get_by_role("heading", level=1, name="Recorded").wait_for()
