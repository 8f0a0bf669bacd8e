"""Every docket under tests/dockets is a test; the demonstration is the first test of completeness."""

from pathlib import Path

import pytest

from api.cli.replay import play_file
from api.wiring import Register
from domain.events import EVENTS

DOCKETS = sorted((Path(__file__).parents[1] / "dockets").iterdir())


@pytest.mark.parametrize("path", DOCKETS, ids=lambda path: path.stem)
def test_docket(path: Path) -> None:
    wrong = [result.plain() for result in play_file(path) if not result.as_expected]
    assert wrong == []


def test_every_event_type_occurs_in_the_demonstration(demonstration: Register) -> None:
    recorded = {topic for _, topic, _ in demonstration.recorder.raw_events(0, 100_000)}
    # Seals are made by the hour, not by a docket: tests/proofs/test_seals_published.py.
    assert set(EVENTS) - recorded == {"SealPublished"}


def test_the_demonstration_shows_enough(demonstration: Register) -> None:
    from projections.public.questions import Filters, When

    now = demonstration.public.list_at(When(), Filters(include_removed=True))
    assert now.on_list >= 22
    assert now.total - now.on_list >= 3
    assert len(demonstration.public.countries()) >= 8
