"""Trust folders as an audit file names them: one, or a list with the newest first."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field


def _several(written: Any) -> Any:
    return (written,) if isinstance(written, str) else written


TrustFolders: TypeAlias = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_several, json_schema_input_type=str | list[str]),
    Field(min_length=1, max_length=20),
]
