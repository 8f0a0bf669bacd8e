"""The pages about the data: downloads and interfaces in plain words, and how the list follows from the log."""

from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from registry_site.public import desk as desks
from registry_site.public.asked import parameters
from registry_site.public.data.card import FORM_NAMES, Card, card, catalogue, data_package, dataset_for_search
from registry_site.public.data.fields import FIELDS, TERMS
from registry_site.public.data.fold import description
from registry_site.public.data.forms import canonical
from registry_site.public.data.graph import json_ld, turtle
from registry_site.public.data.lists import JSON, JSON_LD, LIST_FORMS
from registry_site.public.data.room import NoSuchForm, Room, kept
from registry_site.public.data.small_files import TEXT
from registry_site.public.desk import NOT_KEPT

PYTHON = "text/x-python; charset=utf-8"
WEBHOOK_KEYS = "/data/webhook-keys.txt"


def data_pages(room: Room) -> list[BaseRoute]:
    """Give the routes of the pages about the data."""

    def data(desk: desks.Desk, request: Request) -> Response:
        """Offer the downloads and say what there is to ask."""
        parameters(request.scope["query_string"], ())
        found = card(room)
        said = description(desk.questions.state().demonstration)
        search = dataset_for_search(room.address, said, found.first_day)
        webhooks = {"key_file": WEBHOOK_KEYS if room.questions.webhook_keys() else "", "write_to": room.site.write_to}
        told: dict[str, Any] = {"names": FORM_NAMES, "fields": FIELDS, "terms": TERMS, "dataset": search, "webhooks": webhooks}
        # Keys of webhooks come without a public event: what depends on them is not for anyone to keep.
        return desk.page("data.html", request, kept=False, card=found, address=room.address, **told)

    def fold(desk: desks.Desk, request: Request) -> Response:
        """Tell in words how the list follows from the log."""
        parameters(request.scope["query_string"], ())
        return desk.page("fold.html", request, address=room.address)

    desk = desks.Desk(room.questions, room.now, room.address)
    return [*desks.in_languages(desk, "/data", data), *desks.in_languages(desk, "/data/fold", fold)]


def fold_file(room: Room, request: Request) -> Response:
    """Give the fold itself, the file that runs in our tests."""
    parameters(request.scope["query_string"], ())
    return kept((files("registry_site.public.data") / "fold.py").read_bytes(), PYTHON)


def webhook_keys(room: Room, request: Request) -> Response:
    """Give the public keys that verify webhooks, each on a line, the one in use first; none where none was ever sent."""
    parameters(request.scope["query_string"], ())
    keys = room.questions.webhook_keys()
    if not keys:
        raise NoSuchForm({"feed": "/feed.json"})
    return kept("".join(f"{key}\n" for key in keys).encode(), TEXT, NOT_KEPT)


def _card(room: Room, request: Request) -> Card:
    parameters(request.scope["query_string"], ())
    return card(room)


def catalogue_json_ld(room: Room, request: Request) -> Response:
    """Give the catalogue as JSON-LD."""
    found = _card(room, request)
    return kept(json_ld(room.address, catalogue(found)), JSON_LD, room.dated(found.known))


def catalogue_turtle(room: Room, request: Request) -> Response:
    """Give the catalogue as Turtle."""
    found = _card(room, request)
    return kept(turtle(room.address, catalogue(found)), LIST_FORMS["ttl"], room.dated(found.known))


def package(room: Room, request: Request) -> Response:
    """Give the data package."""
    found = _card(room, request)
    return kept(canonical(data_package(found)), JSON, room.dated(found.known))
