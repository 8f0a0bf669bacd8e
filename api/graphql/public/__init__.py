"""The public schema. It reads what the allow-list published and nothing else: no case, no actor, no store position (Article 78)."""

from api.graphql.public.routes import public_graphql
from api.graphql.public.schema import public_schema

__all__ = ["public_graphql", "public_schema"]
