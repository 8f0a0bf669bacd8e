"""Files that the build put into `static/`, with addresses that change when they do, and compressed where that was done before."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).resolve().parents[1] / "static"
ADDRESS = "/static/"

FOR_EVER = "public, max-age=31536000, immutable"  # an address with a content hash
FOR_A_DAY = "public, max-age=86400"  # fonts and pictures that the style sheet names without one


class AssetsMissing(Exception):
    """The static files were not built."""


def require_built() -> None:
    """
    Check that the build ran.

    Raises: AssetsMissing when it did not.
    """
    if not (FOLDER / "css" / "registry.css").is_file():
        raise AssetsMissing("The style sheet is missing. Run: python -m registry_site.ui.build")


@cache
def static_address(name: str) -> str:
    """Give the address of a static file with a hash of its content; without the file, the bare address."""
    path = FOLDER / name
    if not path.is_file():
        return ADDRESS + name
    return f"{ADDRESS}{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def static_addresses() -> list[str]:
    """Give the address of every static file; the copies that are compressed are no files of their own."""
    found = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".gz")
    return [ADDRESS + name for name in found]


def static_files() -> Mount:
    """Serve the static folder under its address."""
    return Mount(ADDRESS.rstrip("/"), app=_Files(directory=FOLDER, check_dir=False), name="static")


class _Files(StaticFiles):
    """Static files with long caching and their ready compressed copies."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        packed = "gzip" in Headers(scope=scope).get("accept-encoding", "") and (FOLDER / f"{path}.gz").is_file()
        response = await super().get_response(f"{path}.gz" if packed else path, scope)
        if packed:
            response.headers["content-encoding"] = "gzip"
            response.headers["content-type"] = _kind(path)
        response.headers["vary"] = "Accept-Encoding"
        response.headers["cache-control"] = FOR_EVER if scope["query_string"].startswith(b"v=") else FOR_A_DAY
        return response


def _kind(path: str) -> str:
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    return f"{kinds.get(Path(path).suffix, 'text/plain')}; charset=utf-8"
