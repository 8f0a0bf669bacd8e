"""The reference of REST in a real browser: readable by everybody, wide and narrow, with and without scripts."""

import pytest

pytestmark = pytest.mark.browser
PAGES = ("/api/v1/docs", "/api/v1/docs/NotificationReceived_on_case", "/api/v1/docs/read_document", "/api/v1/docs/nothing")


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_of_the_reference_is_whole_for_everybody(visit, address, width):
    with visit(width) as here:
        here.open(address)
        assert here.violations() == []
        assert not here.scrolls_sideways()
        assert len(here.hosts) == 1


def test_the_way_from_the_contents_to_an_example_needs_no_scripts(visit):
    with visit(scripts=False) as here:
        here.open("/api/v1/docs")
        here.page.get_by_role("link", name="ThresholdMet", exact=True).click()
        here.page.get_by_role("heading", name="ThresholdMet").wait_for()
        assert '"compute_flop": "1.1e25"' in here.page.get_by_role("region", name="Example of the content").inner_text()
        here.page.get_by_role("link", name="open it first").click()
        here.page.get_by_role("heading", name="ModelCaseOpened").wait_for()
        assert here.complaints == []
