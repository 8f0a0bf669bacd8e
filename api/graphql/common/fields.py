"""Fields whose resolver hands on an answer of the read side as it is: the type describes it, and nothing is copied."""

from collections.abc import Callable, Sequence
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension


def answered(resolver: Callable[..., Any], description: str, *, only: Sequence[FieldExtension] = ()) -> Any:
    """Return a field that a function answers; the annotation of the field, not that of the function, says its type."""
    return strawberry.field(resolver=resolver, description=description, extensions=list(only))
