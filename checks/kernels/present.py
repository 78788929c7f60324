"""Whether the needed values of a row are there: rule G4 for kernels that need every stated column of a family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checks import sql
from checks.kernel import Query
from evidence.families import family
from evidence.families.schema import Type


def said(column: str) -> str:
    """Return a text without the spaces around it, or null where nothing is left."""
    return f"nullif(trim({column}), '')"


def folded(column: str) -> str:
    """Return a text for comparison without regard to case or the spaces around it, or null where nothing is left."""
    return f"lower({said(column)})"


def incomplete(name: str) -> str:
    """Return the condition that a row of a family lacks a needed value, or holds one that could not be read."""
    needed = [c for c in family(name).columns if c.needed]
    absent = [f"{said(c.name) if c.type is Type.TEXT else c.name} IS NULL" for c in needed]
    return f"({sql.defective()} OR {' OR '.join(absent)})"


def meters_with_names(query: Query, about: str = "1 = 1") -> Query:
    """Return a query that sees only the totals that `about` selects, and no name where a meter's is blank.

    A meter without a name is not known to be independent of what it counts.
    """
    columns = f"{said('meter')} AS meter, metric, system_id, period_start, period_end, value, defects"
    totals = f"usage_totals AS (SELECT {columns} FROM usage_totals WHERE {about})"

    def narrowed(statement: str) -> Sequence[tuple[Any, ...]]:
        return query(f"WITH {totals} SELECT * FROM ({statement}) AS asked")

    return narrowed
