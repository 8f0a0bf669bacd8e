"""`registry serve`: the web service."""

import argparse
import sys
from typing import Any

import uvicorn

from api.browsers import LOOPBACK
from api.cli.account import let_in
from api.clocks import server_clock
from api.logs import open_logs
from api.openid import ProviderUnfit, open_provider
from api.settings import Settings
from api.stores.keys import KeyRefused
from api.wiring import open_register
from api.witnesses import read_policy
from projections.transparency.policy import PolicyRefused
from registry_site.ui.static import AssetsMissing, require_built

EXAMPLE = "example:\n  registry serve --port 9000"


def port(text: str) -> int:
    """Read a port; argparse says what is wrong with one that is none."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number from 1 to 65535")
    return int(text)


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "serve", help="run the web service", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.add_argument("--host", help="address to listen on (HOST)")
    verb.add_argument("--port", type=port, help="port to listen on (PORT)")
    verb.add_argument("--workers", type=int, help="web processes (WORKERS)")
    verb.add_argument("--public", action="store_true", help="serve the public side alone, from the public read store and nothing else")
    verb.add_argument("--welcome", action="store_true", help="say where to look")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Serve until interrupted; a store without events becomes a register first, with the law in force."""
    settings = Settings()
    host, port, workers = given.host or settings.host, given.port or settings.port, given.workers or settings.workers
    try:
        require_built()
        demonstration = not given.public and _created(settings)
    except (AssetsMissing, KeyRefused, PolicyRefused, ProviderUnfit) as error:
        print(f"registry serve: {error}", file=sys.stderr)
        return 2
    if given.welcome:
        let = let_in(settings.database_url) if demonstration and host in LOOPBACK else None
        print(_welcome(f"http://{host}:{port}", let, demonstration=demonstration), file=sys.stderr)
    served = "api.public_side:create" if given.public else "api.main:create"
    uvicorn.run(served, factory=True, host=host, port=port, workers=workers, log_level="warning", access_log=False, server_header=False)
    return 0


def _created(settings: Settings) -> bool:
    """Make an empty store a register, and tell whether it is a demonstration; what would stop the service later stops it before."""
    register = open_register(settings)
    try:
        read_policy(settings.witness_policy)
        open_provider(settings)
        if not register.registry.is_created:
            register.create(server_clock(), demonstration=False)
        if settings.database_url != "sqlite://":
            open_logs(settings, register).close()
        return register.demonstration
    finally:
        register.close()


def _welcome(address: str, let: tuple[tuple[str, ...], str] | None, *, demonstration: bool) -> str:
    kind = "a demonstration with invented providers and models" if demonstration else "a register"
    return f"""
  This is {kind}.

  The list              {address}/
  The list another day  {address}/?valid_at=2026-03-31
  GraphQL               {address}/data/explorer
  To sign in as staff   {address}/sign-in
{_how_to_sign_in(let)}
  For programs          .venv/bin/registry token create --role AUDITOR --name me
                        and send it as `Authorization: Bearer …` to {address}/staff/graphql
  A docket of your own  .venv/bin/registry replay tests/dockets/flow-arguments-rejected.yaml

  Stop with Ctrl-C.
"""


def _how_to_sign_in(let: tuple[tuple[str, ...], str] | None) -> str:
    if let is None:
        return "                        with an account: .venv/bin/registry account add --role CASE_OFFICER --name intake-1"
    names, password = let
    return f"""                        as {", ".join(names[:4])},
                        {", ".join(names[4:])};
                        password until the next start: {password}"""
