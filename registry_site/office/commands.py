"""Commands for a terminal that do what a page of the reference describes, as they stand, with an example for everything that is sent."""

import json
import shlex
from collections.abc import Iterator

from registry_site.office.described import NEW, Description, Operation, Part

MOST_USED = "CASE_OFFICER"
"""The role that most acts are recorded in; an example uses it where it can."""


def commands(described: Description, operation: Operation, address: str) -> list[str]:
    """Give the commands, in their order: a token, the version of the record, the request."""
    examples = {each["name"]: str(each["example"]) for each in described.parameters(operation) if "example" in each}
    place = address + operation.path.format_map(examples)
    return [*_token(operation), *_version(examples, place), _request(described, operation, examples, place)]


def _token(operation: Operation) -> Iterator[str]:
    """Give up the token of the page that was read before: a name has one at a time."""
    role = MOST_USED if MOST_USED in operation.roles or not operation.roles else operation.roles[0]
    name = f"reference-{role.lower().replace('_', '-')}"
    yield f".venv/bin/registry token revoke --name {name} 2>/dev/null"
    yield f"TOKEN=$(.venv/bin/registry token create --role {role} --name {name})"


def _version(examples: dict[str, str], place: str) -> Iterator[str]:
    if examples.get("If-Match", NEW) != NEW:
        yield f"""VERSION=$(curl -s -o /dev/null -w '%header{{etag}}' -H "Authorization: Bearer $TOKEN" {shlex.quote(place.rpartition("/")[0])})"""


def _request(described: Description, operation: Operation, examples: dict[str, str], place: str) -> str:
    parts = ["curl", *_method(operation), '-H "Authorization: Bearer $TOKEN"']
    if "If-Match" in examples:
        parts.append(f"-H 'If-Match: {NEW}'" if examples["If-Match"] == NEW else '-H "If-Match: $VERSION"')
    return " ".join([*parts, *_sent(described.body(operation), operation), shlex.quote(place)])


def _method(operation: Operation) -> list[str]:
    usual = ("GET", "POST")
    return ["--head"] if operation.method == "HEAD" else [] if operation.method in usual else ["-X", operation.method]


def _sent(body: Part, operation: Operation) -> list[str]:
    if body:
        return ["--json", shlex.quote(json.dumps(body["example"], ensure_ascii=False))]
    return ["-H 'Content-Type: text/plain'", "--data-binary @README.md"] if "requestBody" in operation.said else []
