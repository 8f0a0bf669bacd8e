"""How a value of a field is read, refused and stored."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

ARABIC_INDIC = "\u0661\u0660"  # the digits 1 and 0
TEN_TO_25 = "1" + 25 * "0"
FULL_WIDTH = "\uff11\uff10"


def sentence(adapter: TypeAdapter[Any], value: object) -> str:
    """Return what a refused value is told."""
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(value)
    return str(refused.value.errors()[0]["msg"])


def stored(adapter: TypeAdapter[Any], value: object) -> str:
    """Return the stored form, as text between quotation marks."""
    return str(json.loads(adapter.dump_json(adapter.validate_python(value))))
