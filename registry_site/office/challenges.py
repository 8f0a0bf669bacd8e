"""The challenges of visitors, for whoever answers them (procedure section 5.12)."""

from starlette.responses import Response

from registry_site.office.desk import Desk, Visit


def show_challenges(desk: Desk, visit: Visit) -> Response:
    """Show the challenges, those that wait for an answer first. All of it is public; what visitors wrote is not, and is not here."""
    found = desk.challenges.latest()
    waiting = [each for each in found if each.answered_on is None and each.closed_on is None]
    return desk.page("challenges.html", visit.request, visit.session, waiting=waiting, others=[each for each in found if each not in waiting])
