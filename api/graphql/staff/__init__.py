"""The staff schema: cases and events, by role. It shares no type with the public one."""

from api.graphql.staff.routes import staff_graphql
from api.graphql.staff.schema import staff_schema

__all__ = ["staff_graphql", "staff_schema"]
