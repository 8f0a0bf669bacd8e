"""`registry webhook`: who is told of changes of the list, where, and what came of it."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from api.clocks import server_clock
from api.published import published
from api.settings import Settings
from api.stores.event_store import StoreNotMigrated
from api.stores.keys import KeyRefused
from api.stores.webhooks import Attempt, NoSuchSubscription, State, Subscription, SubscriptionUnfit, WebhookStore
from api.webhooks.addresses import AddressRefused
from api.webhooks.delivering import Deliveries
from api.webhooks.opening import next_key, open_deliveries, publish_keys
from api.webhooks.signing import KEY, told_key, told_secret
from domain.types import utc_text
from projections.public.answers import PublicList

EXAMPLES = {
    "add": "example:\n  registry webhook add observatory https://observatory.example/hooks/register",
    "list": "example:\n  registry webhook list --json",
    "show": "example:\n  registry webhook show observatory",
    "pause": "example:\n  registry webhook pause observatory",
    "resume": "example:\n  registry webhook resume observatory",
    "replay": "example:\n  registry webhook replay observatory --from 12",
    "deliveries": "example:\n  registry webhook deliveries observatory --most 20",
    "remove": "example:\n  registry webhook remove observatory",
    "rotate": "example:\n  registry webhook rotate",
}
Run = Callable[[argparse.Namespace, "Open"], int]


@dataclass(frozen=True, slots=True)
class Open:
    """What the acts work with."""

    settings: Settings
    shown: PublicList
    deliveries: Deliveries

    @property
    def store(self) -> WebhookStore:
        """Give the subscriptions."""
        return self.deliveries.store


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    raw = argparse.RawDescriptionHelpFormatter
    described = "Webhooks: changes of the list, signed and sent to those who subscribed. docs/webhooks.md says what receivers do."
    verb = verbs.add_parser("webhook", help="send changes to subscribers", description=described, epilog=EXAMPLES["add"], formatter_class=raw)
    acts = verb.add_subparsers(title="acts", metavar="ACT", required=True)
    add = _act(acts, "add", "subscribe an address, and ask its receiver whether it wants that", _add)
    add.add_argument("url", metavar="URL", help="where to: https, a public machine, port 443 unless WEBHOOK_PORTS says otherwise")
    add.add_argument("--from", dest="first", type=_number, metavar="N", help="number of the first change to send (default: the next one that comes)")
    _act(acts, "list", "list subscriptions and how far each has got", _list, named=False).add_argument("--json", action="store_true")
    show = _act(acts, "show", "show a subscription", _show)
    show.add_argument("--secret", action="store_true", help="show the secret too, for receivers whose library knows no public keys")
    _act(acts, "pause", "send nothing more until it is resumed", _pause)
    _act(acts, "resume", "ask the receiver again, and go on after the last change that it took; nothing is skipped", _resume)
    replay = _act(acts, "replay", "send changes again, each with the identifier that it had", _replay)
    replay.add_argument("--from", dest="first", type=_number, required=True, metavar="N", help="number of the first change to send again")
    deliveries = _act(acts, "deliveries", "list attempts of the last 90 days: when, what, what was answered, how long it took", _deliveries)
    deliveries.add_argument("--most", type=_number, default=50, metavar="N", help="how many, the last ones (default: 50)")
    deliveries.add_argument("--json", action="store_true")
    _act(acts, "remove", "forget a subscription and its deliveries", _remove)
    _act(acts, "rotate", "make the next key; it signs from the next delivery on, and every secret is another one", _rotate, named=False)


def _act(acts: Any, name: str, does: str, run: Run, *, named: bool = True) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    act: argparse.ArgumentParser = acts.add_parser(name, help=does, description=does.capitalize() + ".", epilog=EXAMPLES[name], formatter_class=raw)
    if named:
        act.add_argument("name", metavar="NAME", help="by which the subscription is known")
    act.set_defaults(func=lambda given: _run(given, run))
    return act


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError("must be a number from 1 on")
    return int(text)


def _run(given: argparse.Namespace, run: Run) -> int:
    """Run an act; 1 when there is no such subscription or its receiver does not answer, 2 for wrong usage."""
    try:
        with _opened() as opened:
            return run(given, opened)
    except NoSuchSubscription as unknown:
        return _refuse(f"nobody is subscribed as {unknown}: `registry webhook list` names all", 1)
    except (AddressRefused, SubscriptionUnfit) as unfit:
        return _refuse(str(unfit), 2)
    except KeyRefused as refused:
        return _refuse(f"{refused} Without a backup of it, `registry webhook rotate` makes another one.", 1)


@contextmanager
def _opened() -> Iterator[Open]:
    settings = Settings()
    if settings.database_url == "sqlite://":
        raise SubscriptionUnfit("a store in memory keeps no subscriptions; set DATABASE_URL")
    store = published(settings.database_url)
    try:
        if not store.is_created():
            raise StoreNotMigrated("The public read store was never set up: run `registry migrate`.")
        shown = PublicList(store)
        deliveries = open_deliveries(settings, shown)
        try:
            yield Open(settings, shown, deliveries)
        finally:
            deliveries.store.close()
    finally:
        store.close()


def _refuse(why: str, status: int) -> int:
    print(f"registry webhook: {why}", file=sys.stderr)
    return status


# -- Who subscribes ---------------------------------------------------------------------


def _add(given: argparse.Namespace, opened: Open) -> int:
    reach = opened.deliveries.sender.reach
    asyncio.run(reach.resolve(reach.url(given.url)))  # refused before anything is kept
    if not opened.deliveries.keys.exists(KEY) and not opened.store.all():
        next_key(opened.settings, opened.deliveries.keys)
    opened.deliveries.keys.signer(KEY)  # likewise
    publish_keys(opened.deliveries.keys, opened.shown)
    delivered = given.first - 1 if given.first else opened.deliveries.last_change()
    opened.store.add(given.name, given.url, delivered, server_clock())
    return _confirm(given.name, opened)


def _confirm(name: str, opened: Open) -> int:
    """Ask the receiver, and say what came of it."""
    found = asyncio.run(opened.deliveries.confirm(name))
    print(f"Public key: {told_key(opened.deliveries.keys.signer(KEY).verifier)}")
    if found.state is State.ACTIVE:
        print(f"The receiver wants it. What is sent begins with change {found.delivered + 1}.")
        return 0
    return _refuse(f"{found.url}: {found.why}. Nothing is sent there; once it answers the challenge, run `registry webhook resume {name}`", 1)


def _resume(given: argparse.Namespace, opened: Open) -> int:
    return _confirm(given.name, opened)


def _pause(given: argparse.Namespace, opened: Open) -> int:
    _move(opened.store, given.name, lambda seen: replace(seen, state=State.PAUSED, why="") if seen.state is State.ACTIVE else seen)
    return _line_of(given.name, opened)


def _replay(given: argparse.Namespace, opened: Open) -> int:
    at = server_clock()
    _move(opened.store, given.name, lambda seen: replace(seen, delivered=given.first - 1, failures=0, due_at=at))
    return _line_of(given.name, opened)


def _move(store: WebhookStore, name: str, moved: Callable[[Subscription], Subscription]) -> None:
    """Move a subscription on, however often the service moves it meanwhile."""
    while not store.change(seen := store.find(name), moved(seen)):
        pass


def _remove(given: argparse.Namespace, opened: Open) -> int:
    opened.store.remove(given.name)
    return 0


def _rotate(given: argparse.Namespace, opened: Open) -> int:
    next_key(opened.settings, opened.deliveries.keys)
    publish_keys(opened.deliveries.keys, opened.shown)
    print(told_key(opened.deliveries.keys.signer(KEY).verifier))
    print(
        "It signs from the next delivery on. Give every subscriber who uses a secret the new one: `registry webhook show NAME --secret`",
        file=sys.stderr,
    )
    return 0


# -- What is shown -----------------------------------------------------------------------


def _list(given: argparse.Namespace, opened: Open) -> int:
    found = opened.store.all()
    _print(given, [_subscription(each) for each in found], map(_line, found))
    return 0


def _line_of(name: str, opened: Open) -> int:
    print(_line(opened.store.find(name)))
    return 0


def _line(found: Subscription) -> str:
    fault = f"\t{found.why}" if found.why else ""
    again = f"\tagain at {utc_text(found.due_at)}" if found.failures and found.state is State.ACTIVE else ""
    return f"{found.name}\t{found.state}\tdelivered up to {found.delivered}\t{found.url}{fault}{again}"


def _show(given: argparse.Namespace, opened: Open) -> int:
    found = opened.store.find(given.name)
    key = opened.deliveries.keys.signer(KEY)
    print(_line(found))
    print(f"since {utc_text(found.created_at)}\tpublic key {told_key(key.verifier)}\t{opened.settings.public_url}/data/webhook-keys.txt")
    if given.secret:
        print(told_secret(key, found.salt))
    return 0


def _deliveries(given: argparse.Namespace, opened: Open) -> int:
    opened.store.find(given.name)
    found = opened.store.attempts(given.name, given.most)
    _print(given, [_attempt(each) for each in found], map(_attempt_line, found))
    return 0


def _attempt_line(found: Attempt) -> str:
    told = f"change {found.change}" if found.change else "challenge"
    return f"{utc_text(found.at)}\t{told}\t{found.message_id}\t{found.status or '-'}\t{found.milliseconds} ms\t{found.fault}".rstrip("\t")


def _subscription(found: Subscription) -> dict[str, Any]:
    times = {"due_at": utc_text(found.due_at), "created_at": utc_text(found.created_at)}
    return {
        "name": found.name,
        "url": found.url,
        "state": found.state,
        "why": found.why,
        "delivered": found.delivered,
        "failures": found.failures,
        **times,
    }


def _attempt(found: Attempt) -> dict[str, Any]:
    said = {"status": found.status, "fault": found.fault, "milliseconds": found.milliseconds}
    return {"at": utc_text(found.at), "change": found.change, "message_id": found.message_id, **said}


def _print(given: argparse.Namespace, answer: list[dict[str, Any]], lines: Iterable[str]) -> None:
    print(json.dumps(answer, ensure_ascii=False, indent=2) if given.json else "\n".join(lines))
