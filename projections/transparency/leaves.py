"""
What stands in the public log: the public payload of each event on the allow-list, and nothing of its envelope.

A leaf is the RFC 8785 form of {"topic": …, "payload": …}: the event's name, and of its stored fields those that the class in `domain.public`
declares. It is a function of the stored bytes alone, so that every leaf can be rebuilt. Therefore a stored field that the public class of its event
left out is never added to that class later: the event gets a new topic.
"""

from typing import Any

import orjson
import rfc8785

from domain.public import PUBLIC

MOST_EVENT_BYTES = 60 * 1024


def public_leaf(topic: str, state: bytes) -> bytes | None:
    """
    Return the log entry of a stored event; None for what the public must not see.

    Law: Article 78. An event that is not on the allow-list is confidential.
    Raises: pydantic's ValidationError when the public fields are not what their class says; nothing is skipped.
    """
    shown = PUBLIC.get(topic)
    if shown is None:
        return None
    stored: dict[str, Any] = orjson.loads(state)["data"]
    payload = {name: stored[name] for name in shown.model_fields if name in stored}
    shown.model_validate(payload)
    entry = rfc8785.dumps({"topic": topic, "payload": payload})
    assert len(entry) <= MOST_EVENT_BYTES, "a public payload is smaller than its event, and events are limited"
    return entry
