"""The written protocol (docs/relay/*.json), to hold real traffic against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker

__all__ = ["FROM_CLIENT", "FROM_RELAY"]

FOLDER = Path(__file__).parents[3] / "docs" / "relay"


def _validator(name: str) -> Any:
    schema = json.loads((FOLDER / f"{name}.json").read_text())
    return OAS31Validator(schema, format_checker=oas31_format_checker)


FROM_CLIENT = _validator("from-client")
FROM_RELAY = _validator("from-relay")
