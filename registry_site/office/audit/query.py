"""The GraphQL query that asks for what the audit page of a case shows: the staff schema answers it from the same questions."""

from urllib.parse import urlencode

import orjson

from domain.types import utc_text
from registry_site.office.times import Times

ADDRESS = "/staff/graphql"
QUERY = """\
query CaseAtAPairOfTimes($id: ID!, $validAt: DateTime!, $knownAt: DateTime!, $after: String) {
  case(id: $id) {
    caseId
    internalName
    status(validAt: $validAt, knownAt: $knownAt) { status grounds { ground span { from to } } }
    grounds(validAt: $validAt, knownAt: $knownAt) { ground spans { from to } }
    clocks(validAt: $validAt, knownAt: $knownAt) {
      clock state due firstAdmissible daysLate provisional arithmetic startedBy { event on }
    }
    documents(knownAt: $knownAt) { hash field eventId }
    history(knownAt: $knownAt, first: 100, after: $after) {
      edges {
        node {
          eventId stream version topic recordedAt role actorRef correlation cause settingsVersion stored
          law { thresholdVersion annexXiiiVersion calendarVersion }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


def variables(case_id: str, times: Times) -> dict[str, str | None]:
    """Return what the query is asked with; `after` is the endCursor of the page before, where there are more than a hundred events."""
    return {"id": case_id, "validAt": utc_text(times.valid_at), "knownAt": utc_text(times.known_at), "after": None}


def written(case_id: str, times: Times) -> str:
    """Write the variables for people to read."""
    return orjson.dumps(variables(case_id, times), option=orjson.OPT_INDENT_2).decode()


def address(case_id: str, times: Times) -> str:
    """Return the address that asks the query, for whoever is signed in."""
    asked = {"query": QUERY, "variables": orjson.dumps(variables(case_id, times)).decode()}
    return f"{ADDRESS}?{urlencode(asked)}"
