"""What is sent: a change of the list as JSON Feed has it, byte for byte public (Article 78), or the question whether a receiver wants it."""

from dataclasses import dataclass
from datetime import datetime

from api.webhooks.signing import message_id
from registry_site.public.data.feeds import item_after
from registry_site.public.data.forms import canonical
from registry_site.public.data.room import Room


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `change` is the number of the change that it tells, 0 for a question; the same change always has the same identifier."""

    id: str
    change: int
    body: bytes


def message_after(room: Room, number: int) -> Message | None:
    """Return the message of the change after a number; None while the published log covers none."""
    found = item_after(room, number)
    if found is None:
        return None
    told = found["_register"]
    body = {"type": f"entry.{told['kind'].lower()}", "timestamp": found["date_published"], "data": found}
    return Message(message_id(found["id"]), int(told["number"]), canonical(body))


def question(name: str, url: str, challenge: str, at: datetime) -> Message:
    """Ask a receiver whether it wants what would be sent there; it says yes by answering the challenge and nothing else."""
    body = {"type": "subscription.challenge", "timestamp": at.isoformat(timespec="seconds")}
    data = {"challenge": challenge, "subscription": name, "url": url}
    return Message(message_id(challenge), 0, canonical({**body, "data": data}))
