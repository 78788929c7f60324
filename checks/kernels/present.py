"""Whether the needed values of a row are there: rule G4 for kernels that need every stated column of a family."""

from __future__ import annotations

from checks import sql
from evidence.families import family


def incomplete(name: str) -> str:
    """Return the condition that a row of a family lacks a needed value, or holds one that could not be read."""
    needed = [c.name for c in family(name).columns if c.needed]
    return f"({' OR '.join([sql.defective(), *(f'{column} IS NULL' for column in needed)])})"
