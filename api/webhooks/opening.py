"""Putting webhooks together: their store, their key, and the public list that they tell of."""

import random
from collections.abc import Callable
from datetime import datetime

from api.clocks import server_clock
from api.settings import Settings
from api.stores.event_store import StoreNotMigrated
from api.stores.keys import KeyFolder, default_folder
from api.stores.webhooks import WebhookStore
from api.webhooks.addresses import Reach
from api.webhooks.delivering import Deliveries
from api.webhooks.sending import Sender
from api.webhooks.signing import KEY, told_key
from projections.public.answers import PublicList
from projections.public.snapshots import Snapshots
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.log import origin_of
from registry_site.public.data.room import Room, Site


def open_deliveries(settings: Settings, shown: PublicList, clock: Callable[[], datetime] = server_clock) -> Deliveries:
    """
    Open webhooks over the public list; those who publish find the key that they verify with.

    Raises: StoreNotMigrated; KeyRefused when the list of keys is lost or damaged.
    """
    store = WebhookStore(settings.database_url)
    if not store.is_created():
        store.close()
        raise StoreNotMigrated
    room = Room(shown, Snapshots(shown.store), LogAnswers(PublicShelf(shown.store)), clock, Site(settings.public_url, settings.security_uri))
    keys = KeyFolder(default_folder(settings.database_url))
    publish_keys(keys, shown)
    sender = Sender(Reach(settings.webhook_ports, settings.webhook_loopback))
    return Deliveries(store, room, keys, sender, clock, random.SystemRandom().random)


def next_key(settings: Settings, keys: KeyFolder) -> None:
    """
    Make the first key, or the next one; it signs from the next delivery on.

    Raises: KeyRefused.
    """
    if keys.exists(KEY):
        keys.rotate(KEY)
    else:
        keys.init(KEY, origin_of(settings.public_address, demonstration=False, prefix=KEY))


def publish_keys(keys: KeyFolder, shown: PublicList) -> None:
    """Publish every key that ever signed a delivery, the one in use first."""
    if keys.exists(KEY):
        told = tuple(told_key(verifier) for verifier in reversed(keys.verifiers(KEY)))
        if shown.webhook_keys() != told:
            shown.note("webhook_keys", "\n".join(told))
