"""Which roles an address takes, as OpenAPI 3.1 says it: a requirement may name a role beside its scheme."""

from collections.abc import Iterable

from domain.actors import Role

Requirements = list[dict[str, list[str]]]


def for_roles(roles: Iterable[Role]) -> Requirements:
    """Return the roles as alternatives, of which one is needed. The register itself asks nobody."""
    return [{"token": [str(role)]} for role in sorted(set(roles) - {Role.SYSTEM})]
