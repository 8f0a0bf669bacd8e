"""
The reference of the interface for programs: pages made from its OpenAPI description, so that they cannot say anything else.

They are for everybody, as the description is: how to record is no secret, what was recorded is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from registry_site.office.commands import commands
from registry_site.office.described import Description
from registry_site.office.desk import HEADERS, templates

PLACE = "/api/v1/docs"


def reference_pages(described: Mapping[str, Any], structures: tuple[str, ...], demonstration: Callable[[], bool]) -> list[BaseRoute]:
    """Give the routes of the reference; `structures` names the schemas of documents."""
    pages = Reference(Description(described), structures, demonstration)
    return [Route(PLACE, pages.contents, methods=["GET"]), Route(PLACE + "/{name}", pages.operation, methods=["GET"])]


@dataclass(frozen=True, slots=True)
class Reference:
    """The pages over one description."""

    described: Description
    structures: tuple[str, ...]
    demonstration: Callable[[], bool]

    async def contents(self, request: Request) -> Response:
        """Say what all requests have in common, and list what may be asked, by the kind of record."""
        return self._page("reference.html", request, structures=self.structures)

    async def operation(self, request: Request) -> Response:
        """Show what may be sent to one address, and what it answers."""
        found = self.described.operations.get(request.path_params["name"])
        if found is None:
            return self._page("refused.html", request, status=404, reason="NOT_THERE")
        return self._page("reference_operation.html", request, operation=found, commands=commands(self.described, found, _address(request)))

    def _page(self, template: str, request: Request, *, status: int = 200, **more: Any) -> Response:
        known = {
            "path": request.url.path,
            "place": PLACE,
            "address": _address(request),
            "described": self.described,
            "demonstration": self.demonstration(),
        }
        return HTMLResponse(templates().get_template(template).render(**known, **more), status, HEADERS)


def _address(request: Request) -> str:
    """Give where the reader found the register: commands for a terminal find it there too."""
    return f"{request.url.scheme}://{request.url.netloc}"
