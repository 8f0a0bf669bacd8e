"""The addresses of the register as data, and the pages about them. No data address carries a language."""

from starlette.routing import BaseRoute

from registry_site.public.data.feeds import archive, atom, json_feed
from registry_site.public.data.lists import CSV_METADATA, entry_data, list_data, list_metadata
from registry_site.public.data.mementos import timemap_data
from registry_site.public.data.openapi import ADDRESS as OPENAPI
from registry_site.public.data.openapi import openapi
from registry_site.public.data.pages import WEBHOOK_KEYS, catalogue_json_ld, catalogue_turtle, data_pages, fold_file, package, webhook_keys
from registry_site.public.data.room import Room, route
from registry_site.public.data.small_files import part_of_sitemap, robots, security, sitemap


def public_data(room: Room) -> list[BaseRoute]:
    """Give the routes; they stand before those of the pages, since `/entries/1.json` is no entry called "1.json"."""
    return [
        route(room, CSV_METADATA, list_metadata),
        route(room, "/list.{form}", list_data),
        route(room, "/entries/{list_id}.{form}", entry_data),
        route(room, "/timemap", timemap_data),
        route(room, "/timemap/entries/{list_id}", timemap_data),
        route(room, "/feed.atom", atom),
        route(room, "/feed.json", json_feed),
        route(room, "/feed/{number}.{form}", archive),
        *data_pages(room),
        route(room, "/data/fold.py", fold_file),
        route(room, WEBHOOK_KEYS, webhook_keys),
        route(room, "/catalog.jsonld", catalogue_json_ld),
        route(room, "/catalog.ttl", catalogue_turtle),
        route(room, "/datapackage.json", package),
        route(room, OPENAPI, openapi),
        route(room, "/sitemap.xml", sitemap),
        route(room, "/sitemap/{number:int}.xml", part_of_sitemap),
        route(room, "/robots.txt", robots),
        route(room, "/.well-known/security.txt", security),
    ]
