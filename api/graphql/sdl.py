"""The schemas as files: `python -m api.graphql.sdl` writes them anew; a test holds them."""

from pathlib import Path

import strawberry
from graphql import lexicographic_sort_schema, print_schema

from api.graphql.common.service import graphql_schema
from api.graphql.public import public_schema
from api.graphql.staff import staff_schema

FILES = {"public.graphql": public_schema, "staff.graphql": staff_schema}
FOLDER = Path(__file__).parent


def sdl(schema: strawberry.Schema) -> str:
    """Print a schema, sorted."""
    return print_schema(lexicographic_sort_schema(graphql_schema(schema))) + "\n"


def main() -> None:
    """Write the files."""
    for name, schema in FILES.items():
        (FOLDER / name).write_text(sdl(schema()), encoding="utf-8")


if __name__ == "__main__":
    main()
