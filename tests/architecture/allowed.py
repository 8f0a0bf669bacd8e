"""A contract for import-linter that names what may be known: a module added later is behind the wall until somebody lets it through."""

from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import ContractCheck, fields
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain.imports import ModuleExpression


class AllowedImportsContract(ForbiddenContract):
    """The source rooms reach, directly or by way of others, no module of ours but themselves and the allowed ones."""

    type_name = "allowed"

    source_modules = fields.SetField(subfield=fields.StringField())
    allowed_modules = fields.SetField(subfield=fields.StringField())
    forbidden_modules = fields.SetField(subfield=fields.ModuleExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        built = {room for room in self.source_modules if room in graph.modules}
        known = built | self.allowed_modules
        strangers = {stranger for root in self.session_options["root_packages"] for stranger in outermost(graph, root, known)}
        # A room that is not allowed by name is closed to the other rooms of the contract too.
        strangers |= built - self.allowed_modules
        self.source_modules = {ModuleExpression(name) for name in built}
        self.forbidden_modules = {ModuleExpression(name) for name in strangers}
        return super().check(graph, verbose)


def outermost(graph: ImportGraph, package: str, known: set[str]) -> Iterator[str]:
    """Yield the fewest packages and modules that together are all of `package` but what is known."""
    if package in known:
        return
    if not any(name.startswith(f"{package}.") for name in known):
        yield package
        return
    for child in graph.find_children(package):
        yield from outermost(graph, child, known)
